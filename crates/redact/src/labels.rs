//! What does the word before a value say that it is?

use crate::limits::LABEL_BYTES_MAX;
use crate::pair::name_beside;

/// Last parts of names of ids, counters, durations, sizes and amounts: `order_id`, `traceId`, `tradeNo`, `heap_used`.
const IDS: [&str; 52] = [
    "uptime",
    "id",
    "ids",
    "no",
    "sn",
    "seq",
    "uuid",
    "guid",
    "trace",
    "span",
    "order",
    "orders",
    "offset",
    "millis",
    "micros",
    "nanos",
    "ms",
    "us",
    "ns",
    "version",
    "bytes",
    "size",
    "count",
    "total",
    "lsn",
    "userid",
    "orderid",
    "orderno",
    "ordersn",
    "tradeno",
    "traceid",
    "spanid",
    "requestid",
    "sessionid",
    "messageid",
    "msgid",
    "uid",
    "txid",
    "tid",
    "memory",
    "heap",
    "rss",
    "amount",
    "cents",
    "fen",
    "fee",
    "price",
    "balance",
    "lag",
    "rows",
    "traffic",
    "gmv",
];

/// Last parts of names of amounts of more than one part: `heap_used`. Alone they stand in sentences, too, but for names
/// of fields.
const AMOUNTS: [&str; 15] = [
    "sent",
    "received",
    "used",
    "free",
    "available",
    "allocated",
    "committed",
    "capacity",
    "limit",
    "quota",
    "length",
    "len",
    "max",
    "min",
    "sum",
];

/// Words behind an amount: `15032385536 bytes`.
const UNITS: [&str; 17] = [
    "bytes", "byte", "b", "kb", "kib", "mb", "mib", "ms", "us", "ns", "rows", "records", "字节", "毫秒",
    "微秒", "纳秒", "分钱",
];

/// Parts of names that say that it is none of them, whatever the last part is: `phone_no`, `id_card_no`.
const NO_IDS: [&str; 12] = [
    "phone",
    "mobile",
    "tel",
    "telephone",
    "cell",
    "msisdn",
    "contact",
    "card",
    "bank",
    "pan",
    "idcard",
    "identity",
];

/// The same in Chinese; the number follows them.
const CHINESE_IDS: [&str; 25] = [
    "单号",
    "编号",
    "流水号",
    "序列号",
    "序号",
    "学号",
    "工号",
    "会员号",
    "用户号",
    "用户ID",
    "订单",
    "支付单",
    "退款单",
    "运单",
    "工单",
    "交易号",
    "金额",
    "字节数",
    "内存",
    "用户数",
    "订单数",
    "行数",
    "条数",
    "总数",
    "数量",
];

/// What numbers of people are called.
const CHINESE_NO_IDS: [&str; 6] = ["手机", "手机号", "电话", "卡号", "卡", "身份证"];

/// Words before a number of the old form, which has no check digit.
const ID_CARDS: [&str; 6] = ["idcard", "identitycard", "idno", "certno", "identityno", "idnumber"];
const CHINESE_ID_CARDS: [&str; 3] = ["身份证", "证件号", "身份证号"];

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

/// What stands between a name and its value.
fn skipped_bytes(before: &[u8]) -> usize {
    match before {
        [.., b' ' | b':' | b'=' | b'"' | b'\'' | b'\\' | b'(' | b'[' | b'{' | b'>' | b'+'] => 1,
        [.., 0xEF, 0xBC, 0x9A | 0x9D | 0x88] => 3,
        _ => 0,
    }
}

/// The bytes that end with the name of the value that begins where they end.
fn name_before(text: &[u8], at: usize) -> &[u8] {
    let mut before = text.get(at.saturating_sub(LABEL_BYTES_MAX)..at).unwrap_or_default();
    for _ in 0..6 {
        let end = before.len() - skipped_bytes(before).min(before.len());
        if end == before.len() {
            break;
        }
        before = before.get(..end).unwrap_or_default();
    }
    before
}

/// The ASCII word at the end.
fn last_word(before: &[u8]) -> &str {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = before.iter().rev().take_while(|&&byte| is_part(byte)).count();
    before.get(before.len() - length..).and_then(|word| std::str::from_utf8(word).ok()).unwrap_or_default()
}

fn ends_with_any(before: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| before.ends_with(word.as_bytes()))
}

/// `orderId`, `order_id`, `order-id` → `order`, `id`.
fn parts(word: &str) -> impl DoubleEndedIterator<Item = String> {
    let mut parts = vec![String::new()];
    let mut was_lower = false;
    for letter in word.chars() {
        let is_break = matches!(letter, '_' | '-' | '.');
        if (is_break || (was_lower && letter.is_ascii_uppercase()))
            && parts.last().is_some_and(|part| !part.is_empty())
        {
            parts.push(String::new());
        }
        if let (false, Some(part)) = (is_break, parts.last_mut()) {
            part.push(letter.to_ascii_lowercase());
        }
        was_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
    }
    parts.retain(|part| !part.is_empty());
    parts.into_iter()
}

/// Whether a name is that of an id or a counter.
fn is_id(word: &str) -> bool {
    // `商品id`.
    let word = last_word(word.as_bytes());
    let last = parts(word).next_back().unwrap_or_default();
    let is_amount = || AMOUNTS.contains(&last.as_str()) && parts(word).nth(1).is_some();
    (IDS.contains(&last.as_str()) || is_amount()) && !parts(word).any(|part| NO_IDS.contains(&part.as_str()))
}

/// Whether what begins at `at` is named as an id; `name` is the name of the whole text.
pub(crate) fn is_id_at(text: &[u8], at: usize, name: &str) -> bool {
    let before = name_before(text, at);
    if before.is_empty() && at <= 1 {
        let is_amount = AMOUNTS.iter().any(|amount| name.eq_ignore_ascii_case(amount));
        return is_amount || is_id(name) || ends_with_any(name.as_bytes(), &CHINESE_IDS);
    }
    let word = last_word(before);
    let is_number_of = word.trim_end_matches('.').eq_ignore_ascii_case("no");
    if is_number_of && is_of_people(before.get(..before.len() - word.len()).unwrap_or_default()) {
        return false;
    }
    // `memory used 15900000000`.
    let is_amount = || {
        let is_known = AMOUNTS.iter().any(|amount| word.eq_ignore_ascii_case(amount));
        let of = before.get(..before.len() - word.len()).unwrap_or_default();
        is_known && is_id(last_word(of.trim_ascii_end()))
    };
    is_id(word) || is_amount() || ends_with_any(before, &CHINESE_IDS)
}

/// Whether what follows a number at `end` says that it is an amount.
pub(crate) fn is_unit_at(text: &[u8], end: usize) -> bool {
    let rest = text.get(end..).unwrap_or_default();
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    UNITS.iter().any(|unit| {
        let (Some(word), after) = (rest.get(..unit.len()), rest.get(unit.len())) else { return false };
        let ends =
            !unit.is_ascii() || after.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
        ends && word.eq_ignore_ascii_case(unit.as_bytes())
    })
}

/// Whether `#` at the end of what stands before a number follows a word for a number of people: `Card #4111…`.
pub(crate) fn is_hash_of_people(before: &[u8]) -> bool {
    before.strip_suffix(b"#").is_some_and(is_of_people)
}

/// `card no`, `手机号 No`: whether what stands before `no` is a number of people.
fn is_of_people(before: &[u8]) -> bool {
    let before = before.trim_ascii_end();
    parts(last_word(before)).any(|part| NO_IDS.contains(&part.as_str()))
        || ends_with_any(before, &CHINESE_NO_IDS)
}

/// Whether what begins at `at` is named as a number of an identity card.
pub(crate) fn is_id_card_at(text: &[u8], at: usize, name: &str) -> bool {
    let before = name_before(text, at);
    let named = |word: &[u8]| {
        // `ID card no.` are three words.
        let plain: Vec<u8> =
            word.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
        ID_CARDS
            .iter()
            .any(|card| plain.ends_with(card.as_bytes()) || plain.ends_with(format!("{card}no").as_bytes()))
    };
    let is_named = |text: &[u8]| {
        let tail = text.get(text.len().saturating_sub(24)..).unwrap_or_default();
        let holds = |word: &&str| memchr::memmem::find(tail, word.as_bytes()).is_some();
        named(text) || CHINESE_ID_CARDS.iter().any(holds)
    };
    is_named(before) || is_named(name.as_bytes())
}

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
    if let Some(name) = name_beside(before) {
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
    fn names_of_ids() {
        for name in ["order_id", "orderId", "traceID", "id", "trade-no", "orderid", "kafka.offset"] {
            assert!(is_id(name), "{name}");
        }
        for name in ["phone_no", "mobile", "paid", "valid", "card_no", "id_card_no", "to", ""] {
            assert!(!is_id(name), "{name}");
        }
    }

    #[test]
    fn names_before_values() {
        let at = |text: &str| is_id_at(text.as_bytes(), text.len(), "");
        assert!(at("order_id="));
        assert!(at("{\"orderId\":\""));
        assert!(at("订单号：") && at("流水号 "));
        assert!(!at("手机号：") && !at("call ") && !at("invalid "));
        assert!(at("order no: ") && at("no. ") && at("trade No."));
        assert!(!at("card no: ") && !at("Phone No. ") && !at("卡号No.") && !at("手机号 No："));
        assert!(is_id_at(b"13812345678", 0, "order_id"));
        assert!(!is_id_at(b"13812345678", 0, "phone"));
        let card = |text: &str| is_id_card_at(text.as_bytes(), text.len(), "");
        assert!(card("身份证号：") && card("id_card=") && card("ID card no. ") && card("\"idCardNo\":\""));
        assert!(!card("order_id="));
    }

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
