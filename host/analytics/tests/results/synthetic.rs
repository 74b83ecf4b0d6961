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
                contract: "linear".into(),
                rate: 1_000_000_000,
                currency: "USD".into(),
            }],
        },
        currency: None,
        starting_cash: CASH,
        config: serde_json::json!({
            "seed": 7,
            "latency": {"feed": "50 µs", "entry": "100 µs", "response": "100 µs"},
            "fees": {"maker": "0.35 a contract", "taker": "1.20 a contract"},
            "sample_interval": "1 s",
            "queue_model": "exact"
        }),
        instances: spec.strategies.iter().map(instance).collect(),
        swaps: Vec::new(),
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
    pub quotes: Vec<QuoteRecord>,
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
        let quote = QuoteRecord {
            instrument: InstrumentId(0),
            at: step.at,
            best: step.best(),
        };
        writer.quote(&quote).unwrap();
        recorded.quotes.push(quote);
        if number % 60 == 0 {
            writer.passed(step.at).unwrap();
        }
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
                let mut desk = Desk {
                    writer: &mut writer,
                    recorded: &mut recorded,
                    account,
                    instance: id,
                    step: &step,
                };
                desk.trade(side, quantity, behaviour.maker);
                account.changed = true;
            }
            if number % 60 == 0 && account.changed {
                let mut desk = Desk {
                    writer: &mut writer,
                    recorded: &mut recorded,
                    account,
                    instance: id,
                    step: &step,
                };
                desk.value();
                account.changed = account.position != 0;
            }
        }
    }
    let summary = summary(spec, &accounts, bid, last);
    (writer.finish(&summary).unwrap(), recorded)
}

fn summary(spec: &Spec, accounts: &[Account], bid: i64, last: i64) -> RunSummary {
    let instance = |(behaviour, account): (&Behaviour, &Account)| InstanceSummary {
        refused: Vec::new(),
        kill: None,
        liquidations: 0,
        outcome: match behaviour.stopped {
            None => Outcome::Finished,
            Some(step) => Outcome::Stopped {
                fault: Fault {
                    message: spec.fault.clone(),
                    file: Some("src/lib.rs".into()),
                    line: Some(42),
                },
                message: step + 1,
                among: 1,
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

/// Where one strategy trades at one step.
struct Desk<'a> {
    writer: &'a mut ResultsWriter,
    recorded: &'a mut Recorded,
    account: &'a mut Account,
    instance: InstanceId,
    step: &'a Step,
}

impl Desk<'_> {
    fn trade(&mut self, side: Side, quantity: i64, maker: bool) {
        self.account.orders += 1;
        let order_id = OrderId(self.account.orders);
        let price = match (side, maker) {
            (Side::Buy, true) | (Side::Sell, false) => self.step.bid,
            _ => self.step.bid + TICK,
        };
        let order = Order::limit(InstrumentId(0), side, Price(price), Quantity(quantity));
        self.command(self.step.at, Command::submit(order_id, &order));
        self.signal();
        self.news(order_id, &order, OrderStatus::New, quantity);
        if maker && order_id.0.is_multiple_of(3) {
            let cancel = Command::new(CommandBody::Cancel { order_id });
            self.command(self.heard(), cancel);
            self.news(order_id, &order, OrderStatus::Canceled, 0);
            return;
        }
        self.fill(order_id, &order, maker);
        if self.account.fills % 500 == 1 {
            let text = format!("{} fills", self.account.fills);
            let log = LogRecord {
                instance: self.instance,
                at: self.step.at,
                level: LogLevel::Information,
                text: &text,
            };
            self.writer.log(&log).unwrap();
        }
        self.value();
    }

    fn heard(&self) -> Timestamp {
        self.step.at + Nanos::from_micros(100)
    }

    fn command(&mut self, at: Timestamp, command: Command) {
        self.account.commands += 1;
        let record = CommandRecord {
            instance: self.instance,
            at,
            message: self.step.number + 1,
            command,
            local: self.step.best(),
        };
        self.writer.command(&record).unwrap();
    }

    /// A recorded value comes as a command and as a value, as the engine gives it.
    fn signal(&mut self) {
        let value = self.account.position as f64 / 12.0;
        let body = CommandBody::Metric { metric: 0, value };
        self.command(self.step.at, Command::new(body));
        let record = MetricRecord {
            instance: self.instance,
            at: self.step.at,
            metric: 0,
            value,
        };
        self.writer.metric(&record).unwrap();
    }

    fn news(&mut self, order_id: OrderId, order: &Order, status: OrderStatus, leaves: i64) {
        let update = OrderUpdate {
            instrument: order.instrument,
            order_id,
            side: Some(order.side),
            status,
            reason: Reason::None,
            price: order.price,
            quantity: order.quantity,
            leaves: Quantity(leaves),
            ts_event: self.step.at,
            ts_recv: self.heard(),
        };
        let instance = self.instance;
        self.writer
            .order(&OrderRecord { instance, update })
            .unwrap();
    }

    fn fill(&mut self, order_id: OrderId, order: &Order, maker: bool) {
        let (price, quantity, side) = (order.price, order.quantity, order.side);
        let rate = if maker { 350_000_000 } else { 1_200_000_000 };
        let fee = Money(i128::from(quantity.0) * rate);
        let account = &mut *self.account;
        account.fills += 1;
        account.cash =
            account.cash - Money::notional(price, side.signed(quantity), MULTIPLIER) - fee;
        account.fees += fee;
        account.position += side.signed(quantity).0;
        let (position, cash) = (Quantity(account.position), account.cash);
        let record = FillRecord {
            instance: self.instance,
            fill: Fill {
                instrument: order.instrument,
                order_id,
                side,
                price,
                quantity,
                leaves: Quantity(0),
                fee,
                liquidity: if maker {
                    Liquidity::Maker
                } else {
                    Liquidity::Taker
                },
                ts_event: self.step.at,
                ts_recv: self.heard(),
            },
            reason: if maker {
                FillReason::QueueReached
            } else {
                FillReason::Taker
            },
            queue_ahead: Quantity(if maker { 35 } else { 0 }),
            arrived: self.step.at,
            best: self.step.best(),
            position,
            cash,
        };
        self.writer.fill(&record).unwrap();
        self.recorded.fills.push(record);
    }

    fn value(&mut self) {
        let price = Price(self.step.bid + TICK / 2);
        let record = EquityRecord {
            instance: self.instance,
            instrument: InstrumentId(0),
            at: self.step.at,
            cash: self.account.cash,
            position: Quantity(self.account.position),
            price,
            fees: self.account.fees,
            equity: equity(self.account, price),
        };
        self.writer.equity(&record).unwrap();
        self.recorded.equity.push(record);
    }
}
