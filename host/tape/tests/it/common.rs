//! What the tests share.
//!
//! Takes in nothing; gives out a folder of real data where there is one, made-up inputs, and short ways to import.

use std::io::Write;
use std::path::{Path, PathBuf};

use backplane_tape::import::{ImportOptions, ImportReport, import};
use backplane_tape::{Row, TapeError, TapeReader, TapeSchema};

/// A folder of the data that is never part of the repository, or none, which is said.
pub(crate) fn real_data(folder: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("BACKPLANE_DATA").map_or(beside, PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: there is no {}", path.display());
    None
}

/// Imports with no options but the output.
pub(crate) fn import_to(inputs: &[PathBuf], output: &Path) -> Result<ImportReport, TapeError> {
    let options = ImportOptions {
        output: output.to_path_buf(),
        ..ImportOptions::default()
    };
    import(inputs, &options, &mut |_, _| {})
}

/// Imports as a tape of price levels.
pub(crate) fn import_levels_to(inputs: &[PathBuf], output: &Path) -> ImportReport {
    let options = ImportOptions {
        output: output.to_path_buf(),
        schema: Some(TapeSchema::Mbp),
        ..ImportOptions::default()
    };
    import(inputs, &options, &mut |_, _| {}).unwrap()
}

/// All rows of a tape.
pub(crate) fn rows(tape: &Path) -> Vec<Row> {
    let mut reader = TapeReader::open(tape).unwrap().with_details(true);
    let mut rows = Vec::new();
    while let Some(columns) = reader.next_batch().unwrap() {
        rows.extend(columns.iter());
    }
    rows
}

/// The name of a made-up LOBSTER file.
pub(crate) fn lobster_name(kind: &str) -> String {
    format!("MADE_2012-06-21_34200000_57600000_{kind}_2.csv")
}

/// A made-up LOBSTER day of two levels: messages, and the book after each.
pub(crate) const MESSAGES: &str = "\
34200.1,1,11,100,1000000,1
34200.25,1,12,50,1000100,1
34200.250000001,5,0,7,1000150,-1
34200.3,4,12,50,1000100,1
34201,1,13,30,1000300,-1
34201.000000001,2,13,10,1000300,-1
34202.5,4,13,20,1000300,-1
34203.123456789012,3,11,100,1000000,1
";

/// The book beside [`MESSAGES`].
pub(crate) const BOOK: &str = "\
1000400,10,1000000,100,1000500,20,999900,40
1000400,10,1000100,50,1000500,20,1000000,100
1000400,10,1000100,50,1000500,20,1000000,100
1000400,10,1000000,100,1000500,20,999900,40
1000300,30,1000000,100,1000400,10,999900,40
1000300,20,1000000,100,1000400,10,999900,40
1000400,10,1000000,100,1000500,20,999900,40
1000400,10,999900,40,1000500,20,-9999999999,0
";

/// Writes the made-up day as two CSV files.
pub(crate) fn write_lobster(folder: &Path) -> Vec<PathBuf> {
    [("message", MESSAGES), ("orderbook", BOOK)]
        .map(|(kind, text)| {
            let path = folder.join(lobster_name(kind));
            std::fs::write(&path, text).unwrap();
            path
        })
        .to_vec()
}

/// Writes the made-up day, many times over, as one zip, so that it is more than a few blocks long.
pub(crate) fn write_lobster_zip(folder: &Path) -> PathBuf {
    let path = folder.join("day.zip");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (kind, text) in [("message", MESSAGES), ("orderbook", BOOK)] {
        archive
            .start_file(lobster_name(kind), zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    path
}

/// A made-up order-level record.
pub(crate) struct Record {
    pub(crate) time: u64,
    pub(crate) action: u8,
    pub(crate) side: u8,
    pub(crate) order_id: u64,
    pub(crate) price: i64,
    pub(crate) size: u32,
    pub(crate) flags: u8,
}

/// A short way to write a record down.
pub(crate) const fn record(
    time: u64,
    letters: [u8; 2],
    order_id: u64,
    price: i64,
    size: u32,
    flags: u8,
) -> Record {
    Record {
        time,
        action: letters[0],
        side: letters[1],
        order_id,
        price,
        size,
        flags,
    }
}

/// The bytes of an uncompressed DBN file of schema mbo with these records.
pub(crate) fn dbn_bytes(records: &[Record]) -> Vec<u8> {
    use dbn::encode::{DbnRecordEncoder, EncodeRecord};
    let metadata = dbn::MetadataBuilder::new()
        .dataset("MADE.UP".to_owned())
        .schema(Some(dbn::Schema::Mbo))
        .start(0)
        .stype_in(Some(dbn::SType::RawSymbol))
        .stype_out(dbn::SType::InstrumentId)
        .build();
    let mut bytes = Vec::new();
    dbn::encode::dbn::MetadataEncoder::new(&mut bytes)
        .encode(&metadata)
        .unwrap();
    let mut encoder = DbnRecordEncoder::new(&mut bytes);
    for record in records {
        let header = dbn::RecordHeader::new::<dbn::MboMsg>(dbn::rtype::MBO, 1, 7, record.time);
        encoder
            .encode_record(&dbn::MboMsg {
                hd: header,
                order_id: record.order_id,
                price: record.price,
                size: record.size,
                flags: record.flags.into(),
                channel_id: 0,
                action: record.action as std::ffi::c_char,
                side: record.side as std::ffi::c_char,
                ts_recv: record.time + 5,
                ts_in_delta: 0,
                sequence: 1,
            })
            .unwrap();
    }
    bytes
}
