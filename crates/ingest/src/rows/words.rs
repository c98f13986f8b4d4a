//! Columns of words that come again and again (services, levels, routes): each is kept once, and rows have
//! its number. What has to be done with every word (redacting, ordering, writing) is then done once a word.

use std::collections::HashMap;

use arrow::array::{ArrayRef, DictionaryArray, MapBuilder, StringArray, StringBuilder, UInt32Array};
use arrow::compute::{concat, take};
use arrow::error::ArrowError;
use foldhash::fast::RandomState;
use fupan_store::text_map_builder;

use super::columns::{Texts, attributes, shared};
use crate::limits;

/// Texts of a column, as numbers while they repeat.
pub(crate) struct Words {
    rows: usize,
    numbers: Numbers,
    known: Known,
    words: Vec<Box<str>>,
    /// All values since there were too many different ones.
    plain: Option<Texts>,
}

impl Words {
    /// With room for so many rows, once the first word comes.
    pub(crate) fn with_room(rows: usize) -> Self {
        let (numbers, known) = (Numbers::with_room(rows), Known::default());
        Self { rows, numbers, known, words: Vec::new(), plain: None }
    }

    #[inline]
    pub(crate) fn push(&mut self, word: Option<&str>) {
        if let Some(plain) = &mut self.plain {
            plain.push(word);
            return;
        }
        let Some(word) = word else {
            self.numbers.push_missing();
            return;
        };
        let ends = Ends::of(word.as_bytes());
        if let Some(recent) = self.known.recent(&ends)
            && (ends.are_all() || self.words.get(recent as usize).is_some_and(|known| **known == *word))
        {
            self.numbers.push(recent);
            return;
        }
        self.push_rarer(word, ends);
    }

    #[cold]
    fn push_rarer(&mut self, word: &str, ends: Ends) {
        let words = &mut self.words;
        let number = self.known.number_of(word.as_bytes(), ends, || words.push(word.into()));
        self.numbers.push(number);
        if self.words.len() > limits::WORDS_MAX {
            self.give_up();
        }
    }

    /// From now on each value stands in its row.
    fn give_up(&mut self) {
        let mut plain = Texts::with_room(self.rows, limits::WORD_BYTES);
        for number in &std::mem::take(&mut self.numbers).finish() {
            plain.push(number.and_then(|number| self.words.get(number as usize)).map(AsRef::as_ref));
        }
        (self.words, self.known) = (Vec::new(), Known::default());
        self.plain = Some(plain);
    }

    /// A dictionary, or plain texts.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        if let Some(plain) = &mut self.plain {
            return Ok(shared(plain.finish()));
        }
        if self.words.is_empty() {
            return Ok(shared(StringArray::new_null(self.numbers.missing)));
        }
        let numbers = std::mem::take(&mut self.numbers).finish();
        let words = StringArray::from_iter_values(&self.words);
        Ok(shared(DictionaryArray::try_new(numbers, shared(words))?))
    }
}

/// A column with the same word in each of `rows` rows.
pub(crate) fn same_word(word: &str, rows: usize) -> Result<ArrayRef, ArrowError> {
    let words = shared(StringArray::from(vec![word]));
    Ok(shared(DictionaryArray::try_new(UInt32Array::from(vec![0; rows]), words)?))
}

/// Maps of texts, as numbers while they repeat.
pub(crate) struct Labels {
    rows: usize,
    numbers: Numbers,
    known: Known,
    /// Of the map that is looked at: the ends of its texts.
    ends: Vec<Ends>,
    /// The same: its texts with their lengths.
    identity: Vec<u8>,
    identities: Vec<Identity>,
    builder: MapBuilder<StringBuilder, StringBuilder>,
    /// The rows until there were too many different maps; the builder has those after them.
    earlier: Option<ArrayRef>,
}

impl Labels {
    /// With room for so many rows.
    pub(crate) fn with_room(rows: usize) -> Self {
        Self {
            rows,
            numbers: Numbers::with_room(rows),
            known: Known::default(),
            ends: Vec::new(),
            identity: Vec::new(),
            identities: Vec::new(),
            builder: text_map_builder(0),
            earlier: None,
        }
    }

    pub(crate) fn push<K: AsRef<str>, V: AsRef<str>>(
        &mut self,
        entries: &[(K, V)],
    ) -> Result<(), ArrowError> {
        if self.earlier.is_some() {
            return attributes(&mut self.builder, entries);
        }
        self.ends.clear();
        self.ends.extend(texts_of(entries).map(|text| Ends::of(text.as_bytes())));
        let ends = Ends::of_all(&self.ends);
        if let Some(recent) = self.known.recent(&ends)
            && self.identities.get(recent as usize).is_some_and(|known| known.is_of(&self.ends, entries))
        {
            self.numbers.push(recent);
            return Ok(());
        }
        self.push_rarer(entries, ends)
    }

    #[cold]
    fn push_rarer<K: AsRef<str>, V: AsRef<str>>(
        &mut self,
        entries: &[(K, V)],
        ends: Ends,
    ) -> Result<(), ArrowError> {
        self.identity.clear();
        for text in texts_of(entries) {
            self.identity.extend_from_slice(&(text.len() as u32).to_le_bytes());
            self.identity.extend_from_slice(text.as_bytes());
        }
        let (identities, identity) = (&mut self.identities, self.identity.as_slice());
        let count = identities.len();
        let new = || Identity::new(&self.ends, identity);
        let number = self.known.number_of(identity, ends, || identities.push(new()));
        if self.identities.len() > count {
            attributes(&mut self.builder, entries)?;
        }
        self.numbers.push(number);
        if self.identities.len() > limits::WORDS_MAX { self.give_up() } else { Ok(()) }
    }

    /// From now on each map stands in its row.
    fn give_up(&mut self) -> Result<(), ArrowError> {
        let numbers = std::mem::take(&mut self.numbers).finish();
        self.earlier = Some(take(&self.builder.finish(), &numbers, None)?);
        self.builder = text_map_builder(self.rows.saturating_sub(numbers.len()));
        (self.identities, self.known) = (Vec::new(), Known::default());
        Ok(())
    }

    /// A dictionary, or plain maps.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let maps = self.builder.finish();
        if let Some(earlier) = self.earlier.take() {
            return concat(&[earlier.as_ref(), &maps]);
        }
        Ok(shared(DictionaryArray::try_new(std::mem::take(&mut self.numbers).finish(), shared(maps))?))
    }
}

/// The numbers of rows. A column that holds nothing costs nothing.
#[derive(Default)]
struct Numbers {
    rows: usize,
    /// Missing ones before the first number.
    missing: usize,
    numbers: Vec<u32>,
    has_missing: bool,
}

/// Instead of a number.
const MISSING: u32 = u32::MAX;

impl Numbers {
    fn with_room(rows: usize) -> Self {
        Self { rows, ..Self::default() }
    }

    #[inline]
    fn push(&mut self, number: u32) {
        if self.numbers.is_empty() {
            self.begin();
        }
        self.numbers.push(number);
    }

    #[inline]
    fn push_missing(&mut self) {
        if self.numbers.is_empty() {
            self.missing += 1;
        } else {
            self.numbers.push(MISSING);
            self.has_missing = true;
        }
    }

    #[cold]
    fn begin(&mut self) {
        self.numbers.reserve_exact(self.rows.max(self.missing));
        self.has_missing = self.missing > 0;
        self.numbers.resize(self.missing, MISSING);
    }

    fn finish(mut self) -> UInt32Array {
        if self.numbers.is_empty() {
            self.begin();
        }
        let nulls = self.has_missing.then(|| self.numbers.iter().map(|number| *number != MISSING).collect());
        UInt32Array::new(self.numbers.into(), nulls)
    }
}

/// Keys and values in turn.
fn texts_of<K: AsRef<str>, V: AsRef<str>>(entries: &[(K, V)]) -> impl Iterator<Item = &str> {
    entries.iter().flat_map(|(key, value)| [key.as_ref(), value.as_ref()])
}

/// What tells a map from others.
struct Identity {
    ends: Box<[Ends]>,
    /// Its texts with their lengths, where their ends are not all there is of them.
    texts: Option<Box<[u8]>>,
}

impl Identity {
    fn new(ends: &[Ends], texts: &[u8]) -> Self {
        let are_all = ends.iter().all(Ends::are_all);
        Self { ends: ends.into(), texts: (!are_all).then(|| texts.into()) }
    }

    #[inline]
    fn is_of<K: AsRef<str>, V: AsRef<str>>(&self, ends: &[Ends], entries: &[(K, V)]) -> bool {
        *self.ends == *ends && self.texts.as_ref().is_none_or(|texts| are_texts_of(texts, entries))
    }
}

/// Whether these are the texts, each behind its length.
fn are_texts_of<K: AsRef<str>, V: AsRef<str>>(texts: &[u8], entries: &[(K, V)]) -> bool {
    let mut rest = texts;
    for text in texts_of(entries) {
        let Some((length, others)) = rest.split_first_chunk() else { return false };
        let Some((found, others)) = others.split_at_checked(text.len()) else { return false };
        if u32::from_le_bytes(*length) as usize != text.len() || found != text.as_bytes() {
            return false;
        }
        rest = others;
    }
    rest.is_empty()
}

/// The first and last eight bytes of a word, and its length: of words of up to sixteen bytes, all there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ends {
    first: u64,
    last: u64,
    length: usize,
}

impl Ends {
    #[inline]
    fn of(word: &[u8]) -> Self {
        let (first, last) = match (word.first_chunk::<8>(), word.last_chunk::<8>()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => match (word.first_chunk::<4>(), word.last_chunk::<4>()) {
                (Some(first), Some(last)) => {
                    (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)))
                }
                _ => (word.iter().fold(0, |mark, byte| mark << 8 | u64::from(*byte)), 0),
            },
        };
        Self { first, last, length: word.len() }
    }

    /// Of the texts with these ends: not all there is of them.
    #[inline]
    fn of_all(texts: &[Self]) -> Self {
        let mut all = Self::default();
        for ends in texts {
            all.first = all.first.rotate_left(7) ^ ends.first;
            all.last = all.last.rotate_left(13) ^ ends.last;
            all.length += ends.length;
        }
        all
    }

    /// Whether a word of this length has no bytes between them.
    #[inline]
    const fn are_all(&self) -> bool {
        self.length <= 16
    }

    /// Where they are remembered, in a table of 2^`bits` slots.
    #[inline]
    const fn slot(&self, bits: u32) -> usize {
        // The odd constant is 2^64 over the golden ratio.
        let mark = self.first ^ self.last.rotate_left(29) ^ self.length as u64;
        (mark.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - bits)) as usize
    }
}

/// Slots of a column of few words, as a power of two: they fit into the fastest cache.
const SLOT_BITS_MIN: u32 = 6;

/// Slots for each word, so that few words share one.
const SLOTS_PER_WORD: usize = 4;

/// Numbers by what they stand for.
#[derive(Default)]
struct Known {
    /// The number that came last for each slot, or none: most words are found here. Numbers alone, because a table
    /// with the ends in it does not fit into the fast caches.
    recent: Vec<u32>,
    slot_bits: u32,
    /// The ends of each number.
    ends: Vec<Ends>,
    all: HashMap<Box<[u8]>, u32, RandomState>,
}

impl Known {
    /// The number of the word with these ends that came last.
    #[inline]
    fn recent(&self, ends: &Ends) -> Option<u32> {
        if self.recent.is_empty() {
            return None;
        }
        let number = *self.recent.get(ends.slot(self.slot_bits))?;
        (self.ends.get(number as usize)? == ends).then_some(number)
    }

    /// The number of the word; `is_new` is called where it has none yet.
    fn number_of(&mut self, word: &[u8], ends: Ends, is_new: impl FnOnce()) -> u32 {
        let number = self.all.get(word).copied().unwrap_or_else(|| {
            let number = self.all.len() as u32;
            self.all.insert(word.into(), number);
            self.ends.push(ends);
            is_new();
            number
        });
        if self.recent.len() < self.all.len() * SLOTS_PER_WORD {
            self.make_room();
        }
        if let Some(recent) = self.recent.get_mut(ends.slot(self.slot_bits)) {
            *recent = number;
        }
        number
    }

    /// More slots, which fill again as words come.
    fn make_room(&mut self) {
        self.slot_bits = if self.recent.is_empty() { SLOT_BITS_MIN } else { self.slot_bits + 2 };
        self.recent.clear();
        self.recent.resize(1 << self.slot_bits, MISSING);
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::compute::cast;
    use arrow::datatypes::{DataType, UInt32Type};
    use fupan_store::plain;

    use super::*;

    fn words(rows: &[Option<&str>]) -> ArrayRef {
        let mut words = Words::with_room(rows.len());
        for row in rows {
            words.push(*row);
        }
        words.finish().unwrap()
    }

    #[test]
    fn a_word_is_kept_once() {
        let rows = [None, Some("pay"), Some("cart"), None, Some("pay"), Some("支付"), Some("")];
        let column = words(&rows);
        let numbered = column.as_dictionary::<UInt32Type>();
        assert_eq!(numbered.values().as_string::<i32>(), &StringArray::from(vec!["pay", "cart", "支付", ""]));
        assert_eq!(
            cast(&column, &DataType::Utf8).unwrap().as_string::<i32>(),
            &StringArray::from(rows.to_vec())
        );
    }

    #[test]
    fn what_holds_nothing_is_no_dictionary() {
        let column = words(&[None, None]);
        assert_eq!((column.data_type(), column.len(), column.null_count()), (&DataType::Utf8, 2, 2));
    }

    #[test]
    fn too_many_words_stand_in_their_rows() {
        let texts: Vec<String> = (0..limits::WORDS_MAX * 2).map(|number| format!("w{number}")).collect();
        let rows: Vec<Option<&str>> =
            texts.iter().flat_map(|text| [Some(text.as_str()), None, Some("again")]).collect();
        assert_eq!(words(&rows).as_string::<i32>(), &StringArray::from(rows));
    }

    #[test]
    fn too_many_maps_stand_in_their_rows() {
        for count in [3, limits::WORDS_MAX * 2] {
            let maps: Vec<Vec<(&str, String)>> = (0..count)
                .flat_map(|number| {
                    [vec![("a", number.to_string()), ("b", "x".into())], vec![], vec![("a", "x".into())]]
                })
                .collect();
            let (mut labels, mut expected) = (Labels::with_room(maps.len()), text_map_builder(maps.len()));
            for map in &maps {
                labels.push(map).unwrap();
                attributes(&mut expected, map).unwrap();
            }
            let column = labels.finish().unwrap();
            assert_eq!(column.as_dictionary_opt::<UInt32Type>().is_some(), count == 3);
            assert_eq!(plain(&column).unwrap().as_map(), &expected.finish());
        }
    }

    #[test]
    fn words_with_the_same_ends_are_told_apart() {
        let texts: Vec<String> =
            (0..500).map(|number| format!("beginning-{:03}-end-of-it", number % 300)).collect();
        let rows: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
        let column = words(&rows);
        assert_eq!(column.as_dictionary::<UInt32Type>().values().len(), 300);
        assert_eq!(plain(&column).unwrap().as_string::<i32>(), &StringArray::from(rows));
    }
}
