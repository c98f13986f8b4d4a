//! A record as keys and values, whether it was a JSON object or a row of a table.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::log_builder::last_wins;
use super::log_fields::canonical;
use super::table::Table;
use super::text_of;
use crate::json::{Value, visit_object};
use crate::time::{ParsedInstant, parse_instant};

#[derive(Debug)]
struct Pair<'a> {
    key: Cow<'a, str>,
    /// The key without case and punctuation.
    name: Cow<'a, str>,
    value: Value<'a>,
}

/// Keys and values of one record; what is not taken stays as attributes.
#[derive(Debug, Default)]
pub(crate) struct Pairs<'a> {
    entries: Vec<Pair<'a>>,
    /// Some time had no zone.
    pub(crate) assumed_zone: bool,
}

impl<'a> Pairs<'a> {
    /// The flattened pairs of a JSON object.
    pub(crate) fn from_json(text: &'a str) -> Result<Self, String> {
        let mut pairs = Self::default();
        visit_object(text, &mut |key, value| pairs.push(key, value))?;
        Ok(pairs)
    }

    /// The cells of a row; empty ones are missing.
    pub(crate) fn from_row(table: &'a Table, cells: &[Cow<'a, str>]) -> Self {
        let names = table.names.iter().zip(&table.canonical);
        let entries = names
            .zip(cells)
            .filter(|(_, cell)| !cell.trim().is_empty())
            .map(|((key, name), cell)| Pair {
                key: key.into(),
                name: name.into(),
                value: Value::Text(cell.clone()),
            })
            .collect();
        Self { entries, assumed_zone: false }
    }

    pub(crate) fn push(&mut self, key: Cow<'a, str>, value: Value<'a>) {
        let name = Cow::Owned(canonical(&key));
        self.entries.push(Pair { key, name, value });
    }

    /// Whether one of the names is there.
    pub(crate) fn has(&self, names: &[&str]) -> bool {
        self.entries.iter().any(|pair| names.contains(&pair.name.as_ref()))
    }

    /// The value of the key as it is written.
    pub(crate) fn exact(&self, key: &str) -> Option<&Value<'a>> {
        self.entries.iter().rev().find(|pair| pair.key == key).map(|pair| &pair.value)
    }

    /// Takes the value of the key as it is written.
    pub(crate) fn take_exact(&mut self, key: &str) -> Option<Value<'a>> {
        let at = self.entries.iter().rposition(|pair| pair.key == key)?;
        Some(self.entries.remove(at).value)
    }

    /// Takes the value of the first of `names` that is there and not empty; of duplicates the last.
    pub(crate) fn take_value(&mut self, names: &[&str]) -> Option<Value<'a>> {
        for name in names {
            let found = self
                .entries
                .iter()
                .rposition(|pair| pair.name == *name && !pair.value.as_text().trim().is_empty());
            if let Some(at) = found {
                let value = self.entries.remove(at).value;
                self.entries.retain(|pair| pair.name != *name);
                return Some(value);
            }
        }
        None
    }

    /// Like [`Self::take_value`], as text.
    pub(crate) fn take(&mut self, names: &[&str]) -> Option<Cow<'a, str>> {
        self.take_value(names).map(Value::into_text)
    }

    /// Like [`Self::take`], owned.
    pub(crate) fn take_owned(&mut self, names: &[&str]) -> Option<String> {
        self.take(names).map(Cow::into_owned)
    }

    /// An instant; none where no name is there, an error where it cannot be read.
    pub(crate) fn take_time(&mut self, names: &[&str], zone: Tz) -> Result<Option<ParsedInstant>, String> {
        let Some(text) = self.take(names) else { return Ok(None) };
        let parsed =
            parse_instant(&text, zone).map_err(|error| format!("the time {:?} {error}", text_of(&text)))?;
        self.assumed_zone |= parsed.assumed_zone;
        Ok(Some(parsed))
    }

    /// What was not taken, in source order; of duplicates the last.
    pub(crate) fn rest(self) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
        last_wins(self.entries.into_iter().map(|pair| (pair.key, pair.value.into_text())).collect())
    }

    /// Like [`Self::rest`], owned.
    pub(crate) fn rest_owned(self) -> Vec<(String, String)> {
        self.rest().into_iter().map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
    }

    /// Puts another value in the place of some.
    pub(crate) fn replace_values(&mut self, replace: &mut dyn FnMut(&str, &Value<'a>) -> Option<Value<'a>>) {
        for pair in &mut self.entries {
            if let Some(value) = replace(&pair.key, &pair.value) {
                pair.value = value;
            }
        }
    }

    /// All pairs, in source order.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> {
        self.entries.into_iter().map(|pair| (pair.key, pair.value))
    }
}

/// The service behind a pod of a Kubernetes deployment: its name without the two generated parts, as in
/// `pay-service-64469b5b48-25zj6`. None for any other name.
///
/// Source: generated parts use the alphabet of `k8s.io/apimachinery/pkg/util/rand`, which has no vowels.
pub(crate) fn service_of_pod(pod: &str) -> Option<&str> {
    let is_generated = |part: &str| part.bytes().all(|byte| b"bcdfghjklmnpqrstvwxz2456789".contains(&byte));
    let (rest, instance) = pod.rsplit_once('-')?;
    let (service, hash) = rest.rsplit_once('-')?;
    let fits = instance.len() == 5 && (8..=10).contains(&hash.len());
    (fits && is_generated(instance) && is_generated(hash) && !service.is_empty()).then_some(service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_of_deployments_name_their_service() {
        assert_eq!(service_of_pod("pay-service-64469b5b48-25zj6"), Some("pay-service"));
        assert_eq!(service_of_pod("redis-0"), None);
        assert_eq!(service_of_pod("batch-import-worker"), None);
        assert_eq!(service_of_pod("-64469b5b48-25zj6"), None);
    }

    #[test]
    fn the_first_name_that_is_there_is_taken() {
        let mut pairs = Pairs::from_json(r#"{"b":"2","a":"","c":{"d":1},"b":"3"}"#).unwrap();
        assert_eq!(pairs.take(&["a", "b"]).as_deref(), Some("3"));
        assert_eq!(pairs.take(&["b"]), None);
        assert_eq!(pairs.rest_owned(), [("a".to_owned(), String::new()), ("c.d".to_owned(), "1".to_owned())]);
    }
}
