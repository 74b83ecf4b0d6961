//! What is drawn: curves of equity, and for each drawn instance price, position and executions of one instrument.
//!
//! Takes in the tables `equity` and `fills` a second time, once it is known which instances are drawn; gives out reduced
//! series.

use std::collections::BTreeMap;

use backplane_sdk::types::Money;

use super::curve::Curve;
use super::execution::Source;
use super::{Curves, Panel};
use crate::error::AnalyticsError;
use crate::m4::M4;
use crate::tables::schema::{EQUITY, FILLS};

/// The most instances that are drawn.
pub(crate) const DRAWN_MAX: usize = 12;
/// The buckets of a curve of equity: at most four points each.
pub(super) const EQUITY_BUCKETS: usize = 1_000;
/// The buckets of price and position.
const PANEL_BUCKETS: usize = 700;
/// The buckets of each kind of execution.
const FILL_BUCKETS: usize = 400;

struct Drawing {
    curve: Curve,
    equities: BTreeMap<usize, Money>,
    total: Money,
    panel: Panel,
    price: M4,
    position: M4,
    fills: [M4; 4],
}

impl Drawing {
    /// A drawing of one instance. Without an instrument only the curves of equity are drawn.
    fn new(source: &Source<'_>, panel: Panel) -> Drawing {
        let (first, last) = (source.run.summary.first, source.run.summary.last);
        let start = source.run.description.starting_cash;
        let m4 = |buckets| M4::new(first, last, buckets);
        let mut position = m4(PANEL_BUCKETS);
        position.push(first, 0.0);
        Drawing {
            curve: Curve::new(start).drawn(first, last, EQUITY_BUCKETS),
            equities: BTreeMap::new(),
            total: start,
            panel,
            price: m4(PANEL_BUCKETS),
            position,
            fills: std::array::from_fn(|_| m4(FILL_BUCKETS)),
        }
    }

    fn end(mut self, source: &Source<'_>) -> (Curves, Panel) {
        let summary = &source.run.summary;
        self.curve
            .end(summary.last, summary.instances[self.panel.instance].equity);
        for curve in [&mut self.price, &mut self.position] {
            // What was last known holds until the end of the run.
            if let Some(point) = curve.points().last() {
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
    for panel in panels {
        place[panel.instance] = Some(drawings.len());
        drawings.push(Drawing::new(source, panel));
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
    let mut table = source.open(&EQUITY)?;
    while let Some(batch) = table.next()? {
        let instance = batch.places("instance", &source.instances)?;
        let instrument = batch.places("instrument", &source.instruments)?;
        let (at, equity) = (batch.integers("at")?, batch.money("equity")?);
        let (price, position) = (batch.integers("price")?, batch.integers("position")?);
        for row in 0..batch.rows() {
            let drawing = instance[row].and_then(|x| place[x]);
            let (Some(drawing), Some(instrument)) = (drawing, instrument[row]) else {
                continue;
            };
            let drawing = &mut drawings[drawing];
            let value = Money(equity.value(row));
            let before = drawing
                .equities
                .insert(instrument, value)
                .unwrap_or_default();
            drawing.total += value - before;
            drawing.curve.set(at.at(row), drawing.total);
            if instrument == drawing.panel.instrument {
                drawing.position.push(at.at(row), position.at(row) as f64);
                if let Some(price) = price.get(row) {
                    drawing.price.push(at.at(row), price as f64 / 1e9);
                }
            }
        }
    }
    Ok(())
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
            drawing.fills[kind].push(at.at(row), price.at(row) as f64 / 1e9);
            drawing.panel.fill_count += 1;
        }
    }
    Ok(())
}
