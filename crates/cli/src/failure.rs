//! What went wrong at the edge, which exit code does it have, and what can the reader do about it?

use fupan_ingest::IngestError;
use fupan_query::QueryError;
use fupan_report::ReportError;
use fupan_store::StoreError;

use crate::postmortem::PostmortemError;

/// What to do about a failure; each kind has its own exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// The command did its work and found something wrong: damage, too many rejects.
    Findings,
    /// The command line asks for something that is not there; ask in another way.
    Usage,
    /// An input cannot be read; mend the input.
    BadInput,
    /// A limit ended it; ask for less, or raise the limit.
    Limit,
    /// Our bug; report it.
    Bug,
    /// The store or a folder cannot be read or written.
    Storage,
    /// It is not known whether the last commit is in; run the same command again.
    OutcomeUnknown,
    /// Ctrl-C; run the same command again.
    Interrupted,
}

impl ErrorKind {
    /// The exit code.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Findings => 1,
            Self::Usage => 2,
            Self::BadInput => 65,
            Self::Limit => 69,
            Self::Bug => 70,
            Self::Storage => 74,
            Self::OutcomeUnknown => 75,
            Self::Interrupted => 130,
        }
    }
}

/// A failure as it is shown: what happened, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// What every command returns: the exit code where it did its work, also with findings.
pub(crate) type Outcome = Result<u8, Failure>;

/// Everything went well.
pub(crate) const DONE: u8 = 0;

impl Failure {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    pub(crate) fn bug(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug, message)
            .hint("this is a bug of fupan; please report it with the command line")
    }

    pub(crate) fn storage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Storage, message)
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Some libraries put their advice behind `hint:` into the message.
    fn split(kind: ErrorKind, text: &str) -> Self {
        match text.split_once("\nhint: ") {
            Some((message, hint)) => Self::new(kind, message).hint(hint),
            None => Self::new(kind, text),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::OutcomeUnknown { .. } => ErrorKind::OutcomeUnknown,
            StoreError::NoSuchVersion { .. } | StoreError::Gone { .. } | StoreError::BadLocation { .. } => {
                ErrorKind::Usage
            }
            StoreError::Arrow(_) | StoreError::Task(_) => return Self::bug(error.to_string()),
            _ => ErrorKind::Storage,
        };
        Self::split(kind, &error.to_string())
    }
}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::NoSource { .. } => Self::new(ErrorKind::BadInput, error.to_string())
                .hint("give files, folders, patterns such as 'logs/*.gz', or - for standard input"),
            IngestError::Store(error) => error.into(),
            // What the guard of personal data could not do: there is no key.
            IngestError::Arrow(arrow::error::ArrowError::ExternalError(reason)) => {
                crate::pseudonym_key::failure(&reason.to_string())
            }
            other => Self::bug(other.to_string()),
        }
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        let kind = match &error {
            QueryError::Limit { .. } => ErrorKind::Limit,
            QueryError::Storage(_) => ErrorKind::Storage,
            QueryError::Engine(_) => return Self::bug(error.to_string()),
            _ => ErrorKind::Usage,
        };
        Self { kind, message: error.to_string(), hint: error.hint().map(str::to_owned) }
    }
}

impl From<PostmortemError> for Failure {
    fn from(error: PostmortemError) -> Self {
        match error {
            PostmortemError::Query(error) => error.into(),
            PostmortemError::UnknownIncident(_) => Self::split(ErrorKind::Usage, &error.to_string()),
        }
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        Self::bug(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_inside_a_message_becomes_a_hint() {
        let failure = Failure::from(StoreError::NotFound { root: "x".to_owned() });
        assert_eq!(failure.kind.code(), 74);
        assert_eq!(failure.message, "there is no fupan store at x");
        assert!(failure.hint.is_some_and(|hint| hint.starts_with("`fupan ingest")));
    }

    #[test]
    fn a_wrong_column_is_the_readers_slip_and_a_broken_engine_is_ours() {
        let wrong = QueryError::Sql { message: "m".to_owned(), hint: Some("h".to_owned()) };
        assert_eq!(Failure::from(wrong).kind, ErrorKind::Usage);
        assert_eq!(Failure::from(QueryError::Engine("e".to_owned())).kind, ErrorKind::Bug);
    }
}
