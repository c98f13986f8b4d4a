//! Which values of a column have to be looked at closely?
//!
//! A column stands in one buffer, one value after the other, as Arrow keeps it: vector instructions look
//! at thousands of values at once, where a look at each would cost more than all that is found. What is
//! suspected here is told by [`crate::redact`]; nothing that it takes is left out.

use std::cell::Cell;

use memchr::{memchr_iter, memchr3_iter, memmem};

use crate::secret_names::{may_end_secret, secret_kind_before};
use crate::{digits, marked, prefilter, urls};

/// Places of the values of which [`crate::redact_field`] could take something, whatever the name of the
/// field, unless the name is that of a secret; in order, each once.
///
/// `offsets` has one more entry than there are values; value `n` is `text[offsets[n]..offsets[n + 1]]`.
pub fn suspects(text: &[u8], offsets: &[i32]) -> Vec<usize> {
    let rows = Rows { text, offsets, last: Cell::new(0) };
    let mut found = Vec::new();
    rows.add_marked(&mut found);
    rows.add_named(&mut found);
    rows.add_lines_of_keys(&mut found);
    rows.add_escaped(&mut found);
    digits::find_runs(text, |start, end| rows.add_numbers(start, end, &mut found));
    in_order(found)
}

/// As [`suspects`], for a column of ids and [`crate::identifies`].
pub fn suspected_ids(text: &[u8], offsets: &[i32]) -> Vec<usize> {
    let rows = Rows { text, offsets, last: Cell::new(0) };
    if is_lower_hex(text) {
        return Vec::new();
    }
    let mut found = Vec::new();
    rows.add_marked(&mut found);
    found.extend(memchr_iter(0xEF, text).map(|at| rows.of(at)));
    in_order(found)
}

/// Ids of traces and spans, in which nothing that begins a secret can be written.
fn is_lower_hex(text: &[u8]) -> bool {
    let is_hex = |byte: &u8| byte.wrapping_sub(b'0') < 10 || byte.wrapping_sub(b'a') < 6;
    // Without branches: compilers make vectors of it.
    text.chunks(1 << 10).all(|block| block.iter().map(|byte| u32::from(!is_hex(byte))).sum::<u32>() == 0)
}

fn in_order(mut found: Vec<usize>) -> Vec<usize> {
    found.sort_unstable();
    found.dedup();
    found
}

struct Rows<'c> {
    text: &'c [u8],
    offsets: &'c [i32],
    /// The value that was asked for last: the next one is mostly near.
    last: Cell<usize>,
}

/// Values behind the last one that are tried one by one.
const NEAR: usize = 4;

impl Rows<'_> {
    /// The value that a byte belongs to.
    fn of(&self, at: usize) -> usize {
        let at = i32::try_from(at).unwrap_or(i32::MAX);
        let last = self.last.get();
        let near = self.offsets.get(last..).filter(|from| from.first().is_some_and(|start| *start <= at));
        let found = near.and_then(|from| from.iter().take(NEAR).position(|end| *end > at));
        let row = match found {
            Some(end) => (last + end).saturating_sub(1),
            None => self.offsets.partition_point(|&offset| offset <= at).saturating_sub(1),
        };
        self.last.set(row);
        row
    }

    /// Where a value begins and ends.
    fn span(&self, row: usize) -> Option<(usize, usize)> {
        let [start, end] = self.offsets.get(row..row + 2)? else { return None };
        Some((usize::try_from(*start).ok()?, usize::try_from(*end).ok()?))
    }

    /// `@`, and what secrets begin with.
    fn add_marked(&self, found: &mut Vec<usize>) {
        found.extend(memchr_iter(b'@', self.text).map(|at| self.of(at)));
        match prefilter::marks(self.text) {
            // A mark that begins in one value and ends in another hides what begins in the other.
            Some(marks) => {
                found.extend(marks.flat_map(|(start, end)| self.of(start)..=self.of(end.saturating_sub(1))));
            }
            None => found.extend(0..self.offsets.len().saturating_sub(1)),
        }
    }

    /// Names of secrets before `=` and `:`, and digits in full width.
    fn add_named(&self, found: &mut Vec<usize>) {
        for at in memchr3_iter(b'=', b':', 0xEF, self.text) {
            match self.text.get(at..) {
                Some([0xEF, 0xBC, 0x90..=0x99 | 0xA0, ..]) => {
                    found.push(self.of(at));
                    continue;
                }
                Some([b'=' | b':', ..] | [0xEF, 0xBC, 0x9A | 0x9D, ..]) => {}
                _ => continue,
            }
            if self.text.get(at..at + 3) == Some(b"://") {
                self.add_url(at, found);
                continue;
            }
            let before = self.text.get(..at).unwrap_or_default();
            if before.last().is_none_or(|last| last.is_ascii_alphanumeric() && !may_end_secret(before)) {
                continue;
            }
            let row = self.of(at);
            let Some((start, end)) = self.span(row) else { continue };
            let value = self.text.get(start..end).unwrap_or_default();
            if secret_kind_before(value, at - start).is_some() {
                found.push(row);
            }
        }
    }

    /// Webhooks, and what stands beside a URL.
    fn add_url(&self, scheme: usize, found: &mut Vec<usize>) {
        let row = self.of(scheme);
        let Some((start, end)) = self.span(row) else { return };
        let value = self.text.get(start..end).unwrap_or_default();
        if urls::may_hold_secret(value, scheme - start) {
            found.push(row);
        }
    }

    /// Keys of which each line is a value.
    fn add_lines_of_keys(&self, found: &mut Vec<usize>) {
        for (row, pair) in self.offsets.windows(2).enumerate() {
            let [start, end] = pair else { continue };
            if marked::KEY_LINE_BYTES.contains(&((end - start).unsigned_abs() as usize)) {
                let value = self.span(row).and_then(|(start, end)| self.text.get(start..end));
                found.extend(value.filter(|value| marked::is_line_of_key(value)).map(|_| row));
            }
        }
    }

    /// Escapes that stand for letters and separators: `\\u5bc6`, and `%3A`, `%3D`. Numbers behind others are seen as
    /// they are.
    fn add_escaped(&self, found: &mut Vec<usize>) {
        for escape in [&b"\\u"[..], b"%3"] {
            found.extend(memmem::find_iter(self.text, escape).map(|at| self.of(at)));
        }
    }

    /// Numbers in a row of digits and what stands between them, which may go over several values.
    fn add_numbers(&self, from: usize, to: usize, found: &mut Vec<usize>) {
        let mut row = self.of(from);
        while let Some((start, end)) = self.span(row).filter(|(start, _)| *start < to) {
            let value = self.text.get(start..end).unwrap_or_default();
            if digits::may_be_between(value, from.max(start) - start, to.min(end).saturating_sub(start)) {
                found.push(row);
            }
            row += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(values: &[&str]) -> (String, Vec<i32>) {
        let mut offsets = vec![0];
        let mut text = String::new();
        for value in values {
            text.push_str(value);
            offsets.push(i32::try_from(text.len()).unwrap());
        }
        (text, offsets)
    }

    fn suspected(values: &[&str]) -> Vec<usize> {
        let (text, offsets) = columns(values);
        suspects(text.as_bytes(), &offsets)
    }

    #[test]
    fn only_what_may_hold_something_is_suspected() {
        assert_eq!(suspected(&["updated order 104212345678 in 35 ms", "", "获取连接超时 5003ms：重试"]), []);
        assert_eq!(
            suspected(&["ok", "call 13812345678", "a@b.cn", "", "password=x1", "电话１３８"]),
            [1, 2, 4, 5]
        );
        assert_eq!(
            suspected(&["a 50 % b", r"\u5bc6\u7801 x", "r=%22pwd%22%3A%22", r"\n13812345678"]),
            [1, 2, 3]
        );
        assert_eq!(suspected(&["1762312345678", "version=2 rows: 35 at 11:05:03", "10.12.13.14:8080"]), []);
        assert_eq!(suspected(&[]), []);
    }

    #[test]
    fn what_stands_in_two_values_is_none() {
        assert_eq!(suspected(&["138", "1234", "5678", "13812345", "678"]), []);
        assert_eq!(suspected(&["passwd", "=x1"]), []);
        // A mark over two values hides the one that begins in it.
        assert_eq!(suspected(&["xoxb", "-----BEGIN PRIVATE KEY-----"]), [0, 1]);
    }

    #[test]
    fn no_secret_begins_in_lower_hex() {
        assert!(is_lower_hex(b"0af7651916cd43dd8448eb211c80319c") && is_lower_hex(b""));
        assert!(!is_lower_hex(b"0AF7") && !is_lower_hex(b"550e8400-e29b"));
        assert!(prefilter::MARKS.iter().all(|mark| !is_lower_hex(mark.as_bytes())));
    }

    #[test]
    fn ids_are_suspected_of_addresses_and_tokens_alone() {
        let (text, offsets) =
            columns(&["13812345678", "alice@example.com", "u1042", "x%40y.example", "ｚｓ＠ex.cn"]);
        assert_eq!(suspected_ids(text.as_bytes(), &offsets), [1, 3, 4]);
    }
}
