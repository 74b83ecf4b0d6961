//! Orders that belong together: one cancels the other, and brackets.
//!
//! Takes in orders and the news of them; gives out further orders, modifications and cancellations. All of it happens at
//! the strategy: the exchange knows single orders only, so that an order may be filled while the request that would have
//! ended it is on its way. What must be kept over a reload is in public fields.
//!
//! ```
//! use backplane_sdk::linked::Bracket;
//! use backplane_sdk::prelude::*;
//!
//! struct BuyWithCare(Option<Bracket>);
//!
//! impl Strategy for BuyWithCare {
//!     fn descriptor() -> Descriptor {
//!         Descriptor::new("buy_with_care", "1.0.0").subscribe(Schema::BboPrice)
//!     }
//!     fn new(_: &Params) -> Result<Self, String> {
//!         Ok(BuyWithCare(None))
//!     }
//!     fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
//!         let instrument = event.instrument();
//!         if let (None, Some(bid)) = (&self.0, ctx.book(instrument).best(Side::Buy)) {
//!             let entry = Order::limit(instrument, Side::Buy, bid.price, Quantity(1));
//!             let away = |by: f64| Price::from_f64(bid.price.as_f64() + by);
//!             let (target, stop) = (away(0.5), away(-0.5));
//!             self.0 = Some(Bracket::submit(entry, target, stop, ctx));
//!         }
//!     }
//!     fn on_order(&mut self, event: &OrderEvent, ctx: &mut Context) {
//!         if let Some(bracket) = &mut self.0 {
//!             bracket.on_order(event, ctx);
//!         }
//!     }
//! }
//! ```

use crate::context::Context;
use crate::types::{Order, OrderEvent, OrderId, OrderType, Price, Quantity};

/// One of two orders that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Its number.
    pub order_id: OrderId,
    /// The order as it was sent, with the whole quantity that it has now.
    pub order: Order,
    /// How much of it is filled.
    pub filled: Quantity,
    /// Whether it ended, or was asked to.
    pub is_done: bool,
}

/// Two orders of which one cancels the other: what is filled of one is taken from the other, and the end of one, for
/// whatever reason, cancels the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneCancelsOther {
    /// Both orders.
    pub legs: [Leg; 2],
}

impl OneCancelsOther {
    /// Submits both orders, which are to have the same quantity.
    pub fn submit(first: Order, second: Order, ctx: &mut Context) -> OneCancelsOther {
        OneCancelsOther {
            legs: [first, second].map(|order| Leg {
                order_id: ctx.submit(order),
                order,
                filled: Quantity::ZERO,
                is_done: false,
            }),
        }
    }

    /// Whether both orders ended, or were asked to.
    pub fn is_done(&self) -> bool {
        self.legs.iter().all(|x| x.is_done)
    }

    /// To be called with all that the strategy hears of orders: does what follows for the other order. Gives whether it
    /// was about one of these.
    pub fn on_order(&mut self, event: &OrderEvent, ctx: &mut Context) -> bool {
        let order_id = match event {
            OrderEvent::Fill(fill) => fill.order_id,
            OrderEvent::Update(update) => update.order_id,
        };
        let Some(place) = self.legs.iter().position(|x| x.order_id == order_id) else {
            return false;
        };
        let [first, second] = &mut self.legs;
        let (leg, other) = if place == 0 {
            (first, second)
        } else {
            (second, first)
        };
        match event {
            OrderEvent::Fill(fill) => {
                leg.filled += fill.quantity;
                leg.is_done |= fill.leaves.is_zero();
                other.shrink(fill.quantity, leg.is_done, ctx);
            }
            OrderEvent::Update(update) if update.ends_order() => {
                leg.is_done = true;
                other.cancel(ctx);
            }
            OrderEvent::Update(_) => {}
        }
        true
    }

    /// Cancels what is open of both.
    pub fn cancel(&mut self, ctx: &mut Context) {
        for leg in &mut self.legs {
            leg.cancel(ctx);
        }
    }
}

impl Leg {
    fn cancel(&mut self, ctx: &mut Context) {
        if !self.is_done {
            self.is_done = true;
            ctx.cancel(self.order_id);
        }
    }

    /// The other order was filled: so much less is wanted of this one.
    fn shrink(&mut self, by: Quantity, ends: bool, ctx: &mut Context) {
        let whole = self.order.quantity - by;
        if ends || whole <= self.filled {
            self.cancel(ctx);
            return;
        }
        if self.is_done {
            return;
        }
        self.order.quantity = whole;
        let price = match self.order.order_type {
            OrderType::Limit | OrderType::StopLimit => self.order.price,
            OrderType::Market | OrderType::Stop | OrderType::TrailingStop => Price::UNDEFINED,
        };
        ctx.modify(self.order_id, price, whole);
    }
}

/// An entry with a target and a stop: whatever is filled of the entry gets a limit order at the target and a stop order,
/// of which one cancels the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bracket {
    /// The number of the entry.
    pub entry_id: OrderId,
    /// The entry.
    pub entry: Order,
    /// Whether the entry ended.
    pub is_entered: bool,
    /// The limit at which profit is taken.
    pub target: Price,
    /// Where the loss ends.
    pub stop: Price,
    /// A pair of exits for each execution of the entry.
    pub exits: Vec<OneCancelsOther>,
}

impl Bracket {
    /// Submits the entry.
    pub fn submit(entry: Order, target: Price, stop: Price, ctx: &mut Context) -> Bracket {
        Bracket {
            entry_id: ctx.submit(entry),
            entry,
            is_entered: false,
            target,
            stop,
            exits: Vec::new(),
        }
    }

    /// Whether the entry and all exits ended, or were asked to.
    pub fn is_done(&self) -> bool {
        self.is_entered && self.exits.iter().all(OneCancelsOther::is_done)
    }

    /// To be called with all that the strategy hears of orders. Gives whether it was about one of these.
    pub fn on_order(&mut self, event: &OrderEvent, ctx: &mut Context) -> bool {
        match event {
            OrderEvent::Fill(fill) if fill.order_id == self.entry_id => {
                self.is_entered |= fill.leaves.is_zero();
                self.protect(fill.quantity, ctx);
                true
            }
            OrderEvent::Update(update) if update.order_id == self.entry_id => {
                self.is_entered |= update.ends_order();
                true
            }
            _ => self.exits.iter_mut().any(|x| x.on_order(event, ctx)),
        }
    }

    fn protect(&mut self, quantity: Quantity, ctx: &mut Context) {
        let (instrument, side) = (self.entry.instrument, self.entry.side.opposite());
        let target = Order::limit(instrument, side, self.target, quantity);
        let stop = Order::stop(instrument, side, self.stop, quantity);
        self.exits.push(OneCancelsOther::submit(target, stop, ctx));
    }

    /// Cancels what is open of entry and exits. A position that was entered stays.
    pub fn cancel(&mut self, ctx: &mut Context) {
        if !self.is_entered {
            ctx.cancel(self.entry_id);
        }
        for exits in &mut self.exits {
            exits.cancel(ctx);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::abi::CommandBody;
    use crate::abi::Message;
    use crate::prelude::*;
    use crate::testing::Harness;

    /// Buys four once, with exits.
    struct Buyer(Option<Bracket>);

    impl Strategy for Buyer {
        fn descriptor() -> Descriptor {
            Descriptor::new("buyer", "1.0.0").subscribe(Schema::BboPrice)
        }
        fn new(_: &Params) -> Result<Self, String> {
            Ok(Buyer(None))
        }
        fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
            if self.0.is_none() {
                let price = Price::from_f64(10.0);
                let entry = Order::limit(event.instrument(), Side::Buy, price, Quantity(4));
                let (target, stop) = (Price::from_f64(11.0), Price::from_f64(9.0));
                self.0 = Some(Bracket::submit(entry, target, stop, ctx));
            }
        }
        fn on_order(&mut self, event: &OrderEvent, ctx: &mut Context) {
            if let Some(bracket) = &mut self.0 {
                bracket.on_order(event, ctx);
            }
        }
    }

    fn fill(harness: &mut Harness<Buyer>, order_id: u64, quantity: i64, leaves: i64) {
        harness.hear(&Message::from(&Fill {
            instrument: InstrumentId(0),
            order_id: OrderId(order_id),
            side: Side::Buy,
            price: Price::from_f64(10.0),
            quantity: Quantity(quantity),
            leaves: Quantity(leaves),
            fee: Money::ZERO,
            liquidity: Liquidity::Maker,
            ts_event: Timestamp(0),
            ts_recv: Timestamp(0),
        }));
    }

    #[test]
    fn every_execution_of_an_entry_is_protected_and_one_exit_ends_the_other() {
        let mut harness = Harness::<Buyer>::new(&[]).unwrap();
        harness.bbo(10.0, 10.1);
        fill(&mut harness, 1, 3, 1);
        let exits = harness.orders();
        let kinds: Vec<_> = exits
            .iter()
            .map(|x| (x.1.order_type, x.1.quantity))
            .collect();
        let three = Quantity(3);
        assert_eq!(kinds, [(OrderType::Limit, three), (OrderType::Stop, three)]);
        assert!(exits.iter().all(|x| x.1.side == Side::Sell));
        // A part of the target is filled: as much less is left for the stop.
        fill(&mut harness, 2, 1, 2);
        assert_eq!(
            harness.commands(),
            [CommandBody::Modify {
                order_id: OrderId(3),
                price: Price::UNDEFINED,
                quantity: Quantity(2),
                stop_price: Price::UNDEFINED,
            }]
        );
        fill(&mut harness, 1, 1, 0);
        assert_eq!(
            harness.orders().len(),
            2,
            "the rest of the entry has exits of its own"
        );
        fill(&mut harness, 3, 2, 0);
        let order_id = OrderId(2);
        assert_eq!(harness.commands(), [CommandBody::Cancel { order_id }]);
        assert!(!harness.strategy().0.as_ref().unwrap().is_done());
        fill(&mut harness, 4, 1, 0);
        let order_id = OrderId(5);
        assert_eq!(harness.commands(), [CommandBody::Cancel { order_id }]);
        assert!(harness.strategy().0.as_ref().unwrap().is_done());
    }
}
