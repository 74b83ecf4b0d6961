//! The records of LEAN's files.
//!
//! Takes in records of ticks and bars, whose fields have no heading; gives out updates. Quotes of equities
//! are the national best prices, one side a record (seen in five days of BAC: never crossed, a cent apart in 96 of 100). Bars become prints and best prices at their end: see
//! the feeds' bars.

use backplane_sdk::types::Side;

use super::name::{Content, Name, Resolution, Security};
use crate::import::feed::{Bar, BarQueue, Decimal, LevelSet, Others, Print, Quotes, Update};
use crate::import::part::Part;
use crate::import::tables::{Record, RecordReader, decimal, text};
use crate::time_zone::{Date, new_york};

/// Nanoseconds in a millisecond.
const MILLISECOND: i64 = 1_000_000;
/// Prices of equities are written in units of 1e-4.
const EQUITY_PRICES: i128 = 10_000;

/// Reads files of one content of one instrument.
pub(super) struct Reader {
    /// What the updates call the instrument.
    symbol: String,
    name: Name,
    /// Price and size of the best bid and of the best ask, where they are known.
    best: [Option<(Decimal, Decimal)>; 2],
    bars: BarQueue,
    empty: u64,
    suspicious: u64,
}

impl Reader {
    /// A reader of files like one of this name.
    pub(super) fn new(symbol: String, name: Name) -> Reader {
        Reader {
            symbol,
            name,
            best: [None, None],
            bars: BarQueue::default(),
            empty: 0,
            suspicious: 0,
        }
    }

    /// When a record begins: UTC of its first field.
    fn time(&self, record: &dyn Record) -> Result<i64, String> {
        let field = text(record, 0);
        let wrong = || format!("its time {field:?} is none");
        let (date, since_midnight) = match (self.name.date, field.split_once(' ')) {
            (None, Some((date, clock))) => {
                let date = super::name::compact_date(date).ok_or_else(wrong)?;
                (
                    date,
                    crate::time_zone::time_of_day(clock).ok_or_else(wrong)?,
                )
            }
            (Some(date), None) => {
                let millis = Decimal::parse(field.as_bytes()).ok_or_else(wrong)?;
                let nanos = millis.0 / (Decimal::ONE.0 / i128::from(MILLISECOND));
                let nanos = i64::try_from(nanos)
                    .ok()
                    .filter(|time| (0..=90_000_000_000_000).contains(time));
                (date, nanos.ok_or_else(wrong)?)
            }
            _ => return Err(wrong()),
        };
        Ok(self.utc(date, since_midnight))
    }

    /// Equities' clocks are New York's; a day of daily bars is a day of UTC, so that days are whole bars of a tape.
    fn utc(&self, date: Date, since_midnight: i64) -> i64 {
        match (self.name.security, self.name.resolution) {
            (Security::Equity, resolution) if resolution != Resolution::Daily => {
                new_york(date, since_midnight).0
            }
            _ => date.midnight().saturating_add(since_midnight),
        }
    }

    fn price(&self, record: &dyn Record, place: usize) -> Result<Decimal, String> {
        let price = decimal(record, place, "price")?;
        match self.name.security {
            Security::Equity => Ok(Decimal(price.0 / EQUITY_PRICES)),
            _ => Ok(price),
        }
    }

    fn trade_tick(&mut self, record: &dyn Record, update: &mut Update) -> Result<bool, String> {
        let (price, size) = (self.price(record, 1)?, decimal(record, 2, "quantity")?);
        self.suspicious += u64::from(is_suspicious(record, 5));
        if size == Decimal::default() {
            self.empty += 1;
            return Ok(false);
        }
        update.prints.push(Print {
            price,
            size,
            aggressor: None,
        });
        Ok(true)
    }

    /// The best price of one side, at whatever exchange it is: such ticks name the side that changed.
    fn quote_tick(&mut self, record: &dyn Record, update: &mut Update) -> Result<bool, String> {
        if self.name.security == Security::Forex {
            return self.two_prices(record, update);
        }
        self.suspicious += u64::from(is_suspicious(record, 7));
        for (side, price, size) in [(Side::Buy, 1, 2), (Side::Sell, 3, 4)] {
            let (price, size) = (self.price(record, price)?, decimal(record, size, "size")?);
            // A price of zero says nothing of its side.
            if price != Decimal::default() {
                self.best[side.index()] = Some((price, size));
            }
        }
        update.others = Others::Go;
        for side in Side::BOTH {
            if let Some((price, size)) = self.best[side.index()] {
                update.levels.push(LevelSet { side, price, size });
            }
        }
        Ok(true)
    }

    /// A quote without sizes: one unit rests at each price.
    fn two_prices(&mut self, record: &dyn Record, update: &mut Update) -> Result<bool, String> {
        update.others = Others::Go;
        for (side, place) in [(Side::Buy, 1), (Side::Sell, 2)] {
            let price = self.price(record, place)?;
            update.levels.push(LevelSet {
                side,
                price,
                size: Decimal::ONE,
            });
        }
        Ok(true)
    }

    fn bar(
        &mut self,
        record: &dyn Record,
        interval: i64,
        update: &mut Update,
    ) -> Result<bool, String> {
        let begins = self.time(record)?;
        let prices = |first: usize| -> Result<[Decimal; 4], String> {
            let [open, high, low, close] =
                [first, first + 1, first + 2, first + 3].map(|place| self.price(record, place));
            Ok([open?, high?, low?, close?])
        };
        let ends = begins
            .checked_add(interval)
            .ok_or("its time is out of range")?;
        match self.name.content {
            Content::Quote => {
                let side = |first: usize| -> Result<Option<(Bar, Decimal)>, String> {
                    if record.field(first).is_empty() {
                        return Ok(None);
                    }
                    let has_size = !record.field(first + 4).is_empty();
                    let size = if has_size {
                        decimal(record, first + 4, "size")?
                    } else {
                        Decimal::ONE
                    };
                    Ok(Some((Bar::of(prices(first)?)?, size)))
                };
                let quotes = Quotes {
                    bid: side(1)?,
                    ask: side(6)?,
                };
                self.bars.quotes(&self.symbol, ends, &quotes);
            }
            _ => {
                let volume = decimal(record, 5, "volume")?;
                self.bars
                    .trades(&self.symbol, ends, &Bar::of(prices(1)?)?, Some(volume));
            }
        }
        Ok(self.bars.take(update))
    }
}

fn is_suspicious(record: &dyn Record, place: usize) -> bool {
    record.field(place) == b"1"
}

impl RecordReader for Reader {
    fn begin(&mut self, part: &Part, _: &dyn Record) -> Result<bool, String> {
        let name = super::name_of(part).ok_or("its path does not say what it is")?;
        self.name = name;
        Ok(false)
    }

    fn read(&mut self, record: &dyn Record, update: &mut Update) -> Result<bool, String> {
        if let Some(interval) = self.name.resolution.nanos() {
            return self.bar(record, interval, update);
        }
        let time = self.time(record)?;
        update.begin(&self.symbol, time, time);
        match self.name.content {
            Content::Trade => self.trade_tick(record, update),
            _ => self.quote_tick(record, update),
        }
    }

    fn more(&mut self, update: &mut Update) -> bool {
        self.bars.take(update)
    }

    fn noticed(&self) -> Vec<(&'static str, u64)> {
        let counts = [
            ("ticks of no size were left away", self.empty),
            (
                "ticks are marked as suspicious, and are there like all others",
                self.suspicious,
            ),
        ];
        let bars = self.bars.noticed();
        counts
            .into_iter()
            .chain(bars)
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}
