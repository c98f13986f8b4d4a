//! How are lines of JSON read fast that look like the line before?
//!
//! One pass over the bytes, which tries at each key what stood there in the record before. Only JSON of the
//! plainest kind is read: no arrays, no empty objects in objects, no escapes in keys. Of anything else,
//! broken text included, it says so, and [`super::visit_object`] has the word; what both can read they read
//! alike (a property below). Measured beside it: docs/performance.md.

use std::borrow::Cow;
use std::collections::HashMap;

use bumpalo::Bump;

use super::Value;
use crate::limits;

/// The text is not of the plainest kind: whatever was visited is to be forgotten.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotPlain;

/// Keys of the records so far and what they mean. Paths live in an arena, so that records can borrow them.
pub(crate) struct PlainKeys<'n, T> {
    paths: &'n Bump,
    meaning_of: fn(&str) -> T,
    by_position: Vec<Known<'n, T>>,
    by_path: HashMap<&'n str, Known<'n, T>>,
}

/// A key at its position in the record, those of objects counted.
#[derive(Clone, Copy)]
struct Known<'n, T> {
    /// Path of the object that it is in; none for the record itself.
    parent: Option<&'n str>,
    /// The key as it stands there, from behind its opening quote to its colon.
    written: &'n str,
    path: &'n str,
    meaning: T,
}

/// Distinct keys that are remembered; a source that puts ids into keys has no end of them.
const KEYS_MAX: usize = 4_096;

impl<'n, T: Copy> PlainKeys<'n, T> {
    pub(crate) fn new(paths: &'n Bump, meaning_of: fn(&str) -> T) -> Self {
        Self { paths, meaning_of, by_position: Vec::new(), by_path: HashMap::new() }
    }

    /// Calls `visit` for each scalar of the object in `text` with the meaning of its path, as
    /// [`super::visit_object`] does.
    pub(crate) fn visit<'a>(
        &mut self,
        text: &'a str,
        visit: &mut impl FnMut(T, &'n str, Value<'a>),
    ) -> Result<(), NotPlain> {
        let mut reader = Reader { text, at: 0, position: 0 };
        reader.skip_white_space();
        reader.expect(b'{')?;
        self.members(&mut reader, None, 1, visit)?;
        reader.skip_white_space();
        if reader.at == text.len() { Ok(()) } else { Err(NotPlain) }
    }

    /// Members up to the closing bracket; the opening one was read.
    fn members<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        parent: Option<&'n str>,
        depth: usize,
        visit: &mut impl FnMut(T, &'n str, Value<'a>),
    ) -> Result<(), NotPlain> {
        reader.skip_white_space();
        if depth == 1 && reader.peek() == Some(b'}') {
            reader.at += 1;
            return Ok(());
        }
        loop {
            reader.expect(b'"')?;
            let known = self.key(reader, parent)?;
            reader.skip_white_space();
            let value = match reader.peek() {
                Some(b'"') => {
                    reader.at += 1;
                    Some(Value::Text(reader.string()?))
                }
                Some(b'{') if depth < limits::FLATTEN_DEPTH_MAX => {
                    reader.at += 1;
                    self.members(reader, Some(known.path), depth + 1, visit)?;
                    None
                }
                Some(b'-' | b'0'..=b'9') => Some(Value::Number(reader.number()?)),
                Some(b't') => {
                    reader.word("true")?;
                    Some(Value::Bool(true))
                }
                Some(b'f') => {
                    reader.word("false")?;
                    Some(Value::Bool(false))
                }
                Some(b'n') => {
                    reader.word("null")?;
                    None
                }
                _ => return Err(NotPlain),
            };
            // Called in one place, so that the value is made where it goes.
            if let Some(value) = value {
                visit(known.meaning, known.path, value);
            }
            reader.skip_white_space();
            match reader.next() {
                Some(b',') => reader.skip_white_space(),
                Some(b'}') => return Ok(()),
                _ => return Err(NotPlain),
            }
        }
    }

    /// The key that begins here, its opening quote read, up to its colon.
    #[inline]
    fn key(&mut self, reader: &mut Reader<'_>, parent: Option<&'n str>) -> Result<Known<'n, T>, NotPlain> {
        let position = reader.position;
        reader.position += 1;
        if let Some(known) = self.by_position.get(position)
            && is_same(known.parent, parent)
            && reader.goes_on_with(known.written)
        {
            reader.at += known.written.len();
            return Ok(*known);
        }
        self.other_key(reader, parent, position)
    }

    fn other_key(
        &mut self,
        reader: &mut Reader<'_>,
        parent: Option<&'n str>,
        position: usize,
    ) -> Result<Known<'n, T>, NotPlain> {
        let start = reader.at;
        let Cow::Borrowed(name) = reader.string()? else { return Err(NotPlain) };
        reader.skip_white_space();
        reader.expect(b':')?;
        let written = reader.text.get(start..reader.at).ok_or(NotPlain)?;
        let path = parent.map_or(Cow::Borrowed(name), |parent| Cow::Owned(format!("{parent}.{name}")));
        let known = if let Some(known) = self.by_path.get(path.as_ref()) {
            // The same path can be written in several ways.
            Known { parent, written: self.same_or_new(known.written, written), ..*known }
        } else {
            let (path, meaning) = (&*self.paths.alloc_str(&path), (self.meaning_of)(&path));
            let known = Known { parent, written: self.paths.alloc_str(written), path, meaning };
            if self.by_path.len() < KEYS_MAX {
                self.by_path.insert(path, known);
            }
            known
        };
        match self.by_position.get_mut(position) {
            Some(slot) => *slot = known,
            None => self.by_position.push(known),
        }
        Ok(known)
    }

    fn same_or_new(&self, known: &'n str, written: &str) -> &'n str {
        if known == written { known } else { self.paths.alloc_str(written) }
    }
}

/// Whether two paths are one and the same text of the arena: equal ones that are not only cost time.
fn is_same(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => std::ptr::eq(a, b),
        _ => false,
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Keys read so far.
    position: usize,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;
const QUOTE: u64 = 0x22;
const BACKSLASH: u64 = 0x5c;

/// As `==` for texts of the same length: two overlapping words compare most keys without a call.
#[inline]
fn is_equal(a: &[u8], b: &[u8]) -> bool {
    match a.len() {
        8..=16 => a.first_chunk::<8>() == b.first_chunk() && a.last_chunk::<8>() == b.last_chunk(),
        4..=7 => a.first_chunk::<4>() == b.first_chunk() && a.last_chunk::<4>() == b.last_chunk(),
        _ => a == b,
    }
}

/// The top bit of each byte that is zero; right for the lowest one, which is all that is asked.
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & TOPS
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn expect(&mut self, byte: u8) -> Result<(), NotPlain> {
        if self.next() == Some(byte) { Ok(()) } else { Err(NotPlain) }
    }

    fn skip_white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    #[inline]
    fn goes_on_with(&self, expected: &str) -> bool {
        let (Some(found), expected) = (self.text.as_bytes().get(self.at..), expected.as_bytes()) else {
            return false;
        };
        found.get(..expected.len()).is_some_and(|found| is_equal(found, expected))
    }

    fn word(&mut self, word: &str) -> Result<(), NotPlain> {
        if !self.goes_on_with(word) {
            return Err(NotPlain);
        }
        self.at += word.len();
        Ok(())
    }

    /// A string whose opening quote was read.
    #[inline]
    fn string(&mut self) -> Result<Cow<'a, str>, NotPlain> {
        let start = self.at;
        self.at = self.special(start);
        match self.next() {
            Some(b'"') => self.text.get(start..self.at - 1).map(Cow::Borrowed).ok_or(NotPlain),
            Some(b'\\') => self.escaped(start).map(Cow::Owned),
            _ => Err(NotPlain),
        }
    }

    /// The first quote, backslash or control character from `at` on.
    #[inline]
    fn special(&self, mut at: usize) -> usize {
        let bytes = self.text.as_bytes();
        while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let word = u64::from_le_bytes(*eight);
            let control = word.wrapping_sub(ONES * 0x20) & !word & TOPS;
            let found = zero_bytes(word ^ (ONES * QUOTE)) | zero_bytes(word ^ (ONES * BACKSLASH)) | control;
            if found != 0 {
                return at + (found.trailing_zeros() / 8) as usize;
            }
            at += 8;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
        found.map_or(bytes.len(), |found| at + found)
    }

    /// The rest of a string with escapes, from behind its first backslash.
    fn escaped(&mut self, start: usize) -> Result<String, NotPlain> {
        loop {
            // Whatever was escaped is behind us.
            self.next().ok_or(NotPlain)?;
            self.at = self.special(self.at);
            match self.next() {
                Some(b'"') => break,
                Some(b'\\') => {}
                _ => return Err(NotPlain),
            }
        }
        let quoted = self.text.get(start - 1..self.at).ok_or(NotPlain)?;
        sonic_rs::from_str(quoted).map_err(|_| NotPlain)
    }

    fn digits(&mut self) -> Result<(), NotPlain> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(NotPlain) }
    }

    /// A number in the grammar of RFC 8259, section 6.
    fn number(&mut self) -> Result<&'a str, NotPlain> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        self.text.get(start..self.at).ok_or(NotPlain)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::visit_object;
    use super::*;

    type Found = Vec<(String, String)>;

    fn careful(text: &str) -> Result<Found, String> {
        let mut found = Vec::new();
        visit_object(text, &mut |key, value| found.push((key.into_owned(), format!("{value:?}"))))?;
        Ok(found)
    }

    fn plain(keys: &mut PlainKeys<'_, usize>, text: &str) -> Result<Found, NotPlain> {
        let mut found = Vec::new();
        keys.visit(text, &mut |meaning, key, value| {
            assert_eq!(meaning, key.len(), "{key}");
            found.push((key.to_owned(), format!("{value:?}")));
        })?;
        Ok(found)
    }

    #[test]
    fn plain_lines_are_read_without_the_careful_reader() {
        let names = Bump::new();
        let mut keys = PlainKeys::new(&names, str::len);
        for text in [
            r#"{"a":"x","b":{"c":1,"d":{"e":-1.5e+3}},"t":true,"f":false,"n":null}"#,
            r#"{"a":"y","b":{"c":2,"d":{"e":0}},"t":true,"f":false,"n":1}"#,
            r#"{"b":{"d":{"e":2},"c":1},"a":"消息\n\"z\" é"}"#,
            r#"{"b":{"a":2},"c":{"a":1}}"#,
            r#"{"c":{"a":2},"b":{"a":1}}"#,
            r#"{"":{"a":2},"b":{"":1}}"#,
            " {\t\"a\" : \"x\" , \"b\" : { \"c\" : 1 } }\r",
            "{}",
        ] {
            assert_eq!(plain(&mut keys, text).expect(text), careful(text).expect(text), "{text}");
        }
    }

    #[test]
    fn everything_else_is_left_to_the_careful_reader() {
        let names = Bump::new();
        let mut keys = PlainKeys::new(&names, str::len);
        let deep = format!("{}1{}", r#"{"a":"#.repeat(20), "}".repeat(20));
        for text in [
            "",
            "[1]",
            "{",
            r#"{"a":[1]}"#,
            r#"{"a":{}}"#,
            r#"{"a\n":1}"#,
            r#"{"a":1"#,
            r#"{"a":"x"#,
            r#"{"a":"x\"#,
            r#"{"a":"\q"}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":+1}"#,
            r#"{"a":1e}"#,
            r#"{"a":tru}"#,
            r#"{"a":1,}"#,
            r#"{"a":1}x"#,
            "{\"a\":\"tab\there\"}",
            "{'a':1}",
            &deep,
        ] {
            assert_eq!(plain(&mut keys, text), Err(NotPlain), "{text}");
        }
    }

    /// Objects of all kinds, as JSON.
    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".{0,20}".prop_map(Into::into),
        ];
        let tree = leaf.prop_recursive(10, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
                prop::collection::vec(("[a-c]{0,2}|.{1,3}", inner), 0..4)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        });
        prop::collection::vec(("[a-c]{1,2}", tree), 0..5)
            .prop_map(|members| serde_json::Value::Object(members.into_iter().collect()))
    }

    proptest! {
        #[test]
        fn what_both_read_they_read_alike(
            lines in prop::collection::vec((json(), any::<bool>(), any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let names = Bump::new();
            let mut keys = PlainKeys::new(&names, str::len);
            for (value, is_damaged, at, byte) in lines {
                let mut text = value.to_string();
                if is_damaged {
                    let mut bytes = text.into_bytes();
                    let at = at.index(bytes.len());
                    bytes[at] = byte & 0x7f;
                    text = String::from_utf8_lossy(&bytes).into_owned();
                }
                if let Ok(found) = plain(&mut keys, &text) {
                    prop_assert_eq!(Ok(found), careful(&text), "{}", text);
                }
            }
        }
    }
}
