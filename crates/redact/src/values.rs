//! Where does a secret end, and is it one at all?

use crate::limits::SECRET_BYTES_MAX;
use crate::secret_names::SecretKind;

/// Values that give nothing away: absent, made up, or taken out by others.
const NOTHING: [&str; 16] = [
    "null",
    "nil",
    "none",
    "true",
    "false",
    "undefined",
    "empty",
    "yes",
    "no",
    "ok",
    "-",
    "***",
    "redacted",
    "[redacted]",
    "[filtered]",
    "filtered",
];

/// Words that follow a name and a colon in messages about secrets.
pub(crate) const PROSE: [&str; 24] = [
    "incorrect",
    "invalid",
    "wrong",
    "expired",
    "missing",
    "required",
    "mismatch",
    "failed",
    "failure",
    "not",
    "is",
    "must",
    "too",
    "has",
    "was",
    "cannot",
    "unauthorized",
    "denied",
    "unknown",
    "unexpected",
    "error",
    "changed",
    "reset",
    "empty",
];

/// Words that follow an option in a text about it.
const AROUND_OPTIONS: [&str; 16] = [
    "to", "for", "and", "or", "in", "on", "with", "if", "the", "flag", "option", "from", "as", "can", "may",
    "should",
];

/// How what is said about passwords begins in Chinese: 密码：错误, 口令：请重新输入.
const CHINESE_PROSE: [&str; 32] = [
    "错误", "不", "已", "过期", "失效", "无", "未", "为", "空", "请", "必", "长度", "强度", "校验", "验证",
    "输入", "修改", "重置", "找回", "登录", "登陆", "失败", "成功", "正确", "太", "过于", "至少", "需", "应",
    "格式", "发送", "超时",
];

/// Letters of other scripts in a row are a sentence beyond that.
const WIDE_LETTERS_MAX: usize = 16;

/// Shorter values after a colon are words unless they hold a digit.
const WORD_BYTES_MAX: usize = 15;

/// Shorter values of parameters are names and ids.
const PARAMETER_BYTES_MIN: usize = 12;

/// Numbers that short count tokens rather than being one.
const COUNT_DIGITS_MAX: usize = 5;

/// Schemes of the header `Authorization` that one word follows.
const SCHEMES: [&str; 7] = ["bearer", "basic", "token", "apikey", "negotiate", "jwt", "key"];

/// A value: where it begins and ends in its text.
pub(crate) type Span = (usize, usize);

/// Whether bytes may belong to a secret that stands without quotes.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'&' | b',' | b';' | b'"' | b'\'' | b')' | b']' | b'}' | b'<' | b'>' | b'|' | b'\\'
        )
}

pub(crate) fn end_of(text: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().take(SECRET_BYTES_MAX).take_while(|&&byte| belongs(byte)).count()
}

pub(crate) fn eq_any(value: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether a value that a name announces is one that must go.
pub(crate) fn is_secret(kind: SecretKind, value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let is_blank = value.iter().all(|byte| matches!(byte, b'*' | b'.' | b'x' | b'X' | b'-' | b'?'));
    if value.is_empty() || is_blank || value.starts_with(b"<") || eq_any(value, &NOTHING) {
        return false;
    }
    let is_count = value.len() <= COUNT_DIGITS_MAX && value.iter().all(u8::is_ascii_digit);
    // Ids and words have one of them; what is random has both, and is long.
    let is_random = value.len() >= PARAMETER_BYTES_MIN
        && value.iter().any(u8::is_ascii_digit)
        && value.iter().any(u8::is_ascii_alphabetic)
        && !value.contains(&b' ');
    if kind == SecretKind::Parameter && !is_random {
        return false;
    }
    let is_variable = value.starts_with(b"${") || value.starts_with(b"{{") || value.starts_with(b"%(");
    !is_variable && (kind == SecretKind::Password || !is_count)
}

/// The value of a name whose separator ends at `from`.
pub(crate) fn after(text: &[u8], from: usize, kind: SecretKind, is_colon: bool) -> Option<Span> {
    // `secret= password=x` has no secret; `secret = x` has one.
    let is_spaced = is_colon
        || text.get(from.saturating_sub(2)) == Some(&b' ')
        || text.get(from.wrapping_sub(1)) == Some(&b'>');
    let from = if is_spaced { end_of(text, from, |byte| byte == b' ') } else { from };
    let from = behind_quote(text, from);
    // `Set-Cookie:[uid=x]`, and Python's `u'x'`.
    let from = match text.get(from..) {
        Some([b'[', ..]) if kind == SecretKind::Cookie => from + 1,
        Some([b'u' | b'b' | b'r', b'"' | b'\'', ..]) => from + 1,
        _ => from,
    };
    if let Some((start, end)) = quoted(text, from) {
        return is_secret(kind, text.get(start..end)?).then_some((start, end));
    }
    let span = match kind {
        SecretKind::Authorization => authorization(text, from),
        SecretKind::Cookie => (from, cookies(text, from)),
        SecretKind::Password => (from, password_end(text, from)),
        SecretKind::Token => (from, plain_end(text, from)),
        SecretKind::Parameter => (from, end_of(text, from, is_plain)),
    };
    let value = text.get(span.0..span.1)?;
    // A list, an object, a second colon (`token::Type`, `token://`), a call (`PASSWORD('x')`) is no value.
    let is_call = value.last() == Some(&b'(') && matches!(text.get(span.1), Some(b'"' | b'\'' | b'\\'));
    if is_call {
        let (start, end) = closed_quote(text, span.1)?;
        let value = text.get(start..end)?;
        return (is_secret(kind, value) && !reads_as_word(kind, value)).then_some((start, end));
    }
    let is_value = is_secret(kind, value) && !matches!(value.first(), Some(b'{' | b'[' | b'(' | b':' | b'/'));
    let is_word = span.0 == from && (is_outcome(kind, value) || (is_colon && reads_as_word(kind, value)));
    (is_value && !is_word).then_some(span)
}

/// Behind a quote of Chinese text that stands here, which opens and is no part of the value.
pub(crate) fn behind_quote(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let quotes = ["“", "‘", "「", "『", "《", "【"];
    from + quotes.iter().find(|quote| rest.starts_with(quote.as_bytes())).map_or(0, |quote| quote.len())
}

/// The end of a password without quotes, which may be in any script. What reads as words about one ends
/// where its ASCII ends.
fn password_end(text: &[u8], from: usize) -> usize {
    let plain_end = plain_end(text, from);
    if text.get(plain_end).is_none_or(u8::is_ascii) {
        return plain_end;
    }
    let rest = text.get(from..).unwrap_or_default();
    let rest = rest.get(..SECRET_BYTES_MAX.min(rest.len())).unwrap_or_default();
    let value = rest.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let belongs =
        |letter: char| if letter.is_ascii() { is_plain(letter as u8) } else { letter.is_alphanumeric() };
    let value = value.find(|letter| !belongs(letter)).and_then(|end| value.get(..end)).unwrap_or(value);
    let wide = value.chars().filter(|letter| !letter.is_ascii()).count();
    let is_prose = CHINESE_PROSE.iter().any(|word| value.starts_with(word));
    if is_prose || wide > WIDE_LETTERS_MAX { plain_end } else { from + value.len() }
}

/// The end of what stands without quotes: `&` ends it where a parameter follows.
pub(crate) fn plain_end(text: &[u8], from: usize) -> usize {
    let mut end = end_of(text, from, is_plain);
    while end > from && text.get(end) == Some(&b'&') {
        let name_end =
            end_of(text, end + 1, |byte| byte.is_ascii_alphanumeric() || b"_-.[]%".contains(&byte));
        let next = end_of(text, end + 1, is_plain);
        if text.get(name_end) == Some(&b'=') || next == end + 1 {
            break;
        }
        end = next;
    }
    end
}

/// What stands without quotes in the brackets that open at `from`: `password = [x7]`. A placeholder has no digit.
pub(crate) fn bracketed(text: &[u8], from: usize) -> Option<Span> {
    let end = end_of(text, from + 1, is_plain);
    let value = text.get(from + 1..end)?;
    let is_value =
        value.first().is_some_and(u8::is_ascii_alphanumeric) && value.iter().any(u8::is_ascii_digit);
    let closes = if text.get(from) == Some(&b'{') { b'}' } else { b']' };
    (is_value && text.get(end) == Some(&closes)).then_some((from + 1, end))
}

/// Strings in an object or a list that begins at `from`: `"password":{"old":"x","new":"y"}`. Names are none of them.
/// The end of the structure follows.
pub(crate) fn inside(text: &[u8], from: usize, kind: SecretKind) -> (Vec<Span>, usize) {
    let mut found = Vec::new();
    let (mut at, mut depth) = (from, 0_usize);
    while at < from + SECRET_BYTES_MAX {
        match text.get(at) {
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') => depth -= 1,
            Some(b'"' | b'\\') => {
                let Some((start, end)) = quoted(text, at) else { break };
                // The same number of backslashes stands before the quote that closes.
                at = end + (start - at);
                let value = text.get(start..end).unwrap_or_default();
                let is_name = text.get(end_of(text, at, |byte| byte == b' ')) == Some(&b':');
                if !is_name && is_secret(kind, value) && !reads_as_word(kind, value) {
                    found.push((start, end));
                }
                continue;
            }
            Some(_) => {}
            None => break,
        }
        if depth == 0 {
            break;
        }
        at += 1;
    }
    (found, at)
}

/// The value behind an option of a command: `--password hunter2`.
pub(crate) fn of_option(text: &[u8], from: usize, kind: SecretKind) -> Option<Span> {
    let from = end_of(text, from, |byte| byte == b' ');
    let span = quoted(text, from).unwrap_or_else(|| (from, password_end(text, from)));
    let value = text.get(span.0..span.1)?;
    // Another option, a placeholder of a manual, or a word of a message about it.
    let is_none = matches!(value.first(), Some(b'-' | b'=' | b'[' | b'{' | b'(' | b'$'))
        || eq_any(value, &PROSE)
        || eq_any(value, &AROUND_OPTIONS);
    (!is_none && is_secret(kind, value) && !(kind == SecretKind::Token && reads_as_word(kind, value)))
        .then_some(span)
}

/// Whether what follows a colon is the message rather than the secret.
fn reads_as_word(kind: SecretKind, value: &[u8]) -> bool {
    let word = value.trim_ascii_end();
    let word = word.strip_suffix(b".").or(word.strip_suffix(b"!")).unwrap_or(word);
    match kind {
        SecretKind::Password => eq_any(word, &PROSE),
        SecretKind::Token | SecretKind::Authorization | SecretKind::Parameter => {
            eq_any(word, &PROSE) || (word.len() <= WORD_BYTES_MAX && !word.iter().any(u8::is_ascii_digit))
        }
        SecretKind::Cookie => !word.contains(&b'='),
    }
}

/// What became of a secret, whatever stands before it: `captcha=failed`, `token: 42ms`.
fn is_outcome(kind: SecretKind, value: &[u8]) -> bool {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_duration = digits > 0 && matches!(value.get(digits..), Some(b"ms" | b"s" | b"us"));
    eq_any(value, &PROSE) || (is_duration && kind != SecretKind::Password)
}

/// What stands between quotes that begin here and are closed, escaped ones too.
pub(crate) fn closed_quote(text: &[u8], from: usize) -> Option<Span> {
    quoted(text, from).filter(|(_, end)| matches!(text.get(*end), Some(b'"' | b'\'' | b'\\')))
}

/// What stands between quotes that begin here, escaped ones too; to the end where they are not closed.
fn quoted(text: &[u8], from: usize) -> Option<Span> {
    let escapes = end_of(text, from, |byte| byte == b'\\') - from;
    let start = from + escapes + 1;
    let quote = *text.get(start - 1).filter(|byte| matches!(byte, b'"' | b'\''))?;
    let rest = text.get(start..)?;
    let rest = rest.get(..SECRET_BYTES_MAX.min(rest.len()))?;
    let mut backslashes = 0;
    for (at, &byte) in rest.iter().enumerate() {
        match byte {
            b'\\' => backslashes += 1,
            _ if byte == quote && backslashes <= escapes => return Some((start, start + at - backslashes)),
            _ => backslashes = 0,
        }
    }
    // Not in the middle of a letter.
    let end =
        (start + rest.len()..=text.len()).find(|&at| text.get(at).is_none_or(|byte| byte & 0xC0 != 0x80));
    end.map(|end| (start, end))
}

/// The value behind a scheme; behind one with parameters all of them.
fn authorization(text: &[u8], from: usize) -> Span {
    let scheme_end = end_of(text, from, is_plain);
    let scheme = text.get(from..scheme_end).unwrap_or_default();
    let next = end_of(text, scheme_end, |byte| byte == b' ');
    if eq_any(scheme, &SCHEMES) && next > scheme_end {
        return (next, end_of(text, next, is_plain));
    }
    let has_parameters = [&b"digest"[..], b"aws4-hmac-sha256", b"hawk", b"oauth", b"signature"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    if has_parameters && next > scheme_end {
        return (next, end_of(text, next, |byte| !matches!(byte, b'\r' | b'\n' | b'<') && byte.is_ascii()));
    }
    (from, scheme_end)
}

/// `a=b; c=d`.
fn cookies(text: &[u8], from: usize) -> usize {
    let mut end = end_of(text, from, is_plain);
    while text.get(end) == Some(&b';') {
        let start = end_of(text, end + 1, |byte| byte == b' ');
        let next = end_of(text, start, is_plain);
        if next == start {
            break;
        }
        end = next;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, from: usize, kind: SecretKind) -> Option<&str> {
        let (start, end) = after(text.as_bytes(), from, kind, text.as_bytes()[from - 1] == b':')?;
        text.get(start..end)
    }

    #[test]
    fn values_end_where_they_end() {
        assert_eq!(value("pwd=a!b#c&x=1", 4, SecretKind::Password), Some("a!b#c"));
        assert_eq!(value("pwd=\"a b\" x", 4, SecretKind::Password), Some("a b"));
        assert_eq!(value("pwd: \\\"a b\\\",", 4, SecretKind::Password), Some("a b"));
        assert_eq!(value("pwd: 'a\\'b' c", 4, SecretKind::Password), Some("a\\'b"));
        assert_eq!(value("pwd: \"never closed", 4, SecretKind::Password), Some("never closed"));
        assert_eq!(value("Cookie: a=1; b=2, Host: x", 7, SecretKind::Cookie), Some("a=1; b=2"));
        assert_eq!(value("Authorization: Basic dTpw x", 14, SecretKind::Authorization), Some("dTpw"));
        assert_eq!(
            value("Authorization: Digest username=\"u\", qop=1", 14, SecretKind::Authorization),
            Some("username=\"u\", qop=1")
        );
    }

    #[test]
    fn words_about_secrets_are_no_secrets() {
        assert_eq!(value("password: incorrect", 9, SecretKind::Password), None);
        assert_eq!(value("token: unexpected end", 6, SecretKind::Token), None);
        assert_eq!(value("token=", 6, SecretKind::Token), None);
        assert_eq!(value("token=null", 6, SecretKind::Token), None);
        assert_eq!(value("token=512", 6, SecretKind::Token), None);
        assert_eq!(value("password=512", 9, SecretKind::Password), Some("512"));
        assert_eq!(value("password=******", 9, SecretKind::Password), None);
        assert_eq!(value("secret={\"a\":1}", 7, SecretKind::Token), None);
    }
}
