//! A guest of which checkpoints are made.
//!
//! Takes in a guest; gives out one that behaves alike. What it says is noted, and each time that a span of the strategy's
//! time has gone by its state is saved and both are added to its file, between two messages.

use std::io;

use backplane_engine::fault::Fault;
use backplane_engine::guest::{Around, Guest, Replies, given_on_each};
use backplane_sdk::abi::{Command, Message};
use backplane_sdk::book::LevelBook;
use serde_bytes::ByteBuf;

use super::{Checkpoint, CheckpointFile, CheckpointWriter, Said};

/// A guest of which checkpoints are made.
pub struct CheckpointedGuest {
    guest: Box<dyn Guest>,
    writer: CheckpointWriter,
    /// The time from one checkpoint to the next, in nanoseconds.
    every: i64,
    /// When the next is due; none before the first message.
    due: Option<i64>,
    heard: u64,
    /// The messages whose replies are in the file already.
    known: u64,
    at: i64,
    said: Vec<Said>,
    tell: Box<dyn FnMut(String)>,
}

impl CheckpointedGuest {
    /// Makes checkpoints every so many nanoseconds of the strategy's time, behind those that are there; the first at a time
    /// where one is given. `tell` is told, once, why none can be made any more.
    pub fn new(
        guest: Box<dyn Guest>,
        writer: CheckpointWriter,
        before: &CheckpointFile,
        every: i64,
        first: Option<i64>,
        tell: Box<dyn FnMut(String)>,
    ) -> CheckpointedGuest {
        CheckpointedGuest {
            guest,
            writer,
            every: every.max(1),
            due: first,
            heard: 0,
            known: before.heard(),
            at: i64::MIN,
            said: Vec::new(),
            tell,
        }
    }

    /// Makes a checkpoint if one is due before a message of this time.
    fn make_due(&mut self, next: i64) {
        let due = *self.due.get_or_insert(next.saturating_add(self.every));
        // Another version may go on from it: it is not to hold what the strategy was shown beyond it.
        if next < due || self.heard <= self.known || self.guest.looks_ahead() {
            return;
        }
        let steps = (next - due) / self.every + 1;
        self.due = Some(due.saturating_add(steps.saturating_mul(self.every)));
        if let Err(why) = self.make() {
            // Later ones would lack what was said until now.
            self.due = Some(i64::MAX);
            (self.tell)(why);
        }
    }

    fn make(&mut self) -> Result<(), String> {
        let saved = self.guest.save();
        let (state_version, state) =
            saved.map_err(|fault| format!("it cannot save its state: {fault}"))?;
        let checkpoint = Checkpoint {
            heard: self.heard,
            at: self.at,
            hears: super::hears(self.guest.as_ref()),
            said: std::mem::take(&mut self.said),
            state_version,
            state: ByteBuf::from(state),
        };
        let added: io::Result<()> = self.writer.add(&checkpoint);
        added.map_err(|error| format!("writing it: {error}"))?;
        self.known = self.heard;
        Ok(())
    }

    /// Notes what was given on the messages of a call.
    fn note(&mut self, count: usize, commands: &[Command], replies: &Replies, logs: usize) {
        let logs = replies.logs[logs..].iter();
        let mut logs = logs
            .map(|x| (x.level as u32, x.text.clone()))
            .collect::<Vec<_>>();
        for (place, commands) in given_on_each(commands, count).enumerate() {
            let given = commands.iter().map(|x| x.given_on(0).to_bytes());
            let bytes: Vec<u8> = given.flatten().collect();
            let logs = if place + 1 == count {
                std::mem::take(&mut logs)
            } else {
                Vec::new()
            };
            let message = self.heard + place as u64 + 1;
            if message > self.known && (!bytes.is_empty() || !logs.is_empty()) {
                self.said.push(Said {
                    message,
                    commands: ByteBuf::from(bytes),
                    logs,
                });
            }
        }
    }
}

impl Around for CheckpointedGuest {
    type Within = dyn Guest;

    fn within(&self) -> &Self::Within {
        self.guest.as_ref()
    }

    fn within_mut(&mut self) -> &mut Self::Within {
        self.guest.as_mut()
    }

    fn hear_around(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        if let Some(first) = messages.first() {
            self.make_due(first.ts_recv);
        }
        let (commands, logs) = (replies.commands.len(), replies.logs.len());
        let heard = self.guest.hear(messages, books, replies)?;
        let heard = heard.min(messages.len());
        if replies.commands.len() > commands || replies.logs.len() > logs {
            self.note(heard, &replies.commands[commands..], replies, logs);
        }
        self.heard += heard as u64;
        let last = messages[..heard].last();
        self.at = last.map_or(self.at, |x| self.at.max(x.ts_recv));
        Ok(heard)
    }
}
