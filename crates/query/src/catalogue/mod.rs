//! Which questions can be asked by name?
//!
//! The catalogue is the `queries/` folder, embedded when this crate is built; a workspace's own
//! files add to it, or replace one of ours while keeping its contract.

pub mod header;

use std::collections::BTreeMap;

use crate::error::{QueryError, nearest};
use crate::limits::QUERY_FILE_BYTES_MAX;

pub use header::{Column, Header, Param, SqlType};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// A query or view: its name, header and text.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryFile {
    /// Path below `queries/` without `.sql`, such as `recovery/incident`.
    pub name: String,
    /// Its header.
    pub header: Header,
    /// The whole file, header included.
    pub text: String,
    /// True for a file of the workspace.
    pub is_override: bool,
}

impl QueryFile {
    /// Reads a file from its path below `queries/` and its text.
    pub fn parse(path: &str, text: &str) -> Result<Self, QueryError> {
        if text.len() > QUERY_FILE_BYTES_MAX {
            return Err(QueryError::Limit {
                what: format!("{path} has more than {QUERY_FILE_BYTES_MAX} bytes"),
                hint: "split the query".to_owned(),
            });
        }
        let header = header::parse(path, text)?;
        let name = path.strip_suffix(".sql").unwrap_or(path).to_owned();
        Ok(Self { name, header, text: text.to_owned(), is_override: false })
    }
}

/// All queries and views by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    queries: BTreeMap<String, QueryFile>,
    views: BTreeMap<String, QueryFile>,
}

impl Catalogue {
    /// The queries and views that this build carries.
    pub fn embedded() -> Result<Self, QueryError> {
        let mut catalogue = Self { queries: BTreeMap::new(), views: BTreeMap::new() };
        for (path, text) in embedded::FILES {
            let file = QueryFile::parse(path, text)?;
            match file.name.strip_prefix("views/") {
                Some(view) => catalogue.views.insert(view.to_owned(), file),
                None => catalogue.queries.insert(file.name.clone(), file),
            };
        }
        Ok(catalogue)
    }

    /// Adds a workspace's queries: `files` are pairs of path below its `queries/` and text.
    ///
    /// A file with the name of one of ours must keep its parameters and columns; views cannot be
    /// replaced, since receipts and all other queries rest on them.
    pub fn with_overrides(mut self, files: &[(String, String)]) -> Result<Self, QueryError> {
        for (path, text) in files {
            let mut file = QueryFile::parse(path, text)?;
            file.is_override = true;
            if file.name.starts_with("views/") {
                return Err(QueryError::Refused {
                    what: format!("{path}: a workspace cannot replace or add views"),
                    hint: "write it as a query of another group, such as `review/`".to_owned(),
                });
            }
            if let Some(ours) = self.queries.get(&file.name)
                && let Some(difference) = contract_difference(&ours.header, &file.header)
            {
                return Err(QueryError::Override { file: path.clone(), name: file.name, difference });
            }
            self.queries.insert(file.name.clone(), file);
        }
        Ok(self)
    }

    /// The query of that name.
    pub fn query(&self, name: &str) -> Result<&QueryFile, QueryError> {
        self.queries.get(name).ok_or_else(|| {
            let same_file = self.queries.keys().find(|known| known.rsplit('/').next() == Some(name)).cloned();
            let guess = same_file.or_else(|| nearest(name, self.queries.keys().map(String::as_str)));
            QueryError::UnknownQuery {
                name: name.to_owned(),
                hint: guess.map_or_else(
                    || "`fupan query list` names them".to_owned(),
                    |guess| format!("did you mean `{guess}`? `fupan query list` names them"),
                ),
            }
        })
    }

    /// All queries, sorted by name.
    pub fn queries(&self) -> impl Iterator<Item = &QueryFile> {
        self.queries.values()
    }

    /// All views with their table names, sorted.
    pub fn views(&self) -> impl Iterator<Item = (&str, &QueryFile)> {
        self.views.iter().map(|(name, file)| (name.as_str(), file))
    }

    /// The view of that table name.
    pub fn view(&self, name: &str) -> Option<&QueryFile> {
        self.views.get(name)
    }
}

fn contract_difference(ours: &Header, theirs: &Header) -> Option<String> {
    for param in &ours.params {
        match theirs.params.iter().find(|other| other.name == param.name) {
            None => return Some(format!("parameter `{}` is missing", param.name)),
            Some(other) if other.sql_type != param.sql_type => {
                return Some(format!("parameter `{}` is {}", param.name, other.sql_type.name()));
            }
            Some(_) => {}
        }
    }
    let extra = theirs
        .params
        .iter()
        .find(|other| other.default.is_none() && !ours.params.iter().any(|param| param.name == other.name));
    if let Some(extra) = extra {
        return Some(format!("parameter `{}` is new and has no default", extra.name));
    }
    let shape = |header: &Header| -> Vec<(String, SqlType)> {
        header.columns.iter().map(|column| (column.name.clone(), column.sql_type)).collect()
    };
    let (ours, theirs) = (shape(ours), shape(theirs));
    let describe = |column: Option<&(String, SqlType)>| {
        column
            .map_or_else(|| "nothing".to_owned(), |(name, sql_type)| format!("`{name} {}`", sql_type.name()))
    };
    (0..ours.len().max(theirs.len())).find(|&at| ours.get(at) != theirs.get(at)).map(|at| {
        format!("column {} is {} instead of {}", at + 1, describe(theirs.get(at)), describe(ours.get(at)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident_text() -> String {
        Catalogue::embedded().unwrap().query("recovery/incident").unwrap().text.clone()
    }

    #[test]
    fn a_workspace_query_keeps_the_contract_or_is_refused() {
        let same = incident_text().replace("-- question:", "-- question: Ours,");
        let files = [("recovery/incident.sql".to_owned(), same)];
        let catalogue = Catalogue::embedded().unwrap().with_overrides(&files).unwrap();
        assert!(catalogue.query("recovery/incident").unwrap().is_override);

        let changed = incident_text().replace("-- column:   title ", "-- column:   heading ");
        let files = [("recovery/incident.sql".to_owned(), changed)];
        let error = Catalogue::embedded().unwrap().with_overrides(&files).unwrap_err();
        assert!(error.to_string().contains("`heading TEXT` instead of `title TEXT`"), "{error}");
    }

    #[test]
    fn a_workspace_adds_queries_but_no_views() {
        let text = incident_text();
        let files = [("ours/incident.sql".to_owned(), text.clone())];
        assert!(
            Catalogue::embedded().unwrap().with_overrides(&files).unwrap().query("ours/incident").is_ok()
        );
        let files = [("views/incidents.sql".to_owned(), text)];
        assert!(Catalogue::embedded().unwrap().with_overrides(&files).is_err());
    }

    #[test]
    fn an_unknown_query_is_answered_with_the_nearest_name() {
        let error = Catalogue::embedded().unwrap().query("recovery/incidnet").unwrap_err();
        assert_eq!(error.hint(), Some("did you mean `recovery/incident`? `fupan query list` names them"));
    }
}
