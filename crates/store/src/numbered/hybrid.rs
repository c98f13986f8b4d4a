//! How are numbers that come in runs written? The run-length and bit-packing hybrid of Parquet.
//!
//! Source: Parquet format, "Run Length Encoding / Bit-Packing Hybrid (RLE = 3)".

/// Values that are packed together: the unit of the format.
const PACKED: usize = 8;

/// Packed values under one head, so that the head stays one byte.
const PACKED_MAX: usize = 63 * PACKED;

/// Writes numbers of a fixed width.
#[derive(Debug)]
pub(super) struct Hybrid {
    bit_width: u8,
    bytes: Vec<u8>,
    /// Values that wait to be packed.
    packed: Vec<u32>,
    /// The value that came last, and how often in a row.
    last: u32,
    repeats: usize,
}

impl Hybrid {
    /// Writes behind what is in `bytes`.
    pub(super) fn new(bit_width: u8, bytes: Vec<u8>) -> Self {
        Self { bit_width, bytes, packed: Vec::with_capacity(PACKED_MAX), last: 0, repeats: 0 }
    }

    /// The value so many times.
    #[inline]
    pub(super) fn put(&mut self, value: u32, times: usize) {
        if value == self.last {
            self.repeats += times;
            return;
        }
        if self.repeats == 1 {
            self.pack(self.last);
        } else {
            self.end_run();
        }
        (self.last, self.repeats) = (value, times);
    }

    #[inline]
    fn pack(&mut self, value: u32) {
        self.packed.push(value);
        if self.packed.len() == PACKED_MAX {
            self.end_packed();
        }
    }

    fn end_run(&mut self) {
        let missing = self.packed.len().next_multiple_of(PACKED) - self.packed.len();
        let to_packed = if self.repeats < PACKED + missing { self.repeats } else { missing };
        for _ in 0..to_packed {
            self.pack(self.last);
        }
        self.repeats -= to_packed;
        if self.repeats == 0 {
            return;
        }
        self.end_packed();
        self.head((self.repeats as u64) << 1);
        let width = usize::from(self.bit_width).div_ceil(8);
        self.bytes.extend_from_slice(self.last.to_le_bytes().get(..width).unwrap_or_default());
        self.repeats = 0;
    }

    fn end_packed(&mut self) {
        if self.packed.is_empty() {
            return;
        }
        let groups = self.packed.len().div_ceil(PACKED);
        self.head((groups as u64) << 1 | 1);
        self.packed.resize(groups * PACKED, 0);
        let (mut word, mut bits) = (0_u64, 0_u32);
        for value in self.packed.drain(..) {
            word |= u64::from(value) << bits;
            bits += u32::from(self.bit_width);
            if bits >= u32::BITS {
                self.bytes.extend_from_slice(&(word as u32).to_le_bytes());
                word >>= u32::BITS;
                bits -= u32::BITS;
            }
        }
        // Eight values are whole bytes.
        let rest = (bits / 8) as usize;
        self.bytes.extend_from_slice(word.to_le_bytes().get(..rest).unwrap_or_default());
    }

    /// A number of seven bits a byte.
    fn head(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// All that was written. Where the last values fill no unit, readers know how many there are.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.end_run();
        self.end_packed();
        self.bytes
    }
}

/// Bits that numbers up to `largest` take.
pub(super) fn bits(largest: u32) -> u8 {
    (u32::BITS - largest.leading_zeros()) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_format() {
        // "bit-packed: the numbers 0 to 7 of three bits are 10001000 11000110 11111010", read from the right.
        let mut hybrid = Hybrid::new(3, Vec::new());
        (0..8).for_each(|number| hybrid.put(number, 1));
        assert_eq!(hybrid.finish(), [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
        let mut hybrid = Hybrid::new(10, vec![10]);
        hybrid.put(1023, 100);
        assert_eq!(hybrid.finish(), [10, 0xC8, 0x01, 0xFF, 0x03]);
    }

    #[test]
    fn a_run_behind_single_values_fills_their_unit_first() {
        let mut hybrid = Hybrid::new(1, Vec::new());
        hybrid.put(0, 3);
        hybrid.put(1, 20);
        // Five of the twenty stand with the three, fifteen follow as a run.
        assert_eq!(hybrid.finish(), [0b11, 0b1111_1000, 30, 1]);
        assert_eq!(bits(0), 0);
        assert_eq!((bits(1), bits(7), bits(8)), (1, 3, 4));
    }
}
