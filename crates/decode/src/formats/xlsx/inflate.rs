//! How large does a compressed piece become? Counted without keeping it.
//!
//! The reader of spreadsheets unpacks into memory and believes what the file says of its own sizes; this
//! one counts, so that a bomb is known before anything of it is kept. Source: RFC 1951; the decoding of
//! the codes follows its section 3.2.2.

/// Longest code of the format.
const BITS_MAX: usize = 15;
/// How far back a copy may reach.
const WINDOW: usize = 32 << 10;
/// How much of the beginning is kept: enough for the head of a piece of XML.
const HEAD: usize = 4 << 10;

/// Base and extra bits of the lengths 257–285.
const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
/// Base and extra bits of the distances 0–29.
const DISTANCES: [(u16, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];
/// In which order the lengths of the code lengths stand.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// CRC-32 of each byte, as ZIP and PNG use it (polynomial 0xEDB88320).
const CRC_TABLE: [u32; 256] = {
    let mut table = [0u32; 256];
    let mut at = 0;
    while at < 256 {
        let mut value = at as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xEDB8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[at] = value;
        at += 1;
    }
    table
};

fn crc_step(crc: u32, byte: u8) -> u32 {
    let place = usize::from((crc as u8) ^ byte);
    (crc >> 8) ^ CRC_TABLE.get(place).copied().unwrap_or_default()
}

/// The checksum of bytes that are not compressed.
pub(super) fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| crc_step(crc, *byte))
}

/// What came out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) bytes: u64,
    /// The checksum that the archive has, too.
    pub(super) crc: u32,
    /// The beginning.
    pub(super) head: Vec<u8>,
}

/// Unpacks and counts; an error where the data is broken or becomes larger than `bytes_max`.
pub(super) fn measure(input: &[u8], bytes_max: u64) -> Result<Measured, Problem> {
    let mut stream = Stream { input, at: 0, bits: 0, count: 0 };
    let mut out = Output { window: vec![0; WINDOW], bytes: 0, bytes_max, crc: !0, head: Vec::new() };
    loop {
        let is_last = stream.bits(1)? == 1;
        match stream.bits(2)? {
            0 => stored(&mut stream, &mut out)?,
            1 => {
                let mut lengths = [8u8; 288];
                lengths.get_mut(144..256).ok_or(Problem::Broken)?.fill(9);
                lengths.get_mut(256..280).ok_or(Problem::Broken)?.fill(7);
                codes(&mut stream, &mut out, &Huffman::new(&lengths), &Huffman::new(&[5; 30]))?;
            }
            2 => {
                let (lengths, distances) = dynamic(&mut stream)?;
                codes(&mut stream, &mut out, &lengths, &distances)?;
            }
            _ => return Err(Problem::Broken),
        }
        if is_last {
            return Ok(Measured { bytes: out.bytes, crc: !out.crc, head: out.head });
        }
    }
}

/// Why data cannot be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    /// It is no compressed data, or is cut off.
    Broken,
    /// It becomes larger than it may.
    TooLarge,
}

struct Stream<'a> {
    input: &'a [u8],
    at: usize,
    bits: u32,
    count: u8,
}

impl Stream<'_> {
    fn byte(&mut self) -> Result<u8, Problem> {
        let byte = self.input.get(self.at).copied().ok_or(Problem::Broken)?;
        self.at += 1;
        Ok(byte)
    }

    fn bits(&mut self, wanted: u8) -> Result<u16, Problem> {
        while self.count < wanted {
            self.bits |= u32::from(self.byte()?) << self.count;
            self.count += 8;
        }
        let value = self.bits & ((1 << wanted) - 1);
        self.bits >>= wanted;
        self.count -= wanted;
        Ok(value as u16)
    }
}

struct Output {
    window: Vec<u8>,
    bytes: u64,
    bytes_max: u64,
    crc: u32,
    head: Vec<u8>,
}

impl Output {
    fn push(&mut self, byte: u8) -> Result<(), Problem> {
        if self.bytes >= self.bytes_max {
            return Err(Problem::TooLarge);
        }
        if self.head.len() < HEAD {
            self.head.push(byte);
        }
        let slot = self.window.get_mut(self.bytes as usize % WINDOW).ok_or(Problem::Broken)?;
        *slot = byte;
        self.bytes += 1;
        self.crc = crc_step(self.crc, byte);
        Ok(())
    }

    fn copy(&mut self, distance: u16, length: u16) -> Result<(), Problem> {
        let from = self.bytes.checked_sub(u64::from(distance)).ok_or(Problem::Broken)?;
        for at in from..from + u64::from(length) {
            let byte = self.window.get(at as usize % WINDOW).copied().ok_or(Problem::Broken)?;
            self.push(byte)?;
        }
        Ok(())
    }
}

/// How many codes of each length there are, and the symbols in the order of their codes.
struct Huffman {
    counts: [u16; BITS_MAX + 1],
    symbols: Vec<u16>,
}

impl Huffman {
    fn new(lengths: &[u8]) -> Self {
        let mut counts = [0u16; BITS_MAX + 1];
        let mut pairs: Vec<(u8, u16)> = lengths
            .iter()
            .zip(0u16..)
            .filter(|(length, _)| **length > 0)
            .map(|(length, symbol)| (*length, symbol))
            .collect();
        for (length, _) in &pairs {
            if let Some(count) = counts.get_mut(usize::from(*length)) {
                *count += 1;
            }
        }
        pairs.sort_unstable();
        Self { counts, symbols: pairs.into_iter().map(|(_, symbol)| symbol).collect() }
    }

    fn read(&self, stream: &mut Stream<'_>) -> Result<u16, Problem> {
        let (mut code, mut first, mut index) = (0i32, 0i32, 0i32);
        for count in self.counts.iter().skip(1).map(|count| i32::from(*count)) {
            code |= i32::from(stream.bits(1)?);
            if code - count < first {
                let at = usize::try_from(index + code - first).map_err(|_| Problem::Broken)?;
                return self.symbols.get(at).copied().ok_or(Problem::Broken);
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(Problem::Broken)
    }
}

fn stored(stream: &mut Stream<'_>, out: &mut Output) -> Result<(), Problem> {
    stream.bits = 0;
    stream.count = 0;
    let length = u16::from_le_bytes([stream.byte()?, stream.byte()?]);
    let check = u16::from_le_bytes([stream.byte()?, stream.byte()?]);
    if length != !check {
        return Err(Problem::Broken);
    }
    for _ in 0..length {
        let byte = stream.byte()?;
        out.push(byte)?;
    }
    Ok(())
}

fn dynamic(stream: &mut Stream<'_>) -> Result<(Huffman, Huffman), Problem> {
    let literals = usize::from(stream.bits(5)?) + 257;
    let distances = usize::from(stream.bits(5)?) + 1;
    let codes = usize::from(stream.bits(4)?) + 4;
    let mut lengths = [0u8; 19];
    for place in ORDER.iter().take(codes) {
        *lengths.get_mut(*place).ok_or(Problem::Broken)? = stream.bits(3)? as u8;
    }
    let code_lengths = Huffman::new(&lengths);
    let mut lengths: Vec<u8> = Vec::with_capacity(literals + distances);
    while lengths.len() < literals + distances {
        let (value, times) = match code_lengths.read(stream)? {
            symbol @ 0..=15 => (symbol as u8, 1),
            16 => (*lengths.last().ok_or(Problem::Broken)?, 3 + stream.bits(2)?),
            17 => (0, 3 + stream.bits(3)?),
            _ => (0, 11 + stream.bits(7)?),
        };
        lengths.extend(std::iter::repeat_n(value, usize::from(times)));
    }
    let (of_literals, rest) = lengths.split_at_checked(literals).ok_or(Problem::Broken)?;
    let of_distances = rest.get(..distances).ok_or(Problem::Broken)?;
    Ok((Huffman::new(of_literals), Huffman::new(of_distances)))
}

fn codes(
    stream: &mut Stream<'_>,
    out: &mut Output,
    lengths: &Huffman,
    distances: &Huffman,
) -> Result<(), Problem> {
    loop {
        let symbol = lengths.read(stream)?;
        if symbol < 256 {
            out.push(symbol as u8)?;
            continue;
        }
        if symbol == 256 {
            return Ok(());
        }
        let (base, extra) = *LENGTHS.get(usize::from(symbol) - 257).ok_or(Problem::Broken)?;
        let length = base + stream.bits(extra)?;
        let (base, extra) = *DISTANCES.get(usize::from(distances.read(stream)?)).ok_or(Problem::Broken)?;
        let distance = base + stream.bits(extra)?;
        out.copy(distance, length)?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stored_fixed_and_copied() {
        // "abc" stored.
        let stored = [1, 3, 0, 0xFC, 0xFF, b'a', b'b', b'c'];
        assert_eq!(measure(&stored, 10), Ok(Measured { bytes: 3, crc: 0x3524_41C2, head: b"abc".to_vec() }));
        assert_eq!(crc(b"abc"), 0x3524_41C2);
        // A thousand times `a`: a literal and copies, in fixed codes.
        let many = [0x4B, 0x4C, 0x1C, 0x05, 0xA3, 0x60, 0x14, 0x0C, 0x77, 0x00, 0x00];
        let found = measure(&many, 1000).unwrap();
        assert_eq!((found.bytes, found.head.iter().all(|byte| *byte == b'a')), (1000, true));
        assert_eq!(measure(&many, 999), Err(Problem::TooLarge));
        assert_eq!(measure(&many[..5], 1000), Err(Problem::Broken));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = measure(&bytes, 1 << 16);
        }
    }
}
