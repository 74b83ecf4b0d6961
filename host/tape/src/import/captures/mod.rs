//! Raw captures: what venues send, as recording programs write it down, a message a line.
//!
//! Takes in lines of a local time and a JSON message; gives out tapes. Whose messages they are is told by the first
//! that says something of a book or of trades.

pub(crate) mod binance;
mod bybit;
mod coinbase;
mod json;
pub(crate) mod okx;
mod stamp;
mod venue;

use super::feed::{self, Channel, Feed, Pass, Traits};
use super::importer::{HEAD_BYTES, Head, Importer};
use super::inputs::Inputs;
use super::part::Part;
use super::tables::Tables;
use super::{ImportOptions, ImportReport, Progress};
use crate::error::TapeError;
use binance::archive::{Archive, File};
use stamp::{Line, split};
use venue::Capture;

pub(crate) use stamp::epoch;
pub(crate) use venue::LINE_BYTES_MAX;

pub(super) const BINANCE: Importer = Importer {
    name: "binance",
    about: "Binance: raw captures of its streams, and CSV files of its public archive",
    is_feed: true,
    recognizes: |head| {
        let words = [
            "@depth",
            "@bookTicker",
            "@trade",
            "@aggTrade",
            "\"lastUpdateId\"",
        ];
        let is_archived = |line| File::of(head.name, line).is_some();
        is_of(head, &words) || head.first_line().is_some_and(is_archived)
    },
    import: |inputs, options, progress| {
        if is_archive(inputs)? {
            return archived(inputs, options, progress);
        }
        let seen = binance::Seen::default();
        import(Kind::Binance(seen), inputs, options, progress)
    },
};

pub(super) const OKX: Importer = Importer {
    name: "okx",
    about: "OKX: raw captures of the channels books and trades",
    is_feed: true,
    recognizes: |head| is_of(head, &["\"instId\""]),
    import: |inputs, options, progress| import(Kind::Okx, inputs, options, progress),
};

pub(super) const BYBIT: Importer = Importer {
    name: "bybit",
    about: "Bybit: raw captures of the topics orderbook and publicTrade, and of its first interface",
    is_feed: true,
    recognizes: |head| {
        is_of(
            head,
            &[
                "\"topic\":\"orderbook.",
                "\"topic\":\"publicTrade.",
                "orderBookL2",
                "stream.bybit.com",
            ],
        )
    },
    import: |inputs, options, progress| import(Kind::Bybit, inputs, options, progress),
};

pub(super) const COINBASE: Importer = Importer {
    name: "coinbase",
    about: "Coinbase: raw captures of the channels level2 and matches",
    is_feed: true,
    recognizes: |head| is_of(head, &["\"product_id\"", "\"product_ids\""]),
    import: |inputs, options, progress| import(Kind::Coinbase, inputs, options, progress),
};

/// Whether the first lines are captured messages in which one of these words stands.
fn is_of(head: &Head<'_>, words: &[&str]) -> bool {
    let mut lines = head
        .bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    let mut first = lines.clone();
    // The last line of the head may be cut off, but what it begins with is there.
    let looks_so = first.next().is_some_and(|line| split(line).is_some());
    looks_so
        && lines.any(|line| {
            let text = String::from_utf8_lossy(line);
            split(line).is_some() && words.iter().any(|word| text.contains(word))
        })
}

/// A venue.
#[derive(Clone, Debug)]
enum Kind {
    Binance(binance::Seen),
    Okx,
    Bybit,
    Coinbase,
}

/// Captures of one venue.
struct Captures {
    kind: Kind,
    parts: Vec<Part>,
}

impl Feed for Captures {
    fn name(&self) -> String {
        match self.kind {
            Kind::Binance(_) => "binance",
            Kind::Okx => "okx",
            Kind::Bybit => "bybit",
            Kind::Coinbase => "coinbase",
        }
        .to_owned()
    }

    fn open(&self, pass: Pass) -> Result<Vec<Box<dyn Channel>>, TapeError> {
        let parts = self.parts.clone();
        let channel: Box<dyn Channel> = match &self.kind {
            Kind::Binance(seen) => Box::new(Capture::new(
                parts,
                binance::Binance::new(pass, seen.clone()),
            )),
            Kind::Okx => Box::new(Capture::new(parts, okx::Okx::default())),
            Kind::Bybit => Box::new(Capture::new(parts, bybit::Bybit::default())),
            Kind::Coinbase => Box::new(Capture::new(parts, coinbase::Coinbase::default())),
        };
        Ok(vec![channel])
    }

    fn traits(&self, symbol: &str) -> Traits {
        match self.kind {
            Kind::Binance(_) => binance::Binance::traits(symbol),
            Kind::Okx => okx::Okx::traits(symbol),
            Kind::Bybit => bybit::Bybit::traits(symbol),
            Kind::Coinbase => coinbase::Coinbase::traits(symbol),
        }
    }
}

fn import(
    kind: Kind,
    inputs: &Inputs,
    options: &ImportOptions,
    progress: &mut Progress<'_>,
) -> Result<ImportReport, TapeError> {
    let parts = inputs.parts()?;
    feed::import(&Captures { kind, parts }, inputs, options, progress)
}

/// Whether a file is a capture of messages that an importer knows, and not another kind of its files.
pub(super) fn is_capture_of(head: &Head<'_>, importer: &Importer) -> bool {
    let first = head
        .bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    split(first).is_some() && (importer.recognizes)(head)
}

/// Whether the first file is one of Binance's public archive.
fn is_archive(inputs: &Inputs) -> Result<bool, TapeError> {
    let parts = inputs.parts()?;
    let Some(part) = parts.first() else {
        return Ok(false);
    };
    let head = part.head(HEAD_BYTES)?;
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(File::of(part.name(), String::from_utf8_lossy(line).trim_end()).is_some())
}

/// Files of Binance's public archive.
struct Archived {
    groups: Vec<(File, Vec<Part>)>,
}

impl Feed for Archived {
    fn name(&self) -> String {
        "binance".to_owned()
    }

    fn open(&self, _: Pass) -> Result<Vec<Box<dyn Channel>>, TapeError> {
        let channel = |(file, parts): &(File, Vec<Part>)| -> Box<dyn Channel> {
            Box::new(Tables::new(parts.clone(), Archive::new(*file)))
        };
        Ok(self.groups.iter().map(channel).collect())
    }

    fn traits(&self, symbol: &str) -> Traits {
        binance::Binance::traits(symbol)
    }
}

fn archived(
    inputs: &Inputs,
    options: &ImportOptions,
    progress: &mut Progress<'_>,
) -> Result<ImportReport, TapeError> {
    let groups = binance::archive::groups(&inputs.parts()?)?;
    let has = |wanted: File| groups.iter().any(|(file, _)| *file == wanted);
    for (one, other, what) in [
        (File::Trades, File::AggregateTrades, "trades"),
        (File::BookTicker, File::Depth, "the book"),
    ] {
        if has(one) && has(other) {
            let why = format!(
                "{what} would be told twice, by {one:?} and {other:?} files; name the files of one kind"
            );
            return Err(TapeError::Request { why });
        }
    }
    feed::import(&Archived { groups }, inputs, options, progress)
}

/// The message in a line of a capture, and when it was received; none for notes, and where there is no such time.
pub(crate) fn captured_at(line: &[u8]) -> Option<(i64, &[u8])> {
    match split(line)? {
        Line::Message(Some(at), json) => Some((at, json)),
        Line::Message(None, _) | Line::Note => None,
    }
}

/// The message in a line of a capture; none for notes.
pub(crate) fn captured(line: &[u8]) -> Option<&[u8]> {
    match split(line)? {
        Line::Message(_, json) => Some(json),
        Line::Note => None,
    }
}
