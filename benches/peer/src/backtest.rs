//! The peer's backtest: its parts put together, run, and timed.
//!
//! Takes in a converted tape and a request; gives out an outcome.

use hftbacktest::backtest::assettype::LinearAsset;
use hftbacktest::backtest::models::{
    CommonFees, ConstantLatency, L3FIFOQueueModel, RiskAdverseQueueModel, TradingValueFeeModel,
};
use hftbacktest::backtest::proc::{LocalProcessor, Processor};
use hftbacktest::backtest::{
    Asset, Backtest, BacktestError, DataSource, ExchangeKind, L2AssetBuilder, L3AssetBuilder,
};
use hftbacktest::depth::{
    BTreeMarketDepth, HashMapMarketDepth, L2MarketDepth, L3MarketDepth, ROIVectorMarketDepth,
};
use hftbacktest::types::{Bot, BuildError, Event};

use crate::drive;
use crate::error::PeerError;
use crate::feed::{Change, Feed, InstrumentFeed};
use crate::outcome::{Outcome, Position};
use crate::request::{Depth, Drive, Grouping, Mode, Request, StrategyKind};
use crate::strategy::Quoter;
use crate::time::Stopwatch;

/// How long a request takes to the exchange, and its answer back, nanoseconds: the engine's defaults.
const LATENCY: i64 = 100_000;
/// From a request to its answer, nanoseconds.
pub(crate) const ROUND_TRIP: i64 = 2 * LATENCY;
/// The quantity unit.
const LOT: f64 = 1.0;
/// The most ticks that a vector may span; its two sides then take 1 GiB.
const RANGE_MAX: i64 = 1 << 26;

/// A depth structure of the peer that serves both of its paths.
trait Structure: L2MarketDepth + L3MarketDepth<Error = BacktestError> + Sized + 'static {
    /// An empty one. `range` are the lowest and the highest price, in ticks.
    fn empty(tick: f64, range: (i64, i64)) -> Self;
}

impl Structure for ROIVectorMarketDepth {
    fn empty(tick: f64, (lowest, highest): (i64, i64)) -> Self {
        ROIVectorMarketDepth::new(tick, LOT, lowest as f64 * tick, highest as f64 * tick)
    }
}

impl Structure for HashMapMarketDepth {
    fn empty(tick: f64, _: (i64, i64)) -> Self {
        HashMapMarketDepth::new(tick, LOT)
    }
}

impl Structure for BTreeMarketDepth {
    fn empty(tick: f64, _: (i64, i64)) -> Self {
        BTreeMarketDepth::new(tick, LOT)
    }
}

/// Runs what is asked for over a converted tape.
///
/// # Errors
/// The peer refuses its configuration or stops early, the depth structure cannot serve the mode or an instrument's range
/// of prices, or the time cannot be taken.
pub fn run(feed: &Feed, request: &Request) -> Result<Outcome, PeerError> {
    match request.depth {
        Depth::BTree if request.mode == Mode::OrderLevel => Err(PeerError::Tree),
        Depth::RoiVector => run_on::<ROIVectorMarketDepth>(feed, request),
        Depth::HashMap => run_on::<HashMapMarketDepth>(feed, request),
        Depth::BTree => run_on::<BTreeMarketDepth>(feed, request),
    }
}

fn run_on<MD: Structure>(feed: &Feed, request: &Request) -> Result<Outcome, PeerError> {
    let all: Vec<usize> = (0..feed.instruments.len()).collect();
    let group_size = match request.grouping {
        Grouping::Together => all.len(),
        Grouping::Apart => 1,
    };
    let mut outcome = Outcome::new(feed, request);
    for group in all.chunks(group_size) {
        match request.strategy {
            StrategyKind::MarketMaker => run_group::<MD, false>(feed, request, group, &mut outcome),
            StrategyKind::PriceOrSize => run_group::<MD, true>(feed, request, group, &mut outcome),
        }?;
    }
    Ok(outcome)
}

/// Runs one backtest of some instruments, which follow one another in the tape's list, and adds what came of it.
fn run_group<MD: Structure, const ON_SIZE: bool>(
    feed: &Feed,
    request: &Request,
    group: &[usize],
    outcome: &mut Outcome,
) -> Result<(), PeerError> {
    let first = group.first().copied().unwrap_or_default();
    let members = first..first + group.len();
    let mut backtest = build::<MD>(&feed.instruments[members.clone()], request.mode)?;
    let mut quoter = Quoter::<ON_SIZE>::new(group.len(), request.with_fills);
    let changes = places(&feed.changes, members);
    let stopwatch = Stopwatch::start()?;
    let end = match request.drive {
        Drive::Feed => drive::by_feed(&mut backtest, &mut quoter),
        Drive::Noted => drive::by_changes(&mut backtest, &mut quoter, &changes),
    };
    let elapsed = stopwatch.elapsed()?;
    end.map_err(|source| PeerError::Backtest {
        mode: request.mode,
        timestamp: backtest.current_timestamp(),
        source,
    })?;
    outcome.elapsed = outcome.elapsed.plus(elapsed);
    outcome.orders += quoter.orders;
    outcome.cancels += quoter.cancels;
    for (place, instrument) in group.iter().enumerate() {
        quoter.note_fills(place, &mut backtest);
        let state = backtest.state_values(place);
        outcome.fills += u64::try_from(state.num_trades).unwrap_or_default();
        let depth = backtest.depth(place);
        outcome.positions.push(Position {
            instrument: feed.instruments[*instrument].symbol.clone(),
            position: state.position,
            best_bid: Some(depth.best_bid()).filter(|x| x.is_finite()),
            best_ask: Some(depth.best_ask()).filter(|x| x.is_finite()),
        });
    }
    let fills = quoter.into_fills().into_iter();
    outcome.fill_list.extend(fills.map(|mut fill| {
        fill.instrument += first;
        fill
    }));
    Ok(())
}

/// The changes of some instruments, which are counted from the first of them.
fn places(changes: &[Change], members: std::ops::Range<usize>) -> Vec<Change> {
    let wanted = changes.iter().filter(|x| members.contains(&x.instrument));
    let counted = wanted.map(|x| Change {
        instrument: x.instrument - members.start,
        ..*x
    });
    counted.collect()
}

fn build<MD: Structure>(
    instruments: &[InstrumentFeed],
    mode: Mode,
) -> Result<Backtest<MD>, PeerError> {
    let mut builder = Backtest::builder();
    for instrument in instruments {
        let range = instrument.range.unwrap_or_default();
        let ticks = range.1.saturating_sub(range.0);
        if ticks > RANGE_MAX {
            return Err(PeerError::Range {
                symbol: instrument.symbol.clone(),
                ticks,
            });
        }
        builder = builder.add_asset(match mode {
            Mode::OrderLevel => order_level_asset::<MD>(instrument, range)?,
            Mode::PriceLevel => price_level_asset::<MD>(instrument, range)?,
        });
    }
    Ok(builder.build()?)
}

/// The boxed halves of an instrument, as the peer's builders give them.
type Halves<MD> = Asset<dyn LocalProcessor<MD>, dyn Processor, Event>;

fn order_level_asset<MD: Structure>(
    instrument: &InstrumentFeed,
    range: (i64, i64),
) -> Result<Halves<MD>, BuildError> {
    let tick = instrument.tick;
    L3AssetBuilder::new()
        .data(vec![DataSource::Data(instrument.data.clone())])
        .parallel_load(false)
        .latency_model(ConstantLatency::new(LATENCY, LATENCY))
        .asset_type(LinearAsset::new(instrument.multiplier))
        .fee_model(TradingValueFeeModel::new(CommonFees::new(0.0, 0.0)))
        .queue_model(L3FIFOQueueModel::new())
        .exchange(ExchangeKind::NoPartialFillExchange)
        .depth(move || MD::empty(tick, range))
        .build()
}

fn price_level_asset<MD: Structure>(
    instrument: &InstrumentFeed,
    range: (i64, i64),
) -> Result<Halves<MD>, BuildError> {
    let tick = instrument.tick;
    L2AssetBuilder::new()
        .data(vec![DataSource::Data(instrument.data.clone())])
        .parallel_load(false)
        .latency_model(ConstantLatency::new(LATENCY, LATENCY))
        .asset_type(LinearAsset::new(instrument.multiplier))
        .fee_model(TradingValueFeeModel::new(CommonFees::new(0.0, 0.0)))
        .queue_model(RiskAdverseQueueModel::new())
        .exchange(ExchangeKind::NoPartialFillExchange)
        .depth(move || MD::empty(tick, range))
        .build()
}
