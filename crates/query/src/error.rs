//! What can go wrong with a query, and what to do about it.

mod plain;

use std::time::Duration;

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

/// A query that could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// No query of that name.
    #[error("there is no query `{name}`")]
    UnknownQuery {
        /// The name asked for.
        name: String,
        /// What to try.
        hint: String,
    },
    /// A query file's header does not say what it must.
    #[error("{file}:{line}: {message}")]
    Header {
        /// Path below `queries/`.
        file: String,
        /// 1-based.
        line: usize,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A workspace's query does not keep the contract of the one it overrides.
    #[error("{file} changes the contract of `{name}`: {difference}")]
    Override {
        /// Path of the overriding file.
        file: String,
        /// The query.
        name: String,
        /// What differs.
        difference: String,
    },
    /// A parameter is missing, unknown or of the wrong type.
    #[error("parameter `{param}` of `{query}`: {message}")]
    Param {
        /// The query.
        query: String,
        /// The parameter.
        param: String,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// SQL that is not read-only, or reads what is not ours to give.
    #[error("refused: {what}")]
    Refused {
        /// What was found.
        what: String,
        /// What is allowed.
        hint: String,
    },
    /// SQL that does not parse or plan.
    #[error("{message}")]
    Sql {
        /// What is wrong, in a sentence.
        message: String,
        /// What to try.
        hint: Option<String>,
    },
    /// A condition in `fupan.toml` that is not an expression over the columns of `logs`.
    #[error("fupan.toml: {key}: {message}")]
    Config {
        /// Such as `services.pay.sli.bad`.
        key: String,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// Time, memory, rows or bytes ran out.
    #[error("limit: {what}")]
    Limit {
        /// Which limit.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The store could not be read.
    #[error("cannot read the store: {0}")]
    Storage(String),
    /// The engine failed in a way that is our bug.
    #[error("the query engine failed: {0}")]
    Engine(String),
}

impl QueryError {
    /// What to do about it, where there is something to say.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::UnknownQuery { hint, .. }
            | Self::Header { hint, .. }
            | Self::Param { hint, .. }
            | Self::Refused { hint, .. }
            | Self::Config { hint, .. }
            | Self::Limit { hint, .. } => Some(hint),
            Self::Override { .. } => {
                Some("keep the parameters and the columns with their types, or give the query a new name")
            }
            Self::Sql { hint, .. } => hint.as_deref(),
            Self::Storage(_) => Some("`fupan store verify` names damaged or missing files"),
            Self::Engine(_) => None,
        }
    }

    /// The same, with the place of the word that is wrong, where `text` (the statement) holds it once.
    #[must_use]
    pub fn in_text(mut self, text: &str) -> Self {
        if let Self::Sql { message: words, .. } | Self::Refused { what: words, .. } = &mut self
            && !words.contains(" line ")
            && let Some(word) = words.split('`').nth(1)
            && let Some((line, column)) = plain::place_of(word, text)
        {
            words.push_str(&format!(" (line {line}, column {column})"));
        }
        // An alias cannot be described, its table can.
        if let Self::Sql { hint: Some(hint), .. } = &mut self
            && let Some((_, rest)) = hint.clone().split_once("`describe ")
            && let Some(alias) = rest.split('`').next()
            && let Some(table) = plain::table_of_alias(alias, text)
        {
            *hint = hint.replace(&format!("`describe {alias}`"), &format!("`describe {table}`"));
        }
        self
    }

    /// What the parser says about a text.
    pub(crate) fn syntax(error: &dyn std::fmt::Display) -> Self {
        plain::syntax(&error.to_string()).into()
    }

    pub(crate) fn out_of_memory() -> Self {
        Self::Limit {
            what: "the query needs more memory than it may have".to_owned(),
            hint: "narrow the time window, aggregate earlier, or raise query.memory_mib in fupan.toml"
                .to_owned(),
        }
    }

    pub(crate) fn timed_out(limit: Duration) -> Self {
        Self::Limit {
            what: format!("the query ran longer than {} s", limit.as_secs_f64()),
            hint: "narrow the time window, or raise the time limit".to_owned(),
        }
    }
}

impl From<DataFusionError> for QueryError {
    fn from(error: DataFusionError) -> Self {
        let root = error.find_root();
        let text = root.strip_backtrace();
        match root {
            DataFusionError::SchemaError(schema, _) => missing_column(schema),
            DataFusionError::ResourcesExhausted(_) => Self::out_of_memory(),
            DataFusionError::ObjectStore(_)
            | DataFusionError::ParquetError(_)
            | DataFusionError::IoError(_) => Self::Storage(first_line(&text)),
            DataFusionError::SQL(error, _) => Self::syntax(error),
            // Arguments that fit no signature are the reader's slip, whatever the engine calls it.
            DataFusionError::Internal(message) if !message.contains("failed to match any signature") => {
                Self::Engine(first_line(&text))
            }
            _ => plain::sentence(&text).into(),
        }
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn missing_column(schema: &SchemaError) -> QueryError {
    let SchemaError::FieldNotFound { field, valid_fields } = schema else {
        let SchemaError::AmbiguousReference { field } = schema else {
            return plain::sentence(&schema.to_string()).into();
        };
        return plain::sentence(&format!("Ambiguous reference to unqualified field {}", field.name())).into();
    };
    let name = field.name();
    let relations: Vec<String> = {
        let mut relations: Vec<String> = valid_fields
            .iter()
            .filter_map(|valid| valid.relation.as_ref().map(|relation| relation.table().to_owned()))
            .collect();
        relations.sort();
        relations.dedup();
        relations
    };
    let owner = field.relation.as_ref().map(|relation| relation.table().to_owned());
    let owner = owner.or_else(|| if relations.len() == 1 { relations.first().cloned() } else { None });
    let message = match &owner {
        Some(table) => format!("column `{name}` is not in `{table}`"),
        None => format!("there is no column `{name}` here"),
    };
    let guess = nearest(name, valid_fields.iter().map(|valid| valid.name.as_str()));
    let listing = owner.map_or_else(String::new, |table| format!("`describe {table}` lists the columns"));
    let hint = match (guess, listing.is_empty()) {
        (Some(guess), true) => Some(format!("did you mean `{guess}`?")),
        (Some(guess), false) => Some(format!("did you mean `{guess}`? {listing}")),
        (None, false) => Some(listing),
        (None, true) => None,
    };
    QueryError::Sql { message, hint }
}

/// The candidate that looks most like `word`, where one is close enough to be meant.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase();
    candidates
        .map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min_by(Ord::cmp)
        .map(|(_, candidate)| candidate.to_owned())
}

/// Edits (insert, delete, replace, swap neighbours) between two words.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().take(64).collect();
    let right: Vec<char> = right.chars().take(64).collect();
    let width = right.len() + 1;
    let mut rows = vec![(0..width).collect::<Vec<usize>>()];
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let above = rows.last().map_or(0, |above| cell(above, j + 1));
            let diagonal = rows.last().map_or(0, |above| cell(above, j));
            let mut best = (above + 1).min(cell(&row, j) + 1).min(diagonal + usize::from(a != b));
            let swapped = i > 0 && j > 0 && left.get(i - 1) == Some(b) && right.get(j - 1) == Some(a);
            if swapped && let Some(before) = rows.len().checked_sub(2).and_then(|at| rows.get(at)) {
                best = best.min(cell(before, j - 1) + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last().copied()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_mistake_leads_to_the_word_that_was_meant() {
        let columns = ["service_name", "incident_id", "severity_number"];
        assert_eq!(nearest("serivce_name", columns.into_iter()), Some("service_name".to_owned()));
        assert_eq!(nearest("incidentid", columns.into_iter()), Some("incident_id".to_owned()));
        assert_eq!(nearest("zebra", columns.into_iter()), None);
    }
}
