//! What may stand in quarantine of a record that could not be read?

use std::borrow::Cow;

use fupan_decode::Header;
use fupan_redact::{names_secret, redact, redact_bytes, redact_field};

use super::Guard;

/// In place of a record of a source with personal fields: where they are in bytes that could not be read, nobody
/// knows.
pub(super) const WITHHELD: &str = "<withheld: the mapping of this source names personal fields>";

/// In place of a row that has other cells than its header.
const WITHHELD_ROW: &str =
    "<withheld: the header of this table names secrets, and the row has other cells than it>";

/// The columns of the table whose rows may be rejected.
#[derive(Debug)]
pub(super) struct Columns {
    names: Vec<String>,
    delimiter: u8,
}

impl Columns {
    fn of(header: Header<'_>) -> Self {
        Self { names: header.names.to_vec(), delimiter: header.delimiter }
    }

    fn header(&self) -> Header<'_> {
        Header { names: &self.names, delimiter: self.delimiter }
    }

    fn name_secrets(&self) -> bool {
        self.names.iter().any(|name| names_secret(name))
    }
}

impl Guard {
    /// What is rejected from now on is of this table.
    pub(crate) fn rows_of(&mut self, header: Option<Header<'_>>) {
        self.columns = header.map(Columns::of);
    }

    /// The reason and the bytes of a record that could not be read.
    pub(crate) fn reject<'a>(&mut self, reason: String, bytes: &'a [u8]) -> (String, Cow<'a, [u8]>) {
        let bytes = if self.privacy.has_personal_fields { WITHHELD.as_bytes() } else { bytes };
        if self.privacy.keep_raw {
            return (reason, Cow::Borrowed(bytes));
        }
        let is_cut = bytes.len() >= fupan_decode::limits::REJECTED_BYTES_MAX;
        let bytes = match self.row(bytes) {
            Some(row) => Cow::Owned(redact_bytes(&row, is_cut, &mut self.counts).into_owned()),
            None => redact_bytes(bytes, is_cut, &mut self.counts),
        };
        (redact(&reason, &mut self.counts).into_owned(), bytes)
    }

    /// A row whose cells say by their column what they are; none if nothing of it had to go.
    fn row(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let columns = self.columns.as_ref()?;
        let counts = &mut self.counts;
        let row = String::from_utf8_lossy(bytes);
        let replaced = columns.header().replace_cells(&row, &mut |name, cell| {
            let clean = redact_field(name, cell, counts);
            (clean != cell).then(|| clean.into_owned())
        });
        match replaced {
            Ok(replaced) => replaced.map(String::into_bytes),
            // Which of its cells is the secret, nobody knows.
            Err(_) => columns.name_secrets().then(|| WITHHELD_ROW.as_bytes().to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use fupan_redact::Rule;

    use super::super::tests::guard;
    use super::*;

    #[test]
    fn rejects_are_redacted_and_those_of_personal_sources_withheld() {
        let mut plain = guard(false);
        let (reason, bytes) =
            plain.reject("the time \"13812345678\" is none".to_owned(), b"x 13812345678 \xFF");
        assert_eq!(
            (reason.as_str(), bytes.as_ref()),
            ("the time \"<phone>\" is none", &b"x <phone> \xFF"[..])
        );
        let mut personal = guard(true);
        personal.privacy.has_personal_fields = true;
        assert_eq!(personal.reject(String::new(), "张三".as_bytes()).1, WITHHELD.as_bytes());
    }

    #[test]
    fn cells_of_a_rejected_row_are_known_by_their_column() {
        let names = ["时间", "密码", "order_id", "备注"].map(str::to_owned);
        let mut guard = guard(false);
        guard.rows_of(Some(Header { names: &names, delimiter: b',' }));
        let mut left =
            |row: &str| String::from_utf8(guard.reject(String::new(), row.as_bytes()).1.into_owned());
        assert_eq!(left("昨天,hunter2,1,ok").unwrap(), "昨天,<token>,1,ok");
        assert_eq!(left("昨天,,1,打 13812345678").unwrap(), "昨天,,1,打 <phone>");
        assert_eq!(left("昨天,a,hunter2,1,ok").unwrap(), WITHHELD_ROW);
        assert_eq!(left("hunter2").unwrap(), WITHHELD_ROW);
        assert_eq!((guard.counts.of(Rule::Token), guard.counts.of(Rule::Phone)), (1, 1));
        guard.rows_of(Some(Header { names: &names[2..], delimiter: b',' }));
        assert_eq!(guard.reject(String::new(), b"1,2,3").1.as_ref(), b"1,2,3");
    }
}
