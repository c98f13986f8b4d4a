//! A mapping file as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MappingSpec {
    pub(super) name: String,
    #[serde(default = "logs")]
    pub(super) table: String,
    #[serde(rename = "match")]
    pub(super) matches: Option<MatchSpec>,
    pub(super) format: Option<String>,
    /// For plain text: the shape of a record.
    pub(super) pattern: Option<String>,
    /// For plain text: which lines begin a record.
    pub(super) multi_line: Option<String>,
    pub(super) encoding: Option<String>,
    #[serde(default)]
    pub(super) unwrap: Vec<UnwrapSpec>,
    pub(super) time: Option<TimeSpec>,
    #[serde(default)]
    pub(super) fields: BTreeMap<String, FieldSpec>,
    pub(super) severity: Option<SeveritySpec>,
    pub(super) wide: Option<WideSpec>,
    #[serde(default)]
    pub(super) personal: Vec<String>,
    pub(super) reference_year: Option<i32>,
    pub(super) zone: Option<String>,
    #[serde(default)]
    pub(super) event_types: BTreeMap<String, String>,
    /// Columns whose value is the same for every record.
    #[serde(default)]
    pub(super) set: BTreeMap<String, String>,
    /// Where the records are in a JSON document.
    pub(super) list: Option<String>,
}

fn logs() -> String {
    "logs".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MatchSpec {
    /// Names of files.
    #[serde(default)]
    pub(super) source: OneOrMany,
    #[serde(default)]
    pub(super) header: Vec<String>,
    #[serde(default)]
    pub(super) first_key: OneOrMany,
    /// For plain text: a pattern that one of the first records has.
    pub(super) pattern: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl OneOrMany {
    pub(super) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnwrapSpec {
    pub(super) field: String,
    #[serde(rename = "as")]
    pub(super) format: Option<String>,
    pub(super) take: Option<String>,
    pub(super) pattern: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeSpec {
    pub(super) field: String,
    pub(super) format: Option<String>,
    pub(super) epoch: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum FieldSpec {
    Name(String),
    Regex(RegexSpec),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegexSpec {
    from: String,
    regex: Option<String>,
}

impl FieldSpec {
    pub(super) fn into_parts(self) -> (String, Option<String>) {
        match self {
            Self::Name(from) => (from, None),
            Self::Regex(RegexSpec { from, regex }) => (from, regex),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeveritySpec {
    pub(super) field: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct WideSpec {
    pub(super) header: String,
    /// Columns that describe the whole row, such as `service_name`.
    #[serde(flatten)]
    pub(super) fields: BTreeMap<String, FieldSpec>,
}
