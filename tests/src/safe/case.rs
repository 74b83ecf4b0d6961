//! One sin on one carrier.
//!
//! Takes in a stage; gives out what happened there, held against what is allowed.
#![allow(
    clippy::disallowed_methods,
    reason = "a case is bounded in time; no result of a backtest passes through it"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::stage::{Ending, HONEST, Stage};
use super::wasm;

/// How long a case may take. Most of it is the patience with loops that no fuel ends, three times over: the first run,
/// the one that names the message, and the one without the culprit.
pub const CASE_SECONDS_MAX: u64 = 60;
/// What is said of a strategy that does not come back.
pub(super) const STALLED: &str = "did not return within";

/// News of an order, whichever it is.
pub(super) const ORDER: &str = "order update|fill";

/// A sin on a carrier.
#[derive(Clone, Debug)]
pub struct Case {
    /// The sin, in words.
    pub sin: &'static str,
    /// The carrier's name.
    pub carrier: &'static str,
    /// How it is committed.
    pub deed: Deed,
    /// What may come of it.
    pub allowed: Allowed,
}

/// How a sin is committed.
#[derive(Clone, Debug)]
pub enum Deed {
    /// The strategy that sins on request runs beside an honest one, with this sin.
    Sin(u32),
    /// As above, held to a policy: TOML below `[plugin.misbehave]`.
    Governed(u32, &'static str),
    /// The native plugin whose returns are wrong runs with this sin.
    Wild(u32),
    /// A module by hand, with one part of its text replaced by another, is to run.
    Module(&'static str, &'static str),
    /// A check of `plugin validate` makes it save or load.
    Check(u32, &'static str),
    /// A file of this name with these bytes lies in the directory and is to run.
    File(String, fn(&Stage) -> Result<Vec<u8>, String>),
    /// Many files, made from a good one, are listed and asked about themselves.
    Files(fn(&[u8], usize) -> Vec<u8>),
}

/// What may come of a sin.
#[derive(Clone, Copy, Debug)]
pub enum Allowed {
    /// The strategy is stopped: at this event, with this in the cause. Of several words between `|`, one is enough.
    Stopped(&'static str, &'static str),
    /// The run is refused before it begins, with this in the reason.
    Refused(&'static str),
    /// It runs to its end: what it does harms nobody.
    Runs,
    /// The check fails, with this in the reason.
    CheckFails(&'static str),
    /// The check passes: what it does is contained.
    CheckPasses,
    /// Each file is refused, or works.
    Contained,
}

impl std::fmt::Display for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Allowed::Stopped(event, cause) => write!(f, "stopped on {event}: {cause}"),
            Allowed::Refused(why) => write!(f, "refused: {why}"),
            Allowed::Runs => write!(f, "runs to the end"),
            Allowed::CheckFails(why) => write!(f, "check fails: {why}"),
            Allowed::CheckPasses => write!(f, "check passes"),
            Allowed::Contained => write!(f, "each refused, or works"),
        }
    }
}

/// What came of a sin.
#[derive(Clone, Debug)]
pub struct Happened {
    /// In words.
    pub what: String,
    /// Why that is not allowed; nothing where it is.
    pub miss: Option<String>,
    /// How long it took.
    pub took: Duration,
}

impl Case {
    /// A sin for which the strategy is stopped: at this event, for this cause.
    pub(super) const fn stopped(
        carrier: &'static str,
        sin: &'static str,
        number: u32,
        (event, cause): (&'static str, &'static str),
    ) -> Case {
        Case {
            sin,
            carrier,
            deed: Deed::Sin(number),
            allowed: Allowed::Stopped(event, cause),
        }
    }

    /// A sin that a check of this name finds, for this reason.
    pub(super) const fn check_fails(
        carrier: &'static str,
        sin: &'static str,
        number: u32,
        (name, why): (&'static str, &'static str),
    ) -> Case {
        Case {
            sin,
            carrier,
            deed: Deed::Check(number, name),
            allowed: Allowed::CheckFails(why),
        }
    }

    /// Commits the sin.
    pub fn perform(&self, stage: &Stage) -> Happened {
        let begun = Instant::now();
        let result = match &self.deed {
            Deed::Sin(sin) => self.run(stage, *sin, ""),
            Deed::Governed(sin, rules) => self.run(stage, *sin, rules),
            Deed::Wild(sin) => self.wild(stage, *sin),
            Deed::Module(from, to) => {
                let bytes = wasm::changed(from, to).map_err(Miss::from);
                bytes.and_then(|x| self.bytes(stage, "made_up.wasm", &x))
            }
            Deed::Check(sin, check) => self.check(stage, *sin, check),
            Deed::File(name, make) => self.file(stage, name, *make),
            Deed::Files(change) => self.files(stage, *change),
        };
        let took = begun.elapsed();
        let (what, mut miss) = match result {
            Ok(what) => (what, None),
            Err(Miss { what, why }) => (what, Some(why)),
        };
        if took > Duration::from_secs(CASE_SECONDS_MAX) {
            miss = miss.or(Some(format!("it took {} s", took.as_secs())));
        }
        if let Some(left) = stage.processes() {
            miss = miss.or(Some(format!("the process {left} is left")));
        }
        Happened { what, miss, took }
    }

    /// The patience with a call and with a check: short only where no fuel ends what is tried, for a machine that does
    /// other work may be slow.
    fn patience(&self) -> (&'static str, &'static str) {
        match self.allowed {
            Allowed::Stopped(_, STALLED) | Allowed::CheckFails(STALLED) => ("1s", "4s"),
            _ => ("20s", "60s"),
        }
    }

    fn run(&self, stage: &Stage, sin: u32, rules: &str) -> Result<String, Miss> {
        let strategy = format!("sinner@misbehave:sin={sin},at=20");
        let ending = stage.run(self.carrier, self.patience().0, &strategy, rules)?;
        self.judge(stage, &ending)
    }

    fn file(
        &self,
        stage: &Stage,
        name: &str,
        make: fn(&Stage) -> Result<Vec<u8>, String>,
    ) -> Result<String, Miss> {
        self.bytes(stage, name, &make(stage)?)
    }

    fn wild(&self, stage: &Stage, sin: u32) -> Result<String, Miss> {
        let strategy = format!("sinner@wild:sin={sin}");
        let ending = stage.run(self.carrier, self.patience().0, &strategy, "")?;
        self.judge(stage, &ending)
    }

    fn bytes(&self, stage: &Stage, name: &str, bytes: &[u8]) -> Result<String, Miss> {
        let path: PathBuf = stage.shelf(self.carrier).join(name);
        std::fs::write(&path, bytes).map_err(|x| x.to_string())?;
        let strategy = format!("sinner@{name}");
        let ending = stage.run(self.carrier, self.patience().0, &strategy, "");
        std::fs::remove_file(&path).map_err(|x| x.to_string())?;
        self.judge(stage, &ending?)
    }

    /// Holds how a run ended against what is allowed.
    fn judge(&self, stage: &Stage, ending: &Ending) -> Result<String, Miss> {
        let what = ending.to_string();
        let miss = |why: &str| {
            Err(Miss {
                what: what.clone(),
                why: why.to_owned(),
            })
        };
        match (self.allowed, ending) {
            (Allowed::Stopped(event, cause), Ending::Stopped(stop)) => {
                let is_there = event.split('|').any(|x| x == stop.event);
                if !is_there || !says(&stop.cause, cause) {
                    return miss("it was stopped elsewhere, or for another cause");
                }
                if event != "loading" && stop.message == 0 {
                    return miss("its message is not named");
                }
            }
            (Allowed::Refused(why), Ending::Refused(reason)) => {
                if !says(reason, why) {
                    return miss("it was refused for another reason");
                }
                return Ok(what);
            }
            (Allowed::Runs, Ending::Ran) => {}
            _ => return miss("that is not what is allowed"),
        }
        match stage.is_honest_unharmed(self.carrier) {
            true => Ok(what),
            false => miss(&format!("`{HONEST}` has other results than alone")),
        }
    }

    fn check(&self, stage: &Stage, sin: u32, check: &str) -> Result<String, Miss> {
        let (state, note) = stage.check(self.carrier, self.patience().1, sin, check)?;
        let what = format!("check `{check}` {state}: {note}");
        let is_allowed = match self.allowed {
            Allowed::CheckFails(why) => state == "failed" && says(&note, why),
            _ => state == "passed",
        };
        match is_allowed {
            true => Ok(what),
            false => Err(Miss {
                what,
                why: "that is not what is allowed".into(),
            }),
        }
    }

    fn files(&self, stage: &Stage, change: fn(&[u8], usize) -> Vec<u8>) -> Result<String, Miss> {
        let good = std::fs::read(stage.plugin(self.carrier, "momentum"));
        let good = good.map_err(|x| x.to_string())?;
        let shelf = stage.folder().join("many");
        std::fs::create_dir_all(&shelf).map_err(|x| x.to_string())?;
        for percent in 1..100 {
            let name = stage.file_name(self.carrier, &format!("changed_{percent}"));
            let written = std::fs::write(shelf.join(name), change(&good, percent));
            written.map_err(|x| x.to_string())?;
        }
        let listed = stage.list(&shelf);
        std::fs::remove_dir_all(&shelf).map_err(|x| x.to_string())?;
        let (ok, refused) = listed?;
        let what = format!("{refused} refused, {ok} work, of 99");
        match ok + refused {
            99 => Ok(what),
            _ => Err(Miss {
                what,
                why: "some are neither".into(),
            }),
        }
    }
}

/// Whether a text has one of the parts that `|` divides.
fn says(text: &str, parts: &str) -> bool {
    parts.split('|').any(|x| text.contains(x))
}

/// What happened, and why it may not.
#[derive(Debug)]
struct Miss {
    what: String,
    why: String,
}

impl From<String> for Miss {
    fn from(why: String) -> Miss {
        Miss {
            what: "nothing".into(),
            why,
        }
    }
}

/// A file cut off at a percentage of its length.
pub fn cut(bytes: &[u8], percent: usize) -> Vec<u8> {
    bytes[..bytes.len() * percent / 100].to_vec()
}

/// A file with one bit flipped at a percentage of its length.
pub fn flip(bytes: &[u8], percent: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let place = bytes.len() * percent / 100;
    changed[place] ^= 1 << (percent % 8);
    changed
}

/// Reads a file of the build.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|x| format!("{}: {x}", path.display()))
}
