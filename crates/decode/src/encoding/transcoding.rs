//! A reader that gives UTF-8 for whatever lies below it.

use std::io::Read;

use encoding_rs::{Decoder, DecoderResult};

use super::Encoding;

/// Bytes taken from the source at once.
const INPUT_BYTES: usize = 64 << 10;

/// UTF-8 that was made from one piece of input: no encoding needs more than three bytes for one.
const OUTPUT_BYTES: usize = 3 * INPUT_BYTES + 16;

/// What stands for a byte sequence that the encoding does not know.
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

/// Reads a text in another encoding as UTF-8, without its byte order mark.
///
/// A malformed sequence becomes U+FFFD; how many did, [`Self::replaced`] says. A letter that the end of the source
/// cuts is left out: what is there when the source has grown begins with what was read before.
pub struct Transcoding<R> {
    source: R,
    decoder: Decoder,
    input: Box<[u8]>,
    /// What of the input was read and not yet decoded.
    pending: std::ops::Range<usize>,
    output: Vec<u8>,
    taken: usize,
    is_over: bool,
    replaced: u64,
}

impl<R> std::fmt::Debug for Transcoding<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Transcoding");
        shown.field("encoding", &self.decoder.encoding().name()).field("replaced", &self.replaced);
        shown.finish_non_exhaustive()
    }
}

impl<R> Transcoding<R> {
    /// Reads `source`, which is in `encoding`, from its beginning.
    pub fn new(source: R, encoding: Encoding) -> Self {
        Self {
            source,
            decoder: encoding.inner().new_decoder_with_bom_removal(),
            input: vec![0; INPUT_BYTES].into_boxed_slice(),
            pending: 0..0,
            output: Vec::with_capacity(OUTPUT_BYTES),
            taken: 0,
            is_over: false,
            replaced: 0,
        }
    }

    /// How many malformed sequences became U+FFFD so far.
    pub fn replaced(&self) -> u64 {
        self.replaced
    }

    /// The reader below.
    pub fn get_ref(&self) -> &R {
        &self.source
    }
}

impl<R: Read> Transcoding<R> {
    /// Decodes the next piece of input into the empty output.
    fn refill(&mut self) -> std::io::Result<()> {
        self.output.clear();
        self.taken = 0;
        let mut is_last = false;
        if self.pending.is_empty() {
            let length = loop {
                match self.source.read(&mut self.input) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            self.pending = 0..length;
            is_last = length == 0;
        }
        self.output.resize(OUTPUT_BYTES, 0);
        let mut written = 0;
        loop {
            let source = self.input.get(self.pending.clone()).unwrap_or_default();
            let target = self.output.get_mut(written..).unwrap_or_default();
            let (result, read, wrote) =
                self.decoder.decode_to_utf8_without_replacement(source, target, is_last);
            self.pending.start += read;
            written += wrote;
            match result {
                DecoderResult::InputEmpty => break,
                // The rest is decoded into the next output.
                DecoderResult::OutputFull => {
                    is_last = false;
                    break;
                }
                DecoderResult::Malformed(..) if is_last => break,
                DecoderResult::Malformed(..) => {
                    self.replaced += 1;
                    match self.output.get_mut(written..written + REPLACEMENT.len()) {
                        Some(place) => place.copy_from_slice(REPLACEMENT),
                        None => self.output.splice(written.., REPLACEMENT.iter().copied()).for_each(drop),
                    }
                    written += REPLACEMENT.len();
                }
            }
        }
        self.output.truncate(written);
        self.is_over = is_last;
        Ok(())
    }
}

impl<R: Read> Read for Transcoding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.taken >= self.output.len() {
            if self.is_over {
                return Ok(0);
            }
            self.refill()?;
        }
        let ready = self.output.get(self.taken..).unwrap_or_default();
        let length = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), ready.get(..length)) {
            to.copy_from_slice(from);
        }
        self.taken += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives its bytes in pieces of the size.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = self.1.min(buffer.len()).min(self.0.len());
            let (piece, rest) = self.0.split_at(length);
            buffer[..length].copy_from_slice(piece);
            self.0 = rest;
            Ok(length)
        }
    }

    fn transcode(bytes: &[u8], encoding: Encoding, piece: usize) -> (Vec<u8>, u64) {
        let mut reader = Transcoding::new(Pieces(bytes, piece), encoding);
        let mut text = Vec::new();
        reader.read_to_end(&mut text).unwrap();
        (text, reader.replaced())
    }

    #[test]
    fn letters_are_whole_wherever_the_source_is_cut() {
        let text = "2026-11-05 11:05:03 错误 支付失败:连接池耗尽 𠮷\n";
        let (gbk, ..) = encoding_rs::GB18030.encode(text);
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut marked = vec![0xFE, 0xFF];
        marked.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        for piece in 1..12 {
            for (bytes, encoding) in [
                (gbk.as_ref(), Encoding::GB18030),
                (utf16.as_slice(), Encoding::UTF_16LE),
                (marked.as_slice(), Encoding::UTF_16BE),
            ] {
                assert_eq!(transcode(bytes, encoding, piece), (text.as_bytes().to_vec(), 0), "{encoding:?}");
            }
        }
    }

    #[test]
    fn what_is_malformed_is_counted() {
        let (text, replaced) = transcode(b"a\xFFb\n\xB4\xED", Encoding::GB18030, 2);
        assert_eq!((String::from_utf8(text).unwrap().as_str(), replaced), ("a\u{FFFD}b\n错", 1));
    }

    #[test]
    fn a_text_that_is_cut_is_the_beginning_of_the_whole_one() {
        let text = "错误 a支付 𠮷\n";
        let (gbk, ..) = encoding_rs::GB18030.encode(text);
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, encoding) in [(gbk.as_ref(), Encoding::GB18030), (utf16.as_slice(), Encoding::UTF_16LE)] {
            for cut in 0..bytes.len() {
                let (read, replaced) = transcode(&bytes[..cut], encoding, 7);
                assert!(text.as_bytes().starts_with(&read) && replaced == 0, "{encoding:?} {cut}");
            }
        }
    }

    #[test]
    fn long_texts_pass_in_pieces() {
        let text = "支付失败\n".repeat(50_000);
        let (gbk, ..) = encoding_rs::GB18030.encode(&text);
        assert_eq!(transcode(&gbk, Encoding::GB18030, usize::MAX), (text.clone().into_bytes(), 0));
        let broken = vec![0xFF; 300_000];
        assert_eq!(transcode(&broken, Encoding::GB18030, usize::MAX).1, 300_000);
    }

    proptest! {
        #[test]
        fn any_bytes_become_utf8_the_same_in_any_pieces(
            bytes in prop::collection::vec(any::<u8>(), 0..300), piece in 1usize..40,
        ) {
            for encoding in [Encoding::GB18030, Encoding::UTF_16LE, Encoding::UTF_16BE] {
                let whole = transcode(&bytes, encoding, usize::MAX);
                prop_assert!(std::str::from_utf8(&whole.0).is_ok());
                prop_assert_eq!(&transcode(&bytes, encoding, piece), &whole);
                let mut expected = String::with_capacity(bytes.len() * 3 + 16);
                let mut decoder = encoding.inner().new_decoder_with_bom_removal();
                let _ = decoder.decode_to_string(&bytes, &mut expected, false);
                prop_assert_eq!(String::from_utf8_lossy(&whole.0), expected);
            }
        }
    }
}
