//! Databento: DBN files of every schema of market data, plain or compressed, of any DBN version.
//!
//! Takes in one or many files; gives out one tape, merged by receive time. The files are read twice: first to know the
//! instruments ([`survey`]), then to make rows of their records ([`merge`]).
//!
//! | schema | what becomes of it |
//! |---|---|
//! | `mbo` | a tape of orders |
//! | `mbp-1`, `mbp-10`, `cmbp-1` | a tape of price levels: changes of the levels that are seen, and trades |
//! | `tbbo`, `tcbbo` | trades, and the best prices before each |
//! | `bbo-*`, `cbbo-*` | the best prices as they were at the end of each interval |
//! | `trades` | trades |
//! | `ohlcv-*` | the prints that make each bar, at its end |
//! | `status` | changes of trading status |
//! | `definition` | symbol, tick, multiplier, currency, first and last time of the instruments |
//! | `statistics` | the latest value of each kind and day, in the tape's footer |
//! | `imbalance` | refused: tapes hold no auctions' imbalances |
//!
//! Definitions and statistics are no market data; they are taken beside files that are.
//!
//! What CME's files hold was looked at in the ES contract of 2023-12-24 and 25 (77,517 records), and the resolver's
//! rules for [`FillConvention::Announces`] follow from it:
//! - An execution is a T (the aggressor's), then an F for each resting order, all without effect on the book; what takes
//!   the size out comes later in the event. For an order that is filled it is a C, for an order of which something is
//!   left it is an M at the same price to what is left. Several Fs of one order are answered by one C or M.
//! - An M that leaves more than the order had, less its fills, is an iceberg showing its next slice (83 of 967): the
//!   order goes to the end of the queue. Its F may be of more than the order showed.
//! - An aggressor that rested before (modified so as to cross) has Fs of its own, on its side and at prices at which it
//!   did not rest; its C or M follows at the old price. These are no executions of the queue, nor are the fills of the
//!   opening auction at a price that is not the order's.
//! - Every day's file begins with a snapshot of all orders, whose receive time is the day's start. The second day's
//!   says just what the first day's book holds, and its last record does not carry the flag that ends an event.

mod definition;
mod file;
mod legacy;
mod merge;
mod record;
mod survey;

use super::importer::{Head, Importer};
use super::inputs::Inputs;
use super::session::Session;
use super::{ImportOptions, ImportReport, Progress};
use crate::error::TapeError;
use crate::format::{Header, INSTRUMENTS_MAX, Source};
use crate::resolve::{Conventions, FillConvention, UnknownOrders};
use survey::{Survey, View};

/// The importer, for the table.
pub(super) const IMPORTER: Importer = Importer {
    name: "databento",
    about: "Databento DBN files of every schema of market data",
    recognizes,
    import: databento,
};

/// What a message of this source does to the book.
const CONVENTIONS: Conventions = Conventions {
    fills: FillConvention::Announces,
    unknown_orders: UnknownOrders::Drop,
};

fn recognizes(head: &Head<'_>) -> bool {
    file::is_databento(head.bytes) || head.name.contains(".dbn.frag")
}

/// Imports DBN files as one tape.
fn databento(
    inputs: &Inputs,
    options: &ImportOptions,
    progress: &mut Progress<'_>,
) -> Result<ImportReport, TapeError> {
    let parts = inputs.parts()?;
    let survey = Survey::of(&parts, options)?;
    let first = inputs.first().shown.as_path();
    let view = survey
        .view(options)
        .map_err(|why| TapeError::input(first, why))?;
    let (instruments, places) = survey.instruments(options);
    if instruments.len() > INSTRUMENTS_MAX {
        let why = format!(
            "the inputs hold {} instruments, a tape at most {INSTRUMENTS_MAX}; choose some with `--symbols`",
            instruments.len()
        );
        return Err(TapeError::input(first, why));
    }
    let header = Header {
        instruments,
        source: Source {
            from: options.source_name("databento"),
            inputs: inputs.describe()?,
        },
    };
    let mut session = match view {
        View::Orders => Session::orders(&header, CONVENTIONS, options, progress)?,
        View::Levels => Session::levels(&header, options, progress)?,
    };
    let mut bytes = merge::merge(&parts, &places, &mut session)?;
    for _ in 1..options.repetitions() {
        session.repeat()?;
        bytes = merge::merge(&parts, &places, &mut session)?;
    }
    let written = session.finish(bytes)?;
    let notes = survey.notes(options);
    Ok(ImportReport::new(options, header, written, notes))
}
