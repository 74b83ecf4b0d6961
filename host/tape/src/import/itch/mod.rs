//! NASDAQ TotalView-ITCH 5.0: every order, execution and halt of a trading day.
//!
//! Takes in files of one or more days, of which stocks can be chosen with `--symbols`; gives out a tape of orders. The
//! files are read twice: first for the stocks that have orders or trades, then to resolve. Days follow each other in the
//! order of their dates; each begins with empty books.
//!
//! | type | what becomes of it |
//! |---|---|
//! | R | the stock's symbol |
//! | H, h | its trading status; h only of NASDAQ's own market |
//! | A, F | an order is added |
//! | E | a fill, which is the print too |
//! | C | printable: a print at the message's price, and a fill of the order; not printable: the order leaves without a print, which the message of the cross brings |
//! | X, D | part of an order, or all that is left of it, is cancelled |
//! | U | a cancel and an add, one atomic event |
//! | P | a trade of an order that was not displayed; since 2014-07-14 NASDAQ does not say its side |
//! | Q | a trade without an aggressor |
//! | B | counted: prints of trades that were taken back stay |
//!
//! Other types say nothing that a tape holds. The source has one clock: messages are received when they happen.

mod file;
mod message;

use std::collections::BTreeMap;

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp, TradingStatus};

use super::importer::{Head, Importer};
use super::inputs::Inputs;
use super::part::Part;
use super::session::Session;
use super::{ImportOptions, ImportReport, Progress};
use crate::error::TapeError;
use crate::format::{Header, InstrumentDefinition, Source};
use crate::message::{SourceMessage, StatusMessage};
use crate::resolve::{Conventions, FillConvention, UnknownOrders};
use crate::time_zone::{Date, new_york};
use file::{ItchFile, date_of};
use message::{Executed, Message};

/// The importer, for the table.
pub(super) const IMPORTER: Importer = Importer {
    name: "itch",
    about: "NASDAQ TotalView-ITCH 5.0 binary",
    recognizes,
    import: itch,
};

/// What a message of this source does to the book.
const CONVENTIONS: Conventions = Conventions {
    fills: FillConvention::TakesOut,
    unknown_orders: UnknownOrders::Drop,
};
/// A cent, the smallest step of prices above a dollar, in units of 1e-9.
const CENT: i64 = 10_000_000;
/// The smallest step of prices below a dollar, in units of 1e-9.
const SUB_DOLLAR_TICK: i64 = 100_000;
/// From this day on trades of orders that were not displayed bear no side.
const SIDELESS_SINCE: Date = Date {
    year: 2014,
    month: 7,
    day: 14,
};

fn recognizes(head: &Head<'_>) -> bool {
    file::is_itch(head.bytes)
}

/// Imports days.
fn itch(
    inputs: &Inputs,
    options: &ImportOptions,
    progress: &mut Progress<'_>,
) -> Result<ImportReport, TapeError> {
    let mut days = Vec::new();
    let mut stocks: BTreeMap<String, Stock> = BTreeMap::new();
    let mut broken: u64 = 0;
    let parts = inputs.parts()?;
    if options.date.is_some() && parts.len() > 1 {
        let why = "`--date` is of one file; name several as NASDAQ does".to_owned();
        return Err(TapeError::Request { why });
    }
    for part in parts {
        let date = date(&part, options)?;
        broken = broken.saturating_add(survey(&part, options, &mut stocks)?);
        days.push((date, part));
    }
    days.sort_by_key(|(date, _)| *date);
    stocks.retain(|_, stock| stock.is_traded);
    if stocks.is_empty() {
        let why = match options.symbols.is_empty() {
            true => "it holds no orders and no trades".to_owned(),
            false => format!(
                "it holds no orders or trades of {}",
                options.symbols.join(", ")
            ),
        };
        return Err(TapeError::input(&inputs.first().shown, why));
    }
    let header = Header {
        instruments: stocks
            .iter()
            .map(|(symbol, stock)| stock.definition(symbol, options))
            .collect(),
        source: Source {
            from: options.source_name("itch"),
            inputs: inputs.describe()?,
        },
    };
    let places: BTreeMap<String, u16> = stocks.into_keys().zip(0..).collect();
    let mut session = Session::orders(&header, CONVENTIONS, options, progress)?;
    let mut bytes = read(&days, &places, &mut session)?;
    for _ in 1..options.repetitions() {
        session.repeat()?;
        bytes = read(&days, &places, &mut session)?;
    }
    let written = session.finish(bytes)?;
    let mut notes = Vec::new();
    if broken > 0 {
        notes.push(format!(
            "{broken} trades were taken back later in the day; their prints are on the tape"
        ));
    }
    Ok(ImportReport::new(options, header, written, notes))
}

/// The day of a file: what the user said, or what its name says.
fn date(part: &Part, options: &ImportOptions) -> Result<Date, TapeError> {
    let request = |why: String| TapeError::Request { why };
    match &options.date {
        Some(text) => Date::parse(text)
            .ok_or_else(|| request(format!("`--date {text}` is no day such as 2019-01-30"))),
        None => date_of(part.name()).ok_or_else(|| {
            let why = "neither its name nor its messages say of which day it is; say `--date`, or call it like \
                       01302019.NASDAQ_ITCH50";
            TapeError::input(part.shown(), why)
        }),
    }
}

/// What the first reading finds of a stock.
#[derive(Default)]
struct Stock {
    is_traded: bool,
    is_sub_penny: bool,
}

impl Stock {
    fn definition(&self, symbol: &str, options: &ImportOptions) -> InstrumentDefinition {
        let tick = match self.is_sub_penny {
            true => SUB_DOLLAR_TICK,
            false => CENT,
        };
        let default = InstrumentDefinition::default();
        InstrumentDefinition {
            symbol: symbol.to_owned(),
            tick: options.tick.map_or(tick, |tick| tick.0),
            multiplier: options.multiplier.unwrap_or(default.multiplier),
            currency: options.currency.clone().unwrap_or_else(|| "USD".to_owned()),
            venue: "XNAS".to_owned(),
            ..default
        }
    }
}

fn symbol_of(stock: [u8; 8]) -> String {
    String::from_utf8_lossy(&stock).trim_end().to_owned()
}

/// Reads a whole file and notes the stocks that have orders or trades; gives the number of broken trades.
fn survey(
    part: &Part,
    options: &ImportOptions,
    stocks: &mut BTreeMap<String, Stock>,
) -> Result<u64, TapeError> {
    let mut file = ItchFile::open(part)?;
    let mut found: BTreeMap<u16, (String, Stock)> = BTreeMap::new();
    let mut broken: u64 = 0;
    while let Some((head, message)) = file.next()? {
        match message {
            Message::Directory { stock } => {
                let symbol = symbol_of(stock);
                if options.wants(&symbol) {
                    found
                        .entry(head.locate)
                        .or_insert_with(|| (symbol, Stock::default()));
                }
            }
            Message::Add { price, .. } | Message::Replace { price, .. } => {
                if let Some((_, stock)) = found.get_mut(&head.locate) {
                    stock.is_traded = true;
                    stock.is_sub_penny |= price.0 % CENT != 0;
                }
            }
            Message::Trade { .. } | Message::Cross { shares: 1.., .. } => {
                if let Some((_, stock)) = found.get_mut(&head.locate) {
                    stock.is_traded = true;
                }
            }
            Message::Broken => broken = broken.saturating_add(1),
            _ => {}
        }
    }
    for (symbol, stock) in found.into_values() {
        let known = stocks.entry(symbol).or_default();
        known.is_traded |= stock.is_traded;
        known.is_sub_penny |= stock.is_sub_penny;
    }
    Ok(broken)
}

/// Reads all days from their beginnings to their ends; gives the bytes read.
fn read(
    days: &[(Date, Part)],
    places: &BTreeMap<String, u16>,
    session: &mut Session<'_, '_>,
) -> Result<u64, TapeError> {
    let mut bytes: u64 = 0;
    for (number, (date, part)) in days.iter().enumerate() {
        let mut day = Day {
            file: ItchFile::open(part)?,
            date: *date,
            places: vec![None; usize::from(u16::MAX) + 1],
            clears: number > 0,
        };
        day.read(places, bytes, session)?;
        bytes = bytes.saturating_add(day.file.bytes());
    }
    Ok(bytes)
}

/// A day that is being read.
struct Day {
    file: ItchFile,
    date: Date,
    /// The tape's place of each of the day's numbers.
    places: Vec<Option<u16>>,
    /// Whether the books of the day before are to be emptied.
    clears: bool,
}

impl Day {
    fn read(
        &mut self,
        places: &BTreeMap<String, u16>,
        bytes_before: u64,
        session: &mut Session<'_, '_>,
    ) -> Result<(), TapeError> {
        while let Some((head, message)) = self.file.next()? {
            let bytes = bytes_before.saturating_add(self.file.bytes());
            let time = new_york(self.date, head.time);
            if std::mem::take(&mut self.clears) {
                for instrument in places.values() {
                    let clear = self.message(time, *instrument, Action::Clear, Price::UNDEFINED);
                    session.push(&clear, bytes)?;
                }
            }
            let locate = usize::from(head.locate);
            if let Message::Directory { stock } = message {
                self.places[locate] = places.get(&symbol_of(stock)).copied();
                continue;
            }
            if let Some(instrument) = self.places[locate] {
                self.tell(time, instrument, message, session, bytes)?;
            }
        }
        Ok(())
    }

    /// A message that is an event by itself.
    fn message(
        &self,
        time: Timestamp,
        instrument: u16,
        action: Action,
        price: Price,
    ) -> SourceMessage {
        SourceMessage {
            ts_event: time,
            ts_recv: time,
            order_id: 0,
            price,
            size: 0,
            sequence: self.sequence(),
            instrument,
            action,
            side: None,
            flags: Flags(Flags::LAST),
        }
    }

    /// The number of the message in its file; the tape's column ends at 4,294,967,295.
    fn sequence(&self) -> u32 {
        u32::try_from(self.file.messages()).unwrap_or(u32::MAX)
    }

    /// Pushes what a message says of a stock.
    fn tell(
        &self,
        time: Timestamp,
        instrument: u16,
        message: Message,
        session: &mut Session<'_, '_>,
        bytes: u64,
    ) -> Result<(), TapeError> {
        let basic = |action, price| self.message(time, instrument, action, price);
        let mut told = match message {
            Message::Add {
                order,
                side,
                shares,
                price,
            } => vec![added(order, side, shares, basic(Action::Add, price))],
            Message::Executed(executed) => {
                let known = session.order(instrument, executed.order);
                execution(executed, known, basic)
            }
            Message::Cancel { order, shares } => {
                let known = session.order(instrument, order);
                vec![cancel(order, shares, known, basic)]
            }
            Message::Replace {
                order,
                new,
                shares,
                price,
            } => {
                let known = session.order(instrument, order);
                let old = cancel(order, None, known, basic);
                // The side is that of the old order; where that is not known, nothing can be added.
                let added =
                    known.map(|(side, _)| added(new, side, shares, basic(Action::Add, price)));
                std::iter::once(old).chain(added).collect()
            }
            Message::Trade {
                side,
                shares,
                price,
            } => {
                let side = side.filter(|_| self.date < SIDELESS_SINCE);
                vec![SourceMessage {
                    side: side.map(Side::opposite),
                    size: shares,
                    ..basic(Action::Trade, price)
                }]
            }
            Message::Cross {
                shares: shares @ 1..,
                price,
            } => vec![self.cross(shares, basic(Action::Trade, price))?],
            Message::Status(status) => {
                return session.status(&self.status(time, instrument, status), bytes);
            }
            Message::Cross { .. }
            | Message::Directory { .. }
            | Message::Broken
            | Message::Other => Vec::new(),
        };
        // The messages of one message of the source are one atomic event.
        if let Some((_, before)) = told.split_last_mut() {
            before.iter_mut().for_each(|x| x.flags = Flags(0));
        }
        told.iter()
            .try_for_each(|message| session.push(message, bytes))
    }

    /// The print of an auction.
    fn cross(&self, shares: u64, print: SourceMessage) -> Result<SourceMessage, TapeError> {
        let size = u32::try_from(shares).map_err(|_| {
            let why = format!("no row can say a cross of {shares} shares");
            self.file.wrong(why)
        })?;
        Ok(SourceMessage { size, ..print })
    }

    fn status(&self, time: Timestamp, instrument: u16, status: TradingStatus) -> StatusMessage {
        StatusMessage {
            ts_event: time,
            ts_recv: time,
            sequence: self.sequence(),
            instrument,
            status,
        }
    }
}

/// The side of an order and what is left of it, where the order is known.
type Known = Option<(Side, u32)>;

fn added(order_id: u64, side: Side, size: u32, message: SourceMessage) -> SourceMessage {
    SourceMessage {
        order_id,
        side: Some(side),
        size,
        ..message
    }
}

/// The messages of an execution: its print where it has a price of its own, then what it takes out.
fn execution(
    executed: Executed,
    known: Known,
    basic: impl Fn(Action, Price) -> SourceMessage,
) -> Vec<SourceMessage> {
    let action = match executed.is_printed {
        true => Action::Fill,
        false => Action::Cancel,
    };
    let taken = SourceMessage {
        order_id: executed.order,
        size: executed.shares,
        ..basic(action, Price::UNDEFINED)
    };
    let print = match (executed.price, known) {
        (Some(price), Some((side, _))) if executed.is_printed => Some(SourceMessage {
            size: executed.shares,
            side: Some(side.opposite()),
            ..basic(Action::Trade, price)
        }),
        _ => None,
    };
    print.into_iter().chain([taken]).collect()
}

/// The cancel of some shares of an order, or of all that is left.
fn cancel(
    order: u64,
    shares: Option<u32>,
    known: Known,
    basic: impl Fn(Action, Price) -> SourceMessage,
) -> SourceMessage {
    let left = known.map_or(1, |(_, left)| left);
    SourceMessage {
        order_id: order,
        size: shares.unwrap_or(left),
        ..basic(Action::Cancel, Price::UNDEFINED)
    }
}
