//! A command as one line of text.
//!
//! Takes in a command and the names that it is about; gives out the words that the tables use for it.

use std::fmt::Write;

use backplane_sdk::abi::{Command, CommandBody, command_order};
use backplane_sdk::types::{InstrumentId, Order};

use super::rows::{
    COMMANDS, ORDER_TYPES, SIDES, TIMES_IN_FORCE, option, order_type, time_in_force,
};

/// A command in the words of `journal.parquet`, such as `submit 7: buy 2 ESH4 limit 4500.25 gtc post_only`. `symbol` names
/// the instruments, `series` the recorded series.
///
/// ```
/// use backplane_analytics::command_text;
/// use backplane_sdk::abi::Command;
/// use backplane_sdk::types::{InstrumentId, Order, OrderId, Price, Quantity, Side};
///
/// let order = Order::limit(InstrumentId(0), Side::Buy, Price(4_500_250_000_000), Quantity(2));
/// let command = Command::submit(OrderId(7), &order.post_only());
/// let text = command_text(&command, |_| "ESH4".into(), |_| String::new());
/// assert_eq!(text, "submit 7: buy 2 ESH4 limit 4500.25 gtc post_only");
/// ```
pub fn command_text(
    command: &Command,
    symbol: impl Fn(InstrumentId) -> String,
    series: impl Fn(u32) -> String,
) -> String {
    if let Some((order_id, order)) = command_order(command) {
        return format!("submit {}: {}", order_id.0, order_text(&order, symbol));
    }
    let Some(body) = command.body() else {
        return "a command of unknown kind".into();
    };
    let kind = COMMANDS.get(usize::from(command.kind).wrapping_sub(1));
    let kind = kind.copied().unwrap_or("metric");
    match body {
        // What makes no order is rejected by the host.
        CommandBody::Submit { order_id } => format!("{kind} {}: no order", order_id.0),
        CommandBody::Modify {
            order_id,
            price,
            quantity,
            stop_price,
        } => {
            let mut text = format!("{kind} {}: quantity {quantity}", order_id.0);
            for (name, price) in [("price", price), ("stop_price", stop_price)] {
                if price.is_defined() {
                    let _ = write!(text, " {name} {price}");
                }
            }
            text
        }
        CommandBody::Cancel { order_id } => format!("{kind} {}", order_id.0),
        CommandBody::CancelAll { instrument: None } => kind.into(),
        CommandBody::CancelAll {
            instrument: Some(id),
        } => format!("{kind} {}", symbol(id)),
        CommandBody::SetTimer { timer, at } => format!("{kind} {} due {at}", timer.0),
        CommandBody::CancelTimer { timer } => format!("{kind} {}", timer.0),
        CommandBody::Metric { metric, value } => format!("{kind} {} {value}", series(metric)),
    }
}

fn order_text(order: &Order, symbol: impl Fn(InstrumentId) -> String) -> String {
    let mut text = format!(
        "{} {} {} {}",
        SIDES[order.side.index()],
        order.quantity,
        symbol(order.instrument),
        ORDER_TYPES[order_type(order.order_type) as usize],
    );
    if order.price.is_defined() {
        let _ = write!(text, " {}", order.price);
    }
    let until = TIMES_IN_FORCE[time_in_force(order.time_in_force) as usize];
    let _ = write!(text, " {until}");
    for (name, price) in [("stop_price", order.stop_price), ("trail", order.trail)] {
        if option(price.0).is_some() {
            let _ = write!(text, " {name} {price}");
        }
    }
    if option(order.displayed.0).is_some() {
        let _ = write!(text, " displayed {}", order.displayed);
    }
    if option(order.expire_at.0).is_some() {
        let _ = write!(text, " expire_at {}", order.expire_at);
    }
    if order.post_only {
        text.push_str(" post_only");
    }
    text
}
