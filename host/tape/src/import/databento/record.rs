//! What a DBN record says, in this crate's words.
//!
//! Takes in records of every version and schema; gives out orders, trades, images of the book, bars, trading status,
//! definitions and published statistics. Of version 1 and 2, definitions and statistics had other shapes; all other
//! records of market data are the same in every version.

use backplane_sdk::types::{Action, Flags, Nanos, Price, Side, Timestamp, TradingStatus};
use dbn::enums::Schema;
use dbn::{
    BboMsg, BidAskPair, CbboMsg, Cmbp1Msg, ConsolidatedBidAskPair, InstrumentDefMsg, MboMsg,
    Mbp1Msg, Mbp10Msg, OhlcvMsg, RecordRef, StatMsg, StatusMsg, TradeMsg, rtype, v1, v2,
};

use super::super::bars::SourceBar;
use super::definition::Definition;
use crate::statistics::Published;

/// Databento's time where there is none.
pub(super) const TIME_UNDEFINED: u64 = u64::MAX;

/// A publisher and its number of an instrument: books of different venues are apart.
pub(super) type InstrumentKey = (u16, u32);

/// A record, taken over from the decoder's buffer.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) key: InstrumentKey,
    pub(super) ts_event: Timestamp,
    /// The receive time, by which files are merged; the event's where there is none.
    pub(super) ts_recv: Timestamp,
    pub(super) flags: u8,
    pub(super) sequence: u32,
    pub(super) says: Says,
}

/// What a record says.
#[derive(Clone, Debug)]
pub(super) enum Says {
    /// Something of an order.
    Order(Order),
    /// Nothing of an order, but it may end an event.
    NoAction,
    /// A trade.
    Trade(Print),
    /// All that is seen of the book, in [`Sides`]; and the trade that the record tells of, where it does.
    Book(Option<Print>),
    /// A bar, as yet without its place in the tape's list.
    Bar(SourceBar),
    /// A change of trading status.
    Status(TradingStatus),
    /// What an instrument is.
    Definition(Box<Definition>),
    /// A statistic that the exchange publishes, as yet without its place in the tape's list.
    Statistic(Published),
    /// Nothing that a tape can hold; the name of the schema, where it is one of market data.
    Nothing(Option<&'static str>),
}

/// What a record says of an order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) action: Action,
    pub(super) side: Option<Side>,
    pub(super) order_id: u64,
    pub(super) price: Price,
    pub(super) size: u32,
}

/// A trade.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print {
    pub(super) price: Price,
    pub(super) size: u32,
    pub(super) aggressor: Option<Side>,
}

/// The levels of both sides that a record shows, best first.
#[derive(Clone, Debug, Default)]
pub(super) struct Sides {
    pub(super) levels: [Vec<(Price, u32)>; 2],
}

impl Sides {
    fn fill<'a, T: 'a>(
        &mut self,
        pairs: impl Iterator<Item = &'a T>,
        read: impl Fn(&T) -> [(i64, u32); 2],
    ) {
        for side in &mut self.levels {
            side.clear();
        }
        for pair in pairs {
            for (side, (price, size)) in self.levels.iter_mut().zip(read(pair)) {
                if price != dbn::UNDEF_PRICE && size > 0 {
                    side.push((Price(price), size));
                }
            }
        }
    }

    fn fill_pairs(&mut self, pairs: &[BidAskPair]) {
        self.fill(pairs.iter(), |pair| {
            [(pair.bid_px, pair.bid_sz), (pair.ask_px, pair.ask_sz)]
        });
    }

    fn fill_consolidated(&mut self, pairs: &[ConsolidatedBidAskPair]) {
        self.fill(pairs.iter(), |pair| {
            [(pair.bid_px, pair.bid_sz), (pair.ask_px, pair.ask_sz)]
        });
    }
}

fn time(nanos: u64) -> Result<Timestamp, String> {
    i64::try_from(nanos)
        .map(Timestamp)
        .map_err(|_| "it has no time".to_owned())
}

fn times(ts_event: u64, ts_recv: u64) -> Result<(Timestamp, Timestamp), String> {
    let received = match ts_recv {
        TIME_UNDEFINED => ts_event,
        known => known,
    };
    Ok((time(ts_event)?, time(received)?))
}

const fn print(price: i64, size: u32, side: i8) -> Print {
    Print {
        price: Price(price),
        size,
        aggressor: Side::from_code(side as u8),
    }
}

/// The trade of a record of price levels, where its action says that there was one.
fn traded(action: i8, price: i64, size: u32, side: i8) -> Option<Print> {
    (action as u8 == Action::Trade.code()).then(|| print(price, size, side))
}

/// What a file says of all its records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// The version of DBN.
    pub(super) version: u8,
    /// Their schema; none where there are several.
    pub(super) schema: Option<Schema>,
}

/// Takes over a record; `sides` gets the levels that it shows.
pub(super) fn item(
    record: &RecordRef<'_>,
    shape: Shape,
    sides: &mut Sides,
) -> Result<Item, String> {
    // The commonest first.
    if let Some(order) = get::<MboMsg>(record)? {
        return order_item(order);
    }
    if let Some(found) = book_item(record, sides)? {
        return Ok(found);
    }
    let made = maker(record);
    if let Some(x) = get::<TradeMsg>(record)? {
        let says = Says::Trade(print(x.price, x.size, x.side));
        let times = times(x.hd.ts_event, x.ts_recv)?;
        return Ok(made(times, x.flags.raw(), x.sequence, says));
    }
    if let Some(x) = get::<OhlcvMsg>(record)? {
        let times = times(x.hd.ts_event, TIME_UNDEFINED)?;
        let says = Says::Bar(SourceBar {
            instrument: 0,
            start: times.0,
            span: span(x.hd.rtype, shape.schema)?,
            open: Price(x.open),
            high: Price(x.high),
            low: Price(x.low),
            close: Price(x.close),
            volume: x.volume,
        });
        return Ok(made(times, 0, 0, says));
    }
    if let Some(x) = get::<StatusMsg>(record)? {
        let says = status(x.action).map_or(Says::Nothing(None), Says::Status);
        return Ok(made(times(x.hd.ts_event, x.ts_recv)?, 0, 0, says));
    }
    reference_item(record, shape.version)
}

/// Makes items of a record's instrument out of its times, flags and sequence number.
fn maker(record: &RecordRef<'_>) -> impl Fn((Timestamp, Timestamp), u8, u32, Says) -> Item + use<> {
    let header = record.header();
    let key = (header.publisher_id, header.instrument_id);
    move |(ts_event, ts_recv), flags, sequence, says| Item {
        key,
        ts_event,
        ts_recv,
        flags,
        sequence,
        says,
    }
}

/// The records that show price levels.
fn book_item(record: &RecordRef<'_>, sides: &mut Sides) -> Result<Option<Item>, String> {
    let made = maker(record);
    if let Some(x) = get::<Mbp1Msg>(record)? {
        sides.fill_pairs(&x.levels);
        let says = Says::Book(traded(x.action, x.price, x.size, x.side));
        let times = times(x.hd.ts_event, x.ts_recv)?;
        return Ok(Some(made(times, x.flags.raw(), x.sequence, says)));
    }
    if let Some(x) = get::<Mbp10Msg>(record)? {
        sides.fill_pairs(&x.levels);
        let says = Says::Book(traded(x.action, x.price, x.size, x.side));
        let times = times(x.hd.ts_event, x.ts_recv)?;
        return Ok(Some(made(times, x.flags.raw(), x.sequence, says)));
    }
    if let Some(x) = get::<Cmbp1Msg>(record)? {
        sides.fill_consolidated(&x.levels);
        let says = Says::Book(traded(x.action, x.price, x.size, x.side));
        let times = times(x.hd.ts_event, x.ts_recv)?;
        return Ok(Some(made(times, x.flags.raw(), 0, says)));
    }
    // Books at the end of an interval: each is an event, and holds what was then, whenever the last trade was.
    if let Some(x) = get::<BboMsg>(record)? {
        sides.fill_pairs(&x.levels);
        let times = times(x.ts_recv, x.ts_recv)?;
        return Ok(Some(made(times, Flags::LAST, x.sequence, Says::Book(None))));
    }
    if let Some(x) = get::<CbboMsg>(record)? {
        sides.fill_consolidated(&x.levels);
        let times = times(x.ts_recv, x.ts_recv)?;
        return Ok(Some(made(times, Flags::LAST, 0, Says::Book(None))));
    }
    Ok(None)
}

/// The records of which a tape keeps only what they say of its instruments.
fn reference_item(record: &RecordRef<'_>, version: u8) -> Result<Item, String> {
    let made = maker(record);
    let header = record.header();
    match header.rtype {
        rtype::INSTRUMENT_DEF => {
            let definition = match version {
                0 | 1 => got::<v1::InstrumentDefMsg>(record)?.into(),
                2 => got::<v2::InstrumentDefMsg>(record)?.into(),
                _ => got::<InstrumentDefMsg>(record)?.clone(),
            };
            let times = times(definition.ts_recv, TIME_UNDEFINED)?;
            let says = Says::Definition(Box::new(Definition::from(&definition)));
            Ok(made(times, 0, 0, says))
        }
        rtype::STATISTICS => {
            let found: StatMsg = match version {
                0..=2 => got::<v1::StatMsg>(record)?.into(),
                _ => got::<StatMsg>(record)?.clone(),
            };
            let defined = |value: i64| (value != i64::MAX).then_some(value);
            let times = times(found.ts_recv, TIME_UNDEFINED)?;
            let says = Says::Statistic(Published {
                instrument: 0,
                name: statistic(found.stat_type).to_owned(),
                ts_recv: times.1.0,
                price: defined(found.price),
                quantity: defined(found.quantity),
            });
            Ok(made(times, 0, found.sequence, says))
        }
        other => {
            let name = (other == rtype::IMBALANCE).then_some("imbalance");
            let times = times(header.ts_event.min(i64::MAX as u64), TIME_UNDEFINED)?;
            Ok(made(times, 0, 0, Says::Nothing(name)))
        }
    }
}

fn order_item(order: &MboMsg) -> Result<Item, String> {
    let (ts_event, ts_recv) = times(order.hd.ts_event, order.ts_recv)?;
    let letter = order.action as u8;
    let says = match Action::from_code(letter) {
        Some(action) => Says::Order(Order {
            action,
            side: Side::from_code(order.side as u8),
            order_id: order.order_id,
            price: Price(order.price),
            size: order.size,
        }),
        None if letter == b'N' => Says::NoAction,
        None => return Err(format!("its action {:?} is not known", char::from(letter))),
    };
    Ok(Item {
        key: (order.hd.publisher_id, order.hd.instrument_id),
        ts_event,
        ts_recv,
        flags: order.flags.raw(),
        sequence: order.sequence,
        says,
    })
}

/// The record, where it is of a type; an error where it says so and is too short to be one.
fn get<'a, T: dbn::v3::HasRType>(record: &'a RecordRef<'_>) -> Result<Option<&'a T>, String> {
    if !T::has_rtype(record.header().rtype.into()) {
        return Ok(None);
    }
    got::<T>(record).map(Some)
}

fn got<'a, T: dbn::v3::HasRType>(record: &'a RecordRef<'_>) -> Result<&'a T, String> {
    record.try_get::<T>().map_err(|error| error.to_string())
}

/// The length of a bar: as its record says it, or in files of DBZ and early DBN, whose records do not, as the file does.
fn span(kind: u8, schema: Option<Schema>) -> Result<Nanos, String> {
    let seconds = match (kind, schema) {
        (rtype::OHLCV_1S, _) | (_, Some(Schema::Ohlcv1S)) => 1,
        (rtype::OHLCV_1M, _) | (_, Some(Schema::Ohlcv1M)) => 60,
        (rtype::OHLCV_1H, _) | (_, Some(Schema::Ohlcv1H)) => 3_600,
        (rtype::OHLCV_1D | rtype::OHLCV_EOD, _) | (_, Some(Schema::Ohlcv1D)) => 86_400,
        _ => return Err("neither it nor its file says how long its bar is".to_owned()),
    };
    Ok(Nanos::from_secs(seconds))
}

/// The trading status of a number of Databento's status actions; none for those that change nothing.
const fn status(action: u16) -> Option<TradingStatus> {
    match action {
        // Trading.
        7 => Some(TradingStatus::Trading),
        // Pre-open, pre-cross, quoting, cross, rotation, new price indication.
        1..=6 => Some(TradingStatus::PreOpen),
        // Halt, pause, suspend.
        8..=10 => Some(TradingStatus::Halted),
        // Pre-close, close, post-close, not available for trading.
        11..=13 | 15 => Some(TradingStatus::Closed),
        _ => None,
    }
}

/// Databento's name of a kind of statistic.
const fn statistic(kind: u16) -> &'static str {
    match kind {
        1 => "opening_price",
        2 => "indicative_opening_price",
        3 => "settlement_price",
        4 => "trading_session_low_price",
        5 => "trading_session_high_price",
        6 => "cleared_volume",
        7 => "lowest_offer",
        8 => "highest_bid",
        9 => "open_interest",
        10 => "fixing_price",
        11 => "close_price",
        12 => "net_change",
        13 => "vwap",
        14 => "volatility",
        _ => "other",
    }
}
