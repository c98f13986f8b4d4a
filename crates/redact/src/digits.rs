//! Where are phone, identity and card numbers?
//!
//! A number stands for itself: rows of digits that are part of a word, a decimal number, a longer id or a
//! version are no numbers of people, and neither are those that a word before them calls an id.

use crate::fold::percent_encoded;
use crate::labels;
use crate::limits::{DIGITS_MIN, GROUPS_MAX};
use crate::numbers::{country_code_digits, is_card, is_id_card, is_mobile, is_old_id_card};
use crate::rule::Rule;
use crate::scan::Finding;

/// The longest number of a card, and one more to tell longer ones.
const DIGITS_MAX: usize = 20;

/// Bytes that numbers and what stands between their groups are made of.
const PART: [bool; 256] = {
    let mut part = [false; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        part[digit as usize] = true;
        digit += 1;
    }
    part[b' ' as usize] = true;
    part[b'-' as usize] = true;
    part[b'(' as usize] = true;
    part[b')' as usize] = true;
    part
};

fn is_part(byte: u8) -> bool {
    PART.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Adds all numbers of a text; `name` is the name of the field that it is the value of.
pub(crate) fn find(text: &[u8], name: &str, found: &mut Vec<Finding>) {
    find_runs(text, |start, end| find_between(text, start, end, name, found));
}

/// Tells where there are at least [`DIGITS_MIN`] digits with nothing but [`PART`]s between them.
///
/// One of so many bytes stands at every so manieth place: only what is around these places is looked at.
pub(crate) fn find_runs(text: &[u8], mut tell: impl FnMut(usize, usize)) {
    let mut at = DIGITS_MIN - 1;
    while let Some(&byte) = text.get(at) {
        if !is_part(byte) {
            at += DIGITS_MIN;
            continue;
        }
        let (before, after) = text.split_at(at);
        let left = before.iter().rev().take_while(|&&byte| is_part(byte)).count();
        let right = after.iter().take_while(|&&byte| is_part(byte)).count();
        let (start, end) = (at - left, at + right);
        if has_digits(text.get(start..end).unwrap_or_default()) {
            tell(start, end);
        }
        at = end + DIGITS_MIN;
    }
}

fn has_digits(run: &[u8]) -> bool {
    run.len() >= DIGITS_MIN && run.iter().filter(|byte| byte.is_ascii_digit()).count() >= DIGITS_MIN
}

/// Whether a number could begin between two places, whatever stands before it.
pub(crate) fn may_be_between(text: &[u8], from: usize, to: usize) -> bool {
    has_digits(text.get(from..to).unwrap_or_default()) && groups_between(text, from, to).next().is_some()
}

/// Adds the numbers that begin between two places.
fn find_between(text: &[u8], from: usize, to: usize, name: &str, found: &mut Vec<Finding>) {
    let mut end = from;
    for start in groups_between(text, from, to) {
        if start < end {
            continue;
        }
        let number = Number { text, name, start, groups: Groups::at(text, start) };
        if let Some((rule, start, to)) = number.tell() {
            found.push(Finding { start, end: to, rule });
            end = to;
        }
    }
}

/// Where rows of digits begin that may be a number, or the first group of one.
fn groups_between(text: &[u8], from: usize, to: usize) -> impl Iterator<Item = usize> {
    let mut at = from;
    std::iter::from_fn(move || {
        while let Some(skip) = text.get(at..to)?.iter().position(u8::is_ascii_digit) {
            let mut start = at + skip;
            let mut rest = text.get(start..).unwrap_or_default();
            let mut digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            at = start + digits;
            if digits > 2 && is_percent_before(text, start) {
                // `%20`: the first two are those of a blank.
                (start, digits) = (start + 2, digits - 2);
                rest = rest.get(2..).unwrap_or_default();
            }
            // Most numbers are too short for anything.
            if may_begin(rest, digits, byte_before(text, start)) {
                return Some(start);
            }
        }
        None
    })
}

fn is_percent_before(text: &[u8], start: usize) -> bool {
    start.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'%')
}

/// The byte before a place, and how many it takes in the text.
fn byte_before_of(text: &[u8], start: usize) -> Option<(u8, usize)> {
    let written = start.checked_sub(3).and_then(|from| text.get(from..start));
    let encoded = written.and_then(percent_encoded).map(|byte| (byte, 3));
    encoded.or_else(|| Some((*text.get(start.checked_sub(1)?)?, 1)))
}

fn byte_before(text: &[u8], start: usize) -> Option<u8> {
    byte_before_of(text, start).map(|(byte, _)| byte)
}

/// Whether so many digits can be a number, or the first group of one.
fn may_begin(rest: &[u8], digits: usize, before: Option<u8>) -> bool {
    let goes_on = || {
        let between = rest.iter().skip(digits).take(2).take_while(|&&byte| is_between(byte)).count();
        between > 0 && rest.get(digits + between).is_some_and(u8::is_ascii_digit)
    };
    match digits {
        10..=15 if before == Some(b'+') => true,
        11 => is_mobile(rest.get(..digits).unwrap_or_default()),
        // Instants in milliseconds, microseconds and nanoseconds are in every log.
        13 => rest.starts_with(b"86") || rest.starts_with(b"4"),
        16 => !rest.starts_with(b"1"),
        14 | 15 | 17..=19 => true,
        1..=3 if before == Some(b'+') => goes_on(),
        2 => rest.starts_with(b"86") && goes_on(),
        3 => rest.starts_with(b"1") && goes_on(),
        4 | 6 => goes_on(),
        _ => false,
    }
}

/// What stands between the groups of a number.
const fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'(' | b')')
}

/// Rows of digits with blanks, hyphens or brackets between them, at most two.
struct Groups {
    digits: [u8; DIGITS_MAX],
    /// Digits up to the end of each group.
    counts: [usize; GROUPS_MAX],
    /// Where each group ends in the text.
    ends: [usize; GROUPS_MAX],
    /// How many there are.
    length: usize,
}

impl Groups {
    fn at(text: &[u8], start: usize) -> Self {
        let mut groups =
            Self { digits: [0; DIGITS_MAX], counts: [0; GROUPS_MAX], ends: [0; GROUPS_MAX], length: 0 };
        let (mut at, mut count) = (start, 0);
        while groups.length < GROUPS_MAX {
            while let Some(&byte) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
                if let Some(digit) = groups.digits.get_mut(count) {
                    *digit = byte;
                }
                count += 1;
                at += 1;
            }
            if let (Some(of_group), Some(end)) =
                (groups.counts.get_mut(groups.length), groups.ends.get_mut(groups.length))
            {
                (*of_group, *end) = (count, at);
            }
            groups.length += 1;
            let rest = text.get(at..).unwrap_or_default();
            let between = rest.iter().take(2).take_while(|&&byte| is_between(byte)).count();
            if between == 0 || count > DIGITS_MAX || !rest.get(between).is_some_and(u8::is_ascii_digit) {
                break;
            }
            at += between;
        }
        groups
    }

    /// The digits of the first `groups` groups, and where they end; none where they are too many.
    fn joined(&self, groups: usize) -> Option<(&[u8], usize)> {
        if groups == 0 || groups > self.length {
            return None;
        }
        let count = *self.counts.get(groups - 1)?;
        Some((self.digits.get(..count)?, *self.ends.get(groups - 1)?))
    }

    /// Whether the first groups have these numbers of digits.
    fn are(&self, sizes: &[usize]) -> bool {
        let mut before = 0;
        self.length >= sizes.len()
            && sizes.iter().zip(self.counts).all(|(size, count)| {
                let is_size = count == before + size;
                before = count;
                is_size
            })
    }
}

/// Whether it is a round number of bytes, such as 17179869184: whole MiB are one number of a million.
fn is_size(digits: &[u8]) -> bool {
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u64>().ok());
    number.is_some_and(|number| number % (1 << 20) == 0)
}

struct Number<'t> {
    text: &'t [u8],
    name: &'t str,
    start: usize,
    groups: Groups,
}

type Told = (Rule, usize, usize);

impl Number<'_> {
    fn tell(&self) -> Option<Told> {
        // Nine digits and fewer are nothing, however they are grouped.
        let last = self.groups.length.checked_sub(1)?;
        if *self.groups.counts.get(last)? < 9 {
            return None;
        }
        self.id_card().or_else(|| self.international()).or_else(|| self.mobile()).or_else(|| self.card())
    }

    /// Whether it is the rest of something: of a word, a decimal number, an id with hyphens, an amount.
    fn is_glued_before(&self, start: usize) -> bool {
        let at = |back: usize| start.checked_sub(back).and_then(|at| self.text.get(at)).copied();
        match byte_before(self.text, start) {
            Some(byte) if byte.is_ascii_alphanumeric() => true,
            Some(b'#') => !labels::is_hash_of_people(self.text.get(..start).unwrap_or_default()),
            Some(b'_' | b'$') => true,
            // Behind a comma stands a cell, or an argument: groups of thousands have three digits.
            Some(b'.') => at(2).is_some_and(|byte| byte.is_ascii_digit()),
            Some(b'-') => at(2).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
            _ => false,
        }
    }

    fn is_glued_after(&self, end: usize) -> bool {
        let at = |on: usize| self.text.get(end + on).copied();
        match at(0) {
            Some(byte) if byte.is_ascii_alphanumeric() => true,
            Some(b'_') => true,
            Some(b'%') => self.text.get(end..end + 3).and_then(percent_encoded).is_none(),
            Some(b'.') => at(1).is_some_and(|byte| byte.is_ascii_digit()),
            Some(b'-') => at(1).is_some_and(|byte| byte.is_ascii_alphanumeric()),
            _ => false,
        }
    }

    fn is_id(&self, start: usize) -> bool {
        labels::is_id_at(self.text, start, self.name)
    }

    fn is_free(&self, end: usize) -> bool {
        let is_glued = self.is_glued_before(self.start) || self.is_glued_after(end);
        !is_glued && !labels::is_unit_at(self.text, end)
    }

    /// Tables write numbers of phones as `13812345678.0`.
    fn behind_zero(&self, end: usize) -> usize {
        let is_zero = self.text.get(end..).is_some_and(|rest| rest.starts_with(b".0"));
        if is_zero { end + 2 } else { end }
    }

    /// The check digit says enough: words and hyphens around it change nothing.
    fn id_card(&self) -> Option<Told> {
        let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        if is_word(byte_before(self.text, self.start).as_ref()) {
            return None;
        }
        let whole = [1, 3].into_iter().find_map(|groups| {
            let is_form = groups == 1 || self.groups.are(&[6, 8, 4]) || self.groups.are(&[6, 8, 3]);
            let (digits, end) = self.groups.joined(groups).filter(|_| is_form)?;
            let mut number = digits.to_vec();
            let mut end = end;
            if let (17, Some(x @ (b'X' | b'x'))) = (digits.len(), self.text.get(end)) {
                number.push(*x);
                end += 1;
            }
            (is_id_card(&number) && !is_word(self.text.get(end))).then_some((Rule::IdCard, self.start, end))
        });
        let old = || {
            let (digits, end) = self.groups.joined(1)?;
            let is_old = is_old_id_card(digits)
                && !is_word(self.text.get(end))
                && labels::is_id_card_at(self.text, self.start, self.name);
            is_old.then_some((Rule::IdCard, self.start, end))
        };
        whole.or_else(old)
    }

    /// `+` and a country code.
    fn international(&self) -> Option<Told> {
        let (_, width) = byte_before_of(self.text, self.start).filter(|(byte, _)| *byte == b'+')?;
        let plus = self.start - width;
        if self.is_glued_before(plus) || self.is_id(plus) {
            return None;
        }
        let code = country_code_digits(&self.groups.digits)?;
        // From the longest on: what follows a number in groups may be another number.
        let end = (1..=self.groups.length).rev().find_map(|groups| {
            let (digits, end) = self.groups.joined(groups)?;
            let first = *self.groups.counts.first()?;
            let is_mobile_of_china = digits.starts_with(b"86") && is_mobile(digits.get(2..)?);
            let is_number = match groups {
                1 => (10..=15).contains(&digits.len()) && (!digits.starts_with(b"86") || is_mobile_of_china),
                _ if digits.starts_with(b"86") => is_mobile_of_china,
                _ if digits.starts_with(b"1") => digits.len() == 11,
                _ => (9..=13).contains(&digits.len()) && (first == code || first >= 8),
            };
            (is_number && !self.is_glued_after(end)).then_some(end)
        });
        end.map(|end| (Rule::Phone, plus, end))
    }

    /// A mobile number of mainland China.
    fn mobile(&self) -> Option<Told> {
        let forms = [
            (1, &[][..]),
            (3, &[3, 4, 4]),
            (2, &[3, 8]),
            (2, &[2, 11]),
            (4, &[2, 3, 4, 4]),
            (2, &[4, 11]),
            (4, &[4, 3, 4, 4]),
        ];
        forms.into_iter().find_map(|(groups, sizes)| {
            let (digits, end) = self.groups.joined(groups).filter(|_| self.groups.are(sizes))?;
            let national = match digits.len() {
                13 => digits.strip_prefix(b"86")?,
                15 => digits.strip_prefix(b"0086")?,
                _ => digits,
            };
            let is_number = is_mobile(national)
                && !is_size(national)
                && self.is_free(self.behind_zero(end))
                && !self.is_id(self.start);
            is_number.then_some((Rule::Phone, self.start, end))
        })
    }

    /// A card, as one row or as it is printed.
    fn card(&self) -> Option<Told> {
        let forms: [(usize, &[usize]); 6] = [
            (1, &[]),
            (5, &[4, 4, 4, 4, 3]),
            (4, &[4, 4, 4, 4]),
            (3, &[4, 6, 5]),
            (3, &[4, 6, 4]),
            (2, &[6, 13]),
        ];
        forms.into_iter().find_map(|(groups, sizes)| {
            let (digits, end) = self.groups.joined(groups).filter(|_| self.groups.are(sizes))?;
            let is_number = is_card(digits) && self.is_free(end) && !self.is_id(self.start);
            is_number.then_some((Rule::Card, self.start, end))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::scan::tests::{kept, taken};

    #[test]
    fn phone_numbers() {
        taken("call 13812345678 now", "call <phone> now");
        taken("用户13812345678反馈无法支付", "用户<phone>反馈无法支付");
        taken("手机号：138-1234-5678。", "手机号：<phone>。");
        taken("138 1234 5678", "<phone>");
        taken("手机 138-12345678 and 138 12345678", "手机 <phone> and <phone>");
        taken(
            "+86 13812345678, +86-138-1234-5678, 8613812345678, 0086 13812345678, 0086-138-1234-5678",
            "<phone>, <phone>, <phone>, <phone>, <phone>",
        );
        taken("(86)13812345678 200 35", "(<phone> 200 35");
        taken("+8613812345678 200 35 ms", "<phone> 200 35 ms");
        taken("mobile=%2B8613812345678&x=1", "mobile=<phone>&x=1");
        taken("q=%7B%22mobile%22%3A%2213812345678%22%7D", "q=%7B%22mobile%22%3A%22<phone>%22%7D");
        taken("tel:+14155552671 or +1 (415) 555-2671", "tel:<phone> or <phone>");
        taken("+1-415-555-2671 and +44 20 7946 0958 200 ms", "<phone> and <phone> 200 ms");
        taken("+85291234567 +65 6123 4567", "<phone> <phone>");
        taken("电话１３８１２３４５６７８。", "电话<phone>。");
        taken("/users/13812345678/orders", "/users/<phone>/orders");
        taken("phone=13812345678&x=1", "phone=<phone>&x=1");
        taken("{\"mobile\":13812345678}", "{\"mobile\":<phone>}");
    }

    #[test]
    fn numbers_that_are_no_phones() {
        kept("order_id=13812345678 and {\"traceId\":\"13812345678\"} 订单号：13812345678");
        kept("12812345678 and 23812345678 and 138123456789 and 1381234567");
        kept("v13812345678 order-13812345678 order_13812345678 #13812345678 13812345678a");
        kept("0.13812345678 and 13812345678.5");
        taken("args=[10086,13812345678] VALUES(1,13812345678)", "args=[10086,<phone>] VALUES(1,<phone>)");
        kept("+0800 +08:00 2026-11-05T11:05:03+08:00 +1048576 +12345678 bytes");
        kept("1762312345678 1762312345 1762312345678901 1762312345678901234");
        kept("10.12.13.14 192.168.100.200:13812 2026-11-05 11:05:03.123456");
        kept("550e8400-e29b-41d4-a716-446655440000 0af7651916cd43dd8448eb211c80319c");
        kept("200 138 1234 56789");
        kept("%2F2213812345678 and 50%2013");
        kept("heap_used: 15032385536, rss=15032385536 and read 15032385536 bytes in 3 s, 13812345678B");
        kept("memory used 17179869184, 剩余内存 15900000000, 耗时13812345678纳秒 lag=17712345678");
        kept("amount=15032385536 支付单 13812345678 运单13812345678 交易号：13812345678 金额：13812345678");
        kept("memory used 15900000000 of heap max: 15900000000");
        taken("手机号 = 13812345678.0, 13812345678.07", "手机号 = <phone>.0, 13812345678.07");
        taken("toll free 13812345678, he used 13812345678", "toll free <phone>, he used <phone>");
        taken("13812345678 but late, 13812345678 msg", "<phone> but late, <phone> msg");
    }

    #[test]
    fn identity_cards() {
        taken("身份证11010519491231002X已核验", "身份证<id-card>已核验");
        taken("id 110105 19491231 002X", "id <id-card>");
        taken("user-11010519491231002x-a", "user-<id-card>-a");
        taken("身份证号：110105491231002", "身份证号：<id-card>");
        taken("id_card=110105491231002", "id_card=<id-card>");
        kept("110105194912310021");
        kept("110105491231002");
        kept("202611051105030001 and order 110105194912310020");
        kept("a11010519491231002X");
    }

    #[test]
    fn cards() {
        taken("card 4111111111111111 declined", "card <card> declined");
        taken("card 4111 1111 1111 1111, 5555-5555-5555-4444", "card <card>, <card>");
        taken("卡号6222021234567890128扣款失败", "卡号<card>扣款失败");
        taken("amex 3782 822463 10005", "amex <card>");
        taken("Card #4111111111111111, 卡号 #4111 1111 1111 1111", "Card #<card>, 卡号 #<card>");
        kept("issue #4111111111111111");
        kept("card 4111111111111112");
        kept("order_id=4111111111111111 offset=4111111111111111");
        kept("order-4111111111111111 4111111111111111.0");
        kept("4111 1111 1111 1112");
    }
}
