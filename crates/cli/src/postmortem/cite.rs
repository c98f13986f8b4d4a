//! Asking the catalogue, and keeping a receipt for every answer that the report uses.

use std::collections::BTreeMap;

use fupan_model::Micros;
use fupan_query::{Answer, ParamValue, QueryError, Session, SqlLimits};
use fupan_report::model::{Receipt, RowsUsed, Words};

use crate::rows::rows;

/// Parameters that many queries share; each gets those that its header names.
pub(crate) type Params = BTreeMap<&'static str, ParamValue>;

/// A query and the parameters that it was asked with.
type Asked = (&'static str, Vec<(String, ParamValue)>);

/// Runs queries and collects their receipts.
pub(crate) struct Citations<'a> {
    session: &'a Session,
    receipts: BTreeMap<String, Receipt>,
    /// Answers by query and parameters: sections that need the same rows ask once.
    answers: Vec<(Asked, Answer)>,
    /// Whether the reader chose the instant as of which everything is seen.
    pub(crate) as_of_given: bool,
    /// The last instant of telemetry that was known then.
    pub(crate) telemetry_end: Option<Micros>,
}

impl<'a> Citations<'a> {
    pub(crate) fn new(session: &'a Session) -> Self {
        Self {
            session,
            receipts: BTreeMap::new(),
            answers: Vec::new(),
            as_of_given: false,
            telemetry_end: None,
        }
    }

    /// Answers a query with those of `params` that it knows. Its receipt's key is its name.
    pub(crate) async fn ask(&mut self, query: &'static str, params: &Params) -> Result<Answer, QueryError> {
        let file = self.session.catalogue().query(query)?;
        let question = file.header.question.clone();
        let given: Vec<(String, ParamValue)> = file
            .header
            .params
            .iter()
            .filter_map(|param| {
                let value = params.get(param.name.as_str())?;
                Some((param.name.clone(), value.clone()))
            })
            .collect();
        let asked = (query, given);
        let known = self.answers.iter().find(|(other, _)| *other == asked);
        let answer = if let Some((_, answer)) = known {
            answer.clone()
        } else {
            let answer = self.session.run(query, &asked.1).await?;
            self.answers.push((asked, answer.clone()));
            answer
        };
        self.as_of_given = answer.receipt.as_of_given;
        self.receipts.insert(query.to_owned(), receipt(query, question, &answer));
        Ok(answer)
    }

    /// A receipt for a computation in code over the answers of other queries.
    pub(crate) fn derive(&mut self, key: &str, from: &str, exclusions: Vec<Words>) {
        let base = self.receipts.get(from).cloned().unwrap_or_default();
        self.receipts.insert(key.to_owned(), Receipt { key: key.to_owned(), exclusions, ..base });
    }

    /// Names the rows of the answers that a derived number is made of.
    pub(crate) fn made_of(&mut self, key: &str, rows: Vec<RowsUsed>) {
        if let Some(receipt) = self.receipts.get_mut(key) {
            receipt.made_of = rows;
        }
    }

    /// The last instant of telemetry as it is known in the session: the ledger tells it without a scan.
    pub(crate) async fn find_telemetry_end(&mut self) -> Result<(), QueryError> {
        const TEXT: &str = "select max(last_timestamp) as at from ingests \
            where action = 'committed' \
            and chunk_id not in (select chunk_id from ingests group by chunk_id \
                having count(*) filter (where action = 'superseded') >= count(*) filter (where action = 'committed')) \
            and (table_versions['logs'] is not null or table_versions['metrics'] is not null \
                or table_versions['spans'] is not null)";
        let answer = self.session.sql(TEXT, &SqlLimits::default()).await?;
        let last = rows(&answer).next().and_then(|row| row.instant("at"));
        self.telemetry_end = last.map(|last| last.min(self.session.as_of()));
        Ok(())
    }

    /// All receipts, in order of key.
    pub(crate) fn into_receipts(self) -> Vec<Receipt> {
        self.receipts.into_values().collect()
    }
}

fn receipt(query: &str, question: String, answer: &Answer) -> Receipt {
    let from = &answer.receipt;
    Receipt {
        key: query.to_owned(),
        query: Some(from.query.clone()),
        question: Some(question),
        sql_hash: Some(from.text_hash.clone()),
        params: from.params.iter().map(|(name, value)| (name.clone(), param_text(value))).collect(),
        ledger_version: from.ledger_version.and_then(|version| i64::try_from(version).ok()),
        as_of: Some(from.as_of),
        // How many rows a scan gives depends on where a join stops early, which differs between runs.
        rows_read: None,
        rows_returned: Some(from.rows),
        exclusions: Vec::new(),
        digest: Some(from.answer_digest.clone()),
        made_of: Vec::new(),
    }
}

/// A parameter as `query run --param name=value` takes it.
pub(crate) fn param_text(value: &ParamValue) -> String {
    match value {
        ParamValue::Timestamp(at) => at.to_rfc3339(),
        ParamValue::Date(days) => Micros::from_seconds(i64::from(*days) * 86_400).to_rfc3339(),
        ParamValue::Text(text) => text.clone(),
        ParamValue::BigInt(number) => number.to_string(),
        ParamValue::Double(number) => number.to_string(),
        ParamValue::Boolean(value) => value.to_string(),
        ParamValue::Null => "null".to_owned(),
    }
}
