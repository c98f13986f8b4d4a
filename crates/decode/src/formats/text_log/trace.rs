//! Are the lines behind a message a stack trace, and of which error?

use crate::formats::log_values::is_class_name;

/// What was found behind a message.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Trace<'a> {
    /// The lines, if they are a stack trace.
    pub(super) stack: Option<&'a str>,
    pub(super) error_type: Option<&'a str>,
}

pub(super) fn find<'a>(message: &'a str, following: &'a str) -> Trace<'a> {
    if !following.lines().any(is_frame) {
        return Trace::default();
    }
    let first = following.lines().find_map(leading_class);
    let last = following.lines().rev().find_map(leading_class);
    // Python names the error in the last line, Java in the first or in the message itself.
    let is_python =
        message.starts_with("Traceback") || following.contains("Traceback (most recent call last)");
    let error_type =
        if is_python { last } else { leading_class(message).or_else(|| class_in(message)).or(first) };
    Trace { stack: Some(following), error_type }
}

/// Frames of Java, Python, Go, JavaScript, .NET, Ruby, Rust and PHP.
fn is_frame(line: &str) -> bool {
    let text = line.trim_start();
    let is_indented = text.len() < line.len();
    text.starts_with("Caused by: ")
        || text.starts_with("Traceback (most recent call last)")
        || (is_indented && text.starts_with("at "))
        || (is_indented && text.starts_with("File \"") && text.contains("line "))
        || (is_indented && text.starts_with("from ") && text.contains(":in "))
        || text.starts_with("goroutine ") && text.ends_with(':')
        || text.starts_with("stack backtrace:")
        || text.starts_with("#0 ")
}

/// `java.lang.IllegalStateException: pool exhausted`, also behind `Caused by:`.
fn leading_class(line: &str) -> Option<&str> {
    if line.starts_with(char::is_whitespace) {
        return None;
    }
    let class = line.split([':', ' ', '(']).next().unwrap_or_default();
    is_class_name(class).then_some(class)
}

/// A class with its package at the end of a message: `failed; nested exception is java.io.IOException`.
fn class_in(message: &str) -> Option<&str> {
    message.split([' ', ':', ',', ';', '(', ')']).find(|word| word.contains('.') && is_class_name(word))
}
