//! A guest that says what a strategy said before.
//!
//! Takes in the checkpoints of a strategy; gives out a guest that gives what was given on each message up to the newest
//! checkpoint, and the state that was saved then. It is followed by the strategy itself
//! ([`SucceededGuest`](crate::succession::SucceededGuest)).

use std::collections::VecDeque;

use backplane_engine::fault::Fault;
use backplane_engine::guest::{Guest, Replies};
use backplane_sdk::abi::{Command, Message, v1::command_kind};
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::state::{LogLevel, LogLine};

use super::{CheckpointFile, Said};

/// A guest that says what a strategy said before.
#[derive(Debug)]
pub struct ScriptedGuest {
    descriptor: Descriptor,
    keeps_books: bool,
    batch_max: usize,
    said: VecDeque<Said>,
    heard: u64,
    state_version: u32,
    state: Vec<u8>,
}

impl ScriptedGuest {
    /// What was said up to the newest checkpoint, in the way in which the strategy itself is carried.
    pub fn new(file: &CheckpointFile, strategy: &dyn Guest) -> ScriptedGuest {
        let mut script = ScriptedGuest {
            descriptor: strategy.descriptor().clone(),
            keeps_books: strategy.keeps_books(),
            batch_max: strategy.batch_max(),
            said: VecDeque::new(),
            heard: 0,
            state_version: 0,
            state: Vec::new(),
        };
        for checkpoint in file.checkpoints.iter().cloned() {
            script.said.extend(checkpoint.said);
            script.state_version = checkpoint.state_version;
            script.state = checkpoint.state.into_vec();
        }
        script
    }

    /// Gives what was said on the message that is heard now; whether that ends a call: all but metrics does, and log lines
    /// belong to the end of the call in which they were logged.
    fn give(&mut self, place: usize, replies: &mut Replies) -> bool {
        if self.said.front().is_none_or(|x| x.message != self.heard) {
            return false;
        }
        let Some(said) = self.said.pop_front() else {
            return false;
        };
        let (commands, _) = said.commands.as_chunks::<80>();
        let commands = commands.iter().map(Command::from_bytes);
        let commands: Vec<Command> = commands.map(|x| x.given_on(place)).collect();
        let is_request = |x: &Command| x.kind != command_kind::METRIC;
        let ends = commands.iter().any(is_request) || !said.logs.is_empty();
        replies.commands.extend(commands);
        let logs = said.logs.into_iter().map(|(level, text)| LogLine {
            level: LogLevel::from_code(level).unwrap_or(LogLevel::Information),
            text,
        });
        replies.logs.extend(logs);
        ends
    }
}

impl Guest for ScriptedGuest {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn hear(
        &mut self,
        messages: &[Message],
        _: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        for place in 0..messages.len() {
            self.heard += 1;
            if self.give(place, replies) {
                return Ok(place + 1);
            }
        }
        Ok(messages.len())
    }

    fn keeps_books(&self) -> bool {
        self.keeps_books
    }

    fn batch_max(&self) -> usize {
        self.batch_max
    }

    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        Ok((self.state_version, self.state.clone()))
    }

    fn load(&mut self, _: u32, _: &[u8]) -> Result<(), Fault> {
        Err(Fault::new("what was said before cannot be changed"))
    }
}
