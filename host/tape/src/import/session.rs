//! An import that is running: messages go in, the tape grows.
//!
//! Takes in messages of orders, price levels and trading status in tape order; gives out a tape. Orders are resolved,
//! and seen as price levels where such a tape is asked for; price levels are compared with what is known of them. An
//! importer of orders begins with [`Session::orders`], one of price levels, quotes, trades or bars with
//! [`Session::levels`].

use backplane_sdk::book::Level;
use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp};

use super::repetitions::Repetitions;
use super::{ImportOptions, Progress};
use crate::error::TapeError;
use crate::format::{Header, TapeSchema};
use crate::levels::{LevelMaker, LevelView};
use crate::message::{LevelMessage, LevelSays, SourceMessage, StatusMessage};
use crate::resolve::{Conventions, Resolver};
use crate::row::Row;
use crate::statistics::{Published, Resolution};
use crate::writer::{TapeWriter, Written};

/// Messages between two calls of the progress callback.
const PROGRESS_MESSAGES: u64 = 65_536;

/// What makes rows of messages.
enum Maker {
    /// Of orders; of price levels where they are asked for.
    Orders(Box<Resolver>, Option<LevelView>),
    /// Of price levels.
    Levels(LevelMaker),
}

/// An import that is running.
pub(crate) struct Session<'a, 'b> {
    maker: Maker,
    writer: TapeWriter,
    progress: &'a mut Progress<'b>,
    messages: u64,
    repetitions: Repetitions,
}

impl<'a, 'b> Session<'a, 'b> {
    /// Begins a tape of a source that shows orders.
    ///
    /// # Errors
    /// The tape cannot be begun.
    pub(crate) fn orders(
        header: &Header,
        conventions: Conventions,
        options: &ImportOptions,
        progress: &'a mut Progress<'b>,
    ) -> Result<Session<'a, 'b>, TapeError> {
        let instruments = header.instruments.len();
        let schema = options.schema.unwrap_or(TapeSchema::Mbo);
        let view = match schema {
            TapeSchema::Mbo => None,
            TapeSchema::Mbp => Some(LevelView::new(instruments)),
        };
        let resolver = Box::new(Resolver::new(instruments, conventions));
        let maker = Maker::Orders(resolver, view);
        Session::begin(header, maker, schema, options, progress)
    }

    /// Begins a tape of a source that shows price levels or trades, and no orders.
    ///
    /// # Errors
    /// The tape cannot be begun, or orders are asked for.
    pub(crate) fn levels(
        header: &Header,
        options: &ImportOptions,
        progress: &'a mut Progress<'b>,
    ) -> Result<Session<'a, 'b>, TapeError> {
        if options.schema == Some(TapeSchema::Mbo) {
            let why = "the source shows no orders, so it cannot make a tape of them; leave `--schema mbo` away";
            return Err(TapeError::Request {
                why: why.to_owned(),
            });
        }
        let maker = Maker::Levels(LevelMaker::new(header.instruments.len()));
        Session::begin(header, maker, TapeSchema::Mbp, options, progress)
    }

    fn begin(
        header: &Header,
        maker: Maker,
        schema: TapeSchema,
        options: &ImportOptions,
        progress: &'a mut Progress<'b>,
    ) -> Result<Session<'a, 'b>, TapeError> {
        Ok(Session {
            maker,
            writer: TapeWriter::create(&options.output, header, schema, options.overwrite)?,
            progress,
            messages: 0,
            repetitions: Repetitions::new(header.instruments.len()),
        })
    }

    /// Resolves and writes a message of an order; `bytes` were read so far of this repetition of the input.
    pub(crate) fn push(&mut self, message: &SourceMessage, bytes: u64) -> Result<(), TapeError> {
        let (ts_event, ts_recv) =
            self.repetitions
                .place(message.ts_event, message.ts_recv, bytes)?;
        let message = SourceMessage {
            ts_event,
            ts_recv,
            ..*message
        };
        if let Maker::Orders(resolver, view) = &mut self.maker {
            write(resolver.push(&message)?, view, &mut self.writer)?;
        }
        self.count();
        Ok(())
    }

    /// Writes what a message of price levels changes; `bytes` were read so far of this repetition of the input.
    pub(crate) fn level(
        &mut self,
        message: &LevelMessage<'_>,
        bytes: u64,
    ) -> Result<(), TapeError> {
        let (ts_event, ts_recv) =
            self.repetitions
                .place(message.ts_event, message.ts_recv, bytes)?;
        let message = LevelMessage {
            ts_event,
            ts_recv,
            ..*message
        };
        if let Maker::Levels(maker) = &mut self.maker {
            for row in maker.push(&message)? {
                self.writer.push(row)?;
            }
        }
        self.count();
        Ok(())
    }

    /// Writes a change of trading status; `bytes` were read so far of this repetition of the input. Where an atomic event
    /// is open, the status comes after it.
    pub(crate) fn status(&mut self, message: &StatusMessage, bytes: u64) -> Result<(), TapeError> {
        let (ts_event, ts_recv) =
            self.repetitions
                .place(message.ts_event, message.ts_recv, bytes)?;
        let message = StatusMessage {
            ts_event,
            ts_recv,
            ..*message
        };
        match &mut self.maker {
            Maker::Orders(resolver, view) => {
                write(resolver.status(&message)?, view, &mut self.writer)?;
            }
            Maker::Levels(maker) => {
                for row in maker.status(&message)? {
                    self.writer.push(row)?;
                }
            }
        }
        self.count();
        Ok(())
    }

    fn count(&mut self) {
        self.messages = self.messages.saturating_add(1);
        if self.messages.is_multiple_of(PROGRESS_MESSAGES) {
            (self.progress)(self.writer.rows(), self.repetitions.bytes());
        }
    }

    /// Ends a repetition of the input, and begins the next one after its end with empty books.
    pub(crate) fn repeat(&mut self) -> Result<(), TapeError> {
        self.finish_messages()?;
        self.repetitions.advance()?;
        for (time, instrument) in self.repetitions.clears() {
            match &self.maker {
                Maker::Orders(..) => self.push(&clear(time, instrument), 0)?,
                Maker::Levels(_) => self.level(&clear_levels(time, instrument), 0)?,
            }
        }
        Ok(())
    }

    /// Ends the open event of an instrument.
    pub(crate) fn end_event(&mut self, instrument: u16) -> Result<(), TapeError> {
        if let Maker::Orders(resolver, view) = &mut self.maker {
            write(resolver.end_event(instrument)?, view, &mut self.writer)?;
        }
        Ok(())
    }

    /// Notes a statistic that an exchange published.
    pub(crate) fn publish(&mut self, published: Published) -> Result<(), TapeError> {
        self.writer.publish(published)
    }

    /// The levels of an instrument's side after the last finished event, best first.
    pub(crate) fn levels_of(&self, instrument: u16, side: Side) -> &[Level] {
        match &self.maker {
            Maker::Orders(resolver, _) => resolver.levels(instrument, side),
            Maker::Levels(maker) => maker.levels(instrument, side),
        }
    }

    /// The side of an order and what is left of it after the last finished event; none where it is not in the book.
    pub(crate) fn order(&self, instrument: u16, order_id: u64) -> Option<(Side, u32)> {
        match &self.maker {
            Maker::Orders(resolver, _) => resolver.order(instrument, order_id),
            Maker::Levels(_) => None,
        }
    }

    /// What was noticed so far, for importers to add what they notice.
    pub(crate) fn resolution_mut(&mut self) -> &mut Resolution {
        match &mut self.maker {
            Maker::Orders(resolver, _) => resolver.resolution_mut(),
            Maker::Levels(maker) => maker.resolution_mut(),
        }
    }

    fn finish_messages(&mut self) -> Result<(), TapeError> {
        match &mut self.maker {
            Maker::Orders(resolver, view) => write(resolver.finish()?, view, &mut self.writer),
            Maker::Levels(maker) => {
                let rows = maker.finish()?;
                rows.iter().try_for_each(|row| self.writer.push(row))
            }
        }
    }

    /// Resolves what is left and gives the tape its name; `bytes` were read of the last repetition of the input.
    pub(crate) fn finish(mut self, bytes: u64) -> Result<Written, TapeError> {
        self.finish_messages()?;
        self.repetitions.read(bytes);
        (self.progress)(self.writer.rows(), self.repetitions.bytes());
        let (resolution, crossed) = match self.maker {
            Maker::Orders(resolver, view) => {
                let crossed = view.map_or(resolver.crossed(), |view| view.crossed());
                (resolver.resolution().clone(), crossed)
            }
            Maker::Levels(maker) => (maker.resolution().clone(), maker.crossed()),
        };
        self.writer.finish(resolution, crossed)
    }
}

/// Writes order-level rows, or what the view shows of them.
fn write(
    rows: &[Row],
    view: &mut Option<LevelView>,
    writer: &mut TapeWriter,
) -> Result<(), TapeError> {
    let Some(view) = view else {
        return rows.iter().try_for_each(|row| writer.push(row));
    };
    rows.iter()
        .try_for_each(|row| view.push(row).iter().try_for_each(|row| writer.push(row)))
}

const fn clear(time: Timestamp, instrument: u16) -> SourceMessage {
    SourceMessage {
        ts_event: time,
        ts_recv: time,
        order_id: 0,
        price: Price::UNDEFINED,
        size: 0,
        sequence: 0,
        instrument,
        action: Action::Clear,
        side: None,
        flags: Flags(Flags::LAST),
    }
}

const fn clear_levels(time: Timestamp, instrument: u16) -> LevelMessage<'static> {
    LevelMessage {
        ts_event: time,
        ts_recv: time,
        sequence: 0,
        instrument,
        flags: Flags(Flags::LAST),
        says: LevelSays::Clear,
    }
}
