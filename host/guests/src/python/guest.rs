//! An instance of a Python strategy.
//!
//! Takes in messages; gives out commands and log lines, or a fault.

use std::sync::Arc;

use backplane_engine::guest::{Fault, Guest, Replies};
use backplane_sdk::abi::Message;
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::Descriptor;
use serde_bytes::Bytes;

use super::feature_guest::FeatureHearing;
use super::feature_state;
use super::protocol::{Answer, Heard, Raised, Request, Wished};
use super::session::{Session, fault_of, take_lines};

/// An instance of a Python strategy, in a process of its own.
pub struct PythonGuest {
    descriptor: Arc<Descriptor>,
    pub(super) session: Session,
    hearing: Hearing,
    batch: usize,
}

/// What an instance hears.
pub(super) enum Hearing {
    /// Single messages.
    Messages(MessageHearing),
    /// Rows of features.
    Features(Box<FeatureHearing>),
}

/// What is kept between two calls of a strategy that hears single messages.
#[derive(Default)]
pub(super) struct MessageHearing {
    /// What was raised on the message after those that were heard.
    raised: Option<Raised>,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for PythonGuest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("PythonGuest");
        let shown = shown.field("name", &self.descriptor.name);
        shown
            .field("fault", &self.session.fault())
            .finish_non_exhaustive()
    }
}

impl PythonGuest {
    pub(super) const fn new(
        descriptor: Arc<Descriptor>,
        session: Session,
        hearing: Hearing,
        batch: usize,
    ) -> PythonGuest {
        PythonGuest {
            descriptor,
            session,
            hearing,
            batch,
        }
    }

    /// Asks a strategy that reads market features alone about rows, outside a run, as benches do: the target of each.
    /// `rows` holds one value a feature, row by row, all of instrument 0.
    ///
    /// # Errors
    /// What the strategy raised or did to its process.
    pub fn targets(&mut self, rows: &[f64], width: usize) -> Result<Vec<Option<i64>>, Box<Fault>> {
        let count = rows.len() / width.max(1);
        let values: Vec<u8> = rows.iter().flat_map(|x| x.to_le_bytes()).collect();
        let (instruments, times) = (vec![0; 4 * count], vec![0; 8 * count]);
        let [values, instruments, times] = [&values, &instruments, &times].map(|x| Bytes::new(x));
        let request = Request::Rows((values, instruments, times, 0));
        let answer = self.session.demand(&request, &mut Replies::default())?;
        let Answer::Wished(Wished(_, targets, _, _, raised)) = answer else {
            return Err(Box::new(self.session.fail_by_nonsense()));
        };
        if let Some(raised) = raised {
            return Err(Box::new(fault_of(raised)));
        }
        let target = |x: &[u8; 8]| f64::from_le_bytes(*x);
        let targets = targets.as_chunks::<8>().0.iter().map(target);
        Ok(targets.map(|x| (!x.is_nan()).then_some(x as i64)).collect())
    }

    /// The number of the strategy's process; none after a fault.
    pub fn process_id(&self) -> Option<u32> {
        self.session.process_id()
    }
}

impl Guest for PythonGuest {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn hear(
        &mut self,
        messages: &[Message],
        _: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        let heard = match &mut self.hearing {
            Hearing::Messages(hearing) => {
                let given = messages.len().min(self.batch);
                hearing.hear(&mut self.session, &messages[..given], replies)
            }
            Hearing::Features(hearing) => hearing.hear(&mut self.session, messages, replies),
        };
        heard.map_err(Box::new)
    }

    fn keeps_books(&self) -> bool {
        true
    }

    /// A strategy over features is asked about at most so many rows in one call, of any number of messages.
    fn batch_max(&self) -> usize {
        match self.hearing {
            Hearing::Features(_) if self.batch > 1 => super::BATCH_MAX,
            _ => self.batch,
        }
    }

    /// What is raised is told of its message; a process that dies takes the whole call with it.
    fn is_sure(&self) -> bool {
        self.session.is_sure()
    }

    /// Over rows of features it is asked about all of a call at once.
    fn looks_ahead(&self) -> bool {
        matches!(&self.hearing, Hearing::Features(hearing) if hearing.taken > hearing.heard)
    }

    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        let hearing = match &self.hearing {
            Hearing::Messages(hearing) if hearing.raised.is_some() => {
                return Err(Fault::new(
                    "it raised an exception on the message that comes next",
                ));
            }
            Hearing::Messages(_) => return self.session.save(),
            Hearing::Features(hearing) => hearing,
        };
        let known = hearing.save()?;
        let (version, own) = self.session.save()?;
        Ok((version, feature_state::join(&own, &known)))
    }

    fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), Fault> {
        let Hearing::Features(hearing) = &mut self.hearing else {
            return self.session.load(version, bytes);
        };
        let (own, known) = feature_state::split(bytes)?;
        let known = hearing.read(known).map_err(Fault::new)?;
        self.session.load(version, own)?;
        hearing.restore(known);
        Ok(())
    }
}

impl MessageHearing {
    fn hear(
        &mut self,
        session: &mut Session,
        messages: &[Message],
        replies: &mut Replies,
    ) -> Result<usize, Fault> {
        if let Some(raised) = self.raised.take() {
            return Err(session.fail_by(raised, replies));
        }
        self.bytes.clear();
        for message in messages {
            self.bytes.extend_from_slice(&message.to_bytes());
        }
        let answer = session.demand(&Request::Hear(Bytes::new(&self.bytes)), replies)?;
        let Answer::Heard(Heard(count, commands, lines, raised)) = answer else {
            return Err(session.fail_by_nonsense());
        };
        take_lines(lines, replies);
        match raised {
            Some(raised) if count == 0 => return Err(session.fail_by(raised, replies)),
            other => self.raised = other,
        }
        if count > messages.len() {
            return Err(session.fail_by_nonsense());
        }
        session.take_commands(&commands, &mut replies.commands)?;
        Ok(count)
    }
}
