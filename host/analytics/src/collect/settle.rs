//! Executions until what follows them is known.
//!
//! Takes in executions as they are reported, and times as they pass; gives out executions in the order of their times at
//! the exchange, each with the mids that followed it, and the round trips that it closes. Since they come out in one
//! order whatever was reported when, what one strategy did has no bearing on the figures of another.

use std::collections::{BTreeMap, VecDeque};

use backplane_engine::contract::Contract;
use backplane_engine::record::{FillRecord, InstanceId, SettlementRecord};
use backplane_sdk::types::{InstrumentId, Liquidity, Money, Price, Side};

use super::lifecycles::Sent;
use super::quotes::Quotes;
use crate::tables::schema::HORIZONS;
use crate::trades::{Execution, Lots, RoundTrip};

const COUNT: usize = HORIZONS.len();

/// An execution with what is known beyond the engine's record.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    /// The engine's record.
    pub(crate) record: FillRecord,
    /// The order's submission; none where it is not known.
    pub(crate) sent: Option<Sent>,
    /// The mid after each of [`HORIZONS`]; none where the tape had ended or a side was empty.
    pub(crate) mids: [Option<i64>; COUNT],
}

/// A round trip with what it could have lost and won at the mids meanwhile; none where there was no mid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trip {
    /// The round trip.
    pub(crate) trip: RoundTrip,
    /// The deepest loss, zero or less, and the highest gain, zero or more, before fees.
    pub(crate) excursions: Option<[Money; 2]>,
}

/// Executions that wait, and the open lots of all accounts.
#[derive(Debug)]
pub(crate) struct Settlement {
    contracts: Vec<Contract>,
    /// In the order of their times, then of their instances.
    waiting: VecDeque<Settled>,
    /// For each horizon how many of those that wait have its mid; never more for a longer horizon than for a shorter.
    noted: [usize; COUNT],
    lots: BTreeMap<(InstanceId, InstrumentId), Lots>,
    /// Changes of positions without an order that the lots do not know yet.
    changes: BTreeMap<(InstanceId, InstrumentId), VecDeque<SettlementRecord>>,
    closed: Vec<Trip>,
}

impl Settlement {
    /// Nothing waits, and nothing is held of the instruments with these contracts.
    pub(crate) fn new(contracts: Vec<Contract>) -> Settlement {
        Settlement {
            contracts,
            waiting: VecDeque::new(),
            noted: [0; COUNT],
            lots: BTreeMap::new(),
            changes: BTreeMap::new(),
            closed: Vec::new(),
        }
    }

    /// The time of the oldest execution that waits.
    pub(super) fn oldest(&self) -> i64 {
        let first = self.waiting.front();
        first.map_or(i64::MAX, |x| x.record.fill.ts_event.0)
    }

    /// Adds an execution. What is due of it already is taken from the quotes that are kept.
    pub(super) fn add(&mut self, record: &FillRecord, sent: Option<Sent>, quotes: &Quotes) {
        let key = |x: &FillRecord| (x.fill.ts_event, x.instance);
        let later = |x: &&Settled| key(&x.record) > key(record);
        let place = self.waiting.len() - self.waiting.iter().rev().take_while(later).count();
        let mut settled = Settled {
            record: *record,
            sent,
            mids: [None; COUNT],
        };
        for (number, horizon) in HORIZONS.iter().enumerate() {
            if self.noted[number] > place {
                let at = record.fill.ts_event.0.saturating_add(horizon.0);
                settled.mids[number] = quotes.mid_at(record.fill.instrument, at);
                self.noted[number] += 1;
            }
        }
        self.waiting.insert(place, settled);
    }

    /// Notes the mids of all that is due before `now`, at which the next quote is.
    pub(super) fn note_until(&mut self, now: i64, quotes: &Quotes) {
        for (number, horizon) in HORIZONS.iter().enumerate() {
            while let Some(settled) = self.waiting.get_mut(self.noted[number]) {
                let fill = &settled.record.fill;
                let due = fill.ts_event.0.saturating_add(horizon.0);
                if due >= now {
                    break;
                }
                settled.mids[number] = quotes.mid_at(fill.instrument, due);
                self.noted[number] += 1;
            }
        }
    }

    /// Notes what the tape still tells, which ends at `last`; what is due later has no mid.
    pub(super) fn end(&mut self, last: i64, quotes: &Quotes) {
        self.note_until(last.saturating_add(1), quotes);
        self.noted = [self.waiting.len(); COUNT];
    }

    /// The next execution whose every mid is noted.
    pub(super) fn take(&mut self) -> Option<Settled> {
        if self.noted[COUNT - 1] == 0 {
            return None;
        }
        for noted in &mut self.noted {
            *noted -= 1;
        }
        self.waiting.pop_front()
    }

    /// A position changed without an order.
    pub(super) fn change(&mut self, record: &SettlementRecord) {
        if record.before != record.position {
            let key = (record.instance, record.instrument);
            self.changes.entry(key).or_default().push_back(*record);
        }
    }

    /// The round trips that changes without an order close after the last execution of each account.
    pub(super) fn rest(&mut self, quotes: &Quotes) -> Vec<((InstanceId, InstrumentId), Trip)> {
        let mut rest = Vec::new();
        for (key, changes) in std::mem::take(&mut self.changes) {
            let contract = self.contracts.get(key.1.index()).copied();
            let (Some(lots), Some(contract)) = (self.lots.get_mut(&key), contract) else {
                continue;
            };
            for change in changes {
                settle(lots, &change, &contract, quotes, |trip| {
                    rest.push((key, trip))
                });
            }
        }
        rest
    }

    /// The round trips that a settled execution closes.
    pub(super) fn close(&mut self, settled: &Settled, quotes: &mut Quotes) -> &[Trip] {
        let (record, fill) = (&settled.record, &settled.record.fill);
        self.closed.clear();
        let Some(contract) = self.contracts.get(fill.instrument.index()).copied() else {
            return &self.closed;
        };
        quotes.pass(fill.instrument, fill.ts_event.0);
        let key = (record.instance, fill.instrument);
        let lots = self.lots.entry(key).or_insert_with(|| Lots::new(contract));
        let held = !lots.is_empty();
        if let Some(pending) = self.changes.get_mut(&key) {
            // At one time what takes comes after it, as the exchange has it.
            let takes = fill.liquidity == Liquidity::Taker;
            let comes = |x: &SettlementRecord| {
                x.ts_event < fill.ts_event || x.ts_event == fill.ts_event && takes
            };
            while let Some(change) = pending.front().copied().filter(comes) {
                pending.pop_front();
                settle(lots, &change, &contract, quotes, |trip| {
                    self.closed.push(trip)
                });
            }
        }
        let execution = Execution {
            at: fill.ts_event,
            side: fill.side,
            price: fill.price,
            quantity: fill.quantity,
            fee: fill.fee,
            mid: record.best.mid(),
        };
        let closed = &mut self.closed;
        lots.add(&execution, |trip| {
            let extremes = quotes.extremes(fill.instrument, trip.opened.0);
            let excursions = excursions(&trip, &contract, extremes);
            closed.push(Trip { trip, excursions });
        });
        quotes.hold(fill.instrument, held, !lots.is_empty());
        &self.closed
    }
}

/// Lets lots know of a change without an order.
fn settle(
    lots: &mut Lots,
    change: &SettlementRecord,
    contract: &Contract,
    quotes: &Quotes,
    mut closed: impl FnMut(Trip),
) {
    lots.settle((change.ts_event, change.price), change.position, |trip| {
        let extremes = quotes.extremes(change.instrument, trip.opened.0);
        let excursions = excursions(&trip, contract, extremes);
        closed(Trip { trip, excursions });
    });
}

/// What a round trip could have lost and won: at the mid when it was opened, and at those until it was closed.
fn excursions(
    trip: &RoundTrip,
    contract: &Contract,
    extremes: Option<[i64; 2]>,
) -> Option<[Money; 2]> {
    if trip.was_split {
        // Prices before and after a split do not compare.
        return None;
    }
    let first = trip.open_mid.map(|x| [x.0; 2]);
    let [low, high] = match (first, extremes) {
        (Some([a, b]), Some([c, d])) => [a.min(c), b.max(d)],
        (known, None) | (None, known) => known?,
    };
    let opened = contract.value(trip.open_price, trip.quantity);
    let gain = |price| contract.value(Price(price), trip.quantity) - opened;
    let (at_low, at_high) = (gain(low), gain(high));
    let (adverse, favorable) = match trip.side {
        Side::Buy => (at_low, at_high),
        Side::Sell => (-at_high, -at_low),
    };
    Some([adverse.min(Money::ZERO), favorable.max(Money::ZERO)])
}
