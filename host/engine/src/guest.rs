//! What the engine asks of a strategy, whatever carries it.
//!
//! Takes in messages and the books of the moment; gives out commands and log lines, or a fault. Carriers (native,
//! sandboxed, Python) implement [`Guest`] in crates of their own; [`InProcess`] is the carrier for strategies that are
//! linked into the program, as tests and benches do. Guests that stand around another one are [`Around`] it.

use backplane_sdk::Strategy;
use backplane_sdk::abi::v1::command_kind;
use backplane_sdk::abi::{Command, Message};
use backplane_sdk::book::LevelBook;
use backplane_sdk::books::Books;
use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::instance::Instance;
use backplane_sdk::params::Params;
use backplane_sdk::state::LogLine;

pub use crate::fault::Fault;

/// What a guest gives back: commands and log lines are appended in the order in which they were given.
#[derive(Debug, Default)]
pub struct Replies {
    /// The commands.
    pub commands: Vec<Command>,
    /// The log lines.
    pub logs: Vec<LogLine>,
}

impl Replies {
    /// Forgets all. Nothing is written where there is nothing, as after most calls.
    #[inline]
    pub fn clear(&mut self) {
        if !self.is_empty() {
            self.commands.clear();
            self.logs.clear();
        }
    }

    /// Whether nothing was given.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.logs.is_empty()
    }
}

/// A strategy instance on some carrier.
pub trait Guest {
    /// What the strategy says about itself.
    fn descriptor(&self) -> &Descriptor;

    /// Delivers messages in their order and gives how many were heard, at least one, and none after the first on which the
    /// guest gave a command other than a metric. `books` are those after the first message; a guest that is given more
    /// than one keeps its own ([`Guest::keeps_books`]). A metric says in its `quantity` for which of the messages it was
    /// given, from 0; whatever else was asked for belongs to the last that was heard.
    ///
    /// # Errors
    /// A fault: the guest must not be called again. It is that of the first of the messages, or of one of them where the
    /// guest cannot say of which ([`crate::summary::Outcome`] tells how many they were).
    fn hear(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>>;

    /// Whether the guest keeps books of its own instead of reading lent ones. It then hears every change of a level that
    /// it subscribed to, not only the last of an event, and may hear of the market before its time.
    fn keeps_books(&self) -> bool {
        false
    }

    /// The most messages that one call may deliver; 1 for guests that read lent books.
    fn batch_max(&self) -> usize {
        1
    }

    /// Whether the last fault was, for certain, that of the first message of its call.
    fn is_sure(&self) -> bool {
        false
    }

    /// Whether it was shown more than it heard: what it saves now is not the state of one that heard as much in other
    /// calls.
    fn looks_ahead(&self) -> bool {
        false
    }

    /// The guest's state: its version and its bytes.
    ///
    /// # Errors
    /// Says why there is none; the guest goes on.
    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault>;

    /// Takes over a saved state.
    ///
    /// # Errors
    /// Says why the bytes cannot be used; the guest is as it was.
    fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), Fault>;
}

/// What was asked for on each of the `count` messages that one call heard: a recorded value says on which, whatever else
/// was asked for belongs to the last.
pub fn given_on_each(commands: &[Command], count: usize) -> impl Iterator<Item = &[Command]> {
    let mut rest = commands;
    (0..count).map(move |place| {
        let is_last = place + 1 == count;
        let is_now =
            |x: &Command| is_last || x.kind == command_kind::METRIC && x.quantity == place as i64;
        let end = rest.iter().position(|x| !is_now(x)).unwrap_or(rest.len());
        let (now, later) = rest.split_at(end);
        rest = later;
        now
    })
}

/// A guest around another one, which looks on or changes what passes, and is the other in all else. Whoever implements
/// this is a [`Guest`].
pub trait Around {
    /// The guest within.
    type Within: Guest + ?Sized;

    /// The guest within.
    fn within(&self) -> &Self::Within;

    /// The guest within.
    fn within_mut(&mut self) -> &mut Self::Within;

    /// As [`Guest::hear`].
    ///
    /// # Errors
    /// As [`Guest::hear`].
    fn hear_around(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        self.within_mut().hear(messages, books, replies)
    }

    /// As [`Guest::descriptor`].
    fn descriptor_around(&self) -> &Descriptor {
        self.within().descriptor()
    }

    /// As [`Guest::keeps_books`].
    fn keeps_books_around(&self) -> bool {
        self.within().keeps_books()
    }

    /// As [`Guest::batch_max`].
    fn batch_max_around(&self) -> usize {
        self.within().batch_max()
    }
}

impl<A: Around> Guest for A {
    fn descriptor(&self) -> &Descriptor {
        self.descriptor_around()
    }

    #[inline]
    fn hear(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        self.hear_around(messages, books, replies)
    }

    fn keeps_books(&self) -> bool {
        self.keeps_books_around()
    }

    fn batch_max(&self) -> usize {
        self.batch_max_around()
    }

    fn is_sure(&self) -> bool {
        self.within().is_sure()
    }

    fn looks_ahead(&self) -> bool {
        self.within().looks_ahead()
    }

    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        self.within_mut().save()
    }

    fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), Fault> {
        self.within_mut().load(version, bytes)
    }
}

/// A guest of any kind, in a box.
impl Around for Box<dyn Guest> {
    type Within = dyn Guest;

    fn within(&self) -> &Self::Within {
        self.as_ref()
    }

    fn within_mut(&mut self) -> &mut Self::Within {
        self.as_mut()
    }
}

/// A strategy that is linked into this program. Its panics are not caught: it is code of the program itself.
pub struct InProcess<S> {
    descriptor: Descriptor,
    instance: Instance<S>,
    keeps_books: bool,
    batch_max: usize,
}

impl<S: Strategy> InProcess<S> {
    /// Makes an instance.
    ///
    /// # Errors
    /// What the strategy's `new` says.
    pub fn new(params: &Params) -> Result<InProcess<S>, String> {
        Ok(InProcess {
            descriptor: S::descriptor(),
            instance: Instance::new(params, false)?,
            keeps_books: false,
            batch_max: 1,
        })
    }

    /// Makes an instance that keeps its own books and hears up to `batch_max` messages, at least one, in one call.
    ///
    /// # Errors
    /// What the strategy's `new` says.
    pub fn in_batches(params: &Params, batch_max: usize) -> Result<InProcess<S>, String> {
        Ok(InProcess {
            descriptor: S::descriptor(),
            instance: Instance::new(params, true)?,
            keeps_books: true,
            batch_max: batch_max.max(1),
        })
    }

    fn hear_batch(&mut self, messages: &[Message], replies: &mut Replies) -> usize {
        for (place, message) in messages.iter().enumerate() {
            self.instance.hear(message, Books::None);
            replies.logs.extend_from_slice(self.instance.logs());
            let commands = self.instance.commands().iter();
            replies.commands.extend(commands.map(|x| x.given_on(place)));
            if self.instance.asks() {
                return place + 1;
            }
        }
        messages.len()
    }
}

impl<S: Strategy> Guest for InProcess<S> {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    #[inline]
    fn hear(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        if self.keeps_books {
            return Ok(self.hear_batch(messages, replies));
        }
        let Some(message) = messages.first() else {
            return Ok(0);
        };
        self.instance.hear(message, Books::Borrowed(books));
        if !self.instance.commands().is_empty() {
            replies.commands.extend_from_slice(self.instance.commands());
        }
        if !self.instance.logs().is_empty() {
            replies.logs.extend_from_slice(self.instance.logs());
        }
        Ok(1)
    }

    fn keeps_books(&self) -> bool {
        self.keeps_books
    }

    fn batch_max(&self) -> usize {
        self.batch_max
    }

    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        Ok((S::state_version(), self.instance.save()))
    }

    fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), Fault> {
        let loaded = self.instance.load(version, bytes);
        loaded.map_err(Fault::new)
    }
}
