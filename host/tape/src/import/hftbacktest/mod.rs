//! hftbacktest: `.npy` and `.npz` files of its 64-byte events, of price levels (L2) or of orders (L3).
//!
//! Takes in the files of one instrument, of one day or many; gives out one tape, the files one after the other in the
//! order of their first rows. They are read twice: first to know tick and lot, the greatest common divisors of prices and
//! of quantities, which the files hold as floats.
//!
//! hftbacktest keeps two orders of events in one array: rows that are known to the exchange and rows that are known
//! locally; an event that overtook another stands twice. The rows that are known locally are all events, in the order
//! in which they were heard, and these are taken. Rows of equal times are one atomic event.
//!
//! | code | what becomes of it |
//! |---|---|
//! | 1, 4 | a level from now on, 4 of a snapshot |
//! | 2 | a trade; its side is the aggressor's |
//! | 3 | the side's levels from the best through the price are gone; both sides where it names none |
//! | 5 | the side's best level: better ones are gone |
//! | 10, 11, 12 | an order added, cancelled, modified |
//! | 13 | a fill, which the cancel or modification after it takes out of the book |

mod event;
mod npy;

use std::path::Path;

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp};

use super::importer::{Head, Importer};
use super::inputs::Inputs;
use super::part::Part;
use super::session::Session;
use super::{ImportOptions, ImportReport, Progress};
use crate::divisor::greatest_common_divisor;
use crate::error::TapeError;
use crate::format::{Header, InstrumentDefinition, LOT_WHOLE, Source};
use crate::message::{LevelMessage, LevelSays, SourceMessage};
use crate::resolve::{Conventions, FillConvention, UnknownOrders};
use event::billionths;
use npy::{Event, Npy};

/// The importer, for the table.
pub(super) const IMPORTER: Importer = Importer {
    name: "hftbacktest",
    about: "hftbacktest .npy and .npz of 64-byte events, levels or orders",
    is_feed: false,
    recognizes,
    import: hftbacktest,
};

/// What a message of this source does to the book.
const CONVENTIONS: Conventions = Conventions {
    fills: FillConvention::Announces,
    unknown_orders: UnknownOrders::Drop,
};

fn recognizes(head: &Head<'_>) -> bool {
    head.bytes.starts_with(npy::MAGIC)
}

/// Imports the files of one instrument.
fn hftbacktest(
    inputs: &Inputs,
    options: &ImportOptions,
    progress: &mut Progress<'_>,
) -> Result<ImportReport, TapeError> {
    let first = inputs.first().shown.as_path();
    let mut survey = Survey::default();
    let mut parts = Vec::new();
    for part in inputs.parts()? {
        if let Some(begins) = survey.read(&part)? {
            parts.push((begins, part));
        }
    }
    parts.sort_by_key(|(begins, _)| *begins);
    let Some((_, first_part)) = parts.first() else {
        return Err(TapeError::input(first, "it holds no rows"));
    };
    if survey.has_orders && survey.has_levels {
        let why = "it holds orders and price levels; import one kind at a time";
        return Err(TapeError::input(first, why));
    }
    let header = Header {
        instruments: vec![survey.definition(first_part.shown(), options)?],
        source: Source {
            from: options.source_name("hftbacktest"),
            inputs: inputs.describe()?,
            ..Source::default()
        },
    };
    let lot = header.instruments[0].lot;
    let mut session = match survey.has_orders {
        true => Session::orders(&header, CONVENTIONS, options, progress)?,
        false => Session::levels(&header, options, progress)?,
    };
    let mut bytes = read(&parts, lot, survey.has_orders, &mut session)?;
    for _ in 1..options.repetitions() {
        session.repeat()?;
        bytes = read(&parts, lot, survey.has_orders, &mut session)?;
    }
    let written = session.finish(bytes)?;
    let notes = vec![
        "the files name neither instrument nor currency, tick nor lot; `--symbols`, `--currency` and `--tick` do, the lot \
         is what all quantities are multiples of"
            .to_owned(),
    ];
    Ok(ImportReport::new(options, header, written, notes))
}

/// What the first reading finds.
#[derive(Default)]
struct Survey {
    tick: u64,
    lot: u64,
    has_orders: bool,
    has_levels: bool,
}

impl Survey {
    /// Reads a whole file; gives the local time of its first row.
    fn read(&mut self, part: &Part) -> Result<Option<i64>, TapeError> {
        let mut file = Npy::open(part)?;
        let mut begins = None;
        while let Some(event) = file.next()? {
            if event.ev & event::LOCAL == 0 {
                continue;
            }
            begins = begins.or(Some(event.local_ts));
            let code = event.ev as u8;
            self.has_orders |= (event::ADD_ORDER..=event::FILL).contains(&code);
            let is_level = matches!(
                code,
                event::DEPTH | event::DEPTH_SNAPSHOT | event::DEPTH_BBO
            );
            self.has_levels |= is_level;
            if is_level || matches!(code, event::ADD_ORDER | event::MODIFY_ORDER) {
                self.tick = greatest_common_divisor(
                    self.tick,
                    decimal(&file, "price", event.px)?.unsigned_abs(),
                );
            }
            if code != event::DEPTH_CLEAR {
                self.lot = greatest_common_divisor(
                    self.lot,
                    decimal(&file, "quantity", event.qty)?.unsigned_abs(),
                );
            }
        }
        Ok(begins)
    }

    fn definition(
        &self,
        path: &Path,
        options: &ImportOptions,
    ) -> Result<InstrumentDefinition, TapeError> {
        let positive = |value: u64| i64::try_from(value).ok().filter(|value| *value > 0);
        let lot = positive(self.lot).unwrap_or(LOT_WHOLE);
        let symbol = match options.symbols.as_slice() {
            [] => symbol_of(path),
            [symbol] => symbol.clone(),
            _ => {
                let why = "the files are of one instrument; name one symbol".to_owned();
                return Err(TapeError::Request { why });
            }
        };
        let worth = i128::from(options.multiplier.unwrap_or(LOT_WHOLE));
        let multiplier = worth * i128::from(lot) / i128::from(LOT_WHOLE);
        Ok(InstrumentDefinition {
            symbol,
            tick: options
                .tick
                .map_or(positive(self.tick).unwrap_or(1), |tick| tick.0),
            multiplier: i64::try_from(multiplier).unwrap_or(i64::MAX),
            currency: options.currency.clone().unwrap_or_else(|| "USD".to_owned()),
            tick_inferred: options.tick.is_none(),
            lot,
            ..InstrumentDefinition::default()
        })
    }
}

/// The name of a file without its ending and the date after its last underscore.
fn symbol_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.as_ref();
    let stem = name.split('.').next().unwrap_or(name);
    match stem.rsplit_once('_') {
        Some((symbol, date)) if date.bytes().all(|byte| byte.is_ascii_digit()) => symbol,
        _ => stem,
    }
    .to_owned()
}

fn decimal(file: &Npy, name: &str, value: f64) -> Result<i64, TapeError> {
    billionths(value).ok_or_else(|| file.wrong(format!("its {name} cannot be {value}")))
}

/// Reads all files from their beginnings to their ends; gives the bytes read.
fn read(
    parts: &[(i64, Part)],
    lot: i64,
    has_orders: bool,
    session: &mut Session<'_, '_>,
) -> Result<u64, TapeError> {
    let mut bytes: u64 = 0;
    for (_, part) in parts {
        let mut file = Npy::open(part)?;
        let mut next = next_local(&mut file)?;
        while let Some(event) = next {
            let following = next_local(&mut file)?;
            let times = |event: Event| (event.exch_ts, event.local_ts);
            let is_last = following.map(times) != Some(times(event));
            let row = Row {
                event,
                lot,
                flags: Flags(if is_last { Flags::LAST } else { 0 }),
            };
            let read = bytes.saturating_add(file.bytes());
            match has_orders {
                true => session.push(&row.order(&file)?, read)?,
                false => row.levels(&file, session, read)?,
            }
            next = following;
        }
        bytes = bytes.saturating_add(file.bytes());
    }
    Ok(bytes)
}

/// The next row that is known locally.
fn next_local(file: &mut Npy) -> Result<Option<Event>, TapeError> {
    while let Some(event) = file.next()? {
        if event.ev & event::LOCAL != 0 {
            return Ok(Some(event));
        }
    }
    Ok(None)
}

/// A row, and whether it ends its event.
struct Row {
    event: Event,
    lot: i64,
    flags: Flags,
}

impl Row {
    fn side(&self) -> Option<Side> {
        match self.event.ev & (event::BUY | event::SELL) {
            event::BUY => Some(Side::Buy),
            event::SELL => Some(Side::Sell),
            _ => None,
        }
    }

    fn price(&self, file: &Npy) -> Result<Price, TapeError> {
        decimal(file, "price", self.event.px).map(Price)
    }

    fn size(&self, file: &Npy) -> Result<u32, TapeError> {
        let size = decimal(file, "quantity", self.event.qty)? / self.lot;
        u32::try_from(size).map_err(|_| {
            let quantity = self.event.qty;
            file.wrong(format!(
                "its quantity {quantity} is {size} lots of {}, which no row can say",
                Price(self.lot)
            ))
        })
    }

    fn known_side(&self, file: &Npy) -> Result<Side, TapeError> {
        self.side()
            .ok_or_else(|| file.wrong("it names no side, or both"))
    }

    fn unknown(&self, file: &Npy) -> TapeError {
        file.wrong(format!(
            "its event code {} is not known",
            self.event.ev as u8
        ))
    }

    /// What the row says of an order.
    fn order(&self, file: &Npy) -> Result<SourceMessage, TapeError> {
        let action = match self.event.ev as u8 {
            event::ADD_ORDER => Action::Add,
            event::CANCEL_ORDER => Action::Cancel,
            event::MODIFY_ORDER => Action::Modify,
            event::FILL => Action::Fill,
            event::TRADE => Action::Trade,
            event::DEPTH_CLEAR => Action::Clear,
            _ => return Err(self.unknown(file)),
        };
        let is_clear = action == Action::Clear;
        Ok(SourceMessage {
            ts_event: Timestamp(self.event.exch_ts),
            ts_recv: Timestamp(self.event.local_ts),
            order_id: self.event.order_id,
            price: match is_clear {
                true => Price::UNDEFINED,
                false => self.price(file)?,
            },
            size: match is_clear {
                true => 0,
                false => self.size(file)?,
            },
            sequence: 0,
            instrument: 0,
            action,
            side: self.side(),
            flags: self.flags,
        })
    }

    /// Pushes what the row says of the price levels.
    fn levels(
        &self,
        file: &Npy,
        session: &mut Session<'_, '_>,
        bytes: u64,
    ) -> Result<(), TapeError> {
        let code = self.event.ev as u8;
        let level = || -> Result<LevelSays<'static>, TapeError> {
            Ok(LevelSays::Level {
                side: self.known_side(file)?,
                price: self.price(file)?,
                size: self.size(file)?,
            })
        };
        let mut push = |says: LevelSays<'_>, flags: Flags| {
            let message = LevelMessage {
                ts_event: Timestamp(self.event.exch_ts),
                ts_recv: Timestamp(self.event.local_ts),
                sequence: 0,
                instrument: 0,
                flags,
                says,
            };
            session.level(&message, bytes)
        };
        match code {
            event::DEPTH => push(level()?, self.flags),
            event::DEPTH_SNAPSHOT => push(level()?, Flags(self.flags.0 | Flags::SNAPSHOT)),
            event::TRADE => {
                let trade = LevelSays::Trade {
                    price: self.price(file)?,
                    size: self.size(file)?,
                    aggressor: self.side(),
                };
                push(trade, self.flags)
            }
            event::DEPTH_CLEAR => match self.side() {
                None => push(LevelSays::Clear, self.flags),
                Some(side) => {
                    let through = self.price(file)?;
                    push(LevelSays::Gone { side, through }, self.flags)
                }
            },
            event::DEPTH_BBO => {
                let (side, price) = (self.known_side(file)?, self.price(file)?);
                let through = match side {
                    Side::Buy => price.plus(Price(1)),
                    Side::Sell => price.minus(Price(1)),
                };
                let within = Flags(self.flags.0 & !Flags::LAST);
                push(LevelSays::Gone { side, through }, within)?;
                push(level()?, self.flags)
            }
            _ => Err(self.unknown(file)),
        }
    }
}
