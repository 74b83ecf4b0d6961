//! The strategy that sins on request, and trades a little where it does not.
//!
//! Takes in what every strategy hears; gives out a few orders, timers, metrics and log lines on fixed messages, so that
//! a run with it has results of every kind.

use backplane_sdk::prelude::*;

use super::sins;

/// Market messages from one round of trading to the next.
const ROUND_MESSAGES: i64 = 100;
/// What it trades at a time.
const SIZE: Quantity = Quantity(100);
/// The time between two timers.
const BEAT: Nanos = Nanos::from_secs(1);

/// Sins on request.
pub(crate) struct Misbehave {
    sin: i64,
    at: i64,
    echo: bool,
    messages: i64,
    orders: i64,
    timers: i64,
    hoard: Vec<Vec<u8>>,
}

impl Strategy for Misbehave {
    fn descriptor() -> Descriptor {
        Descriptor::new("misbehave", env!("CARGO_PKG_VERSION"))
            .subscribe(Schema::Mbp)
            .subscribe(Schema::Trades)
            .param(Param::integer(
                "sin",
                0,
                0..=sins::LAST,
                "what to do wrong; 0 is nothing",
            ))
            .param(Param::integer(
                "at",
                1,
                1..=i64::MAX,
                "on which message of its kind to do it",
            ))
            .param(Param::boolean(
                "echo",
                false,
                "whether to log every book on every message",
            ))
            .metric("messages")
    }

    fn new(params: &Params) -> Result<Self, String> {
        let sin = params.integer("sin");
        if sin == sins::REFUSE {
            return Err("these parameters are refused".into());
        }
        assert_ne!(sin, sins::PANIC_IN_NEW, "sin {sin}: new panics");
        if sin == sins::LOOP_IN_NEW {
            sins::loop_for_ever();
        }
        Ok(Misbehave {
            sin,
            at: params.integer("at"),
            echo: params.boolean("echo"),
            messages: 0,
            orders: 0,
            timers: 0,
            hoard: Vec::new(),
        })
    }

    fn on_start(&mut self, ctx: &mut Context<'_>) {
        match self.sin {
            sins::PANIC_IN_START => panic!("sin {}: on_start panics", self.sin),
            sins::LOOP_IN_START => sins::loop_for_ever(),
            _ => {}
        }
        ctx.log(LogLevel::Information, format!("seed {}", ctx.seed()));
        ctx.set_timer(TimerId(1), ctx.now() + BEAT);
    }

    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context<'_>) {
        self.messages += 1;
        if self.echo {
            echo(ctx);
        }
        if self.sin == sins::GROW {
            self.hoard.push(vec![1; 1 << 10]);
        }
        if self.messages == self.at {
            sins::commit(self.sin, event.instrument(), ctx);
        }
        self.trade(event.instrument(), ctx);
    }

    fn on_order(&mut self, event: &OrderEvent, ctx: &mut Context<'_>) {
        self.orders += 1;
        if self.orders == self.at {
            match self.sin {
                sins::PANIC_IN_ORDER => panic!("sin {}: on_order panics", self.sin),
                sins::LOOP_IN_ORDER => sins::loop_for_ever(),
                _ => {}
            }
        }
        if matches!(event, OrderEvent::Fill(_)) {
            ctx.metric(0, self.messages as f64);
        }
    }

    fn on_timer(&mut self, timer: TimerId, ctx: &mut Context<'_>) {
        self.timers += 1;
        if self.timers == self.at {
            match self.sin {
                sins::PANIC_IN_TIMER => panic!("sin {}: on_timer panics", self.sin),
                sins::LOOP_IN_TIMER => sins::loop_for_ever(),
                _ => {}
            }
        }
        ctx.set_timer(timer, ctx.now() + BEAT);
    }

    fn on_stop(&mut self, ctx: &mut Context<'_>) {
        assert_ne!(
            self.sin,
            sins::PANIC_IN_STOP,
            "sin {}: on_stop panics",
            self.sin
        );
        if self.sin == sins::LOOP_IN_STOP {
            sins::loop_for_ever();
        }
        ctx.cancel_all(None);
    }

    fn state_version() -> u32 {
        3
    }

    fn save(&self) -> Vec<u8> {
        assert_ne!(
            self.sin,
            sins::PANIC_IN_SAVE,
            "sin {}: save panics",
            self.sin
        );
        if self.sin == sins::LOOP_IN_SAVE {
            sins::loop_for_ever();
        }
        if self.sin == sins::HUGE_STATE {
            return vec![0; sins::HUGE_STATE_BYTES];
        }
        [self.messages, self.orders, self.timers]
            .map(i64::to_le_bytes)
            .concat()
    }

    fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), String> {
        assert_ne!(
            self.sin,
            sins::PANIC_IN_LOAD,
            "sin {}: load panics",
            self.sin
        );
        if self.sin == sins::LOOP_IN_LOAD {
            sins::loop_for_ever();
        }
        if self.sin == sins::REFUSE_STATE {
            return Err("no state is good enough".into());
        }
        let ([messages, orders, timers], []) = bytes.as_chunks::<8>() else {
            return Err(format!(
                "a state of version {version} must have 24 bytes, not {}",
                bytes.len()
            ));
        };
        self.messages = i64::from_le_bytes(*messages);
        self.orders = i64::from_le_bytes(*orders);
        self.timers = i64::from_le_bytes(*timers);
        Ok(())
    }
}

impl Drop for Misbehave {
    fn drop(&mut self) {
        if self.sin == sins::PANIC_IN_DROP {
            panic!("sin {}: drop panics", self.sin);
        }
        if self.sin == sins::ABORT_IN_DROP {
            std::process::abort();
        }
    }
}

impl Misbehave {
    /// Joins the best bid in the middle of a round, and turns its position at the end.
    fn trade(&self, instrument: InstrumentId, ctx: &mut Context<'_>) {
        match self.messages % ROUND_MESSAGES {
            0 => {
                ctx.cancel_all(Some(instrument));
                let position = ctx.position(instrument);
                let order = match position.0 > 0 {
                    true => Order::market(instrument, Side::Sell, position),
                    false => Order::market(instrument, Side::Buy, SIZE - position),
                };
                ctx.submit(order);
            }
            25 => {
                if let Some(bid) = ctx.book(instrument).best_bid() {
                    ctx.submit(Order::limit(instrument, Side::Buy, bid.price, SIZE).post_only());
                }
            }
            50 => {
                if let Some(order) = ctx.open_orders().last().copied() {
                    ctx.modify(order.order_id, order.price, SIZE + SIZE);
                }
            }
            75 => {
                if let Some(order) = ctx.open_orders().first().copied() {
                    ctx.cancel(order.order_id);
                }
            }
            _ => {}
        }
    }
}

/// Logs what it sees of every book.
fn echo(ctx: &mut Context<'_>) {
    for id in (0..=ctx.instruments().len() as u32).map(InstrumentId) {
        let book = ctx.book(id);
        let line = format!("{} {:?} {:?}", id.0, book.bids(), book.asks());
        ctx.log(LogLevel::Debug, line);
    }
}
