//! Versions that take over while a run goes on, in the worker.
//!
//! Takes in what the job planned and what the supervisor says meanwhile; gives out the versions to their guests, and a
//! record of each takeover, by which the run can be repeated.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use backplane_engine::fault::Fault;
use backplane_engine::guest::Guest;
use backplane_guests::succession::{Handover, Succession};

use super::job::{News, Order, PlannedSwap, Swap};
use super::newsroom::Newsroom;

/// Makes an instance of the version in a file; its digest, and its version as it says itself.
pub(super) type Maker = Box<dyn FnMut(&Path) -> Result<Made, String>>;

/// An instance of a version.
pub(super) struct Made {
    pub(super) guest: Box<dyn Guest>,
    pub(super) digest: String,
    pub(super) version: String,
}

/// The versions that the supervisor named and that have not taken over yet.
#[derive(Default)]
pub(super) struct Named {
    /// Whether there is any: every message asks.
    is_any: AtomicBool,
    files: Mutex<VecDeque<(usize, PathBuf)>>,
}

impl Named {
    /// Listens on standard input, on a thread of its own.
    pub(super) fn listen() -> Arc<Named> {
        let named = Arc::new(Named::default());
        let heard = Arc::clone(&named);
        std::thread::spawn(move || {
            let lines = std::io::stdin().lock().lines().map_while(Result::ok);
            for order in lines.filter_map(|line| serde_json::from_str(&line).ok()) {
                if let Order::Swap { strategy, plugin } = order {
                    let mut files = heard.files.lock().unwrap_or_else(PoisonError::into_inner);
                    files.push_back((strategy, plugin));
                    heard.is_any.store(true, Ordering::Release);
                }
            }
        });
        named
    }

    #[cold]
    fn take(&self, strategy: usize) -> Option<PathBuf> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let place = files.iter().position(|x| x.0 == strategy)?;
        let file = files.remove(place);
        self.is_any.store(!files.is_empty(), Ordering::Release);
        file.map(|x| x.1)
    }
}

/// The versions that follow one strategy's first.
pub(super) struct Swaps {
    /// The strategy's number.
    pub(super) strategy: usize,
    pub(super) planned: VecDeque<PlannedSwap>,
    pub(super) named: Option<Arc<Named>>,
    pub(super) make: Maker,
    /// The digest of the version that runs.
    pub(super) digest: String,
    /// That of the version that is about to take over, its own word for itself, and whether it was planned.
    next: Option<Next>,
    done: Rc<RefCell<Vec<Swap>>>,
    newsroom: Newsroom,
}

struct Next {
    plugin: PathBuf,
    digest: String,
    version: String,
    is_planned: bool,
}

impl Swaps {
    pub(super) fn new(
        strategy: usize,
        digest: String,
        make: Maker,
        done: Rc<RefCell<Vec<Swap>>>,
        newsroom: &Newsroom,
    ) -> Swaps {
        Swaps {
            strategy,
            planned: VecDeque::new(),
            named: None,
            make,
            digest,
            next: None,
            done,
            newsroom: newsroom.clone(),
        }
    }

    fn make(&mut self, plugin: PathBuf, is_planned: bool) -> Result<Box<dyn Guest>, String> {
        let mut next = Next {
            plugin,
            digest: String::new(),
            version: String::new(),
            is_planned,
        };
        let made = (self.make)(&next.plugin);
        let guest = made.map(|made| {
            next.digest = made.digest;
            next.version = made.version;
            made.guest
        });
        self.next = Some(next);
        guest
    }
}

impl Succession for Swaps {
    #[inline]
    fn planned(&self) -> Option<u64> {
        self.planned.front().map(|x| x.message)
    }

    #[inline]
    fn successor(&mut self, number: u64) -> Option<Result<Box<dyn Guest>, String>> {
        if self.planned.front().is_some_and(|x| x.message <= number) {
            let planned = self.planned.pop_front()?;
            return Some(self.make(planned.plugin, true));
        }
        if !self.planned.is_empty() {
            // What took over before does so again first.
            return None;
        }
        let named = self.named.as_ref()?;
        if !named.is_any.load(Ordering::Relaxed) {
            return None;
        }
        let plugin = named.take(self.strategy)?;
        Some(self.make(plugin, false))
    }

    fn ended(&mut self, handover: &Handover) -> Result<(), Fault> {
        let Some(next) = self.next.take() else {
            return Ok(());
        };
        let swap = Swap {
            strategy: self.strategy,
            message: handover.message,
            at: handover.at,
            from_digest: self.digest.clone(),
            to_digest: next.digest.clone(),
            to_version: next.version,
            state_version: handover.state_version,
            state_bytes: handover.state_bytes,
            plugin: next.plugin,
            refused: handover.refused.clone(),
        };
        self.newsroom.tell(&News::Swapped(swap.clone()));
        self.done.borrow_mut().push(swap);
        match &handover.refused {
            None => {
                self.digest = next.digest;
                Ok(())
            }
            Some(why) if next.is_planned => Err(Fault::new(format!(
                "a version that was to take over cannot: {why}"
            ))),
            Some(_) => Ok(()),
        }
    }
}
