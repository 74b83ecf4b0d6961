//! What happens between two rows of the tape: bars close, answers and timers are heard, accounts are valued.
//!
//! Takes in the time of the next row; gives out nothing that is due before it.

use std::ops::Range;

use backplane_sdk::abi::{Message, MessageBody, v1::kind};
use backplane_sdk::types::{InstrumentId, OrderEvent, Price, Timestamp};

use super::Run;
use crate::error::RunError;
use crate::exchange::View;
use crate::later::LaterBook;
use crate::record::{BestLevels, EquityRecord, FillRecord, InstanceId, OrderRecord};
use crate::request::HAPPENING;
use crate::row::signal;

/// Up to where nothing can fill an order of the seats that rest. What it means for the exchange of such a seat is made
/// up for when the seat is woken, so that hundreds of them cost one look at the rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calm {
    /// The number of the row after the last that is matched.
    matched: u64,
    /// The exchange time up to which everything is known.
    done: i64,
    /// When an answer may arrive that is not known.
    unknown: i64,
}

impl Default for Calm {
    fn default() -> Calm {
        Calm {
            matched: 0,
            done: i64::MIN,
            unknown: i64::MIN,
        }
    }
}

impl Run<'_> {
    /// A seat that rests is about to do more: its exchange makes up for the time in which nothing became of it.
    #[inline]
    pub(super) fn wake(&mut self, place: usize) {
        let due = &mut self.dues[place];
        if due.rests {
            due.rests = false;
            let exchange = &mut self.seats[place].exchange;
            exchange.pass(self.calm.matched, self.calm.done);
        }
    }

    /// Notes when a seat must be attended to next, after whatever was done with it.
    #[inline]
    pub(super) fn note_due(&mut self, place: usize) {
        self.dues[place] = self.seats[place].due();
    }

    /// Those who subscribed hear a bar that closes at `at`.
    pub(super) fn close_bar(&mut self, at: i64) -> Result<(), RunError> {
        let Some(closed) = self.router.bars().close(at) else {
            return Ok(());
        };
        let message = Message::from(&closed.bar);
        for place in 0..self.router.bars().listeners(closed.series).len() {
            let instance = self.router.bars().listeners(closed.series)[place];
            self.deliver(instance.index(), &message)?;
        }
        Ok(())
    }

    /// Lets every seat hear what is due before `until`, and advances its exchange so that the market may hear a row that
    /// happened at exchange time `happened`. Nobody hears of a row or a bar before `quiet_until`.
    pub(super) fn attend(
        &mut self,
        until: i64,
        happened: i64,
        quiet_until: i64,
    ) -> Result<(), RunError> {
        let mut is_calm = None;
        let mut covers = self.calm.unknown > until && self.calm.done >= happened;
        for place in 0..self.dues.len() {
            let due = &self.dues[place];
            let is_known = due.unknown > until && due.happened >= happened;
            if due.known > until && (is_known || due.rests && covers) {
                continue;
            }
            let is_calm = match is_calm {
                Some(known) => known,
                None => *is_calm.insert(self.find_calm(quiet_until)?),
            };
            if is_calm && self.dues[place].rests {
                covers = true;
                continue;
            }
            let seat = &mut self.seats[place];
            if is_calm
                && seat.exchange.only_rests(self.calm.done)
                && seat.timers.next() > quiet_until
            {
                seat.exchange.pass(self.calm.matched, self.calm.done);
                self.note_due(place);
            } else {
                self.attend_seat(place, until, happened, quiet_until)?;
            }
        }
        // Every exchange has let happen what comes before that.
        while self.calendar.next() < happened {
            self.calendar.take();
        }
        Ok(())
    }

    /// Whether nothing can be filled before what is sent at `quiet_until` lands; then all that rests is calm up to there.
    fn find_calm(&mut self, quiet_until: i64) -> Result<bool, RunError> {
        if self.counts_queues {
            return Ok(false);
        }
        let known = quiet_until.saturating_add(self.entry_min);
        if self.calendar.next() <= known {
            return Ok(false);
        }
        self.reach(known)?;
        let rows = self.window.rows();
        let heard = self.window.place(self.heard);
        let end = rows.event_after(heard, known);
        let mut next = self.window.place(self.next_match.max(self.heard));
        if next < end && !rows.has(next, signal::MATCH) {
            let found = rows.next_with(next..rows.len(), signal::MATCH);
            next = found.unwrap_or(rows.len());
        }
        let first = self.window.first();
        let end = first + end as u64;
        self.next_match = first + next as u64;
        let is_calm = self.next_match >= end;
        if is_calm {
            self.calm = Calm {
                matched: end,
                done: known,
                unknown: known
                    .saturating_add(1)
                    .saturating_add(self.config.latency.response.minimum().0),
            };
        }
        Ok(is_calm)
    }

    /// Lets a seat hear everything that is due before `until`, and advances its exchange so that the market may hear a
    /// row that happened at exchange time `happened`. Until `quiet_until` the strategy hears nothing but answers and
    /// timers, so its exchange may go on until then at once.
    pub(super) fn attend_seat(
        &mut self,
        place: usize,
        until: i64,
        happened: i64,
        quiet_until: i64,
    ) -> Result<(), RunError> {
        self.wake(place);
        self.attend_woken(place, until, happened, quiet_until)?;
        self.note_due(place);
        Ok(())
    }

    fn attend_woken(
        &mut self,
        place: usize,
        until: i64,
        happened: i64,
        quiet_until: i64,
    ) -> Result<(), RunError> {
        loop {
            let seat = &self.seats[place];
            if !seat.runs() {
                return Ok(());
            }
            let known = seat.next_known();
            let next = known.min(until);
            // Nothing is heard before `silent_until`, so no unknown request lands before it reaches the exchange.
            let unknown = seat.exchange.next_unknown_answer();
            let is_unsure = unknown <= next && unknown < i64::MAX;
            let is_behind = known >= until && seat.exchange.known_until() < happened;
            if is_unsure || is_behind {
                let silent_until = known.min(quiet_until);
                self.advance(place, silent_until.saturating_add(self.entry_min))?;
            } else if known < until {
                self.hear_known(place)?;
            } else {
                return Ok(());
            }
        }
    }

    fn advance(&mut self, place: usize, until: i64) -> Result<(), RunError> {
        self.reach(until)?;
        let entry_closes = self.window.last_heard();
        let view = View {
            rows: self.window.rows(),
            first: self.window.first(),
            heard: self.heard,
            books: self.market.books(),
            grids: &self.grids,
            contracts: &self.contracts,
            last_trades: self.market.last_trades(),
        };
        let exchange = &mut self.seats[place].exchange;
        if let Some(at) = entry_closes {
            exchange.close_entry(at);
        }
        exchange.advance(&view, until);
        Ok(())
    }

    /// The next known message is heard: an answer before a timer of the same time.
    fn hear_known(&mut self, place: usize) -> Result<(), RunError> {
        let seat = &mut self.seats[place];
        self.private = Some(seat.next_known());
        if seat.exchange.next_answer() <= seat.timers.next() {
            if let Some(message) = seat.exchange.take_answer() {
                self.hear_answer(place, &message)?;
            }
        } else if let Some((due, timer)) = seat.timers.take() {
            self.deliver(place, &Message::timer(timer, Timestamp(due)))?;
        }
        self.private = None;
        Ok(())
    }

    fn hear_answer(&mut self, place: usize, message: &Message) -> Result<(), RunError> {
        if message.kind == HAPPENING {
            return self.settle(place, message);
        }
        if let Some(risk) = &mut self.seats[place].risk {
            risk.hear(message);
        }
        if message.kind == kind::FILL {
            self.note_fill(place, message)?;
        } else {
            self.seats[place].journal.update(message);
            if self.keeps {
                self.record_update(place, message)?;
            }
        }
        self.watch(place, message.ts_recv, Some(message))?;
        self.deliver(place, message)
    }

    fn record_update(&mut self, place: usize, message: &Message) -> Result<(), RunError> {
        let instance = InstanceId(place as u32);
        if let Some(MessageBody::Order(OrderEvent::Update(update))) = message.body() {
            self.recorder.order(&OrderRecord { instance, update })?;
        }
        Ok(())
    }

    /// A fill is booked, just before the strategy hears of it.
    fn note_fill(&mut self, place: usize, message: &Message) -> Result<(), RunError> {
        let instance = InstanceId(place as u32);
        let seat = &mut self.seats[place];
        seat.journal.fill(message);
        seat.fills += 1;
        let context = seat.exchange.take_fill_context().unwrap_or_default();
        let Some(MessageBody::Order(OrderEvent::Fill(fill))) = message.body() else {
            return Ok(());
        };
        let mark = if self.keeps {
            self.mark(fill.instrument)
        } else {
            None
        };
        let contract = &self.contracts[fill.instrument.index()];
        let holding = self.seats[place].account.apply(&fill, contract);
        if !self.keeps {
            return Ok(());
        }
        holding.revalue(mark);
        self.recorder.fill(&FillRecord {
            instance,
            fill,
            reason: context.reason,
            queue_ahead: context.queue_ahead,
            arrived: context.arrived,
            best: context.best,
            position: holding.position,
            cash: holding.cash,
        })?;
        if holding.has_changed() {
            let record = equity_record(instance, fill.ts_recv, holding);
            self.recorder.equity(&record)?;
        }
        Ok(())
    }

    /// The places of the rows that the strategies have heard beyond the market's books when order news or a timer is
    /// heard: those before the first that begins an event later.
    fn unheard(&self) -> Range<usize> {
        let first = self.window.place(self.heard);
        let Some(now) = self.private else {
            return first..first;
        };
        let rows = self.window.rows();
        let is_later = |x: &usize| rows.ts_recv[*x] > now && rows.has(*x, signal::START);
        let end = (first..rows.len()).find(is_later);
        first..end.unwrap_or(rows.len())
    }

    /// The best levels of an instrument as the strategies see them now.
    pub(super) fn best(&self, instrument: InstrumentId) -> BestLevels {
        let places = self.unheard();
        let Some(book) = self.market.books().get(instrument.index()) else {
            return BestLevels::default();
        };
        LaterBook::new(book, self.window.rows(), places, instrument).best_levels()
    }

    /// The price at which a position is valued now: the mid; the last trade while a side is empty.
    pub(super) fn mark(&self, instrument: InstrumentId) -> Option<Price> {
        let mid = self.best(instrument).mid();
        mid.or_else(|| self.last_trade(instrument))
    }

    /// The last trade's price as the strategies know it now; `None` before the first.
    pub(super) fn last_trade(&self, instrument: InstrumentId) -> Option<Price> {
        let rows = self.window.rows();
        let traded = |x: &usize| {
            rows.has(*x, signal::TRADE) && u32::from(rows.instrument[*x]) == instrument.0
        };
        let last = self.unheard().rfind(traded);
        let last = last.map(|place| Price(rows.price[place]));
        last.or_else(|| self.market.last_trade(instrument))
    }

    /// Values every account and records what changed.
    pub(super) fn sample(&mut self, at: Timestamp) -> Result<(), RunError> {
        for (place, seat) in self.seats.iter_mut().enumerate() {
            for holding in seat.account.holdings_mut() {
                holding.revalue(self.market.mark(holding.instrument));
                if holding.has_changed() && self.keeps {
                    let record = equity_record(InstanceId(place as u32), at, holding);
                    self.recorder.equity(&record)?;
                }
            }
        }
        if self.keeps {
            self.recorder.passed(at)?;
        }
        Ok(())
    }

    /// The first sampling time after `at`.
    pub(super) fn sample_after(&self, at: i64) -> i64 {
        let interval = self.config.sample_interval;
        (Timestamp(at).floor(interval) + interval).0
    }
}

pub(super) fn equity_record(
    instance: InstanceId,
    at: Timestamp,
    holding: &crate::account::Holding,
) -> EquityRecord {
    EquityRecord {
        instance,
        instrument: holding.instrument,
        at,
        cash: holding.cash,
        position: holding.position,
        price: holding.mark,
        fees: holding.fees,
        equity: holding.equity(),
    }
}
