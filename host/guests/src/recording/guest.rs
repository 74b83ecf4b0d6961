//! A guest whose messages are recorded.
//!
//! Takes in a guest; gives out one that behaves alike and writes down what it hears. A guest that reads lent books is lent
//! books that are kept from its messages, so that these are all that it knows of the market: what is recorded suffices.

use std::cell::RefCell;
use std::rc::Rc;

use backplane_engine::fault::Fault;
use backplane_engine::guest::{Around, Guest, Replies, given_on_each};
use backplane_sdk::abi::Message;
use backplane_sdk::book::{KeptBooks, LevelBook};

use super::RecordingWriter;

/// A guest whose messages are recorded.
pub struct RecordedGuest {
    guest: Box<dyn Guest>,
    /// None where the guest keeps its own.
    books: Option<KeptBooks>,
    recording: Rc<RefCell<RecordingWriter>>,
}

impl RecordedGuest {
    /// Records a guest.
    pub fn new(guest: Box<dyn Guest>, recording: Rc<RefCell<RecordingWriter>>) -> RecordedGuest {
        RecordedGuest {
            books: (!guest.keeps_books()).then(KeptBooks::default),
            guest,
            recording,
        }
    }

    /// A message that is in the file before a guest that reads lent books hears it.
    fn hear_one(&mut self, message: &Message, replies: &mut Replies) -> Result<usize, Box<Fault>> {
        let mut recording = self.recording.borrow_mut();
        recording.hears(message);
        let books = self.books.get_or_insert_default();
        books.hear(message);
        let before = replies.commands.len();
        let one = core::slice::from_ref(message);
        let heard = self.guest.hear(one, books.books(), replies)?;
        let given = replies.commands[before..].iter();
        given.for_each(|x| recording.gives(x));
        Ok(heard)
    }

    fn hear_batch(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        let before = replies.commands.len();
        let heard = self.guest.hear(messages, books, replies);
        let mut recording = self.recording.borrow_mut();
        let count = *heard.as_ref().unwrap_or(&1);
        let count = count.min(messages.len());
        let given = given_on_each(&replies.commands[before..], count);
        for (message, commands) in messages.iter().zip(given) {
            recording.hears(message);
            commands.iter().for_each(|x| recording.gives(x));
        }
        heard
    }
}

impl Around for RecordedGuest {
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
        match messages.first() {
            Some(message) if self.books.is_some() => self.hear_one(message, replies),
            _ => self.hear_batch(messages, books, replies),
        }
    }

    /// It hears every change of a level, so that its books are whole.
    fn keeps_books_around(&self) -> bool {
        true
    }
}
