//! What does the word before a value say that it is?

use crate::limits::LABEL_BYTES_MAX;

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
pub(crate) fn last_word(before: &[u8]) -> &str {
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
}
