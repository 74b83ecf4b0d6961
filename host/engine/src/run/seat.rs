//! One strategy instance with all that belongs to it: guest, exchange, timers, account, journal.
//!
//! Takes in messages for the instance; gives out what the run must record. A seat knows nothing of other seats.

use backplane_sdk::abi::{Command, CommandBody, Message, v1};
use backplane_sdk::book::LevelBook;
use backplane_sdk::types::{TimerId, Timestamp};

use crate::account::Account;
use crate::delay::Way;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::grid::Grid;
use crate::guest::{Guest, Replies};
use crate::journal::Journal;
use crate::limits::RiskLimits;
use crate::orders::OrderGate;
use crate::request::{Request, RequestBody};
use crate::risk::{Risk, Situation};
use crate::summary::Outcome;

/// The most timers that an instance may have set.
const TIMERS_MAX: usize = 1_024;
/// The most requests that may be on their way at once.
const REQUESTS_MAX: usize = 1 << 20;
/// How long a timer takes at least, so that a strategy cannot stop time by setting it to now.
const TIMER_NANOS_MIN: i64 = 1_000;

/// The timers of one instance.
#[derive(Debug)]
pub(super) struct Timers {
    /// Due times with the order in which they were set, which decides between equal ones.
    set: Vec<(i64, u64, TimerId)>,
    count: u64,
    closed: bool,
    /// The first due time.
    next: i64,
}

impl Default for Timers {
    fn default() -> Timers {
        Timers {
            set: Vec::new(),
            count: 0,
            closed: false,
            next: i64::MAX,
        }
    }
}

impl Timers {
    /// When the next timer is due.
    #[inline]
    pub(super) const fn next(&self) -> i64 {
        self.next
    }

    /// Takes the next timer.
    pub(super) fn take(&mut self) -> Option<(i64, TimerId)> {
        let next = self.set.iter().enumerate().min_by_key(|x| (x.1.0, x.1.1));
        let place = next.map(|x| x.0)?;
        let (due, _, timer) = self.set.swap_remove(place);
        self.find_next();
        Some((due, timer))
    }

    fn find_next(&mut self) {
        self.next = self.set.iter().map(|x| x.0).min().unwrap_or(i64::MAX);
    }

    fn set(&mut self, timer: TimerId, due: i64) -> Result<(), Fault> {
        self.cancel(timer);
        if self.closed {
            return Ok(());
        }
        if self.set.len() >= TIMERS_MAX {
            return Err(Fault::new(format!("it set more than {TIMERS_MAX} timers")));
        }
        self.count += 1;
        self.set.push((due, self.count, timer));
        self.next = self.next.min(due);
        Ok(())
    }

    fn cancel(&mut self, timer: TimerId) {
        self.set.retain(|x| x.2 != timer);
        self.find_next();
    }

    /// Forgets all timers and sets no more.
    pub(super) fn close(&mut self) {
        self.set.clear();
        self.next = i64::MAX;
        self.closed = true;
    }
}

/// One strategy instance. What every message touches is one line of memory, in front: hundreds of instances hear the same
/// message one after the other.
#[repr(C, align(64))]
pub(super) struct Seat {
    guest: Box<dyn Guest>,
    /// The strategy's clock.
    pub(super) now: i64,
    pub(super) messages: u64,
    /// Whether [`Seat::outcome`] is still that it finishes: every message asks.
    runs: bool,
    /// How many messages the call delivered with which it fell; 1 where it is known with which.
    pub(super) among: u64,
    pub(super) commands: u64,
    pub(super) orders: u64,
    pub(super) fills: u64,
    gate: OrderGate,
    /// The way of requests to the exchange.
    entry: Way<3>,
    /// The limits of the run, where there are any.
    pub(super) risk: Option<Box<Risk>>,
    pub(super) exchange: Exchange,
    pub(super) timers: Timers,
    pub(super) account: Account,
    pub(super) journal: Journal,
    pub(super) outcome: Outcome,
}

/// When a seat must be attended to. The run looks at these of all seats again and again, so that they lie apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    /// When its next known message is due: an answer or a timer.
    pub(super) known: i64,
    /// When an answer may arrive that is not known yet.
    pub(super) unknown: i64,
    /// The exchange time up to which the market may go.
    pub(super) happened: i64,
    /// Whether it has resting orders and nothing else: then nothing becomes of it where no row can fill anything.
    pub(super) rests: bool,
}

impl Seat {
    pub(super) fn new(
        guest: Box<dyn Guest>,
        exchange: Exchange,
        entry: Way<3>,
        (limits, has_margin): (RiskLimits, bool),
    ) -> Seat {
        let has_limits = has_margin || limits != RiskLimits::default();
        Seat {
            guest,
            gate: OrderGate::default(),
            entry,
            runs: true,
            risk: has_limits.then(|| Box::new(Risk::new(limits))),
            exchange,
            timers: Timers::default(),
            account: Account::default(),
            journal: Journal::default(),
            now: i64::MIN,
            messages: 0,
            among: 1,
            commands: 0,
            orders: 0,
            fills: 0,
            outcome: Outcome::Finished,
        }
    }

    /// The strategy's name.
    pub(super) fn name(&self) -> &str {
        &self.guest.descriptor().name
    }

    /// Whether the strategy still runs.
    #[inline]
    pub(super) const fn runs(&self) -> bool {
        self.runs
    }

    /// The most messages of one call.
    pub(super) fn batch_max(&self) -> usize {
        self.guest.batch_max()
    }

    /// When the next message that is known already is due: an answer or a timer.
    #[inline]
    pub(super) fn next_known(&self) -> i64 {
        self.exchange.next_answer().min(self.timers.next())
    }

    /// When the run must attend to this seat before it lets the strategies hear more.
    #[inline]
    pub(super) fn due(&self) -> Due {
        if !self.runs {
            return Due {
                known: i64::MAX,
                unknown: i64::MAX,
                happened: self.exchange.known_until(),
                rests: false,
            };
        }
        Due {
            known: self.next_known(),
            unknown: self.exchange.next_unknown_answer(),
            happened: self.exchange.known_until(),
            rests: self.timers.next() == i64::MAX
                && self.exchange.only_rests(i64::MAX - 1)
                && self.exchange.has_orders(),
        }
    }

    /// The seat has come to a message.
    #[inline]
    pub(super) fn come_to(&mut self, message: &Message) {
        self.messages += 1;
        self.now = self.now.max(message.ts_recv);
    }

    /// The guest had a fault in a call of so many messages.
    pub(super) fn fell_among(&mut self, messages: usize) {
        self.among = if self.guest.is_sure() {
            1
        } else {
            messages as u64
        };
    }

    /// Lets the guest hear messages that the seat has yet to come to; gives how many were heard.
    pub(super) fn hear_batch(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        self.guest.hear(messages, books, replies)
    }

    /// Lets the guest hear a message. `replies`, which is empty, takes what it gives.
    #[inline]
    pub(super) fn hear(
        &mut self,
        message: &Message,
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<(), Box<Fault>> {
        self.come_to(message);
        let heard = self
            .guest
            .hear(core::slice::from_ref(message), books, replies)?;
        if heard != 1 {
            return Err(Box::new(Fault::new(format!(
                "it says that it heard {heard} messages of 1"
            ))));
        }
        Ok(())
    }

    /// A value of no declared series could not be recorded.
    fn check_series(&self, metric: u32) -> Result<(), Box<Fault>> {
        let declared = self.guest.descriptor().metrics.len();
        if (metric as usize) < declared {
            return Ok(());
        }
        Err(Box::new(Fault::new(format!(
            "it recorded a value of series {metric}, but declares {declared}, numbered from 0"
        ))))
    }

    /// Does what a command asks for; the run records it.
    pub(super) fn obey(
        &mut self,
        command: &Command,
        grids: &[Grid],
        situation: Option<Situation>,
    ) -> Result<CommandBody, Box<Fault>> {
        let body = command.body().ok_or_else(|| {
            Box::new(Fault::new(format!(
                "it gave a command of unknown kind {}",
                command.kind
            )))
        })?;
        if let CommandBody::Metric { metric, .. } = body {
            self.check_series(metric)?;
        }
        self.commands += 1;
        self.orders += u64::from(command.kind == v1::command_kind::SUBMIT);
        self.journal.command(self.now, command);
        match body {
            CommandBody::SetTimer { timer, at } => {
                let soonest = self.now.saturating_add(TIMER_NANOS_MIN);
                self.timers.set(timer, at.0.max(soonest))?;
            }
            CommandBody::CancelTimer { timer } => self.timers.cancel(timer),
            _ => {
                if let Some(request) = self.gate.request(command, &body, grids) {
                    if self.exchange.requests_pending() >= REQUESTS_MAX {
                        return Err(Box::new(Fault::new(format!(
                            "it has more than {REQUESTS_MAX} requests on their way"
                        ))));
                    }
                    let request = match (&mut self.risk, situation) {
                        (Some(risk), Some(situation)) => risk.screen(request, &situation),
                        _ => request,
                    };
                    self.send(request);
                }
            }
        }
        Ok(body)
    }

    /// Sends a request on its way.
    #[inline]
    pub(super) fn send(&mut self, body: RequestBody) {
        self.exchange.send(Request {
            lands: self.entry.arrives(self.now, body.kind() as usize),
            body,
        });
    }

    /// Notes that the strategy is stopped.
    pub(super) fn stop(&mut self, fault: Fault, event: &str) {
        self.timers.close();
        self.runs = false;
        self.outcome = Outcome::Stopped {
            fault,
            message: self.messages,
            among: self.among,
            event: event.into(),
            at: Timestamp(self.now),
        };
    }
}
