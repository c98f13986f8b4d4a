//! Where are passwords, keys, tokens and cookies?

use memchr::{memchr3_iter, memmem};

use crate::labels::{CHINESE_VERBS, SecretKind, may_end_secret, secret_kind_before};
use crate::limits::SECRET_BYTES_MAX;
use crate::prefilter::MARKS;
use crate::rule::Rule;
use crate::scan::Finding;
use crate::values;

fn push(found: &mut Vec<Finding>, start: usize, end: usize) {
    found.push(Finding { start, end, rule: Rule::Token });
}

/// Adds secrets that a name and `=` or `:` announce.
pub(crate) fn find_named(text: &[u8], found: &mut Vec<Finding>) {
    let mut structures = Structures::default();
    for at in memchr3_iter(b'=', b':', 0xEF, text) {
        // Almost all names are told by their end, all digits of times too.
        let name = text.get(..at).unwrap_or_default();
        if name.last().is_none_or(|last| last.is_ascii_alphanumeric() && !may_end_secret(name)) {
            continue;
        }
        let (width, is_colon) = match text.get(at..) {
            // `==`, `=>` compare and assign as well.
            Some([b'=', b'=' | b'>', ..] | [b':', b'=', ..]) => (2, false),
            Some([b'=', ..]) => (1, false),
            Some([b':', ..]) => (1, true),
            Some([0xEF, 0xBC, 0x9A, ..]) => (3, true),
            Some([0xEF, 0xBC, 0x9D, ..]) => (3, false),
            _ => continue,
        };
        let Some(kind) = secret_kind_before(text, at) else { continue };
        let from = at + width;
        match values::after(text, from, kind, is_colon) {
            Some((start, end)) => push(found, start, end),
            None => structures.find(text, from, kind, found),
        }
    }
}

/// Objects and lists that names of secrets announce. What is in one is not looked through again for a name in it, so
/// that nested ones take no more time than others.
#[derive(Default)]
struct Structures {
    password_end: usize,
    token_end: usize,
}

impl Structures {
    fn find(&mut self, text: &[u8], from: usize, kind: SecretKind, found: &mut Vec<Finding>) {
        let end = match kind {
            SecretKind::Password => &mut self.password_end,
            SecretKind::Token => &mut self.token_end,
            _ => return,
        };
        let from = from + run(text, from, |byte| byte == b' ');
        if from < *end || !matches!(text.get(from), Some(b'{' | b'[')) {
            return;
        }
        let bracketed = values::bracketed(text, from).filter(|_| kind == SecretKind::Password);
        let (spans, structure_end) = match bracketed {
            Some(span) => (vec![span], span.1),
            None => values::inside(text, from, kind),
        };
        *end = structure_end;
        for (start, end) in spans {
            push(found, start, end);
        }
    }
}

/// Adds secrets in URLs: `scheme://user:password@host`.
pub(crate) fn find_userinfo(text: &[u8], found: &mut Vec<Finding>) {
    for scheme in memmem::find_iter(text, b"://") {
        let start = scheme + 3;
        let rest = text.get(start..).unwrap_or_default();
        let ends = |byte: u8| {
            byte.is_ascii_whitespace() || matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>')
        };
        let length = rest.iter().take(SECRET_BYTES_MAX).take_while(|&&byte| !ends(byte)).count();
        let authority = rest.get(..length).unwrap_or_default();
        let Some(at) = authority.iter().rposition(|&byte| byte == b'@') else { continue };
        let user = authority.get(..at).unwrap_or_default();
        let is_token = user.len() >= 20 && user.iter().any(u8::is_ascii_digit);
        let has_password =
            user.iter().position(|&byte| byte == b':').is_some_and(|colon| colon + 1 < user.len());
        if has_password || is_token {
            push(found, start, start + at);
        }
    }
}

/// Adds secrets that tell themselves, or that a word without `=` or `:` announces.
pub(crate) fn find_marked(text: &[u8], found: &mut Vec<Finding>) {
    for mark in MARKS {
        for at in memmem::find_iter(text, mark.as_bytes()) {
            if let Some((start, end)) = marked(text, at, mark) {
                push(found, start, end);
            }
        }
    }
}

/// Bytes from `from` on that belong to it.
fn run(text: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    rest.iter().take(SECRET_BYTES_MAX).take_while(|&&byte| belongs(byte)).count()
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
        "assword>" | "ASSWORD>" | "ecret>" | "oken>" => element(text, at),
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
        "-password " => option(text, at, after, SecretKind::Password),
        // `-passwd ` and `-pwd `.
        "wd " => {
            let before = text.get(..at)?;
            let is_option = before.ends_with(b"-pass") || before.ends_with(b"-p");
            is_option.then(|| option(text, at, after, SecretKind::Password)).flatten()
        }
        "-token " => option(text, at, after, SecretKind::Token),
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
        .find(|word| rest.starts_with(word.as_bytes()))?;
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

#[cfg(test)]
mod tests {
    use crate::scan::tests::{kept, taken};

    #[test]
    fn names_announce_secrets() {
        taken("login user=u1 password=hunter2 ok", "login user=u1 password=<token> ok");
        taken(r#"{"user":"u1","password":"s p a c e","n":1}"#, r#"{"user":"u1","password":"<token>","n":1}"#);
        taken(r#"req {\"accessToken\":\"abc\",\"n\":1}"#, r#"req {\"accessToken\":\"<token>\",\"n\":1}"#);
        taken("GET /cb?token=ab12cd34ef&x=1", "GET /cb?token=<token>&x=1");
        taken("GET /a?sessionid=abcdef&x=1", "GET /a?sessionid=<token>&x=1");
        taken("GET /a?sig=ab12cd34ef56&x=1", "GET /a?sig=<token>&x=1");
        taken("X-Api-Key: 0123456789abcdef", "X-Api-Key: <token>");
        taken("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer <token>");
        taken("authorization=Basic dXNlcjpwYXNz", "authorization=Basic <token>");
        taken("Cookie: sid=1; theme=dark", "Cookie: <token>");
        taken("数据库密码：abc123，请勿外传", "数据库密码：<token>，请勿外传");
        taken("密码是abc123", "密码是<token>");
        taken("新密码是“Secret0050”，登录密码为「Secret0052」", "新密码是“<token>”，登录密码为「<token>」");
        taken("密码\tSecret0053 口令：“Ab12Cd34”", "密码\t<token> 口令：“<token>”");
        taken("用户的密码是：Ab12Cd34，口令为: x9y8z7", "用户的密码是：<token>，口令为: <token>");
        taken("my password is: hunter2", "my password is: <token>");
        taken(r#"{"passwd":"x"} passwd: hunter2"#, r#"{"passwd":"x"} passwd: <token>"#);
        taken(
            r#"{"password":{"old":"hunter1","new":["hunter2"]},"n":"1"} {\"passwords\": [\"a1\",\"b2\"],\"n\":\"c\"}"#,
            r#"{"password":{"old":"<token>","new":["<token>"]},"n":"1"} {\"passwords\": [\"<token>\",\"<token>\"],\"n\":\"c\"}"#,
        );
        taken(r#"密码：{"旧":"mima1","新":"mima2"}"#, r#"密码：{"旧":"<token>","新":"<token>"}"#);
        kept(
            r#"{"token":{"type":"jwt","expires":3600},"credentials":["read","write"]} secret={x} password=[]"#,
        );
        taken("password=a&b&c9 /login?token=ab12&flag=1&x", "password=<token> /login?token=<token>&flag=1&x");
        taken("set `password` = 'Qw9zXk7p' where", "set `password` = '<token>' where");
        taken(
            "password1: Qw9zXk7p pwd2=Qw9zXk7p 密码1：Qw9zXk7p",
            "password1: <token> pwd2=<token> 密码1：<token>",
        );
        taken(
            "passwordConfirm=Qw9zXk7p&password_confirmation=Qw9z",
            "passwordConfirm=<token>&password_confirmation=<token>",
        );
        taken("密码重置为：Qw9zXk7p，密码已重置为Qw9zXk7p", "密码重置为：<token>，密码已重置为<token>");
        taken("密码“Qw9zXk7p”错误，密码「Qw9zXk7p」", "密码“<token>”错误，密码「<token>」");
        taken("passwd[Qw9zXk7p] password = [Qw9zXk7p] ok", "passwd[Qw9zXk7p] password = [<token>] ok");
        taken("<Password><![CDATA[Qw9z>k7p]]></Password>", "<Password><![CDATA[<token>]]></Password>");
        kept("token: 42ms captcha=failed credential=expired api_key=missing 验证码：发送失败");
        taken("PASSWORD => s3cret", "PASSWORD => <token>");
        taken("user=u1 pass=hunter2 passcode: 4711", "user=u1 pass=<token> passcode: <token>");
        kept("tests: pass=312 fail=0, bypass=on, pass: ok, class=Foo status_code=200");
        taken("<user>u1</user><password>s3 cret</password>", "<user>u1</user><password><token></password>");
        taken(
            "<wsse:Password Type=\"#PasswordText\">x1</wsse:Password><accessToken>ab</accessToken>",
            "<wsse:Password Type=\"#PasswordText\"><token></wsse:Password><accessToken><token></accessToken>",
        );
        kept("login <user> <password> to go on");
    }

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
    fn secrets_in_other_scripts_go_and_words_about_them_stay() {
        taken("登录 pwd=床前明月光&x=1", "登录 pwd=<token>&x=1");
        taken("用户 u1 密码：春眠不觉晓，请勿外传", "用户 u1 密码：<token>，请勿外传");
        taken("口令: 芝麻开门", "口令: <token>");
        taken("密码[hunter2xyz] 密码（hunter2xyz）错误", "密码[<token>] 密码（<token>）错误");
        taken("您的验证码为884213，验证码是 884213", "您的验证码为<token>，验证码是 <token>");
        taken("smsCode=884213&captcha=x7y8", "smsCode=<token>&captcha=<token>");
        taken(
            r#"{"passwords":"hunter2"} sign_key=ab12cd34ef56"#,
            r#"{"passwords":"<token>"} sign_key=<token>"#,
        );
        kept("密码（共3次）错误，密钥[2] 过期，statusCode=500 errorCode: 17");
        taken("短信验证码：483920，5 分钟内有效", "短信验证码：<token>，5 分钟内有效");
        kept("验证码：错误，验证码: 已过期");
        taken("口令：abc中文9", "口令：<token>");
        taken("password=пароль1 ok", "password=<token> ok");
        kept("密码：错误，还可以重试 3 次");
        kept("口令：已过期");
        kept("password=不正确");
        kept("密码：请在首次登录之后尽快自行修改为更安全的组合");
        kept("修改密码 口令 失败");
    }

    #[test]
    fn words_around_secrets_stay() {
        kept("invalid token: unexpected end of input");
        kept("this: 5, that is: nothing, 原因是：超时, the password is: incorrect");
        kept("password: incorrect");
        kept("prompt_tokens=512 max_tokens: 4096");
        kept("the monkey=5 keyboard: us design=3");
        kept("token=null secret= password=*** api_key=${KEY}");
        kept("请修改密码 后重试");
        kept("the bearer of this message and bearer authentication failed");
        kept("session: closed by peer");
        kept("restarting transaction session=856676372452");
        kept("chpasswd[3]: pam_unix(chpasswd:chauthtok): user x1 does not exist");
        kept(r#"{"signature":"worker pool 1 saturated, request queued"}"#);
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
        kept("https://example.com/a@b and task-0123456789abcdef0123456789");
        kept("-----BEGIN CERTIFICATE-----\nMIIE");
        kept("ssh://git@host:22/x");
    }
}
