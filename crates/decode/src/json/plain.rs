//! How are lines of JSON read fast that look like the line before?
//!
//! One pass over the bytes, which tries at each key what stood there in the record before; lines that differ in
//! their values alone take a shorter way ([`super::alike`]). Only JSON of the
//! plainest kind is read: no arrays, no empty objects in objects, no escapes in keys. Of anything else,
//! broken text included, it says so, and [`super::visit_object`] has the word; what both can read they read
//! alike (a property below). Measured beside it: docs/performance.md.

use std::borrow::Cow;
use std::collections::HashMap;

use bumpalo::Bump;

use super::Value;
use super::alike::{Alike, Layout};
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
    pub(super) alike: Alike<'n, T>,
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
        Self { paths, meaning_of, by_position: Vec::new(), by_path: HashMap::new(), alike: Alike::new() }
    }

    /// Calls `visit` for each scalar of the object in `text` with the meaning of its path, as
    /// [`super::visit_object`] does, where the text looks like one before; for none, and says no, where not.
    pub(crate) fn visit_alike<'a>(
        &mut self,
        text: &'a str,
        visit: &mut impl FnMut(T, &'n str, Value<'a>),
    ) -> bool {
        self.alike.read(text, visit)
    }

    /// The same of a text that looks like none before; those behind it may look like it.
    pub(crate) fn visit_new<'a>(
        &mut self,
        text: &'a str,
        visit: &mut impl FnMut(T, &'n str, Value<'a>),
    ) -> Result<(), NotPlain> {
        let mut line = Line {
            reader: Reader::new(text),
            position: 0,
            layout: self.alike.wants().then(|| self.alike.unused()),
            told: 0,
        };
        line.reader.skip_white_space();
        line.reader.expect(b'{')?;
        self.members(&mut line, None, 1, visit)?;
        line.reader.skip_white_space();
        if line.reader.at < text.len() {
            return Err(NotPlain);
        }
        if let Some(mut layout) = line.layout {
            layout.end(text.get(line.told..).unwrap_or_default());
            self.alike.learn(layout);
        }
        Ok(())
    }

    /// Members up to the closing bracket; the opening one was read.
    fn members<'a>(
        &mut self,
        line: &mut Line<'a, 'n, T>,
        parent: Option<&'n str>,
        depth: usize,
        visit: &mut impl FnMut(T, &'n str, Value<'a>),
    ) -> Result<(), NotPlain> {
        line.reader.skip_white_space();
        if depth == 1 && line.reader.peek() == Some(b'}') {
            line.reader.at += 1;
            return Ok(());
        }
        loop {
            line.reader.expect(b'"')?;
            let known = self.key(line, parent)?;
            line.reader.skip_white_space();
            match line.reader.peek() {
                Some(b'"') => {
                    line.reader.at += 1;
                    line.note(&known, true);
                    visit(known.meaning, known.path, Value::Text(line.reader.string()?));
                    line.told = line.reader.at;
                }
                Some(b'{') if depth < limits::FLATTEN_DEPTH_MAX => {
                    line.reader.at += 1;
                    self.members(line, Some(known.path), depth + 1, visit)?;
                }
                _ => {
                    line.note(&known, false);
                    if let Some(value) = line.reader.scalar()? {
                        visit(known.meaning, known.path, value);
                    }
                    line.told = line.reader.at;
                }
            }
            line.reader.skip_white_space();
            match line.reader.next() {
                Some(b',') => line.reader.skip_white_space(),
                Some(b'}') => return Ok(()),
                _ => return Err(NotPlain),
            }
        }
    }

    /// The key that begins here, its opening quote read, up to its colon.
    fn key(&mut self, line: &mut Line<'_, 'n, T>, parent: Option<&'n str>) -> Result<Known<'n, T>, NotPlain> {
        let position = line.position;
        line.position += 1;
        if let Some(known) = self.by_position.get(position)
            && is_same(known.parent, parent)
            && line.reader.goes_on_with(known.written.as_bytes())
        {
            line.reader.at += known.written.len();
            return Ok(*known);
        }
        self.other_key(&mut line.reader, parent, position)
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

/// A line that is read.
struct Line<'a, 'n, T> {
    reader: Reader<'a>,
    /// Keys read so far.
    position: usize,
    /// What it looks like, where that is worth to be known.
    layout: Option<Layout<'n, T>>,
    /// Where its last value ended.
    told: usize,
}

impl<'n, T: Copy> Line<'_, 'n, T> {
    /// A value begins here.
    fn note(&mut self, known: &Known<'n, T>, is_text: bool) {
        if let Some(layout) = &mut self.layout {
            let before = self.reader.text.get(self.told..self.reader.at).unwrap_or_default();
            layout.push(before, is_text, known.meaning, known.path);
        }
    }
}

/// Reads tokens of JSON.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// As `==` for texts of the same length: overlapping words compare most keys without a call.
#[inline]
fn is_equal(a: &[u8], b: &[u8]) -> bool {
    match a.len() {
        17..=32 => a.first_chunk::<16>() == b.first_chunk() && a.last_chunk::<16>() == b.last_chunk(),
        8..=16 => a.first_chunk::<8>() == b.first_chunk() && a.last_chunk::<8>() == b.last_chunk(),
        4..=7 => a.first_chunk::<4>() == b.first_chunk() && a.last_chunk::<4>() == b.last_chunk(),
        _ => a == b,
    }
}

/// Bytes that are looked at together: as many as the vector instructions that every machine has.
const BLOCK: usize = 16;

/// All bits of each byte that ends plain text in a string: a quote, a backslash, a control character. Written so
/// that it compiles to vector instructions.
#[inline]
fn specials(block: &[u8; BLOCK]) -> u128 {
    let all_bits = |is_so: bool| if is_so { u8::MAX } else { 0 };
    u128::from_le_bytes(
        block.map(|byte| all_bits(byte == b'"') | all_bits(byte == b'\\') | all_bits(byte < b' ')),
    )
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

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
    fn goes_on_with(&self, expected: &[u8]) -> bool {
        let found = self.text.as_bytes().get(self.at..).and_then(|rest| rest.get(..expected.len()));
        found.is_some_and(|found| is_equal(found, expected))
    }

    /// Exactly these bytes.
    #[inline]
    pub(super) fn follow(&mut self, expected: &[u8]) -> Result<(), NotPlain> {
        if !self.goes_on_with(expected) {
            return Err(NotPlain);
        }
        self.at += expected.len();
        Ok(())
    }

    /// A value that is neither a string nor holds others; none is null.
    #[inline]
    pub(super) fn scalar(&mut self) -> Result<Option<Value<'a>>, NotPlain> {
        Ok(match self.peek() {
            Some(b'-' | b'0'..=b'9') => Some(Value::Number(self.number()?)),
            Some(b't') => {
                self.follow(b"true")?;
                Some(Value::Bool(true))
            }
            Some(b'f') => {
                self.follow(b"false")?;
                Some(Value::Bool(false))
            }
            Some(b'n') => {
                self.follow(b"null")?;
                None
            }
            _ => return Err(NotPlain),
        })
    }

    /// A string whose opening quote was read.
    #[expect(
        clippy::inline_always,
        reason = "a text that is handed over through memory waits there for its two words"
    )]
    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, NotPlain> {
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
        while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let found = specials(block);
            if found != 0 {
                return at + (found.trailing_zeros() / u8::BITS) as usize;
            }
            at += BLOCK;
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
        let mut visit = |meaning, key: &str, value: Value<'_>| {
            assert_eq!(meaning, key.len(), "{key}");
            found.push((key.to_owned(), format!("{value:?}")));
        };
        if !keys.visit_alike(text, &mut visit) {
            keys.visit_new(text, &mut visit)?;
        }
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
            // Each also as it is, so that the damaged one looks nearly like the line before.
            let lines = lines.into_iter().flat_map(|line| [(line.0.clone(), false, line.2, line.3), line]);
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
