//! What is drawn: curves of equity, and for each drawn instance price, position and executions of one instrument.
//!
//! Takes in the tables `equity` and `fills` a second time, once it is known which instances are drawn; gives out reduced
//! series. The fewer instances are drawn, the finer they are.

use std::collections::BTreeMap;

use backplane_sdk::types::Money;

use super::curve::Curve;
use super::totals::Board;
use super::{Source, equity};
use crate::error::AnalyticsError;
use crate::m4::{M4, Point};
use crate::run_file::RunFile;
use crate::tables::schema::FILLS;

/// The most instances that are drawn.
pub(crate) const DRAWN_MAX: usize = 12;
/// The buckets of a series where one instance is drawn, at most four points each; of several each has its share.
const BUCKETS: usize = 16_000;
/// The buckets below which a curve would look coarse.
const BUCKETS_MIN: usize = 2_000;
/// How executions are told apart: bought as maker, bought as taker, sold as maker, sold as taker.
pub(crate) const MARKS: usize = 4;

/// The reduced curves of an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Curves {
    /// Equity minus the cash at the start.
    pub(crate) pnl: Vec<Point>,
    /// The fall below the highest value so far: a share of it where there is cash at the start, else money.
    pub(crate) drawdown: Vec<Point>,
}

/// What is drawn of one instance in one instrument.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Panel {
    /// The instance's number.
    pub(crate) instance: usize,
    /// The instrument's number: the one in which the instance has most executions.
    pub(crate) instrument: usize,
    /// How many instruments it traded.
    pub(crate) instruments: usize,
    /// The valuation price over time.
    pub(crate) price: Vec<Point>,
    /// The position over time.
    pub(crate) position: Vec<Point>,
    /// Executions by [`MARKS`]; their tags are places in `reasons` and quantities, see [`tag`].
    pub(crate) fills: [Vec<Point>; MARKS],
    /// The reasons of executions.
    pub(crate) reasons: Vec<String>,
    /// All executions in the instrument.
    pub(crate) fill_count: u64,
    /// The series that the instance recorded itself.
    pub(crate) series: Vec<(String, Vec<Point>)>,
}

/// The buckets of each curve where so many instances are drawn.
pub(super) fn equity_buckets(drawn: usize) -> usize {
    (BUCKETS / drawn.max(1)).max(BUCKETS_MIN)
}

impl Panel {
    /// Whether there is nothing to draw but the curves of equity.
    pub(crate) fn is_empty(&self) -> bool {
        self.fill_count == 0 && self.series.is_empty()
    }
}

/// A reason's place and a quantity in one number.
const fn tag(reason: usize, quantity: i64) -> i64 {
    quantity
        .saturating_mul(256)
        .saturating_add(reason as i64 & 255)
}

/// The reason's place and the quantity of a tag.
pub(crate) const fn untag(tag: i64) -> (usize, i64) {
    (tag.rem_euclid(256) as usize, tag.div_euclid(256))
}

/// The instances to draw: those that earned or lost most, each in the instrument in which it has most executions.
pub(super) fn choose(run: &RunFile, board: &Board) -> Vec<Panel> {
    let start = run.description.starting_cash;
    let size = |x: usize| {
        let pnl = run.summary.instances[x].equity - start;
        (pnl.0.unsigned_abs(), run.summary.instances[x].fills)
    };
    let mut order: Vec<usize> = (0..run.description.instances.len()).collect();
    order.sort_by_key(|x| (std::cmp::Reverse(size(*x)), *x));
    order.truncate(DRAWN_MAX);
    order.sort_unstable();
    let panel = |instance: usize| {
        let fills = |x: usize| {
            board
                .view(Some(instance), Some(x))
                .map_or(0, |totals| totals.fills)
        };
        let instruments = 0..run.description.tape.instruments.len();
        let most = instruments
            .clone()
            .max_by_key(|x| (fills(*x), std::cmp::Reverse(*x)));
        Panel {
            instance,
            instrument: most.unwrap_or(0),
            instruments: instruments.filter(|x| fills(*x) > 0).count(),
            ..Panel::default()
        }
    };
    order.into_iter().map(panel).collect()
}

struct Drawing {
    curve: Curve,
    equities: BTreeMap<usize, Money>,
    total: Money,
    panel: Panel,
    price: M4,
    position: M4,
    fills: [M4; MARKS],
}

impl Drawing {
    /// A drawing of one instance.
    fn new(source: &Source<'_>, panel: Panel, buckets: usize) -> Drawing {
        let (first, last) = (source.run.summary.first, source.run.summary.last);
        let start = source.run.description.starting_cash;
        let m4 = |buckets| M4::new(first, last, buckets);
        let mut position = m4(buckets);
        position.push(first, 0.0);
        Drawing {
            curve: Curve::new(start).drawn(first, last, buckets),
            equities: BTreeMap::new(),
            total: start,
            panel,
            price: m4(buckets),
            position,
            fills: std::array::from_fn(|_| m4(buckets / 4)),
        }
    }

    fn end(mut self, source: &Source<'_>) -> (Curves, Panel) {
        let summary = &source.run.summary;
        self.curve
            .end(summary.last, summary.instances[self.panel.instance].equity);
        for curve in [&mut self.price, &mut self.position] {
            // What was last known holds until the end of the run.
            if let Some(point) = curve.last() {
                curve.push(summary.last.max(point.at), point.value);
            }
        }
        self.panel.price = self.price.points();
        self.panel.position = self.position.points();
        self.panel.fills = self.fills.map(|x| x.points());
        (self.curve.curves(), self.panel)
    }
}

/// Draws instances: `panels` says which, in which instrument.
pub(super) fn draw(
    source: &Source<'_>,
    panels: Vec<Panel>,
) -> Result<Vec<(Curves, Panel)>, AnalyticsError> {
    let mut place = vec![None; source.run.description.instances.len()];
    let mut drawings = Vec::with_capacity(panels.len());
    let buckets = equity_buckets(panels.len());
    for panel in panels {
        place[panel.instance] = Some(drawings.len());
        drawings.push(Drawing::new(source, panel, buckets));
    }
    draw_equity(source, &place, &mut drawings)?;
    draw_fills(source, &place, &mut drawings)?;
    Ok(drawings.into_iter().map(|x| x.end(source)).collect())
}

fn draw_equity(
    source: &Source<'_>,
    place: &[Option<usize>],
    drawings: &mut [Drawing],
) -> Result<(), AnalyticsError> {
    equity::each(source, |x| {
        let Some(drawing) = place[x.instance] else {
            return;
        };
        let drawing = &mut drawings[drawing];
        let before = drawing.equities.insert(x.instrument, x.equity);
        drawing.total += x.equity - before.unwrap_or_default();
        drawing.curve.set(x.at, drawing.total);
        if x.instrument == drawing.panel.instrument {
            drawing.position.push(x.at, x.position as f64);
            if let Some(price) = x.price {
                drawing.price.push(x.at, price as f64 / 1e9);
            }
        }
    })
}

fn draw_fills(
    source: &Source<'_>,
    place: &[Option<usize>],
    drawings: &mut [Drawing],
) -> Result<(), AnalyticsError> {
    let mut table = source.open(&FILLS)?;
    while let Some(batch) = table.next()? {
        let instance = batch.places("instance", &source.instances)?;
        let instrument = batch.places("instrument", &source.instruments)?;
        let (at, price) = (batch.integers("ts_recv")?, batch.integers("price")?);
        let (side, liquidity) = (batch.words("side")?, batch.words("liquidity")?);
        let (reason, quantity) = (batch.words("reason")?, batch.integers("quantity")?);
        for row in 0..batch.rows() {
            let drawing = instance[row].and_then(|x| place[x]);
            let Some(drawing) = drawing.map(|x| &mut drawings[x]) else {
                continue;
            };
            if instrument[row] != Some(drawing.panel.instrument) {
                continue;
            }
            let kind = match (side.at(row), liquidity.at(row)) {
                ("buy", "maker") => 0,
                ("buy", _) => 1,
                (_, "maker") => 2,
                _ => 3,
            };
            let reasons = &mut drawing.panel.reasons;
            let reason = reason.at(row);
            let known = reasons.iter().position(|x| x == reason);
            let known = known.unwrap_or_else(|| {
                reasons.push(reason.to_owned());
                reasons.len() - 1
            });
            drawing.fills[kind].push_tagged(Point {
                at: at.at(row),
                value: price.at(row) as f64 / 1e9,
                tag: tag(known, quantity.at(row)),
            });
            drawing.panel.fill_count += 1;
        }
    }
    Ok(())
}
