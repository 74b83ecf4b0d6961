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
use crate::row::Row;

/// How many rows ahead an exchange may be: what it must look through when an order lands or fills grows with it.
const QUIET_ROWS_MAX: usize = 64;

impl Run<'_> {
    /// Lets everything happen that comes before a row that is heard at `local` and happened at exchange time `happened`.
    pub(super) fn attend(&mut self, local: i64, happened: i64) -> Result<(), RunError> {
        loop {
            let (bar, sample) = (self.router.next_bar(), self.next_sample);
            let at = bar.min(sample);
            if at > local || at == i64::MAX {
                break;
            }
            self.attend_seats(at, i64::MIN, at)?;
            if sample <= bar {
                self.sample(Timestamp(sample))?;
                self.next_sample = self.sample_after(local);
            } else {
                self.close_bar(at)?;
            }
        }
        let quiet_until = self.quiet_until().max(local);
        self.attend_seats(local, happened, quiet_until)?;
        self.due = self.next_sample.min(self.router.next_bar());
        self.known_until = i64::MAX;
        for place in 0..self.seats.len() {
            self.note_attention(place);
        }
        Ok(())
    }

    /// Those who subscribed hear a bar that closes at `at`.
    fn close_bar(&mut self, at: i64) -> Result<(), RunError> {
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

    /// The time before which no strategy hears of a row or a bar, as far as a look at the next rows tells.
    fn quiet_until(&mut self) -> i64 {
        if self.quiet_end <= self.heard {
            let rows = self.window.rows_from(self.heard);
            let near = &rows[..rows.len().min(QUIET_ROWS_MAX)];
            let concerns = near.iter().position(|row| self.router.concerns(row));
            let quiet = concerns.unwrap_or(near.len().saturating_sub(1));
            self.quiet_end = self.heard + quiet as u64;
        }
        let end = self.window.get(self.quiet_end).map_or(i64::MIN, Row::local);
        end.min(self.router.next_bar())
    }

    fn attend_seats(
        &mut self,
        local: i64,
        happened: i64,
        quiet_until: i64,
    ) -> Result<(), RunError> {
        for place in 0..self.seats.len() {
            let seat = &self.seats[place];
            if seat.runs() && (seat.attention() <= local || seat.exchange.known_until() < happened)
            {
                self.attend_seat(place, local, happened, quiet_until)?;
            }
        }
        Ok(())
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
                self.advance(place, self.config.latency.lands(silent_until))?;
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
