//! Digits and letters in full width, as Chinese input methods write them: the same to a rule.

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

#[cfg(test)]
mod tests {
    use super::*;

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
