//! An exchange's double: it answers a strategy's orders in the engine's place, and not kindly.
//!
//! Takes in a guest and a way to answer; gives out a guest whose orders the engine never sees. What the double answers is
//! heard before the next message, at that message's time, in a stream that the contract allows.

use std::collections::{BTreeMap, VecDeque};

use backplane_engine::guest::{Around, Fault, Guest, Replies};
use backplane_sdk::abi::{Command, CommandBody, Message, MessageBody, command_order};
use backplane_sdk::book::LevelBook;
use backplane_sdk::types::{
    Fill, InstrumentId, Liquidity, MarketEvent, Money, OrderId, OrderStatus, OrderType,
    OrderUpdate, Price, Quantity, Reason, Side, Timestamp,
};

/// How the double answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Rejects everything, each time for another reason.
    Rejects,
    /// Accepts, then fills one unit at a time, one before each message.
    PartialFills,
    /// Fills at once, whole, at the order's price.
    Fills,
    /// Says nothing, ever.
    Silent,
    /// Accepts, and then refuses to modify or to cancel.
    Stubborn,
    /// Accepts; some messages later the order expires.
    Expires,
    /// Fills and updates of orders that were never given, besides filling at once.
    Mistaken,
}

#[derive(Clone, Copy)]
struct Resting {
    instrument: InstrumentId,
    side: Side,
    price: Price,
    quantity: Quantity,
    leaves: Quantity,
    age: u32,
}

/// A guest behind an exchange's double.
pub(super) struct Double {
    guest: Box<dyn Guest>,
    manner: Manner,
    open: BTreeMap<u64, Resting>,
    answers: VecDeque<Message>,
    /// The last price that anything had, for market orders.
    price: Price,
    reasons: u16,
    /// How many answers were heard.
    heard: std::rc::Rc<std::cell::Cell<u64>>,
}

/// How many messages an order rests before it expires.
const LIFE: u32 = 5;
/// The most answers before one message, so that a strategy that answers each with an order comes to an end.
const ANSWERS_MAX: usize = 64;

impl Double {
    /// A double, and the count of the answers that it gives.
    pub(super) fn new(
        guest: Box<dyn Guest>,
        manner: Manner,
    ) -> (Double, std::rc::Rc<std::cell::Cell<u64>>) {
        let heard = std::rc::Rc::default();
        let double = Double {
            guest,
            manner,
            open: BTreeMap::new(),
            answers: VecDeque::new(),
            price: Price(1_000_000_000),
            reasons: 0,
            heard: std::rc::Rc::clone(&heard),
        };
        (double, heard)
    }

    /// Takes the orders out of what the guest asked for and answers them.
    fn take(&mut self, asked: &mut Replies, replies: &mut Replies, at: Timestamp) {
        for command in asked.commands.drain(..) {
            match command.body() {
                Some(CommandBody::Submit { order_id, .. }) => self.submit(order_id, &command, at),
                Some(CommandBody::Modify {
                    order_id,
                    price,
                    quantity,
                    ..
                }) => self.modify(order_id, price, quantity, at),
                Some(CommandBody::Cancel { order_id }) => self.cancel(order_id, at),
                Some(CommandBody::CancelAll { instrument }) => {
                    let meant = self.open.iter();
                    let meant = meant.filter(|x| instrument.is_none_or(|y| y == x.1.instrument));
                    let meant: Vec<u64> = meant.map(|x| *x.0).collect();
                    for id in meant {
                        self.cancel(OrderId(id), at);
                    }
                }
                _ => replies.commands.push(command),
            }
        }
        replies.logs.append(&mut asked.logs);
    }

    fn submit(&mut self, order_id: OrderId, command: &Command, at: Timestamp) {
        let Some((_, order)) = command_order(command) else {
            return;
        };
        let price = match order.order_type {
            OrderType::Market => self.price,
            _ => order.price,
        };
        let resting = Resting {
            instrument: order.instrument,
            side: order.side,
            price,
            quantity: order.quantity,
            leaves: order.quantity,
            age: 0,
        };
        match self.manner {
            Manner::Silent => {}
            Manner::Rejects => self.update(order_id, &resting, OrderStatus::Rejected, at),
            Manner::Fills | Manner::Mistaken => {
                if self.manner == Manner::Mistaken {
                    let stranger = OrderId(u64::MAX - order_id.0);
                    self.fill(stranger, &resting, resting.quantity, Quantity::ZERO, at);
                    self.update(stranger, &resting, OrderStatus::Canceled, at);
                }
                self.fill(order_id, &resting, resting.quantity, Quantity::ZERO, at);
            }
            Manner::PartialFills | Manner::Stubborn | Manner::Expires => {
                self.open.insert(order_id.0, resting);
                self.update(order_id, &resting, OrderStatus::New, at);
            }
        }
    }

    fn modify(&mut self, id: OrderId, price: Price, quantity: Quantity, at: Timestamp) {
        let known = self.open.get(&id.0).copied();
        let filled = known.map_or(0, |x| x.quantity.0.saturating_sub(x.leaves.0));
        let is_refused = self.manner != Manner::PartialFills || quantity.0 <= filled;
        let Some(mut resting) = known.filter(|_| !is_refused) else {
            let resting = known.unwrap_or_else(|| self.nobody());
            self.update(id, &resting, OrderStatus::ReplaceRejected, at);
            return;
        };
        (resting.price, resting.quantity) = (price, quantity);
        resting.leaves = Quantity(quantity.0.saturating_sub(filled));
        self.open.insert(id.0, resting);
        self.update(id, &resting, OrderStatus::Replaced, at);
    }

    fn cancel(&mut self, id: OrderId, at: Timestamp) {
        if self.manner == Manner::Silent {
            return;
        }
        if self.manner != Manner::Stubborn
            && let Some(resting) = self.open.remove(&id.0)
        {
            self.update(id, &resting, OrderStatus::Canceled, at);
            return;
        }
        let resting = self.open.get(&id.0).copied();
        let resting = resting.unwrap_or_else(|| self.nobody());
        self.update(id, &resting, OrderStatus::CancelRejected, at);
    }

    /// What becomes of open orders as time goes on.
    fn pass(&mut self, at: Timestamp) {
        let ids: Vec<u64> = self.open.keys().copied().collect();
        for id in ids {
            let Some(mut resting) = self.open.remove(&id) else {
                continue;
            };
            resting.age += 1;
            if self.manner == Manner::PartialFills {
                resting.leaves = Quantity(resting.leaves.0.saturating_sub(1));
                self.fill(OrderId(id), &resting, Quantity(1), resting.leaves, at);
            } else if self.manner == Manner::Expires && resting.age > LIFE {
                self.update(OrderId(id), &resting, OrderStatus::Expired, at);
                continue;
            }
            if resting.leaves.0 > 0 {
                self.open.insert(id, resting);
            }
        }
    }

    fn nobody(&self) -> Resting {
        Resting {
            instrument: InstrumentId(0),
            side: Side::Buy,
            price: self.price,
            quantity: Quantity::ZERO,
            leaves: Quantity::ZERO,
            age: 0,
        }
    }

    fn update(&mut self, order_id: OrderId, order: &Resting, status: OrderStatus, at: Timestamp) {
        let is_refusal = matches!(
            status,
            OrderStatus::Rejected | OrderStatus::CancelRejected | OrderStatus::ReplaceRejected
        );
        if is_refusal {
            self.reasons = self.reasons.wrapping_add(1);
        }
        let leaves = match status {
            OrderStatus::New | OrderStatus::Replaced => order.leaves,
            OrderStatus::CancelRejected | OrderStatus::ReplaceRejected => order.leaves,
            _ => Quantity::ZERO,
        };
        let mut message = Message::from(&OrderUpdate {
            instrument: order.instrument,
            order_id,
            side: Some(order.side),
            status,
            reason: Reason::None,
            price: order.price,
            quantity: order.quantity,
            leaves,
            ts_event: at,
            ts_recv: at,
        });
        if is_refusal {
            // Every reason that there is, and ones that come later.
            message.words[4] = (message.words[4] & !0xffff) | u64::from(self.reasons % 40);
        }
        self.answers.push_back(message);
    }

    fn fill(
        &mut self,
        order_id: OrderId,
        order: &Resting,
        quantity: Quantity,
        leaves: Quantity,
        at: Timestamp,
    ) {
        self.answers.push_back(Message::from(&Fill {
            instrument: order.instrument,
            order_id,
            side: order.side,
            price: order.price,
            quantity,
            leaves,
            fee: Money(1),
            liquidity: Liquidity::Maker,
            ts_event: at,
            ts_recv: at,
        }));
    }
}

/// A price that a market message bears.
const fn price_of(event: &MarketEvent) -> Option<Price> {
    match event {
        MarketEvent::Trade(x) => Some(x.price),
        MarketEvent::Mbo(x) => Some(x.price),
        MarketEvent::Level(x) => Some(x.price),
        MarketEvent::Bbo(x) => Some(x.bid_price),
        MarketEvent::Bar(x) => Some(x.close),
        _ => None,
    }
}

impl Around for Double {
    type Within = dyn Guest;

    fn within(&self) -> &Self::Within {
        self.guest.as_ref()
    }

    fn within_mut(&mut self) -> &mut Self::Within {
        self.guest.as_mut()
    }

    fn hear_around(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        let Some(message) = messages.first() else {
            return Ok(0);
        };
        let at = Timestamp(message.ts_recv);
        if let Some(MessageBody::Market(event)) = message.body() {
            let price = price_of(&event).filter(|x| x.is_defined());
            self.price = price.unwrap_or(self.price);
        }
        self.pass(at);
        let mut asked = Replies::default();
        for _ in 0..ANSWERS_MAX {
            let Some(mut answer) = self.answers.pop_front() else {
                break;
            };
            (answer.ts_event, answer.ts_recv) = (at.0, at.0);
            self.heard.set(self.heard.get() + 1);
            self.guest.hear(&[answer], books, &mut asked)?;
            self.take(&mut asked, replies, at);
        }
        self.guest.hear(&messages[..1], books, &mut asked)?;
        self.take(&mut asked, replies, at);
        // What was recorded on an answer belongs to the message before which it was heard.
        for command in &mut replies.commands {
            if command.kind == backplane_sdk::abi::v1::command_kind::METRIC {
                command.quantity = 0;
            }
        }
        Ok(1)
    }
}
