//! Which names are those of secrets?

use crate::labels::last_word;
use crate::limits::{LABEL_BYTES_MAX, PAIR_BYTES_MAX};
use crate::pair::name_beside;

/// What a secret's name says about its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretKind {
    /// Anything may be one.
    Password,
    /// A key or token: long, and no word.
    Token,
    /// A header: a scheme and a value.
    Authorization,
    /// A list of `name=value`.
    Cookie,
    /// A parameter of a URL; in texts such names mean other things, too.
    Parameter,
}

/// Ends of names of secrets, without case and `_`, `-`, `.`.
const SECRETS: [(&str, SecretKind); 29] = [
    ("password", SecretKind::Password),
    ("passwd", SecretKind::Password),
    ("pwd", SecretKind::Password),
    ("passphrase", SecretKind::Password),
    ("passcode", SecretKind::Password),
    ("passwords", SecretKind::Password),
    ("passwordconfirm", SecretKind::Password),
    ("passwordconfirmation", SecretKind::Password),
    ("smscode", SecretKind::Password),
    ("verifycode", SecretKind::Password),
    ("verificationcode", SecretKind::Password),
    ("captcha", SecretKind::Password),
    ("secrets", SecretKind::Token),
    ("signkey", SecretKind::Token),
    ("signingkey", SecretKind::Token),
    ("secret", SecretKind::Token),
    ("token", SecretKind::Token),
    ("apikey", SecretKind::Token),
    ("accesskey", SecretKind::Token),
    ("accesskeyid", SecretKind::Token),
    ("secretkey", SecretKind::Token),
    ("privatekey", SecretKind::Token),
    ("credential", SecretKind::Token),
    ("credentials", SecretKind::Token),
    ("sessionid", SecretKind::Token),
    ("sessid", SecretKind::Token),
    ("authorization", SecretKind::Authorization),
    ("cookie", SecretKind::Cookie),
    ("cookies", SecretKind::Cookie),
];

/// Names that are one only as a whole: `inside` is none.
const WHOLE_SECRETS: [(&str, SecretKind); 8] = [
    ("otp", SecretKind::Password),
    // Not a password: tests that pass are counted.
    ("pass", SecretKind::Token),
    ("sid", SecretKind::Parameter),
    ("session", SecretKind::Parameter),
    ("auth", SecretKind::Parameter),
    ("jwt", SecretKind::Parameter),
    ("sig", SecretKind::Parameter),
    ("signature", SecretKind::Parameter),
];

/// Commands, which stand before a colon in every system's log.
const COMMANDS: [&[u8]; 3] = [b"chpasswd", b"gpasswd", b"smbpasswd"];

const CHINESE_SECRETS: [(&str, SecretKind); 5] = [
    ("密码", SecretKind::Password),
    ("口令", SecretKind::Password),
    ("密钥", SecretKind::Token),
    ("令牌", SecretKind::Token),
    ("验证码", SecretKind::Password),
];

/// The two last letters of names of secrets, and of `password is`: almost every other name is told by them.
pub(crate) fn may_end_secret(name: &[u8]) -> bool {
    let [.., before, last] = without_number(name) else { return false };
    // `密码1`: asked for names whose last byte is ASCII.
    if *last >= 0x80 {
        return true;
    }
    if let [.., b'o' | b'O', b't' | b'T', b'p' | b'P'] = name {
        return true;
    }
    matches!(
        [before.to_ascii_lowercase(), last.to_ascii_lowercase()],
        [b'r' | b'w' | b'i', b'd']
            | [b's' | b'i' | b'r' | b'd', b'e']
            | [b'e' | b'w', b't']
            | [b'e' | b'o', b'n']
            | [b'e', b'y']
            | [b'e' | b's' | b'l' | b'i' | b'd' | b't', b's']
            | [b'a', b'l']
            | [b't', b'h']
            | [b'i', b'g']
            | [b'h', b'a']
            | [b'r', b'm']
    )
}

/// `password1`, `密码2`: the name without its number.
fn without_number(name: &[u8]) -> &[u8] {
    match name {
        [rest @ .., last]
            if last.is_ascii_digit() && rest.last().is_some_and(|byte| !byte.is_ascii_digit()) =>
        {
            rest
        }
        _ => name,
    }
}

/// Whether a name ends with a word, whatever its case and its `_`, `-`, `.`.
fn ends_with_word(name: &[u8], word: &str) -> bool {
    let mut letters = name.iter().rev().filter(|byte| !matches!(byte, b'_' | b'-' | b'.'));
    word.bytes().rev().all(|wanted| letters.next().is_some_and(|byte| byte.eq_ignore_ascii_case(&wanted)))
}

/// What stands in an object that is called a secret and is one: `"password":{"old":…}`.
const PARTS_OF_SECRETS: [&str; 9] =
    ["old", "new", "value", "current", "previous", "confirm", "plain", "raw", "text"];

/// Whether a name is that of a secret, and of which kind.
pub(crate) fn secret_kind(name: &str) -> Option<SecretKind> {
    secret_kind_of(name.as_bytes()).or_else(|| {
        let (object, part) = name.rsplit_once('.')?;
        let kind = secret_kind(object)?;
        if PARTS_OF_SECRETS.contains(&part.to_ascii_lowercase().as_str()) {
            return Some(kind);
        }
        match kind {
            SecretKind::Cookie => Some(SecretKind::Token),
            // `token.access` holds one, `token.type` a word.
            SecretKind::Token => Some(SecretKind::Parameter),
            _ => None,
        }
    })
}

fn secret_kind_of(name: &[u8]) -> Option<SecretKind> {
    let name = without_number(name);
    if *name.last()? >= 0x80 {
        let found = CHINESE_SECRETS.iter().find(|(word, _)| name.ends_with(word.as_bytes()));
        return found.map(|(_, kind)| *kind);
    }
    if !may_end_secret(name) {
        return None;
    }
    let whole = || {
        let last = name.rsplit(|byte| matches!(byte, b'.' | b'_' | b'-')).next()?;
        WHOLE_SECRETS.iter().find(|(word, _)| last.eq_ignore_ascii_case(word.as_bytes()))
    };
    let found = SECRETS.iter().find(|(word, _)| ends_with_word(name, word)).or_else(whole);
    found.map(|(_, kind)| *kind)
}

/// What may stand between the name of a secret and its value or its separator.
pub(crate) const CHINESE_VERBS: [&str; 8] =
    ["已重置为", "重置为", "已修改为", "修改为", "改为", "设为", "是", "为"];

/// `密码是：`, `password is: `: the name before the verb.
fn without_verb(before: &[u8]) -> &[u8] {
    let mut verbs = CHINESE_VERBS.iter().chain(&[" is"]);
    verbs.find_map(|verb| before.strip_suffix(verb.as_bytes())).unwrap_or(before)
}

/// The kind of secret that a separator at `at` follows the name of.
pub(crate) fn secret_kind_before(text: &[u8], at: usize) -> Option<SecretKind> {
    let mut before = text.get(at.saturating_sub(LABEL_BYTES_MAX)..at)?;
    // Quotes, escaped ones too, and blanks stand between a name and its separator.
    for _ in 0..4 {
        before = match before {
            [rest @ .., b' ' | b'"' | b'\'' | b'\\' | b'`' | b']'] => rest,
            _ => break,
        };
    }
    let end = before.as_ptr() as usize - text.as_ptr() as usize + before.len();
    if let Some(name) = name_beside(text.get(end.saturating_sub(PAIR_BYTES_MAX)..end)?) {
        return secret_kind_of(name);
    }
    before = without_verb(before);
    if COMMANDS.contains(&last_word(before).as_bytes()) && text.get(at) == Some(&b':') {
        return None;
    }
    if *before.last()? < 0x80 && !may_end_secret(before) {
        return None;
    }
    let word = last_word(before).as_bytes();
    let is_word = word.iter().any(|byte| !byte.is_ascii_digit());
    secret_kind_of(if is_word { word } else { before })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        for name in [
            "password",
            "DB_PASSWORD",
            "userPwd",
            "access_token",
            "X-Api-Key",
            "http.request.header.cookie",
            "sid",
        ] {
            assert!(secret_kind(name).is_some(), "{name}");
        }
        for name in [
            "inside",
            "max_tokens",
            "monkey",
            "key",
            "keyboard",
            "passed",
            "author",
            "design",
            "cookiecutter",
        ] {
            assert_eq!(secret_kind(name), None, "{name}");
        }
        let before = |text: &str| secret_kind_before(text.as_bytes(), text.len());
        assert_eq!(before("{\\\"password\\\""), Some(SecretKind::Password));
        assert_eq!(before("数据库密码"), Some(SecretKind::Password));
        assert_eq!(before("took 35 ms"), None);
        assert_eq!(secret_kind("user.password.old"), Some(SecretKind::Password));
        assert_eq!(secret_kind("password.length"), None);
    }
}
