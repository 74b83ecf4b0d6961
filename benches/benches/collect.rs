//! What collecting costs: the quoting strategy with nothing recorded, and with everything recorded.
//!
//! Takes in a synthetic market's tape; gives out the median times of both, taken in turns, and what recording adds: to the
//! run itself, and afterwards until the tables are closed and the report is written. A second thread writes the tables, so
//! that on one processor everything it does is added too. Then days of a million and of ten million fills, with the most
//! memory that they took.

#![allow(clippy::unwrap_used)] // A bench that cannot write has nothing else to do than to stop.

use backplane_analytics::{
    InstanceDescription, InstrumentDescription, ResultsWriter, RunDescription, TapeDescription,
};
use backplane_benches::market::Market;
use backplane_benches::strategies::{native, replay, replay_recorded};
use backplane_benches::time::{median, timed};
use backplane_engine::record::*;
use backplane_engine::summary::{InstanceSummary, Outcome, RunSummary};
use backplane_sdk::abi::Command;
use backplane_sdk::book::Level;
use backplane_sdk::types::*;

/// 2024-01-02 14:30 UTC.
const START: i64 = 1_704_205_800_000_000_000;
const MULTIPLIER: i64 = 50_000_000_000;

/// How often each is measured.
const ROUNDS: usize = 11;
/// What collecting may add to a run, in per cent.
const AIM: f64 = 10.0;

fn description(market: &Market) -> RunDescription {
    let instruments = market.instruments.iter();
    RunDescription {
        tool_version: String::new(),
        tape: TapeDescription {
            name: "bench".into(),
            digest: String::new(),
            rows: market.rows,
            source: "generator".into(),
            instruments: instruments
                .map(|x| InstrumentDescription {
                    symbol: x.symbol.clone(),
                    tick: Price(x.tick.0),
                    multiplier: x.multiplier,
                    currency: x.currency.clone(),
                    contract: "linear".into(),
                    rate: 1_000_000_000,
                })
                .collect(),
        },
        starting_cash: Money::from_units(1_000_000),
        currency: None,
        config: Default::default(),
        instances: vec![InstanceDescription {
            name: "market_maker".into(),
            strategy: "market_maker".into(),
            version: String::new(),
            plugin_file: String::new(),
            plugin_digest: String::new(),
            metrics: Vec::new(),
            parameters: Default::default(),
        }],
        swaps: Vec::new(),
    }
}

/// A day of so many fills at even distances, each of an order of its own that rested and was filled whole.
fn day(market: &Market, fills: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = ResultsWriter::create(folder.path(), description(market)).unwrap();
    let (instance, instrument) = (InstanceId(0), InstrumentId(0));
    let step = 86_400_000_000_000 / fills as i64;
    let (mut price, mut position, mut cash) = (5_000_000_000_000_i64, 0_i64, Money::ZERO);
    let mut random = 7_u64;
    let (time, ()) = timed(|| {
        for number in 0..fills {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            price += ((random >> 40) as i64 % 3 - 1) * 250_000_000;
            let buys = position < 0 || position < 20 && random >> 63 == 0;
            let side = if buys { Side::Buy } else { Side::Sell };
            let at = Timestamp(START + number as i64 * step);
            let level = |price| {
                let (price, size) = (Price(price), Quantity(10));
                Some(Level { price, size })
            };
            let best = BestLevels {
                bid: level(price),
                ask: level(price + 250_000_000),
            };
            let own = if buys { best.bid } else { best.ask }.unwrap().price;
            let order = Order::limit(instrument, side, own, Quantity(1));
            let order_id = OrderId(number + 1);
            writer
                .quote(&QuoteRecord {
                    instrument,
                    at,
                    best,
                })
                .unwrap();
            let command = CommandRecord {
                instance,
                at,
                message: number + 1,
                command: Command::submit(order_id, &order),
                local: best,
            };
            writer.command(&command).unwrap();
            let update = OrderUpdate {
                instrument,
                order_id,
                side: Some(side),
                status: OrderStatus::New,
                reason: Reason::None,
                price: own,
                quantity: order.quantity,
                leaves: order.quantity,
                ts_event: at,
                ts_recv: at,
            };
            writer.order(&OrderRecord { instance, update }).unwrap();
            position += if buys { 1 } else { -1 };
            cash -= Money::notional(own, side.signed(Quantity(1)), MULTIPLIER);
            let fill = Fill {
                instrument,
                order_id,
                side,
                price: own,
                quantity: order.quantity,
                leaves: Quantity::ZERO,
                fee: Money::ZERO,
                liquidity: Liquidity::Maker,
                ts_event: at,
                ts_recv: at,
            };
            writer
                .fill(&FillRecord {
                    instance,
                    fill,
                    reason: FillReason::QueueReached,
                    queue_ahead: Quantity(5),
                    arrived: at,
                    best,
                    position: Quantity(position),
                    cash,
                })
                .unwrap();
            let mark = Price(price + 125_000_000);
            let value = Money::notional(mark, Quantity(position), MULTIPLIER);
            writer
                .equity(&EquityRecord {
                    instance,
                    instrument,
                    at,
                    cash,
                    position: Quantity(position),
                    price: mark,
                    fees: Money::ZERO,
                    equity: cash + value,
                })
                .unwrap();
            if number % 100 == 0 {
                writer.passed(at).unwrap();
            }
        }
    });
    let mark = Price(price + 125_000_000);
    let equity = cash + Money::notional(mark, Quantity(position), MULTIPLIER);
    let summary = summary(fills, equity);
    let collected = peak_mib();
    let (closed, report) = timed(|| writer.finish(&summary).unwrap());
    assert_eq!(report.portfolio().execution.fills, fills);
    println!(
        "a day of {fills} fills: collected in {:.1} s, reported in {:.1} s, most memory so far {collected} and {} MiB",
        time.wall_ns as f64 / 1e9,
        closed.wall_ns as f64 / 1e9,
        peak_mib()
    );
}

fn summary(fills: u64, equity: Money) -> RunSummary {
    RunSummary {
        instances: vec![InstanceSummary {
            outcome: Outcome::Finished,
            digest: [0; 32],
            messages: fills,
            commands: fills,
            orders: fills,
            fills,
            equity: Money::from_units(1_000_000) + equity,
            fees: Money::ZERO,
            refused: Vec::new(),
            kill: None,
            liquidations: 0,
        }],
        digest: [0; 32],
        messages: fills,
        first: Timestamp(START),
        last: Timestamp(START + 86_400_000_000_000),
        exchange_time_corrections: 0,
        negative_latency_corrections: 0,
        late_corrections: 0,
    }
}

/// The most memory that this process had at once, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|x| x.strip_prefix("VmHWM:"));
    let kib = line.unwrap().trim().trim_end_matches(" kB").trim();
    kib.parse::<u64>().unwrap() / 1024
}

fn quoting(market: &Market) {
    let (mut bare, mut recorded, mut closed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (time, plain) = timed(|| replay(market, native("market_maker")));
        bare.push(time.wall_ns);
        let folder = tempfile::tempdir().unwrap();
        let mut writer = ResultsWriter::create(folder.path(), description(market)).unwrap();
        let guest = native("market_maker");
        let (time, summary) = timed(|| replay_recorded(market, guest, &mut writer));
        recorded.push(time.wall_ns);
        assert_eq!(summary.digest, plain.digest, "recording changes nothing");
        let (time, report) = timed(|| writer.finish(&summary).unwrap());
        closed.push(time.wall_ns);
        assert!(report.portfolio().execution.fills > 0);
    }
    let [bare, recorded, closed] = [bare, recorded, closed].map(|x| median(&x) as f64 / 1e6);
    let added = (recorded / bare - 1.0) * 100.0;
    println!(
        "quoting strategy over {} rows, medians of {ROUNDS}",
        market.rows
    );
    println!("  nothing recorded     {bare:>8.1} ms");
    println!("  everything recorded  {recorded:>8.1} ms  (+{added:.1} %, aim: at most {AIM} %)");
    println!("  tables and report    {closed:>8.1} ms  after the run");
}

fn main() {
    let market = Market::standard();
    if std::env::var_os("ONLY_DAY").is_none() {
        quoting(&market);
    }
    // Memory must not grow with the run: ten times the fills, the same peak.
    for fills in [1_000_000, 10_000_000] {
        day(&market, fills);
    }
}
