//! Where do statements and sentences put a secret? `IDENTIFIED BY 'x'`, `PASSWORD('x')`, `password "x"`, `password is x1`.

use memchr::memmem;

use crate::secret_names::SecretKind;
use crate::values::{PROSE, Span, closed_quote, end_of, eq_any, is_secret, plain_end};

/// What may stand between the name of a secret and its quotes: `mysql_native_password BY 'x'`.
const BEFORE_QUOTES: [&str; 6] = ["BY ", "by ", "AS ", "as ", "VALUES ", "values "];

/// What may stand between a password and its name in a sentence.
const VERBS: [&str; 5] = ["is ", "to ", "was ", "-> ", "→ "];

/// What may follow `IDENTIFIED BY` in the place of a password.
const NO_PASSWORDS: [&str; 4] = ["password", "values", "random", "value"];

/// How far behind `SET PASSWORD FOR` its `=` may stand.
const ACCOUNT_BYTES_MAX: usize = 96;

/// Passwords in sentences are told from words by letters and digits, and by not being short.
const SAID_BYTES_MIN: usize = 6;

/// The secret behind a name that ends at `after`, where no separator stands.
pub(crate) fn behind_name(text: &[u8], after: usize, kind: SecretKind) -> Option<Span> {
    if text.get(after) == Some(&b'(') {
        return quoted_secret(text, behind_blanks(text, after + 1), kind)
            .or_else(|| in_brackets(text, after, kind));
    }
    let from = behind_blanks(text, after);
    let quotes = behind_any(text, from, &BEFORE_QUOTES).unwrap_or(from);
    quoted_secret(text, quotes, kind)
        .or_else(|| of_account(text, from, kind))
        .or_else(|| said(text, behind_any(text, from, &VERBS)?, kind))
        .or_else(|| in_brackets(text, from, kind))
        .or_else(|| token_behind(text, from, kind))
}

/// The password behind `IDENTIFIED BY`, of which `at` is the end; without quotes where the statement is in capitals.
pub(crate) fn identified_by(text: &[u8], at: usize, after: usize) -> Option<Span> {
    let is_statement = text.get(..at)?.to_ascii_lowercase().ends_with(b"identif");
    if !is_statement {
        return None;
    }
    let from = behind_any(text, after, &BEFORE_QUOTES).unwrap_or(after);
    quoted_secret(text, from, SecretKind::Password).or_else(|| {
        let span = (from, plain_end(text, from));
        let value = text.get(span.0..span.1)?;
        let is_password = is_secret(SecretKind::Password, value) && !eq_any(value, &NO_PASSWORDS);
        (is_password && text.get(at) == Some(&b'I')).then_some(span)
    })
}

/// `SET PASSWORD FOR 'u'@'h' = 'x'`.
fn of_account(text: &[u8], from: usize, kind: SecretKind) -> Option<Span> {
    let account = behind_any(text, from, &["FOR ", "for "])?;
    let near = text.get(account..text.len().min(account + ACCOUNT_BYTES_MAX))?;
    let equals = memmem::find(near, b" = ")?;
    quoted_secret(text, account + equals + 3, kind)
}

/// `password is hunter2`.
fn said(text: &[u8], from: usize, kind: SecretKind) -> Option<Span> {
    let span = (from, plain_end(text, from));
    let value = text.get(span.0..span.1)?;
    let value = value.strip_suffix(b".").unwrap_or(value);
    let is_mixed = value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic);
    (is_mixed && value.len() >= SAID_BYTES_MIN && kind == SecretKind::Password && is_secret(kind, value))
        .then_some((from, from + value.len()))
}

/// `password [hunter2]`, `password(hunter2)`.
fn in_brackets(text: &[u8], open: usize, kind: SecretKind) -> Option<Span> {
    let closing = match text.get(open)? {
        b'[' => b']',
        b'(' => b')',
        _ => return None,
    };
    let span = said(text, open + 1, kind)?;
    (text.get(span.1) == Some(&closing)).then_some(span)
}

/// `invalid token ab12…`, `token [ab12…] expired`, `token is ab12…`: long, and no word.
fn token_behind(text: &[u8], from: usize, kind: SecretKind) -> Option<Span> {
    let from = behind_any(text, from, &["is ", "was ", "["]).unwrap_or(from);
    let span = (from, plain_end(text, from));
    let value = text.get(span.0..span.1)?;
    let is_name = value.iter().any(|byte| b"=:/(".contains(byte));
    (kind == SecretKind::Token && !is_name && is_secret(SecretKind::Parameter, value)).then_some(span)
}

/// What stands between quotes that open at `from`; quotes that close another text hold what stands between texts.
fn quoted_secret(text: &[u8], from: usize, kind: SecretKind) -> Option<Span> {
    let span = closed_quote(text, from)?;
    let value = text.get(span.0..span.1)?;
    let is_between = value.first().is_none_or(|byte| b",:;)}] \\".contains(byte)) || value.ends_with(b" ");
    let word = value.split(|byte| *byte == b' ').next().unwrap_or_default();
    // A token in quotes may be a word of a parser's.
    let kind = if kind == SecretKind::Token { SecretKind::Parameter } else { kind };
    (!is_between && !eq_any(word, &PROSE) && is_secret(kind, value)).then_some(span)
}

fn behind_blanks(text: &[u8], from: usize) -> usize {
    end_of(text, from, |byte| byte == b' ')
}

fn behind_any(text: &[u8], from: usize, words: &[&str]) -> Option<usize> {
    let rest = text.get(from..)?;
    words.iter().find(|word| rest.starts_with(word.as_bytes())).map(|word| from + word.len())
}

#[cfg(test)]
mod tests {
    use crate::scan::tests::{kept, taken};

    #[test]
    fn statements_hold_passwords() {
        taken(
            "CREATE USER 'app'@'%' IDENTIFIED BY 'Qw9zXk7p'",
            "CREATE USER 'app'@'%' IDENTIFIED BY '<token>'",
        );
        taken("create user app identified by \"a b c\";", "create user app identified by \"<token>\";");
        taken("ALTER USER scott IDENTIFIED BY tiger;", "ALTER USER scott IDENTIFIED BY <token>;");
        taken(
            "IDENTIFIED WITH mysql_native_password BY 'Qw9zXk7p'",
            "IDENTIFIED WITH mysql_native_password BY '<token>'",
        );
        taken("ALTER ROLE app WITH PASSWORD 'Qw9zXk7p'", "ALTER ROLE app WITH PASSWORD '<token>'");
        taken("SET PASSWORD = PASSWORD('Qw9zXk7p')", "SET PASSWORD = PASSWORD('<token>')");
        taken("SET PASSWORD FOR 'u'@'h' = 'Qw9zXk7p'", "SET PASSWORD FOR 'u'@'h' = '<token>'");
        taken("user.setPassword(\"Qw9zXk7p\")", "user.setPassword(\"<token>\")");
        kept("rows were modified by 'alice', IDENTIFIED BY RANDOM PASSWORD");
        kept("ALTER TABLE t ADD password varchar(64) NOT NULL, INDEX (password)");
    }

    #[test]
    fn sentences_hold_passwords() {
        taken("wrong password 'hunter2' for u1", "wrong password '<token>' for u1");
        taken(
            "the new password is hunter2. password reset to Qw9zXk7p",
            "the new password is <token>. password reset to Qw9zXk7p",
        );
        taken("invalid token \"ab12cd34ef56gh78\"", "invalid token \"<token>\"");
        taken("token [ab12cd34ef56gh78] expired", "token [<token>] expired");
        taken("Invalid token ab12cd34ef56gh78", "Invalid token <token>");
        taken("Password [brPw9d8f7] and password(prPw9d8f7)", "Password [<token>] and password(<token>)");
        taken("password -> ar2Pw9d8f7 set", "password -> <token> set");
        kept("password (optional) password [at least 8] varchar password(64) password(sha256, salt)");
        kept("token refreshed for u1, token count 17, a token of sha256:ab12, unexpected token endOfFile");
        kept("password is incorrect, password is 8 characters long, password to be set");
        kept("Unexpected token '<', unexpected token \"}\", Unexpected token 'o' in JSON");
        kept(r#"{"msg":"bad password ","user":"u1"} ["old password ", "x1"] 'password ' + x1 + 'y'"#);
        kept("--keyword x1y2z3 --words 17, the keyword 'ab12' is 2x longer, password 'is required'");
    }
}
