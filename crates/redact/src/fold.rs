//! Letters that are written in another way: in full width, as Chinese input methods write them, or escaped, as JSON
//! (`\\u5bc6`, `\\n`) and URLs (`%3D`) write them. They are the same to a rule.

/// A text with every full-width form as its ASCII twin, and where each byte came from.
pub(crate) struct Folded {
    pub(crate) text: String,
    /// For each byte of `text`, and its end: the place in the original.
    places: Vec<usize>,
}

impl Folded {
    /// The place in the original.
    pub(crate) fn place(&self, at: usize) -> usize {
        self.places.get(at).copied().unwrap_or_default()
    }
}

/// Whether there is a digit or an `@` in full width; their punctuation alone is in every Chinese text.
pub(crate) fn is_needed(text: &[u8]) -> bool {
    memchr::memchr_iter(0xEF, text)
        .any(|at| matches!(text.get(at..at + 3), Some([_, 0xBC, 0x90..=0x99 | 0xA0])))
}

/// The text with ASCII in the place of full-width forms.
pub(crate) fn fold(text: &str) -> Folded {
    let mut folded =
        Folded { text: String::with_capacity(text.len()), places: Vec::with_capacity(text.len()) };
    for (place, letter) in text.char_indices() {
        let twin = match u32::from(letter) {
            code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(letter),
            0x3000 => ' ',
            _ => letter,
        };
        folded.text.push(twin);
        // The bytes of one letter keep their distances, so that its end is its end.
        folded.places.extend((0..twin.len_utf8()).map(|byte| place + byte));
    }
    folded.places.push(text.len());
    folded
}

/// Whether a letter is escaped in a way that can hide something from a rule.
pub(crate) fn has_escapes(text: &[u8]) -> bool {
    memchr::memchr2_iter(b'\\', b'%', text).any(|at| escaped(text.get(at..).unwrap_or_default()).is_some())
}

/// A byte as URLs write it, `%2B`.
pub(crate) fn percent_encoded(written: &[u8]) -> Option<u8> {
    let [b'%', digits @ ..] = written else { return None };
    u8::from_str_radix(std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?, 16).ok()
}

/// The letter that an escape at the head of a text stands for, and the bytes of the escape.
fn escaped(text: &[u8]) -> Option<(char, usize)> {
    let code = |digits: Option<&[u8]>| {
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
        char::from_u32(u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?)
    };
    match text {
        [b'\\', b'n' | b'r' | b't', ..] => Some((' ', 2)),
        [b'\\', b'u', ..] => code(text.get(2..6)).map(|letter| (letter, 6)),
        [b'%', ..] => {
            let byte = percent_encoded(text.get(..3)?).filter(u8::is_ascii)?;
            Some((char::from(byte), 3))
        }
        _ => None,
    }
}

/// The text with the letters that escapes stand for.
pub(crate) fn unescape(text: &str) -> Folded {
    let mut folded =
        Folded { text: String::with_capacity(text.len()), places: Vec::with_capacity(text.len()) };
    let mut place = 0;
    while let Some(rest) = text.get(place..).filter(|rest| !rest.is_empty()) {
        let Some((letter, width)) = escaped(rest.as_bytes())
            .or_else(|| rest.chars().next().map(|letter| (letter, letter.len_utf8())))
        else {
            break;
        };
        folded.text.push(letter);
        // A letter that begins in the middle of another one is asked for by nobody.
        folded.places.extend(std::iter::repeat_n(place, letter.len_utf8()));
        place += width;
    }
    folded.places.push(text.len());
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_letters() {
        let text = r#"{"\u624b\u673a":"\n138%40x %zz \u12"}"#;
        assert!(has_escapes(text.as_bytes()));
        let folded = unescape(text);
        assert_eq!(folded.text, r#"{"手机":" 138@x %zz \u12"}"#);
        let (start, end) = (folded.text.find('1').unwrap(), folded.text.find('@').unwrap());
        assert_eq!(text.get(folded.place(start)..folded.place(end)), Some("138"));
        assert_eq!(folded.place(folded.text.len()), text.len());
        assert!(!has_escapes(r#"50 % of {\"a\":1} in C:\dir"#.as_bytes()));
    }

    #[test]
    fn places_lead_back_to_the_original() {
        let text = "电话：１３８，ok";
        assert!(is_needed(text.as_bytes()));
        let folded = fold(text);
        assert_eq!(folded.text, "电话:138,ok");
        let (start, end) = (folded.text.find('1').unwrap(), folded.text.find(',').unwrap());
        assert_eq!(text.get(folded.place(start)..folded.place(end)), Some("１３８"));
        assert_eq!(folded.place(folded.text.len()), text.len());
        assert!(!is_needed("支付失败，请重试：超时".as_bytes()));
    }
}
