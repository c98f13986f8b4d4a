//! How is a column written whose rows have numbers? Once for each run of rows with the same number: levels and
//! dictionary indices are runs, and Parquet writes runs as such.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::{ByteArray, ByteArrayType, DataType as Physical, Int64Type as Number};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::hybrid::{Hybrid, bits};
use super::leaf::{Leaf, Run};
use crate::{StoreError, limits};

/// A value in a dictionary of a column.
pub(crate) trait Value: Clone + PartialOrd {
    /// Its type in the file.
    type Physical: Physical<T = Self>;
    /// Appends it in the plain encoding.
    fn put_plain(&self, bytes: &mut Vec<u8>);
    /// It as a bound of statistics; none where it is too long for one.
    fn bound(&self) -> Option<Vec<u8>>;
    /// Statistics of a column chunk.
    fn statistics(low: Option<Self>, high: Option<Self>, nulls: u64) -> Statistics;
}

impl Value for i64 {
    type Physical = Number;
    fn put_plain(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }
    fn bound(&self) -> Option<Vec<u8>> {
        Some(self.to_le_bytes().to_vec())
    }
    fn statistics(low: Option<Self>, high: Option<Self>, nulls: u64) -> Statistics {
        Statistics::Int64(ValueStatistics::new(low, high, None, Some(nulls), false))
    }
}

impl Value for ByteArray {
    type Physical = ByteArrayType;
    fn put_plain(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&(self.len() as u32).to_le_bytes());
        bytes.extend_from_slice(self.data());
    }
    fn bound(&self) -> Option<Vec<u8>> {
        (self.len() <= limits::STATISTICS_TEXT_BYTES_MAX).then(|| self.data().to_vec())
    }
    fn statistics(low: Option<Self>, high: Option<Self>, nulls: u64) -> Statistics {
        let is_short = |value: &Self| value.len() <= limits::STATISTICS_TEXT_BYTES_MAX;
        let (low, high) = match (low, high) {
            (Some(low), Some(high)) if is_short(&low) && is_short(&high) => (Some(low), Some(high)),
            _ => (None, None),
        };
        Statistics::ByteArray(ValueStatistics::new(low, high, None, Some(nulls), false))
    }
}

/// The column of a row group, by runs.
pub(crate) fn encode<V: Value>(
    leaf: &Leaf<V>,
    descriptor: &ColumnDescPtr,
    runs: &[Run],
) -> Result<(Bytes, ColumnCloseResult), StoreError> {
    let mut chunk = ChunkWriter::<V>::new(descriptor, leaf, runs)?;
    let mut bytes = TrackedWrite::new(Vec::new());
    let mut pages = SerializedPageWriter::new(&mut bytes);
    chunk.write_dictionary(&mut pages)?;
    let mut page: Vec<Run> = Vec::with_capacity(runs.len().min(limits::PAGE_ROWS));
    let mut room = limits::PAGE_ROWS as u32;
    for run in runs {
        let mut left = run.rows;
        while left > 0 {
            let rows = left.min(room);
            page.push(Run { number: run.number, rows });
            (left, room) = (left - rows, room - rows);
            if room == 0 {
                chunk.write_page(leaf, &page, &mut pages)?;
                page.clear();
                room = limits::PAGE_ROWS as u32;
            }
        }
    }
    if !page.is_empty() {
        chunk.write_page(leaf, &page, &mut pages)?;
    }
    pages.close()?;
    Ok((bytes.into_inner()?.into(), chunk.close()?))
}

/// The entry of a row that has one.
#[derive(Clone, Copy)]
struct Single {
    definition: u32,
    /// Its number in the dictionary of the row group.
    local: u32,
}

impl Single {
    /// Instead of a definition level, where a row has several entries or none.
    const SEVERAL: u32 = u32::MAX;
    /// Instead of a number, where the entry has no value.
    const MISSING: u32 = u32::MAX;
    const NONE: Self = Self { definition: Self::SEVERAL, local: Self::MISSING };
}

/// Writes the pages of one column of a row group.
struct ChunkWriter<V> {
    descriptor: ColumnDescPtr,
    compression: Compression,
    compressor: zstd::bulk::Compressor<'static>,
    /// Number of each value in the dictionary of the row group.
    local: Vec<u32>,
    dictionary: Vec<V>,
    /// What rows of each number have.
    singles: Vec<Single>,
    /// The page in which each number came last.
    page_of: Vec<u32>,
    pages: u32,
    column_index: ColumnIndexBuilder,
    offset_index: OffsetIndexBuilder,
    rows: u64,
    entries: u64,
    nulls: u64,
    compressed_bytes: usize,
    uncompressed_bytes: usize,
    dictionary_at: Option<i64>,
    data_at: Option<i64>,
}

impl<V: Value> ChunkWriter<V> {
    fn new(descriptor: &ColumnDescPtr, leaf: &Leaf<V>, runs: &[Run]) -> Result<Self, StoreError> {
        let mut local = vec![u32::MAX; leaf.values.len()];
        let mut dictionary = Vec::new();
        let mut is_seen = vec![false; leaf.numbers()];
        let is_new = |run: &&Run| {
            is_seen.get_mut(run.number as usize).is_some_and(|is_seen| !std::mem::replace(is_seen, true))
        };
        for entry in runs.iter().filter(is_new).flat_map(|run| leaf.entries_of(run.number)) {
            let Some(value) = entry.value.map(|value| value as usize) else { continue };
            if let (Some(number), Some(value)) = (local.get_mut(value), leaf.values.get(value))
                && *number == u32::MAX
            {
                *number = dictionary.len() as u32;
                dictionary.push(value.clone());
            }
        }
        let single = |number| match leaf.entries_of(number) {
            [entry] => Single {
                definition: u32::from(entry.definition),
                local: entry.value.map_or(Single::MISSING, |value| {
                    local.get(value as usize).copied().unwrap_or(Single::MISSING)
                }),
            },
            _ => Single::NONE,
        };
        Ok(Self {
            singles: (0..leaf.numbers() as u32).map(single).collect(),
            descriptor: ColumnDescPtr::clone(descriptor),
            compression: Compression::ZSTD(ZstdLevel::try_new(limits::ZSTD_LEVEL)?),
            compressor: zstd::bulk::Compressor::new(limits::ZSTD_LEVEL).map_err(ParquetError::from)?,
            local,
            page_of: vec![0; leaf.numbers()],
            pages: 0,
            dictionary,
            column_index: ColumnIndexBuilder::new(descriptor.physical_type()),
            offset_index: OffsetIndexBuilder::new(),
            rows: 0,
            entries: 0,
            nulls: 0,
            compressed_bytes: 0,
            uncompressed_bytes: 0,
            dictionary_at: None,
            data_at: None,
        })
    }

    fn compressed(&mut self, bytes: &[u8]) -> Result<Bytes, ParquetError> {
        Ok(self.compressor.compress(bytes)?.into())
    }

    fn write_dictionary(&mut self, pages: &mut dyn PageWriter) -> Result<(), StoreError> {
        if self.dictionary.is_empty() {
            return Ok(());
        }
        let mut plain = Vec::new();
        self.dictionary.iter().for_each(|value| value.put_plain(&mut plain));
        let page = Page::DictionaryPage {
            buf: self.compressed(&plain)?,
            num_values: self.dictionary.len() as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        let written = pages.write_page(CompressedPage::new(page, plain.len()))?;
        self.dictionary_at = Some(written.offset as i64);
        self.compressed_bytes += written.compressed_size;
        self.uncompressed_bytes += written.uncompressed_size;
        Ok(())
    }

    fn write_page(
        &mut self,
        leaf: &Leaf<V>,
        runs: &[Run],
        pages: &mut dyn PageWriter,
    ) -> Result<(), StoreError> {
        let (repetition_max, definition_max) =
            (self.descriptor.max_rep_level(), self.descriptor.max_def_level());
        let mut repetitions = Hybrid::new(bits(u32::from(repetition_max.unsigned_abs())), Vec::new());
        let mut definitions = Hybrid::new(bits(u32::from(definition_max.unsigned_abs())), Vec::new());
        let index_bits = bits((self.dictionary.len() as u32).saturating_sub(1));
        let mut indices = Hybrid::new(index_bits, vec![index_bits]);
        let (mut entries, mut values, mut rows) = (0, 0, 0);
        let (mut low, mut high): (Option<&V>, Option<&V>) = (None, None);
        self.pages += 1;
        for run in runs {
            let times = run.rows as usize;
            let single = self.singles.get(run.number as usize).copied().unwrap_or(Single::NONE);
            if single.definition == Single::SEVERAL {
                for entry in std::iter::repeat_n(leaf.entries_of(run.number), times).flatten() {
                    repetitions.put(u32::from(entry.repetition), 1);
                    definitions.put(u32::from(entry.definition), 1);
                    if let Some(local) = entry.value.and_then(|value| self.local.get(value as usize)) {
                        indices.put(*local, 1);
                        values += 1;
                    }
                    entries += 1;
                }
            } else {
                repetitions.put(0, times);
                definitions.put(single.definition, times);
                if single.local != Single::MISSING {
                    indices.put(single.local, times);
                    values += times;
                }
                entries += times;
            }
            rows += times;
            // Values are compared once a page, however often they come.
            if let Some(page) = self.page_of.get_mut(run.number as usize).filter(|page| **page != self.pages)
            {
                *page = self.pages;
                let of_row = leaf.entries_of(run.number).iter();
                for value in of_row.filter_map(|entry| leaf.values.get(entry.value? as usize)) {
                    low = low.filter(|low| *low <= value).or(Some(value));
                    high = high.filter(|high| *high >= value).or(Some(value));
                }
            }
        }
        let nulls = (entries - values) as u64;
        let mut bytes = Vec::new();
        for (levels, max) in [(repetitions, repetition_max), (definitions, definition_max)] {
            if max > 0 {
                let levels = levels.finish();
                bytes.extend_from_slice(&(levels.len() as u32).to_le_bytes());
                bytes.extend_from_slice(&levels);
            }
        }
        let has_dictionary = !self.dictionary.is_empty();
        if has_dictionary {
            bytes.extend_from_slice(&indices.finish());
        }
        let page = Page::DataPage {
            buf: self.compressed(&bytes)?,
            num_values: entries as u32,
            encoding: if has_dictionary { Encoding::RLE_DICTIONARY } else { Encoding::PLAIN },
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let written = pages.write_page(CompressedPage::new(page, bytes.len()))?;
        self.data_at.get_or_insert(written.offset as i64);
        self.compressed_bytes += written.compressed_size;
        self.uncompressed_bytes += written.uncompressed_size;
        self.offset_index.append_row_count(rows as i64);
        self.offset_index.append_offset_and_size(written.offset as i64, written.compressed_size as i32);
        self.note(low, high, nulls);
        (self.rows, self.entries, self.nulls) =
            (self.rows + rows as u64, self.entries + entries as u64, self.nulls + nulls);
        Ok(())
    }

    /// The bounds of a page.
    fn note(&mut self, low: Option<&V>, high: Option<&V>, nulls: u64) {
        match low.zip(high).map(|(low, high)| (low.bound(), high.bound())) {
            None => self.column_index.append(true, Vec::new(), Vec::new(), nulls as i64),
            Some((Some(low), Some(high))) => self.column_index.append(false, low, high, nulls as i64),
            Some(_) => self.column_index.to_invalid(),
        }
    }

    fn close(self) -> Result<ColumnCloseResult, StoreError> {
        let extreme = |is_better: fn(&V, &V) -> bool| {
            self.dictionary.iter().reduce(|a, b| if is_better(b, a) { b } else { a }).cloned()
        };
        let statistics = V::statistics(extreme(|b, a| b < a), extreme(|b, a| b > a), self.nulls);
        let encodings = [Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY];
        let metadata = ColumnChunkMetaData::builder(ColumnDescPtr::clone(&self.descriptor))
            .set_compression(self.compression)
            .set_encodings(encodings.to_vec())
            .set_total_compressed_size(self.compressed_bytes as i64)
            .set_total_uncompressed_size(self.uncompressed_bytes as i64)
            .set_num_values(self.entries as i64)
            .set_data_page_offset(self.data_at.unwrap_or_default())
            .set_dictionary_page_offset(self.dictionary_at)
            .set_statistics(statistics)
            .build()?;
        let column_index = if self.column_index.valid() { Some(self.column_index.build()?) } else { None };
        Ok(ColumnCloseResult {
            bytes_written: self.compressed_bytes as u64,
            rows_written: self.rows,
            metadata,
            bloom_filter: None,
            column_index,
            offset_index: Some(self.offset_index.build()),
        })
    }
}
