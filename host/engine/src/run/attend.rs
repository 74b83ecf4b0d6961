//! What happens between two rows of the tape: bars close, answers and timers are heard, accounts are valued.
//!
//! Takes in the time of the next row; gives out nothing that is due before it.

use backplane_sdk::abi::{Message, MessageBody};
use backplane_sdk::types::{OrderEvent, Timestamp};

use super::Run;
use crate::error::RunError;
use crate::exchange::View;
use crate::record::{EquityRecord, FillRecord, InstanceId, OrderRecord};
use crate::request::Answer;

impl Run<'_> {
    /// Lets everything happen that comes before a row that is heard at `local` and happened at exchange time `happened`.
    pub(super) fn attend(&mut self, local: i64, happened: i64) -> Result<(), RunError> {
        while let Some(closed) = self.router.bars().close(local) {
            let at = closed.bar.ts_recv.0;
            self.attend_seats(at, i64::MIN)?;
            let message = Message::from(&closed.bar);
            for place in 0..self.router.bars().listeners(closed.series).len() {
                let instance = self.router.bars().listeners(closed.series)[place];
                self.deliver(instance.index(), &message)?;
            }
        }
        self.attend_seats(local, happened)?;
        if local >= self.next_sample {
            self.sample(Timestamp(self.next_sample))?;
            self.next_sample = self.sample_after(local);
        }
        self.due = self.next_sample.min(self.router.next_bar());
        self.known_until = i64::MAX;
        for place in 0..self.seats.len() {
            self.note_attention(place);
        }
        Ok(())
    }

    fn attend_seats(&mut self, local: i64, happened: i64) -> Result<(), RunError> {
        for place in 0..self.seats.len() {
            let seat = &self.seats[place];
            if seat.runs() && (seat.attention() <= local || seat.exchange.known_until() < happened)
            {
                self.attend_seat(place, local, happened)?;
            }
        }
        Ok(())
    }

    /// Lets a seat hear everything that is due before `until`, and advances its exchange so that the market may hear a
    /// row that happened at exchange time `happened`.
    pub(super) fn attend_seat(
        &mut self,
        place: usize,
        until: i64,
        happened: i64,
    ) -> Result<(), RunError> {
        loop {
            let seat = &self.seats[place];
            if !seat.runs() {
                return Ok(());
            }
            let known = seat.next_known();
            let next = known.min(until);
            // Nothing is heard before `next`, so no request that is not known yet lands before it reaches the exchange.
            let unknown = seat.exchange.next_unknown_answer();
            let is_unsure = unknown <= next && unknown < i64::MAX;
            let is_behind = known >= until && seat.exchange.known_until() < happened;
            if is_unsure || is_behind {
                self.advance(place, self.config.latency.lands(next))?;
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
            matches: self.window.matches(),
            heard: self.heard,
            books: self.market.books(),
            instruments: self.instruments,
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
        let answer = seat.exchange.next_answer().map_or(i64::MAX, |x| x.due);
        if answer <= seat.timers.next() {
            match seat.exchange.take_answer() {
                Some(answer) => self.hear_answer(place, &answer),
                None => Ok(()),
            }
        } else {
            match seat.timers.take() {
                Some((due, timer)) => self.deliver(place, &Message::timer(timer, Timestamp(due))),
                None => Ok(()),
            }
        }
    }

    fn hear_answer(&mut self, place: usize, answer: &Answer) -> Result<(), RunError> {
        let instance = InstanceId(place as u32);
        let seat = &mut self.seats[place];
        seat.journal.answer(&answer.message);
        match (answer.message.body(), answer.fill) {
            (Some(MessageBody::Order(OrderEvent::Fill(fill))), Some(context)) => {
                seat.fills += 1;
                let multiplier = self.instruments[fill.instrument.index()].multiplier;
                let holding = seat.account.apply(&fill, multiplier);
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
                if let Some(mark) = self.market.mark(fill.instrument) {
                    holding.mark = mark;
                }
                if holding.has_changed() {
                    let record = equity_record(instance, fill.ts_recv, holding);
                    self.recorder.equity(&record)?;
                }
            }
            (Some(MessageBody::Order(OrderEvent::Update(update))), _) => {
                self.recorder.order(&OrderRecord { instance, update })?;
            }
            _ => {}
        }
        self.deliver(place, &answer.message)
    }

    /// Values every account and records what changed.
    pub(super) fn sample(&mut self, at: Timestamp) -> Result<(), RunError> {
        for (place, seat) in self.seats.iter_mut().enumerate() {
            for holding in seat.account.holdings_mut() {
                if let Some(mark) = self.market.mark(holding.instrument) {
                    holding.mark = mark;
                }
                if holding.has_changed() {
                    let record = equity_record(InstanceId(place as u32), at, holding);
                    self.recorder.equity(&record)?;
                }
            }
        }
        Ok(())
    }

    /// The first sampling time after `at`.
    pub(super) fn sample_after(&self, at: i64) -> i64 {
        let interval = self.config.sample_interval;
        (Timestamp(at).floor(interval) + interval).0
    }
}

fn equity_record(
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
