//! Checks of what a plugin takes from the machine.
//!
//! Takes in a plugin; gives out whether it grows, opens files or starts threads while it runs, and how fast it is. Only
//! Linux tells this, which is where plugins are loaded.

use std::time::Instant;

use backplane_engine::guest::{Around, Fault, Guest, Replies};
use backplane_engine::{Unwatched, Watcher};
use backplane_sdk::abi::Message;
use backplane_sdk::book::LevelBook;
use backplane_sdk::types::Timestamp;

use super::market::Market;
use super::subject::{BATCH, Play, Subject};
use super::{Check, Miss, loaded};

pub(super) const CHECKS: &[Check] = &[
    loaded(
        "no-growth",
        "over ten million messages it takes no more memory",
        growth,
    ),
    loaded("many-instances", "200 instances live side by side", many),
    loaded("no-files", "it opens no files and starts no threads", quiet),
    loaded("speed", "how long it takes for a message", speed),
];

/// The messages of the market over which growth is watched.
const LONG: u64 = 10_000_000;
/// The messages after which a strategy has what it needs.
const SETTLED: u64 = 1 << 19;
/// The most bytes that a process may grow afterwards: what allocators do by themselves.
const GROWTH_MAX: u64 = 8 << 20;

/// A guest that is stopped where the process grows while it hears.
struct Bounded {
    guest: Box<dyn Guest>,
    heard: u64,
    /// After how many messages it looked first, and what the process held then.
    first: Option<(u64, u64)>,
}

impl Bounded {
    /// How often it looks, in messages.
    const EVERY: u64 = 1 << 16;

    fn look(&mut self) -> Result<(), Fault> {
        let now = resident().map_err(Fault::new)?;
        let (from, before) = *self.first.get_or_insert((self.heard, now));
        let grown = now.saturating_sub(before);
        if grown > GROWTH_MAX {
            let heard = self.heard;
            let why = format!(
                "from message {from} to {heard} it grew by {} KiB",
                grown >> 10
            );
            return Err(Fault::new(why));
        }
        Ok(())
    }
}

impl Around for Bounded {
    type Within = dyn Guest;

    fn within(&self) -> &Self::Within {
        self.guest.as_ref()
    }

    fn within_mut(&mut self) -> &mut Self::Within {
        self.guest.as_mut()
    }

    fn hear_around(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        let heard = self.guest.hear(messages, books, replies)?;
        let before = self.heard / Bounded::EVERY;
        self.heard += heard as u64;
        if self.heard / Bounded::EVERY > before && self.heard > SETTLED {
            self.look()?;
        }
        Ok(heard)
    }
}

/// The bytes of memory that this process holds.
fn resident() -> Result<u64, String> {
    let text = std::fs::read_to_string("/proc/self/statm").map_err(|x| x.to_string())?;
    let pages = text.split(' ').nth(1).and_then(|x| x.parse::<u64>().ok());
    Ok(pages.ok_or("no memory is told of")? * rustix::param::page_size() as u64)
}

fn entries(folder: &str) -> Result<usize, String> {
    let entries = std::fs::read_dir(folder).map_err(|x| x.to_string())?;
    Ok(entries.count())
}

fn growth(subject: &Subject) -> Result<String, Miss> {
    let market = Market::generated(subject.seed, 1, 200_000)?;
    let rows = market.rows.len() as u64;
    let times = LONG.div_ceil(rows);
    let bounded = Bounded {
        guest: subject.instance(&subject.defaults()?)?,
        heard: 0,
        first: None,
    };
    let source = market.repeated(BATCH, times as u32);
    let play = Play::delayed(subject.seed, 100_000);
    let guests: Vec<Box<dyn Guest>> = vec![Box::new(bounded)];
    let before = resident()?;
    let all = subject.over(&market, source, guests, &play, &mut Unwatched)?;
    let heard: u64 = all.iter().map(|x| x.messages).sum();
    let grown = resident()?.saturating_sub(before);
    // Who hears little is looked at when all is over.
    if heard <= SETTLED && grown > 4 * GROWTH_MAX {
        return Err(format!("over {heard} messages it grew by {} KiB", grown >> 10).into());
    }
    Ok(format!("{heard} messages heard of {}", times * rows))
}

fn many(subject: &Subject) -> Result<String, Miss> {
    const MANY: usize = 200;
    let market = Market::generated(subject.seed, 1, 5_000)?;
    let play = Play::delayed(subject.seed, 100_000);
    let alone = subject.alone(&market, &play)?.digest;
    let params = subject.defaults()?;
    let before = resident()?;
    let guests = (0..MANY).map(|_| subject.instance(&params));
    let guests = guests.collect::<Result<Vec<_>, _>>()?;
    let each = resident()?.saturating_sub(before) / MANY as u64;
    let all = subject.together(&market, guests, &play)?;
    match all.iter().all(|x| x.digest == alone) {
        true => Ok(format!("{} KiB each", each >> 10)),
        false => Err("they do not all go the way of one alone".into()),
    }
}

/// The most open files and threads of this process while a market was heard.
#[derive(Default)]
struct Open {
    files: usize,
    threads: usize,
}

impl Open {
    fn look(&mut self) -> Result<(), String> {
        self.files = self.files.max(entries("/proc/self/fd")?);
        self.threads = self.threads.max(entries("/proc/self/task")?);
        Ok(())
    }

    /// What was opened beside what was open before.
    fn check(&self, before: &Open, when: &str) -> Result<(), Miss> {
        if self.files > before.files {
            return Err(format!("{} files are open {when}", self.files - before.files).into());
        }
        if self.threads > before.threads {
            let more = self.threads - before.threads;
            return Err(format!("{more} threads are there {when}").into());
        }
        Ok(())
    }
}

impl Watcher for Open {
    fn progress(&mut self, _: u64, _: Timestamp) {
        // What cannot be looked at now is looked at when all is over.
        let _ = self.look();
    }
}

fn quiet(subject: &Subject) -> Result<String, Miss> {
    /// Rows from one look to the next.
    const BETWEEN: usize = 64;
    let market = Market::generated(subject.seed, 1, 20_000)?;
    let (mut before, mut during, mut after) = <(Open, Open, Open)>::default();
    // A strategy's own process is no file of this one's market: it is there before and after.
    let guest = subject.instance(&subject.defaults()?)?;
    before.look()?;
    let play = Play {
        batch: BETWEEN,
        ..Play::delayed(subject.seed, 100_000)
    };
    let source = market.source(BETWEEN);
    subject.over(&market, source, vec![guest], &play, &mut during)?;
    after.look()?;
    during.check(&before, "while it runs")?;
    after.check(&before, "when it has ended")?;
    Ok(String::new())
}

fn speed(subject: &Subject) -> Result<String, Miss> {
    let market = Market::generated(subject.seed, 1, 200_000)?;
    let play = Play::delayed(subject.seed, 100_000);
    let took = |guests| {
        let begun = Instant::now();
        let all = subject.together(&market, guests, &play)?;
        Ok::<_, Miss>((begun.elapsed().as_nanos() as u64, all))
    };
    let mut best = u64::MAX;
    let mut messages = 0;
    for _ in 0..3 {
        let bare = took(Vec::new())?.0;
        let guest = subject.instance(&subject.defaults()?)?;
        let (nanos, all) = took(vec![guest])?;
        messages = all.iter().map(|x| x.messages).sum::<u64>().max(1);
        best = best.min(nanos.saturating_sub(bare) / messages);
    }
    let class = match best {
        0..=100 => "A (up to 100 ns)",
        101..=1_000 => "B (up to 1 us)",
        1_001..=10_000 => "C (up to 10 us)",
        _ => "D (more than 10 us)",
    };
    Ok(format!(
        "class {class}: {best} ns a message with all that it costs, {messages} messages"
    ))
}
