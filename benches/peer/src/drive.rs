//! How the peer's time goes on, and when its strategy looks.
//!
//! Takes in a backtest and a strategy; gives out when the data has ended. This is what is timed.

use hftbacktest::backtest::{Backtest, BacktestError};
use hftbacktest::depth::MarketDepth;
use hftbacktest::types::{Bot, ElapseResult};

use crate::feed::Change;
use crate::strategy::Quoter;

/// Longer than any tape, and short enough to be added to its times, nanoseconds: thirty years.
const FOREVER: i64 = 1_000_000_000_000_000_000;

/// Wakes the strategy at every event that it is told; it looks at all instruments, because the peer does not say of
/// which the event is. While a cancel waits for an answer, answers wake it as well.
///
/// # Errors
/// What the peer says.
pub fn by_feed<MD: MarketDepth, const ON_SIZE: bool>(
    backtest: &mut Backtest<MD>,
    quoter: &mut Quoter<ON_SIZE>,
) -> Result<(), BacktestError> {
    let instruments = backtest.num_assets();
    loop {
        let is_waiting = quoter.answer_due().is_some();
        if backtest.wait_next_feed(is_waiting, FOREVER)? == ElapseResult::EndOfData {
            return Ok(());
        }
        if is_waiting {
            quoter.settle(backtest)?;
        }
        for instrument in 0..instruments {
            quoter.look(instrument, backtest)?;
        }
    }
}

/// Lets time elapse to each of the changes, and to each answer on which a cancel waits. `changes` are sorted by time,
/// and their instruments are places in the backtest.
///
/// # Errors
/// What the peer says.
pub fn by_changes<MD: MarketDepth, const ON_SIZE: bool>(
    backtest: &mut Backtest<MD>,
    quoter: &mut Quoter<ON_SIZE>,
    changes: &[Change],
) -> Result<(), BacktestError> {
    if backtest.elapse(0)? == ElapseResult::EndOfData {
        return Ok(());
    }
    for change in changes {
        while let Some(due) = quoter.answer_due().filter(|x| *x < change.local_ts) {
            elapse_to(due, backtest)?;
            quoter.settle(backtest)?;
        }
        if elapse_to(change.local_ts, backtest)? == ElapseResult::EndOfData {
            return Ok(());
        }
        quoter.settle(backtest)?;
        quoter.look(change.instrument, backtest)?;
    }
    while let Some(due) = quoter.answer_due() {
        if elapse_to(due, backtest)? == ElapseResult::EndOfData {
            return Ok(());
        }
        quoter.settle(backtest)?;
    }
    backtest.elapse(FOREVER).map(|_| ())
}

/// Lets time elapse to a moment that is not past.
fn elapse_to<MD: MarketDepth>(
    timestamp: i64,
    backtest: &mut Backtest<MD>,
) -> Result<ElapseResult, BacktestError> {
    let left = timestamp - backtest.current_timestamp();
    match left {
        1.. => backtest.elapse(left),
        _ => Ok(ElapseResult::Ok),
    }
}
