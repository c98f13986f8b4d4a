//! Is this row of digits a number of that kind? Check digits, prefixes, dates.

/// The digit at a place, as a number.
fn digit(digits: &[u8], at: usize) -> Option<u32> {
    digits.get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| u32::from(byte - b'0'))
}

/// The digits from `from` to `to` as a number.
fn number(digits: &[u8], from: usize, to: usize) -> Option<u32> {
    (from..to).try_fold(0_u32, |sum, at| sum.checked_mul(10)?.checked_add(digit(digits, at)?))
}

/// A mobile number of mainland China: 11 digits from 13 to 19.
pub(crate) fn is_mobile(digits: &[u8]) -> bool {
    digits.len() == 11 && digits.first() == Some(&b'1') && matches!(digits.get(1), Some(b'3'..=b'9'))
}

/// Codes of provinces in GB/T 2260, and of Hong Kong, Macau and Taiwan in residence permits.
fn is_province(code: u32) -> bool {
    matches!(code, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91)
}

fn is_day(month: u32, day: u32) -> bool {
    let days = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// A number of a resident identity card after GB 11643-1999: province, date of birth, check digit after
/// ISO 7064 MOD 11-2.
pub(crate) fn is_id_card(digits: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let check = || {
        let province = number(digits, 0, 2)?;
        let (year, month, day) = (number(digits, 6, 10)?, number(digits, 10, 12)?, number(digits, 12, 14)?);
        let mut sum = 0;
        for (at, weight) in WEIGHTS.into_iter().enumerate() {
            sum += digit(digits, at)? * weight;
        }
        let expected = CHECKS.get((sum % 11) as usize)?;
        let is_right = digits.get(17).is_some_and(|last| last.eq_ignore_ascii_case(expected));
        Some(is_province(province) && (1900..2100).contains(&year) && is_day(month, day) && is_right)
    };
    digits.len() == 18 && check().unwrap_or_default()
}

/// The form of before 1999: 15 digits, the year with two, no check digit.
pub(crate) fn is_old_id_card(digits: &[u8]) -> bool {
    let check = || {
        let (month, day) = (number(digits, 8, 10)?, number(digits, 10, 12)?);
        Some(is_province(number(digits, 0, 2)?) && is_day(month, day))
    };
    digits.len() == 15 && check().unwrap_or_default()
}

/// A number of a bank or payment card: prefix and length of an issuer (ISO/IEC 7812), check digit after
/// Luhn.
pub(crate) fn is_card(digits: &[u8]) -> bool {
    is_issued(digits) && is_luhn(digits)
}

fn is_issued(digits: &[u8]) -> bool {
    let prefix = |length: usize| number(digits, 0, length).unwrap_or_default();
    match digits.len() {
        // Visa's oldest.
        13 => prefix(1) == 4,
        // Diners Club.
        14 => matches!(prefix(3), 300..=305) || matches!(prefix(2), 36 | 38 | 39),
        // American Express.
        15 => matches!(prefix(2), 34 | 37),
        // Visa, Mastercard, Discover, JCB, UnionPay, and what Chinese banks gave out before it.
        16 => {
            prefix(1) == 4
                || matches!(prefix(2), 51..=55 | 62 | 65)
                || matches!(prefix(3), 644..=649)
                || matches!(prefix(4), 2221..=2720 | 3528..=3589 | 6011)
        }
        17 | 18 => prefix(2) == 62,
        19 => prefix(2) == 62 || prefix(4) == 9558 || prefix(6) == 603_367,
        _ => false,
    }
}

fn is_luhn(digits: &[u8]) -> bool {
    let mut sum = 0;
    for (at, byte) in digits.iter().rev().enumerate() {
        let value = u32::from(byte.wrapping_sub(b'0'));
        if value > 9 {
            return false;
        }
        let doubled = if at % 2 == 1 { value * 2 } else { value };
        sum += if doubled > 9 { doubled - 9 } else { doubled };
    }
    sum % 10 == 0
}

/// Digits of the country code at the head of an international number (ITU-T E.164); none where there is no
/// such country.
pub(crate) fn country_code_digits(digits: &[u8]) -> Option<usize> {
    let two = number(digits, 0, 2)?;
    match two {
        10..=19 | 70..=79 => return Some(1),
        20 | 27 | 30..=34 | 36 | 39..=41 | 43..=49 | 51..=58 | 60..=66 | 81 | 82 | 84 | 86 | 90..=95 | 98 => {
            return Some(2);
        }
        _ => {}
    }
    let three = number(digits, 0, 3)?;
    let exists = matches!(three, 211..=213 | 216 | 218 | 220..=269 | 290 | 291 | 297..=299 | 350..=359 | 370..=389
        | 420..=423 | 500..=509 | 590..=599 | 670..=692 | 850..=856 | 870 | 880..=888 | 960..=979 | 992..=998);
    exists.then_some(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_of_identity_cards() {
        assert!(is_id_card(b"11010519491231002X"));
        assert!(is_id_card(b"11010519491231002x"));
        assert!(!is_id_card(b"110105194912310021"), "another check digit");
        assert!(!is_id_card(b"99010519491231002X"), "no such province");
        assert!(!is_id_card(b"110105194913310020"), "no such month");
        assert!(!is_id_card(b"11010519490230002X"), "no such day");
        assert!(is_old_id_card(b"110105491231002"));
        assert!(!is_old_id_card(b"110105491331002"));
    }

    #[test]
    fn check_digits_and_prefixes_of_cards() {
        let cards: [&[u8]; 8] = [
            b"4111111111111111",
            b"5555555555554444",
            b"2223003122003222",
            b"378282246310005",
            b"30569309025904",
            b"6011111111111117",
            b"3530111333300000",
            b"6200000000000005",
        ];
        for card in cards {
            assert!(is_card(card), "{}", String::from_utf8_lossy(card));
            let mut other = card.to_vec();
            let last = other.len() - 1;
            other[last] = if other[last] == b'9' { b'0' } else { other[last] + 1 };
            assert!(!is_card(&other));
        }
        // Instants in milliseconds, microseconds and nanoseconds begin with 1 until 2033.
        assert!(
            (0..100_000)
                .all(|step| !is_issued((1_700_000_000_000_u64 + step * 9_999_991).to_string().as_bytes()))
        );
        assert!(!is_issued(b"1762312345678901"));
        assert!(!is_issued(b"1762312345678901234"));
    }

    #[test]
    fn countries_exist() {
        assert_eq!(country_code_digits(b"8613812345678"), Some(2));
        assert_eq!(country_code_digits(b"14155552671"), Some(1));
        assert_eq!(country_code_digits(b"85291234567"), Some(3));
        assert_eq!(country_code_digits(b"0800"), None);
        assert_eq!(country_code_digits(b"2100000000"), None);
    }
}
