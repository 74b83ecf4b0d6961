//! A synthetic market as a DBN file of schema `mbo`.
//!
//! Takes in a generator's settings; gives out the bytes that Databento would send of that market: an execution is a T,
//! an F for each order that it meets, and then the C that takes the size out of the book.

use backplane_sdk::types::{Action, Flags, Side};
use backplane_tape::SourceMessage;
use backplane_tape::generate::{GenerateError, Generator, GeneratorConfig};
use dbn::encode::{DbnRecordEncoder, EncodeRecord};

/// The bytes of an uncompressed file, and the number of its records.
///
/// # Errors
/// The settings make no sense.
pub fn mbo_file(config: GeneratorConfig) -> Result<(Vec<u8>, u64), GenerateError> {
    let generator = Generator::new(config)?;
    let metadata = dbn::MetadataBuilder::new()
        .dataset("MADE.UP".to_owned())
        .schema(Some(dbn::Schema::Mbo))
        .start(0)
        .stype_in(Some(dbn::SType::RawSymbol))
        .stype_out(dbn::SType::InstrumentId)
        .build();
    let mut file = File::default();
    // What writes to memory cannot fail.
    let _ = dbn::encode::dbn::MetadataEncoder::new(&mut file.bytes).encode(&metadata);
    let mut event = Vec::new();
    for message in generator {
        event.push(message);
        if message.flags.is_last() {
            file.write(&event);
            event.clear();
        }
    }
    Ok((file.bytes, file.records))
}

#[derive(Default)]
struct File {
    bytes: Vec<u8>,
    records: u64,
}

impl File {
    /// Writes the records of an atomic event.
    fn write(&mut self, event: &[SourceMessage]) {
        let fills = event.iter().filter(|x| x.action == Action::Fill);
        let taken_out = fills.map(|fill| SourceMessage {
            action: Action::Cancel,
            ..*fill
        });
        // An order that rests after it took comes after what it took.
        let (before, after): (Vec<_>, Vec<_>) = event
            .iter()
            .partition(|x| matches!(x.action, Action::Trade | Action::Fill | Action::Clear));
        let records: Vec<SourceMessage> = before
            .into_iter()
            .copied()
            .chain(taken_out)
            .chain(after.into_iter().copied())
            .collect();
        for (number, message) in (1..).zip(&records) {
            let last = if number == records.len() {
                Flags::LAST
            } else {
                0
            };
            self.record(message, message.flags.0 & !Flags::LAST | last);
        }
    }

    fn record(&mut self, message: &SourceMessage, flags: u8) {
        let instrument = u32::from(message.instrument) + 1;
        let time = |nanos: i64| u64::try_from(nanos).unwrap_or_default();
        let header = dbn::RecordHeader::new::<dbn::MboMsg>(
            dbn::rtype::MBO,
            1,
            instrument,
            time(message.ts_event.0),
        );
        let record = dbn::MboMsg {
            hd: header,
            order_id: message.order_id,
            price: message.price.0,
            size: message.size,
            flags: flags.into(),
            channel_id: 0,
            action: message.action.code() as std::ffi::c_char,
            side: message.side.map_or(b'N', Side::code) as std::ffi::c_char,
            ts_recv: time(message.ts_recv.0),
            ts_in_delta: 0,
            sequence: message.sequence,
        };
        let _ = DbnRecordEncoder::new(&mut self.bytes).encode_record(&record);
        self.records += 1;
    }
}
