//! What is a row of a table called by its header, cell by cell?

use std::borrow::Cow;

use crate::csv_text::cells;

/// The header of a table: it names what stands in a row, also in one that cannot be read.
#[derive(Debug, Clone, Copy)]
pub struct Header<'t> {
    /// The names of the columns.
    pub names: &'t [String],
    /// What stands between two cells.
    pub delimiter: u8,
}

impl Header<'_> {
    /// The cells of a row, one per column, into `found`, and whether its quotes are closed; an error if it has more or
    /// fewer, so that nobody knows which is which.
    pub(crate) fn split<'a>(&self, row: &'a str, found: &mut Vec<Cow<'a, str>>) -> Result<bool, String> {
        let is_closed = cells(row, self.delimiter, found);
        // One delimiter at the end of each row is a habit of some writers.
        if found.len() == self.names.len() + 1 && found.last().is_some_and(|cell| cell.is_empty()) {
            found.pop();
        }
        if found.len() != self.names.len() {
            return Err(format!("the row has {} cells, the header {}", found.len(), self.names.len()));
        }
        Ok(is_closed)
    }

    /// The row with what `replace` puts in place of a cell, given the column's name and the cell; none if it replaces
    /// none.
    ///
    /// # Errors
    ///
    /// If the row has other cells than the header.
    pub fn replace_cells(
        &self,
        row: &str,
        replace: &mut dyn FnMut(&str, &str) -> Option<String>,
    ) -> Result<Option<String>, String> {
        let mut found = Vec::new();
        self.split(row.trim_end_matches(['\n', '\r']), &mut found)?;
        let mut is_changed = false;
        for (name, cell) in self.names.iter().zip(&mut found) {
            if let Some(other) = replace(name, cell) {
                *cell = Cow::Owned(other);
                is_changed = true;
            }
        }
        Ok(is_changed.then(|| self.joined(&found)))
    }

    fn joined(&self, cells: &[Cow<'_, str>]) -> String {
        let delimiter = char::from(self.delimiter);
        let quoted = |cell: &str| {
            let is_plain = !cell.contains(['"', '\n', '\r', delimiter]);
            if is_plain { cell.to_owned() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
        };
        cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(&delimiter.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_replaced_by_name_and_quoted_where_they_must_be() {
        let names = ["time", "密码", "note"].map(str::to_owned);
        let header = Header { names: &names, delimiter: b',' };
        let replaced = |row: &str| {
            header.replace_cells(row, &mut |name, _| (name == "密码").then(|| "<token>".to_owned()))
        };
        let expected = "x,<token>,\"a, \"\"b\"\"\"";
        assert_eq!(replaced("x,\"a,b\",\"a, \"\"b\"\"\"\n"), Ok(Some(expected.to_owned())));
        assert_eq!(replaced("x,secret,y,"), Ok(Some("x,<token>,y".to_owned())));
        assert_eq!(replaced("x,secret"), Err("the row has 2 cells, the header 3".to_owned()));
        assert_eq!(replaced("x,a,b,c"), Err("the row has 4 cells, the header 3".to_owned()));
        assert_eq!(header.replace_cells("x,y,z", &mut |_, _| None), Ok(None));
    }
}
