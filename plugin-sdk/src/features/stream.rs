//! The features of one instrument.
//!
//! Takes in trades and the book after each event; gives out rows.

use super::window::{Flow, Window};
use super::{Feature, FeatureSpec, Sampling};
use crate::book::{BookView, Level};
use crate::saved::{Saved, Saver};
use crate::types::{Nanos, Price, Quantity, Side, Timestamp, Trade};

/// Nanoseconds of a day.
const DAY: i64 = 86_400_000_000_000;

/// The features of one instrument.
#[derive(Clone, Debug)]
pub struct FeatureStream {
    spec: FeatureSpec,
    depth: usize,
    windows: Vec<Window>,
    /// The place of each column's window.
    places: Vec<usize>,
    /// The best levels after the last event, by [`Side::index`].
    levels: [Vec<Level>; 2],
    sign: f64,
    /// When the first book was heard.
    first: Option<i64>,
    /// The next time at which a row is due, where time is the clock.
    next: i64,
    /// What was counted since the last row.
    counted: i64,
    /// Whether a row is to be made of what the present event leaves.
    is_due: bool,
    /// Whether a row is ready, to be given out at the end of an event.
    is_ready: bool,
    at: i64,
    values: Vec<f64>,
}

impl FeatureStream {
    /// Nothing was heard yet.
    pub fn new(spec: FeatureSpec) -> FeatureStream {
        let spans = spec.windows();
        let place = |feature: &Feature| {
            let window = feature.window();
            spans.iter().position(|x| Some(*x) == window).unwrap_or(0)
        };
        FeatureStream {
            depth: spec.depth(),
            places: spec.columns().iter().map(|x| place(&x.1)).collect(),
            windows: spans.iter().map(|x| Window::new(*x)).collect(),
            spec,
            levels: [Vec::new(), Vec::new()],
            sign: 0.0,
            first: None,
            next: i64::MIN,
            counted: 0,
            is_due: false,
            is_ready: false,
            at: i64::MIN,
            values: Vec::new(),
        }
    }

    /// The time of which the last row tells.
    pub const fn at(&self) -> Timestamp {
        Timestamp(self.at)
    }

    /// The values of the last row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Writes down what was heard.
    pub(super) fn save(&self, saver: &mut Saver) {
        self.levels.iter().for_each(|x| save_levels(x, saver));
        self.windows.iter().for_each(|x| x.save(saver));
        saver.float(self.sign);
        saver.integer(self.first.unwrap_or(i64::MIN));
        for number in [self.next, self.counted, self.at] {
            saver.integer(number);
        }
        saver.integer(self.is_due.into());
        saver.integer(self.is_ready.into());
        saver.floats(self.values.iter().copied());
    }

    /// The features of what was written down.
    pub(super) fn load(spec: FeatureSpec, saved: &mut Saved<'_>) -> Result<FeatureStream, String> {
        let mut stream = FeatureStream::new(spec);
        for levels in &mut stream.levels {
            *levels = load_levels(saved)?;
        }
        for window in &mut stream.windows {
            *window = Window::load(window.span(), saved)?;
        }
        stream.sign = saved.float()?;
        stream.first = Some(saved.integer()?).filter(|x| *x > i64::MIN);
        (stream.next, stream.counted) = (saved.integer()?, saved.integer()?);
        stream.at = saved.integer()?;
        (stream.is_due, stream.is_ready) = (saved.integer()? != 0, saved.integer()? != 0);
        stream.values = saved.floats()?;
        Ok(stream)
    }

    /// Hears a trade; whether a row is given out.
    pub fn hear_trade(&mut self, trade: &Trade) -> bool {
        let now = trade.ts_recv.0;
        self.come_to(now);
        for window in &mut self.windows {
            window.hear_trade(trade);
        }
        self.sign = match trade.aggressor {
            Some(Side::Buy) => 1.0,
            Some(Side::Sell) => -1.0,
            None => 0.0,
        };
        match self.spec.sampling() {
            Sampling::Trades(count) => self.count(1, count as i64),
            Sampling::Volume(volume) => self.count(trade.size.0, volume.0),
            Sampling::Time(_) | Sampling::BestPrice => {}
        }
        trade.flags.is_last() && self.give(now)
    }

    /// Hears the book that an event left; whether a row is given out.
    pub fn hear_book(&mut self, at: Timestamp, book: BookView<'_>) -> bool {
        let now = at.0;
        self.come_to(now);
        let before = Side::BOTH.map(|side| self.levels[side.index()].first().copied());
        for side in Side::BOTH {
            let levels = book.levels(side);
            let kept = &mut self.levels[side.index()];
            kept.clear();
            kept.extend_from_slice(&levels[..levels.len().min(self.depth)]);
        }
        let after = Side::BOTH.map(|side| self.levels[side.index()].first().copied());
        if before != after {
            self.hear_best(now, before, after);
        }
        self.give(now)
    }

    /// Hears what the best levels were before and are after an event.
    fn hear_best(&mut self, now: i64, before: [Option<Level>; 2], after: [Option<Level>; 2]) {
        let mut flow = Flow::default();
        for side in Side::BOTH {
            let place = side.index();
            let (added, removed) = change(side, before[place], after[place]);
            (flow.added[place], flow.removed[place]) = (added, removed);
        }
        let mid = self.mid();
        for window in &mut self.windows {
            window.hear_flow(now, flow);
            if let Some(mid) = mid {
                window.hear_mid(now, mid);
            }
        }
        if mid.is_some() && self.first.is_none() {
            self.first = Some(now);
        }
        let prices = |levels: [Option<Level>; 2]| levels.map(|x| x.map(|x| x.price));
        if self.spec.sampling() == Sampling::BestPrice && prices(before) != prices(after) {
            self.is_due = true;
        }
    }

    /// Time has come to `now`: a row of the time before is made of what was heard until then.
    fn come_to(&mut self, now: i64) {
        let Sampling::Time(step) = self.spec.sampling() else {
            return;
        };
        if now > self.next {
            if self.next > i64::MIN {
                self.make(Timestamp(now - 1).floor(step).0);
            }
            self.next = Timestamp(now).floor(step).0;
            if self.next < now {
                self.next += step.0;
            }
        }
    }

    fn count(&mut self, more: i64, until: i64) {
        self.counted += more;
        if self.counted >= until {
            self.counted = 0;
            self.is_due = true;
        }
    }

    /// An event is over: whether a row is given out.
    fn give(&mut self, now: i64) -> bool {
        if std::mem::take(&mut self.is_due) {
            self.make(now);
        }
        std::mem::take(&mut self.is_ready)
    }

    /// Makes a row of what is known, as of `at`. It is ready where the longest window is full and all values are finite.
    fn make(&mut self, at: i64) {
        self.is_ready = false;
        let longest = self.windows.last().map_or(Nanos::ZERO, Window::span);
        let is_warm = self
            .first
            .is_some_and(|x| x.saturating_add(longest.0) <= at);
        for window in &mut self.windows {
            window.pass(at);
        }
        let Some(mid) = self.mid().filter(|_| is_warm) else {
            return;
        };
        self.at = at;
        let mut values = std::mem::take(&mut self.values);
        values.clear();
        let columns = self.spec.columns().iter().zip(&self.places);
        values.extend(columns.map(|(column, place)| self.value(column.1, *place, mid)));
        self.is_ready = values.iter().all(|x| x.is_finite());
        self.values = values;
    }

    fn value(&self, feature: Feature, place: usize, mid: f64) -> f64 {
        let view = BookView::new(&self.levels[0], &self.levels[1]);
        let basis_points = |x: f64| x / mid * 10_000.0;
        let window = || &self.windows[place];
        match feature {
            Feature::Mid => mid,
            Feature::Microprice => view.weighted_mid().unwrap_or(f64::NAN),
            Feature::MicropriceDistance => {
                basis_points(view.weighted_mid().unwrap_or(f64::NAN) - mid)
            }
            Feature::Spread => view.spread().map_or(f64::NAN, Price::as_f64),
            Feature::SpreadBasisPoints => {
                basis_points(view.spread().map_or(f64::NAN, Price::as_f64))
            }
            Feature::Depth(side, levels) => {
                let levels = view.levels(side).iter().take(levels);
                levels.map(|x| x.size.0).sum::<i64>() as f64
            }
            Feature::Imbalance(levels) => view.imbalance(levels).unwrap_or(f64::NAN),
            Feature::OrderFlowImbalance(_) => window().order_flow_imbalance(),
            Feature::TradeSign => self.sign,
            Feature::TradeImbalance(_) => window().trade_imbalance(),
            Feature::Volume(_) => window().volume(),
            Feature::Trades(_) => window().trades(),
            Feature::Return(_) => window().log_return(mid) * 10_000.0,
            Feature::RealisedVolatility(_) => window().realised_volatility(),
            Feature::ParkinsonVolatility(_) => window().parkinson_volatility(),
            Feature::AddRate(side, _) => window().add_rate(side),
            Feature::CancelRate(side, _) => window().cancel_rate(side),
            Feature::VwapDistance(_) => basis_points(mid - window().vwap() / Price::SCALE as f64),
            Feature::TimeOfDay => self.at.rem_euclid(DAY) as f64 / 1e9,
        }
    }

    /// Half-way between the best prices, not rounded.
    fn mid(&self) -> Option<f64> {
        let [bid, ask] = [0, 1].map(|side| self.levels[side].first().map(|x| x.price.as_f64()));
        let mid = (bid? + ask?) / 2.0;
        (mid > 0.0).then_some(mid)
    }
}

/// Writes the levels of a side down.
pub(super) fn save_levels(levels: &[Level], saver: &mut Saver) {
    saver.integer(levels.len() as i64);
    for level in levels {
        saver.integer(level.price.0);
        saver.integer(level.size.0);
    }
}

/// The levels of a side that were written down.
pub(super) fn load_levels(saved: &mut Saved<'_>) -> Result<Vec<Level>, String> {
    let count = saved.integer()?;
    let level = |_| {
        let (price, size) = (saved.integer()?, saved.integer()?);
        Ok(Level {
            price: Price(price),
            size: Quantity(size),
        })
    };
    (0..count).map(level).collect()
}

/// What was added to and removed from the best level of a side (Cont, Kukanov and Stoikov, 2014, section 2.1).
fn change(side: Side, before: Option<Level>, after: Option<Level>) -> (i64, i64) {
    match (before, after) {
        (None, None) => (0, 0),
        (None, Some(new)) => (new.size.0, 0),
        (Some(old), None) => (0, old.size.0),
        (Some(old), Some(new)) if old.price == new.price => {
            let more = new.size.0 - old.size.0;
            (more.max(0), (-more).max(0))
        }
        (Some(old), Some(new)) if side.is_better(new.price, old.price) => (new.size.0, 0),
        (Some(old), Some(_)) => (0, old.size.0),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::book::LevelBook;

    #[test]
    fn windows_of_an_instrument_that_never_trades_hold_their_span_and_no_more() {
        for sampling in ["trades:50", "volume:1000", "best-price"] {
            let columns = ["order_flow_imbalance_1s", "realised_volatility_1s"];
            let spec = FeatureSpec::parse(&columns, sampling).unwrap();
            let mut stream = FeatureStream::new(spec);
            let mut book = LevelBook::new();
            let mut hear = |number: i64| {
                book.set(Side::Buy, Price(100), Quantity(1 + number % 2));
                book.set(Side::Sell, Price(200), Quantity(1));
                stream.hear_book(Timestamp(number * 10_000_000), book.view());
                let mut saver = Saver::default();
                stream.save(&mut saver);
                saver.finish().len()
            };
            let sizes: Vec<usize> = (0..5_000).map(&mut hear).collect();
            let full = sizes[200..].iter().max().unwrap();
            assert!(
                *full <= sizes[150],
                "{sampling}: {full} bytes, {} at first",
                sizes[150]
            );
        }
    }
}
