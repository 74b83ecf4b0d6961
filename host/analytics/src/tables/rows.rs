//! The words that tables use, and how a record becomes a row.
//!
//! Takes in the engine's records; gives out rows of [`Cell`]s in the order of the columns of [`super::schema`].

use backplane_engine::record::{
    BestLevels, CommandRecord, EquityRecord, FillReason, InstanceId, OrderRecord, SettlementRecord,
};
use backplane_sdk::abi::Command;
use backplane_sdk::abi::CommandBody;
use backplane_sdk::abi::v1::{command_flag, command_kind};
use backplane_sdk::types::{
    InstrumentId, Liquidity, OrderStatus, OrderType, Price, Reason, Side, TimeInForce, Timestamp,
};

use super::buffer::Cell;
use crate::collect::{End, Ended, Settled, Trip};

pub(super) const SIDES: &[&str] = &["buy", "sell"];
pub(super) const LIQUIDITIES: &[&str] = &["maker", "taker"];
pub(super) const STATUSES: &[&str] = &[
    "new",
    "canceled",
    "replaced",
    "rejected",
    "cancel_rejected",
    "expired",
    "replace_rejected",
    "triggered",
];
pub(super) const COMMANDS: &[&str] = &[
    "submit",
    "modify",
    "cancel",
    "cancel_all",
    "set_timer",
    "cancel_timer",
];
pub(super) const ORDER_TYPES: &[&str] = &["market", "limit", "stop", "stop_limit", "trailing_stop"];
pub(super) const TIMES_IN_FORCE: &[&str] = &[
    "day",
    "gtc",
    "ioc",
    "fok",
    "gtd",
    "at_the_opening",
    "at_the_close",
];
pub(super) const FILL_REASONS: &[&str] = &["queue_reached", "traded_through", "crossed", "taker"];
pub(super) const LOG_LEVELS: &[&str] = &["error", "warning", "information", "debug"];

pub(super) const ENDS: &[&str] = &["filled", "canceled", "rejected", "expired", "open"];

/// Every reason in words, by its number.
pub(super) fn reasons() -> Vec<&'static str> {
    Reason::ALL.iter().map(|x| x.text()).collect()
}

fn side(side: Option<Side>) -> Cell<'static> {
    Cell::Word(side.map(|x| x.index() as u32))
}

const fn status(status: OrderStatus) -> u32 {
    match status {
        OrderStatus::New => 0,
        OrderStatus::Canceled => 1,
        OrderStatus::Replaced => 2,
        OrderStatus::Rejected => 3,
        OrderStatus::CancelRejected => 4,
        OrderStatus::Expired => 5,
        OrderStatus::ReplaceRejected => 6,
        OrderStatus::Triggered => 7,
    }
}

const fn order_type(order_type: OrderType) -> u32 {
    match order_type {
        OrderType::Market => 0,
        OrderType::Limit => 1,
        OrderType::Stop => 2,
        OrderType::StopLimit => 3,
        OrderType::TrailingStop => 4,
    }
}

const fn time_in_force(time_in_force: TimeInForce) -> u32 {
    match time_in_force {
        TimeInForce::Day => 0,
        TimeInForce::Gtc => 1,
        TimeInForce::Ioc => 2,
        TimeInForce::Fok => 3,
        TimeInForce::Gtd => 4,
        TimeInForce::AtTheOpening => 5,
        TimeInForce::AtTheClose => 6,
    }
}

const fn fill_reason(reason: FillReason) -> u32 {
    match reason {
        FillReason::QueueReached => 0,
        FillReason::TradedThrough => 1,
        FillReason::Crossed => 2,
        FillReason::Taker => 3,
    }
}

const fn end(end: End) -> u32 {
    match end {
        End::Filled => 0,
        End::Canceled => 1,
        End::Rejected => 2,
        End::Expired => 3,
        End::Open => 4,
    }
}

fn moment(time: Option<Timestamp>) -> Cell<'static> {
    Cell::Integer(time.map(|x| x.0))
}

fn prices(best: [Option<Price>; 2]) -> [Cell<'static>; 2] {
    best.map(|x| Cell::Integer(x.map(|x| x.0)))
}

const fn time(time: Timestamp) -> Cell<'static> {
    Cell::Integer(Some(time.0))
}

fn price(price: Price) -> Cell<'static> {
    Cell::Integer(price.is_defined().then_some(price.0))
}

/// Best bid price and size, best ask price and size.
fn best(best: &BestLevels) -> [Cell<'static>; 4] {
    let price = |x: Option<i64>| Cell::Integer(x);
    [
        price(best.bid.map(|x| x.price.0)),
        price(best.bid.map(|x| x.size.0)),
        price(best.ask.map(|x| x.price.0)),
        price(best.ask.map(|x| x.size.0)),
    ]
}

/// A row of `orders`.
pub(crate) fn order(record: &OrderRecord) -> [Cell<'static>; 11] {
    let update = &record.update;
    [
        Cell::Word(Some(record.instance.0)),
        time(update.ts_event),
        time(update.ts_recv),
        Cell::Number(Some(update.order_id.0)),
        Cell::Word(Some(update.instrument.0)),
        side(update.side),
        Cell::Word(Some(status(update.status))),
        Cell::Word(Some(update.reason as u32)),
        price(update.price),
        Cell::Integer(Some(update.quantity.0)),
        Cell::Integer(Some(update.leaves.0)),
    ]
}

/// A row of `fills`.
pub(crate) fn fill(settled: &Settled) -> [Cell<'static>; 31] {
    let (record, fill) = (&settled.record, &settled.record.fill);
    let liquidity = match fill.liquidity {
        Liquidity::Maker => 0,
        Liquidity::Taker => 1,
    };
    let [bid_price, bid_size, ask_price, ask_size] = best(&record.best);
    let [arrival_bid, arrival_ask] = prices(settled.sent.map_or([None; 2], |x| x.best));
    let [a, b, c, d, e, f, g, h] = settled.mids.map(Cell::Integer);
    [
        Cell::Word(Some(record.instance.0)),
        time(fill.ts_event),
        time(fill.ts_recv),
        Cell::Number(Some(fill.order_id.0)),
        Cell::Word(Some(fill.instrument.0)),
        side(Some(fill.side)),
        Cell::Integer(Some(fill.price.0)),
        Cell::Integer(Some(fill.quantity.0)),
        Cell::Integer(Some(fill.leaves.0)),
        Cell::Money(fill.fee.0),
        Cell::Word(Some(liquidity)),
        Cell::Word(Some(fill_reason(record.reason))),
        Cell::Integer(Some(record.queue_ahead.0)),
        time(record.arrived),
        bid_price,
        bid_size,
        ask_price,
        ask_size,
        Cell::Integer(Some(record.position.0)),
        Cell::Money(record.cash.0),
        moment(settled.sent.map(|x| x.at)),
        arrival_bid,
        arrival_ask,
        a,
        b,
        c,
        d,
        e,
        f,
        g,
        h,
    ]
}

/// A row of `lifecycles`.
pub(crate) fn lifecycle(order: &Ended) -> [Cell<'static>; 25] {
    let command = &order.command;
    let [type_of, force] = kinds(command);
    let [arrival_bid, arrival_ask] = prices(order.sent.best);
    let [end_bid, end_ask] = prices(order.end_best);
    [
        Cell::Word(Some(order.instance.0)),
        Cell::Number(Some(command.id)),
        Cell::Word(Some(order.instrument().0)),
        side(Side::from_code(command.side)),
        Cell::Word(type_of),
        Cell::Word(force),
        time(order.sent.at),
        moment(order.arrived),
        moment(order.acknowledged),
        moment(order.first_fill),
        moment(order.ended),
        Cell::Word(Some(end(order.end))),
        Cell::Word(Some(order.reason as u32)),
        price(order.price),
        Cell::Integer(Some(order.quantity.0)),
        Cell::Integer(Some(order.filled.0)),
        Cell::Number(Some(order.fills)),
        Cell::Number(Some(order.modifications)),
        Cell::Money(order.turnover.0),
        Cell::Money(order.fees.0),
        Cell::Integer(order.queue_ahead.map(|x| x.0)),
        arrival_bid,
        arrival_ask,
        end_bid,
        end_ask,
    ]
}

/// The type of an order and its time in force, where they are known.
fn kinds(command: &Command) -> [Option<u32>; 2] {
    [
        OrderType::from_code(command.order_type).map(order_type),
        TimeInForce::from_code(command.time_in_force).map(time_in_force),
    ]
}

/// A row of `trips`: a round trip of an instance in an instrument.
pub(crate) fn trip(account: (InstanceId, InstrumentId), trip: &Trip) -> [Cell<'static>; 12] {
    let excursions = trip.excursions;
    let excursion = |x: usize| Cell::MoneyOrNone(excursions.map(|all| all[x].0));
    let trip = &trip.trip;
    [
        Cell::Word(Some(account.0.0)),
        Cell::Word(Some(account.1.0)),
        side(Some(trip.side)),
        time(trip.opened),
        time(trip.closed),
        Cell::Integer(Some(trip.quantity.0)),
        Cell::Integer(Some(trip.open_price.0)),
        Cell::Integer(Some(trip.close_price.0)),
        Cell::Money(trip.gross.0),
        Cell::Money(trip.fees.0),
        excursion(0),
        excursion(1),
    ]
}

/// A row of `equity`.
pub(crate) fn equity(record: &EquityRecord, multiplier: i64) -> [Cell<'static>; 9] {
    [
        time(record.at),
        Cell::Word(Some(record.instance.0)),
        Cell::Word(Some(record.instrument.0)),
        Cell::Money(record.cash.0),
        Cell::Integer(Some(record.position.0)),
        price(record.price),
        Cell::Integer(Some(multiplier)),
        Cell::Money(record.fees.0),
        Cell::Money(record.equity.0),
    ]
}

/// A row of `settlements`.
pub(crate) fn settlement(record: &SettlementRecord) -> [Cell<'static>; 10] {
    [
        Cell::Word(Some(record.instance.0)),
        time(record.ts_event),
        time(record.at),
        Cell::Word(Some(record.instrument.0)),
        Cell::Word(Some(record.occasion.number().into())),
        price(record.price),
        Cell::Integer(Some(record.before.0)),
        Cell::Integer(Some(record.position.0)),
        Cell::Money(record.amount.0),
        Cell::Money(record.cash.0),
    ]
}

/// A row of `journal`; none for a recorded value, which has a table of its own, and for a kind that is not known, which
/// is a fault and no command.
pub(crate) fn command(record: &CommandRecord) -> Option<[Cell<'static>; 22]> {
    let command = &record.command;
    let body = command.body()?;
    if matches!(body, CommandBody::Metric { .. }) {
        return None;
    }
    let submits = matches!(body, CommandBody::Submit { .. });
    let priced = submits || matches!(body, CommandBody::Modify { .. });
    let (order, timer, due) = match body {
        CommandBody::Submit { order_id }
        | CommandBody::Modify { order_id, .. }
        | CommandBody::Cancel { order_id } => (Some(order_id.0), None, None),
        CommandBody::SetTimer { timer, at } => (None, Some(timer.0), Some(at.0)),
        CommandBody::CancelTimer { timer } => (None, Some(timer.0), None),
        CommandBody::CancelAll { .. } | CommandBody::Metric { .. } => (None, None, None),
    };
    let defined = |x: i64| Price(x).is_defined().then_some(x);
    // Options: neither 0 nor "no price" and "never", which are the same number.
    let some = |x: i64| defined(x).filter(|x| *x != 0);
    let word = |x: Option<u32>| Cell::Word(x.filter(|_| submits));
    let [type_of, force] = kinds(command);
    let [bid_price, bid_size, ask_price, ask_size] = best(&record.local);
    Some([
        Cell::Word(Some(record.instance.0)),
        time(record.at),
        Cell::Number(Some(record.message)),
        Cell::Word(Some(u32::from(command.kind - command_kind::SUBMIT))),
        // A number beyond the list of instruments, "all" included, becomes null.
        Cell::Word(Some(command.instrument)),
        Cell::Number(order),
        Cell::Number(timer),
        Cell::Integer(due),
        word(Side::from_code(command.side).map(|x| x.index() as u32)),
        word(type_of),
        word(force),
        Cell::Flag(submits.then_some(command.flags & command_flag::POST_ONLY != 0)),
        Cell::Integer(defined(command.price).filter(|_| priced)),
        Cell::Integer(priced.then_some(command.quantity)),
        Cell::Integer(some(command.stop_price).filter(|_| priced)),
        Cell::Integer(some(command.trail).filter(|_| submits)),
        Cell::Integer(some(command.displayed).filter(|_| submits)),
        Cell::Integer(some(command.expire_at).filter(|_| submits)),
        bid_price,
        bid_size,
        ask_price,
        ask_size,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use backplane_sdk::abi::Command;
    use backplane_sdk::types::{OrderId, TimerId};

    #[test]
    fn fill_reasons_and_tables_use_the_same_words() {
        let all = [
            FillReason::QueueReached,
            FillReason::TradedThrough,
            FillReason::Crossed,
            FillReason::Taker,
        ];
        for reason in all {
            assert_eq!(FILL_REASONS[fill_reason(reason) as usize], reason.text());
        }
    }

    #[test]
    fn each_command_has_its_word_and_recorded_values_have_none() {
        let bodies = [
            (
                CommandBody::Submit {
                    order_id: OrderId(1),
                },
                "submit",
            ),
            (
                CommandBody::Cancel {
                    order_id: OrderId(1),
                },
                "cancel",
            ),
            (CommandBody::CancelAll { instrument: None }, "cancel_all"),
            (
                CommandBody::CancelTimer { timer: TimerId(1) },
                "cancel_timer",
            ),
        ];
        let record = |body| CommandRecord {
            instance: Default::default(),
            at: Timestamp(0),
            message: 1,
            command: Command::new(body),
            local: BestLevels::default(),
        };
        for (body, word) in bodies {
            let row = command(&record(body)).unwrap();
            let Cell::Word(Some(kind)) = row[3] else {
                panic!("no word for {word}");
            };
            assert_eq!(COMMANDS[kind as usize], word);
        }
        let value = CommandBody::Metric {
            metric: 0,
            value: 1.0,
        };
        assert!(command(&record(value)).is_none());
    }
}
