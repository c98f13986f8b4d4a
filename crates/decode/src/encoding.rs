//! Which encoding is a text in, and how does it become UTF-8?
//!
//! Told by a byte order mark, by zeros (UTF-16) or by what reads well; never by a name. Declared
//! encodings come first. What is malformed becomes U+FFFD and is counted ([`Transcoding::replaced`]);
//! a decoder opened with [`crate::Origin::transcoded_from`] rejects the records that hold it, so that
//! no mojibake passes for text.

mod tell;
mod transcoding;

use std::borrow::Cow;

pub use transcoding::Transcoding;

use crate::{DecodeError, DecodeOptions};

/// An encoding other than UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

/// The encoding of a source, and how it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectedEncoding {
    /// The encoding.
    pub encoding: Encoding,
    /// Why, in words for people.
    pub reason: String,
}

impl Encoding {
    /// GB18030, which holds all of GBK and GB 2312.
    pub const GB18030: Self = Self(encoding_rs::GB18030);
    /// UTF-16 with the lower byte first.
    pub const UTF_16LE: Self = Self(encoding_rs::UTF_16LE);
    /// UTF-16 with the higher byte first.
    pub const UTF_16BE: Self = Self(encoding_rs::UTF_16BE);

    /// Those that logs are in most often, beside UTF-8.
    pub const USUAL: [Self; 9] = [
        Self::GB18030,
        Self::UTF_16LE,
        Self::UTF_16BE,
        Self(encoding_rs::BIG5),
        Self(encoding_rs::SHIFT_JIS),
        Self(encoding_rs::EUC_JP),
        Self(encoding_rs::EUC_KR),
        Self(encoding_rs::WINDOWS_1251),
        Self(encoding_rs::WINDOWS_1252),
    ];

    /// The encoding of that name, as the WHATWG and iconv call it; none for UTF-8, which needs no
    /// transcoding, and for names that are not known.
    pub fn by_name(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        let found = match name.replace('_', "-").as_str() {
            "gbk" | "gb2312" | "cp936" => encoding_rs::GB18030,
            "utf16" | "utf16le" | "utf-16le" => encoding_rs::UTF_16LE,
            "utf16be" | "utf-16be" => encoding_rs::UTF_16BE,
            _ => encoding_rs::Encoding::for_label(name.as_bytes())?,
        };
        (found != encoding_rs::UTF_8 && found != encoding_rs::REPLACEMENT).then_some(Self(found))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        if self == Self::GB18030 { "GB18030" } else { self.0.name() }
    }

    /// All of a short text; none where something in it is malformed.
    pub fn decode_whole(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        self.0.decode_without_bom_handling_and_without_replacement(bytes)
    }

    /// Looks at the head of a source; none where it is UTF-8 or cannot be told. What a few letters leave open is
    /// decided by the zone: Chinese, unless it is one of Japan, Korea or Taiwan.
    pub fn detect(head: &[u8], zone: chrono_tz::Tz) -> Option<DetectedEncoding> {
        tell::tell(head, zone)
    }

    /// What a text may be in that is no UTF-8 and in nothing that its bytes tell: the most common encoding of
    /// one byte per letter. A guess, for people to confirm; nothing is read by it alone.
    pub fn guess(head: &[u8]) -> Option<DetectedEncoding> {
        let is_utf8 = std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
        let encoding = Self(encoding_rs::WINDOWS_1252);
        let reason = "a guess, the text is no UTF-8; name another where letters look wrong below".to_owned();
        (!is_utf8 && !head.contains(&0)).then_some(DetectedEncoding { encoding, reason })
    }

    /// The encoding that a source has to be read in: as declared by the caller, by the first mapping
    /// that names one and whose test the text passes in it, or as told by the bytes.
    pub fn of_source(
        head: &[u8],
        head_is_whole: bool,
        declared: Option<Self>,
        options: &DecodeOptions,
    ) -> Option<DetectedEncoding> {
        if let Some(encoding) = declared {
            return Some(DetectedEncoding { encoding, reason: "as declared".to_owned() });
        }
        let by_mapping = options.mappings_for_source().find_map(|mapping| {
            let encoding = mapping.encoding()?;
            let text = encoding.decode_head(head);
            let fits = crate::detect::fits(mapping, text.as_bytes(), head_is_whole);
            let reason = format!("the mapping {} says so", mapping.name);
            fits.then_some(DetectedEncoding { encoding, reason })
        });
        by_mapping.or_else(|| Self::detect(head, options.zone))
    }

    /// The head of a source as text; what the cut leaves of its last letter is dropped.
    fn decode_head(self, head: &[u8]) -> String {
        let mut decoder = self.0.new_decoder_with_bom_removal();
        let mut text = String::with_capacity(head.len() * 3 + 16);
        let _ = decoder.decode_to_string(head, &mut text, false);
        text
    }

    pub(crate) const fn inner(self) -> &'static encoding_rs::Encoding {
        self.0
    }
}

/// What a caller tells who did not transcode.
pub(crate) fn refuse(head: &[u8], zone: chrono_tz::Tz) -> Result<(), DecodeError> {
    match Encoding::detect(head, zone) {
        Some(found) => Err(DecodeError::Encoding { encoding: found.encoding.name().to_owned() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
