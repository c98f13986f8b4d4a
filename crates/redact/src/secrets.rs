//! Where are passwords, keys, tokens and cookies that a name and `=` or `:` announce?

use memchr::memchr3_iter;

use crate::rule::Rule;
use crate::scan::Finding;
use crate::secret_names::{SecretKind, may_end_secret, secret_kind_before};
use crate::values;

pub(crate) fn push(found: &mut Vec<Finding>, start: usize, end: usize) {
    found.push(Finding { start, end, rule: Rule::Token });
}

/// Adds secrets that a name and `=` or `:` announce; whether `://` is in the text.
pub(crate) fn find_named(text: &[u8], found: &mut Vec<Finding>) -> bool {
    let mut structures = Structures::default();
    let mut has_url = false;
    for at in memchr3_iter(b'=', b':', 0xEF, text) {
        if text.get(at..at + 3) == Some(b"://") {
            has_url = true;
            continue;
        }
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
    has_url
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
            SecretKind::Token | SecretKind::Cookie => &mut self.token_end,
            _ => return,
        };
        let from = values::end_of(text, from, |byte| byte == b' ');
        if from < *end || !matches!(text.get(from), Some(b'{' | b'[')) {
            return;
        }
        let bracketed = values::bracketed(text, from).filter(|_| kind == SecretKind::Password);
        let (spans, structure_end) = match bracketed {
            Some(span) => (vec![span], span.1),
            // What is in a jar of cookies are tokens.
            None if kind == SecretKind::Cookie => values::inside(text, from, SecretKind::Token),
            None => values::inside(text, from, kind),
        };
        *end = structure_end;
        for (start, end) in spans {
            push(found, start, end);
        }
    }
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
    fn secrets_in_the_writing_of_programs() {
        taken("{u'password': u'Qw9zXk7p', 'n': 1}", "{u'password': u'<token>', 'n': 1}");
        taken("set password=md5('Qw9zXk7p') where", "set password=md5('<token>') where");
        taken(
            "Array ( [user] => u1 [password] => Qw9zXk7p )",
            "Array ( [user] => u1 [password] => <token> )",
        );
        taken("password={Qw9zXk7p} ok", "password={<token>} ok");
        taken("Set-Cookie:[uid=Qw9zXk7p; Path=/]", "Set-Cookie:[<token>]");
        taken(r#"{"cookies":{"uid":"Qw9zXk7p"}}"#, r#"{"cookies":{"uid":"<token>"}}"#);
        taken("PHPSESSID=qw9zxk7p12&otp=865466", "PHPSESSID=<token>&otp=<token>");
        taken("验证码123987已发送，验证码778074，请勿泄露", "验证码<token>已发送，验证码<token>，请勿泄露");
        kept("验证码2026年起改版，密码3次错误 http://otp.example/x");
        kept(r#"{"bytes_sent":13812345678,"uptime":15900003333}"#);
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
}
