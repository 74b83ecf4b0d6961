//! A made-up run for tests: a seeded random walk and strategies that trade on it.
//!
//! Takes in a [`Spec`]; gives out the directory's report and the records that were given to the writer. The same spec
//! gives the same records.

use std::path::Path;

use backplane_analytics::{
    InstanceDescription, InstrumentDescription, Report, ResultsWriter, RunDescription,
    TapeDescription,
};
use backplane_engine::guest::Fault;
use backplane_engine::record::*;
use backplane_engine::summary::{InstanceSummary, Outcome, RunSummary};
use backplane_sdk::abi::{Command, CommandBody};
use backplane_sdk::book::Level;
use backplane_sdk::state::LogLevel;
use backplane_sdk::types::*;

pub const TICK: i64 = 250_000_000;
pub const MULTIPLIER: i64 = 50_000_000_000;
/// 2024-01-02 14:30 UTC, a Tuesday.
pub const START: i64 = 1_704_205_800_000_000_000;
pub const CASH: Money = Money::from_units(1_000_000);

/// How one strategy behaves.
#[derive(Clone, Debug)]
pub struct Behaviour {
    pub name: String,
    /// It trades at one step of so many; never where it is zero.
    pub every: u64,
    /// It gives liquidity.
    pub maker: bool,
    /// It is stopped at this step.
    pub stopped: Option<u64>,
}

impl Behaviour {
    pub fn new(name: &str, every: u64, maker: bool) -> Behaviour {
        Behaviour {
            name: name.into(),
            every,
            maker,
            stopped: None,
        }
    }
}

/// A run to make up.
#[derive(Clone, Debug)]
pub struct Spec {
    pub strategies: Vec<Behaviour>,
    pub steps: u64,
    /// The time from one step to the next, in nanoseconds.
    pub pace: i64,
    pub symbol: String,
    pub fault: String,
}

impl Spec {
    pub fn new(strategies: Vec<Behaviour>, steps: u64, pace: i64) -> Spec {
        Spec {
            strategies,
            steps,
            pace,
            symbol: "ESH4".into(),
            fault: "index out of bounds: the len is 3 but the index is 7".into(),
        }
    }
}

pub fn description(spec: &Spec) -> RunDescription {
    let instance = |x: &Behaviour| InstanceDescription {
        name: x.name.clone(),
        strategy: "synthetic".into(),
        version: "1.2.0".into(),
        plugin_file: "libsynthetic.so".into(),
        plugin_digest: "5e".repeat(32),
        metrics: vec!["signal".into()],
        parameters: [
            ("every".to_owned(), x.every.to_string()),
            ("maker".to_owned(), x.maker.to_string()),
        ]
        .into(),
    };
    RunDescription {
        tool_version: "0.1.0".into(),
        tape: TapeDescription {
            name: "es-2024-01.tape".into(),
            digest: "ab".repeat(32),
            rows: spec.steps,
            source: "synthetic random walk, seed 7".into(),
            instruments: vec![InstrumentDescription {
                symbol: spec.symbol.clone(),
                tick: Price(TICK),
                multiplier: MULTIPLIER,
                currency: "USD".into(),
            }],
        },
        starting_cash: CASH,
        config: serde_json::json!({
            "seed": 7,
            "latency": {"feed": "50 µs", "entry": "100 µs", "response": "100 µs"},
            "fees": {"maker": "0.35 a contract", "taker": "1.20 a contract"},
            "sample_interval": "1 s",
            "queue_model": "exact"
        }),
        instances: spec.strategies.iter().map(instance).collect(),
    }
}

/// One account of the made-up run.
#[derive(Clone, Default)]
struct Account {
    orders: u64,
    fills: u64,
    commands: u64,
    cash: Money,
    fees: Money,
    position: i64,
    changed: bool,
}

/// All fills and valuations that were recorded.
#[derive(Default)]
pub struct Recorded {
    pub fills: Vec<FillRecord>,
    pub equity: Vec<EquityRecord>,
}

struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// What one step of the market shows.
struct Step {
    number: u64,
    at: Timestamp,
    bid: i64,
}

impl Step {
    fn best(&self) -> BestLevels {
        let level = |price, size| {
            Some(Level {
                price: Price(price),
                size: Quantity(size),
            })
        };
        BestLevels {
            bid: level(self.bid, 120),
            ask: level(self.bid + TICK, 95),
        }
    }
}

pub fn run(directory: &Path, spec: &Spec) -> (Report, Recorded) {
    let mut writer = ResultsWriter::create(directory, description(spec)).unwrap();
    let mut accounts = vec![Account::default(); spec.strategies.len()];
    let mut recorded = Recorded::default();
    let mut random = Random(7);
    let mut bid = 4_800_000_000_000_i64;
    let mut last = START;
    for number in 0..spec.steps {
        bid += (random.next(3) as i64 - 1) * TICK;
        bid = bid.max(100 * TICK);
        last = START + number as i64 * spec.pace;
        let step = Step {
            number,
            at: Timestamp(last),
            bid,
        };
        for (place, behaviour) in spec.strategies.iter().enumerate() {
            let id = InstanceId(place as u32);
            let over = behaviour.stopped.is_some_and(|x| number >= x);
            let account = &mut accounts[place];
            if !over && behaviour.every > 0 && random.next(behaviour.every) == 0 {
                let lean = if account.position.abs() > 12 {
                    account.position.signum()
                } else {
                    0
                };
                let side = match lean {
                    1 => Side::Sell,
                    -1 => Side::Buy,
                    _ => [Side::Buy, Side::Sell][random.next(2) as usize],
                };
                let quantity = 1 + random.next(3) as i64;
                trade(
                    &mut writer,
                    &mut recorded,
                    account,
                    id,
                    &step,
                    side,
                    quantity,
                    behaviour.maker,
                );
                account.changed = true;
            }
            if number % 60 == 0 && account.changed {
                value(&mut writer, &mut recorded, account, id, &step);
                account.changed = account.position != 0;
            }
        }
    }
    let summary = summary(spec, &accounts, bid, last);
    (writer.finish(&summary).unwrap(), recorded)
}

fn summary(spec: &Spec, accounts: &[Account], bid: i64, last: i64) -> RunSummary {
    let instance = |(behaviour, account): (&Behaviour, &Account)| InstanceSummary {
        outcome: match behaviour.stopped {
            None => Outcome::Finished,
            Some(step) => Outcome::Stopped {
                fault: Fault {
                    message: spec.fault.clone(),
                    file: Some("src/lib.rs".into()),
                    line: Some(42),
                },
                message: step + 1,
                event: "trade".into(),
                at: Timestamp(START + step as i64 * spec.pace),
            },
        },
        digest: [account.fills as u8; 32],
        messages: behaviour.stopped.unwrap_or(spec.steps),
        commands: account.commands,
        orders: account.orders,
        fills: account.fills,
        equity: CASH + equity(account, Price(bid + TICK / 2)),
        fees: account.fees,
    };
    RunSummary {
        instances: spec.strategies.iter().zip(accounts).map(instance).collect(),
        digest: [0xc4; 32],
        messages: spec.steps,
        first: Timestamp(START),
        last: Timestamp(last),
        exchange_time_corrections: 0,
        negative_latency_corrections: 0,
        late_corrections: u64::from(spec.steps > 50_000) * 3,
    }
}

fn equity(account: &Account, price: Price) -> Money {
    account.cash + Money::notional(price, Quantity(account.position), MULTIPLIER)
}

fn value(
    writer: &mut ResultsWriter,
    recorded: &mut Recorded,
    account: &Account,
    instance: InstanceId,
    step: &Step,
) {
    let price = Price(step.bid + TICK / 2);
    let record = EquityRecord {
        instance,
        instrument: InstrumentId(0),
        at: step.at,
        cash: account.cash,
        position: Quantity(account.position),
        price,
        fees: account.fees,
        equity: equity(account, price),
    };
    writer.equity(&record).unwrap();
    recorded.equity.push(record);
}

#[allow(
    clippy::too_many_arguments,
    reason = "one made-up trade has that many sides to it"
)]
fn trade(
    writer: &mut ResultsWriter,
    recorded: &mut Recorded,
    account: &mut Account,
    instance: InstanceId,
    step: &Step,
    side: Side,
    quantity: i64,
    maker: bool,
) {
    account.orders += 1;
    account.commands += 2;
    let order_id = OrderId(account.orders);
    let price = match (side, maker) {
        (Side::Buy, true) | (Side::Sell, false) => step.bid,
        _ => step.bid + TICK,
    };
    let order = Order::limit(InstrumentId(0), side, Price(price), Quantity(quantity));
    let local = step.best();
    let message = step.number + 1;
    let command = Command::submit(order_id, &order);
    writer
        .command(&CommandRecord {
            instance,
            at: step.at,
            message,
            command,
            local,
        })
        .unwrap();
    let signal = Command::new(CommandBody::Metric {
        metric: 0,
        value: 0.5,
    });
    writer
        .command(&CommandRecord {
            instance,
            at: step.at,
            message,
            command: signal,
            local,
        })
        .unwrap();
    writer
        .metric(&MetricRecord {
            instance,
            at: step.at,
            metric: 0,
            value: account.position as f64 / 12.0,
        })
        .unwrap();
    let heard = step.at + Nanos::from_micros(100);
    let cancels = maker && order_id.0.is_multiple_of(3);
    let update = |status, reason, leaves| OrderUpdate {
        instrument: InstrumentId(0),
        order_id,
        side: Some(side),
        status,
        reason,
        price: Price(price),
        quantity: Quantity(quantity),
        leaves: Quantity(leaves),
        ts_event: step.at,
        ts_recv: heard,
    };
    let news = update(OrderStatus::New, Reason::None, quantity);
    writer
        .order(&OrderRecord {
            instance,
            update: news,
        })
        .unwrap();
    if cancels {
        let command = Command::new(CommandBody::Cancel { order_id });
        writer
            .command(&CommandRecord {
                instance,
                at: heard,
                message,
                command,
                local,
            })
            .unwrap();
        let news = update(OrderStatus::Canceled, Reason::None, 0);
        writer
            .order(&OrderRecord {
                instance,
                update: news,
            })
            .unwrap();
        return;
    }
    let fee = Money(i128::from(quantity) * if maker { 350_000_000 } else { 1_200_000_000 });
    let value_ = Money::notional(Price(price), side.signed(Quantity(quantity)), MULTIPLIER);
    account.fills += 1;
    account.cash = account.cash - value_ - fee;
    account.fees += fee;
    account.position += side.signed(Quantity(quantity)).0;
    let record = FillRecord {
        instance,
        fill: Fill {
            instrument: InstrumentId(0),
            order_id,
            side,
            price: Price(price),
            quantity: Quantity(quantity),
            leaves: Quantity(0),
            fee,
            liquidity: if maker {
                Liquidity::Maker
            } else {
                Liquidity::Taker
            },
            ts_event: step.at,
            ts_recv: heard,
        },
        reason: if maker {
            FillReason::QueueReached
        } else {
            FillReason::Taker
        },
        queue_ahead: Quantity(if maker { 35 } else { 0 }),
        arrived: step.at,
        best: local,
        position: Quantity(account.position),
        cash: account.cash,
    };
    writer.fill(&record).unwrap();
    recorded.fills.push(record);
    if account.fills % 500 == 1 {
        let text = format!("{} fills", account.fills);
        let log = LogRecord {
            instance,
            at: step.at,
            level: LogLevel::Information,
            text: &text,
        };
        writer.log(&log).unwrap();
    }
    value(writer, recorded, account, instance, step);
}
