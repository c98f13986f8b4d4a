//! Could there be anything in this text at all?
//!
//! Runs on every text of every record, so it is a count over bytes that compilers turn into vector
//! instructions, and one search for a set of short strings that does the same.

use std::sync::LazyLock;

use aho_corasick::{Span, packed};
use memchr::memmem;

use crate::limits::DIGITS_MIN;

/// What a text has in it.
#[expect(clippy::struct_excessive_bools, reason = "each lets a rule of its own look")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// `@`.
    pub(crate) has_at: bool,
    /// `=` or `:`, or the first byte of full-width forms.
    pub(crate) has_separator: bool,
    /// The first byte of full-width forms.
    pub(crate) has_wide: bool,
    /// As many as the shortest number that a rule takes.
    pub(crate) has_digits: bool,
    /// One of [`MARKS`].
    pub(crate) has_mark: bool,
    /// `\\` or `%`, which escapes begin with.
    pub(crate) has_escape: bool,
}

impl Seen {
    pub(crate) const fn is_nothing(self) -> bool {
        !(self.has_at || self.has_separator || self.has_digits || self.has_mark || self.has_escape)
    }
}

/// What secrets begin with, or what stands before them without `=` or `:`. Each is looked at closely where
/// it is found; see [`crate::marked`]. With `%40` they are 32, the most that are searched for at once on every
/// processor.
pub(crate) const MARKS: [&str; 31] = [
    "word",
    "WORD",
    "oken",
    "ecret>",
    "ied by ",
    "IED BY ",
    "eyJ",
    "earer ",
    "EARER ",
    "AKIA",
    "ASIA",
    "LTAI",
    "AKID",
    "AIza",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xox",
    "_live_",
    "sk-",
    "-----BEGIN",
    "wd ",
    "密码",
    "口令",
    "密钥",
    "令牌",
    "验证码",
];

/// `%40` is the `@` of URLs.
const ENCODED_AT: &str = "%40";

static SEARCHER: LazyLock<Option<packed::Searcher>> =
    LazyLock::new(|| packed::Searcher::new(MARKS.iter().chain([&ENCODED_AT])));

/// Shorter texts are shorter than all secrets that a mark begins: `-pwd` and four letters.
const MARKED_BYTES_MIN: usize = 9;

/// Bytes that are counted at once: a count fits a byte, and a compiler makes vectors of it.
const BLOCK: usize = 64;

/// Looks at a text.
pub(crate) fn look(text: &[u8]) -> Seen {
    let (mut ats, mut separators, mut wides, mut digits, mut escapes) = (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
    for block in text.chunks(BLOCK) {
        let (mut at, mut separator, mut wide, mut digit, mut escape) = (0_u8, 0_u8, 0_u8, 0_u8, 0_u8);
        for &byte in block {
            at += u8::from(byte == b'@');
            separator += u8::from(byte == b'=') | u8::from(byte == b':');
            wide += u8::from(byte == 0xEF);
            digit += u8::from(byte.wrapping_sub(b'0') < 10);
            escape += u8::from(byte == b'\\') | u8::from(byte == b'%');
        }
        ats += u32::from(at);
        separators += u32::from(separator);
        wides += u32::from(wide);
        digits += u32::from(digit);
        escapes += u32::from(escape);
    }
    Seen {
        has_at: ats > 0,
        has_separator: separators + wides > 0,
        has_wide: wides > 0,
        has_digits: digits as usize >= DIGITS_MIN,
        has_mark: text.len() >= MARKED_BYTES_MIN && has_mark(text),
        has_escape: escapes > 0,
    }
}

/// Where each mark begins and ends, from left to right, none within another; none where there are no vector
/// instructions to look for them.
pub(crate) fn marks(text: &[u8]) -> Option<impl Iterator<Item = (usize, usize)>> {
    Some(SEARCHER.as_ref()?.find_iter(text).map(|found| (found.start(), found.end())))
}

/// Each mark of a text and where it begins, also one that begins within another.
pub(crate) fn each_mark(text: &[u8]) -> Vec<(usize, &'static str)> {
    let Some(searcher) = SEARCHER.as_ref() else {
        let of = |mark: &'static str| memmem::find_iter(text, mark).map(move |at| (at, mark));
        return MARKS.iter().flat_map(|mark| of(mark)).collect();
    };
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(next) = searcher.find_in(text, Span { start: from, end: text.len() }) {
        found.extend(MARKS.get(next.pattern().as_usize()).map(|mark| (next.start(), *mark)));
        from = next.start() + 1;
    }
    found
}

fn has_mark(text: &[u8]) -> bool {
    // Without vector instructions there is no searcher: then the marks themselves are looked for.
    SEARCHER.as_ref().is_none_or(|searcher| searcher.find(text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_texts_are_told_at_once() {
        assert!(look("updated order 1042 in 35 ms".as_bytes()).is_nothing());
        assert!(look("获取连接超时 5003ms".as_bytes()).is_nothing());
        assert!(look(b"").is_nothing());
    }

    #[test]
    fn whatever_could_begin_something_is_seen() {
        assert!(look(b"mail a@b.cn").has_at);
        assert!(look(b"a=1").has_separator);
        assert!(look("密码：x".as_bytes()).has_separator);
        assert!(look(b"+65 6123 4567").has_digits);
        assert!(!look(b"123456789").has_digits);
        for mark in MARKS {
            assert!(look(format!("some text before {mark} and after").as_bytes()).has_mark, "{mark}");
        }
        assert!(look(b"/find?mail=x%40y.example").has_mark);
        assert!(look(format!("{}eyJhbGciOi", "x".repeat(500)).as_bytes()).has_mark);
    }
}
