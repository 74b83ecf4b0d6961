//! Column chunks of words and of money, encoded here.
//!
//! Takes in the places of words in a list, or amounts, of one row group; gives out a Parquet column chunk: its bytes, and
//! what the file's footer says of them. The library looks every single word up among those that it met, and allocates
//! for every amount: together that was a third of what tables cost. Here a word is the number that a record holds
//! already.
//!
//! Source: the Apache Parquet format: data pages of version 1, encodings `PLAIN`, `RLE` and `RLE_DICTIONARY` (the hybrid of
//! runs and packed bits), levels of optional columns.

use std::sync::Arc;

use arrow::array::{Array, StringArray};
use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

/// The values that are looked at together: a run, or packed. A multiple of 8, as packed bits must be.
const BLOCK: usize = 512;
/// The bytes of an amount of precision 38.
const MONEY_BYTES: usize = 16;
/// Amounts of more than 38 digits have no place.
const MONEY_END: u128 = 10_u128.pow(38);

/// The values of a column of one row group, so far.
pub(crate) struct Chunk<V> {
    column: ColumnDescPtr,
    /// Which rows have a value, where the column may be null.
    known: Option<Hybrid>,
    rows: usize,
    values: V,
}

/// Places in a list of words.
pub(crate) struct Words {
    list: Arc<StringArray>,
    keys: Hybrid,
}

/// Amounts, their bytes in the order of the format.
pub(crate) struct Amounts(Vec<u8>);

/// A chunk that is complete.
pub(crate) struct Encoded {
    /// The pages.
    pub(crate) bytes: Bytes,
    /// What the footer says.
    pub(crate) close: ColumnCloseResult,
}

impl<V> Chunk<V> {
    fn new(column: ColumnDescPtr, values: V) -> Chunk<V> {
        Chunk {
            known: (column.max_def_level() > 0).then(|| Hybrid::new(1)),
            column,
            rows: 0,
            values,
        }
    }

    /// Notes whether the next row has a value.
    #[inline]
    fn row(&mut self, is_known: bool) -> Result<(), ParquetError> {
        self.rows += 1;
        match &mut self.known {
            Some(known) => known.push(is_known.into()),
            None if is_known => {}
            None => {
                let name = self.column.name();
                return Err(ParquetError::General(format!(
                    "column {name} may not be null"
                )));
            }
        }
        Ok(())
    }

    /// The data page: levels, where there are any, with their length before them, then values.
    fn page(known: Option<Hybrid>, values: &[u8]) -> Vec<u8> {
        let levels = known.map(Hybrid::finish).unwrap_or_default();
        let mut page = Vec::with_capacity(4 + levels.len() + values.len());
        if !levels.is_empty() {
            page.extend((levels.len() as u32).to_le_bytes());
            page.extend(levels);
        }
        page.extend(values);
        page
    }
}

impl Chunk<Words> {
    /// A column of words, each a place in `list`.
    pub(crate) fn words(column: ColumnDescPtr, list: Arc<StringArray>) -> Chunk<Words> {
        let most = list.len().saturating_sub(1) as u32;
        // Readers differ about values of no bits.
        let keys = Hybrid::new((u32::BITS - most.leading_zeros()).max(1));
        Chunk::new(column, Words { list, keys })
    }

    /// Adds a row. A place beyond the list is null.
    #[inline]
    pub(crate) fn push(&mut self, word: Option<u32>) -> Result<(), ParquetError> {
        let word = word.filter(|x| (*x as usize) < self.values.list.len());
        if let Some(word) = word {
            self.values.keys.push(word);
        }
        self.row(word.is_some())
    }

    /// The chunk. Nothing of it is compressed: what repeats is a run already.
    pub(crate) fn finish(self) -> Result<Encoded, ParquetError> {
        let Words { list, keys } = self.values;
        let mut dictionary = Vec::new();
        for word in list.iter().flatten() {
            dictionary.extend((word.len() as u32).to_le_bytes());
            dictionary.extend(word.as_bytes());
        }
        let length = dictionary.len();
        let dictionary = Page::DictionaryPage {
            buf: dictionary.into(),
            num_values: list.len() as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        let mut values = vec![keys.width as u8];
        values.extend(keys.finish());
        let page = Self::page(self.known, &values);
        let (length, page) = (
            CompressedPage::new(dictionary, length),
            data_page(self.rows, Encoding::RLE_DICTIONARY, page.len(), page),
        );
        let encodings = vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY];
        let about = (self.column, self.rows, Compression::UNCOMPRESSED, encodings);
        write(about, Some(length), page)
    }
}

impl Chunk<Amounts> {
    /// A column of money.
    pub(crate) fn money(column: ColumnDescPtr) -> Chunk<Amounts> {
        Chunk::new(column, Amounts(Vec::new()))
    }

    /// Adds a row.
    ///
    /// # Errors
    /// The amount has more than 38 digits.
    #[inline]
    pub(crate) fn push(&mut self, amount: Option<i128>) -> Result<(), ParquetError> {
        if let Some(amount) = amount {
            if amount.unsigned_abs() >= MONEY_END {
                let name = self.column.name();
                let reason = format!("column {name}: {amount}e-9 has more than 38 digits");
                return Err(ParquetError::General(reason));
            }
            let bytes: [u8; MONEY_BYTES] = amount.to_be_bytes();
            self.values.0.extend_from_slice(&bytes);
        }
        self.row(amount.is_some())
    }

    /// The chunk, compressed by Snappy: most amounts begin with the same bytes.
    pub(crate) fn finish(self) -> Result<Encoded, ParquetError> {
        let page = Self::page(self.known, &self.values.0);
        let compressed = snap::raw::Encoder::new().compress_vec(&page);
        let compressed = compressed.map_err(|x| ParquetError::External(Box::new(x)))?;
        let page = data_page(self.rows, Encoding::PLAIN, page.len(), compressed);
        let encodings = vec![Encoding::PLAIN, Encoding::RLE];
        write(
            (self.column, self.rows, Compression::SNAPPY, encodings),
            None,
            page,
        )
    }
}

fn data_page(rows: usize, encoding: Encoding, length: usize, bytes: Vec<u8>) -> CompressedPage {
    let page = Page::DataPage {
        buf: bytes.into(),
        num_values: rows as u32,
        encoding,
        def_level_encoding: Encoding::RLE,
        rep_level_encoding: Encoding::RLE,
        statistics: None,
    };
    CompressedPage::new(page, length)
}

/// Writes the pages of a chunk, the dictionary first, and says what they are.
fn write(
    (column, rows, compression, encodings): (ColumnDescPtr, usize, Compression, Vec<Encoding>),
    dictionary: Option<CompressedPage>,
    data: CompressedPage,
) -> Result<Encoded, ParquetError> {
    let mut sink = TrackedWrite::new(Vec::new());
    let mut pages = SerializedPageWriter::new(&mut sink);
    let dictionary = dictionary.map(|x| pages.write_page(x)).transpose()?;
    let data = pages.write_page(data)?;
    let bytes = Bytes::from(sink.into_inner()?);
    let first = dictionary.as_ref().map_or(0, |x| x.uncompressed_size);
    let metadata = ColumnChunkMetaData::builder(column)
        .set_compression(compression)
        .set_encodings(encodings)
        .set_num_values(rows as i64)
        .set_total_compressed_size(bytes.len() as i64)
        .set_total_uncompressed_size((first + data.uncompressed_size) as i64)
        .set_data_page_offset(data.offset as i64)
        .set_dictionary_page_offset(dictionary.map(|x| x.offset as i64))
        .build()?;
    let close = ColumnCloseResult {
        bytes_written: bytes.len() as u64,
        rows_written: rows as u64,
        metadata,
        bloom_filter: None,
        column_index: None,
        offset_index: None,
    };
    Ok(Encoded { bytes, close })
}

/// Numbers of at most `width` bits as runs and packed bits.
struct Hybrid {
    width: u32,
    block: Vec<u32>,
    /// The value that repeats at the end of what was encoded, and how often; 0 where none does.
    run: (u32, u64),
    bytes: Vec<u8>,
}

impl Hybrid {
    fn new(width: u32) -> Hybrid {
        Hybrid {
            width,
            block: Vec::with_capacity(BLOCK),
            run: (0, 0),
            bytes: Vec::new(),
        }
    }

    #[inline]
    fn push(&mut self, value: u32) {
        self.block.push(value);
        if self.block.len() == BLOCK {
            self.encode();
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.encode();
        self.end_run();
        self.bytes
    }

    /// A block of one value is a run, or more of one; any other is packed. Only the last is shorter than [`BLOCK`]: there
    /// readers know by the number of values what is no value any more.
    fn encode(&mut self) {
        let Some(first) = self.block.first().copied() else {
            return;
        };
        let count = self.block.len() as u64;
        if self.block.iter().any(|x| *x != first) {
            self.end_run();
            self.pack();
        } else if self.run.1 > 0 && self.run.0 == first {
            self.run.1 += count;
        } else {
            self.end_run();
            self.run = (first, count);
        }
        self.block.clear();
    }

    fn end_run(&mut self) {
        let (value, count) = std::mem::take(&mut self.run);
        if count > 0 {
            self.header(count << 1);
            let bytes = self.width.div_ceil(8) as usize;
            self.bytes.extend_from_slice(&value.to_le_bytes()[..bytes]);
        }
    }

    /// Packs the block, the lowest bits first, filled up with zeros to a multiple of 8 values.
    fn pack(&mut self) {
        let groups = self.block.len().div_ceil(8);
        self.header((groups as u64) << 1 | 1);
        self.block.resize(groups * 8, 0);
        let (mut bits, mut count) = (0_u64, 0);
        for value in &self.block {
            bits |= u64::from(*value) << count;
            count += self.width;
            if count >= 32 {
                self.bytes.extend_from_slice(&(bits as u32).to_le_bytes());
                bits >>= 32;
                count -= 32;
            }
        }
        // Eight values take a whole number of bytes.
        let rest = (count / 8) as usize;
        self.bytes.extend_from_slice(&bits.to_le_bytes()[..rest]);
    }

    /// A number in groups of seven bits, the lowest first.
    fn header(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tables::schema::Kind;
    use arrow::array::{ArrayRef, AsArray, StringArray};
    use arrow::datatypes::{Decimal128Type, Field, Int32Type, Schema};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use proptest::prelude::*;

    const LIST: [&str; 11] = ["", "a", "b", "c", "d", "e", "f", "g", "h", "i", "kilo"];

    type Row = (Option<u32>, Option<i128>);

    /// Writes groups of rows of both kinds, in columns that may be null and, where every row has values, in others that
    /// may not; gives out what the library reads of it.
    fn read_back(groups: &[Vec<Row>], words: usize, nullable: bool) -> Vec<Row> {
        let field = |name: &str, kind: Kind| Field::new(name, kind.data_type(), nullable);
        let schema = Schema::new(vec![field("word", Kind::Word), field("money", Kind::Money)]);
        let list = Arc::new(StringArray::from(LIST[..words].to_vec()));
        let writer = ArrowWriter::try_new(Vec::new(), schema.into(), None).unwrap();
        let (mut writer, _) = writer.into_serialized_writer().unwrap();
        for rows in groups {
            let columns = writer.schema_descr().columns().to_vec();
            let mut chunk = Chunk::words(columns[0].clone(), list.clone());
            let mut money = Chunk::money(columns[1].clone());
            for (word, amount) in rows {
                chunk.push(*word).unwrap();
                money.push(*amount).unwrap();
            }
            let mut group = writer.next_row_group().unwrap();
            for encoded in [chunk.finish().unwrap(), money.finish().unwrap()] {
                group.append_column(&encoded.bytes, encoded.close).unwrap();
            }
            group.close().unwrap();
        }
        let bytes = Bytes::from(writer.into_inner().unwrap());
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
        let batches = reader.with_batch_size(700).build().unwrap();
        batches
            .flat_map(|x| rows_of(x.unwrap().columns()))
            .collect()
    }

    fn rows_of(columns: &[ArrayRef]) -> Vec<Row> {
        let words = columns[0].as_dictionary::<Int32Type>();
        let texts = words.downcast_dict::<StringArray>().unwrap();
        let place = |x: &str| LIST.iter().position(|y| *y == x).unwrap() as u32;
        let words = texts.into_iter().map(|x| x.map(place));
        words
            .zip(columns[1].as_primitive::<Decimal128Type>())
            .collect()
    }

    /// Runs of rows of every length, at blocks' borders too.
    fn runs(words: u32, nullable: bool) -> impl Strategy<Value = Vec<Row>> {
        let most = MONEY_END as i128 - 1;
        let is_known = move || (0..5).prop_map(move |x| !nullable || x > 0);
        let word = (0..words, is_known()).prop_map(|(x, is_known)| is_known.then_some(x));
        let money = (prop_oneof![-most..=most, -9_i128..9], is_known());
        let money = money.prop_map(|(x, is_known)| is_known.then_some(x));
        let length = prop_oneof![1_usize..10, 500_usize..530, Just(BLOCK), Just(2 * BLOCK)];
        let run =
            (word, money, length).prop_map(|(word, money, length)| vec![(word, money); length]);
        prop::collection::vec(run, 1..12).prop_map(|x| x.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn the_library_reads_what_was_written(
            (words, nullable, groups) in (1_usize..=LIST.len(), any::<bool>()).prop_flat_map(|(words, nullable)| {
                let groups = prop::collection::vec(runs(words as u32, nullable), 1..4);
                (Just(words), Just(nullable), groups)
            }),
        ) {
            prop_assert_eq!(read_back(&groups, words, nullable), groups.concat());
        }
    }

    #[test]
    fn words_that_no_list_has_are_null_and_may_be_all_that_there_is() {
        let rows = vec![(Some(3), None), (None, Some(1)), (Some(9), None)];
        let expected = [(None, None), (None, Some(1)), (None, None)];
        assert_eq!(read_back(std::slice::from_ref(&rows), 0, true), expected);
        assert_eq!(read_back(&[rows], 2, true), expected);
    }

    #[test]
    fn what_has_no_place_is_refused() {
        let column = |kind: Kind| {
            let schema = Schema::new(vec![Field::new("x", kind.data_type(), false)]);
            let writer = ArrowWriter::try_new(Vec::new(), schema.into(), None).unwrap();
            let (writer, _) = writer.into_serialized_writer().unwrap();
            writer.schema_descr().column(0)
        };
        let mut money = Chunk::money(column(Kind::Money));
        let most = MONEY_END as i128;
        assert!(money.push(Some(most - 1)).is_ok() && money.push(Some(1 - most)).is_ok());
        for amount in [most, -most, i128::MIN] {
            let error = money.push(Some(amount)).unwrap_err().to_string();
            assert!(error.contains("more than 38 digits"), "{error}");
        }
        let list = Arc::new(StringArray::from(vec!["a"]));
        let error = Chunk::words(column(Kind::Word), list)
            .push(Some(1))
            .unwrap_err();
        assert!(error.to_string().contains("may not be null"), "{error}");
    }
}
