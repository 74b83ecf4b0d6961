//! What a strategy over features has on the host's side, as the bytes of a saved state.
//!
//! Takes in the features, positions and wishes of an instance; gives out bytes, and all of that again from them. The
//! strategy's own state stands before it, preceded by its length. Features may be ahead of the market, with the wishes
//! for their rows: an instance that takes the state over goes on at the same message of the same market.

use backplane_engine::guest::Fault;
use backplane_sdk::abi::Command;
use backplane_sdk::by_number::ByNumber;
use backplane_sdk::features::FeatureFeed;
use backplane_sdk::saved::{Saved, Saver};
use backplane_sdk::types::{InstrumentId, Quantity, Side};

use super::feature_guest::{FeatureHearing, Open, Plan};

/// The words of eight bytes that a command has.
const COMMAND_WORDS: usize = size_of::<Command>() / 8;

/// The strategy's own state and what the host knows, as one.
pub(super) fn join(own: &[u8], known: &[u8]) -> Vec<u8> {
    let length = (own.len() as u64).to_le_bytes();
    [&length, own, known].concat()
}

/// The strategy's own state and what the host knows.
pub(super) fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    let parts = bytes.split_first_chunk().and_then(|(length, rest)| {
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        rest.split_at_checked(length)
    });
    parts.ok_or_else(|| Fault::new("the saved state ends too soon"))
}

impl FeatureHearing {
    /// What is known of the market and of own orders.
    pub(super) fn save(&self) -> Result<Vec<u8>, Fault> {
        if self.fault.is_some() || self.plans.iter().any(|x| x.raised.is_some()) {
            return Err(Fault::new(
                "it raised something on a message that is to come",
            ));
        }
        let mut saver = Saver::new();
        self.feed.save(&mut saver);
        saver.integer((self.taken - self.heard) as i64);
        saver.integer(self.plans.len() as i64);
        for plan in &self.plans {
            saver.integer((plan.message - self.heard) as i64);
            saver.integer(plan.instrument.0.into());
            saver.integer(plan.target.is_some().into());
            saver.integer(plan.target.unwrap_or_default());
            saver.integer(plan.orders.len() as i64);
            for order in &plan.orders {
                let bytes = order.to_bytes();
                let words = bytes.as_chunks::<8>().0.iter();
                words.for_each(|x| saver.integer(i64::from_le_bytes(*x)));
            }
        }
        saver.integer(self.positions.len() as i64);
        self.positions.iter().for_each(|x| saver.integer(*x));
        saver.integer(self.open.len() as i64);
        for (id, open) in self.open.numbered() {
            saver.integer(id as i64);
            saver.integer(open.instrument.0.into());
            saver.integer(open.side.code().into());
            saver.integer(open.leaves.0);
        }
        saver.integer(self.last_order_id as i64);
        Ok(saver.finish())
    }

    /// What an instance of the same features and instruments saved; it is not taken over yet.
    pub(super) fn read(&self, bytes: &[u8]) -> Result<Restored, String> {
        let mut saved = Saved::new(bytes);
        let mut feed = FeatureFeed::new(self.feed.spec().clone());
        feed.load(&mut saved)?;
        let taken = saved.integer()? as u64;
        let mut plans = Vec::new();
        for _ in 0..saved.integer()? {
            plans.push(read_plan(&mut saved)?);
        }
        let mut positions = Vec::new();
        for _ in 0..saved.integer()? {
            positions.push(saved.integer()?);
        }
        if positions.len() != self.positions.len() {
            return Err(format!(
                "the saved state knows {} instruments, but the run has {}",
                positions.len(),
                self.positions.len()
            ));
        }
        let mut open = ByNumber::default();
        for _ in 0..saved.integer()? {
            let id = saved.integer()? as u64;
            open.insert(id, read_open(&mut saved)?);
        }
        let last_order_id = saved.integer()? as u64;
        match saved.is_empty() {
            true => Ok(Restored {
                feed,
                taken,
                plans,
                positions,
                open,
                last_order_id,
            }),
            false => Err("the saved state goes on behind its end".into()),
        }
    }

    /// Goes on from what was read.
    pub(super) fn restore(&mut self, restored: Restored) {
        self.feed = restored.feed;
        (self.heard, self.taken) = (0, restored.taken);
        self.plans = restored.plans.into();
        self.positions = restored.positions;
        self.open = restored.open;
        self.last_order_id = restored.last_order_id;
        self.fault = None;
    }
}

/// A state that was read whole.
pub(super) struct Restored {
    feed: FeatureFeed,
    taken: u64,
    plans: Vec<Plan>,
    positions: Vec<i64>,
    open: ByNumber<Open>,
    last_order_id: u64,
}

fn read_plan(saved: &mut Saved<'_>) -> Result<Plan, String> {
    let message = saved.integer()? as u64;
    let instrument = read_instrument(saved)?;
    let (has_target, target) = (saved.integer()? != 0, saved.integer()?);
    let mut orders = Vec::new();
    for _ in 0..saved.integer()? {
        let mut bytes = [0; COMMAND_WORDS * 8];
        for word in bytes.as_chunks_mut::<8>().0 {
            *word = saved.integer()?.to_le_bytes();
        }
        orders.push(Command::from_bytes(&bytes));
    }
    Ok(Plan {
        message,
        instrument,
        target: has_target.then_some(target),
        orders,
        raised: None,
    })
}

fn read_open(saved: &mut Saved<'_>) -> Result<Open, String> {
    let instrument = read_instrument(saved)?;
    let code = u8::try_from(saved.integer()?).ok();
    let side = code.and_then(Side::from_code);
    Ok(Open {
        instrument,
        side: side.ok_or("the saved state has an order without a side")?,
        leaves: Quantity(saved.integer()?),
    })
}

fn read_instrument(saved: &mut Saved<'_>) -> Result<InstrumentId, String> {
    let number = u32::try_from(saved.integer()?);
    let number = number.map_err(|_| "the saved state has an instrument of no number")?;
    Ok(InstrumentId(number))
}
