//! Where are e-mail addresses?

use memchr::memchr2_iter;

use crate::limits::{EMAIL_DOMAIN_BYTES_MAX, EMAIL_LOCAL_BYTES_MAX};
use crate::rule::Rule;
use crate::scan::Finding;

/// Last parts of names that are written with an `@` and are no addresses: files, and units of systemd.
const NO_DOMAINS: [&[u8]; 22] = [
    b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"css", b"js", b"ts", b"json", b"html", b"yaml",
    b"yml", b"log", b"conf", b"service", b"scope", b"slice", b"socket", b"timer", b"mount", b"target",
];

/// Top-level domains of hosts that are named by a number, such as `163.com`.
const NUMBERED_DOMAINS: [&[u8]; 4] = [b"com", b"cn", b"net", b"org"];

/// Whose names of ciphers are written like addresses (RFC 4251), in every log of sshd.
const SSH_DOMAINS: [&[u8]; 3] = [b"openssh.com", b"libssh.org", b"lysator.liu.se"];

/// Adds all addresses of a text.
pub(crate) fn find(text: &[u8], found: &mut Vec<Finding>) {
    for at in memchr2_iter(b'@', b'%', text) {
        let width = match text.get(at..) {
            Some([b'@', ..]) => 1,
            Some([b'%', b'4', b'0', ..]) => 3,
            _ => continue,
        };
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + width..).unwrap_or_default();
        let local =
            before.iter().rev().take(EMAIL_LOCAL_BYTES_MAX).take_while(|&&byte| is_local(byte)).count();
        // The account of repositories is nobody's address.
        if local == 0 || before.get(at - local..) == Some(b"git") {
            continue;
        }
        // `user@host.tld_Database` is a name that somebody's program made.
        let domain = domain_bytes(after).filter(|&domain| after.get(domain) != Some(&b'_'));
        if let Some(domain) = domain {
            found.push(Finding { start: at - local, end: at + width + domain, rule: Rule::Email });
        }
    }
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-')
}

/// Bytes of the domain at the head of `after`: labels, of which the last one is a word.
fn domain_bytes(after: &[u8]) -> Option<usize> {
    let is_domain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let length = after.iter().take(EMAIL_DOMAIN_BYTES_MAX).take_while(|&&byte| is_domain(byte)).count();
    let mut domain = after.get(..length)?;
    if !domain.first()?.is_ascii_alphanumeric() {
        return None;
    }
    // What follows a full stop may be the next sentence, or a number.
    while let Some(dot) = domain.iter().rposition(|&byte| byte == b'.') {
        let last = domain.get(dot + 1..)?;
        if let Some(hyphen) =
            last.iter().position(|&byte| byte == b'-').filter(|_| !last.starts_with(b"xn--"))
        {
            domain = domain.get(..=dot + hyphen)?;
            continue;
        }
        let is_word = (2..=24).contains(&last.len()) && last.iter().all(u8::is_ascii_alphabetic);
        if (is_word || last.starts_with(b"xn--")) && dot > 0 {
            let lower = last.to_ascii_lowercase();
            // `exampleSDID@32473`: an enterprise number (RFC 5424, section 7.2.2), and a name behind it.
            let is_enterprise = domain.get(..dot).is_some_and(|number| number.iter().all(u8::is_ascii_digit))
                && !NUMBERED_DOMAINS.contains(&lower.as_slice());
            // Services of Kubernetes have `svc` in their names.
            let is_service =
                domain.split(|byte| *byte == b'.').any(|label| label.eq_ignore_ascii_case(b"svc"));
            let is_none = is_enterprise
                || is_service
                || NO_DOMAINS.contains(&lower.as_slice())
                || SSH_DOMAINS.contains(&domain);
            return (!is_none).then_some(domain.len());
        }
        domain = domain.get(..dot)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::scan::tests::{kept, taken};

    #[test]
    fn addresses_go_and_what_is_around_them_stays() {
        taken("mail to alice@example.com.", "mail to <email>.");
        taken("<Alice> alice.b+tag@mail.example.co.uk, ok", "<Alice> <email>, ok");
        taken("请联系zhang_san@example.cn，谢谢", "请联系<email>，谢谢");
        taken("/find?mail=alice%40example.com&x=1", "/find?mail=<email>&x=1");
        taken("发到ｚｓ＠example.com。", "发到<email>。");
        taken("a@b.cn", "<email>");
        taken("zhang@163.com, li@139.cn", "<email>, <email>");
        taken("to=a@b.cn;c@d.example 200", "to=<email>;<email> 200");
        taken("from alice@example.com.35 onwards", "from <email>.35 onwards");
    }

    #[test]
    fn what_only_looks_like_an_address_stays() {
        kept("git@github.com:org/repo.git");
        kept("started user@1000.service and getty@tty1.service");
        kept("logo@2x.png, lodash@4.17.21, image@sha256:0f1e");
        kept("com.example.Order@1f2e3d");
        kept("kafka@broker1.kafka.svc.cluster.local:9092 and redis@cache.shop.svc");
        kept("exampleSDID@32473.iut=3 exampleSDID@32473.eventSource");
        kept("请@zhang.san 看一下");
        kept("adoptions@db.example.com_Database::SQL, aes256-gcm@openssh.com,rijndael-cbc@lysator.liu.se");
        kept("@Override @ 10.0.0.1 root@10.0.0.7 a@b");
    }
}
