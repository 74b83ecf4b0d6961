//! The tape of price levels that shows the market of a recording, and what of it concerns one ghost.
//!
//! Takes in a recording; gives out the rows that a feed of price levels would have shown, and for a real order the few of
//! them that can mean something for its ghost. The real order is taken out of them: the ghost stands in its place, and its
//! owner does not see it among the others.

use backplane_engine::market::Market;
use backplane_engine::replay::RowBatch;
use backplane_sdk::book::LevelBook;
use backplane_sdk::types::{Action, Price, Quantity};
use backplane_tape::levels::LevelView;
use backplane_tape::{Row, Signals};

use crate::history::{Deed, RealOrder};
use crate::recording::{Recording, batch_of};

/// The tape of price levels of a recording.
pub struct LevelTape<'a> {
    recording: &'a Recording,
    rows: Vec<Row>,
    batch: RowBatch,
    /// For each row the last row of the recording that it shows.
    shows: Vec<usize>,
    /// The books of levels as far as ghosts have come.
    market: Market,
    applied: usize,
}

/// A deed of an owner, and how many rows of a ghost's tape come before it.
#[derive(Clone, Copy, Debug)]
pub struct LevelStep {
    /// The rows before it.
    pub row: u64,
    /// When.
    pub at: i64,
    /// What is done.
    pub deed: Deed,
}

/// What concerns one ghost.
pub struct Part {
    /// The rows behind which it enters, and those that follow.
    pub batch: RowBatch,
    /// What its side shows at its prices when it enters, of every instrument.
    pub books: Vec<LevelBook>,
    /// What its owner does.
    pub steps: Vec<LevelStep>,
    /// Whether any row can fill it.
    pub may_fill: bool,
}

/// What of a real order is shown from a row of the recording on.
#[derive(Clone, Copy, Debug)]
struct Shown {
    row: usize,
    price: i64,
    size: i64,
}

impl<'a> LevelTape<'a> {
    /// The tape that shows a recording.
    pub fn new(recording: &'a Recording) -> LevelTape<'a> {
        let mut view = LevelView::new(recording.instruments.len());
        let (mut rows, mut shows) = (Vec::new(), Vec::new());
        for (place, row) in recording.rows.iter().enumerate() {
            let at = recording.times[place];
            for shown in view.push(row) {
                rows.push(Row {
                    ts_event: at,
                    ts_recv: at,
                    ..*shown
                });
                shows.push(place);
            }
        }
        LevelTape {
            recording,
            batch: batch_of(&rows),
            rows,
            shows,
            market: Market::new(recording.instruments.len()),
            applied: 0,
        }
    }

    /// The place of the first row of the event that holds a row of the recording.
    fn event_begins(&self, row: usize) -> usize {
        self.shows.partition_point(|x| *x < row)
    }

    /// The place after the last row of the event that holds a row of the recording.
    fn event_ends(&self, row: usize) -> usize {
        let rows = &self.recording.rows;
        let Some(instrument) = rows.get(row).map(|x| x.instrument) else {
            return self.rows.len();
        };
        let is_last = |x: &Row| x.instrument == instrument && x.is_last();
        let more = rows[row..].iter().position(is_last).unwrap_or(0);
        self.shows.partition_point(|x| *x <= row + more)
    }

    /// What concerns the ghost of an order, which entered no earlier than those before, no further than a time.
    pub fn part(&mut self, order: &RealOrder, until: i64) -> Part {
        let recording = self.recording;
        let start = self.event_ends(order.row);
        self.market
            .apply_all(self.batch.rows(), self.applied..start);
        self.applied = start;
        let end_row = recording.row_after(until);
        let end = self.event_begins(end_row).max(start);
        let shown = shown(recording, order, end_row);
        let mut prices = vec![order.price];
        prices.extend(order.steps.iter().filter_map(|x| match x.deed {
            Deed::Replace { price, .. } if x.row < end_row => Some(price),
            _ => None,
        }));
        let number = usize::from(order.instrument);
        let mut books = vec![LevelBook::new(); recording.instruments.len()];
        let entered = self.shows.get(start.wrapping_sub(1)).copied();
        let book = &self.market.books()[number];
        for price in &prices {
            let own = shown_at(&shown, *price, entered.unwrap_or(order.row));
            let size = book.size_at(order.side, Price(*price)).0 - own;
            books[number].set(order.side, Price(*price), Quantity(size.max(0)));
        }
        let mut filter = Filter {
            order,
            shown: &shown,
            prices: &prices,
            sizes: &mut books[number].clone(),
            traded: Vec::new(),
            may_fill: false,
        };
        let (mut rows, mut kept) = (Vec::new(), Vec::new());
        for place in start..end {
            if let Some(row) = filter.concerning(&self.rows[place], self.shows[place]) {
                rows.push(row);
                kept.push(place);
            }
        }
        let may_fill = filter.may_fill;
        let steps = order.steps.iter().filter(|x| x.row <= end_row);
        let steps = steps.map(|step| {
            let row = step.row.min(recording.rows.len().saturating_sub(1));
            let is_first = row == 0 || recording.rows[row - 1].is_last();
            let place = match is_first {
                true => self.event_begins(row),
                false => self.event_ends(row),
            };
            LevelStep {
                row: kept.partition_point(|x| *x < place) as u64,
                at: recording.times[row],
                deed: step.deed,
            }
        });
        Part {
            steps: steps.collect(),
            batch: batch_of(&rows),
            books,
            may_fill,
        }
    }
}

/// Keeps the rows that can mean something for a ghost.
struct Filter<'a> {
    order: &'a RealOrder,
    shown: &'a [Shown],
    prices: &'a [i64],
    /// What the ghost's side shows of the others at its prices.
    sizes: &'a mut LevelBook,
    /// The prices of trades whose levels were not shown since.
    traded: Vec<i64>,
    may_fill: bool,
}

impl Filter<'_> {
    /// A row as it is without the real order, where it can mean something; `last` is the last row that it shows.
    fn concerning(&mut self, row: &Row, last: usize) -> Option<Row> {
        let side = self.order.side;
        if row.instrument != self.order.instrument {
            return None;
        }
        if row.action == Action::Clear.code() {
            self.sizes.clear();
            return Some(*row);
        }
        let meets = |x: &i64| side.crosses(Price(*x), Price(row.price));
        if row.side == side.code() {
            let is_here = row.signals(Signals::BOOK) && self.prices.contains(&row.price);
            return is_here.then(|| self.without(row, last)).flatten();
        }
        if row.side != side.opposite().code() || !self.prices.iter().any(meets) {
            return None;
        }
        // What shrinks on the other side fills nobody, but is not there any more when the ghost moves.
        let shrinks = row.action == Action::Cancel.code();
        let is_trade = row.action == Action::Trade.code();
        // While the real order rests behind that price, the tape's own book is crossed and nothing is matched.
        let rests = self.shown.iter().rev().find(|x| x.row <= last);
        let is_crossed = rests.is_some_and(|x| x.size > 0 && meets(&x.price));
        if !is_trade && !shrinks && is_crossed {
            return None;
        }
        self.may_fill |= !shrinks;
        if is_trade && self.prices.contains(&row.price) {
            self.traded.push(row.price);
        }
        Some(*row)
    }

    /// A change of the ghost's level, without the real order; none where nothing else changed. After a trade the level is
    /// shown even so: what was traded there is known to be gone from it.
    fn without(&mut self, row: &Row, last: usize) -> Option<Row> {
        let price = Price(row.price);
        let own = shown_at(self.shown, row.price, last);
        let size = (i64::from(row.level_size) - own).max(0);
        let before = self.sizes.size_at(self.order.side, price).0;
        self.sizes.set(self.order.side, price, Quantity(size));
        let action = match size > before {
            true => Action::Add,
            false => Action::Cancel,
        };
        let traded = self.traded.len();
        self.traded.retain(|x| *x != row.price);
        (size != before || self.traded.len() < traded).then(|| Row {
            action: action.code(),
            size: u32::try_from(size.abs_diff(before)).unwrap_or(u32::MAX),
            level_size: u32::try_from(size).unwrap_or(u32::MAX),
            ..*row
        })
    }
}

/// What is shown of an order after each row that touches it, before the row `end`.
fn shown(recording: &Recording, order: &RealOrder, end: usize) -> Vec<Shown> {
    let rows = recording.rows[..end].iter().enumerate().skip(order.row);
    let touches = |x: &Row| {
        let is_change = matches!(
            Action::from_code(x.action),
            Some(Action::Add | Action::Cancel | Action::Modify | Action::Fill)
        );
        x.order_id == order.order_id && x.instrument == order.instrument && is_change
    };
    rows.filter(|x| touches(x.1))
        .map(|(place, row)| Shown {
            row: place,
            price: row.price,
            size: match Action::from_code(row.action) {
                Some(Action::Add | Action::Modify) => row.size.into(),
                _ => row.remaining.into(),
            },
        })
        .collect()
}

/// What is shown of an order at a price after a row.
fn shown_at(shown: &[Shown], price: i64, last: usize) -> i64 {
    let known = shown.iter().rev().find(|x| x.row <= last);
    known.filter(|x| x.price == price).map_or(0, |x| x.size)
}
