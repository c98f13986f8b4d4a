//! Which list of a JSON document holds its records, as APIs answer: `{"code":0,"data":{"list":[…]}}`?

use super::columns::{Column, add_record};
use super::times;
use crate::formats::json_records::{elements, flat_fields};
use crate::json::Scan;
use crate::limits;

/// Records in a list of a document.
pub(super) struct Listed {
    /// Its keys, such as `data.list`.
    pub(super) path: String,
    pub(super) columns: Vec<Column>,
    /// The first keys of the document itself.
    pub(super) document_keys: Vec<String>,
}

/// The first list whose objects have a time; none where there is no such list.
pub(super) fn find(head: &[u8]) -> Option<Listed> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?,
    };
    let (lists, document_keys) = lists_in(text);
    lists.into_iter().find_map(|(path, list)| {
        let columns = columns_of(list);
        times::find(&columns).is_some().then(|| Listed {
            path,
            columns,
            document_keys: document_keys.clone(),
        })
    })
}

/// The fields of the first objects of a list, as far as the head goes.
fn columns_of(list: &str) -> Vec<Column> {
    let records = elements(list).map_while(Result::ok).take(limits::HEAD_RECORDS_MAX);
    let fields = records.map_while(|record| flat_fields(record).ok());
    fields.fold(Vec::new(), |columns, record| add_record(columns, &record))
}

/// Lists of objects that are no parts of other lists, each with its path and the text from there on; and the keys of
/// the document before the last of them.
fn lists_in(text: &str) -> (Vec<(String, &str)>, Vec<String>) {
    let mut scan = Scan::default();
    let (mut lists, mut document_keys) = (Vec::new(), Vec::new());
    let mut path: Vec<&str> = Vec::new();
    let (mut start, mut key, mut inside_depth) = (0, "", None);
    for (at, byte) in text.bytes().enumerate() {
        let was_in_string = scan.in_string;
        scan.take(byte);
        match byte {
            b'"' if !was_in_string => start = at + 1,
            b'"' if !scan.in_string => key = text.get(start..at).unwrap_or_default(),
            _ if was_in_string || inside_depth.is_some_and(|depth| scan.depth > depth) => {}
            b':' => {
                path.truncate(scan.depth.saturating_sub(1));
                path.push(key);
                if path.len() == 1 {
                    document_keys.push(key.to_owned());
                }
            }
            b'[' => {
                inside_depth = Some(scan.depth - 1);
                let list = text.get(at..).unwrap_or_default();
                if list.get(1..).is_some_and(|inner| inner.trim_start().starts_with('{')) {
                    lists.push((path.join("."), list));
                }
            }
            b']' => inside_depth = None,
            _ => {}
        }
    }
    (lists, document_keys)
}
