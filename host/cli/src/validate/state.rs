//! Checks of saved state, on which hot reload and checkpoints stand.
//!
//! Takes in a plugin; gives out whether an instance that was made anew from saved bytes goes on as if nothing had
//! happened.

use super::market::Market;
use super::subject::{Play, Subject};
use super::twins::{Turn, Turning};
use super::{Check, Miss, loaded};

pub(super) const CHECKS: &[Check] = &[
    loaded("saves", "being saved changes nothing", saves),
    loaded(
        "save-and-load",
        "saved and loaded by another instance it goes on the same way",
        replaces,
    ),
    loaded(
        "loads-nonsense",
        "bytes that are no state are refused, and it goes on",
        nonsense,
    ),
    loaded(
        "state-size",
        "its state does not grow with what it hears",
        size,
    ),
];

/// How many messages pass from one turn to the next; prime, so that turns meet every phase of a strategy.
const EVERY: u64 = 997;
/// The most bytes of state at a second look, where they were fewer at the first.
const STATE_GROWTH_MAX: usize = 64 << 10;

fn turned(subject: &Subject, turn: Turn) -> Result<String, Miss> {
    let market = Market::generated(subject.seed, 1, 40_000)?;
    let play = Play::delayed(subject.seed, 100_000);
    let straight = subject.alone(&market, &play)?;
    let every = EVERY.min(straight.messages / 4).max(1);
    let turning = Turning::new(subject.maker()?, turn, every)?;
    let turned = subject.of_one(&market, Box::new(turning), &play)?;
    let times = straight.messages / every;
    match straight.digest == turned.digest {
        true => Ok(format!("{times} times")),
        false => Err(format!(
            "it went another way, with {} orders and {} fills instead of {} and {}: `save` must give all that decides, and `load` take it back",
            turned.orders, turned.fills, straight.orders, straight.fills
        )
        .into()),
    }
}

fn saves(subject: &Subject) -> Result<String, Miss> {
    turned(subject, Turn::Save)
}

fn replaces(subject: &Subject) -> Result<String, Miss> {
    turned(subject, Turn::Replace)
}

fn nonsense(subject: &Subject) -> Result<String, Miss> {
    turned(subject, Turn::LoadNonsense)
}

fn size(subject: &Subject) -> Result<String, Miss> {
    let sizes = [40_000, 400_000].map(|messages| {
        let market = Market::generated(subject.seed, 1, messages)?;
        subject.state_after(&market)
    });
    let [short, long] = sizes;
    let (short, long) = (short?, long?);
    match long.saturating_sub(short) > STATE_GROWTH_MAX {
        true => Err(format!(
            "{short} bytes after 40,000 messages of a market, {long} after 400,000"
        )
        .into()),
        false => Ok(format!("{long} bytes")),
    }
}
