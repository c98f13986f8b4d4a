//! Numbers as measurements are most often written.

/// Digits, a point and digits, at most fifteen in all: the quotient of two numbers that are exact is what
/// any parser would make of it. None for anything else.
///
/// Source: William Clinger, "How to Read Floating Point Numbers Accurately" (1990), the simple case.
pub(crate) fn short_decimal(text: &[u8]) -> Option<f64> {
    const DIGITS_MAX: usize = 15;
    const POWERS: [f64; DIGITS_MAX + 1] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (is_negative, digits) = text.strip_prefix(b"-").map_or((false, text), |digits| (true, digits));
    if digits.len() > DIGITS_MAX + 1 {
        return None;
    }
    let (mut whole, mut seen, mut point) = (0_u64, 0, None);
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                whole = whole * 10 + u64::from(byte - b'0');
                seen += 1;
            }
            b'.' if point.is_none() && seen > 0 => point = Some(seen),
            _ => return None,
        }
    }
    let after_point = point.map_or(0, |point| seen - point);
    if seen == 0 || seen > DIGITS_MAX || (point.is_some() && after_point == 0) {
        return None;
    }
    let number = whole as f64 / POWERS.get(after_point)?;
    Some(if is_negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn short_decimals_are_read_as_any_parser_reads_them(text in "-?[0-9]{0,9}\\.?[0-9]{0,9}", like in "[-+.0-9eE ]{0,8}") {
            for text in [text, like] {
                if let Some(number) = short_decimal(text.as_bytes()) {
                    prop_assert_eq!(number.to_bits(), text.parse::<f64>().unwrap().to_bits());
                }
            }
        }
    }

    #[test]
    fn what_is_not_digits_around_a_point_is_left_to_others() {
        assert_eq!(
            (short_decimal(b"-12.50"), short_decimal(b"5."), short_decimal(b".5")),
            (Some(-12.5), None, None)
        );
    }
}
