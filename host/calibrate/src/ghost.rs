//! One ghost: a simulated order that stands where a real one stood.
//!
//! Takes in rows, a real order's side, price, size and owner's deeds; gives out what the engine's exchange filled of the
//! ghost. The ghost goes the way of every order: a command becomes a request, the request lands at an exchange.

use backplane_engine::delay::{Delay, Leg, Way};
use backplane_engine::exchange::{Exchange, FeePlans, OrderRules, QueueRules, Rules, View};
use backplane_engine::orders::OrderGate;
use backplane_engine::schedule::Schedule;
use backplane_sdk::abi::{Command, CommandBody, Message, MessageBody};
use backplane_sdk::types::{
    InstrumentId, Nanos, Order, OrderEvent, OrderId, OrderStatus, Price, Quantity, Side,
};

use crate::history::{Deed, Execution};

/// The most orders that a ghost has open.
const OPEN_MAX: usize = 1_000;

/// An open order of a ghost.
#[derive(Clone, Copy, Debug)]
struct Open {
    order_id: OrderId,
    quantity: i64,
    leaves: i64,
}

/// A simulated order and its exchange.
pub struct Ghost {
    exchange: Exchange,
    gate: OrderGate,
    instrument: InstrumentId,
    side: Side,
    price: Price,
    /// The number of the order that was sent last.
    last: OrderId,
    /// The orders that are open: more than one where a hidden rest is shown before what was shown is gone.
    open: Vec<Open>,
    /// What was filled, by the time of the match event.
    pub fills: Vec<Execution>,
}

impl Ghost {
    /// A ghost whose exchange keeps queues by these rules; `shows_levels` says whether its rows are of price levels.
    pub fn new(queue: QueueRules, shows_levels: bool, instrument: u16, side: Side) -> Ghost {
        Ghost {
            exchange: Exchange::new(Rules {
                response: Way::new([Delay::Fixed(Nanos::ZERO)], 0, Leg::Response),
                response_min: 0,
                entry_min: i64::MAX,
                fees: FeePlans::default(),
                schedule: Schedule::default(),
                open_orders_max: OPEN_MAX,
                shows_levels,
                queue,
                orders: OrderRules::default(),
            }),
            gate: OrderGate::default(),
            instrument: InstrumentId(instrument.into()),
            side,
            price: Price::UNDEFINED,
            last: OrderId(0),
            open: Vec::new(),
            fills: Vec::new(),
        }
    }

    /// Whether something of it rests.
    pub const fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Its price.
    pub const fn price(&self) -> Price {
        self.price
    }

    /// Enters behind row number `row`, at exchange time `at`.
    pub fn enter(&mut self, view: &View<'_>, row: u64, at: i64, price: i64, size: i64) {
        self.price = Price(price);
        self.show(view, row, at, size);
    }

    /// Shows an order of this size at the ghost's price.
    fn show(&mut self, view: &View<'_>, row: u64, at: i64, size: i64) {
        self.last = OrderId(self.last.0 + 1);
        self.open.push(Open {
            order_id: self.last,
            quantity: size,
            leaves: size,
        });
        let order = Order::limit(self.instrument, self.side, self.price, Quantity(size));
        self.send(view, row, at, &Command::submit(self.last, &order));
    }

    /// Does what the owner of the real order did, behind row number `row`.
    pub fn follow(&mut self, view: &View<'_>, row: u64, at: i64, deed: Deed) {
        self.advance(view, row);
        let price = match deed {
            Deed::Refill { size, .. } => return self.show(view, row, at, size),
            Deed::Replace { price, .. } => Price(price),
            _ => self.price,
        };
        let open: i64 = self.open.iter().map(|x| x.leaves).sum();
        let leaves = match deed {
            Deed::Cancel => 0,
            _ => (open + deed.change()).max(0),
        };
        let mut orders = std::mem::take(&mut self.open).into_iter();
        let kept = if leaves > 0 { orders.next() } else { None };
        for order in orders {
            let order_id = order.order_id;
            let cancel = Command::new(CommandBody::Cancel { order_id });
            self.send(view, row, at, &cancel);
        }
        let Some(order) = kept else {
            return;
        };
        let quantity = order.quantity - order.leaves + leaves;
        self.price = price;
        self.open.push(Open {
            quantity,
            leaves,
            ..order
        });
        let modify = Command::new(CommandBody::Modify {
            order_id: order.order_id,
            price,
            quantity: Quantity(quantity),
            stop_price: Price::UNDEFINED,
        });
        self.send(view, row, at, &modify);
    }

    /// Lets the exchange hear the rows up to number `row`.
    pub fn advance(&mut self, view: &View<'_>, row: u64) {
        self.exchange.advance_rows(view, row);
        self.hear();
    }

    fn send(&mut self, view: &View<'_>, row: u64, at: i64, command: &Command) {
        self.advance(view, row);
        let body = command.body();
        let request = body.and_then(|x| self.gate.request(command, &x, view.grids));
        if let Some(request) = request {
            self.exchange.land_now(view, request, at);
        }
        self.hear();
    }

    fn hear(&mut self) {
        while let Some(message) = self.exchange.take_answer() {
            self.note(&message);
        }
    }

    fn note(&mut self, message: &Message) {
        let Some(MessageBody::Order(news)) = message.body() else {
            return;
        };
        match news {
            OrderEvent::Fill(fill) => {
                self.exchange.take_fill_context();
                let order = self.open.iter_mut().find(|x| x.order_id == fill.order_id);
                if let Some(order) = order {
                    order.leaves = fill.leaves.0;
                }
                self.open.retain(|x| x.leaves > 0);
                let (at, quantity) = (fill.ts_event.0, fill.quantity.0);
                match self.fills.last_mut().filter(|x| x.at == at) {
                    Some(last) => last.quantity += quantity,
                    None => self.fills.push(Execution { at, quantity }),
                }
            }
            OrderEvent::Update(update) => {
                if matches!(
                    update.status,
                    OrderStatus::Canceled | OrderStatus::Rejected | OrderStatus::Expired
                ) {
                    self.open.retain(|x| x.order_id != update.order_id);
                }
            }
        }
    }
}
