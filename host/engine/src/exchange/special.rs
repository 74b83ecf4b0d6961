//! Orders that are more than a limit or market order until it is cancelled, as they land.
//!
//! Takes in a special order; gives out what its parts ask for: a stop that waits, an iceberg that rests, a time at which
//! it ends.

use backplane_sdk::types::{OrderStatus, Reason};

use super::own::OwnOrder;
use super::stops::StopOrder;
use super::{Arrival, Exchange, View};
use crate::request::SpecialOrder;

impl Exchange {
    /// A special order lands.
    #[cold]
    pub(super) fn submit_special(&mut self, view: &View<'_>, special: &SpecialOrder, at: i64) {
        let order = special.order;
        let expiry = special.expiry.map(|x| (x, self.expires_at(x, at)));
        if let Some((_, None)) = expiry {
            let told = OwnOrder::new(&order, self.matched, at);
            self.update(&told, OrderStatus::Rejected, Reason::InvalidExpiry, at);
            return;
        }
        let displayed = special.displayed;
        let is_open = match special.stop {
            Some(stop) => {
                let stop = StopOrder {
                    order,
                    displayed,
                    stop,
                };
                self.submit_stop(view, stop, at)
            }
            None => {
                let arrival = Arrival {
                    at,
                    first: OrderStatus::New,
                    displayed,
                };
                self.arrive(view, &order, arrival)
            }
        };
        if let Some((expiry, Some(expires))) = expiry
            && is_open
        {
            self.note_expiry(order.order_id, expiry, expires);
        }
    }
}
