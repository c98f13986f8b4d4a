//! What kinds of personal data are there, and how is each told?

use std::fmt::Write;
use std::ops::AddAssign;

/// A kind of personal data that is taken out of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// A number of a resident identity card (居民身份证).
    IdCard,
    /// A number of a bank or payment card.
    Card,
    /// A password, key, token or cookie.
    Token,
}

impl Rule {
    /// All of them, in the order of their counts.
    pub const ALL: [Self; 5] = [Self::Email, Self::Phone, Self::IdCard, Self::Card, Self::Token];

    /// Its name, in summaries and in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::IdCard => "id_card",
            Self::Card => "card",
            Self::Token => "token",
        }
    }

    /// What stands in the place of the value.
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Email => "<email>",
            Self::Phone => "<phone>",
            Self::IdCard => "<id-card>",
            Self::Card => "<card>",
            Self::Token => "<token>",
        }
    }

    /// What it takes, in the words of the reference.
    pub const fn takes(self) -> &'static str {
        match self {
            Self::Email => {
                "`name@host.tld` with a top-level domain of letters, also with `%40` and the full-width `＠`"
            }
            Self::Phone => {
                "Chinese mobile numbers (11 digits from 13 to 19), bare, as 3-4-4 or 3-8 with blanks or hyphens, with `+86`, `86`, `0086`; `+` and a country code that exists, 10 to 15 digits, or 9 to 13 in groups"
            }
            Self::IdCard => {
                "18 digits (or 17 and `X`) with a province, a date of birth and the right check digit, bare or as 6-8-4; 15 digits where a word such as 身份证 or `id_card` stands before them"
            }
            Self::Card => {
                "13 to 19 digits, bare or in groups as printed, with a prefix and length of Visa, Mastercard, American Express, Diners, Discover, JCB or UnionPay and the right check digit"
            }
            Self::Token => {
                "values of `password`, `passwd`, `pwd`, `pass`, `passcode`, `token`, `secret`, `api_key`, `access_key`, `private_key`, `credential`, `authorization`, `cookie`, codes of text messages, captchas, sessions, 密码, 口令, 密钥, 令牌, 验证码 after `=` or `:` (in Chinese also 是, 为, brackets), also all strings of an object or a list behind them, passwords in any script; `--password …`, `--token …`; passwords in statements (`IDENTIFIED BY …`, `PASSWORD('…')`, `SET PASSWORD FOR … = '…'`), in quotes behind their name, and with letters and digits behind `password is`, `to`, `was`, `->` or in brackets; `{\"name\":\"…\",\"value\":\"…\"}` with such a name; elements of XML (`<password>…</password>`); `Bearer …`; JSON web tokens; keys of AWS, Alibaba Cloud, Tencent Cloud, Google, GitHub, GitLab, Slack, Stripe; `user:password@` in URLs and before `tcp(…)`, `-u user:password`; webhooks of Slack, 企业微信, 飞书, Discord, Telegram; private keys in PEM, also line by line"
            }
        }
    }

    /// What it leaves, in the words of the reference.
    pub const fn misses(self) -> &'static str {
        match self {
            Self::Email => {
                "names and domains in other scripts, `name at host`, addresses without a dot in the domain; `git@…`, names of units (`user@1000.service`) and of files (`logo@2x.png`) are none"
            }
            Self::Phone => {
                "landlines, foreign numbers without `+`, numbers after a word that says that they are ids or amounts (`order_id=…`, `heap_used=…`, 单号) or before a unit (`… bytes`) or glued to letters, `_`, `#`, `-`"
            }
            Self::IdCard => {
                "numbers with a wrong check digit, 15 digits without a word before them, other papers (passports)"
            }
            Self::Card => {
                "numbers with a wrong check digit, other issuers, numbers after a word that says that they are ids or glued to letters, `_`, `#`, `-`, expiry dates and check values"
            }
            Self::Token => {
                "secrets that nothing announces, `-p …`, `AUTH …`, names and values in one list (`[\"password\",\"…\"]`), passwords of more than 16 letters of other scripts or that begin like words about one (密码：错误), short tokens behind `:` that look like words"
            }
        }
    }
}

/// How often each rule took something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([u64; Rule::ALL.len()], u64);

impl Counts {
    /// One more.
    pub fn add(&mut self, rule: Rule) {
        if let Some(count) = self.0.get_mut(rule as usize) {
            *count += 1;
        }
    }

    /// How often.
    pub fn of(&self, rule: Rule) -> u64 {
        self.0.get(rule as usize).copied().unwrap_or_default()
    }

    /// One more value of a column of ids that was none and became a pseudonym.
    pub fn add_pseudonym(&mut self) {
        self.1 += 1;
    }

    /// Values of columns of ids that became pseudonyms.
    pub fn pseudonyms(&self) -> u64 {
        self.1
    }

    /// All rules together, without pseudonyms.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The rules that took something, with how often.
    pub fn found(&self) -> impl Iterator<Item = (Rule, u64)> {
        Rule::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
        self.1 += other.1;
    }
}

/// The table of the reference, in Markdown.
pub fn reference() -> String {
    let mut text = String::from("| rule | becomes | takes | leaves |\n|---|---|---|---|\n");
    for rule in Rule::ALL {
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {} | {} |",
            rule.name(),
            rule.placeholder(),
            rule.takes(),
            rule.misses()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_kept_by_rule() {
        let mut counts = Counts::default();
        for rule in Rule::ALL {
            counts.add(rule);
        }
        counts.add(Rule::Card);
        let mut twice = counts;
        twice += counts;
        assert_eq!((twice.of(Rule::Card), twice.of(Rule::Email), twice.total()), (4, 2, 12));
        assert_eq!(twice.found().count(), 5);
    }

    #[test]
    fn the_reference_is_what_the_rules_say() {
        let page = include_str!("../../../docs/reference/redaction.md");
        assert!(page.contains(&reference()), "docs/reference/redaction.md lacks:\n{}", reference());
    }
}
