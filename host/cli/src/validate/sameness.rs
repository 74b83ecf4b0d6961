//! Checks that the same run goes the same way.
//!
//! Takes in a plugin; gives out whether its digest depends on anything that it must not depend on.

use backplane_engine::guest::Guest;

use super::market::{Market, Numbers};
use super::subject::{Play, Subject};
use super::twins::Watched;
use super::{Check, Miss, loaded};

/// The check that is made in two processes, whose words are compared.
pub(super) const APART: &str = "repeats-apart";

pub(super) const CHECKS: &[Check] = &[
    loaded(
        "repeats",
        "three runs in one process go the same way",
        repeats,
    ),
    loaded(
        APART,
        "a run in another process goes the same way",
        repeats_apart,
    ),
    loaded(
        "batches",
        "batches of 1, 16, 256 and 1024 go the same way",
        batches,
    ),
    loaded(
        "company",
        "beside other instances it goes the same way",
        company,
    ),
    loaded("threads", "on another thread it goes the same way", threads),
];

const LATENCY: i64 = 100_000;

fn market(subject: &Subject) -> Result<Market, Miss> {
    Ok(Market::generated(subject.seed, 2, 40_000)?)
}

fn play(subject: &Subject) -> Play {
    Play::delayed(subject.seed, LATENCY)
}

fn hex(digest: &[u8; 32]) -> String {
    digest[..6].iter().map(|x| format!("{x:02x}")).collect()
}

fn equal(expected: &[u8; 32], found: &[u8; 32], when: &str) -> Result<(), Miss> {
    match expected == found {
        true => Ok(()),
        false => Err(format!("digest {}, but {} {when}", hex(expected), hex(found)).into()),
    }
}

fn repeats(subject: &Subject) -> Result<String, Miss> {
    let market = market(subject)?;
    let first = subject.alone(&market, &play(subject))?.digest;
    for _ in 0..2 {
        let again = subject.alone(&market, &play(subject))?.digest;
        equal(&first, &again, "when it ran again")?;
    }
    Ok(format!("digest {}", hex(&first)))
}

fn repeats_apart(subject: &Subject) -> Result<String, Miss> {
    let market = market(subject)?;
    Ok(format!(
        "digest {}",
        hex(&subject.alone(&market, &play(subject))?.digest)
    ))
}

fn batches(subject: &Subject) -> Result<String, Miss> {
    let market = market(subject)?;
    let mut first = None;
    for batch in [1, 16, 256, 1_024] {
        let guest = subject.instance_of_batches(batch)?;
        let (guest, _) = Watched::new(guest, batch);
        let play = Play {
            batch,
            ..play(subject)
        };
        let digest = subject.of_one(&market, Box::new(guest), &play)?.digest;
        let expected = first.get_or_insert(digest);
        equal(expected, &digest, &format!("in batches of {batch}"))?;
    }
    Ok(first.map_or(String::new(), |x| format!("digest {}", hex(&x))))
}

fn company(subject: &Subject) -> Result<String, Miss> {
    let market = market(subject)?;
    let alone = subject.alone(&market, &play(subject))?.digest;
    let mut numbers = Numbers(subject.seed);
    let mut guests: Vec<Box<dyn Guest>> = vec![subject.instance(&subject.defaults()?)?];
    for _ in 0..3 {
        if let Ok(guest) = subject.make(&subject.drawn(&mut numbers)?) {
            guests.push(guest);
        }
    }
    guests.push(subject.instance(&subject.defaults()?)?);
    let count = guests.len();
    let together = subject.together(&market, guests, &play(subject))?;
    for place in [0, count - 1] {
        equal(&alone, &together[place].digest, "in company")?;
    }
    Ok(format!("{count} instances"))
}

fn threads(subject: &Subject) -> Result<String, Miss> {
    let market = market(subject)?;
    let here = subject.alone(&market, &play(subject))?.digest;
    let there = std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let fresh = Subject::load(&subject.path, subject.grant.clone(), subject.seed)?;
            Ok::<_, Miss>(fresh.alone(&market, &play(&fresh))?.digest)
        });
        other.join()
    });
    let there = there.map_err(|_| "the thread panicked")??;
    equal(&here, &there, "on another thread")?;
    Ok(String::new())
}
