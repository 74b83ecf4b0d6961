//! What happened in the last so many seconds.
//!
//! Takes in trades, changes of the best levels and mids; gives out sums. Sums of quantities are integers and so the same
//! however a window slides; sums of floats are made anew for each row, oldest first.

use std::collections::VecDeque;

use crate::math;
use crate::saved::{Saved, Saver};
use crate::types::{Nanos, Side, Trade};

/// A trade as a window keeps it.
#[derive(Clone, Copy, Debug)]
struct Print {
    at: i64,
    price: i64,
    size: i64,
    side: Option<Side>,
}

/// What became of the best levels from one event to the next, in quantity units; by [`Side::index`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flow {
    /// Added.
    pub(super) added: [i64; 2],
    /// Removed, traded or not.
    pub(super) removed: [i64; 2],
}

impl Flow {
    /// The order-flow imbalance of the change.
    pub(super) const fn imbalance(&self) -> i64 {
        self.added[0] - self.removed[0] - self.added[1] + self.removed[1]
    }
}

/// One window: what was heard later than `span` before the present, up to the present.
#[derive(Clone, Debug)]
pub(super) struct Window {
    span: Nanos,
    prints: VecDeque<Print>,
    /// Traded by aggressors who bought and who sold, and in all.
    bought: i64,
    sold: i64,
    volume: i64,
    turnover: i128,
    flows: VecDeque<(i64, Flow)>,
    flow: Flow,
    /// Mids with their squared log returns; the first is the last one before the window.
    mids: VecDeque<(i64, f64, f64)>,
}

impl Window {
    pub(super) const fn new(span: Nanos) -> Window {
        Window {
            span,
            prints: VecDeque::new(),
            bought: 0,
            sold: 0,
            volume: 0,
            turnover: 0,
            flows: VecDeque::new(),
            flow: Flow {
                added: [0; 2],
                removed: [0; 2],
            },
            mids: VecDeque::new(),
        }
    }

    pub(super) const fn span(&self) -> Nanos {
        self.span
    }

    /// Writes down what the window holds.
    pub(super) fn save(&self, saver: &mut Saver) {
        saver.integer(self.prints.len() as i64);
        for print in &self.prints {
            let side = print.side.map_or(0, |x| i64::from(x.code()));
            for number in [print.at, print.price, print.size, side] {
                saver.integer(number);
            }
        }
        saver.integer(self.flows.len() as i64);
        for (at, flow) in &self.flows {
            saver.integer(*at);
            for number in flow.added.into_iter().chain(flow.removed) {
                saver.integer(number);
            }
        }
        saver.integer(self.mids.len() as i64);
        for (at, mid, change) in &self.mids {
            saver.integer(*at);
            saver.float(*mid);
            saver.float(*change);
        }
    }

    /// A window of what was written down.
    pub(super) fn load(span: Nanos, saved: &mut Saved<'_>) -> Result<Window, String> {
        let mut window = Window::new(span);
        for _ in 0..saved.integer()? {
            let [at, price, size, side] = integers(saved)?;
            let side = u8::try_from(side).ok().and_then(Side::from_code);
            let print = Print {
                at,
                price,
                size,
                side,
            };
            window.prints.push_back(print);
            window.count(print, 1);
        }
        for _ in 0..saved.integer()? {
            let [at, bid_added, ask_added, bid_removed, ask_removed] = integers(saved)?;
            let flow = Flow {
                added: [bid_added, ask_added],
                removed: [bid_removed, ask_removed],
            };
            window.hear_flow(at, flow);
        }
        for _ in 0..saved.integer()? {
            let mid = (saved.integer()?, saved.float()?, saved.float()?);
            window.mids.push_back(mid);
        }
        Ok(window)
    }

    pub(super) fn hear_trade(&mut self, trade: &Trade) {
        let print = Print {
            at: trade.ts_recv.0,
            price: trade.price.0,
            size: trade.size.0,
            side: trade.aggressor,
        };
        self.pass(print.at);
        self.prints.push_back(print);
        self.count(print, 1);
    }

    pub(super) fn hear_flow(&mut self, at: i64, flow: Flow) {
        // Where rows are rare, as those of an instrument that never trades, nobody else forgets.
        self.pass(at);
        self.flows.push_back((at, flow));
        self.count_flow(flow, 1);
    }

    pub(super) fn hear_mid(&mut self, at: i64, mid: f64) {
        let change = match self.mids.back() {
            Some(last) if last.1 == mid => return,
            Some(last) => math::ln(mid / last.1),
            None => 0.0,
        };
        self.mids.push_back((at, mid, change * change));
    }

    /// Forgets what is too old at `now`.
    pub(super) fn pass(&mut self, now: i64) {
        let start = now.saturating_sub(self.span.0);
        while let Some(print) = self.prints.front().copied()
            && print.at <= start
        {
            self.prints.pop_front();
            self.count(print, -1);
        }
        while let Some((at, flow)) = self.flows.front().copied()
            && at <= start
        {
            self.flows.pop_front();
            self.count_flow(flow, -1);
        }
        while self.mids.get(1).is_some_and(|x| x.0 <= start) {
            self.mids.pop_front();
        }
    }

    fn count(&mut self, print: Print, sign: i64) {
        let size = sign * print.size;
        match print.side {
            Some(Side::Buy) => self.bought += size,
            Some(Side::Sell) => self.sold += size,
            None => {}
        }
        self.volume += size;
        self.turnover += i128::from(print.price) * i128::from(size);
    }

    fn count_flow(&mut self, flow: Flow, sign: i64) {
        for side in 0..2 {
            self.flow.added[side] += sign * flow.added[side];
            self.flow.removed[side] += sign * flow.removed[side];
        }
    }

    pub(super) const fn order_flow_imbalance(&self) -> f64 {
        self.flow.imbalance() as f64
    }

    pub(super) fn trade_imbalance(&self) -> f64 {
        let all = self.bought + self.sold;
        if all == 0 {
            return 0.0;
        }
        (self.bought - self.sold) as f64 / all as f64
    }

    pub(super) const fn volume(&self) -> f64 {
        self.volume as f64
    }

    pub(super) fn trades(&self) -> f64 {
        self.prints.len() as f64
    }

    /// The log return from the mid at the window's beginning to `mid`; undefined where there was none.
    pub(super) fn log_return(&self, mid: f64) -> f64 {
        self.mids.front().map_or(f64::NAN, |x| math::ln(mid / x.1))
    }

    pub(super) fn realised_volatility(&self) -> f64 {
        let squares: f64 = self.mids.iter().skip(1).map(|x| x.2).sum();
        math::sqrt(squares)
    }

    pub(super) fn parkinson_volatility(&self) -> f64 {
        let prices = self.prints.iter().map(|x| x.price);
        let (Some(high), Some(low)) = (prices.clone().max(), prices.min()) else {
            return 0.0;
        };
        if low <= 0 {
            return f64::NAN;
        }
        let range = math::ln(high as f64 / low as f64);
        math::sqrt(range * range / (4.0 * core::f64::consts::LN_2))
    }

    pub(super) fn add_rate(&self, side: Side) -> f64 {
        self.flow.added[side.index()] as f64 / self.span.as_seconds_f64()
    }

    pub(super) fn cancel_rate(&self, side: Side) -> f64 {
        // Who buys takes from the asks.
        let traded = match side {
            Side::Buy => self.sold,
            Side::Sell => self.bought,
        };
        let canceled = (self.flow.removed[side.index()] - traded).max(0);
        canceled as f64 / self.span.as_seconds_f64()
    }

    /// The volume-weighted price of the trades, in units of 1e-9; undefined where there was none.
    pub(super) fn vwap(&self) -> f64 {
        if self.volume == 0 {
            return f64::NAN;
        }
        self.turnover as f64 / self.volume as f64
    }
}

/// So many whole numbers.
fn integers<const COUNT: usize>(saved: &mut Saved<'_>) -> Result<[i64; COUNT], String> {
    let mut numbers = [0; COUNT];
    for number in &mut numbers {
        *number = saved.integer()?;
    }
    Ok(numbers)
}
