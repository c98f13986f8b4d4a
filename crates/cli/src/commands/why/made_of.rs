//! Which rows of which answers is a number made of?
//!
//! A receipt that was computed in code names them ([`RowsUsed`]). Where the number stands in the answer as
//! it is, they are the rows of what its place names (a service, an action, a source), and among those the
//! ones that hold the value.

use std::collections::BTreeMap;

use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use fupan_query::{Answer, ParamValue, Session};
use fupan_report::Figure;
use fupan_report::model::{FigureValue, Receipt, RowsUsed};

use crate::failure::Failure;
use crate::numbers::{counted, grouped};
use crate::output::Rows;
use crate::rows::{Row, rows};

/// Two numbers that print alike are the same: answers keep twelve digits.
const LIKENESS: f64 = 1e-9;

/// One answer, asked again, and its rows that count.
pub(super) struct Part {
    pub(super) query: String,
    pub(super) question: String,
    /// What to type to get the answer.
    pub(super) command: String,
    pub(super) params: BTreeMap<String, String>,
    pub(super) sql: String,
    pub(super) digest: String,
    /// The answer is the one that the report was made from.
    pub(super) is_same: bool,
    pub(super) rows_in_answer: usize,
    pub(super) rows: Rows,
}

/// What a receipt stands on; itself where it names nothing else.
pub(super) fn parts(receipt: &Receipt) -> Vec<RowsUsed> {
    if receipt.made_of.is_empty() {
        vec![RowsUsed { receipt: receipt.key.clone(), ..RowsUsed::default() }]
    } else {
        receipt.made_of.clone()
    }
}

/// Asks the query of `source` again; none where it is not a query of this catalogue.
pub(super) async fn ask(
    session: &Session,
    source: &Receipt,
    used: &RowsUsed,
    figure: &Figure,
    place: &str,
) -> Result<Option<Part>, Failure> {
    let Some(query) = &source.query else { return Ok(None) };
    let Ok(file) = session.catalogue().query(query) else { return Ok(None) };
    let value =
        |text: &String| if text == "null" { ParamValue::Null } else { ParamValue::Text(text.clone()) };
    let params: Vec<(String, ParamValue)> =
        source.params.iter().map(|(name, text)| (name.clone(), value(text))).collect();
    let answer = session.run(query, &params).await?;
    let is_named = used.values.is_some() || used.within.is_some() || !used.columns.is_empty();
    let kept = if is_named { named_rows(&answer, used) } else { rows_at(&answer, place, figure) };
    let digest = answer.receipt.answer_digest.clone();
    Ok(Some(Part {
        query: query.clone(),
        question: source.question.clone().unwrap_or_default(),
        command: command(query, &source.params),
        params: source.params.clone(),
        sql: file.text.clone(),
        is_same: source.digest.as_ref() == Some(&digest),
        digest,
        rows_in_answer: answer.rows(),
        rows: narrowed(&answer, &kept, &used.columns)?,
    }))
}

fn command(query: &str, params: &BTreeMap<String, String>) -> String {
    let params: Vec<String> = params
        .iter()
        .filter(|(_, value)| *value != "null")
        .map(|(name, value)| {
            format!(" --param {}", fupan_report::escape::shell_word(&format!("{name}={value}")))
        })
        .collect();
    format!("fupan query run {query}{}", params.concat())
}

/// The rows that a receipt names.
fn named_rows(answer: &Answer, used: &RowsUsed) -> Vec<bool> {
    rows(answer)
        .map(|row| {
            let has_value = used.values.as_ref().is_none_or(|(column, values)| {
                row.text(column).is_some_and(|text| values.iter().any(|value| value == text))
            });
            let is_within = used.within.as_ref().is_none_or(|(column, from, to)| {
                row.instant(column).is_some_and(|at| at >= *from && at < *to)
            });
            has_value && is_within
        })
        .collect()
}

/// The rows of what the figure's place names, and of those the ones that hold its value. Where a step
/// finds none, or cannot tell, all rows before it stay.
fn rows_at(answer: &Answer, place: &str, figure: &Figure) -> Vec<bool> {
    let place = format!(".{place}.");
    let is_named = |batch: &RecordBatch, row: Row<'_>| {
        batch.schema_ref().fields().iter().any(|field| {
            row.text(field.name())
                .is_some_and(|text| !text.is_empty() && place.contains(&format!(".{text}.")))
        })
    };
    let holds = |batch: &RecordBatch, row: Row<'_>| {
        batch.schema_ref().fields().iter().any(|field| is_value(row, field.name(), &figure.value))
    };
    let all = vec![true; answer.rows()];
    let by_name = narrowed_by(answer, &all, is_named);
    narrowed_by(answer, &by_name, holds)
}

fn narrowed_by(answer: &Answer, kept: &[bool], test: impl Fn(&RecordBatch, Row<'_>) -> bool) -> Vec<bool> {
    let batches = answer.batches.iter().flat_map(|batch| std::iter::repeat_n(batch, batch.num_rows()));
    let found: Vec<bool> =
        batches.zip(rows(answer)).zip(kept).map(|((batch, row), kept)| *kept && test(batch, row)).collect();
    if found.contains(&true) { found } else { kept.to_vec() }
}

fn is_value(row: Row<'_>, column: &str, value: &FigureValue) -> bool {
    let is_near = |wanted: f64| {
        row.number(column)
            .is_some_and(|found| (found - wanted).abs() <= LIKENESS * wanted.abs().max(LIKENESS))
    };
    match value {
        // Nothing and one are in every row.
        FigureValue::Count { count } => *count > 1 && row.count(column) == Some(*count),
        FigureValue::Seconds { seconds } => is_near(*seconds),
        FigureValue::Share { share } => is_near(*share),
        FigureValue::Quantity { value, .. } => is_near(*value),
        FigureValue::Money { amount, .. } => is_near(*amount),
        FigureValue::Probability { p } => is_near(*p),
        FigureValue::Instant { at } => row.instant(column) == Some(*at),
        _ => false,
    }
}

/// The rows that count in one batch; without columns that are null throughout, where there are many.
fn narrowed(answer: &Answer, kept: &[bool], columns: &[String]) -> Result<Rows, Failure> {
    let bug = |error: arrow::error::ArrowError| Failure::bug(error.to_string());
    let all = concat_batches(&answer.schema, &answer.batches).map_err(bug)?;
    let rows = filter_record_batch(&all, &BooleanArray::from(kept.to_vec())).map_err(bug)?;
    let wanted: Vec<usize> = rows
        .schema_ref()
        .fields()
        .iter()
        .enumerate()
        .filter(|(at, field)| {
            let is_wanted = columns.is_empty() || columns.iter().any(|column| column == field.name());
            is_wanted && rows.column(*at).null_count() < rows.num_rows().max(1)
        })
        .map(|(at, _)| at)
        .collect();
    let rows = if wanted.is_empty() { rows } else { rows.project(&wanted).map_err(bug)? };
    Ok(Rows { schema: rows.schema(), batches: vec![rows] })
}

impl Part {
    /// The first and the last rows that count.
    pub(super) fn ends(&self, first: usize, last: usize) -> Rows {
        let count = self.rows.count();
        let Some(batch) = self.rows.batches.first().filter(|_| count > first + last) else {
            return self.rows.clone();
        };
        let batches = vec![batch.slice(0, first), batch.slice(count - last, last)];
        Rows { schema: self.rows.schema.clone(), batches }
    }

    /// Which of the rows [`Self::ends`] gives.
    pub(super) fn what_is_shown(&self, first: usize, last: usize) -> String {
        let count = self.rows.count();
        let all = if count == self.rows_in_answer {
            format!("made of {}", counted(count as u64, "row"))
        } else {
            format!("made of {} of {}", grouped(count as u64), counted(self.rows_in_answer as u64, "row"))
        };
        if count > first + last { format!("{all}; the first {first} and the last {last}") } else { all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_without_parts_stands_on_itself() {
        let receipt = Receipt { key: "impact/users".to_owned(), ..Receipt::default() };
        assert_eq!(parts(&receipt).first().map(|part| part.receipt.clone()), Some(receipt.key));
    }

    #[test]
    fn null_parameters_are_not_typed() {
        let params = BTreeMap::from([
            ("kind".to_owned(), "null".to_owned()),
            ("incident_id".to_owned(), "INC 7".to_owned()),
        ]);
        assert_eq!(
            command("recovery/list", &params),
            "fupan query run recovery/list --param 'incident_id=INC 7'"
        );
    }
}
