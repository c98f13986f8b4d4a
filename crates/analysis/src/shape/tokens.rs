//! What kind of value stands at the head of these bytes?
//!
//! Each recogniser looks at a bounded number of bytes, so that masking stays linear.

/// A run of ASCII letters and digits.
pub(super) struct Word {
    /// Its length.
    pub(super) bytes: usize,
    digits: usize,
    /// How often letters and digits take turns.
    turns: usize,
    is_hex: bool,
    starts_with_digit: bool,
}

impl Word {
    pub(super) fn at(bytes: &[u8]) -> Self {
        let mut word = Self {
            bytes: 0,
            digits: 0,
            turns: 0,
            is_hex: true,
            starts_with_digit: bytes.first().is_some_and(u8::is_ascii_digit),
        };
        let mut was_digit = word.starts_with_digit;
        for &byte in bytes {
            if !byte.is_ascii_alphanumeric() {
                break;
            }
            let is_digit = byte.is_ascii_digit();
            word.bytes += 1;
            word.digits += usize::from(is_digit);
            word.turns += usize::from(is_digit != was_digit);
            word.is_hex &= byte.is_ascii_hexdigit();
            was_digit = is_digit;
        }
        word
    }

    /// Digits only, or digits and then a unit: may go on behind a point or a colon.
    pub(super) fn is_number_like(&self) -> bool {
        self.starts_with_digit && (self.turns == 0 || (self.turns == 1 && !self.is_id()))
    }

    /// An id as a whole: hex from six characters, `0x…`, or letters and digits well mixed
    /// (`x2k4z`, `10m30s`). `v2`, `http2`, `db03`, `3xx` are not.
    pub(super) fn is_id(&self) -> bool {
        if self.digits == 0 || self.turns == 0 {
            return false;
        }
        (self.is_hex && self.bytes >= 6)
            || (self.starts_with_digit && self.turns >= 2)
            || (self.turns >= 3 && self.bytes >= 5)
            || (self.turns >= 2 && self.bytes >= 8)
    }
}

/// Whether a UUID (8-4-4-4-12 hex) stands here and ends with its 36th byte.
pub(super) fn uuid_bytes(bytes: &[u8]) -> bool {
    let Some(uuid) = bytes.get(..36) else { return false };
    if uuid[8] != b'-' || uuid[13] != b'-' || uuid[18] != b'-' || uuid[23] != b'-' {
        return false;
    }
    uuid.iter()
        .enumerate()
        .all(|(index, &byte)| matches!(index, 8 | 13 | 18 | 23) || byte.is_ascii_hexdigit())
        && !bytes.get(36).is_some_and(u8::is_ascii_alphanumeric)
}

/// Length of an IPv6 address here: eight groups, or fewer with `::`. Times (`11:05:03`) have
/// neither.
pub(super) fn ip_v6_bytes(bytes: &[u8]) -> Option<usize> {
    let first_group = bytes.iter().take(5).take_while(|byte| byte.is_ascii_hexdigit()).count();
    if first_group == 0 || first_group > 4 || bytes.get(first_group) != Some(&b':') {
        return None;
    }
    let (mut at, mut groups, mut elided) = (first_group, 1, false);
    while bytes.get(at) == Some(&b':') {
        let is_elision = bytes.get(at + 1) == Some(&b':') && !elided;
        let next = at + 1 + usize::from(is_elision);
        let group =
            bytes[next.min(bytes.len())..].iter().take(5).take_while(|byte| byte.is_ascii_hexdigit()).count();
        if group > 4 || (group == 0 && !is_elision) {
            break;
        }
        elided |= is_elision;
        groups += usize::from(group > 0);
        at = next + group;
        if group == 0 {
            break;
        }
    }
    let ends = !bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    (ends && ((elided && groups >= 2) || groups == 8)).then_some(at)
}

/// Length of the number here, with the `.`, `,` and `:` between its digits, and whether it is an
/// IPv4 address (whose port is not part of it).
pub(super) fn number_bytes(bytes: &[u8]) -> (usize, bool) {
    let (mut at, mut points, mut other) = (0, 0, 0);
    loop {
        at += bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let joined = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        match bytes.get(at) {
            Some(b'.') if joined => points += 1,
            Some(b',' | b':') if joined && points == 3 && other == 0 => return (at, true),
            Some(b',' | b':') if joined => other += 1,
            // 1e-5, 2.5E+10; the word behind the e is digits only.
            Some(b'e' | b'E')
                if matches!(bytes.get(at + 1), Some(b'-' | b'+'))
                    && bytes.get(at + 2).is_some_and(u8::is_ascii_digit) =>
            {
                at += 1;
            }
            _ => return (at, points == 3 && other == 0),
        }
        at += 1;
    }
}

/// Length of the date, date and time, or time of day with seconds that stands here.
pub(super) fn time_bytes(bytes: &[u8]) -> Option<usize> {
    let Some(date) = date_bytes(bytes) else {
        return clock_bytes(bytes);
    };
    let separator = usize::from(matches!(bytes.get(date), Some(b'T' | b't' | b' ')));
    let clock = if separator == 0 { None } else { clock_bytes(&bytes[date + 1..]) };
    let Some(clock) = clock else { return Some(date) };
    let end = date + separator + clock;
    Some(end + zone_bytes(&bytes[end..]))
}

/// `2026-11-11` or `2026/11/11`.
fn date_bytes(bytes: &[u8]) -> Option<usize> {
    let date = bytes.get(..10)?;
    let separated = matches!((date[4], date[7]), (b'-', b'-') | (b'/', b'/'));
    let digits =
        date.iter().enumerate().all(|(index, byte)| index == 4 || index == 7 || byte.is_ascii_digit());
    (separated && digits && !bytes.get(10).is_some_and(u8::is_ascii_digit)).then_some(10)
}

/// `11:05:03`, with a fraction after a point or a comma.
fn clock_bytes(bytes: &[u8]) -> Option<usize> {
    let clock = bytes.get(..8)?;
    let digits =
        clock.iter().enumerate().all(|(index, byte)| index == 2 || index == 5 || byte.is_ascii_digit());
    if !digits
        || clock[2] != b':'
        || clock[5] != b':'
        || bytes.get(8).is_some_and(|b| b.is_ascii_digit() || *b == b':')
    {
        return None;
    }
    let has_fraction =
        matches!(bytes.get(8), Some(b'.' | b',')) && bytes.get(9).is_some_and(u8::is_ascii_digit);
    let fraction = bytes[8..].iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
    Some(if has_fraction { 9 + fraction } else { 8 })
}

/// `Z`, `+08:00`, `+0800`, ` +0800` behind a time.
fn zone_bytes(bytes: &[u8]) -> usize {
    if matches!(bytes.first(), Some(b'Z' | b'z')) && !bytes.get(1).is_some_and(u8::is_ascii_alphanumeric) {
        return 1;
    }
    let space = usize::from(bytes.first() == Some(&b' '));
    if !matches!(bytes.get(space), Some(b'+' | b'-')) {
        return 0;
    }
    let digits =
        |from: usize| bytes.get(from..from + 2).is_some_and(|pair| pair.iter().all(u8::is_ascii_digit));
    let hours = space + 1;
    if !digits(hours) {
        return 0;
    }
    let minutes = hours + 2 + usize::from(bytes.get(hours + 2) == Some(&b':'));
    let end = if digits(minutes) { minutes + 2 } else { hours + 2 };
    if bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) { 0 } else { end }
}
