//! The checks of orders that are more than a limit or market order until it is cancelled: stops, icebergs, orders that end
//! by themselves.
//!
//! Takes in commands as they were given; gives out requests, or the reason why there is none. What is not simulated, or
//! makes no sense together, is refused and never ignored.

use backplane_sdk::abi::{Command, v1::command_flag};
use backplane_sdk::types::{OrderType, Price, Quantity, Reason, TimeInForce, Timestamp};

use crate::grid::Grid;
use crate::request::{Expiry, NewOrder, RequestBody, Rest, SpecialOrder, Stop, is_valid_price};

/// Whether a price or distance is not given.
const fn is_none(price: i64) -> bool {
    price == 0 || price == Price::UNDEFINED.0
}

/// Whether a time is not given.
const fn is_never(time: i64) -> bool {
    time == 0 || time == Timestamp::MAX.0
}

/// Whether an order has no options, so that its letters say all. Letters that are not known count as plain.
#[inline]
pub(super) const fn is_plain(command: &Command) -> bool {
    is_none(command.stop_price)
        && is_none(command.trail)
        && command.displayed == 0
        && is_never(command.expire_at)
        && command.flags & !command_flag::POST_ONLY == 0
        && command.reserved == 0
        && command.reserved_2 == 0
        && !is_stop(command)
        && !matches!(command.time_in_force, b'0' | b'2' | b'6' | b'7')
}

const fn is_stop(command: &Command) -> bool {
    matches!(command.order_type, b'3' | b'4' | b'P')
}

/// The limit of an order and what becomes of its rest; of a stop, once it is triggered.
#[cold]
pub(super) fn check_type(command: &Command) -> Result<(Option<Price>, Rest), Reason> {
    let order_type = OrderType::from_code(command.order_type);
    let order_type = order_type.ok_or(Reason::UnsupportedOrderType)?;
    let rest = match TimeInForce::from_code(command.time_in_force) {
        Some(TimeInForce::Gtc | TimeInForce::Day | TimeInForce::Gtd) => Rest::Rests,
        Some(TimeInForce::Ioc) => Rest::Cancels,
        Some(TimeInForce::Fok) => Rest::Kills,
        // No format of a tape tells of auctions yet.
        Some(TimeInForce::AtTheOpening | TimeInForce::AtTheClose) => return Err(Reason::NoAuction),
        None => return Err(Reason::UnsupportedTimeInForce),
    };
    // A market order never rests, whatever its time in force.
    let of_market = if rest == Rest::Kills {
        Rest::Kills
    } else {
        Rest::Cancels
    };
    match order_type {
        OrderType::Limit | OrderType::StopLimit => Ok((Some(Price(command.price)), rest)),
        OrderType::Market => Ok((None, of_market)),
        OrderType::Stop | OrderType::TrailingStop if is_none(command.price) => {
            Ok((None, of_market))
        }
        OrderType::Stop | OrderType::TrailingStop => Err(Reason::InvalidPrice),
    }
}

/// The request of an order with options, whose letters are known and whose limit is valid.
#[cold]
pub(super) fn check(
    command: &Command,
    order: NewOrder,
    grid: &Grid,
) -> Result<RequestBody, Reason> {
    let is_known = command.flags & !command_flag::POST_ONLY == 0;
    if !is_known || command.reserved != 0 || command.reserved_2 != 0 {
        return Err(Reason::UnsupportedOption);
    }
    let special = SpecialOrder {
        order,
        stop: check_stop(command, grid)?,
        displayed: check_displayed(command, &order, grid)?,
        expiry: check_expiry(command)?,
    };
    Ok(RequestBody::SubmitSpecial(Box::new(special)))
}

fn check_stop(command: &Command, grid: &Grid) -> Result<Option<Stop>, Reason> {
    let trails = command.order_type == OrderType::TrailingStop as u8;
    let (price, trail) = (Price(command.stop_price), Price(command.trail));
    let has_price = !is_none(price.0);
    if trails {
        if trail.0 <= 0 || !is_valid_price(trail, &Grid::new(grid.smallest())) {
            return Err(Reason::InvalidTrail);
        }
    } else if !is_none(trail.0) {
        return Err(Reason::InvalidTrail);
    }
    let is_wrong = if has_price {
        !is_stop(command) || !is_valid_price(price, grid)
    } else {
        is_stop(command) && !trails
    };
    if is_wrong {
        return Err(Reason::InvalidStopPrice);
    }
    Ok(is_stop(command).then_some(Stop {
        price: if has_price { price } else { Price::UNDEFINED },
        trail: if trails { trail } else { Price(0) },
    }))
}

fn check_displayed(command: &Command, order: &NewOrder, grid: &Grid) -> Result<Quantity, Reason> {
    if command.displayed < 0 || !grid.has_quantity(Quantity(command.displayed)) {
        return Err(Reason::InvalidDisplayed);
    }
    let rests = order.limit.is_some() && order.rest == Rest::Rests;
    if command.displayed > 0 && !rests {
        return Err(Reason::UnsupportedOption);
    }
    Ok(Quantity(command.displayed))
}

fn check_expiry(command: &Command) -> Result<Option<Expiry>, Reason> {
    let at = command.expire_at;
    match TimeInForce::from_code(command.time_in_force) {
        Some(TimeInForce::Gtd) if is_never(at) => Err(Reason::InvalidExpiry),
        Some(TimeInForce::Gtd) => Ok(Some(Expiry::At(at))),
        _ if !is_never(at) => Err(Reason::UnsupportedOption),
        Some(TimeInForce::Day) => Ok(Some(Expiry::Session)),
        _ => Ok(None),
    }
}
