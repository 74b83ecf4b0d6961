//! What the run does for the limits of a strategy: it shows them market and account, and ends a strategy that lost too
//! much.
//!
//! Takes in what a strategy asks for and hears; gives out requests that the strategy did not make: the end of its orders,
//! and market orders that close its positions. A loss is looked at after each answer and settlement, and whenever
//! accounts are valued.

use backplane_sdk::abi::{Command, CommandBody, Message};
use backplane_sdk::types::{
    InstrumentId, Money, Order, OrderId, OrderStatus, Price, Quantity, Reason, Side, Timestamp,
};

use super::Run;
use super::margin::More;
use crate::error::RunError;
use crate::fault::Fault;
use crate::limits::{CollarFrom, Kill};
use crate::record::{BestLevels, CommandRecord, InstanceId};
use crate::request::RequestBody;
use crate::risk::{Duty, Situation};

impl Run<'_> {
    /// What a command's checks need to know; `None` where the instance has no limits.
    #[inline]
    pub(super) fn situation(&self, place: usize, command: &Command) -> Option<Situation> {
        self.seats[place].risk.as_ref()?;
        self.situation_of(place, command)
    }

    #[cold]
    fn situation_of(&self, place: usize, command: &Command) -> Option<Situation> {
        let seat = &self.seats[place];
        let risk = seat.risk.as_ref()?;
        let concerned = match command.body()? {
            CommandBody::Submit { .. } => {
                let instrument = InstrumentId(command.instrument);
                let is_known = instrument.index() < self.instruments.len();
                let side = Side::from_code(command.side).filter(|_| is_known);
                side.map(|side| (instrument, side, command.quantity))
            }
            CommandBody::Modify { order_id, .. } => risk.order(order_id).map(|x| {
                let more = command.quantity.saturating_sub(x.2);
                (x.0, x.1, more.max(0))
            }),
            _ => None,
        };
        let now = seat.now;
        let Some((instrument, side, quantity)) = concerned else {
            return Some(Situation {
                now,
                ..Situation::default()
            });
        };
        let mut holdings = seat.account.holdings().iter();
        let holding = holdings.find(|x| x.instrument == instrument);
        let position = holding.map_or(Quantity::ZERO, |x| x.position);
        let collar = risk.limits().price_collar;
        Some(Situation {
            now,
            position,
            reference: collar.and_then(|x| self.reference(instrument, side, x.from)),
            lacks_margin: self.lacks_margin(
                place,
                &More {
                    instrument,
                    side,
                    quantity,
                    limit: Some(Price(command.price)).filter(|x| x.is_defined()),
                },
            ),
        })
    }

    /// The price from which a limit's distance is measured.
    fn reference(&self, instrument: InstrumentId, side: Side, from: CollarFrom) -> Option<Price> {
        let best = self.best(instrument);
        let other = match side {
            Side::Buy => best.ask,
            Side::Sell => best.bid,
        };
        let best = other.filter(|_| from == CollarFrom::Best);
        best.map(|x| x.price)
            .or_else(|| self.last_trade(instrument))
    }

    /// An account changed or was valued at `at`: its instance may have lost too much, or its end may have come further.
    #[inline]
    pub(super) fn watch(
        &mut self,
        place: usize,
        at: i64,
        message: Option<&Message>,
    ) -> Result<(), RunError> {
        if self.seats[place].risk.is_none() {
            return Ok(());
        }
        self.watch_loss(place, at, message)
    }

    #[cold]
    fn watch_loss(
        &mut self,
        place: usize,
        at: i64,
        message: Option<&Message>,
    ) -> Result<(), RunError> {
        let loss_max = self.seats[place].risk.as_ref();
        let loss_max = loss_max.and_then(|x| x.limits().loss_max);
        let is_watched = loss_max.is_some() || self.has_margin();
        if !is_watched || !self.seats[place].runs() {
            return Ok(());
        }
        let gain = self.gain(place);
        let is_under = self.is_under_margin(place, self.config.starting_cash + gain);
        let seat = &mut self.seats[place];
        seat.now = seat.now.max(at);
        let now = Timestamp(seat.now);
        let Some(risk) = &mut seat.risk else {
            return Ok(());
        };
        let ends = risk.value(gain, now) || is_under && risk.liquidate();
        self.wake(place);
        if ends {
            self.cancel_all(place)?;
        }
        self.do_duty(place, message)?;
        // A liquidation that is over just now may have lost too much.
        let risk = self.seats[place].risk.as_mut();
        if !ends && risk.is_some_and(|x| x.value(gain, now)) {
            self.cancel_all(place)?;
            self.do_duty(place, message)?;
        }
        self.note_due(place);
        Ok(())
    }

    fn cancel_all(&mut self, place: usize) -> Result<(), RunError> {
        let command = Command::new(CommandBody::CancelAll { instrument: None });
        let request = RequestBody::CancelAll { instrument: None };
        self.send_own(place, &command, request)
    }

    /// Up to when a seat that hears batches is sure of them, whatever its limits do: after the next valuation its orders
    /// may be cancelled, which it hears no sooner than a request and its answer travel.
    pub(super) fn unwatched_until(&self, place: usize) -> i64 {
        let risk = self.seats[place].risk.as_ref();
        let is_watched = self.has_margin() || risk.is_some_and(|x| x.limits().loss_max.is_some());
        if !is_watched {
            return i64::MAX;
        }
        let response = self.config.latency.response.minimum().0;
        let travels = self.entry_min.saturating_add(response);
        self.next_sample.saturating_add(travels)
    }

    /// What an instance gained since the beginning, with its positions valued now.
    fn gain(&mut self, place: usize) -> Money {
        for number in 0..self.seats[place].account.holdings().len() {
            let instrument = self.seats[place].account.holdings()[number].instrument;
            let shown = self.mark(instrument);
            self.seats[place].account.holdings_mut()[number].revalue(shown);
        }
        self.seats[place].account.equity()
    }

    fn do_duty(&mut self, place: usize, message: Option<&Message>) -> Result<(), RunError> {
        let seat = &mut self.seats[place];
        let holdings = seat.account.holdings().iter();
        let positions: Vec<(InstrumentId, Quantity)> = holdings
            .filter(|x| x.position.0 != 0)
            .map(|x| (x.instrument, x.position))
            .collect();
        let Some(risk) = &mut seat.risk else {
            return Ok(());
        };
        match risk.duty(!positions.is_empty(), message.is_none()) {
            Duty::None => Ok(()),
            Duty::Flatten => {
                for (instrument, position) in positions {
                    self.flatten(place, instrument, position)?;
                }
                Ok(())
            }
            Duty::Stop(kill) => self.stop_lossy(place, &kill, message),
        }
    }

    fn flatten(
        &mut self,
        place: usize,
        instrument: InstrumentId,
        position: Quantity,
    ) -> Result<(), RunError> {
        let Some(risk) = &mut self.seats[place].risk else {
            return Ok(());
        };
        let order = risk.close(instrument, position);
        let shown = Order::market(instrument, order.side, order.quantity);
        let command = Command::submit(order.order_id, &shown);
        self.send_own(place, &command, RequestBody::Submit(order))
    }

    /// Sends a request that the strategy did not make, and records it as the command that it would have been.
    fn send_own(
        &mut self,
        place: usize,
        command: &Command,
        request: RequestBody,
    ) -> Result<(), RunError> {
        let seat = &mut self.seats[place];
        seat.send(request);
        if !self.keeps {
            return Ok(());
        }
        let local = match request_instrument(command) {
            Some(instrument) => self.best(instrument),
            None => BestLevels::default(),
        };
        let seat = &self.seats[place];
        self.recorder.command(&CommandRecord {
            instance: InstanceId(place as u32),
            at: Timestamp(seat.now),
            message: seat.messages,
            command: *command,
            local,
        })?;
        Ok(())
    }

    fn stop_lossy(
        &mut self,
        place: usize,
        kill: &Kill,
        message: Option<&Message>,
    ) -> Result<(), RunError> {
        let fault = Fault::new(format!(
            "it lost {}, and may lose less than {} (risk.max_loss)",
            kill.loss, kill.limit.loss
        ));
        let event = message.map_or("valuation", super::event_name);
        let seat = &mut self.seats[place];
        seat.stop(fault, event);
        let at = Timestamp(seat.now);
        self.close(place, OrderStatus::Canceled, Reason::KillSwitch, at)
    }
}

/// The instrument of an order that a command submits.
fn request_instrument(command: &Command) -> Option<InstrumentId> {
    match command.body()? {
        CommandBody::Submit {
            order_id: OrderId(_),
        } => Some(InstrumentId(command.instrument)),
        _ => None,
    }
}
