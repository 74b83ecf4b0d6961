//! The exchange: where the orders of one strategy meet the tape.
//!
//! Takes in requests with their times of landing, and the tape's rows; gives out answers with their times of arrival.
//! Each strategy has an exchange of its own: strategies never meet.
//!
//! The exchange runs ahead of its strategy in blocks (see [`Exchange::advance`]): as far as no request can land that is
//! not known yet. Within a block only the rows are visited that can fill something: executions, new best prices and
//! hidden trades. First in, first out makes that exact: an execution of an order that stands behind ours must have
//! reached ours first, and one of an order ahead of ours does not concern it. On a tape that shows price levels only,
//! every change of a level with own orders is visited.

mod rules;

mod answers;
mod maker;
mod own;
mod prints;
mod probability;
mod queue;
mod taken;
mod taker;

mod allocation;
mod estimate;
mod levels;

mod expiry;
mod happening;
mod iceberg;
mod self_trade;
mod special;
mod stops;

mod fees;

use std::collections::VecDeque;

use backplane_sdk::abi::Message;
use backplane_sdk::book::{Level, LevelBook};
use backplane_sdk::types::{
    InstrumentId, OrderId, OrderStatus, OrderUpdate, Price, Quantity, Reason, Side, Timestamp,
};

pub use fees::{
    Execution, Fee, FeeModel, FeePlan, FeePlans, FeeSchedule, Fees, OrderBounds, Tier, Volume,
    Window,
};
pub use queue::{Defect, LevelModel, Matching, QueueModel, QueueRules};
pub use rules::{OrderRules, Rules, SelfTrade, Taken};

use crate::contract::Contract;
use crate::grid::Grid;
use crate::later::LaterBook;
use crate::request::{FillContext, Happening, Request, RequestBody};
use crate::row::signal;
use crate::rows::Rows;
use crate::schedule::Calendar;
use answers::not_open;
use estimate::Estimates;
use expiry::Expiries;
use iceberg::Icebergs;
use own::{OwnOrder, OwnOrders};
use prints::Debts;
use stops::Stops;
use taken::TakenLiquidity;

/// The market as the exchange of one strategy needs it: the rows that are loaded and the book that the strategies see.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The loaded rows.
    pub rows: &'a Rows,
    /// The number of the first of them.
    pub first: u64,
    /// The number of rows that the strategies' books hold.
    pub heard: u64,
    /// The strategies' books, by the number of the instrument.
    pub books: &'a [LevelBook],
    /// The steps of their prices and quantities.
    pub grids: &'a [Grid],
    /// What each of them is worth.
    pub contracts: &'a [Contract],
    /// The last trade's price of each that the strategies heard; undefined before the first.
    pub last_trades: &'a [Price],
}

/// How an order comes to the book.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    /// When.
    at: i64,
    /// What is told of it first.
    first: OrderStatus,
    /// How much of it is shown at a time; zero where all of it is.
    displayed: Quantity,
}

/// The exchange of one strategy.
#[derive(Debug)]
pub struct Exchange {
    rules: Rules,
    requests: VecDeque<Request>,
    /// Order news and fills, with the time at which each arrives.
    answers: VecDeque<Message>,
    /// For each fill among the answers what else is known of it.
    fill_contexts: VecDeque<FillContext>,
    own: OwnOrders,
    /// What of own orders is not shown.
    icebergs: Icebergs,
    /// Own orders that wait outside the book.
    stops: Stops,
    expiries: Expiries,
    /// What is yet to happen to instruments.
    calendar: Calendar,
    /// For each happening among the answers what else is known of it.
    happenings: VecDeque<Happening>,
    expired: Vec<InstrumentId>,
    taken: TakenLiquidity,
    /// Instruments in which an own order rests at or through the other side's best price, because what was there is
    /// taken: every added order may fill it.
    locked: Vec<InstrumentId>,
    /// The number of rows that were matched.
    matched: u64,
    /// Everything that happened at the exchange up to this time is known.
    done: i64,
    /// When the tape begins.
    begins: i64,
    /// Requests that would land later do not land any more.
    entry_closes: i64,
    /// How far the present block may go: answers that it makes bring it nearer.
    limit: i64,
    levels: Vec<Level>,
    /// Whether what stands ahead of each order is counted.
    counts: bool,
    /// What own orders owe for prints of the present match event; only where a defect says so.
    debts: Debts,
    /// What is estimated of the queue on a tape of price levels.
    estimates: Estimates,
}

impl Exchange {
    /// An exchange without orders.
    pub fn new(mut rules: Rules) -> Exchange {
        let schedule = std::mem::take(&mut rules.schedule);
        Exchange {
            counts: rules.queue.counts(rules.shows_levels),
            rules,
            calendar: Calendar::new(schedule),
            happenings: VecDeque::new(),
            expired: Vec::new(),
            begins: i64::MIN,
            requests: VecDeque::new(),
            answers: VecDeque::new(),
            fill_contexts: VecDeque::new(),
            own: OwnOrders::default(),
            icebergs: Icebergs::default(),
            stops: Stops::default(),
            expiries: Expiries::default(),
            taken: TakenLiquidity::default(),
            locked: Vec::new(),
            matched: 0,
            done: i64::MIN,
            entry_closes: i64::MAX,
            limit: i64::MIN,
            levels: Vec::new(),
            debts: Debts::default(),
            estimates: Estimates::default(),
        }
    }

    /// Sends a request. Requests land in the order in which they were sent.
    pub fn send(&mut self, request: Request) {
        self.requests.push_back(request);
    }

    /// How many requests are on their way.
    pub fn requests_pending(&self) -> usize {
        self.requests.len()
    }

    /// When the next answer that is known already arrives; `i64::MAX` where none is.
    #[inline]
    pub fn next_answer(&self) -> i64 {
        self.answers.front().map_or(i64::MAX, |x| x.ts_recv)
    }

    /// Takes the next answer to arrive.
    #[inline]
    pub fn take_answer(&mut self) -> Option<Message> {
        self.answers.pop_front()
    }

    /// What else is known of a fill. To be called once for each that [`Exchange::take_answer`] gives.
    pub fn take_fill_context(&mut self) -> Option<FillContext> {
        self.fill_contexts.pop_front()
    }

    /// Whether the tape must be matched against something.
    #[inline]
    fn is_live(&self) -> bool {
        !self.own.is_empty() || !self.taken.is_empty() || !self.stops.is_empty()
    }

    /// The exchange time up to which the strategies' books may go before this exchange must be advanced: they must
    /// never hold what happened after a landing.
    #[inline]
    pub fn known_until(&self) -> i64 {
        if self.is_live() {
            return self.done;
        }
        self.next_landing().min(self.next_happening())
    }

    /// When the next request lands; `i64::MAX` where none will.
    #[inline]
    fn next_landing(&self) -> i64 {
        let lands = self.requests.front().map_or(i64::MAX, |x| x.lands);
        if lands > self.entry_closes {
            i64::MAX
        } else {
            lands
        }
    }

    /// Lets nothing land after exchange time `at`: the tape ends there.
    pub fn close_entry(&mut self, at: i64) {
        self.entry_closes = at;
    }

    /// The earliest time at which an answer may arrive that is not known yet; `i64::MAX` where none will. A request may
    /// land in the very nanosecond up to which everything else is known.
    #[inline]
    pub fn next_unknown_answer(&self) -> i64 {
        let landing = self.next_landing().min(self.next_happening());
        let next = if self.is_live() {
            landing.min(self.done.saturating_add(1))
        } else {
            landing
        };
        next.saturating_add(self.rules.response_min)
    }

    /// Matches the tape and lands requests up to exchange time `until`, or less far where an answer is made that the
    /// strategy might react to before then.
    pub fn advance(&mut self, view: &View<'_>, until: i64) {
        self.limit = until;
        loop {
            if !self.is_live() {
                self.matched = self.matched.max(view.heard);
            }
            let (lands, expires) = (self.next_landing(), self.next_expiry());
            let happens = self.next_happening();
            let next = lands.min(expires).min(happens);
            self.match_until(view, next.min(self.limit));
            if next > self.limit || next > self.entry_closes {
                break;
            }
            if expires < lands.min(happens) {
                // A request that is not known yet may land in the very nanosecond that is the limit.
                if expires == self.limit {
                    break;
                }
                self.expire(expires);
                continue;
            }
            if happens <= lands && happens < i64::MAX {
                self.happen(view);
                continue;
            }
            let Some(request) = self.requests.pop_front() else {
                break;
            };
            self.land(view, &request);
        }
        self.done = self.done.max(self.limit);
    }

    /// For those who go by rows and not by time: matches the tape up to row number `until`, wherever in an event that
    /// is. No request of [`Exchange::send`] lands meanwhile.
    pub fn advance_rows(&mut self, view: &View<'_>, until: u64) {
        self.limit = i64::MAX;
        let (start, end) = (view.place(self.matched), view.place(until));
        if start < end {
            self.match_rows(view, start, end);
        }
    }

    /// For those who go by rows and not by time: a request lands at exchange time `at`, behind the rows that
    /// [`Exchange::advance_rows`] matched.
    pub fn land_now(&mut self, view: &View<'_>, body: RequestBody, at: i64) {
        self.land(view, &Request { lands: at, body });
    }

    /// Whether this exchange has nothing to do up to exchange time `until` while no row can fill anything: no request
    /// and no answer is on its way, nothing is remembered of what was taken, no stop waits and no order expires.
    #[inline]
    pub fn only_rests(&self, until: i64) -> bool {
        self.requests.is_empty()
            && self.answers.is_empty()
            && self.taken.is_empty()
            && self.locked.is_empty()
            && self.stops.is_empty()
            && self.expiries.last_moment() > until
    }

    /// Whether orders rest.
    #[inline]
    pub const fn has_orders(&self) -> bool {
        !self.own.is_empty()
    }

    /// Goes on to row number `matched` and exchange time `until`, between which no row can fill anything. Only where
    /// [`Exchange::only_rests`].
    #[inline]
    pub fn pass(&mut self, matched: u64, until: i64) {
        self.matched = self.matched.max(matched);
        self.done = self.done.max(until);
    }

    /// Matches whole events of the tape up to exchange time `until`, or to the limit if that comes nearer.
    #[inline]
    fn match_until(&mut self, view: &View<'_>, until: i64) {
        if self.stops.is_empty() {
            self.match_to(view, until, usize::MAX);
        } else {
            self.match_and_trigger(view, until);
        }
    }

    /// As [`Exchange::match_until`], no further than the place `bound`, with which an event begins.
    fn match_to(&mut self, view: &View<'_>, until: i64, bound: usize) {
        let start = view.place(self.matched);
        let mut end = view.rows.event_after(start, until).min(bound);
        if self.counts || !self.taken.is_empty() || !self.locked.is_empty() {
            self.match_rows(view, start, end);
            return;
        }
        if !self.own.is_empty() {
            let mut next = start;
            while let Some(place) = view.rows.next_with(next..end, signal::MATCH) {
                next = place + 1;
                if self.match_row(view, place) {
                    end = end.min(view.rows.event_after(place, self.limit));
                    if !self.taken.is_empty() || !self.locked.is_empty() {
                        self.match_every_row(view, next, end);
                        return;
                    }
                }
            }
        }
        self.matched = view.first + end as u64;
    }

    /// Matches the rows from `start` to before `end`, one by one; fewer where the limit comes nearer.
    fn match_rows(&mut self, view: &View<'_>, start: usize, end: usize) {
        if !self.is_live() {
            self.matched = view.first + end as u64;
        } else if self.rules.shows_levels {
            self.match_levels(view, start, end);
        } else if self.counts {
            self.match_prints(view, start, end);
        } else {
            self.match_every_row(view, start, end);
        }
    }

    /// As [`Exchange::match_rows`] on a tape of orders: taken liquidity comes back with any row, and where an own order
    /// is locked, any added order may fill it.
    fn match_every_row(&mut self, view: &View<'_>, start: usize, mut end: usize) {
        let rows = view.rows;
        let mut place = start;
        while place < end {
            let may_cross = !self.locked.is_empty() && rows.action[place] == b'A';
            if (may_cross || rows.has(place, signal::MATCH)) && self.match_row(view, place) {
                end = end.min(rows.event_after(place, self.limit));
            }
            if self.taken.may_be_at(rows.price[place]) || rows.clears(place) {
                self.taken.hear(rows, place);
            }
            place += 1;
        }
        self.matched = view.first + end as u64;
        if !self.locked.is_empty() {
            self.unlock(view);
        }
    }

    /// Forgets the instruments in which no own order is locked any more.
    fn unlock(&mut self, view: &View<'_>) {
        let mut locked = std::mem::take(&mut self.locked);
        locked.retain(|instrument| {
            let truth = view.truth(*instrument, self.matched);
            Side::BOTH.into_iter().any(|side| {
                let own = self.own.side(instrument.index(), side).first();
                let other = truth.best(side.opposite());
                matches!((own, other), (Some(own), Some(other)) if side.crosses(own.price, other.price))
            })
        });
        self.locked = locked;
    }

    fn land(&mut self, view: &View<'_>, request: &Request) {
        let at = request.lands;
        match &request.body {
            RequestBody::Submit(order) if self.has_expired(order.instrument) => {
                self.refuse(&order.refused(Reason::InstrumentExpired), at);
            }
            RequestBody::SubmitSpecial(special) if self.has_expired(special.order.instrument) => {
                self.refuse(&special.order.refused(Reason::InstrumentExpired), at);
            }
            RequestBody::Submit(order) => self.submit(view, order, at),
            RequestBody::SubmitSpecial(special) => self.submit_special(view, special, at),
            RequestBody::Refuse(refused) => self.refuse(refused, at),
            RequestBody::RefuseModify { order_id, reason } => {
                self.refuse_modify(*order_id, *reason, at);
            }
            RequestBody::Modify {
                order_id,
                price,
                quantity,
                stop_price,
            } => self.modify(view, *order_id, (*price, *quantity, *stop_price), at),
            RequestBody::Cancel { order_id } => self.cancel(*order_id, at),
            RequestBody::CancelAll { instrument } => self.cancel_all(*instrument, at),
        }
    }

    fn cancel(&mut self, order_id: OrderId, at: i64) {
        match self.end(order_id) {
            Some(order) => self.update(&order, OrderStatus::Canceled, Reason::None, at),
            None => self.answer(at, not_open(order_id, OrderStatus::CancelRejected, at)),
        }
    }

    fn cancel_all(&mut self, instrument: Option<InstrumentId>, at: i64) {
        while let Some(order) = self.remove_first(instrument) {
            self.update(&order, OrderStatus::Canceled, Reason::None, at);
        }
    }

    /// Removes the open order of the lowest number, of an instrument or of all.
    fn remove_first(&mut self, instrument: Option<InstrumentId>) -> Option<OwnOrder> {
        let concerned = |x: &(OrderId, InstrumentId)| instrument.is_none_or(|y| x.1 == y);
        let resting = self.own.numbers().find(concerned).map(|x| x.0);
        let waiting = self.stops.first(instrument);
        self.end(resting.into_iter().chain(waiting).min()?)
    }

    /// Removes an open order, whether it rests or waits; gives it as news of its end tell.
    #[inline]
    fn end(&mut self, order_id: OrderId) -> Option<OwnOrder> {
        if let Some((order, _)) = self.take_out(order_id) {
            return Some(order);
        }
        self.stops.remove(order_id).map(|x| x.told())
    }

    /// Ends all orders, those on their way included, and gives the news of it, which nobody waits for: the strategy was
    /// stopped, or the tape ended, at `at`.
    pub fn close(
        &mut self,
        status: OrderStatus,
        reason: Reason,
        at: Timestamp,
    ) -> Vec<OrderUpdate> {
        self.answers.clear();
        self.fill_contexts.clear();
        self.happenings.clear();
        let mut news = Vec::new();
        while let Some(order) = self.remove_first(None) {
            news.push(order.news(status, reason, at));
        }
        for request in std::mem::take(&mut self.requests) {
            let order = match &request.body {
                RequestBody::Submit(order) => Some(order),
                RequestBody::SubmitSpecial(special) => Some(&special.order),
                _ => None,
            };
            if let Some(order) = order {
                news.push(OrderUpdate {
                    instrument: order.instrument,
                    order_id: order.order_id,
                    side: Some(order.side),
                    status,
                    reason,
                    price: order.limit.unwrap_or(Price::UNDEFINED),
                    quantity: order.quantity,
                    leaves: Quantity::ZERO,
                    ts_event: at,
                    ts_recv: at,
                });
            }
        }
        news
    }
}

impl<'a> View<'a> {
    /// The place of a row among those that are loaded.
    fn place(&self, number: u64) -> usize {
        (number.saturating_sub(self.first) as usize).min(self.rows.len())
    }

    /// The exchange's book of an instrument after `number` rows.
    fn truth(&self, instrument: InstrumentId, number: u64) -> LaterBook<'a> {
        let heard = self.place(self.heard);
        let until = self.place(number).max(heard);
        let book = &self.books[instrument.index()];
        LaterBook::new(book, self.rows, heard..until, instrument)
    }
}
