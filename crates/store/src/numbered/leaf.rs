//! What does a column say for each number that its rows have?
//!
//! The usual writer looks at each value of each row. Here each number is looked at once, and a run of rows
//! takes one step (see [`super::pages`]).

use std::collections::HashMap;
use std::hash::Hash;

use arrow::array::{Array, ArrayRef, AsArray, MapArray};
use arrow::datatypes::Int64Type;
use foldhash::fast::RandomState;
use parquet::data_type::ByteArray;
use parquet::file::writer::SerializedColumnWriter;

use super::pages::Value;
use crate::StoreError;

/// So many rows of the same number (of a series, of a chunk, of a word).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) number: u32,
    pub(crate) rows: u32,
}

/// The runs of numbers.
pub(crate) fn runs_of(numbers: impl Iterator<Item = u32>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::with_capacity(numbers.size_hint().0);
    for number in numbers {
        match runs.last_mut() {
            Some(run) if run.number == number => run.rows += 1,
            _ => runs.push(Run { number, rows: 1 }),
        }
    }
    runs
}

/// One entry of a row: where it stands, and which value it has where it has one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) repetition: u8,
    pub(crate) definition: u8,
    pub(crate) value: Option<u32>,
}

/// What a column says for each number (of a series, of a chunk, of a word).
pub(crate) struct Leaf<V> {
    entries: Vec<Entry>,
    /// Where the entries of a number end.
    ends: Vec<u32>,
    /// The values, each once.
    pub(crate) values: Vec<V>,
}

/// Builds a [`Leaf`].
struct Builder<K, V> {
    leaf: Leaf<V>,
    known: HashMap<K, u32, RandomState>,
}

impl<K: Hash + Eq + Copy, V> Builder<K, V> {
    fn new() -> Self {
        let leaf = Leaf { entries: Vec::new(), ends: Vec::new(), values: Vec::new() };
        Self { leaf, known: HashMap::default() }
    }

    fn put(&mut self, repetition: u8, definition: u8, value: Option<(K, impl Fn() -> V)>) {
        let value = value.map(|(key, make)| {
            *self.known.entry(key).or_insert_with(|| {
                self.leaf.values.push(make());
                self.leaf.values.len() as u32 - 1
            })
        });
        self.leaf.entries.push(Entry { repetition, definition, value });
    }

    fn end(&mut self) {
        self.leaf.ends.push(self.leaf.entries.len() as u32);
    }
}

fn text(value: &str) -> ByteArray {
    ByteArray::from(value.as_bytes().to_vec())
}

/// A column of texts, its rows in an order.
pub(crate) fn texts(column: &ArrayRef, order: &[u32]) -> Leaf<ByteArray> {
    let column = column.as_string::<i32>();
    let mut builder = Builder::new();
    for row in order.iter().map(|row| *row as usize) {
        let value = column.is_valid(row).then(|| column.value(row));
        builder.put(0, u8::from(value.is_some()), value.map(|value| (value, || text(value))));
        builder.end();
    }
    builder.leaf
}

/// A column of whole numbers, its rows in an order.
pub(crate) fn numbers(column: &ArrayRef, order: &[u32]) -> Leaf<i64> {
    let column = column.as_primitive::<Int64Type>();
    let mut builder = Builder::new();
    for row in order.iter().map(|row| *row as usize) {
        let value = column.is_valid(row).then(|| column.value(row));
        builder.put(0, u8::from(value.is_some()), value.map(|value| (value, move || value)));
        builder.end();
    }
    builder.leaf
}

/// The keys of a map of texts, or its values: the map may be missing (0), empty (1), its value missing (2).
pub(crate) fn map_texts(map: &MapArray, is_keys: bool, order: &[u32]) -> Leaf<ByteArray> {
    let mut builder = Builder::new();
    for row in order.iter().map(|row| *row as usize) {
        let mut repetition = 0;
        if map.is_valid(row) {
            for (key, value) in entries(map, row) {
                let found = if is_keys { Some(key) } else { value };
                let definition = if is_keys { 2 } else { 2 + u8::from(value.is_some()) };
                builder.put(repetition, definition, found.map(|found| (found, || text(found))));
                repetition = 1;
            }
        }
        if repetition == 0 {
            builder.put(0, u8::from(map.is_valid(row)), None::<(&str, fn() -> ByteArray)>);
        }
        builder.end();
    }
    builder.leaf
}

/// The keys and values of one row of a map of texts.
pub(crate) fn entries(map: &MapArray, row: usize) -> impl Iterator<Item = (&str, Option<&str>)> {
    let (keys, values) = (map.keys().as_string::<i32>(), map.values().as_string::<i32>());
    let offset = |at: usize| map.value_offsets().get(at).map_or(0, |offset| *offset as usize);
    (offset(row)..offset(row + 1)).map(|at| (keys.value(at), values.is_valid(at).then(|| values.value(at))))
}

impl<V: Value> Leaf<V> {
    /// How many numbers it says something for.
    pub(crate) fn numbers(&self) -> usize {
        self.ends.len()
    }

    #[inline]
    pub(crate) fn entries_of(&self, number: u32) -> &[Entry] {
        let at = number as usize;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        let end = self.ends.get(at).map_or(0, |end| *end as usize);
        self.entries.get(start..end).unwrap_or_default()
    }

    /// How many values there are in these runs, and how many different ones.
    fn occurrences(&self, runs: &[Run]) -> (usize, usize) {
        let mut seen = vec![false; self.values.len()];
        let (mut all, mut different) = (0, 0);
        for run in runs {
            for value in self.entries_of(run.number).iter().filter_map(|entry| entry.value) {
                all += run.rows as usize;
                if let Some(seen) = seen.get_mut(value as usize).filter(|seen| !**seen) {
                    *seen = true;
                    different += 1;
                }
            }
        }
        (all, different)
    }

    /// Whether the values of these runs repeat too rarely for a dictionary.
    pub(crate) fn differs_mostly(&self, runs: &[Run]) -> bool {
        let (all, different) = self.occurrences(runs);
        different > 1 && different * 2 > all
    }

    /// Value by value, with the usual writer.
    pub(crate) fn write_plain(
        &self,
        runs: &[Run],
        mut writer: SerializedColumnWriter<'_>,
    ) -> Result<(), StoreError> {
        let (mut definitions, mut repetitions, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for run in runs {
            for _ in 0..run.rows {
                for entry in self.entries_of(run.number) {
                    definitions.push(i16::from(entry.definition));
                    repetitions.push(i16::from(entry.repetition));
                    values.extend(entry.value.and_then(|value| self.values.get(value as usize)).cloned());
                }
            }
        }
        writer.typed::<V::Physical>().write_batch(&values, Some(&definitions), Some(&repetitions))?;
        Ok(writer.close()?)
    }
}
