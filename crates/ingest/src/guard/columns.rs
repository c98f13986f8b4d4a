//! Columns without personal data: what could hold some is told for whole columns at once, and looked at
//! value by value only where it does.

use std::borrow::Cow;
use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, StringArray, StringBuilder, StructArray};
use arrow::datatypes::UInt32Type;
use arrow::error::ArrowError;
use fupan_redact::{Counts, names_secret, redact, suspected_ids, suspects};
use fupan_store::{plain, text_map_builder};

use super::{Guard, holds_value, keep_apart, names_secret_beside, redact_attribute};
use crate::rows::columns::{attributes, shared};

impl Guard {
    /// Texts after the rules.
    pub(crate) fn texts(&mut self, column: StringArray) -> StringArray {
        if self.privacy.keep_raw {
            return column;
        }
        let mut replaced = Vec::new();
        for row in suspects(column.value_data(), column.value_offsets()) {
            if let Cow::Owned(clean) = redact(column.value(row), &mut self.counts) {
                replaced.push((row, clean));
            }
        }
        with_replaced(column, replaced)
    }

    /// Texts, each word of a dictionary looked at once. Where a rule takes something, it counts for each row.
    pub(crate) fn words(&mut self, column: ArrayRef) -> Result<ArrayRef, ArrowError> {
        if let Some(numbered) = column.as_dictionary_opt::<UInt32Type>() {
            let words = numbered.values().as_string::<i32>();
            if self.privacy.keep_raw || are_clean(words) {
                return Ok(column);
            }
        }
        Ok(shared(self.texts(plain(&column)?.as_string::<i32>().clone())))
    }

    /// Names and values, each map of a dictionary looked at once. Where a rule takes something, it counts for
    /// each row.
    pub(crate) fn numbered_labels(&mut self, column: ArrayRef) -> Result<ArrayRef, ArrowError> {
        if let Some(numbered) = column.as_dictionary_opt::<UInt32Type>() {
            let before = self.counts;
            self.labels(numbered.values().as_map().clone())?;
            if std::mem::replace(&mut self.counts, before) == before {
                return Ok(column);
            }
        }
        Ok(shared(self.labels(plain(&column)?.as_map().clone())?))
    }

    /// Ids, of which those that are not opaque are pseudonyms.
    pub(crate) fn ids(&mut self, column: StringArray) -> StringArray {
        if self.privacy.keep_raw {
            return column;
        }
        let mut replaced = Vec::new();
        for row in suspected_ids(column.value_data(), column.value_offsets()) {
            if let Some(pseudonym) = self.pseudonym(column.value(row)) {
                replaced.push((row, pseudonym));
            }
        }
        with_replaced(column, replaced)
    }

    /// Names and values after the rules.
    pub(crate) fn labels(&mut self, column: MapArray) -> Result<MapArray, ArrowError> {
        let (Some(keys), Some(values)) = (texts_of(column.keys()), texts_of(column.values())) else {
            return Ok(column);
        };
        if self.privacy.keep_raw {
            return Ok(column);
        }
        let before = self.counts;
        let clean_keys = self.texts(keys.clone());
        let mut suspected = suspects(values.value_data(), values.value_offsets());
        suspected.extend((0..keys.len()).filter(|&entry| self.is_secret(keys.value(entry))));
        let named = named_beside(&column, keys, values);
        suspected.extend(named.keys());
        suspected.sort_unstable();
        suspected.dedup();
        let mut replaced = Vec::new();
        for entry in suspected {
            let (key, value) = (keys.value(entry), values.value(entry));
            let name = named.get(&entry).copied().unwrap_or(key);
            if let Cow::Owned(clean) = redact_attribute(name, value, &mut self.counts) {
                replaced.push((entry, clean));
            }
        }
        if self.counts == before {
            return Ok(column);
        }
        let clean_values = with_replaced(values.clone(), replaced);
        if clean_keys == *keys {
            let (field, offsets, entries, nulls, is_ordered) = column.into_parts();
            let columns = vec![shared(clean_keys), shared(clean_values)];
            let entries = StructArray::try_new(entries.fields().clone(), columns, entries.nulls().cloned())?;
            return MapArray::try_new(field, offsets, entries, nulls, is_ordered);
        }
        let mut builder = text_map_builder(column.len());
        for row in column.value_offsets().windows(2) {
            let [from, to] = row else { continue };
            let entries = *from as usize..*to as usize;
            let mut entries: Vec<(Cow<'_, str>, &str)> = entries
                .map(|entry| (Cow::Borrowed(clean_keys.value(entry)), clean_values.value(entry)))
                .collect();
            keep_apart(&mut entries);
            attributes(&mut builder, &entries)?;
        }
        Ok(builder.finish())
    }

    /// Whether a name is that of a secret, whatever stands under it; names come again and again.
    fn is_secret(&mut self, name: &str) -> bool {
        if self.other_names.holds(name) {
            return false;
        }
        let is_secret = names_secret(name);
        if !is_secret {
            self.other_names.add(name);
        }
        is_secret
    }
}

/// Entries that hold a secret which another entry of their map names, and the name.
fn named_beside<'k>(
    column: &MapArray,
    keys: &StringArray,
    values: &'k StringArray,
) -> HashMap<usize, &'k str> {
    let offsets = column.value_offsets();
    let naming = (0..keys.len()).filter(|&entry| names_secret_beside(keys.value(entry), values.value(entry)));
    let mut found = HashMap::new();
    for entry in naming {
        let row = offsets.partition_point(|&offset| offset as usize <= entry);
        let Some([from, to]) = row.checked_sub(1).and_then(|row| offsets.get(row..row + 2)) else { continue };
        let holding = (*from as usize..*to as usize).filter(|&other| holds_value(keys.value(other)));
        found.extend(holding.map(|other| (other, values.value(entry))));
    }
    found
}

/// Whether no rule takes anything out of these.
fn are_clean(words: &StringArray) -> bool {
    let mut suspected = suspects(words.value_data(), words.value_offsets()).into_iter();
    suspected.all(|word| matches!(redact(words.value(word), &mut Counts::default()), Cow::Borrowed(_)))
}

fn texts_of(column: &dyn Array) -> Option<&StringArray> {
    column.as_any().downcast_ref()
}

/// The column with other values at some places, which are in order.
fn with_replaced(column: StringArray, replaced: Vec<(usize, String)>) -> StringArray {
    if replaced.is_empty() {
        return column;
    }
    let mut builder = StringBuilder::with_capacity(column.len(), column.value_data().len());
    let mut replaced = replaced.into_iter().peekable();
    for (row, value) in column.iter().enumerate() {
        match replaced.next_if(|(place, _)| *place == row) {
            Some((_, clean)) => builder.append_value(clean),
            None => builder.append_option(value),
        }
    }
    builder.finish()
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, RecordBatch};
    use fupan_model::{LogRecord, Micros};
    use fupan_redact::{Counts, KeySource, PseudonymKey, Rule};

    use super::*;
    use crate::guard::Privacy;
    use crate::rows::LogRows;

    fn guard(keep_raw: bool) -> Guard {
        let pseudonyms = KeySource::of(PseudonymKey::new([7; 32]));
        Guard::new(Privacy { keep_raw, has_personal_fields: false, pseudonyms })
    }

    fn personal() -> LogRecord<'static> {
        LogRecord {
            timestamp: Micros(1),
            body: Some("mail to alice@example.com".into()),
            service_name: Some("pay".into()),
            user_id: Some("13812345678".into()),
            session_id: Some("alice@example.com".into()),
            order_id: Some("4111111111111111".into()),
            trace_id: Some("0af7651916cd43dd8448eb211c80319c".into()),
            http_route: Some("/users/13812345678".into()),
            attributes: vec![
                ("phone".into(), "13812345678".into()),
                ("password".into(), "hunter2".into()),
                ("order.id".into(), "13812345678".into()),
                ("pool".into(), "7".into()),
            ],
            ..LogRecord::default()
        }
    }

    /// The rows of a clean record, of two others, and of a clean one.
    fn rows(records: [LogRecord<'_>; 2], guard: &mut Guard) -> RecordBatch {
        let clean = || LogRecord { timestamp: Micros(1), body: Some("ok".into()), ..LogRecord::default() };
        let [first, second] = records;
        let mut rows = LogRows::with_room(4);
        for (place, record) in [clean(), first, second, clean()].iter().enumerate() {
            rows.push(record, place as u64).unwrap();
        }
        rows.finish("chunk", guard).unwrap()
    }

    fn texts_by_place(rows: &RecordBatch, column: &str) -> [Option<String>; 4] {
        let places = rows.column_by_name("source_record").unwrap();
        let places = places.as_primitive::<arrow::datatypes::Int64Type>();
        let texts = plain(rows.column_by_name(column).unwrap()).unwrap();
        let texts = texts.as_string::<i32>();
        [0, 1, 2, 3].map(|place| {
            let row = places.values().iter().position(|found| *found == place).unwrap();
            texts.is_valid(row).then(|| texts.value(row).to_owned())
        })
    }

    fn labels_of(rows: &RecordBatch, place: i64) -> Vec<(String, String)> {
        let places = rows.column_by_name("source_record").unwrap();
        let places = places.as_primitive::<arrow::datatypes::Int64Type>();
        let row = places.values().iter().position(|found| *found == place).unwrap();
        let labels = plain(rows.column_by_name("attributes").unwrap()).unwrap().as_map().value(row);
        let [keys, values] = [0, 1].map(|part| labels.column(part).as_string::<i32>().clone());
        keys.iter().zip(&values).map(|(key, value)| (key.unwrap().into(), value.unwrap().into())).collect()
    }

    #[test]
    fn texts_are_redacted_and_opaque_ids_stay() {
        let mut guard = guard(false);
        let rows = rows([personal(), personal()], &mut guard);
        let both = |column, value: &str, at_the_ends: Option<&str>| {
            let [value, end] = [Some(value), at_the_ends].map(|text| text.map(ToOwned::to_owned));
            assert_eq!(texts_by_place(&rows, column), [end.clone(), value.clone(), value, end], "{column}");
        };
        both("body", "mail to <email>", Some("ok"));
        both("user_id", "13812345678", None);
        both("order_id", "4111111111111111", None);
        both("trace_id", "0af7651916cd43dd8448eb211c80319c", None);
        both("session_id", &PseudonymKey::new([7; 32]).of("alice@example.com"), None);
        both("http_route", "/users/<phone>", None);
        let expected =
            [("phone", "<phone>"), ("password", "<token>"), ("order.id", "13812345678"), ("pool", "7")];
        assert_eq!(labels_of(&rows, 2), expected.map(|(key, value)| (key.into(), value.into())));
        assert_eq!((guard.counts.of(Rule::Phone), guard.counts.of(Rule::Email)), (4, 2));
        assert_eq!((guard.counts.of(Rule::Token), guard.counts.pseudonyms()), (2, 2));
    }

    #[test]
    fn shapes_are_those_of_what_is_written() {
        let mut mail = personal();
        mail.body = Some("mail to bob@example.com".into());
        let rows = rows([personal(), mail], &mut guard(false));
        let shapes = rows.column_by_name("shape_id").unwrap().as_primitive::<arrow::datatypes::Int64Type>();
        assert!(
            shapes
                .iter()
                .flatten()
                .filter(|shape| *shape == fupan_analysis::shape_id("mail to <email>"))
                .count()
                == 2
        );
    }

    #[test]
    fn names_that_become_one_keep_their_values() {
        let mut record = personal();
        record.attributes =
            vec![("a@b.cn".into(), "1".into()), ("pool".into(), "7".into()), ("c@d.cn".into(), "2".into())];
        let rows = rows([record, personal()], &mut guard(false));
        let expected = [("<email>", "1"), ("pool", "7"), ("<email>~2", "2")];
        assert_eq!(labels_of(&rows, 1), expected.map(|(key, value)| (key.into(), value.into())));
        assert_eq!(labels_of(&rows, 2).len(), 4);
    }

    #[test]
    fn with_keep_raw_everything_stays() {
        let mut guard = guard(true);
        let rows = rows([personal(), personal()], &mut guard);
        assert_eq!(texts_by_place(&rows, "body")[1].as_deref(), Some("mail to alice@example.com"));
        assert_eq!(texts_by_place(&rows, "session_id")[2].as_deref(), Some("alice@example.com"));
        assert_eq!(labels_of(&rows, 1)[1], ("password".into(), "hunter2".into()));
        assert_eq!(guard.counts, Counts::default());
    }

    #[test]
    fn without_a_key_an_address_is_no_id() {
        let pseudonyms = KeySource::new(|| Err("no key".to_owned()));
        let mut guard = Guard::new(Privacy { keep_raw: false, has_personal_fields: false, pseudonyms });
        rows([personal(), personal()], &mut guard);
        assert!(guard.failure.unwrap().to_string().contains("no key"));
    }
}
