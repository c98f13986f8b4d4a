//! From a text to a text without personal data.

use std::borrow::Cow;
use std::cmp::Reverse;

use crate::fold::{self, Folded};
use crate::limits::{CUT_BYTES_MAX, PASSES_MAX, TEXT_BYTES_MIN};
use crate::prefilter::{Seen, look};
use crate::rule::{Counts, Rule};
use crate::secret_names::{self, SecretKind};
use crate::{digits, email, marked, secrets, urls, values};

/// Something that must go: where it stands and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) rule: Rule,
}

/// A text without personal data; borrowed where there was none. Redacting it again changes nothing.
///
/// ```
/// use fupan_redact::{Counts, Rule, redact};
/// let mut counts = Counts::default();
/// assert_eq!(redact("短信发往 13812345678 失败", &mut counts), "短信发往 <phone> 失败");
/// assert_eq!(counts.of(Rule::Phone), 1);
/// ```
pub fn redact<'a>(text: &'a str, counts: &mut Counts) -> Cow<'a, str> {
    redact_named("", text, counts)
}

/// As [`redact`], for the value of a field, whose name says more: a field `password` holds one, a field
/// `order_id` holds no phone number.
pub fn redact_field<'a>(name: &str, value: &'a str, counts: &mut Counts) -> Cow<'a, str> {
    // Short values can be secrets too.
    if let Some(kind) = secret_names::secret_kind(name)
        && values::is_secret(kind, value.as_bytes())
        && (kind != SecretKind::Authorization || value.len() >= TEXT_BYTES_MIN)
    {
        counts.add(Rule::Token);
        return Cow::Borrowed(Rule::Token.placeholder());
    }
    redact_named(name, value, counts)
}

/// Whether a field of this name holds a secret, whatever its value looks like.
pub fn names_secret(name: &str) -> bool {
    secret_names::secret_kind(name).is_some()
}

fn redact_named<'a>(name: &str, text: &'a str, counts: &mut Counts) -> Cow<'a, str> {
    if text.len() < TEXT_BYTES_MIN {
        return Cow::Borrowed(text);
    }
    if name.is_empty() && marked::is_line_of_key(text.as_bytes()) {
        counts.add(Rule::Token);
        return Cow::Borrowed(Rule::Token.placeholder());
    }
    let seen = look(text.as_bytes());
    if seen.is_nothing() {
        return Cow::Borrowed(text);
    }
    let found = find(name, text, seen);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(replace_all(name, text, found, counts))
}

/// Replaces until nothing is left: what was named by something that is gone may be found now.
fn replace_all(name: &str, text: &str, mut found: Vec<Finding>, counts: &mut Counts) -> String {
    let mut current = text.to_owned();
    for _ in 0..PASSES_MAX {
        current = replaced(&current, &found, counts);
        found = find(name, &current, look(current.as_bytes()));
        if found.is_empty() {
            break;
        }
    }
    current
}

fn replaced(text: &str, found: &[Finding], counts: &mut Counts) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for finding in found {
        out.push_str(text.get(at..finding.start).unwrap_or_default());
        out.push_str(finding.rule.placeholder());
        counts.add(finding.rule);
        at = finding.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// All findings, in order and apart from each other.
fn find(name: &str, text: &str, seen: Seen) -> Vec<Finding> {
    let mut found = if seen.has_wide && fold::is_needed(text.as_bytes()) {
        find_folded(name, &fold::fold(text))
    } else {
        find_in(name, text.as_bytes(), seen)
    };
    if seen.has_escape && fold::has_escapes(text.as_bytes()) {
        found.extend(find_folded(name, &fold::unescape(text)));
        found = apart(text.as_bytes(), found);
    }
    found
}

/// Findings in another writing of a text, where they stand in the text.
fn find_folded(name: &str, folded: &Folded) -> Vec<Finding> {
    let mut found = find_in(name, folded.text.as_bytes(), look(folded.text.as_bytes()));
    for finding in &mut found {
        finding.start = folded.place(finding.start);
        finding.end = folded.place(finding.end);
    }
    found
}

fn find_in(name: &str, text: &[u8], seen: Seen) -> Vec<Finding> {
    let mut found = Vec::new();
    if seen.has_separator && secrets::find_named(text, &mut found) {
        urls::find(text, &mut found);
    }
    if seen.has_separator && seen.has_at {
        urls::find_accounts(text, &mut found);
    }
    if seen.has_mark {
        marked::find(text, &mut found);
    }
    // The encoded `@` is one of the marks.
    if seen.has_at || seen.has_mark {
        email::find(text, &mut found);
    }
    if seen.has_digits {
        digits::find(text, name, &mut found);
    }
    if found.len() > 1 { apart(text, found) } else { found }
}

/// Findings that overlap become one, of the kind of the first and longest.
fn apart(text: &[u8], mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by_key(|finding| (finding.start, Reverse(finding.end)));
    let mut kept: Vec<Finding> = Vec::with_capacity(found.len());
    for finding in found {
        match kept.last_mut() {
            // `user:password@host`: the host is none of theirs.
            Some(last)
                if finding.rule == Rule::Email
                    && text.get(last.end) == Some(&b'@')
                    && finding.start < last.end => {}
            Some(last) if finding.start < last.end => last.end = last.end.max(finding.end),
            _ => kept.push(finding),
        }
    }
    kept
}

/// Whether the value of a column of ids is no opaque id: an address, or a token.
pub fn identifies(value: &str) -> bool {
    if value.len() < TEXT_BYTES_MIN {
        return false;
    }
    let seen = look(value.as_bytes());
    if !(seen.has_at || seen.has_mark) {
        return false;
    }
    !find("", value, Seen { has_digits: false, has_separator: false, has_escape: false, ..seen }).is_empty()
}

/// As [`redact`], for bytes that may be no text: what is text among them is redacted. Where they were cut
/// off (`is_cut`), what could be a part of a number or an address at their end goes too.
pub fn redact_bytes<'a>(bytes: &'a [u8], is_cut: bool, counts: &mut Counts) -> Cow<'a, [u8]> {
    let bytes = if is_cut { without_part(bytes) } else { bytes };
    if let Ok(text) = std::str::from_utf8(bytes) {
        return match redact(text, counts) {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
    }
    let mut out = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.extend_from_slice(redact(chunk.valid(), counts).as_bytes());
        out.extend_from_slice(chunk.invalid());
    }
    Cow::Owned(redacted_gb18030(&out, counts).unwrap_or(out))
}

/// What Chinese words announce in bytes that are no UTF-8 (密码： in GBK); none where nothing is found.
fn redacted_gb18030(bytes: &[u8], counts: &mut Counts) -> Option<Vec<u8>> {
    let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes)?;
    match redact(&text, counts) {
        Cow::Borrowed(_) => None,
        Cow::Owned(redacted) => Some(encoding_rs::GB18030.encode(&redacted).0.into_owned()),
    }
}

fn without_part(bytes: &[u8]) -> &[u8] {
    let may_be_part = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'@' | b' ')
    };
    let length = bytes.iter().rev().take(CUT_BYTES_MAX).take_while(|&&byte| may_be_part(byte)).count();
    bytes.get(..bytes.len() - length).unwrap_or(bytes)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Becomes what is expected, and stays so.
    pub(crate) fn taken(text: &str, expected: &str) {
        let mut counts = Counts::default();
        let once = redact(text, &mut counts).into_owned();
        assert_eq!(once, expected, "{text}");
        assert_ne!(counts.total(), 0);
        assert!(matches!(redact(&once, &mut counts), Cow::Borrowed(_)), "{once}");
    }

    pub(crate) fn kept(text: &str) {
        let mut counts = Counts::default();
        assert_eq!(redact(text, &mut counts), text);
        assert_eq!(counts, Counts::default());
    }

    #[test]
    fn clean_texts_are_not_copied() {
        kept("");
        kept("updated order 1042 in 35 ms");
        kept("获取连接超时 5003ms：重试，第 3 次");
        assert!(matches!(
            redact("level=info took=35ms at 11:05:03", &mut Counts::default()),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn several_kinds_in_one_text() {
        taken(
            "alice@example.com / 13812345678 / password=x1 / 4111111111111111",
            "<email> / <phone> / password=<token> / <card>",
        );
        taken("password=alice@example.com", "password=<token>");
        taken("13812345678@qq.example", "<email>");
        // The word that called it an id is gone with the address.
        taken("alice@x.id=13812345678", "<email>=<phone>");
    }

    #[test]
    fn what_json_and_urls_escape_is_seen() {
        taken(
            r#"body: {"\u5907\u6ce8": "\u624b\u673a13812345678\uff0c\u8eab\u4efd\u8bc111010519491231002X", "\u5bc6\u7801": "Qwe12345"}"#,
            r#"body: {"\u5907\u6ce8": "\u624b\u673a<phone>\uff0c\u8eab\u4efd\u8bc1<id-card>", "\u5bc6\u7801": "<token>"}"#,
        );
        // The digits of an escape are none of the number behind it.
        taken(r"\u673113812345678\u5b1013912345678 ok", r"\u6731<phone>\u5b10<phone> ok");
        taken(
            r#"{"note":"tel\n13812345678\n4111111111111111\nx\t13812345678"}"#,
            r#"{"note":"tel\n<phone>\n<card>\nx\t<phone>"}"#,
        );
        taken(
            r#"{"q":"password\u003dAbcd1234\u0026x=1","m":"zhang\u0040corp.cn"}"#,
            r#"{"q":"password\u003d<token>\u0026x=1","m":"<email>"}"#,
        );
        taken(
            "GET /cb?r=%7B%22password%22%3A%22Secret66x%22%7D&s=pwd%3DSecret77x ok",
            "GET /cb?r=%7B%22password%22%3A%22<token>%22%7D&s=pwd%3D<token> ok",
        );
        taken(
            r"\u5bc6\u7801\uff1aQwe12345\uff0c\u91cd\u8bd5",
            r"\u5bc6\u7801\uff1a<token>\uff0c\u91cd\u8bd5",
        );
        kept(r#"{"\u5907\u6ce8":"\u8ba2\u5355\u53f713812345678"} 50 %, C:\new\1"#);
    }

    #[test]
    fn the_name_of_a_field_says_more() {
        let field = |name: &str, value: &str| redact_field(name, value, &mut Counts::default()).into_owned();
        assert_eq!(field("password", "hunter2"), "<token>");
        assert_eq!(field("http.request.header.cookie", "a=1"), "<token>");
        assert_eq!(field("access_token", "abc"), "<token>");
        assert_eq!(field("max_token", "512"), "512");
        assert_eq!(field("req.cookies.uid", "abc"), "<token>");
        assert_eq!(field("token.access", "ab12cd34ef56gh78"), "<token>");
        assert_eq!(field("token.type", "jwt"), "jwt");
        assert_eq!(field("password", "<token>"), "<token>");
        assert_eq!(field("order_id", "13812345678"), "13812345678");
        assert_eq!(field("order_id", "alice@example.com"), "<email>");
        assert_eq!(field("phone", "13812345678"), "<phone>");
        assert_eq!(field("身份证号", "110105491231002"), "<id-card>");
        assert_eq!(field("node.id", "110105491231002"), "110105491231002");
    }

    #[test]
    fn ids_that_are_none() {
        assert!(identifies("alice@example.com") && identifies("user:alice%40example.com-and-more"));
        assert!(identifies("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"));
        assert!(
            !identifies("13812345678")
                && !identifies("u1042")
                && !identifies("x%40y%2013812345678")
                && !identifies("0af7651916cd43dd8448eb211c80319c")
        );
    }

    #[test]
    fn bytes_that_are_no_text_and_bytes_that_were_cut() {
        let redacted = |bytes: &[u8], is_cut| {
            String::from_utf8_lossy(&redact_bytes(bytes, is_cut, &mut Counts::default())).into_owned()
        };
        assert_eq!(redacted(b"\xFF\xFE 13812345678 \x80", false), "\u{FFFD}\u{FFFD} <phone> \u{FFFD}");
        assert_eq!(redacted(b"{\"phone\":\"1381234567", true), "{\"phone\":\"");
        assert_eq!(redacted(b"{\"mail\":\"alice@exam", true), "{\"mail\":\"");
        assert_eq!(redacted(b"{\"mail\":\"alice@exam", false), "{\"mail\":\"alice@exam");
    }

    #[test]
    fn what_chinese_words_announce_goes_in_gbk_too() {
        let line = encoding_rs::GB18030.encode("登录失败 密码：Ab12Cd34，手机 13812345678").0.into_owned();
        let mut counts = Counts::default();
        let redacted = redact_bytes(&line, false, &mut counts).into_owned();
        let (text, ..) = encoding_rs::GB18030.decode(&redacted);
        assert_eq!(text, "登录失败 密码：<token>，手机 <phone>");
        assert_eq!(counts.total(), 2);
    }
}
