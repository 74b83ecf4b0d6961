//! Guests around a guest: one that is saved and made anew on its way, one that hears in small batches, one that is
//! watched.
//!
//! Takes in a guest; gives out one that must do the same.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use backplane_engine::guest::{Around, Fault, Guest, Replies};
use backplane_sdk::abi::{Command, Message, v1::command_kind, v1::kind};
use backplane_sdk::book::LevelBook;

/// Makes another instance of the same strategy.
pub(super) type Make = Box<dyn Fn() -> Result<Box<dyn Guest>, String>>;

/// What is done with a guest's state on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is saved, and goes on.
    Save,
    /// It is saved, and another instance that loads what was saved goes on.
    Replace,
    /// It is given bytes that are no state of it, and goes on.
    LoadNonsense,
}

/// A guest of whose state something is done again and again.
pub(super) struct Turning {
    guest: Box<dyn Guest>,
    make: Make,
    turn: Turn,
    every: u64,
    heard: u64,
    /// What defined the instruments.
    definitions: Vec<Message>,
}

impl Turning {
    /// A guest of which something is done every so many messages.
    pub(super) fn new(make: Make, turn: Turn, every: u64) -> Result<Turning, String> {
        Ok(Turning {
            guest: make()?,
            make,
            turn,
            every,
            heard: 0,
            definitions: Vec::new(),
        })
    }

    fn turn(&mut self) -> Result<(), Box<Fault>> {
        let (version, bytes) = self.guest.save()?;
        match self.turn {
            Turn::Save => {}
            Turn::Replace => {
                let fault = |x| Box::new(Fault::new(x));
                self.guest = (self.make)().map_err(fault)?;
                let mut replies = Replies::default();
                for message in &self.definitions {
                    self.guest.hear(&[*message], &[], &mut replies)?;
                }
                self.guest.load(version, &bytes)?;
            }
            Turn::LoadNonsense => {
                let cut = &bytes[..bytes.len() / 2];
                let noise: Vec<u8> = (0..=255).cycle().take(1_000).collect();
                let long = [bytes.as_slice(), &noise].concat();
                for (what, version, nonsense) in [
                    ("half of its state", version, cut),
                    ("a thousand bytes of noise", version, &noise),
                    ("its state with noise behind it", version, &long),
                    (
                        "a version that it does not know",
                        version.wrapping_add(1_000),
                        &bytes,
                    ),
                ] {
                    let is_state = nonsense == bytes && what != "a version that it does not know";
                    if !is_state && self.guest.load(version, nonsense).is_ok() {
                        return Err(Box::new(Fault::new(format!("it took {what} for a state"))));
                    }
                }
                // After a fault, which is no refusal, it does not take its own state either.
                self.guest.load(version, &bytes)?;
            }
        }
        Ok(())
    }
}

impl Around for Turning {
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
        let Some(message) = messages.first() else {
            return Ok(0);
        };
        if message.kind == kind::DEFINITION {
            self.definitions.push(*message);
        }
        self.guest.hear(&messages[..1], books, replies)?;
        self.heard += 1;
        let is_told = message.kind != kind::DEFINITION && message.kind != kind::STOP;
        if is_told && self.heard.is_multiple_of(self.every) {
            self.turn()?;
        }
        Ok(1)
    }
}

/// A guest whose saved state is weighed when the run ends.
pub(super) struct Weighed {
    guest: Box<dyn Guest>,
    bytes: Rc<Cell<usize>>,
}

impl Weighed {
    pub(super) fn new(guest: Box<dyn Guest>) -> (Weighed, Rc<Cell<usize>>) {
        let bytes = Rc::default();
        let weighed = Weighed {
            guest,
            bytes: Rc::clone(&bytes),
        };
        (weighed, bytes)
    }
}

impl Around for Weighed {
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
        if messages.first().is_some_and(|x| x.kind == kind::STOP) {
            self.bytes.set(self.guest.save()?.1.len());
        }
        self.guest.hear(messages, books, replies)
    }
}

/// What a guest did.
#[derive(Debug, Default)]
pub(super) struct Conduct {
    pub(super) messages: u64,
    pub(super) orders: u64,
    /// Metrics that are no finite numbers, or of no declared series.
    pub(super) odd_metrics: u64,
    pub(super) lines: u64,
    /// The most commands of one call.
    pub(super) commands_max: usize,
}

/// A guest that is watched, and hears at most so many messages in one call.
pub(super) struct Watched {
    guest: Box<dyn Guest>,
    most: usize,
    conduct: Rc<RefCell<Conduct>>,
}

impl Watched {
    pub(super) fn new(guest: Box<dyn Guest>, most: usize) -> (Watched, Rc<RefCell<Conduct>>) {
        let conduct = Rc::default();
        let watched = Watched {
            guest,
            most,
            conduct: Rc::clone(&conduct),
        };
        (watched, conduct)
    }
}

impl Around for Watched {
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
        let messages = &messages[..messages.len().min(self.most)];
        let (commands, lines) = (replies.commands.len(), replies.logs.len());
        let heard = self.guest.hear(messages, books, replies)?;
        let given = &replies.commands[commands..];
        let mut conduct = self.conduct.borrow_mut();
        conduct.messages += heard as u64;
        conduct.lines += (replies.logs.len() - lines) as u64;
        conduct.commands_max = conduct.commands_max.max(given.len());
        let is_order = |x: &&Command| x.kind == command_kind::SUBMIT;
        conduct.orders += given.iter().filter(is_order).count() as u64;
        let series = self.guest.descriptor().metrics.len() as u64;
        let is_odd = |x: &&Command| {
            let is_finite = f64::from_bits(x.price as u64).is_finite();
            x.kind == command_kind::METRIC && !(is_finite && x.id < series)
        };
        conduct.odd_metrics += given.iter().filter(is_odd).count() as u64;
        Ok(heard)
    }

    fn batch_max_around(&self) -> usize {
        self.guest.batch_max().min(self.most)
    }
}
