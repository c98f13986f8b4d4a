//! What stands between the time of a line and its message?
//!
//! Parts are taken one by one as long as they are of a known kind in a known place. When in doubt a part
//! belongs to the message.

use std::borrow::Cow;

use fupan_model::severity;

use crate::formats::log_builder::LogBuilder;
use crate::formats::log_fields::{Field, KeyCache, Target};
use crate::json::Value;

/// Parts in front of a message; Spring has nine.
const PARTS_MAX: usize = 12;

/// A level stands near the beginning.
const LEVEL_BYTES_MAX: usize = 120;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Head<'a> {
    level: Option<&'a str>,
    logger: Option<&'a str>,
    thread: Option<&'a str>,
    process: Option<&'a str>,
    service: Option<&'a str>,
    trace: Option<&'a str>,
    span: Option<&'a str>,
    /// File and line of the program.
    code: Option<&'a str>,
    /// User and database of `PostgreSQL`.
    session: Option<&'a str>,
    /// Invocation of a Lambda function.
    invocation: Option<&'a str>,
    /// Fields in JSON behind the message, as zap writes them.
    fields: Option<&'a str>,
    message: &'a str,
    is_over: bool,
    /// Three dashes stand before the thread.
    is_spring: bool,
}

/// What stands between the parts of a head.
const BETWEEN: [char; 6] = [' ', '\t', '|', '　', '，', '：'];

impl<'a> Head<'a> {
    pub(super) fn parse(rest: &'a str, level: Option<&'a str>) -> Self {
        let mut head = Self { level, ..Self::default() };
        if let Some(tabbed) = rest.strip_prefix('\t')
            && head.tabbed(tabbed).is_some()
        {
            return head;
        }
        let mut rest = rest;
        for _ in 0..PARTS_MAX {
            let next = rest.trim_start_matches(BETWEEN);
            let Some(after) = (if head.is_over { None } else { head.part(next) }) else { break };
            rest = after;
        }
        head.message = rest.trim_start_matches(BETWEEN);
        if head.level.is_none() {
            // Laravel writes `production.ERROR: `.
            let last = head.logger.and_then(|logger| logger.rsplit('.').next());
            let named = last.filter(|last| is_upper(last) && is_level(last));
            head.level =
                named.or_else(|| level_of_php(head.message)).or_else(|| Self::level_in_front(head.message));
        }
        head
    }

    /// A level in capitals behind brackets and names that no layout is known for: `[TID:N/A] [http-1] ERROR c.A -`,
    /// `pay [ERROR]`. Not one that a sentence speaks of.
    fn level_in_front(message: &'a str) -> Option<&'a str> {
        let mut words = 0;
        for part in message.split_inclusive([' ', '\t', '|']) {
            let is_far = part.as_ptr() as usize - message.as_ptr() as usize > LEVEL_BYTES_MAX;
            if is_far || words > 1 {
                return None;
            }
            let part = part.trim_end_matches([' ', '\t', '|']);
            let is_in_brackets = part.starts_with(['[', '【', '<', '(']);
            let level = part
                .split(|letter: char| !letter.is_alphabetic())
                .find(|word| is_upper(word) && is_level(word))
                .filter(|_| is_in_brackets || words == 0);
            if level.is_some() {
                return level;
            }
            words += usize::from(!part.is_empty() && part.chars().all(char::is_alphabetic));
        }
        None
    }

    /// Whether a level as loggers write it stands near the beginning.
    pub(super) fn has_level(rest: &str) -> bool {
        let mut end = rest.len().min(LEVEL_BYTES_MAX);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let near = rest.get(..end).unwrap_or_default();
        let mut before = None;
        for word in near.split_inclusive(|letter: char| !letter.is_ascii_alphabetic()) {
            let bare = word.trim_end_matches(|letter: char| !letter.is_ascii_alphabetic());
            if (before == Some('[') || is_upper(bare)) && is_level(bare) {
                return true;
            }
            before = word.chars().next_back();
        }
        false
    }

    pub(super) fn message(&self) -> &'a str {
        self.message
    }

    pub(super) fn put(&self, builder: &mut LogBuilder<'a>, keys: &mut KeyCache) {
        let mut column = |field, key: &'static str, value: Option<&'a str>| {
            if let Some(value) = value {
                builder.put(Some(Target::mapped(field)), key.into(), Value::Text(Cow::Borrowed(value)));
            }
        };
        column(Field::Severity, "severity_text", self.level);
        // PostgreSQL's LOG is what others call INFO; Redis and klog write one letter.
        let number = self.level.and_then(|level| match level {
            "LOG" => Some("9"),
            _ => None,
        });
        column(Field::SeverityNumber, "severity_number", number);
        column(Field::Service, "service_name", self.service);
        column(Field::Trace, "trace_id", self.trace);
        column(Field::Span, "span_id", self.span);
        for (key, value) in [
            ("logger", self.logger),
            ("thread.name", self.thread),
            ("process.pid", self.process),
            ("code.location", self.code),
            ("db.session", self.session),
            ("faas.invocation_id", self.invocation),
        ] {
            if let Some(value) = value {
                builder.put(None, key.into(), Value::Text(Cow::Borrowed(value)));
            }
        }
        if let Some(fields) = self.fields {
            // Broken JSON behind the message was not taken off it.
            let _ = crate::json::visit_object(fields, &mut |key, value| {
                builder.put(keys.target(&key), key, value);
            });
        }
    }

    /// zap's console, and Lambda's: level, logger, caller, message and fields between tabs.
    fn tabbed(&mut self, text: &'a str) -> Option<()> {
        let mut cells = text.split('\t').peekable();
        // Lambda writes the id of the invocation first.
        self.invocation = cells.next_if(|cell| is_uuid(cell));
        self.level = Some(cells.next().filter(|cell| is_level(cell))?);
        while let Some(cell) = cells.peek().copied() {
            let is_last = cells.clone().nth(1).is_none();
            if is_code(cell) {
                self.code = Some(cell);
            } else if !is_last && self.code.is_none() && self.logger.is_none() && is_name(cell) {
                self.logger = Some(cell);
            } else {
                break;
            }
            cells.next();
        }
        // Of a line that ends with its level there is no piece of the text that would be the message.
        let start = |message: &str| message.as_ptr() as usize - text.as_ptr() as usize;
        let message = cells.next().filter(|message| !message.is_empty());
        let tail = message.and_then(|message| text.get(start(message)..)).unwrap_or_default();
        self.message = tail;
        if let Some((before, fields)) = tail.rsplit_once('\t')
            && fields.starts_with('{')
            && crate::json::visit_object(fields, &mut |_, _| {}).is_ok()
        {
            self.message = before;
            self.fields = Some(fields);
        }
        Some(())
    }

    /// Takes one part; what follows it. None where the message begins.
    fn part(&mut self, text: &'a str) -> Option<&'a str> {
        for separator in ["--- ", "- ", ": ", "] "] {
            if let Some(after) = text.strip_prefix(separator) {
                self.is_over = self.level.is_some() && matches!(separator, "- " | ": ");
                self.is_spring |= separator == "--- ";
                return Some(after);
            }
        }
        if let Some(inner) = text.strip_prefix('[') {
            let (inner, after) = inner.split_once(']')?;
            return self.bracket(inner.trim(), after).then_some(after);
        }
        let end = text.find([' ', '\t', '|']).unwrap_or(text.len());
        let (word, after) = text.split_at_checked(end)?;
        self.word(text, word, after)
    }

    fn bracket(&mut self, inner: &'a str, after: &'a str) -> bool {
        if self.level.is_none() && is_level(inner) {
            self.level = Some(inner);
            return true;
        }
        if self.code.is_none() && is_code(inner) {
            self.code = Some(inner);
            return true;
        }
        // Apache's module and level: `[core:error]`.
        if let Some((module, level)) = inner.rsplit_once(':')
            && self.level.is_none()
            && is_level(level)
            && is_name(module)
        {
            (self.logger, self.level) = (Some(module), Some(level));
            return true;
        }
        if self.trace.is_none() && self.trace_ids(inner) {
            return true;
        }
        if self.process.is_none() && !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_digit()) {
            self.process = Some(inner);
            return true;
        }
        let is_free = inner.len() <= 100 && !inner.contains('[');
        let next = after.trim_start();
        let goes_on = match self.level {
            None => Self::has_level(after),
            Some(_) => {
                next.starts_with(['[', '|'])
                    || ["- ", ": ", "--- "].iter().any(|separator| next.starts_with(separator))
                    || self.logger_before(next).is_some()
            }
        };
        // Spring writes the application, or nothing, before the thread.
        if !is_free || !(goes_on || (after.starts_with('[') && self.level.is_none())) {
            return false;
        }
        if self.is_spring && self.service.is_none() && names_application(next) {
            self.service = Some(inner);
        } else if self.thread.is_none() {
            self.thread = Some(inner).filter(|inner| !inner.is_empty());
        } else if self.logger.is_none() && inner.contains('.') {
            self.logger = Some(inner);
        } else {
            return false;
        }
        true
    }

    /// `[pay,64f0…,a1b2…]`, `[64f0…-a1b2…]`, `[64f0…]`.
    fn trace_ids(&mut self, inner: &'a str) -> bool {
        let is_hex = |text: &str, lengths: &[usize]| {
            lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
        };
        let parts: Vec<&str> = inner.split([',', '-']).map(str::trim).collect();
        let Some(at) = parts.iter().position(|part| is_hex(part, &[16, 32])) else { return false };
        let is_span = |part: &&&str| is_hex(part, &[16]);
        if at > 1 || (at == 1 && !inner.contains(',')) || parts.len() > at + 3 {
            return false;
        }
        self.trace = parts.get(at).copied();
        self.span = parts.get(at + 1).filter(is_span).copied();
        if at == 1 {
            self.service = parts.first().copied().filter(|name| !name.is_empty());
        }
        true
    }

    fn word(&mut self, text: &'a str, word: &'a str, after: &'a str) -> Option<&'a str> {
        let bare = word.trim_end_matches(':');
        if self.level.is_none() {
            let is_clear = is_upper(bare)
                || !bare.is_ascii()
                || bare.len() < word.len()
                || after.starts_with(['|', '\t']);
            if is_clear && (is_level(bare) || (bare == "LOG" && word.ends_with(':'))) {
                self.level = Some(bare);
                self.is_over = word.ends_with(':') && after.starts_with("  ");
                return Some(after);
            }
            // Redis: one sign for the level.
            let sign = match word {
                "." | "-" => Some("debug"),
                "*" => Some("notice"),
                "#" => Some("warning"),
                _ => None,
            };
            if let Some(level) = sign {
                self.level = Some(level);
                self.is_over = true;
                return Some(after);
            }
        }
        if let Some(name) = word.strip_suffix(']').filter(|name| !name.contains('[')) {
            // Celery's `ERROR/MainProcess]`.
            if let Some((level, process)) = name.split_once('/')
                && self.level.is_none()
                && is_upper(level)
                && is_level(level)
            {
                (self.level, self.thread, self.is_over) = (Some(level), Some(process), true);
                return Some(after);
            }
            // klog's `file.go:7]`, and `module]` of Rust behind a bracket that opened before the time.
            if is_code(name) {
                self.code = Some(name);
            } else if is_name(name) && self.logger.is_none() {
                self.logger = Some(name);
            } else {
                return None;
            }
            self.is_over = true;
            return Some(after);
        }
        if is_code(bare) && bare.len() < word.len() && self.code.is_none() {
            self.code = Some(bare);
            self.is_over = true;
            return Some(after);
        }
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // nginx writes `31#31:`, Spring and klog a number before something else that is known.
        let process = bare.split_once('#').filter(|(left, right)| is_number(left) && is_number(right));
        if let Some((process, _)) = process.filter(|_| self.process.is_none()) {
            self.process = Some(process);
            return Some(after);
        }
        if is_number(word) && self.process.is_none() && self.goes_on_after_number(after) {
            self.process = Some(word);
            return Some(after);
        }
        if self.level.is_none() && word.contains('@') && Self::has_level(after) {
            self.session = Some(word);
            return Some(after);
        }
        let (logger, after) = self.logger_before(text)?;
        self.logger = Some(logger);
        self.is_over = self.level.is_some();
        Some(after)
    }

    fn goes_on_after_number(&self, after: &str) -> bool {
        let next = after.trim_start();
        let word = next.split([' ', '\t']).next().unwrap_or_default();
        next.starts_with("---")
            || (next.starts_with('[') && (self.level.is_some() || Self::has_level(next)))
            || word.strip_suffix(']').is_some_and(|name| is_code(name) || is_name(name))
            || (self.level.is_none() && is_level(word) && is_upper(word))
    }

    /// A logger's name in front of its separator, and what follows the separator.
    fn logger_before(&self, text: &'a str) -> Option<(&'a str, &'a str)> {
        if self.logger.is_some() {
            return None;
        }
        let end = text.find([' ', '\t', '|', '[']).unwrap_or(text.len());
        let (word, after) = text.split_at_checked(end)?;
        let is_dotted = |name: &str| name.contains('.') || name.contains("::");
        if let Some(name) = word.strip_suffix(':').filter(|name| is_name(name) && is_dotted(name)) {
            return Some((name, after));
        }
        if !is_name(word) {
            return None;
        }
        let next = after.trim_start_matches(' ');
        if let Some(tail) = next.strip_prefix(": ") {
            return self.level.is_some().then_some((word, tail));
        }
        let tail = next.strip_prefix("- ")?;
        let starts_big = word.starts_with(|letter: char| letter.is_ascii_uppercase());
        if self.level.is_some() {
            return (is_dotted(word) || starts_big).then_some((word, tail));
        }
        // Python: `name - LEVEL - message`; the separator stays for the level.
        let level = tail.split([' ', '\t']).next().unwrap_or_default();
        (is_level(level) && is_upper(level)).then_some((word, tail))
    }
}

/// `PHP Fatal error:  …`, `PHP Warning:  …`.
fn level_of_php(message: &str) -> Option<&str> {
    let (label, _) = message.strip_prefix("PHP ")?.split_once(": ")?;
    label.split(' ').find(|word| is_level(word)).filter(|_| label.split(' ').count() <= 3)
}

/// Spring writes `[application] [thread]`, and `[thread] [trace-span]` where it has no name.
fn names_application(next: &str) -> bool {
    let inner = next.strip_prefix('[').and_then(|next| next.split_once(']'));
    inner.is_some_and(|(inner, _)| !Head::default().trace_ids(inner))
}

fn is_level(word: &str) -> bool {
    (3..=13).contains(&word.len()) && severity::number_of(word).is_some()
}

fn is_upper(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_uuid(word: &str) -> bool {
    let lengths = word.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// A name as loggers, classes and modules have it.
fn is_name(word: &str) -> bool {
    let has_letter = word.bytes().any(|byte| byte.is_ascii_alphabetic());
    has_letter
        && word.len() <= 120
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._$-:/#".contains(&byte))
}

/// `pay/charge.go:42`.
fn is_code(word: &str) -> bool {
    let Some((file, line)) = word.rsplit_once(':') else { return false };
    let is_line = !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    is_line && is_name(file) && (1..=5).contains(&extension.len())
}
