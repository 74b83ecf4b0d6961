//! `backplane tape cat`: rows of a tape as comma-separated values, or as JSON, one a line.
//!
//! Takes in a tape and which of its rows; gives out lines on standard output until whoever reads them has enough.

use std::io::{self, BufWriter, Write};

use backplane_sdk::types::{Price, Timestamp};
use backplane_tape::{Row, TapeReader};
use serde::Serialize;

use crate::arguments::CatArguments;
use crate::error::CliError;
use crate::exit;

/// A row as it is shown: times and prices as text, letters as letters.
#[derive(Serialize)]
struct Shown<'a> {
    row: u64,
    ts_recv: String,
    ts_event: String,
    symbol: &'a str,
    action: char,
    side: char,
    price: Option<String>,
    size: u32,
    level_size: u32,
    rank: u8,
    order_id: u64,
    remaining: u32,
    priority: u32,
    sequence: u32,
    flags: u8,
    signals: u8,
}

/// The names of the values of a line.
const HEADING: &str = "row,ts_recv,ts_event,symbol,action,side,price,size,level_size,rank,order_id,remaining,priority,\
                       sequence,flags,signals";

impl<'a> Shown<'a> {
    fn new(number: u64, row: &Row, symbol: &'a str) -> Shown<'a> {
        let price = Price(row.price);
        Shown {
            row: number,
            ts_recv: Timestamp(row.ts_recv).to_string(),
            ts_event: Timestamp(row.ts_event).to_string(),
            symbol,
            action: char::from(row.action),
            side: char::from(row.side),
            price: price.is_defined().then(|| price.to_string()),
            size: row.size,
            level_size: row.level_size,
            rank: row.rank,
            order_id: row.order_id,
            remaining: row.remaining,
            priority: row.priority,
            sequence: row.sequence,
            flags: row.flags,
            signals: row.signals,
        }
    }

    fn write(&self, out: &mut impl Write, json: bool) -> io::Result<()> {
        if json {
            serde_json::to_writer(&mut *out, self)?;
            return writeln!(out);
        }
        writeln!(
            out,
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            self.row,
            self.ts_recv,
            self.ts_event,
            quoted(self.symbol),
            self.action,
            self.side,
            self.price.as_deref().unwrap_or_default(),
            self.size,
            self.level_size,
            self.rank,
            self.order_id,
            self.remaining,
            self.priority,
            self.sequence,
            self.flags,
            self.signals
        )
    }
}

/// A symbol as a value of a line.
fn quoted(symbol: &str) -> String {
    if symbol.contains([',', '"', '\n']) {
        return format!("\"{}\"", symbol.replace('"', "\"\""));
    }
    symbol.to_owned()
}

pub(super) fn execute(arguments: &CatArguments) -> Result<u8, CliError> {
    let mut reader = TapeReader::open(&arguments.tape)?.with_details(true);
    let instruments = reader.header().instruments.clone();
    let part = &arguments.part;
    let is_unknown = |symbol: &&String| !instruments.iter().any(|x| x.symbol == **symbol);
    if let Some(symbol) = part.symbols.iter().find(is_unknown) {
        let message = format!("{} has no instrument {symbol}", arguments.tape.display());
        let hint = "`backplane tape inspect` lists a tape's instruments";
        return Err(CliError::new(exit::DATA, message, hint));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let mut left = arguments.rows.unwrap_or(u64::MAX);
    let mut result = match arguments.json {
        true => Ok(()),
        false => writeln!(out, "{HEADING}"),
    };
    'tape: while let Some(columns) = reader.next_batch()? {
        for (number, row) in (columns.first_row..).zip(columns.iter()) {
            let symbol = instruments[usize::from(row.instrument)].symbol.as_str();
            let is_late = part.to.is_some_and(|to| row.ts_recv >= to.0);
            if is_late || left == 0 || result.is_err() {
                break 'tape;
            }
            let is_early = part.from.is_some_and(|from| row.ts_recv < from.0);
            let is_chosen = part.symbols.is_empty() || part.symbols.iter().any(|x| x == symbol);
            if !is_early && is_chosen {
                left -= 1;
                result = Shown::new(number, &row, symbol).write(&mut out, arguments.json);
            }
        }
    }
    match result.and_then(|()| out.flush()) {
        // Whoever reads the rows has enough of them.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(exit::OK),
        Err(error) => {
            let message = format!("printing rows of {}: {error}", arguments.tape.display());
            let hint = "check where standard output goes";
            Err(CliError::new(exit::DATA, message, hint))
        }
        Ok(()) => Ok(exit::OK),
    }
}
