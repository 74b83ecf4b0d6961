//! From commands to requests: the checks that need no market.
//!
//! Takes in commands as a strategy gave them, letters and numbers of any kind; gives out requests that the exchange
//! understands. What is wrong with an order becomes a refusal with its reason, which travels like every other answer.

mod options;

use backplane_sdk::abi::{Command, CommandBody, v1::command_flag};
use backplane_sdk::types::{
    InstrumentId, OrderId, OrderType, Price, Quantity, Reason, Side, TimeInForce,
};

use crate::grid::Grid;
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
        grids: &[Grid],
    ) -> Option<RequestBody> {
        Some(match *body {
            CommandBody::Submit { order_id } => {
                let checked = self.check(order_id, command, grids);
                checked.unwrap_or_else(|reason| {
                    RequestBody::Refuse(refused(order_id, command, reason))
                })
            }
            CommandBody::Modify {
                order_id,
                price,
                quantity,
                stop_price,
            } => RequestBody::Modify {
                order_id,
                price,
                quantity,
                stop_price,
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
        grids: &[Grid],
    ) -> Result<RequestBody, Reason> {
        if order_id.0 <= self.last_order_id {
            return Err(Reason::DuplicateOrder);
        }
        self.last_order_id = order_id.0;
        let grid = grids
            .get(command.instrument as usize)
            .ok_or(Reason::UnknownInstrument)?;
        let side = Side::from_code(command.side).ok_or(Reason::InvalidSide)?;
        let quantity = Quantity(command.quantity);
        if !is_valid_quantity(quantity, grid) {
            return Err(Reason::InvalidQuantity);
        }
        let is_plain = options::is_plain(command);
        let (limit, rest) = if is_plain {
            check_type(command)?
        } else {
            options::check_type(command)?
        };
        if limit.is_some_and(|x| !is_valid_price(x, grid)) {
            return Err(Reason::InvalidPrice);
        }
        let post_only = command.flags & command_flag::POST_ONLY != 0;
        if post_only && (limit.is_none() || rest != Rest::Rests) {
            return Err(Reason::UnsupportedOption);
        }
        let order = NewOrder {
            order_id,
            instrument: InstrumentId(command.instrument),
            side,
            limit,
            quantity,
            rest,
            post_only,
        };
        if is_plain {
            return Ok(RequestBody::Submit(order));
        }
        options::check(command, order, grid)
    }
}

/// The limit of a plain order and what becomes of its rest.
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

    fn grid() -> Grid {
        Grid::new(Price(10))
    }

    fn reason(change: impl FnOnce(&mut Command)) -> Option<Reason> {
        let order = Order::limit(InstrumentId(0), Side::Buy, Price(100), Quantity(5));
        let mut command = Command::submit(OrderId(1), &order);
        change(&mut command);
        let body = command.body().unwrap();
        match OrderGate::default().request(&command, &body, &[grid()]) {
            Some(RequestBody::Refuse(refused)) => Some(refused.reason),
            Some(RequestBody::Submit(_) | RequestBody::SubmitSpecial(_)) => None,
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
            reason(|x| x.order_type = 0),
            Some(Reason::UnsupportedOrderType)
        );
        assert_eq!(
            reason(|x| x.time_in_force = b'5'),
            Some(Reason::UnsupportedTimeInForce)
        );
        assert_eq!(reason(|x| x.flags = 2), Some(Reason::UnsupportedOption));
        assert_eq!(
            reason(|x| x.reserved_2 = 1),
            Some(Reason::UnsupportedOption)
        );
        let ioc_post_only = |x: &mut Command| (x.flags, x.time_in_force) = (1, b'3');
        assert_eq!(reason(ioc_post_only), Some(Reason::UnsupportedOption));
    }

    /// As [`reason`] for a stop: no limit, stop at 200, good till cancelled.
    fn stop_reason(change: impl FnOnce(&mut Command)) -> Option<Reason> {
        reason(|x| {
            (x.order_type, x.price, x.stop_price) = (b'3', i64::MAX, 200);
            change(x);
        })
    }

    #[test]
    fn every_fault_of_a_special_order_has_its_reason() {
        let trailing =
            |trail: i64| stop_reason(|x| (x.order_type, x.stop_price, x.trail) = (b'P', 0, trail));
        let stop_limit = |price: i64| stop_reason(|x| (x.order_type, x.price) = (b'4', price));
        let shown = |displayed: i64| reason(|x| x.displayed = displayed);
        let till = |time_in_force: u8, expire_at: i64| {
            reason(|x| (x.time_in_force, x.expire_at) = (time_in_force, expire_at))
        };
        let cases = [
            (stop_reason(|_| {}), None),
            (
                stop_reason(|x| x.stop_price = i64::MAX),
                Some(Reason::InvalidStopPrice),
            ),
            (
                stop_reason(|x| x.stop_price = 0),
                Some(Reason::InvalidStopPrice),
            ),
            (
                stop_reason(|x| x.stop_price = 205),
                Some(Reason::InvalidStopPrice),
            ),
            (stop_reason(|x| x.price = 100), Some(Reason::InvalidPrice)),
            (stop_reason(|x| x.trail = 10), Some(Reason::InvalidTrail)),
            (
                stop_reason(|x| x.displayed = 1),
                Some(Reason::UnsupportedOption),
            ),
            (
                stop_reason(|x| x.flags = 1),
                Some(Reason::UnsupportedOption),
            ),
            (stop_limit(100), None),
            (stop_limit(101), Some(Reason::InvalidPrice)),
            (stop_limit(i64::MAX), Some(Reason::InvalidPrice)),
            (trailing(20), None),
            (trailing(0), Some(Reason::InvalidTrail)),
            (trailing(-10), Some(Reason::InvalidTrail)),
            (trailing(15), Some(Reason::InvalidTrail)),
            (trailing(i64::MAX), Some(Reason::InvalidTrail)),
            (
                reason(|x| x.stop_price = 100),
                Some(Reason::InvalidStopPrice),
            ),
            (reason(|x| x.trail = 10), Some(Reason::InvalidTrail)),
            (shown(2), None),
            (shown(-1), Some(Reason::InvalidDisplayed)),
            (
                reason(|x| (x.displayed, x.time_in_force) = (2, b'3')),
                Some(Reason::UnsupportedOption),
            ),
            (till(b'6', 5), None),
            (till(b'6', 0), Some(Reason::InvalidExpiry)),
            (till(b'6', i64::MAX), Some(Reason::InvalidExpiry)),
            (till(b'1', 5), Some(Reason::UnsupportedOption)),
            (till(b'0', 0), None),
            (till(b'0', 5), Some(Reason::UnsupportedOption)),
            (till(b'2', 0), Some(Reason::NoAuction)),
            (till(b'7', 0), Some(Reason::NoAuction)),
        ];
        for (number, (found, expected)) in cases.into_iter().enumerate() {
            assert_eq!(found, expected, "case {number}");
        }
    }

    #[test]
    fn an_order_id_is_used_once() {
        let order = Order::limit(InstrumentId(0), Side::Buy, Price(100), Quantity(5));
        let mut gate = OrderGate::default();
        let mut send = |id: u64| {
            let command = Command::submit(OrderId(id), &order);
            gate.request(&command, &command.body().unwrap(), &[grid()])
        };
        assert!(matches!(send(7), Some(RequestBody::Submit(_))));
        assert!(matches!(send(7), Some(RequestBody::Refuse(_))));
        assert!(matches!(send(6), Some(RequestBody::Refuse(_))));
        assert!(matches!(send(8), Some(RequestBody::Submit(_))));
    }
}
