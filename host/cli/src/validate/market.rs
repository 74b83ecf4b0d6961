//! Markets in memory for checks: good ones, and ones that no strategy likes.
//!
//! Takes in a seed; gives out instruments and resolved rows, and a source that plays them once or again and again.

use backplane_engine::error::SourceError;
use backplane_engine::replay::{RowBatch, RowSource};
use backplane_engine::row::Columns;
use backplane_sdk::types::{Action, Flags, Instrument, InstrumentId, Price, Side, Timestamp};
use backplane_tape::generate::{Generator, GeneratorConfig};
use backplane_tape::resolve::{Conventions, FillConvention, Resolver, UnknownOrders};
use backplane_tape::{Row, SourceMessage};

/// What the messages mean.
const CONVENTIONS: Conventions = Conventions {
    fills: FillConvention::TakesOut,
    unknown_orders: UnknownOrders::Drop,
};
/// The time at which markets begin, nanoseconds since the Unix epoch.
const START: i64 = 1_704_205_800_000_000_000;
const MICROSECOND: i64 = 1_000;
const HOUR: i64 = 3_600_000_000_000;

/// Instruments and what happens to them.
pub(super) struct Market {
    pub(super) instruments: Vec<Instrument>,
    pub(super) rows: Vec<Row>,
}

/// A stream of numbers from a seed (SplitMix64).
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound.
    pub(super) const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

impl Market {
    /// A synthetic market like those of `backplane tape generate`.
    pub(super) fn generated(seed: u64, instruments: u16, messages: u64) -> Result<Market, String> {
        let config = GeneratorConfig {
            seed,
            instruments,
            messages,
            resting_orders: 400,
            ..GeneratorConfig::default()
        };
        let generator = Generator::new(config).map_err(|x| x.to_string())?;
        let instruments = generator.instruments();
        Market::of(instruments, generator)
    }

    /// A synthetic market of whose messages every fifth thousand is lost, with an hour's silence instead.
    pub(super) fn with_gaps(seed: u64) -> Result<Market, String> {
        let whole = Market::messages(seed)?;
        let numbered = whole.1.into_iter().enumerate();
        let kept = numbered.filter(|(place, _)| place / 1_000 % 5 != 4);
        let later =
            |time: Timestamp, place: usize| Timestamp(time.0 + (place / 5_000) as i64 * HOUR);
        let moved = kept.map(|(place, message)| SourceMessage {
            ts_event: later(message.ts_event, place),
            ts_recv: later(message.ts_recv, place),
            ..message
        });
        Market::of(whole.0, moved)
    }

    /// A market in which bids and asks stand crossed or locked for most of the time.
    pub(super) fn crossed(seed: u64) -> Result<Market, String> {
        let mut numbers = Numbers(seed);
        Market::scripted(&mut numbers, |numbers| Step {
            price: 1_000 + numbers.below(40) as i64,
            size: 1 + numbers.below(50) as u32,
            keeps: 30,
        })
    }

    /// A market whose sides are empty again and again.
    pub(super) fn empty(seed: u64) -> Result<Market, String> {
        let mut numbers = Numbers(seed);
        Market::scripted(&mut numbers, |numbers| Step {
            price: 1_000 + numbers.below(8) as i64,
            size: 1 + numbers.below(3) as u32,
            keeps: 1,
        })
    }

    /// A market whose prices and sizes are as small and as large as they can be, and of either sign.
    pub(super) fn extreme(seed: u64) -> Result<Market, String> {
        const PRICES: [i64; 8] = [
            1,
            -1,
            0,
            4_000_000_000_000_000_000,
            -4_000_000_000_000_000_000,
            i64::MAX - 1,
            i64::MIN + 1,
            1_000_000_000,
        ];
        const SIZES: [u32; 4] = [1, 2, 1_000_000_000, 3_000_000_000];
        let mut numbers = Numbers(seed);
        Market::scripted(&mut numbers, |numbers| Step {
            price: PRICES[numbers.below(8) as usize],
            size: SIZES[numbers.below(4) as usize],
            keeps: 1,
        })
    }

    /// One instrument and nothing that happens to it.
    pub(super) fn silent() -> Market {
        Market {
            instruments: vec![instrument()],
            rows: Vec::new(),
        }
    }

    fn messages(seed: u64) -> Result<(Vec<Instrument>, Vec<SourceMessage>), String> {
        let config = GeneratorConfig {
            seed,
            instruments: 1,
            messages: 30_000,
            resting_orders: 400,
            ..GeneratorConfig::default()
        };
        let generator = Generator::new(config).map_err(|x| x.to_string())?;
        Ok((generator.instruments(), generator.collect()))
    }

    /// A market of adds, cancels and trades without sense, as `step` draws them.
    fn scripted(
        numbers: &mut Numbers,
        step: impl Fn(&mut Numbers) -> Step,
    ) -> Result<Market, String> {
        let mut live: Vec<(u64, Side, i64, u32)> = Vec::new();
        let mut messages = Vec::new();
        let mut at = START;
        for number in 1..=20_000_u32 {
            at += numbers.below(1_000_000) as i64 * MICROSECOND;
            let Step { price, size, keeps } = step(numbers);
            let side = Side::BOTH[numbers.below(2) as usize];
            let message = SourceMessage {
                ts_event: Timestamp(at),
                ts_recv: Timestamp(at + 50 * MICROSECOND),
                order_id: u64::from(number),
                price: Price(price),
                size,
                sequence: number,
                instrument: 0,
                action: Action::Add,
                side: Some(side),
                flags: Flags(Flags::LAST),
            };
            let same = live.iter().filter(|x| x.1 == side).count();
            if same < keeps && !live.iter().any(|x| x.1 == side && x.2 == price) {
                live.push((message.order_id, side, price, size));
                messages.push(message);
            } else if !live.is_empty() {
                let gone = live.swap_remove(numbers.below(live.len() as u64) as usize);
                let action = match numbers.below(2) {
                    0 => Action::Cancel,
                    _ => Action::Fill,
                };
                let (order_id, side, price, size) = gone;
                messages.push(SourceMessage {
                    order_id,
                    price: Price(price),
                    size,
                    action,
                    side: Some(side),
                    ..message
                });
            }
        }
        Market::of(vec![instrument()], messages)
    }

    fn of(
        instruments: Vec<Instrument>,
        messages: impl IntoIterator<Item = SourceMessage>,
    ) -> Result<Market, String> {
        let mut resolver = Resolver::new(instruments.len(), CONVENTIONS);
        let mut rows = Vec::new();
        let failed = |x: &dyn std::fmt::Display| format!("the host cannot make a market: {x}");
        for message in messages {
            let resolved = resolver.push(&message).map_err(|x| failed(&x))?;
            rows.extend_from_slice(resolved);
        }
        rows.extend_from_slice(resolver.finish().map_err(|x| failed(&x))?);
        Ok(Market { instruments, rows })
    }

    /// The rows once, so many at a time.
    pub(super) const fn source(&self, batch: usize) -> Source<'_> {
        self.repeated(batch, 1)
    }

    /// The rows again and again, each time after the end of the time before.
    pub(super) const fn repeated(&self, batch: usize, times: u32) -> Source<'_> {
        Source {
            rows: self.rows.as_slice(),
            batch,
            times,
            at: 0,
            round: 0,
        }
    }
}

/// What a script draws for its next message.
struct Step {
    price: i64,
    size: u32,
    /// How many orders rest on a side.
    keeps: usize,
}

fn instrument() -> Instrument {
    Instrument {
        id: InstrumentId(0),
        symbol: "CHECK".into(),
        tick: Price(1),
        multiplier: 1_000_000_000,
        currency: "USD".into(),
        expiration: Timestamp::MAX,
    }
}

/// Rows as the engine reads them.
pub(super) struct Source<'a> {
    rows: &'a [Row],
    batch: usize,
    times: u32,
    at: usize,
    round: u32,
}

impl RowSource for Source<'_> {
    fn next(&mut self, batch: &mut RowBatch) -> Result<bool, SourceError> {
        if self.at == self.rows.len() {
            self.round += 1;
            self.at = 0;
        }
        if self.round >= self.times || self.rows.is_empty() {
            return Ok(false);
        }
        let end = (self.at + self.batch).min(self.rows.len());
        let rows = &self.rows[self.at..end];
        self.at = end;
        let (first, last) = (self.rows[0], self.rows[self.rows.len() - 1]);
        let long = (last.ts_recv.max(last.ts_event) - first.ts_event) / HOUR * HOUR + HOUR;
        let later = i64::from(self.round) * long;
        let behind = self.round * self.rows.len() as u32;
        macro_rules! column {
            ($row:ident => $value:expr) => {
                &rows.iter().map(|$row| $value).collect::<Vec<_>>()
            };
        }
        batch.extend(&Columns {
            ts_event: column!(x => x.ts_event + later),
            ts_recv: column!(x => x.ts_recv + later),
            price: column!(x => x.price),
            size: column!(x => x.size),
            level_size: column!(x => x.level_size),
            priority: column!(x => if x.priority == 0 { 0 } else { x.priority + behind }),
            instrument: column!(x => x.instrument),
            action: column!(x => x.action),
            side: column!(x => x.side),
            flags: column!(x => x.flags),
            signals: column!(x => x.signals),
            rank: column!(x => x.rank),
            order_id: column!(x => x.order_id),
            sequence: column!(x => x.sequence),
        });
        Ok(true)
    }
}
