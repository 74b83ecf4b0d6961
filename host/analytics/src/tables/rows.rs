//! The words that tables use, and what each column gets from a record.
//!
//! Takes in records; gives out values in the order of the columns of [`super::schema`].

use backplane_engine::record::{
    CommandRecord, EquityRecord, FillReason, InstanceId, MetricRecord, OrderRecord,
    SettlementRecord,
};
use backplane_sdk::abi::Command;
use backplane_sdk::abi::CommandBody;
use backplane_sdk::abi::v1::{command_flag, command_kind};
use backplane_sdk::book::Level;
use backplane_sdk::types::{
    InstrumentId, Liquidity, OrderStatus, OrderType, Price, Reason, Side, TimeInForce, Timestamp,
};

use super::column::Get;
use crate::collect::{End, Ended, LogLine, Settled, Trip};

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

pub(super) const fn order_type(order_type: OrderType) -> u32 {
    match order_type {
        OrderType::Market => 0,
        OrderType::Limit => 1,
        OrderType::Stop => 2,
        OrderType::StopLimit => 3,
        OrderType::TrailingStop => 4,
    }
}

pub(super) const fn time_in_force(time_in_force: TimeInForce) -> u32 {
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

fn side(side: Option<Side>) -> Option<u32> {
    side.map(|x| x.index() as u32)
}

const fn liquidity(liquidity: Liquidity) -> u32 {
    match liquidity {
        Liquidity::Maker => 0,
        Liquidity::Taker => 1,
    }
}

fn time(time: Option<Timestamp>) -> Option<i64> {
    time.map(|x| x.0)
}

fn number(price: Option<Price>) -> Option<i64> {
    price.map(|x| x.0)
}

fn defined(price: Price) -> Option<i64> {
    price.is_defined().then_some(price.0)
}

fn price_of(level: Option<Level>) -> Option<i64> {
    level.map(|x| x.price.0)
}

fn size_of(level: Option<Level>) -> Option<i64> {
    level.map(|x| x.size.0)
}

fn order_type_of(command: &Command) -> Option<u32> {
    OrderType::from_code(command.order_type).map(order_type)
}

fn time_in_force_of(command: &Command) -> Option<u32> {
    TimeInForce::from_code(command.time_in_force).map(time_in_force)
}

/// The columns of `orders`.
pub(crate) const ORDERS: &[Get<OrderRecord>] = &[
    Get::Word(|x| Some(x.instance.0)),
    Get::Integer(|x| x.update.ts_event.0),
    Get::Integer(|x| x.update.ts_recv.0),
    Get::Number(|x| x.update.order_id.0),
    Get::Word(|x| Some(x.update.instrument.0)),
    Get::Word(|x| side(x.update.side)),
    Get::Word(|x| Some(status(x.update.status))),
    Get::Word(|x| Some(x.update.reason as u32)),
    Get::IntegerOrNone(|x| defined(x.update.price)),
    Get::Integer(|x| x.update.quantity.0),
    Get::Integer(|x| x.update.leaves.0),
];

/// The columns of `fills`.
pub(crate) const FILLS: &[Get<Settled>] = &[
    Get::Word(|x| Some(x.record.instance.0)),
    Get::Integer(|x| x.record.fill.ts_event.0),
    Get::Integer(|x| x.record.fill.ts_recv.0),
    Get::Number(|x| x.record.fill.order_id.0),
    Get::Word(|x| Some(x.record.fill.instrument.0)),
    Get::Word(|x| side(Some(x.record.fill.side))),
    Get::Integer(|x| x.record.fill.price.0),
    Get::Integer(|x| x.record.fill.quantity.0),
    Get::Integer(|x| x.record.fill.leaves.0),
    Get::Money(|x| x.record.fill.fee.0),
    Get::Word(|x| Some(liquidity(x.record.fill.liquidity))),
    Get::Word(|x| Some(fill_reason(x.record.reason))),
    Get::Integer(|x| x.record.queue_ahead.0),
    Get::Integer(|x| x.record.arrived.0),
    Get::IntegerOrNone(|x| price_of(x.record.best.bid)),
    Get::IntegerOrNone(|x| size_of(x.record.best.bid)),
    Get::IntegerOrNone(|x| price_of(x.record.best.ask)),
    Get::IntegerOrNone(|x| size_of(x.record.best.ask)),
    Get::Integer(|x| x.record.position.0),
    Get::Money(|x| x.record.cash.0),
    Get::IntegerOrNone(|x| x.sent.map(|x| x.at.0)),
    Get::IntegerOrNone(|x| number(x.sent?.best[0])),
    Get::IntegerOrNone(|x| number(x.sent?.best[1])),
    Get::IntegerOrNone(|x| x.mids[0]),
    Get::IntegerOrNone(|x| x.mids[1]),
    Get::IntegerOrNone(|x| x.mids[2]),
    Get::IntegerOrNone(|x| x.mids[3]),
    Get::IntegerOrNone(|x| x.mids[4]),
    Get::IntegerOrNone(|x| x.mids[5]),
    Get::IntegerOrNone(|x| x.mids[6]),
    Get::IntegerOrNone(|x| x.mids[7]),
];

/// The columns of `lifecycles`.
pub(crate) const LIFECYCLES: &[Get<Ended>] = &[
    Get::Word(|x| Some(x.instance.0)),
    Get::Number(|x| x.command.id),
    Get::Word(|x| Some(x.instrument().0)),
    Get::Word(|x| side(Side::from_code(x.command.side))),
    Get::Word(|x| order_type_of(&x.command)),
    Get::Word(|x| time_in_force_of(&x.command)),
    Get::Integer(|x| x.sent.at.0),
    Get::IntegerOrNone(|x| time(x.arrived)),
    Get::IntegerOrNone(|x| time(x.acknowledged)),
    Get::IntegerOrNone(|x| time(x.first_fill)),
    Get::IntegerOrNone(|x| time(x.ended)),
    Get::Word(|x| Some(end(x.end))),
    Get::Word(|x| Some(x.reason as u32)),
    Get::IntegerOrNone(|x| defined(x.price)),
    Get::Integer(|x| x.quantity.0),
    Get::Integer(|x| x.filled.0),
    Get::Number(|x| x.fills),
    Get::Number(|x| x.modifications),
    Get::Money(|x| x.turnover.0),
    Get::Money(|x| x.fees.0),
    Get::IntegerOrNone(|x| x.queue_ahead.map(|x| x.0)),
    Get::IntegerOrNone(|x| number(x.sent.best[0])),
    Get::IntegerOrNone(|x| number(x.sent.best[1])),
    Get::IntegerOrNone(|x| number(x.end_best[0])),
    Get::IntegerOrNone(|x| number(x.end_best[1])),
];

/// A round trip of an instance in an instrument.
pub(crate) type AccountTrip = ((InstanceId, InstrumentId), Trip);

/// The columns of `trips`.
pub(crate) const TRIPS: &[Get<AccountTrip>] = &[
    Get::Word(|x| Some(x.0.0.0)),
    Get::Word(|x| Some(x.0.1.0)),
    Get::Word(|x| side(Some(x.1.trip.side))),
    Get::Integer(|x| x.1.trip.opened.0),
    Get::Integer(|x| x.1.trip.closed.0),
    Get::Integer(|x| x.1.trip.quantity.0),
    Get::Integer(|x| x.1.trip.open_price.0),
    Get::Integer(|x| x.1.trip.close_price.0),
    Get::Money(|x| x.1.trip.gross.0),
    Get::Money(|x| x.1.trip.fees.0),
    Get::MoneyOrNone(|x| Some(x.1.excursions?[0].0)),
    Get::MoneyOrNone(|x| Some(x.1.excursions?[1].0)),
];

/// A valuation, with the multiplier of its instrument.
pub(crate) type Valued = (EquityRecord, i64);

/// The columns of `equity`.
pub(crate) const EQUITY: &[Get<Valued>] = &[
    Get::Integer(|x| x.0.at.0),
    Get::Word(|x| Some(x.0.instance.0)),
    Get::Word(|x| Some(x.0.instrument.0)),
    Get::Money(|x| x.0.cash.0),
    Get::Integer(|x| x.0.position.0),
    Get::IntegerOrNone(|x| defined(x.0.price)),
    Get::Integer(|x| x.1),
    Get::Money(|x| x.0.fees.0),
    Get::Money(|x| x.0.equity.0),
];

/// The columns of `settlements`.
pub(crate) const SETTLEMENTS: &[Get<SettlementRecord>] = &[
    Get::Word(|x| Some(x.instance.0)),
    Get::Integer(|x| x.ts_event.0),
    Get::Integer(|x| x.at.0),
    Get::Word(|x| Some(x.instrument.0)),
    Get::Word(|x| Some(x.occasion.number().into())),
    Get::IntegerOrNone(|x| defined(x.price)),
    Get::Integer(|x| x.before.0),
    Get::Integer(|x| x.position.0),
    Get::Money(|x| x.amount.0),
    Get::Money(|x| x.cash.0),
];

/// A recorded value, with the place of its series among all series.
pub(crate) type SeriesValue = (MetricRecord, u32);

/// The columns of `metrics`.
pub(crate) const METRICS: &[Get<SeriesValue>] = &[
    Get::Word(|x| Some(x.0.instance.0)),
    Get::Integer(|x| x.0.at.0),
    Get::Word(|x| Some(x.1)),
    Get::Float(|x| Some(x.0.value)),
];

/// The columns of `log`.
pub(crate) const LOG: &[Get<LogLine>] = &[
    Get::Word(|x| Some(x.instance.0)),
    Get::Integer(|x| x.at.0),
    Get::Word(|x| Some(x.level as u32 - 1)),
    Get::Text(|x| &x.text),
];

/// Whether a command has a row in `journal`. A recorded value has a table of its own, and a kind that is not known is a
/// fault and no command.
pub(crate) fn has_row(record: &CommandRecord) -> bool {
    let body = record.command.body();
    body.is_some_and(|x| !matches!(x, CommandBody::Metric { .. }))
}

/// The columns of `journal`.
pub(crate) const JOURNAL: &[Get<CommandRecord>] = &[
    Get::Word(|x| Some(x.instance.0)),
    Get::Integer(|x| x.at.0),
    Get::Number(|x| x.message),
    Get::Word(|x| Some(u32::from(x.command.kind - command_kind::SUBMIT))),
    // A number beyond the list of instruments, "all" included, becomes null.
    Get::Word(|x| Some(x.command.instrument)),
    Get::NumberOrNone(|x| order_of(&x.command)),
    Get::NumberOrNone(|x| match x.command.body()? {
        CommandBody::SetTimer { timer, .. } | CommandBody::CancelTimer { timer } => Some(timer.0),
        _ => None,
    }),
    Get::IntegerOrNone(|x| match x.command.body()? {
        CommandBody::SetTimer { at, .. } => Some(at.0),
        _ => None,
    }),
    Get::Word(|x| side(Side::from_code(submitted(x)?.side))),
    Get::Word(|x| order_type_of(submitted(x)?)),
    Get::Word(|x| time_in_force_of(submitted(x)?)),
    Get::Flag(|x| Some(submitted(x)?.flags & command_flag::POST_ONLY != 0)),
    Get::IntegerOrNone(|x| defined(Price(priced(x)?.price))),
    Get::IntegerOrNone(|x| Some(priced(x)?.quantity)),
    Get::IntegerOrNone(|x| option(priced(x)?.stop_price)),
    Get::IntegerOrNone(|x| option(submitted(x)?.trail)),
    Get::IntegerOrNone(|x| option(submitted(x)?.displayed)),
    Get::IntegerOrNone(|x| option(submitted(x)?.expire_at)),
    Get::IntegerOrNone(|x| price_of(x.local.bid)),
    Get::IntegerOrNone(|x| size_of(x.local.bid)),
    Get::IntegerOrNone(|x| price_of(x.local.ask)),
    Get::IntegerOrNone(|x| size_of(x.local.ask)),
];

fn order_of(command: &Command) -> Option<u64> {
    match command.body()? {
        CommandBody::Submit { order_id }
        | CommandBody::Modify { order_id, .. }
        | CommandBody::Cancel { order_id } => Some(order_id.0),
        _ => None,
    }
}

/// The command, where it submits an order.
fn submitted(record: &CommandRecord) -> Option<&Command> {
    (record.command.kind == command_kind::SUBMIT).then_some(&record.command)
}

/// The command, where it says what an order is to be.
fn priced(record: &CommandRecord) -> Option<&Command> {
    let kind = record.command.kind;
    (kind == command_kind::SUBMIT || kind == command_kind::MODIFY).then_some(&record.command)
}

/// An option of an order: neither 0 nor "no price" and "never", which are the same number.
pub(super) fn option(value: i64) -> Option<i64> {
    defined(Price(value)).filter(|x| *x != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use backplane_engine::record::BestLevels;
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
            let Get::Word(get) = &JOURNAL[3] else {
                panic!("the kind of a command is a word");
            };
            assert!(has_row(&record(body)));
            let kind = get(&record(body)).unwrap();
            assert_eq!(COMMANDS[kind as usize], word);
        }
        let value = CommandBody::Metric {
            metric: 0,
            value: 1.0,
        };
        assert!(!has_row(&record(value)));
    }
}
