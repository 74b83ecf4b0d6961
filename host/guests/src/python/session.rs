//! The talk between the host and the process of one instance.
//!
//! Takes in requests; gives out answers. After the first fault the process is gone and every further request fails.

use std::time::Duration;

use backplane_engine::guest::{Fault, Replies};
use backplane_sdk::abi::Command;
use backplane_sdk::state::{LogLevel, LogLine};
use serde_bytes::Bytes;

use super::patience::Patience;
use super::process::Process;
use super::protocol::{Answer, Raised, Request};
use crate::text::one_line;

/// The most bytes of a fault's message.
const FAULT_BYTES_MAX: usize = 1_000;
/// The most commands of one call, as for every plugin.
const COMMANDS_MAX: usize = 65_536;

/// The talk with one process.
pub(super) struct Session {
    /// None after a fault.
    process: Option<Process>,
    pub(super) call_timeout: Duration,
    fault: Option<Fault>,
    /// Whether the fault is that of the first message of its call, for certain.
    is_sure: bool,
}

impl Session {
    pub(super) const fn new(process: Process, call_timeout: Duration) -> Session {
        Session {
            process: Some(process),
            call_timeout,
            fault: None,
            is_sure: false,
        }
    }

    /// The number of the process; none after a fault.
    pub(super) fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// Whether the fault is that of the first message of its call, for certain.
    pub(super) const fn is_sure(&self) -> bool {
        self.is_sure
    }

    /// The first fault.
    pub(super) const fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Asks the process; the error says in words why there is no answer.
    pub(super) fn ask(
        &mut self,
        request: &Request<'_>,
        patience: Duration,
    ) -> Result<Answer, String> {
        let Some(process) = &mut self.process else {
            return Err("its process has ended".into());
        };
        let write = |body: &mut Vec<u8>| {
            let mut serializer = rmp_serde::Serializer::new(body);
            let written = serde::Serialize::serialize(request, &mut serializer);
            written.map_err(|error| format!("writing a request: {error}"))
        };
        let body = process.ask(write, Patience::Call(patience))?;
        rmp_serde::from_slice(body).map_err(|error| format!("its answer is not valid: {error}"))
    }

    /// Asks for something that only a fault can prevent.
    pub(super) fn demand(
        &mut self,
        request: &Request<'_>,
        replies: &mut Replies,
    ) -> Result<Answer, Fault> {
        match self.ask(request, self.call_timeout) {
            Ok(Answer::Fault(raised)) => Err(self.fail_by(raised, replies)),
            Ok(answer) => Ok(answer),
            Err(reason) => Err(self.fail(Fault::new(reason))),
        }
    }

    /// Ends the process and notes why.
    #[cold]
    pub(super) fn fail(&mut self, fault: Fault) -> Fault {
        self.process = None;
        self.fault.get_or_insert(fault).clone()
    }

    /// It answered what makes no sense.
    #[cold]
    pub(super) fn fail_by_nonsense(&mut self) -> Fault {
        self.fail(Fault::new("its process answered nonsense"))
    }

    /// What the strategy raised becomes its fault, and the traceback a line of the log.
    #[cold]
    pub(super) fn fail_by(&mut self, raised: Raised, replies: &mut Replies) -> Fault {
        if !raised.3.is_empty() {
            replies.logs.push(LogLine {
                level: LogLevel::Error,
                text: raised.3.clone(),
            });
        }
        self.is_sure = true;
        self.fail(fault_of(raised))
    }

    /// Takes over commands as they stand in an answer.
    pub(super) fn take_commands(
        &mut self,
        bytes: &[u8],
        into: &mut Vec<Command>,
    ) -> Result<(), Fault> {
        let (commands, rest) = bytes.as_chunks::<80>();
        if !rest.is_empty() || commands.len() > COMMANDS_MAX {
            return Err(self.fail_by_nonsense());
        }
        into.extend(commands.iter().map(Command::from_bytes));
        Ok(())
    }

    pub(super) fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        match self.ask(&Request::Save(()), self.call_timeout) {
            Ok(Answer::Saved((version, bytes))) => Ok((version, bytes.into_vec())),
            other => Err(self.refused(other)),
        }
    }

    pub(super) fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), Fault> {
        let request = Request::Restore((version, Bytes::new(bytes)));
        match self.ask(&request, self.call_timeout) {
            Ok(Answer::Done(())) => Ok(()),
            other => Err(self.refused(other)),
        }
    }

    /// Why a state was not given or taken; what `save` or `load` raise leaves the strategy as it was.
    fn refused(&mut self, answer: Result<Answer, String>) -> Fault {
        match answer {
            Ok(Answer::Refused(reason)) => Fault::new(one_line(&reason, FAULT_BYTES_MAX)),
            Ok(Answer::Fault(raised)) => fault_of(raised),
            Ok(_) => self.fail_by_nonsense(),
            Err(reason) => self.fail(Fault::new(reason)),
        }
    }
}

/// What a strategy raised, as the engine reports it.
pub(super) fn fault_of(raised: Raised) -> Fault {
    Fault {
        message: one_line(&raised.0, FAULT_BYTES_MAX),
        file: raised.1.map(|x| one_line(&x, FAULT_BYTES_MAX)),
        line: raised.2,
    }
}

/// Log lines of an answer.
pub(super) fn take_lines(lines: Vec<(u32, String)>, replies: &mut Replies) {
    for (level, text) in lines {
        let level = LogLevel::from_code(level).unwrap_or(LogLevel::Information);
        replies.logs.push(LogLine { level, text });
    }
}
