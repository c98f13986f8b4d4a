//! What do the bytes say about their encoding?

use chrono_tz::Tz;

use super::{DetectedEncoding, Encoding};

/// Bytes that are looked at: detection is about letters, not about lines.
const LOOK_BYTES: usize = 64 << 10;

/// Share of a UTF-16 text's units that must be plain ASCII: digits, blanks and line ends of any log.
const ASCII_UNITS_MIN: f64 = 0.05;

/// Fewer letters are told by where they were written.
const FEW_LETTERS: usize = 16;

pub(super) fn tell(head: &[u8], zone: Tz) -> Option<DetectedEncoding> {
    let head = head.get(..LOOK_BYTES).unwrap_or(head);
    let found = |encoding, reason: &str| Some(DetectedEncoding { encoding, reason: reason.to_owned() });
    match head {
        // UTF-32 begins alike and is not read.
        [0xFF, 0xFE, 0, 0, ..] | [0xEF, 0xBB, 0xBF, ..] => return None,
        [0xFF, 0xFE, ..] => {
            return found(Encoding::UTF_16LE, "it begins with the byte order mark of UTF-16LE");
        }
        [0xFE, 0xFF, ..] => {
            return found(Encoding::UTF_16BE, "it begins with the byte order mark of UTF-16BE");
        }
        _ => {}
    }
    if memchr::memchr(0, head).is_some() {
        let told = utf16_without_mark(head).and_then(|(encoding, reason)| found(encoding, reason));
        // A hole in a text says nothing about its letters.
        if told.is_some() || crate::detect::has_lone_nul(head) {
            return told;
        }
    }
    if !has_foreign_lines(head) {
        return None;
    }
    let sample = upto_last_line(head);
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, false);
    let country = country_of(zone);
    // Logs in other languages are read beside Chinese ones, too: of enough letters, those tell by themselves.
    let hint = Some(country).filter(|country| *country != CHINA);
    let guess = detector.guess(hint, chardetng::Utf8Detection::Deny);
    let (common, other) = pairs(sample);
    let is_short = (1..FEW_LETTERS).contains(&common) && other == 0;
    let is_chinese = country == CHINA && (is_short || is_common_chinese(common, other));
    if guess == encoding_rs::GBK || guess == encoding_rs::GB18030 || is_chinese {
        let reason = "its letters are no UTF-8 and read as Chinese in GB18030";
        return mostly_reads(encoding_rs::GB18030, sample)
            .then(|| found(Encoding::GB18030, reason))
            .flatten();
    }
    // In an encoding of one byte per letter anything at all can be read: that is no evidence.
    let of_two_bytes = [encoding_rs::BIG5, encoding_rs::SHIFT_JIS, encoding_rs::EUC_JP, encoding_rs::EUC_KR];
    if of_two_bytes.contains(&guess) && mostly_reads(guess, sample) {
        let reason = format!("its letters are no UTF-8 and read well in {}", guess.name());
        return Some(DetectedEncoding { encoding: Encoding(guess), reason });
    }
    // Too little text for a guess, but nothing else fits.
    let reason = "its letters are no UTF-8, and all of them are common ones in GB18030";
    (common > 0 && other == 0).then(|| found(Encoding::GB18030, reason)).flatten()
}

/// The country that decides where letters alone do not, as in names of hosts.
const CHINA: &[u8] = b"cn";

const fn country_of(zone: Tz) -> &'static [u8] {
    match zone {
        Tz::Asia__Tokyo | Tz::Japan => b"jp",
        Tz::Asia__Seoul | Tz::ROK => b"kr",
        Tz::Asia__Taipei | Tz::ROC | Tz::Asia__Hong_Kong | Tz::Hongkong | Tz::Asia__Macau => b"tw",
        _ => CHINA,
    }
}

/// Whether most of the lines that are no ASCII can be read: a few may be broken.
fn mostly_reads(encoding: &'static encoding_rs::Encoding, sample: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for line in sample.split(|byte| *byte == b'\n').filter(|line| !line.is_ascii()) {
        let mut decoder = encoding.new_decoder_without_bom_handling();
        let mut text = String::with_capacity(decoder.max_utf8_buffer_length(line.len()).unwrap_or(0));
        // Without a line feed at its end the head may cut a letter, so that the end is left open.
        let (_, _, had_errors) = decoder.decode_to_string(line, &mut text, false);
        *(if had_errors { &mut bad } else { &mut good }) += 1;
    }
    good > bad
}

/// The head may end in the middle of a letter; a line feed is one in all of these encodings.
fn upto_last_line(head: &[u8]) -> &[u8] {
    let end = memchr::memrchr(b'\n', head).map_or(head.len(), |at| at + 1);
    head.get(..end).unwrap_or(head)
}

/// A few broken lines in a file of UTF-8 are rejected one by one; more foreign lines than good ones
/// make a text in another encoding.
fn has_foreign_lines(head: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    let mut lines = head.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        if line.is_ascii() {
            continue;
        }
        match std::str::from_utf8(line) {
            Ok(_) => good += 1,
            // The last line may be cut in the middle of a letter.
            Err(error) if error.error_len().is_none() && lines.peek().is_none() => {}
            Err(_) => bad += 1,
        }
    }
    bad > good
}

/// ASCII in UTF-16 is every other byte a zero.
fn utf16_without_mark(head: &[u8]) -> Option<(Encoding, &'static str)> {
    let (pairs, _) = head.as_chunks::<2>();
    let units = pairs.len();
    if units < 2 {
        return None;
    }
    let is_text = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x1B | b' '..=b'~');
    let lower_first = pairs.iter().filter(|pair| is_text(pair[0]) && pair[1] == 0).count();
    let higher_first = pairs.iter().filter(|pair| pair[0] == 0 && is_text(pair[1])).count();
    let (encoding, ascii, reason) = if lower_first > higher_first {
        (Encoding::UTF_16LE, lower_first, "every other byte is zero, as in UTF-16LE without a mark")
    } else {
        (Encoding::UTF_16BE, higher_first, "every other byte is zero, as in UTF-16BE without a mark")
    };
    let text = encoding.decode_head(head);
    let odd = text
        .chars()
        .filter(|letter| *letter == '\u{FFFD}' || (letter.is_control() && !"\t\n\r\u{1B}".contains(*letter)));
    let is_clean = odd.count() * 100 <= units;
    (is_clean && ascii as f64 >= ASCII_UNITS_MIN * units as f64).then_some((encoding, reason))
}

/// Pairs of bytes that are one of the 3,755 common characters of GB 2312 (rows B0 to D7) or its
/// punctuation, and high bytes in no such pair.
fn pairs(sample: &[u8]) -> (usize, usize) {
    let (mut common, mut other, mut at) = (0, 0, 0);
    while let Some(lead) = sample.get(at) {
        if *lead < 0x80 {
            at += 1;
            continue;
        }
        // The head may end in the middle of a letter.
        let Some(trail) = sample.get(at + 1).copied() else { break };
        let is_common = matches!(lead, 0xA1..=0xA3 | 0xB0..=0xD7) && trail >= 0xA1;
        if is_common {
            common += 1;
        } else {
            other += 1;
        }
        at += if trail >= 0x40 { 2 } else { 1 };
    }
    (common, other)
}

const fn is_common_chinese(common: usize, other: usize) -> bool {
    common >= 8 && other * 10 <= common
}
