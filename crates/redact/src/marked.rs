//! Where are secrets that tell themselves, or that a word without `=` or `:` announces?

use memchr::memmem;

use crate::limits::SECRET_BYTES_MAX;
use crate::prefilter::each_mark;
use crate::scan::Finding;
use crate::secret_names::{CHINESE_VERBS, SecretKind, secret_kind_before};
use crate::secrets::push;
use crate::{statement, values};

/// Adds secrets that tell themselves, or that a word without `=` or `:` announces.
pub(crate) fn find(text: &[u8], found: &mut Vec<Finding>) {
    for (at, mark) in each_mark(text) {
        if let Some((start, end)) = marked(text, at, mark) {
            push(found, start, end);
        }
    }
}

/// Bytes from `from` on that belong to it.
fn run(text: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    values::end_of(text, from, belongs) - from
}

/// The secret behind a word that ends the name of one: in an element, an option, a statement or a sentence.
fn behind_word(text: &[u8], at: usize, after: usize) -> Option<values::Span> {
    match text.get(after)? {
        b'>' => element(text, at),
        b' ' | b'(' => {
            let kind = secret_kind_before(text, after)?;
            option(text, at, after, kind).or_else(|| statement::behind_name(text, after, kind))
        }
        _ => None,
    }
}

fn is_url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn has_digit(text: &[u8], start: usize, length: usize) -> bool {
    text.get(start..start + length).is_some_and(|value| value.iter().any(u8::is_ascii_digit))
}

fn marked(text: &[u8], at: usize, mark: &str) -> Option<values::Span> {
    let is_inside =
        at.checked_sub(1).and_then(|before| text.get(before)).is_some_and(u8::is_ascii_alphanumeric);
    let after = at + mark.len();
    let alphanumeric = |byte: u8| byte.is_ascii_alphanumeric();
    // The secret and its least length, the mark included.
    let of_length =
        |length: usize, least: usize| (!is_inside && length >= least).then_some((at, after + length));
    match mark {
        "eyJ" => json_web_token(text, at).filter(|_| !is_inside),
        "earer " | "EARER " => bearer(text, after),
        "AKIA" | "ASIA" => of_length(run(text, after, is_upper), 16),
        "LTAI" => of_length(run(text, after, alphanumeric), 12),
        "AKID" => of_length(run(text, after, alphanumeric), 28),
        "AIza" => of_length(run(text, after, is_url_safe), 35),
        "ghp_" | "gho_" | "ghu_" | "ghs_" | "ghr_" => of_length(run(text, after, alphanumeric), 30),
        "github_pat_" => of_length(run(text, after, is_url_safe), 20),
        "glpat-" => of_length(run(text, after, is_url_safe), 16),
        "xox" => {
            let is_kind =
                matches!(text.get(after..after + 2), Some([b'b' | b'p' | b'a' | b'r' | b's', b'-']));
            of_length(run(text, after, is_url_safe), 12).filter(|_| is_kind)
        }
        "word" | "WORD" | "oken" => behind_word(text, at, after),
        "ecret>" => element(text, at),
        "ied by " | "IED BY " => statement::identified_by(text, at, after),
        "_live_" => {
            let start = at
                .checked_sub(2)
                .filter(|&start| matches!(text.get(start..at), Some(b"sk" | b"rk" | b"pk")))?;
            let length = run(text, after, alphanumeric);
            (length >= 16).then_some((start, after + length))
        }
        "sk-" => {
            let length = run(text, after, is_url_safe);
            of_length(length, 20).filter(|_| has_digit(text, after, length))
        }
        "-----BEGIN" => private_key(text, at),
        // `-passwd ` and `-pwd `.
        "wd " => {
            let before = text.get(..at)?;
            let is_option = before.ends_with(b"-pass") || before.ends_with(b"-p");
            is_option.then(|| option(text, at, after, SecretKind::Password)).flatten()
        }
        "验证码" => chinese(text, after).or_else(|| code_before(text, at)),
        _ => chinese(text, after),
    }
}

/// What stands in an element of XML, of which the mark ends the closing tag: `<password>x</password>`. An opening tag
/// alone is more often a word for what belongs there.
fn element(text: &[u8], at: usize) -> Option<values::Span> {
    let before = text.get(..at)?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
    let name = before.iter().rev().take_while(|&byte| is_name(byte)).count();
    let content = before.get(..at - name)?.strip_suffix(b"</")?;
    let near = content.get(content.len().saturating_sub(SECRET_BYTES_MAX)..)?;
    let (near, end) = match near.strip_suffix(b"]]>") {
        Some(data) => (data, content.len() - 3),
        None => (near, content.len()),
    };
    let length = match memmem::rfind(near, b"<![CDATA[") {
        Some(open) => near.len() - open - 9,
        None => near.iter().rev().position(|&byte| byte == b'>')?,
    };
    let start = end - length;
    let value = text.get(start..end)?.trim_ascii();
    (!value.is_empty() && value != b"<token>").then_some((start, end))
}

/// `--db-password x`: the word begins with a hyphen; one in the middle of a word is no option.
fn option(text: &[u8], at: usize, after: usize, kind: SecretKind) -> Option<values::Span> {
    let before = text.get(..at)?;
    let length = before.iter().rev().take_while(|&&byte| is_url_safe(byte)).count();
    let word = text.get(at - length..after)?;
    let is_alone = |byte: &u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'/' | b'@');
    let begins = before.get(..at - length).and_then(|before| before.last()).is_none_or(is_alone);
    (word.starts_with(b"-") && begins).then(|| values::of_option(text, after, kind)).flatten()
}

/// Three parts in Base64, of which the first two are there.
fn json_web_token(text: &[u8], at: usize) -> Option<values::Span> {
    let header = run(text, at, is_url_safe);
    let claims_at = at + header + 1;
    let claims = run(text, claims_at, is_url_safe);
    if header < 10 || text.get(claims_at - 1) != Some(&b'.') || claims < 4 {
        return None;
    }
    let rest = run(text, claims_at + claims, |byte| is_url_safe(byte) || byte == b'.');
    Some((at, claims_at + claims + rest))
}

/// `Bearer` and a token: not the bearer of news.
fn bearer(text: &[u8], after: usize) -> Option<values::Span> {
    let length =
        run(text, after, |byte| is_url_safe(byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'='));
    let is_token = length >= 24 || (length >= 8 && has_digit(text, after, length));
    is_token.then_some((after, after + length))
}

/// A private key in PEM, to its end or, where it was cut, to that of the text.
fn private_key(text: &[u8], at: usize) -> Option<values::Span> {
    let rest = text.get(at..)?;
    let head = rest.get(..rest.len().min(64))?;
    let title = head.get(10..)?;
    let title = title.get(..memmem::find(title, b"-----")?)?;
    memmem::find(title, b"PRIVATE KEY")?;
    let body = 10 + title.len() + 5;
    let end = memmem::find(rest.get(body..)?, b"-----END").map_or(rest.len(), |end| {
        let tail = rest.get(body + end + 8..).unwrap_or_default();
        let closes = memmem::find(tail, b"-----").map_or(tail.len(), |closes| closes + 5);
        body + end + 8 + closes
    });
    Some((at, at + end))
}

/// 密码是 …, 密码为 …, 密码 …, 密码[…], 密码（…）: what follows and holds a digit, or mixed letters.
fn chinese(text: &[u8], after: usize) -> Option<values::Span> {
    let rest = text.get(after..)?;
    let between = [" ", "\t", "[", "(", "【", "（", "“", "「"]
        .iter()
        .chain(&CHINESE_VERBS)
        .find(|word| rest.starts_with(word.as_bytes()));
    let Some(between) = between else { return code(text, after) };
    let start = after + between.len();
    let start = values::behind_quote(text, start + run(text, start, |byte| byte == b' '));
    let length = run(text, start, |byte| {
        byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b',' | b';' | b'"' | b'\'' | b')' | b']')
    });
    let value = text.get(start..start + length)?;
    let is_secret =
        length >= 4 && values::is_secret(SecretKind::Password, value) && value.iter().any(u8::is_ascii_digit);
    is_secret.then_some((start, start + length))
}

/// 验证码123987: a row of digits that is no year.
fn code(text: &[u8], after: usize) -> Option<values::Span> {
    let length = run(text, after, |byte| byte.is_ascii_digit());
    let behind = text.get(after + length..)?;
    let goes_on =
        behind.first().is_some_and(u8::is_ascii_alphanumeric) || behind.starts_with("年".as_bytes());
    ((4..=8).contains(&length) && !goes_on).then_some((after, after + length))
}

/// What may stand between a code and what it is for: `778899（登录验证码）`, `778899是您的验证码`.
const BEHIND_CODES: [&str; 6] = ["（", "(", "是", "为", " 是", "，"];

/// A row of digits in front of the word, no further away than a few words.
fn code_before(text: &[u8], at: usize) -> Option<values::Span> {
    const BYTES_BETWEEN_MAX: usize = 30;
    let before = text.get(..at)?;
    let end = before.iter().rposition(u8::is_ascii_digit)? + 1;
    let between = before.get(end..).filter(|between| between.len() <= BYTES_BETWEEN_MAX)?;
    let digits = before.get(..end)?.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let is_alone =
        end.checked_sub(digits + 1).and_then(|at| before.get(at)).is_none_or(|byte| !byte.is_ascii_graphic());
    let announces = BEHIND_CODES.iter().any(|word| between.starts_with(word.as_bytes()));
    ((4..=8).contains(&digits) && is_alone && announces).then_some((end - digits, end))
}

/// How long the lines of a key in PEM are.
pub(crate) const KEY_LINE_BYTES: std::ops::RangeInclusive<usize> = 60..=76;

/// Whether a text is one line of a key in PEM: where each line is a record, the line that says so is another one. Digests
/// in hexadecimal digits are none.
pub(crate) fn is_line_of_key(text: &[u8]) -> bool {
    let has = |is_kind: fn(&u8) -> bool| text.iter().any(is_kind);
    KEY_LINE_BYTES.contains(&text.len())
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use crate::scan::tests::{kept, taken};

    #[test]
    fn options_of_commands_announce_secrets() {
        taken("mysql --user root --password hunter2 -h db", "mysql --user root --password <token> -h db");
        taken("run --db-password 'a b' --retry 3", "run --db-password '<token>' --retry 3");
        taken("cmd=[login -pwd 秘密口令甲]", "cmd=[login -pwd <token>]");
        taken("curl --token ab12cd34ef56gh78 x", "curl --token <token> x");
        kept("the forgot-password page failed");
        kept("use --password to set one, --password --force, --password <PASSWORD>");
        kept("usage: login --password [VALUE] --token $TOKEN");
        kept("--token expired after 5 s");
    }

    #[test]
    fn secrets_tell_themselves() {
        taken("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl end", "jwt <token> end");
        taken("key AKIAIOSFODNN7EXAMPLE in code", "key <token> in code");
        taken("key LTAI4FoLiBoPGVBHexample in code", "key <token> in code");
        taken(
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nafter",
            "<token>\nafter",
        );
        taken("-----BEGIN PRIVATE KEY-----\nMIIE", "<token>");
        taken("redis://:p4ss@10.0.0.7:6379/0", "redis://<token>@10.0.0.7:6379/0");
        taken("to postgres://app:s3cr%40t@db.example/x", "to postgres://<token>@db.example/x");
        taken("MIIEowIBAAKCAQEAdockerpemAb1dockerpemAb2dockerpemAb3dockerpemAb4", "<token>");
        kept("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
        taken(
            "【美团】778899（登录验证码），778899是您的验证码",
            "【美团】<token>（登录验证码），<token>是您的验证码",
        );
        kept("订单 20261105 已发送验证码, 3 次输错（验证码）");
        kept("https://example.com/a@b and task-0123456789abcdef0123456789");
        kept("-----BEGIN CERTIFICATE-----\nMIIE");
        kept("ssh://git@host:22/x");
    }
}
