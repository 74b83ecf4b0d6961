//! A guest that is replaced while it runs.
//!
//! Takes in a guest and the versions that are to take over; gives out one guest to the engine. Between two messages the
//! old version saves its state and the new one loads it; order numbers, position and open orders go on, because they are
//! part of what every strategy is told. A version that cannot take over changes nothing: the old one goes on.

use backplane_engine::fault::Fault;
use backplane_engine::guest::{Around, Guest, Replies};
use backplane_sdk::abi::{Message, v1::kind};
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::types::Flags;

/// When one version took over from another, or could not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The number of the first message that the new version hears, counted from 1 as the strategy hears them where it is
    /// not recorded.
    pub message: u64,
    /// When the last message before was heard, nanoseconds since the Unix epoch; the lowest number before the first.
    pub at: i64,
    /// The version of the state that was handed over.
    pub state_version: u32,
    /// The bytes of that state.
    pub state_bytes: u64,
    /// Why the new version could not take over; the old one went on.
    pub refused: Option<String>,
}

/// The versions that are to take over, one after the other.
pub trait Succession {
    /// The number of the message before which the next version is to take over at the earliest, if it is known. No call
    /// reaches beyond it.
    fn planned(&self) -> Option<u64>;

    /// The version that is to take over before the message of this number; none mostly.
    fn successor(&mut self, number: u64) -> Option<Result<Box<dyn Guest>, String>>;

    /// A version took over, or could not.
    ///
    /// # Errors
    /// The fault for which the strategy is to stop, where a version that could not take over had to.
    fn ended(&mut self, handover: &Handover) -> Result<(), Fault>;
}

/// A guest that is replaced while it runs.
pub struct SucceededGuest<S> {
    guest: Box<dyn Guest>,
    descriptor: Descriptor,
    succession: S,
    /// What defined the instruments: a new version hears it first.
    definitions: Vec<Message>,
    heard: u64,
    at: i64,
}

impl<S: Succession> SucceededGuest<S> {
    /// A guest and those that follow it.
    pub fn new(guest: Box<dyn Guest>, succession: S) -> SucceededGuest<S> {
        SucceededGuest {
            descriptor: guest.descriptor().clone(),
            guest,
            succession,
            definitions: Vec::new(),
            heard: 0,
            at: i64::MIN,
        }
    }

    #[cold]
    fn hand_over(&mut self, made: Result<Box<dyn Guest>, String>) -> Result<(), Fault> {
        let mut handover = Handover {
            message: self.heard + 1,
            at: self.at,
            state_version: 0,
            state_bytes: 0,
            refused: None,
        };
        match self.take_over(made, &mut handover) {
            Ok(successor) => self.guest = successor,
            Err(why) => handover.refused = Some(why),
        }
        self.succession.ended(&handover)
    }

    fn take_over(
        &mut self,
        made: Result<Box<dyn Guest>, String>,
        handover: &mut Handover,
    ) -> Result<Box<dyn Guest>, String> {
        let mut successor = made?;
        let (old, new) = (&self.descriptor, successor.descriptor());
        if old.subscriptions != new.subscriptions {
            return Err("it subscribes to something else; start the run anew".into());
        }
        if old.metrics != new.metrics {
            return Err("it records other series; start the run anew".into());
        }
        if self.guest.keeps_books() != successor.keeps_books() {
            return Err("it is carried in another way; start the run anew".into());
        }
        let saved = self.guest.save();
        let (version, bytes) =
            saved.map_err(|fault| format!("the old version cannot save its state: {fault}"))?;
        handover.state_version = version;
        handover.state_bytes = bytes.len() as u64;
        let mut replies = Replies::default();
        for message in &self.definitions {
            let one = core::slice::from_ref(message);
            let heard = successor.hear(one, &[], &mut replies);
            heard.map_err(|fault| format!("it cannot be told of the instruments: {fault}"))?;
        }
        let loaded = successor.load(version, &bytes);
        loaded.map_err(|fault| format!("it cannot load the state: {fault}"))?;
        Ok(successor)
    }

    fn note(&mut self, heard: &[Message]) {
        // Messages are counted as a guest hears them that reads lent books, recorded or not: one that is recorded is told
        // of every change of a level besides, of which its books are made.
        let keeps_books = self.guest.keeps_books();
        let counts =
            |x: &&Message| keeps_books || x.kind != kind::LEVEL || Flags(x.flags).is_last();
        self.heard += heard.iter().filter(counts).count() as u64;
        if let Some(last) = heard.last() {
            self.at = self.at.max(last.ts_recv);
        }
        // Definitions come first of all, one a call or many.
        let is_definition = |x: &&Message| x.kind == kind::DEFINITION;
        self.definitions.extend(heard.iter().filter(is_definition));
    }
}

impl<S: Succession> Around for SucceededGuest<S> {
    type Within = dyn Guest;

    fn within(&self) -> &Self::Within {
        self.guest.as_ref()
    }

    fn within_mut(&mut self) -> &mut Self::Within {
        self.guest.as_mut()
    }

    /// That of the first version, whose series and subscriptions all have.
    fn descriptor_around(&self) -> &Descriptor {
        &self.descriptor
    }

    fn hear_around(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        let first = self.heard + 1;
        let is_planned = self.succession.planned().is_some_and(|x| x <= first);
        // Where the old version was shown what comes, one that is not planned waits until that was heard: the same
        // takeover can be planned afterwards.
        if (is_planned || !self.guest.looks_ahead())
            && let Some(made) = self.succession.successor(first)
        {
            self.hand_over(made)?;
        }
        let planned = self.succession.planned().unwrap_or(u64::MAX);
        let until = usize::try_from(planned.saturating_sub(first)).unwrap_or(usize::MAX);
        // One that was planned before is due, and was asked for; at least one message is heard.
        let messages = &messages[..messages.len().min(until.max(1))];
        let heard = self.guest.hear(messages, books, replies);
        let count = *heard.as_ref().unwrap_or(&1);
        self.note(&messages[..count.min(messages.len())]);
        heard
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    /// Was shown three messages more than it heard, until it heard three.
    struct Ahead {
        descriptor: Descriptor,
        heard: u64,
    }

    impl Ahead {
        fn boxed() -> Box<dyn Guest> {
            Box::new(Ahead {
                descriptor: Descriptor::new("ahead", "1"),
                heard: 0,
            })
        }
    }

    impl Guest for Ahead {
        fn descriptor(&self) -> &Descriptor {
            &self.descriptor
        }

        fn hear(
            &mut self,
            messages: &[Message],
            _: &[LevelBook],
            _: &mut Replies,
        ) -> Result<usize, Box<Fault>> {
            self.heard += messages.len() as u64;
            Ok(messages.len())
        }

        fn looks_ahead(&self) -> bool {
            (1..3).contains(&self.heard)
        }

        fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
            Ok((0, self.heard.to_le_bytes().to_vec()))
        }

        fn load(&mut self, _: u32, bytes: &[u8]) -> Result<(), Fault> {
            self.heard = u64::from_le_bytes(bytes.try_into().unwrap());
            Ok(())
        }
    }

    /// Versions that are planned before a message, or named from a message on.
    struct Once {
        planned: Option<u64>,
        named: Option<u64>,
        ended: Rc<RefCell<Vec<Handover>>>,
    }

    impl Succession for Once {
        fn planned(&self) -> Option<u64> {
            self.planned
        }

        fn successor(&mut self, number: u64) -> Option<Result<Box<dyn Guest>, String>> {
            let due = |x: &mut Option<u64>| x.take_if(|x| *x <= number);
            due(&mut self.planned)
                .or_else(|| due(&mut self.named))
                .map(|_| Ok(Ahead::boxed()))
        }

        fn ended(&mut self, handover: &Handover) -> Result<(), Fault> {
            self.ended.borrow_mut().push(handover.clone());
            Ok(())
        }
    }

    /// Before which message a version takes over.
    fn taken_over(planned: Option<u64>, named: Option<u64>) -> Vec<u64> {
        let ended = Rc::default();
        let once = Once {
            planned,
            named,
            ended: Rc::clone(&ended),
        };
        let mut guest = SucceededGuest::new(Ahead::boxed(), once);
        for _ in 0..6 {
            let message = Message::from_bytes(&[0; 64]);
            guest
                .hear(&[message], &[], &mut Replies::default())
                .unwrap();
        }
        let ended = ended.borrow();
        ended.iter().map(|x| x.message).collect()
    }

    #[test]
    fn a_named_version_waits_until_all_that_was_shown_is_heard_and_a_planned_one_does_not() {
        assert_eq!(taken_over(None, Some(1)), [1]);
        assert_eq!(taken_over(None, Some(2)), [4]);
        assert_eq!(taken_over(None, Some(5)), [5]);
        assert_eq!(taken_over(Some(2), None), [2]);
    }
}
