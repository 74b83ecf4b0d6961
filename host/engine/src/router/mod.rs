//! Who hears what: from rows to the messages of each subscription.
//!
//! Takes in the strategies' subscriptions once, then rows; gives out, for the few rows that somebody hears, who hears
//! them and in which words. A row that nobody hears costs one test.

mod bars;

use std::ops::Range;

use backplane_sdk::abi::Message;
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::{Descriptor, Schema};
use backplane_sdk::types::{
    Action, Bbo, Flags, Instrument, InstrumentId, LevelChange, Mbo, Price, Quantity, Side, Status,
    Timestamp, Trade, TradingStatus,
};

pub use bars::{BarBuilder, ClosedBar};

use crate::error::RunError;
use crate::record::InstanceId;
use crate::row::signal;
use crate::rows::Rows;

/// Bits of [`Listener::schemas`].
pub mod hears {
    /// Single orders.
    pub const MBO: u8 = 1 << 0;
    /// Trade prints.
    pub const TRADES: u8 = 1 << 1;
    /// Price levels.
    pub const MBP: u8 = 1 << 2;
    /// Best prices and sizes.
    pub const BBO: u8 = 1 << 3;
    /// Best prices.
    pub const BBO_PRICE: u8 = 1 << 4;
    /// Changes of trading status.
    pub const STATUS: u8 = 1 << 5;
}

/// The letter of a row that says an instrument's trading status, and that is nothing else.
const ACTION_STATUS: u8 = b'S';

/// The schemas in the order in which a listener hears of a row; best prices and sizes are one message.
pub const SCHEMAS: [u8; 5] = [
    hears::STATUS,
    hears::MBO,
    hears::TRADES,
    hears::MBP,
    hears::BBO | hears::BBO_PRICE,
];

/// A strategy instance that hears of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Who.
    pub instance: InstanceId,
    /// What: bits of [`hears`].
    pub schemas: u8,
}

/// A level that changed in an event.
#[derive(Clone, Copy, Default)]
struct Change {
    side: u8,
    price: i64,
    level_size: u32,
}

/// For each instrument whose levels somebody hears, the last change of one in the present event.
pub struct Changes(Vec<Option<Change>>);

impl Changes {
    /// No changes of so many instruments.
    pub fn new(instruments: usize) -> Changes {
        Changes(vec![None; instruments])
    }
}

/// Who hears what.
pub struct Router {
    /// For each instrument, the signals that somebody listens to.
    gates: Vec<u8>,
    /// The signals that somebody listens to, of any instrument.
    any_gate: u8,
    /// For each instrument, the schemas (bits of [`hears`]) that somebody hears.
    wanted: Vec<u8>,
    /// For each instrument, who hears of it one by one, in the order of the instances.
    listeners: Vec<Vec<Listener>>,
    /// For each instrument, who hears of it in batches.
    batched: Vec<Vec<Listener>>,
    /// Whether somebody hears single orders.
    needs_details: bool,
    bars: BarBuilder,
}

impl Router {
    /// The routes of all subscriptions, to a tape that shows orders, or price levels only. `batched` says of each
    /// strategy whether it hears in batches.
    ///
    /// # Errors
    /// Names the strategy that subscribes to something that is not there.
    pub fn new(
        instruments: &[Instrument],
        descriptors: &[&Descriptor],
        batched: &[bool],
        shows_levels: bool,
    ) -> Result<Router, RunError> {
        let mut router = Router {
            gates: vec![0; instruments.len()],
            any_gate: 0,
            wanted: vec![0; instruments.len()],
            listeners: vec![Vec::new(); instruments.len()],
            batched: vec![Vec::new(); instruments.len()],
            needs_details: false,
            bars: BarBuilder::new(instruments.len()),
        };
        for (number, descriptor) in descriptors.iter().enumerate() {
            check(descriptor, instruments, shows_levels)?;
            let is_batched = batched.get(number).is_some_and(|x| *x);
            let instance = InstanceId(number as u32);
            router.subscribe(instance, descriptor, is_batched, instruments);
        }
        router.any_gate = router.gates.iter().fold(0, |all, x| all | x);
        Ok(router)
    }

    fn subscribe(
        &mut self,
        instance: InstanceId,
        descriptor: &Descriptor,
        is_batched: bool,
        instruments: &[Instrument],
    ) {
        for instrument in instruments {
            let mut schemas = 0;
            for schema in Schema::ALL {
                if !descriptor.hears(schema, &instrument.symbol) {
                    continue;
                }
                schemas |= match schema {
                    Schema::Mbo => hears::MBO,
                    Schema::Trades => hears::TRADES,
                    Schema::Mbp => hears::MBP,
                    Schema::Bbo => hears::BBO,
                    Schema::BboPrice => hears::BBO_PRICE,
                    Schema::Ohlcv(interval) => {
                        self.bars.subscribe(instance, instrument.id, interval);
                        0
                    }
                    Schema::Status => hears::STATUS,
                };
            }
            if schemas != 0 {
                self.gates[instrument.id.index()] |= gate(schemas);
                self.wanted[instrument.id.index()] |= schemas;
                let listeners = if is_batched {
                    &mut self.batched
                } else {
                    &mut self.listeners
                };
                listeners[instrument.id.index()].push(Listener { instance, schemas });
                self.needs_details |= schemas & hears::MBO != 0;
            }
            if self.bars.covers(instrument.id) {
                self.gates[instrument.id.index()] |= signal::TRADE;
            }
        }
    }

    /// Whether somebody hears single orders, so that rows need their details.
    pub const fn needs_details(&self) -> bool {
        self.needs_details
    }

    /// The first of some rows that concerns anybody.
    #[inline]
    pub fn next_concerning(&self, rows: &Rows, places: Range<usize>) -> Option<usize> {
        let Range { mut start, end } = places;
        while let Some(place) = rows.next_with(start..end, self.any_gate) {
            let instrument = usize::from(rows.instrument[place]);
            if rows.has(place, self.gates[instrument]) {
                return Some(place);
            }
            start = place + 1;
        }
        None
    }

    /// Notes what later messages of the event need. To be called for each row that concerns somebody.
    #[inline]
    pub fn note(&self, changes: &mut Changes, rows: &Rows, place: usize) {
        let instrument = usize::from(rows.instrument[place]);
        if self.wanted[instrument] & hears::MBP != 0 && rows.has(place, signal::BOOK) {
            changes.0[instrument] = Some(Change {
                side: rows.side[place],
                price: rows.price[place],
                level_size: rows.level_size[place],
            });
        }
    }

    /// Notes what bars need. To be called for each row that concerns somebody.
    #[inline]
    pub fn note_bar(&mut self, rows: &Rows, place: usize) {
        let instrument = usize::from(rows.instrument[place]);
        if rows.has(place, signal::TRADE) && self.bars.covers(InstrumentId(instrument as u32)) {
            self.bars.trade(&rows.row(place));
        }
    }

    /// The schemas (bits of [`hears`]) of an instrument that a strategy hears in batches.
    pub fn schemas(&self, instance: InstanceId, instrument: InstrumentId) -> u8 {
        let mut listeners = self.batched[instrument.index()].iter();
        let found = listeners.find(|x| x.instance == instance);
        found.map_or(0, |x| x.schemas)
    }

    /// Those who hear of an instrument one by one.
    #[inline]
    pub fn listeners(&self, instrument: usize) -> &[Listener] {
        &self.listeners[instrument]
    }

    /// In which schemas (bits of [`hears`]) a row is told to those who hear them.
    #[inline]
    pub fn told(&self, changes: &Changes, rows: &Rows, place: usize) -> u8 {
        let instrument = usize::from(rows.instrument[place]);
        if rows.action[place] == ACTION_STATUS {
            return self.wanted[instrument] & hears::STATUS;
        }
        let mut told = hears::MBO;
        for (signal, schema) in [
            (signal::TRADE, hears::TRADES),
            (signal::LAST, hears::MBP),
            (signal::BBO, hears::BBO),
            (signal::BBO_PRICE, hears::BBO_PRICE),
        ] {
            if rows.has(place, signal) {
                told |= schema;
            }
        }
        told &= self.wanted[instrument];
        if told & hears::MBP != 0 && changes.0[instrument].is_none() {
            told &= !hears::MBP;
        }
        told
    }

    /// What a row means in the words of one of those [`SCHEMAS`] in which it is told.
    #[inline]
    pub fn message(
        &self,
        schema: u8,
        changes: &Changes,
        rows: &Rows,
        place: usize,
        book: &LevelBook,
    ) -> Message {
        match schema {
            hears::MBO => mbo_message(rows, place),
            hears::TRADES => trade_message(rows, place),
            hears::MBP => {
                let change = changes.0[usize::from(rows.instrument[place])];
                level_message(&change.unwrap_or_default(), rows, place, Flags::LAST)
            }
            hears::STATUS => status_message(rows, place),
            _ => bbo_message(rows, place, book),
        }
    }

    /// The change of a level by a row of which more is told before its event ends. Only those hear of it who keep books
    /// of their own, which are to be as they are lent to others.
    pub fn change_within(&self, changes: &Changes, rows: &Rows, place: usize) -> Option<Message> {
        let instrument = usize::from(rows.instrument[place]);
        let tells_more = !rows.has(place, signal::LAST) || rows.has(place, signal::TRADE);
        let is_change = rows.has(place, signal::BOOK) && tells_more;
        if !is_change || self.wanted[instrument] & hears::MBP == 0 {
            return None;
        }
        let change = changes.0[instrument].as_ref()?;
        Some(level_message(change, rows, place, 0))
    }

    /// Forgets what belonged to an event that is over.
    #[inline]
    pub fn finish(&self, changes: &mut Changes, rows: &Rows, place: usize) {
        let instrument = usize::from(rows.instrument[place]);
        if self.wanted[instrument] & hears::MBP != 0 && rows.has(place, signal::LAST) {
            changes.0[instrument] = None;
        }
    }

    /// Whether a strategy hears bars.
    pub fn hears_bars(&self, instance: InstanceId) -> bool {
        self.bars.tells(instance)
    }

    /// The bars.
    pub const fn bars(&mut self) -> &mut BarBuilder {
        &mut self.bars
    }

    /// When the next bar closes; `i64::MAX` where none is open.
    #[inline]
    pub const fn next_bar(&self) -> i64 {
        self.bars.next_close()
    }
}

/// The signals that must wake somebody who hears these schemas.
const fn gate(schemas: u8) -> u8 {
    let mut gate = 0;
    if schemas & hears::MBO != 0 {
        gate |= u8::MAX;
    }
    if schemas & hears::TRADES != 0 {
        gate |= signal::TRADE;
    }
    if schemas & hears::MBP != 0 {
        gate |= signal::BOOK | signal::LAST;
    }
    if schemas & hears::BBO != 0 {
        gate |= signal::BBO;
    }
    if schemas & hears::BBO_PRICE != 0 {
        gate |= signal::BBO_PRICE;
    }
    if schemas & hears::STATUS != 0 {
        gate |= signal::LAST;
    }
    gate
}

fn check(
    descriptor: &Descriptor,
    instruments: &[Instrument],
    shows_levels: bool,
) -> Result<(), RunError> {
    for subscription in &descriptor.subscriptions {
        let refuse = |why: &str| RunError::Subscription {
            strategy: descriptor.name.clone(),
            subscription: format!("`{}`", subscription.schema.name()),
            why: why.into(),
        };
        if subscription.schema == Schema::Mbo && shows_levels {
            return Err(refuse(
                "but the tape shows price levels (`mbp`), not orders",
            ));
        }
        for symbol in &subscription.symbols {
            if !instruments.iter().any(|x| x.symbol == *symbol) {
                return Err(refuse(&format!(
                    "for `{symbol}`, which the tape does not have"
                )));
            }
        }
    }
    Ok(())
}

#[inline]
fn mbo_message(rows: &Rows, place: usize) -> Message {
    let detail = rows.detail(place);
    Message::from(&Mbo {
        instrument: InstrumentId(rows.instrument[place].into()),
        action: Action::from_code(rows.action[place]).unwrap_or(Action::Trade),
        side: Side::from_code(rows.side[place]),
        order_id: detail.order_id,
        price: Price(rows.price[place]),
        size: Quantity(rows.size[place].into()),
        level_size: Quantity(rows.level_size[place].into()),
        rank: rows.rank[place],
        sequence: detail.sequence,
        ts_event: Timestamp(rows.ts_event[place]),
        ts_recv: Timestamp(rows.ts_recv[place]),
        flags: Flags(rows.flags[place]),
    })
}

fn trade_message(rows: &Rows, place: usize) -> Message {
    let side = Side::from_code(rows.side[place]);
    let is_resting_side = rows.action[place] == Action::Fill.code();
    Message::from(&Trade {
        instrument: InstrumentId(rows.instrument[place].into()),
        price: Price(rows.price[place]),
        size: Quantity(rows.size[place].into()),
        aggressor: if is_resting_side {
            side.map(Side::opposite)
        } else {
            side
        },
        sequence: rows.detail(place).sequence,
        ts_event: Timestamp(rows.ts_event[place]),
        ts_recv: Timestamp(rows.ts_recv[place]),
        flags: Flags(rows.flags[place]),
    })
}

/// A level change of an event, told when the row of a place is heard. `last` is [`Flags::LAST`] where that ends the event.
fn level_message(change: &Change, rows: &Rows, place: usize, last: u8) -> Message {
    Message::from(&LevelChange {
        instrument: InstrumentId(rows.instrument[place].into()),
        side: Side::from_code(change.side),
        price: Price(change.price),
        size: Quantity(change.level_size.into()),
        sequence: 0,
        ts_event: Timestamp(rows.ts_event[place]),
        ts_recv: Timestamp(rows.ts_recv[place]),
        flags: Flags(rows.flags[place] & !Flags::LAST | last),
    })
}

/// What a status row says; its size is the number of the status, which whoever read the tape has checked.
fn status_message(rows: &Rows, place: usize) -> Message {
    let number = u8::try_from(rows.size[place]).unwrap_or(0);
    Message::from(&Status {
        instrument: InstrumentId(rows.instrument[place].into()),
        status: TradingStatus::from_code(number).unwrap_or(TradingStatus::Trading),
        ts_event: Timestamp(rows.ts_event[place]),
        ts_recv: Timestamp(rows.ts_recv[place]),
    })
}

#[inline]
fn bbo_message(rows: &Rows, place: usize, book: &LevelBook) -> Message {
    let side = |side: Side| {
        let best = book.best(side);
        best.map_or((Price::UNDEFINED, Quantity::ZERO), |x| (x.price, x.size))
    };
    let (bid_price, bid_size) = side(Side::Buy);
    let (ask_price, ask_size) = side(Side::Sell);
    Message::from(&Bbo {
        instrument: InstrumentId(rows.instrument[place].into()),
        bid_price,
        bid_size,
        ask_price,
        ask_size,
        sequence: rows.detail(place).sequence,
        ts_event: Timestamp(rows.ts_event[place]),
        ts_recv: Timestamp(rows.ts_recv[place]),
        flags: Flags(rows.flags[place]),
    })
}
