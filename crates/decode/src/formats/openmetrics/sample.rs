//! What does one line of an exposition say?

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::formats::text_of;

/// Labels by name.
pub(crate) type Labels<'a> = BTreeMap<Cow<'a, str>, Cow<'a, str>>;

/// A line.
#[derive(Debug)]
pub(super) enum Line<'a> {
    Type { family: Cow<'a, str>, kind: &'a str },
    Unit { family: Cow<'a, str>, unit: &'a str },
    Comment,
    Sample(Box<Sample<'a>>),
}

/// A value of a series.
#[derive(Debug)]
pub(super) struct Sample<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) labels: Labels<'a>,
    pub(super) value: f64,
    pub(super) timestamp: Option<&'a str>,
    pub(super) exemplar: Option<Exemplar<'a>>,
}

/// One observation that stands for a bucket's others.
#[derive(Debug)]
pub(super) struct Exemplar<'a> {
    pub(super) labels: Labels<'a>,
    pub(super) value: f64,
    pub(super) timestamp: Option<&'a str>,
}

/// Reads a line.
pub(super) fn read(line: &str) -> Result<Line<'_>, String> {
    let line = line.trim();
    if let Some(comment) = line.strip_prefix('#') {
        return Ok(metadata(comment.trim_start()));
    }
    let mut cursor = Cursor { rest: line };
    let mut labels = Labels::new();
    let mut name = cursor.name()?;
    cursor.space();
    if cursor.rest.starts_with('{') {
        let quoted = cursor.labels(&mut labels)?;
        // Names in UTF-8 stand quoted among the labels.
        name = quoted.filter(|_| name.is_empty()).unwrap_or(name);
    }
    if name.is_empty() {
        return Err(format!("no sample of a metric: {:?}", text_of(line)));
    }
    let value = cursor.value(line)?;
    let timestamp = cursor.timestamp()?;
    let exemplar = cursor.exemplar(line)?;
    cursor.space();
    if !cursor.rest.is_empty() {
        return Err(format!("there is text after the sample: {:?}", text_of(cursor.rest)));
    }
    Ok(Line::Sample(Box::new(Sample { name, labels, value, timestamp, exemplar })))
}

/// The name and the labels of a series alone, as queries write it: `up{job="a"}`; none if the text is something else.
/// The name may be empty.
pub(crate) fn series(text: &str) -> Option<(Cow<'_, str>, Labels<'_>)> {
    let mut cursor = Cursor { rest: text.trim() };
    let mut labels = Labels::new();
    let name = cursor.name().ok()?;
    if !cursor.rest.starts_with('{') {
        return None;
    }
    let alone = cursor.labels(&mut labels).ok()?;
    (cursor.rest.is_empty() && alone.is_none() && !labels.is_empty()).then_some((name, labels))
}

fn metadata(comment: &str) -> Line<'_> {
    let mut words = comment.splitn(3, [' ', '\t']);
    let (word, family, rest) = (words.next(), words.next(), words.next().map(str::trim));
    match (word, family.map(|name| unescape(name.trim_matches('"'))), rest) {
        (Some("TYPE"), Some(family), Some(kind)) if !kind.contains(' ') => Line::Type { family, kind },
        (Some("UNIT"), Some(family), Some(unit)) if !unit.is_empty() => Line::Unit { family, unit },
        _ => Line::Comment,
    }
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    /// The next letters that fit; maybe none.
    fn take(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|letter| !fits(letter)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn name(&mut self) -> Result<Cow<'a, str>, String> {
        let name = self.take(|letter| letter.is_ascii_alphanumeric() || "_:.".contains(letter));
        if name.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
            return Err(format!("{:?} is no name of a metric", text_of(name)));
        }
        Ok(Cow::Borrowed(name))
    }

    /// A quoted text, with its escapes undone.
    fn quoted(&mut self) -> Result<Cow<'a, str>, String> {
        let inner = self.rest.strip_prefix('"').ok_or("a label's value is not quoted")?;
        let mut is_escaped = false;
        let end = inner.bytes().position(|byte| {
            let is_end = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        });
        let end = end.ok_or("a label's value is not closed")?;
        self.rest = inner.get(end + 1..).unwrap_or_default();
        Ok(unescape(inner.get(..end).unwrap_or_default()))
    }

    /// `{a="b",c="d"}`; the text that stands there without a value.
    fn labels(&mut self, labels: &mut Labels<'a>) -> Result<Option<Cow<'a, str>>, String> {
        let mut alone = None;
        self.rest = self.rest.strip_prefix('{').unwrap_or(self.rest);
        loop {
            self.space();
            if let Some(rest) = self.rest.strip_prefix('}') {
                self.rest = rest;
                return Ok(alone);
            }
            let name = if self.rest.starts_with('"') {
                self.quoted()?
            } else {
                Cow::Borrowed(self.take(|letter| !"=,} \t\"".contains(letter)))
            };
            self.space();
            if let Some(rest) = self.rest.strip_prefix('=') {
                self.rest = rest;
                self.space();
                let value = self.quoted()?;
                if name.is_empty() {
                    return Err("a label has no name".to_owned());
                }
                labels.insert(name, value);
            } else if name.is_empty() {
                return Err("the labels are not closed".to_owned());
            } else {
                alone = Some(name);
            }
            self.space();
            match self.rest.strip_prefix(',') {
                Some(rest) => self.rest = rest,
                None if self.rest.starts_with('}') => {}
                None => return Err("the labels are not closed".to_owned()),
            }
        }
    }

    fn word(&mut self) -> &'a str {
        self.space();
        self.take(|letter| letter != ' ' && letter != '\t')
    }

    fn value(&mut self, line: &str) -> Result<f64, String> {
        let text = self.word();
        if text.is_empty() {
            return Err(format!("no sample of a metric: {:?}", text_of(line)));
        }
        number(text).ok_or_else(|| format!("the value {:?} is no number", text_of(text)))
    }

    fn timestamp(&mut self) -> Result<Option<&'a str>, String> {
        self.space();
        if self.rest.is_empty() || self.rest.starts_with('#') {
            return Ok(None);
        }
        let text = self.word();
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        if is_number {
            Ok(Some(text))
        } else {
            Err(format!("the timestamp {:?} is no number", text_of(text)))
        }
    }

    fn exemplar(&mut self, line: &str) -> Result<Option<Exemplar<'a>>, String> {
        let Some(rest) = self.rest.trim_start().strip_prefix('#') else { return Ok(None) };
        self.rest = rest;
        self.space();
        if !self.rest.starts_with('{') {
            return Err("an exemplar has no labels".to_owned());
        }
        let mut labels = Labels::new();
        self.labels(&mut labels)?;
        Ok(Some(Exemplar { labels, value: self.value(line)?, timestamp: self.timestamp()? }))
    }
}

/// `1.5`, `+Inf`, `NaN`, in any case; digits that are out of range are no number.
fn number(text: &str) -> Option<f64> {
    let number = text.parse::<f64>().ok()?;
    (number.is_finite() || !text.bytes().any(|byte| byte.is_ascii_digit())).then_some(number)
}

/// `\\`, `\"` and `\n`.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => plain.push('\n'),
                Some(other @ ('\\' | '"')) => plain.push(other),
                Some(other) => plain.extend(['\\', other]),
                None => plain.push('\\'),
            },
            letter => plain.push(letter),
        }
    }
    Cow::Owned(plain)
}
