//! The strategy of the oracle's cases: random orders at random times, and a reaction to some fills.

use backplane_sdk::prelude::*;

use super::flow::Random;
use super::side;

/// One thing that the script does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    Submit(Order),
    Modify {
        order_id: u64,
        price: i64,
        quantity: i64,
    },
    ModifyStop {
        order_id: u64,
        stop_price: i64,
        price: i64,
        quantity: i64,
    },
    Cancel {
        order_id: u64,
    },
    CancelAll,
}

/// What the script does and when; both the strategy and the oracle follow it.
pub(crate) fn script(seed: u64) -> Vec<(i64, Deed)> {
    plan(seed, order)
}

/// As [`script`], with stops, icebergs and orders that end by themselves among the orders.
pub(crate) fn special_script(seed: u64) -> Vec<(i64, Deed)> {
    let mut random = Random(seed ^ 0x5705);
    let mut deeds = plan(seed, special_order);
    for (_, deed) in &mut deeds {
        if let Deed::Modify {
            order_id,
            price,
            quantity,
        } = *deed
        {
            let no_limit = random.below(2) == 0;
            let price = if no_limit { i64::MAX } else { price };
            match random.below(3) {
                0 => {}
                1 if no_limit => {
                    *deed = Deed::Modify {
                        order_id,
                        price,
                        quantity,
                    };
                }
                _ => {
                    *deed = Deed::ModifyStop {
                        order_id,
                        stop_price: 96 + random.below(9) as i64,
                        price,
                        quantity,
                    };
                }
            }
        }
    }
    deeds
}

fn plan(seed: u64, order: fn(&mut Random, i64, i64) -> Order) -> Vec<(i64, Deed)> {
    let mut random = Random(seed ^ 0x5EED);
    let mut now = 1_000;
    let mut submitted = 0;
    let mut deeds = Vec::new();
    for _ in 0..60 {
        now += 1_001 + random.below(40) as i64 * 7 % 90;
        let order_id = 1 + random.below(submitted + 2);
        let price = 97 + random.below(7) as i64;
        let quantity = 1 + random.below(12) as i64;
        let deed = match random.below(12) {
            0..=7 => {
                submitted += 1;
                Deed::Submit(order(&mut random, price, quantity))
            }
            8 | 9 => Deed::Modify {
                order_id,
                price,
                quantity,
            },
            10 => Deed::Cancel { order_id },
            _ => Deed::CancelAll,
        };
        deeds.push((now, deed));
    }
    // The flow moves by some tens of nanoseconds a step: bring the script to the same pace.
    let first = deeds[0].0;
    for (at, _) in &mut deeds {
        *at = 2_100 + (*at - first) / 25;
    }
    deeds
}

fn order(random: &mut Random, price: i64, quantity: i64) -> Order {
    let instrument = InstrumentId(0);
    let (side, quantity) = (side(random.below(2)), Quantity(quantity));
    let limit = Order::limit(instrument, side, Price(price), quantity);
    match random.below(8) {
        0 => Order::market(instrument, side, quantity),
        1 => limit.ioc(),
        2 => limit.fok(),
        3 | 4 => limit.post_only(),
        _ => limit,
    }
}

/// An order of any kind.
fn special_order(random: &mut Random, price: i64, quantity: i64) -> Order {
    let plain = order(random, price, quantity);
    let (instrument, side, quantity) = (plain.instrument, plain.side, plain.quantity);
    let stop_price = Price(95 + random.below(11) as i64);
    let mut special = match random.below(6) {
        0 => plain,
        1 => Order::stop(instrument, side, stop_price, quantity),
        2 => Order::stop_limit(instrument, side, stop_price, Price(price), quantity),
        3 => {
            let trail = Price(1 + random.below(4) as i64);
            let trailing = Order::trailing_stop(instrument, side, trail, quantity);
            let stop_price = if random.below(2) == 0 {
                stop_price
            } else {
                Price::UNDEFINED
            };
            Order {
                stop_price,
                ..trailing
            }
        }
        _ => Order::limit(instrument, side, Price(price), quantity),
    };
    if special.price.is_defined() && special.time_in_force == TimeInForce::Gtc {
        special = match random.below(4) {
            0 => special.iceberg(Quantity(1 + random.below(4) as i64)),
            1 => special.post_only(),
            _ => special,
        };
    }
    if special.time_in_force == TimeInForce::Gtc {
        special = match random.below(5) {
            0 => special.day(),
            1 => special.good_till(Timestamp(2_000 + random.below(8_000) as i64)),
            2 if special.displayed.is_zero() && !special.post_only => special.fok(),
            _ => special,
        };
    }
    special
}

/// What is done on hearing of a fill: for every third order number, as much is offered back at the same price.
pub(crate) fn reaction(fill_order: u64, side: Side, price: i64, quantity: i64) -> Option<Order> {
    let back = Order::limit(
        InstrumentId(0),
        side.opposite(),
        Price(price),
        Quantity(quantity),
    );
    (fill_order.is_multiple_of(3) && fill_order < 1_000).then_some(back)
}

/// The strategy.
pub(crate) struct Scripted {
    script: Vec<(i64, Deed)>,
}

impl Strategy for Scripted {
    fn descriptor() -> Descriptor {
        Descriptor::new("scripted", "1.0.0")
            .param(Param::integer("seed", 1, 0..=i64::MAX, "seed"))
            .param(Param::boolean(
                "special",
                false,
                "whether orders are of any kind",
            ))
    }

    fn new(params: &Params) -> Result<Self, String> {
        let seed = params.integer("seed") as u64;
        let script = if params.boolean("special") {
            special_script(seed)
        } else {
            script(seed)
        };
        Ok(Scripted { script })
    }

    fn on_start(&mut self, ctx: &mut Context) {
        for (number, (at, _)) in self.script.iter().enumerate() {
            ctx.set_timer(TimerId(number as u64), Timestamp(*at));
        }
    }

    fn on_market(&mut self, _: &MarketEvent, _: &mut Context) {}

    fn on_timer(&mut self, timer: TimerId, ctx: &mut Context) {
        match self.script[timer.0 as usize].1 {
            Deed::Submit(order) => {
                ctx.submit(order);
            }
            Deed::Modify {
                order_id,
                price,
                quantity,
            } => {
                ctx.modify(OrderId(order_id), Price(price), Quantity(quantity));
            }
            Deed::ModifyStop {
                order_id,
                stop_price,
                price,
                quantity,
            } => ctx.modify_stop(
                OrderId(order_id),
                Price(stop_price),
                Price(price),
                Quantity(quantity),
            ),
            Deed::Cancel { order_id } => ctx.cancel(OrderId(order_id)),
            Deed::CancelAll => ctx.cancel_all(None),
        }
    }

    fn on_order(&mut self, event: &OrderEvent, ctx: &mut Context) {
        if let OrderEvent::Fill(x) = event
            && let Some(order) = reaction(x.order_id.0, x.side, x.price.0, x.quantity.0)
        {
            ctx.submit(order);
        }
    }
}
