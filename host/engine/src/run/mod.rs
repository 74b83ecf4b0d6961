//! The run: joins the engine's steps and moves both clocks.
//!
//! Takes in a tape's rows, strategies on their carriers and settings; gives out records as things happen and a summary
//! at the end. One message flows through here in this order: replay, market, router, guest, orders, latency, exchange,
//! account, journal.
//!
//! Time: the run goes on block by block (`run/block.rs`). A block is the rows up to the next that somebody hears of. First
//! every strategy hears the order news and timers that fall due before that row, then the market's books take over the
//! block, then the row is heard. Each exchange runs ahead of its strategy, as far as no unknown request can land. At
//! equal times the market comes first, then order news, then timers. An atomic event is heard whole: what falls due
//! inside it is heard after it. Where a block ends never changes what happens.

mod ahead;
mod attend;
mod block;
mod config;
mod finish;
mod margin;
mod quotes;
mod risk;
mod seat;
mod settle;

use backplane_sdk::abi::{Command, CommandBody, Message, definition_messages, v1::kind};
use backplane_sdk::types::{Instrument, InstrumentId, OrderStatus, Reason, Timestamp};

pub use config::RunConfig;

use crate::contract::Contract;
use crate::error::RunError;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::grid::Grid;
use crate::guest::{Guest, Replies};
use crate::limits::RiskLimits;
use crate::market::Market;
use crate::record::{
    BestLevels, CommandRecord, InstanceId, LogRecord, MetricRecord, OrderRecord, Recorder,
};
use crate::replay::{Clock, RowSource, Window};
use crate::router::{Changes, Router, SCHEMAS};
use crate::schedule::Calendar;
use crate::summary::RunSummary;
use ahead::{Ahead, takes_batches};
use attend::Calm;
use seat::{Due, Seat};

/// Looks on while a run goes its way. Nothing that it does changes the run.
pub trait Watcher {
    /// So many rows of the tape were replayed, up to this time; called about once a batch.
    fn progress(&mut self, rows: u64, at: Timestamp) {
        let _ = (rows, at);
    }

    /// Whether [`Watcher::before`] is to be called.
    fn traces(&self) -> bool {
        false
    }

    /// An instance is about to hear a message, its message of this number, counted from 1.
    fn before(&mut self, instance: InstanceId, number: u64, message: &Message) {
        let _ = (instance, number, message);
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watcher for Unwatched {}

/// What a run needs from outside.
pub struct Parts<'a> {
    /// The tape's instruments, numbered from 0 in their order.
    pub instruments: &'a [Instrument],
    /// The tape's rows.
    pub source: &'a mut dyn RowSource,
    /// The strategies, each on its carrier.
    pub guests: Vec<Box<dyn Guest>>,
    /// The settings.
    pub config: RunConfig,
    /// The limits of each strategy, in their order; those that are missing have none.
    pub limits: Vec<RiskLimits>,
    /// Who keeps the records.
    pub recorder: &'a mut dyn Recorder,
    /// Who looks on.
    pub watcher: &'a mut dyn Watcher,
}

/// Replays a tape through strategies.
///
/// # Errors
/// [`RunError`] where the settings make no sense, the tape cannot be read, or a record cannot be kept. What a strategy
/// does wrong is never an error: it is stopped, and the summary says so.
pub fn run(parts: Parts<'_>) -> Result<RunSummary, RunError> {
    parts.config.check()?;
    RiskLimits::check_all(&parts.limits)?;
    let shows_levels = parts.source.shows_levels();
    if let Some((value, allowed)) = parts.config.queue.unsuitable(shows_levels) {
        return Err(RunError::Config {
            field: "queue",
            value,
            allowed: allowed.into(),
        });
    }
    let mut run = Run::new(parts)?;
    run.start()?;
    run.replay()?;
    run.finish()
}

struct Run<'a> {
    instruments: &'a [Instrument],
    source: &'a mut dyn RowSource,
    recorder: &'a mut dyn Recorder,
    watcher: &'a mut dyn Watcher,
    traces: bool,
    keeps: bool,
    /// Whether what stands ahead of orders is counted, so that every row may mean something for an exchange.
    counts_queues: bool,
    config: RunConfig,
    /// What each instrument is worth.
    contracts: Vec<Contract>,
    /// The steps of its prices and quantities.
    grids: Vec<Grid>,
    /// What is yet to happen to instruments.
    calendar: Calendar,
    /// How long a request travels at least, in nanoseconds.
    entry_min: i64,
    window: Window,
    market: Market,
    router: Router,
    changes: Changes,
    /// What is ahead of the market, for guests that take batches.
    ahead: Ahead,
    seats: Vec<Seat>,
    /// When each seat must be attended to.
    dues: Vec<Due>,
    /// Up to where nothing becomes of the seats that only rest.
    calm: Calm,
    /// What the strategy that was called last gave.
    replies: Replies,
    /// The number of rows that the market's books hold.
    heard: u64,
    /// While order news or a timer is heard, its time: the market's books are those of the block's beginning then.
    private: Option<i64>,
    next_sample: i64,
    /// The exchange time of the last row that the market's books hold.
    happened: i64,
    /// The instruments for which orders were sent: the changes of their best prices are recorded.
    quoted: Vec<bool>,
    quotes: bool,
    /// The number of the next row that can fill something; all before it were heard.
    next_match: u64,
    first: i64,
    last: i64,
}

impl<'a> Run<'a> {
    fn new(parts: Parts<'a>) -> Result<Run<'a>, RunError> {
        let descriptors: Vec<_> = parts.guests.iter().map(|x| x.descriptor()).collect();
        let shows_levels = parts.source.shows_levels();
        let batched = parts.guests.iter().map(|x| takes_batches(x.as_ref()));
        let batched: Vec<bool> = batched.collect();
        let instruments = parts.instruments;
        let router = Router::new(instruments, &descriptors, &batched, shows_levels)?;
        let config = &parts.config;
        let seat = |(guest, limits): (Box<dyn Guest>, RiskLimits)| {
            let name = guest.descriptor().name.clone();
            let rules = config.rules(&name, shows_levels);
            let has_margin = !config.margins.is_empty();
            let exchange = Exchange::new(rules);
            Seat::new(guest, exchange, config.entry(&name), (limits, has_margin))
        };
        let unlimited = std::iter::repeat(RiskLimits::default());
        let limits = parts.limits.into_iter().chain(unlimited);
        let seats: Vec<Seat> = parts.guests.into_iter().zip(limits).map(seat).collect();
        Ok(Run {
            instruments: parts.instruments,
            source: parts.source,
            keeps: parts.recorder.keeps(),
            counts_queues: parts.config.queue.counts(shows_levels),
            recorder: parts.recorder,
            traces: parts.watcher.traces(),
            watcher: parts.watcher,
            window: Window::new(Clock::new(config.feed_delay())),
            market: Market::new(parts.instruments.len()),
            ahead: Ahead::new(&seats, &batched, &router, instruments.len()),
            changes: Changes::new(instruments.len()),
            router,
            dues: seats.iter().map(Seat::due).collect(),
            seats,
            contracts: config.contracts(parts.instruments),
            grids: config.grids(parts.instruments),
            calendar: Calendar::new(config.schedule.clone()),
            calm: Calm::default(),
            replies: Replies::default(),
            entry_min: config.entry("").minimum(),
            config: parts.config,
            heard: 0,
            happened: i64::MIN,
            quoted: vec![false; parts.instruments.len()],
            quotes: false,
            private: None,
            next_sample: i64::MAX,
            next_match: 0,
            first: 0,
            last: 0,
        })
    }

    /// Defines the instruments and starts the strategies at the time of the first row.
    fn start(&mut self) -> Result<(), RunError> {
        self.load()?;
        let first = self.window.rows().ts_recv.first();
        let at = first.copied().unwrap_or_default();
        self.first = at;
        self.last = at;
        let has_risk = self.seats.iter().any(|x| x.risk.is_some());
        if self.keeps || has_risk {
            self.next_sample = self.sample_after(at);
        }
        let definitions: Vec<Message> = self
            .instruments
            .iter()
            .flat_map(|x| definition_messages(x, Timestamp(at)))
            .collect();
        let begins = self.window.rows().ts_event.first().copied();
        self.calendar.begin(begins.unwrap_or_default());
        for place in 0..self.seats.len() {
            self.seats[place].exchange.begin(begins.unwrap_or_default());
            self.note_due(place);
            for message in &definitions {
                self.deliver(place, message)?;
            }
            let seed = self.config.strategy_seed(self.seats[place].name());
            self.deliver(place, &Message::start(seed, Timestamp(at)))?;
        }
        Ok(())
    }

    /// Loads the next rows of the tape and checks them; `false` at its end.
    fn load(&mut self) -> Result<bool, RunError> {
        let before = self.window.end();
        let more = self.window.load(self.source, self.heard)?;
        self.check_rows(before)?;
        Ok(more)
    }

    /// Loads rows until one happens after exchange time `until`.
    fn reach(&mut self, until: i64) -> Result<(), RunError> {
        let before = self.window.end();
        self.window.reach(self.source, until, self.heard)?;
        self.check_rows(before)
    }

    /// Checks that the rows from number `from` on are about instruments that are defined.
    fn check_rows(&self, from: u64) -> Result<(), RunError> {
        let defined = self.instruments.len();
        let first = self.window.place(from);
        let numbers = &self.window.rows().instrument[first..];
        let is_stray = |x: &u16| usize::from(*x) >= defined;
        if !numbers.iter().fold(false, |any, x| any | is_stray(x)) {
            return Ok(());
        }
        let place = numbers.iter().position(is_stray).unwrap_or_default();
        Err(RunError::Instrument {
            message: from + place as u64 + 1,
            instrument: numbers[place],
            defined,
        })
    }

    /// Those who subscribed hear of the last row that the market took over.
    fn hear(&mut self) -> Result<(), RunError> {
        let place = self.window.place(self.heard - 1);
        let rows = self.window.rows();
        self.router.note_bar(rows, place);
        self.router.note(&mut self.changes, rows, place);
        let told = self.router.told(&self.changes, rows, place);
        for schema in SCHEMAS {
            if told & schema != 0 {
                self.tell(told & schema, place)?;
            }
        }
        let rows = self.window.rows();
        self.router.finish(&mut self.changes, rows, place);
        if self.ahead.is_used() {
            self.hear_ahead()?;
        }
        Ok(())
    }

    /// Those who hear one of the `told` schemas, which are one message, hear of the row of a place.
    #[inline]
    fn tell(&mut self, told: u8, place: usize) -> Result<(), RunError> {
        let rows = self.window.rows();
        let instrument = usize::from(rows.instrument[place]);
        let book = &self.market.books()[instrument];
        let message = self.router.message(told, &self.changes, rows, place, book);
        for place in 0..self.router.listeners(instrument).len() {
            let listener = self.router.listeners(instrument)[place];
            if listener.schemas & told != 0 {
                self.deliver(listener.instance.index(), &message)?;
            }
        }
        Ok(())
    }

    /// Lets an instance hear a message and does what it asks for. A fault stops the instance, not the run.
    #[inline]
    fn deliver(&mut self, place: usize, message: &Message) -> Result<(), RunError> {
        let seat = &mut self.seats[place];
        if !seat.runs() {
            return Ok(());
        }
        if self.traces {
            self.watcher
                .before(InstanceId(place as u32), seat.messages + 1, message);
        }
        let heard = seat.hear(message, self.market.books(), &mut self.replies);
        if heard.is_ok() && self.replies.is_empty() {
            return Ok(());
        }
        self.do_what_is_asked(place, message, heard)
    }

    /// Does what the strategy that was called last asks for.
    fn do_what_is_asked(
        &mut self,
        place: usize,
        message: &Message,
        heard: Result<(), Box<Fault>>,
    ) -> Result<(), RunError> {
        self.wake(place);
        let mut replies = std::mem::take(&mut self.replies);
        let mut outcome = heard;
        self.log(place, &replies)?;
        if outcome.is_ok() {
            for command in &replies.commands {
                outcome = self.obey(place, command)?;
                if outcome.is_err() {
                    break;
                }
            }
        }
        replies.clear();
        self.replies = replies;
        if let Err(fault) = outcome {
            self.stop(place, *fault, message)?;
        }
        self.note_due(place);
        Ok(())
    }

    fn log(&mut self, place: usize, replies: &Replies) -> Result<(), RunError> {
        if !self.keeps {
            return Ok(());
        }
        for line in &replies.logs {
            self.recorder.log(&LogRecord {
                instance: InstanceId(place as u32),
                at: Timestamp(self.seats[place].now),
                level: line.level,
                text: &line.text,
            })?;
        }
        Ok(())
    }

    /// Does what a command asks for. The inner result is the strategy's fault.
    #[inline]
    fn obey(
        &mut self,
        place: usize,
        command: &Command,
    ) -> Result<Result<(), Box<Fault>>, RunError> {
        let situation = self.situation(place, command);
        let seat = &mut self.seats[place];
        let body = match seat.obey(command, &self.grids, situation) {
            Ok(body) => body,
            Err(fault) => return Ok(Err(fault)),
        };
        if !self.keeps {
            return Ok(Ok(()));
        }
        self.record_command(place, command, &body).map(Ok)
    }

    fn record_command(
        &mut self,
        place: usize,
        command: &Command,
        body: &CommandBody,
    ) -> Result<(), RunError> {
        let instance = InstanceId(place as u32);
        let at = Timestamp(self.seats[place].now);
        if let CommandBody::Metric { metric, value } = *body {
            self.recorder.metric(&MetricRecord {
                instance,
                at,
                metric,
                value,
            })?;
            return Ok(());
        }
        let local = match body {
            CommandBody::Submit { .. } => {
                self.follow_quotes(command.instrument)?;
                self.best(InstrumentId(command.instrument))
            }
            _ => BestLevels::default(),
        };
        let seat = &self.seats[place];
        self.recorder.command(&CommandRecord {
            instance,
            at,
            message: seat.messages,
            command: *command,
            local,
        })?;
        Ok(())
    }

    /// Stops an instance and ends its orders.
    fn stop(&mut self, place: usize, fault: Fault, message: &Message) -> Result<(), RunError> {
        let seat = &mut self.seats[place];
        seat.stop(fault, event_name(message));
        let at = Timestamp(seat.now);
        self.close(place, OrderStatus::Canceled, Reason::StrategyStopped, at)
    }

    /// Ends all orders of an instance and records the news of it.
    fn close(
        &mut self,
        place: usize,
        status: OrderStatus,
        reason: Reason,
        at: Timestamp,
    ) -> Result<(), RunError> {
        let seat = &mut self.seats[place];
        for update in seat.exchange.close(status, reason, at) {
            seat.journal.update(&Message::from(&update));
            if self.keeps {
                self.recorder.order(&OrderRecord {
                    instance: InstanceId(place as u32),
                    update,
                })?;
            }
        }
        Ok(())
    }
}

/// The kind of a message in words, as faults name it.
pub const fn event_name(message: &Message) -> &'static str {
    match message.kind {
        kind::TRADE => "trade",
        kind::MBO => "mbo",
        kind::LEVEL => "mbp",
        kind::BBO => "bbo",
        kind::BAR => "bar",
        kind::STATUS => "status",
        kind::DEFINITION => "definition",
        kind::ORDER_UPDATE => "order update",
        kind::FILL => "fill",
        kind::TIMER => "timer",
        kind::START => "start",
        kind::STOP => "stop",
        _ => "message",
    }
}
