//! Holes of NULs in a text: a program wrote on at its old place after its log was truncated (logrotate's
//! `copytruncate`), room was made before it was needed, or a power cut left a file longer than its data.
//!
//! They are taken out before anything else looks at the text, however long they are: the same lines are the same text
//! with a hole and without. What a hole cuts, has ended: the line behind it is one of its own.

use std::io::BufRead;

use memchr::memchr;

use crate::SourceProblem;
use crate::reader::fill;

/// Shorter runs pad a field, and stay.
pub(crate) const HOLE_BYTES_MIN: usize = 64;

/// Takes holes out of a text that comes in pieces.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holes {
    /// NULs that are held back: what follows them tells what they are.
    held: usize,
    /// The last byte of the text before them.
    last: Option<u8>,
}

impl Holes {
    /// Takes them out of what is new in the buffer: what lies behind `from`. NULs at its end are held back, and
    /// dropped where nothing follows.
    pub(crate) fn take_out(&mut self, buffer: &mut Vec<u8>, from: usize) {
        let Some(new) = buffer.get(from..).filter(|new| !new.is_empty()) else { return };
        if self.held > 0 || memchr(0, new).is_some() {
            let text = self.without(new);
            buffer.truncate(from);
            buffer.extend(text);
        }
        self.last = buffer.get(from..).and_then(<[u8]>::last).copied().or(self.last);
    }

    fn without(&mut self, mut rest: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(rest.len());
        loop {
            let nuls = rest.iter().take_while(|byte| **byte == 0).count();
            self.held += nuls;
            rest = rest.get(nuls..).unwrap_or_default();
            if rest.is_empty() {
                return text;
            }
            let held = std::mem::take(&mut self.held);
            if held < HOLE_BYTES_MIN {
                text.resize(text.len() + held, 0);
            } else if !matches!(text.last().copied().or(self.last), None | Some(b'\n')) {
                text.push(b'\n');
            }
            let end = memchr(0, rest).unwrap_or(rest.len());
            let (run, behind) = rest.split_at(end);
            text.extend(run);
            rest = behind;
        }
    }
}

/// The first bytes of a source behind the hole that it may begin with. Of text in two bytes per letter, none is cut
/// in half.
pub(crate) fn fill_head(
    source: &mut dyn BufRead,
    head: &mut Vec<u8>,
    wanted: usize,
) -> Result<(), SourceProblem> {
    loop {
        let missing = wanted - head.len();
        let is_over = fill(source, head, missing)? < missing;
        let nuls = head.iter().take_while(|byte| **byte == 0).count();
        if nuls < HOLE_BYTES_MIN {
            return Ok(());
        }
        head.drain(..nuls & !1);
        if is_over {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn without_holes(text: &[u8], step: usize) -> Vec<u8> {
        let (mut holes, mut buffer) = (Holes::default(), Vec::new());
        for piece in text.chunks(step) {
            let from = buffer.len();
            buffer.extend(piece);
            holes.take_out(&mut buffer, from);
        }
        buffer
    }

    #[test]
    fn holes_end_what_they_cut_and_leave_nothing() {
        let hole = [0; HOLE_BYTES_MIN];
        for (parts, expected) in [
            ([&hole[..], b"a\nb\n", &hole], &b"a\nb\n"[..]),
            ([b"a\n", &hole, b"b\n"], b"a\nb\n"),
            ([b"cut", &hole, b"b\n"], b"cut\nb\n"),
            ([b"padded", &[0; 8], b"field\n"], b"padded\0\0\0\0\0\0\0\0field\n"),
            ([b"a\n", b"rest", &[0; 8]], b"a\nrest"),
            ([&hole[..], &hole, &hole], b""),
        ] {
            assert_eq!(without_holes(&parts.concat(), 1 << 20), expected);
        }
    }

    #[test]
    fn a_head_begins_behind_the_hole() {
        let text = [&vec![0; 300_000][..], b"\0a\0b"].concat();
        let mut head = Vec::new();
        fill_head(&mut &text[..], &mut head, 1024).unwrap();
        assert_eq!(head, b"\0a\0b");
        let mut head = Vec::new();
        fill_head(&mut &[b"abc".repeat(10), vec![0; 100]].concat()[..], &mut head, 8).unwrap();
        assert_eq!(head, b"abcabcab");
    }

    proptest! {
        #[test]
        fn the_same_in_pieces_of_any_size(
            runs in prop::collection::vec((0_usize..150, "[a-z\n]{0,5}"), 0..8),
            step in 1_usize..200,
        ) {
            let text: Vec<u8> =
                runs.iter().flat_map(|(nuls, text)| [vec![0; *nuls], text.as_bytes().to_vec()].concat()).collect();
            prop_assert_eq!(without_holes(&text, step), without_holes(&text, text.len().max(1)));
        }
    }
}
