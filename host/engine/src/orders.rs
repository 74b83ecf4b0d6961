//! From commands to requests: the checks that need no market.
//!
//! Takes in commands as a strategy gave them, letters and numbers of any kind; gives out requests that the exchange
//! understands. What is wrong with an order becomes a refusal with its reason, which travels like every other answer.

use backplane_sdk::abi::{Command, CommandBody, v1::command_flag};
use backplane_sdk::types::{
    Instrument, InstrumentId, OrderId, OrderType, Price, Quantity, Reason, Side, TimeInForce,
    Timestamp,
};

use crate::request::{NewOrder, Refused, RequestBody, Rest, is_valid_price, is_valid_quantity};

/// The checks of one strategy instance.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderGate {
    last_order_id: u64,
}

impl OrderGate {
    /// The request that a command makes of the exchange; `None` where it makes none (timers, metrics).
    pub fn request(
        &mut self,
        command: &Command,
        body: &CommandBody,
        instruments: &[Instrument],
    ) -> Option<RequestBody> {
        Some(match *body {
            CommandBody::Submit { order_id } => {
                let order = self.check(order_id, command, instruments);
                order.map_or_else(
                    |reason| RequestBody::Refuse(refused(order_id, command, reason)),
                    RequestBody::Submit,
                )
            }
            CommandBody::Modify {
                order_id,
                price,
                quantity,
            } => RequestBody::Modify {
                order_id,
                price,
                quantity,
            },
            CommandBody::Cancel { order_id } => RequestBody::Cancel { order_id },
            CommandBody::CancelAll { instrument } => RequestBody::CancelAll { instrument },
            CommandBody::SetTimer { .. }
            | CommandBody::CancelTimer { .. }
            | CommandBody::Metric { .. } => return None,
        })
    }

    fn check(
        &mut self,
        order_id: OrderId,
        command: &Command,
        instruments: &[Instrument],
    ) -> Result<NewOrder, Reason> {
        if order_id.0 <= self.last_order_id {
            return Err(Reason::DuplicateOrder);
        }
        self.last_order_id = order_id.0;
        let instrument = instruments
            .get(command.instrument as usize)
            .ok_or(Reason::UnknownInstrument)?;
        let side = Side::from_code(command.side).ok_or(Reason::InvalidSide)?;
        let quantity = Quantity(command.quantity);
        if !is_valid_quantity(quantity) {
            return Err(Reason::InvalidQuantity);
        }
        check_options(command)?;
        let (limit, rest) = check_type(command)?;
        if limit.is_some_and(|x| !is_valid_price(x, instrument.tick)) {
            return Err(Reason::InvalidPrice);
        }
        let post_only = command.flags & command_flag::POST_ONLY != 0;
        if post_only && (limit.is_none() || rest != Rest::Rests) {
            return Err(Reason::UnsupportedOption);
        }
        Ok(NewOrder {
            order_id,
            instrument: instrument.id,
            side,
            limit,
            quantity,
            rest,
            post_only,
        })
    }
}

/// The limit of an order and what becomes of its rest.
fn check_type(command: &Command) -> Result<(Option<Price>, Rest), Reason> {
    let order_type = OrderType::from_code(command.order_type);
    let rest = match TimeInForce::from_code(command.time_in_force) {
        Some(TimeInForce::Gtc) => Rest::Rests,
        Some(TimeInForce::Ioc) => Rest::Cancels,
        Some(TimeInForce::Fok) => Rest::Kills,
        _ => return Err(Reason::UnsupportedTimeInForce),
    };
    match order_type {
        Some(OrderType::Limit) => Ok((Some(Price(command.price)), rest)),
        // A market order never rests, whatever its time in force.
        Some(OrderType::Market) if rest == Rest::Kills => Ok((None, Rest::Kills)),
        Some(OrderType::Market) => Ok((None, Rest::Cancels)),
        _ => Err(Reason::UnsupportedOrderType),
    }
}

/// Refuses options that are not simulated, rather than ignoring them.
fn check_options(command: &Command) -> Result<(), Reason> {
    let none = |price: i64| price == 0 || price == Price::UNDEFINED.0;
    let never = |time: i64| time == 0 || time == Timestamp::MAX.0;
    let plain = none(command.stop_price)
        && none(command.trail)
        && command.displayed == 0
        && never(command.expire_at)
        && command.flags & !command_flag::POST_ONLY == 0
        && command.reserved == 0
        && command.reserved_2 == 0;
    let is_stop = matches!(
        OrderType::from_code(command.order_type),
        Some(OrderType::Stop | OrderType::StopLimit | OrderType::TrailingStop)
    );
    // The type is the better reason where it is what needs the option.
    if plain || is_stop {
        Ok(())
    } else {
        Err(Reason::UnsupportedOption)
    }
}

fn refused(order_id: OrderId, command: &Command, reason: Reason) -> Refused {
    Refused {
        order_id,
        instrument: InstrumentId(command.instrument),
        side: Side::from_code(command.side),
        price: Price(command.price),
        quantity: Quantity(command.quantity),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use backplane_sdk::types::Order;

    fn instrument() -> Instrument {
        Instrument {
            id: InstrumentId(0),
            symbol: "X".into(),
            tick: Price(10),
            multiplier: 1,
            currency: "USD".into(),
            expiration: Timestamp::MAX,
        }
    }

    fn reason(change: impl FnOnce(&mut Command)) -> Option<Reason> {
        let order = Order::limit(InstrumentId(0), Side::Buy, Price(100), Quantity(5));
        let mut command = Command::submit(OrderId(1), &order);
        change(&mut command);
        let body = command.body().unwrap();
        match OrderGate::default().request(&command, &body, &[instrument()]) {
            Some(RequestBody::Refuse(refused)) => Some(refused.reason),
            Some(RequestBody::Submit(_)) => None,
            other => panic!("unexpected {other:?}"),
        }
    }

    #[test]
    fn every_fault_of_an_order_has_its_reason() {
        assert_eq!(reason(|_| {}), None);
        assert_eq!(reason(|x| x.id = 0), Some(Reason::DuplicateOrder));
        assert_eq!(
            reason(|x| x.instrument = 1),
            Some(Reason::UnknownInstrument)
        );
        assert_eq!(reason(|x| x.side = b'N'), Some(Reason::InvalidSide));
        assert_eq!(reason(|x| x.price = 101), Some(Reason::InvalidPrice));
        assert_eq!(reason(|x| x.price = i64::MAX), Some(Reason::InvalidPrice));
        assert_eq!(reason(|x| x.price = i64::MIN), Some(Reason::InvalidPrice));
        assert_eq!(reason(|x| x.quantity = 0), Some(Reason::InvalidQuantity));
        assert_eq!(
            reason(|x| x.quantity = i64::MAX),
            Some(Reason::InvalidQuantity)
        );
        assert_eq!(
            reason(|x| x.order_type = b'3'),
            Some(Reason::UnsupportedOrderType)
        );
        assert_eq!(
            reason(|x| x.order_type = 0),
            Some(Reason::UnsupportedOrderType)
        );
        assert_eq!(
            reason(|x| x.time_in_force = b'0'),
            Some(Reason::UnsupportedTimeInForce)
        );
        assert_eq!(reason(|x| x.displayed = 1), Some(Reason::UnsupportedOption));
        assert_eq!(reason(|x| x.expire_at = 5), Some(Reason::UnsupportedOption));
        assert_eq!(reason(|x| x.flags = 2), Some(Reason::UnsupportedOption));
        assert_eq!(
            reason(|x| x.reserved_2 = 1),
            Some(Reason::UnsupportedOption)
        );
        let ioc_post_only = |x: &mut Command| (x.flags, x.time_in_force) = (1, b'3');
        assert_eq!(reason(ioc_post_only), Some(Reason::UnsupportedOption));
    }

    #[test]
    fn an_order_id_is_used_once() {
        let order = Order::limit(InstrumentId(0), Side::Buy, Price(100), Quantity(5));
        let mut gate = OrderGate::default();
        let mut send = |id: u64| {
            let command = Command::submit(OrderId(id), &order);
            gate.request(&command, &command.body().unwrap(), &[instrument()])
        };
        assert!(matches!(send(7), Some(RequestBody::Submit(_))));
        assert!(matches!(send(7), Some(RequestBody::Refuse(_))));
        assert!(matches!(send(6), Some(RequestBody::Refuse(_))));
        assert!(matches!(send(8), Some(RequestBody::Submit(_))));
    }
}
