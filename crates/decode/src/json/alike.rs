//! How is a line read whose values stand between the same bytes as those of a line before?
//!
//! Whatever a program logs at one place looks alike: keys, brackets and commas are the same bytes, only the
//! values differ. Those bytes are compared as they are, without being taken apart again.

use std::borrow::Cow;

use super::Value;
use super::plain::{NotPlain, Reader};

/// Layouts that are remembered, the newest use first: programs log at several places in turn.
const LAYOUTS_MAX: usize = 4;

/// Lines more of which failed than were read, until no line is tried.
const FAILURES_MAX: u32 = 16;

/// Lines that are not tried then.
const PAUSE_LINES: u32 = 256;

/// The layouts of the lines before.
pub(super) struct Alike<'n, T> {
    layouts: Vec<Layout<'n, T>>,
    /// What the line that is read holds: nothing of it is told before all of it was read.
    found: Vec<Found>,
    unescaped: Vec<String>,
    failures: u32,
    pause: u32,
}

/// What stands around the values of a line.
pub(super) struct Layout<'n, T> {
    /// All of it, in order.
    bytes: Vec<u8>,
    parts: Vec<Part<'n, T>>,
}

struct Part<'n, T> {
    /// Where the bytes before the value end, in those of the layout. Of a text the quote is among them.
    end: usize,
    is_text: bool,
    meaning: T,
    path: &'n str,
}

/// A value between two places of the line.
enum Found {
    Text(usize, usize),
    /// The number of a text that had escapes.
    Unescaped(usize),
    Number(usize, usize),
    Bool(bool),
    Null,
}

impl<'n, T: Copy> Layout<'n, T> {
    pub(super) const fn new() -> Self {
        Self { bytes: Vec::new(), parts: Vec::new() }
    }

    /// The next value, and the bytes before it.
    pub(super) fn push(&mut self, before: &str, is_text: bool, meaning: T, path: &'n str) {
        self.bytes.extend_from_slice(before.as_bytes());
        self.parts.push(Part { end: self.bytes.len(), is_text, meaning, path });
    }

    /// The bytes behind the last value.
    pub(super) fn end(&mut self, behind: &str) {
        self.bytes.extend_from_slice(behind.as_bytes());
    }
}

impl<'n, T: Copy> Alike<'n, T> {
    pub(super) const fn new() -> Self {
        Self { layouts: Vec::new(), found: Vec::new(), unescaped: Vec::new(), failures: 0, pause: 0 }
    }

    /// Whether it is worth it to learn a layout.
    pub(super) fn wants(&self) -> bool {
        self.pause == 0
    }

    /// An empty layout to fill, with the room of one that was not used for long.
    pub(super) fn unused(&mut self) -> Layout<'n, T> {
        let mut layout = if self.layouts.len() < LAYOUTS_MAX { None } else { self.layouts.pop() };
        if let Some(layout) = &mut layout {
            layout.bytes.clear();
            layout.parts.clear();
        }
        layout.unwrap_or(Layout::new())
    }

    pub(super) fn learn(&mut self, layout: Layout<'n, T>) {
        self.layouts.insert(0, layout);
    }

    /// Calls `visit` for each value of the line, or for none and says no.
    pub(super) fn read<'a>(&mut self, text: &'a str, visit: &mut impl FnMut(T, &'n str, Value<'a>)) -> bool {
        if self.pause > 0 {
            self.pause -= 1;
            return false;
        }
        for place in 0..self.layouts.len() {
            self.found.clear();
            self.unescaped.clear();
            let Some(layout) = self.layouts.get(place) else { break };
            if find(layout, text, &mut self.found, &mut self.unescaped).is_err() {
                continue;
            }
            for (part, found) in layout.parts.iter().zip(&self.found) {
                let value = match *found {
                    Found::Text(start, end) => {
                        Value::Text(Cow::Borrowed(text.get(start..end).unwrap_or_default()))
                    }
                    Found::Number(start, end) => Value::Number(text.get(start..end).unwrap_or_default()),
                    Found::Bool(value) => Value::Bool(value),
                    Found::Null => continue,
                    Found::Unescaped(place) => {
                        let text = self.unescaped.get_mut(place).map(std::mem::take);
                        Value::Text(Cow::Owned(text.unwrap_or_default()))
                    }
                };
                visit(part.meaning, part.path, value);
            }
            if place > 0
                && let Some(used) = self.layouts.get_mut(..=place)
            {
                used.rotate_right(1);
            }
            self.failures = self.failures.saturating_sub(1);
            return true;
        }
        self.failures += 1;
        if self.failures > FAILURES_MAX {
            (self.failures, self.pause) = (FAILURES_MAX / 2, PAUSE_LINES);
        }
        false
    }
}

/// The values of a line that has this layout.
fn find<T>(
    layout: &Layout<'_, T>,
    text: &str,
    found: &mut Vec<Found>,
    unescaped: &mut Vec<String>,
) -> Result<(), NotPlain> {
    let mut reader = Reader::new(text);
    let mut start = 0;
    for part in &layout.parts {
        let before = layout.bytes.get(start..part.end).ok_or(NotPlain)?;
        start = part.end;
        reader.follow(before)?;
        let from = reader.at();
        found.push(if part.is_text {
            match reader.string()? {
                Cow::Borrowed(text) => Found::Text(from, from + text.len()),
                Cow::Owned(text) => {
                    unescaped.push(text);
                    Found::Unescaped(unescaped.len() - 1)
                }
            }
        } else {
            match reader.scalar()? {
                Some(Value::Bool(value)) => Found::Bool(value),
                Some(_) => Found::Number(from, reader.at()),
                None => Found::Null,
            }
        });
    }
    reader.follow(layout.bytes.get(start..).ok_or(NotPlain)?)?;
    if reader.at() == text.len() { Ok(()) } else { Err(NotPlain) }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::super::PlainKeys;
    use super::*;

    fn read(alike: &mut Alike<'_, usize>, text: &str) -> Option<Vec<String>> {
        let mut found = Vec::new();
        let is_read = alike.read(text, &mut |meaning, path, value| {
            found.push(format!("{meaning} {path} {}", value.as_text()));
        });
        is_read.then_some(found)
    }

    fn layout() -> Layout<'static, usize> {
        let mut layout = Layout::new();
        layout.push(r#"{"a":""#, true, 1, "a");
        layout.push(r#","b":{"c":"#, false, 2, "b.c");
        layout.end("}}");
        layout
    }

    #[test]
    fn values_stand_between_known_bytes() {
        let mut alike = Alike::new();
        alike.learn(layout());
        let read = |alike: &mut _, text| read(alike, text).map(|found| found.join(", "));
        assert_eq!(read(&mut alike, r#"{"a":"x","b":{"c":1.5}}"#).unwrap(), "1 a x, 2 b.c 1.5");
        assert_eq!(read(&mut alike, r#"{"a":"一\n二","b":{"c":true}}"#).unwrap(), "1 a 一\n二, 2 b.c true");
        assert_eq!(read(&mut alike, r#"{"a":"","b":{"c":null}}"#).unwrap(), "1 a ");
        for other in [
            r#"{"a":"x","b":{"c":1.5}"#,
            r#"{"a":"x","b":{"c":1.5}}}"#,
            r#"{"a":"x","b":{"c":"1.5"}}"#,
            r#"{"a":"x","b":{"c":1.}}"#,
            r#"{"a":"\q","b":{"c":1}}"#,
            r#"{"a":"x", "b":{"c":1}}"#,
            r#"{"a":1,"b":{"c":1}}"#,
            "",
        ] {
            assert_eq!(read(&mut alike, other), None, "{other}");
        }
    }

    fn visit(keys: &mut PlainKeys<'_, ()>, text: &str) {
        if !keys.visit_alike(text, &mut |(), _, _| ()) {
            keys.visit_new(text, &mut |(), _, _| ()).unwrap();
        }
    }

    #[test]
    fn layouts_that_take_turns_are_all_known() {
        let paths = Bump::new();
        let mut keys = PlainKeys::new(&paths, |_| ());
        for line in 0..100 {
            let text = format!(r#"{{"k{}":"v{line}"}}"#, line % LAYOUTS_MAX);
            visit(&mut keys, &text);
        }
        assert_eq!((keys.alike.failures, keys.alike.layouts.len()), (0, LAYOUTS_MAX));
    }

    #[test]
    fn lines_that_are_never_alike_are_not_compared_for_long() {
        let paths = Bump::new();
        let mut keys = PlainKeys::new(&paths, |_| ());
        for line in 0..20 {
            visit(&mut keys, &format!(r#"{{"k{line}":"v"}}"#));
        }
        assert!(!keys.alike.wants());
    }
}
