//! The whole tape: all instruments, merged in the order of time.
//!
//! Takes in a [`GeneratorConfig`]; gives out an iterator of [`SourceMessage`]s that holds the live orders and the
//! messages of one event in memory, never the tape.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use backplane_sdk::types::{Instrument, Timestamp};

use super::config::{GenerateError, GeneratorConfig};
use super::flow::{Flow, FlowSettings};
use super::random::Random;
use super::shape::Shape;
use super::writer::Writer;
use crate::format::InstrumentDefinition;
use crate::message::SourceMessage;

/// The stream of random numbers from which the instruments' prices and rates are drawn; the instruments' own streams
/// have smaller numbers.
const SETTINGS_STREAM: u64 = 1 << 32;

/// A synthetic market, message by message. First the opening snapshot of each instrument, then trading, until the
/// wanted number of messages or the wanted duration is reached; the last event is always whole.
#[derive(Clone, Debug)]
pub struct Generator {
    config: GeneratorConfig,
    shape: Shape,
    flows: Vec<Flow>,
    /// The time of each instrument's next event and its number, earliest first.
    agenda: BinaryHeap<Reverse<(Timestamp, u16)>>,
    writer: Writer,
    /// The next instrument whose snapshot is to be written.
    snapshots: usize,
    /// Messages handed over since the opening snapshot.
    messages: u64,
    end: Timestamp,
}

impl Generator {
    /// A market as `config` describes it.
    pub fn new(config: GeneratorConfig) -> Result<Generator, GenerateError> {
        config.validate()?;
        let shape = Shape::new(config.resting_orders);
        let flows: Vec<Flow> = settings(&config)
            .into_iter()
            .map(|settings| Flow::new(settings, &shape))
            .collect();
        Ok(Generator {
            agenda: (0..config.instruments)
                .zip(&flows)
                .map(|(instrument, flow)| {
                    let next = flow.clock().min(config.expiration(instrument));
                    Reverse((next, instrument))
                })
                .collect(),
            flows,
            shape,
            writer: Writer::new(config.tick, config.size_unit),
            snapshots: 0,
            messages: 0,
            end: config.end(),
            config,
        })
    }

    /// The definitions of the instruments, in the order of their numbers in the messages.
    pub fn instruments(&self) -> Vec<Instrument> {
        self.config.instruments()
    }

    /// The same definitions, as a tape's metadata carries them.
    pub fn definitions(&self) -> Vec<InstrumentDefinition> {
        let instruments = self.instruments();
        let definitions = instruments.iter().map(|x| InstrumentDefinition {
            lot: self.config.lot,
            ..InstrumentDefinition::from(x)
        });
        definitions.collect()
    }

    /// What this market was made of.
    pub fn config(&self) -> &GeneratorConfig {
        &self.config
    }

    /// Writes the next snapshot or event; false at the end of the tape.
    fn advance(&mut self) -> bool {
        if let Some(flow) = self.flows.get(self.snapshots) {
            flow.snapshot(self.config.start, &mut self.writer);
            self.snapshots += 1;
            return true;
        }
        if self.messages >= self.config.messages {
            return false;
        }
        let Some(mut next) = self.agenda.peek_mut() else {
            return false;
        };
        let Reverse((time, instrument)) = *next;
        if time >= self.end {
            return false;
        }
        let expiration = self.config.expiration(instrument);
        if time >= expiration {
            PeekMut::pop(next);
            self.writer.begin(instrument, expiration, 0);
            self.writer.clear();
            self.writer.finish();
            return true;
        }
        let flow = &mut self.flows[usize::from(instrument)];
        flow.step(&self.shape, &mut self.writer);
        *next = Reverse((flow.clock().min(expiration), instrument));
        true
    }
}

impl Iterator for Generator {
    type Item = SourceMessage;

    #[inline]
    fn next(&mut self) -> Option<SourceMessage> {
        loop {
            if let Some(message) = self.writer.take() {
                self.messages += u64::from(!message.flags.is_snapshot());
                return Some(message);
            }
            if !self.advance() {
                return None;
            }
        }
    }
}

/// What each instrument starts with: the first one has the configured price and rate, the others vary around them.
fn settings(config: &GeneratorConfig) -> Vec<FlowSettings> {
    let mut random = Random::new(config.seed, SETTINGS_STREAM);
    let start_ticks = config.start_price.0 / config.tick.0;
    (0..config.instruments)
        .map(|instrument| {
            let (price_percent, rate_percent) = (75 + random.below(51), 60 + random.below(81));
            let (price_percent, rate_percent) = match instrument {
                0 => (100, 100),
                _ => (price_percent, rate_percent),
            };
            FlowSettings {
                seed: config.seed,
                instrument,
                start: config.start.0,
                start_tick: (start_ticks * i64::from(price_percent) / 100) as i32,
                messages_per_second: f64::from(config.messages_per_second)
                    * f64::from(rate_percent)
                    / 100.0,
                orders: config.resting_orders,
            }
        })
        .collect()
}
