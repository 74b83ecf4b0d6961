//! A guest that is held to its rates.
//!
//! Takes in a guest on any carrier and the limits of its grant; gives out a guest that is stopped by a fault where it
//! asks for more orders in a second of the tape than it may, and whose log lines beyond what it may are left out.
//! Seconds are those of the tape, so that the same run always goes the same way. Memory and fuel are held by the
//! carriers themselves.

use backplane_engine::guest::{Around, Fault, Guest, Replies};
use backplane_sdk::abi::{Command, Message, v1::command_kind};
use backplane_sdk::book::LevelBook;
use backplane_sdk::state::{LogLevel, LogLine};

use crate::policy::Limits;

const SECOND: i64 = 1_000_000_000;

/// A guest that is held to its rates.
#[derive(Debug)]
pub struct Governed<G> {
    guest: G,
    limits: Limits,
    /// The present second of the tape, and what the guest gave in it.
    second: i64,
    orders: u64,
    lines: u64,
    bytes: u64,
    /// Whether lines of this second were left out.
    is_cut: bool,
    /// The fault after which the guest is not called any more: on the last message, or on the one that is heard next.
    fault: Option<Box<Fault>>,
}

impl<G: Guest> Governed<G> {
    /// Holds a guest to the rates of its grant.
    pub const fn new(guest: G, limits: Limits) -> Governed<G> {
        Governed {
            guest,
            limits,
            second: i64::MIN,
            orders: 0,
            lines: 0,
            bytes: 0,
            is_cut: false,
            fault: None,
        }
    }

    /// Counts what the guest gave in a call that ended with the message `last`; gives the fault of that message, if it
    /// has one. `commands` and `logs` are how many there were before the call.
    #[cold]
    fn count(
        &mut self,
        last: &Message,
        replies: &mut Replies,
        (commands, logs): (usize, usize),
    ) -> Option<Box<Fault>> {
        let second = last.ts_recv.div_euclid(SECOND);
        if second != self.second {
            (self.second, self.orders) = (second, 0);
            (self.lines, self.bytes, self.is_cut) = (0, 0, false);
        }
        self.cut_logs(logs, &mut replies.logs);
        let is_order =
            |x: &&Command| (command_kind::SUBMIT..=command_kind::CANCEL_ALL).contains(&x.kind);
        let given = replies.commands[commands..].iter().filter(is_order);
        self.orders += given.count() as u64;
        let (given, most) = (self.orders, self.limits.orders_per_second);
        let fault = || {
            Box::new(Fault::new(format!(
                "it gave {given} orders, modifications and cancellations in one second, where its policy allows {most}"
            )))
        };
        (given > most).then(fault)
    }

    /// Leaves out the lines beyond what may be logged, and says so once a second.
    fn cut_logs(&mut self, from: usize, logs: &mut Vec<LogLine>) {
        let (lines_max, bytes_max) = (
            self.limits.log_lines_per_second,
            self.limits.log_bytes_per_second,
        );
        let mut kept = from;
        for line in &logs[from..] {
            let bytes = self.bytes.saturating_add(line.text.len() as u64);
            if self.is_cut || self.lines == lines_max || bytes > bytes_max {
                break;
            }
            (self.lines, self.bytes) = (self.lines + 1, bytes);
            kept += 1;
        }
        if kept < logs.len() {
            logs.truncate(kept);
            if !self.is_cut {
                self.is_cut = true;
                logs.push(LogLine {
                    level: LogLevel::Warning,
                    text: format!(
                        "further lines of this second are left out: the policy allows {lines_max} of together {bytes_max} bytes"
                    ),
                });
            }
        }
    }
}

impl<G: Guest> Around for Governed<G> {
    type Within = G;

    fn within(&self) -> &Self::Within {
        &self.guest
    }

    fn within_mut(&mut self) -> &mut Self::Within {
        &mut self.guest
    }

    #[inline]
    fn hear_around(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let before = (replies.commands.len(), replies.logs.len());
        let heard = self.guest.hear(messages, books, replies)?;
        if (replies.commands.len(), replies.logs.len()) == before {
            return Ok(heard);
        }
        let Some(last) = heard.checked_sub(1) else {
            return Ok(heard);
        };
        // More than there are is answered by who called.
        let Some(message) = messages.get(last) else {
            return Ok(heard);
        };
        let Some(fault) = self.count(message, replies, before) else {
            return Ok(heard);
        };
        self.fault = Some(fault.clone());
        if last == 0 {
            return Err(fault);
        }
        // What it gave on the messages before stays given; the fault comes with the call that begins with its message.
        let is_earlier = |x: &Command| x.kind == command_kind::METRIC && x.quantity < last as i64;
        replies.commands.retain(is_earlier);
        Ok(last)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use backplane_engine::guest::InProcess;
    use backplane_sdk::prelude::*;

    use super::*;

    /// Sets a metric on every message; on timers of an even number it sends as many orders, and logs as many lines.
    struct Counter;

    impl Strategy for Counter {
        fn descriptor() -> Descriptor {
            Descriptor::new("counter", "1").metric("x")
        }

        fn new(_: &Params) -> Result<Counter, String> {
            Ok(Counter)
        }

        fn on_market(&mut self, _: &MarketEvent, _: &mut Context<'_>) {}

        fn on_timer(&mut self, timer: TimerId, ctx: &mut Context<'_>) {
            ctx.metric(0, 1.0);
            for _ in 0..timer.0 {
                ctx.submit(Order::market(InstrumentId(0), Side::Buy, Quantity(1)));
                ctx.log(LogLevel::Error, "four");
            }
        }
    }

    fn limits(orders: u64, lines: u64, bytes: u64) -> Limits {
        Limits {
            orders_per_second: orders,
            log_lines_per_second: lines,
            log_bytes_per_second: bytes,
            ..Limits::default()
        }
    }

    fn timers(counts: &[u64]) -> Vec<Message> {
        let message = |(place, count): (usize, &u64)| {
            Message::timer(TimerId(*count), Timestamp(place as i64 * SECOND / 2))
        };
        counts.iter().enumerate().map(message).collect()
    }

    fn params() -> Params {
        Params::defaults(&[])
    }

    /// Plays messages in batches; the commands and log lines given, and the number of the message of a fault.
    fn play(
        guest: &mut dyn Guest,
        messages: &[Message],
    ) -> (usize, Vec<String>, Option<(usize, String)>) {
        let (mut commands, mut logs, mut at) = (0, Vec::new(), 0);
        while at < messages.len() {
            let mut replies = Replies::default();
            let end = messages.len().min(at + guest.batch_max());
            match guest.hear(&messages[at..end], &[], &mut replies) {
                Ok(heard) => at += heard,
                Err(fault) => return (commands, logs, Some((at, fault.message))),
            }
            commands += replies.commands.len();
            logs.extend(replies.logs.into_iter().map(|x| x.text));
        }
        (commands, logs, None)
    }

    #[test]
    fn too_many_orders_in_a_second_are_a_fault_on_the_same_message_whatever_the_batch() {
        let messages = timers(&[0, 2, 0, 0, 3, 0, 2, 2, 0]);
        let (expected_fault, expected_commands) = (7, 2 + 3 + 2 + 7);
        for batch in [1, 2, 3, 64] {
            let guest = InProcess::<Counter>::in_batches(&params(), batch).unwrap();
            let mut guest = Governed::new(guest, limits(3, 100, 100));
            let (commands, _, fault) = play(&mut guest, &messages);
            let (at, message) = fault.unwrap();
            assert_eq!(
                (at, commands),
                (expected_fault, expected_commands),
                "{batch}"
            );
            assert_eq!(
                message,
                "it gave 4 orders, modifications and cancellations in one second, where its policy allows 3"
            );
            let again = guest.hear(&messages[at..], &[], &mut Replies::default());
            assert_eq!(again.unwrap_err().message, message);
        }
    }

    #[test]
    fn lines_beyond_what_may_be_logged_in_a_second_are_left_out_and_told_of_once() {
        let messages = timers(&[2, 3, 1, 0]);
        for limits in [limits(99, 4, 1_000), limits(99, 1_000, 16)] {
            let guest = InProcess::<Counter>::new(&params()).unwrap();
            let (_, logs, fault) = play(&mut Governed::new(guest, limits), &messages);
            assert_eq!(fault, None);
            let kinds: String = logs
                .iter()
                .map(|x| if x == "four" { 'l' } else { 'w' })
                .collect();
            assert_eq!(kinds, "llllwl", "{logs:?}");
        }
    }
}
