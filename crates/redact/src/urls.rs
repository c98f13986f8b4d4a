//! Which parts of URLs, and of what looks like them, are secrets that no name announces?

use memchr::memmem;

use crate::limits::SECRET_BYTES_MAX;
use crate::scan::Finding;
use crate::secrets::push;
use crate::values::end_of;

/// What stands before the secret of a webhook, behind `://`: who has the whole may write into the chat.
const WEBHOOKS: [&[u8]; 7] = [
    b"hooks.slack.com/services/",
    b"qyapi.weixin.qq.com/cgi-bin/webhook/send?key=",
    b"open.feishu.cn/open-apis/bot/v2/hook/",
    b"open.larksuite.com/open-apis/bot/v2/hook/",
    b"discord.com/api/webhooks/",
    b"discordapp.com/api/webhooks/",
    b"api.telegram.org/bot",
];

/// What stands between account and address in names of data sources of Go.
const NETWORKS: [&[u8]; 2] = [b"@tcp(", b"@unix("];

/// Adds secrets in URLs, and beside them: `scheme://user:password@host`, webhooks, accounts of curl.
pub(crate) fn find(text: &[u8], found: &mut Vec<Finding>) {
    find_options(text, found);
    for scheme in memmem::find_iter(text, b"://") {
        let start = scheme + 3;
        let rest = text.get(start..).unwrap_or_default();
        if let Some(webhook) = WEBHOOKS.iter().find(|webhook| rest.starts_with(webhook)) {
            let from = start + webhook.len();
            let end = end_of(text, from, |byte| byte.is_ascii_alphanumeric() || b"-_/:".contains(&byte));
            if end > from {
                push(found, from, end);
            }
            continue;
        }
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

/// Whether something may be found in a text that has `://` there, but for accounts with `@`.
pub(crate) fn may_hold_secret(text: &[u8], scheme: usize) -> bool {
    let rest = text.get(scheme + 3..).unwrap_or_default();
    WEBHOOKS.iter().any(|webhook| rest.starts_with(webhook)) || memmem::find(text, b"-u ").is_some()
}

/// Adds passwords of accounts without a scheme: `user:password@tcp(host)`.
pub(crate) fn find_accounts(text: &[u8], found: &mut Vec<Finding>) {
    for network in NETWORKS {
        for at in memmem::find_iter(text, network) {
            let before = text.get(at.saturating_sub(SECRET_BYTES_MAX)..at).unwrap_or_default();
            let is_account =
                |byte: &u8| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'/' | b'=');
            let length = before.iter().rev().take_while(|&byte| is_account(byte)).count();
            let account = text.get(at - length..at).unwrap_or_default();
            if account.ends_with(b":<token>") {
                continue;
            }
            if let Some(colon) =
                account.iter().position(|&byte| byte == b':').filter(|colon| colon + 1 < length)
            {
                push(found, at - length + colon + 1, at);
            }
        }
    }
}

/// Adds passwords of `curl -u user:password https://…`.
fn find_options(text: &[u8], found: &mut Vec<Finding>) {
    for option in memmem::find_iter(text, b"-u ") {
        let from = option + 3;
        let is_word = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'<' | b'>');
        let end = end_of(text, from, is_word);
        let word = text.get(from..end).unwrap_or_default();
        let is_alone = option.checked_sub(1).and_then(|at| text.get(at)).is_some_and(u8::is_ascii_whitespace);
        let Some(colon) = word.iter().position(|&byte| byte == b':').filter(|_| is_alone) else { continue };
        let (user, password) =
            (word.get(..colon).unwrap_or_default(), word.get(colon + 1..).unwrap_or_default());
        // Containers run as `1000:1000`, and files go to `root:root`.
        let is_mixed =
            password.iter().any(u8::is_ascii_digit) && password.iter().any(u8::is_ascii_alphabetic);
        if is_mixed && !user.is_empty() && !password.contains(&b'/') {
            push(found, from + colon + 1, end);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scan::tests::{kept, taken};

    #[test]
    fn webhooks_are_secrets() {
        taken(
            "POST https://hooks.slack.com/services/T000/B000/XXXXyyyyZZZZ 200",
            "POST https://hooks.slack.com/services/<token> 200",
        );
        taken(
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7aoc&debug=1",
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=<token>&debug=1",
        );
        taken(
            "告警发往 https://open.feishu.cn/open-apis/bot/v2/hook/9f2c1a77-aa 失败",
            "告警发往 https://open.feishu.cn/open-apis/bot/v2/hook/<token> 失败",
        );
        kept("GET https://hooks.example.com/services/T000/B000 and https://open.feishu.cn/open-apis/docs");
    }

    #[test]
    fn accounts_have_passwords() {
        taken("dial root:dsnPw9d8f7@tcp(10.0.0.1:3306)/db", "dial root:<token>@tcp(10.0.0.1:3306)/db");
        taken("dsn=\"app:p@ss:1@tcp(db:3306)/x\"", "dsn=\"app:<token>@tcp(db:3306)/x\"");
        taken("curl -u admin:curlPw99 http://x", "curl -u admin:<token> http://x");
        kept("docker run -u 1000:1000 x, chown -u root:root, root@tcp(db:3306), sort -u a:b");
    }
}
