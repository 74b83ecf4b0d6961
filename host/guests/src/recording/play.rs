//! Playing a recording to the strategy alone.
//!
//! Takes in a recording and a guest; gives out what the strategy asked for, and whether it is what it asked for in the run.

use backplane_engine::event_name;
use backplane_engine::fault::Fault;
use backplane_engine::guest::{Guest, Replies};
use backplane_engine::journal::Journal;
use backplane_sdk::abi::{Command, Message};
use backplane_sdk::book::KeptBooks;

use super::{Recording, RecordingError};

/// What came of playing a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// The messages that were heard.
    pub messages: u64,
    /// The commands that were given.
    pub commands: u64,
    /// The BLAKE3 digest of the commands and their times.
    pub digest: [u8; 32],
    /// The number of commands in the run and their digest; none where the process died before the recording was whole.
    pub recorded: Option<(u64, [u8; 32])>,
    /// Why the strategy could not go on, on which message, and of which kind it was.
    pub stopped: Option<(Fault, u64, &'static str)>,
}

impl Played {
    /// Whether the strategy gave the commands that it gave in the run; none where that is not known.
    pub fn is_same(&self) -> Option<bool> {
        let (commands, digest) = self.recorded?;
        Some((commands, digest) == (self.commands, self.digest))
    }
}

impl Recording {
    /// Plays the recording to a guest, up to and with the message of a number if one is given. `tell` is told of each
    /// message and of what the strategy asked for on it.
    ///
    /// # Errors
    /// The file cannot be read further.
    pub fn play(
        mut self,
        guest: &mut dyn Guest,
        until: Option<u64>,
        tell: &mut dyn FnMut(u64, &Message, &[Command]),
    ) -> Result<Played, RecordingError> {
        let until = until.unwrap_or(u64::MAX);
        let mut books = KeptBooks::default();
        let (mut journal, mut replies) = (Journal::default(), Replies::default());
        let mut now = i64::MIN;
        let mut played = Played {
            messages: 0,
            commands: 0,
            digest: [0; 32],
            recorded: self.whole().map(|x| (x.commands, x.digest)),
            stopped: None,
        };
        while played.messages < until
            && let Some(message) = self.next_message()?
        {
            played.messages += 1;
            now = now.max(message.ts_recv);
            books.hear(&message);
            replies.clear();
            let one = core::slice::from_ref(&message);
            if let Err(fault) = guest.hear(one, books.books(), &mut replies) {
                played.stopped = Some((*fault, played.messages, event_name(&message)));
                break;
            }
            for command in &replies.commands {
                played.commands += 1;
                journal.command(now, command);
            }
            tell(played.messages, &message, &replies.commands);
        }
        played.digest = journal.digest();
        Ok(played)
    }
}
