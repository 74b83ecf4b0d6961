//! What is checked of a plugin before it is trusted.
//!
//! Takes in a plugin's file, its grant and a seed; gives out a verdict for each check. A check runs in a process of its
//! own, which the supervisor ends when it takes too long; so a plugin can fail a check in any way that there is. Checks
//! judge what a strategy does in markets that they make themselves, the same for the same seed.

mod market;

mod double;
mod twins;

mod subject;

mod files;
mod making;

mod markets;
mod orders;
mod resources;
mod sameness;
mod state;

use std::path::Path;

use backplane_engine::fault::Fault;
use backplane_guests::{Grant, GuestError};
use serde::{Deserialize, Serialize};

use subject::Subject;

/// One check.
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What it wants, in words.
    pub wants: &'static str,
    kind: Kind,
}

enum Kind {
    /// Looks at the file without loading it.
    File(fn(&Path, &Grant) -> Result<String, Miss>),
    /// Loads the plugin and drives it.
    Loaded(fn(&Subject) -> Result<String, Miss>),
}

impl Check {
    /// Whether it depends on the seed.
    pub const fn is_seeded(&self) -> bool {
        matches!(self.kind, Kind::Loaded(_))
    }

    /// Whether the plugin is loaded for it.
    pub const fn needs_loading(&self) -> bool {
        self.is_seeded()
    }

    /// Whether it is to be made twice, and must give the same word both times.
    pub fn is_repeated(&self) -> bool {
        self.name == sameness::APART
    }
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "note")]
pub enum Verdict {
    /// It holds; a word about how.
    Passed(String),
    /// It does not hold, and why.
    Failed(String),
    /// It does not apply, and why.
    Skipped(String),
    /// The plugin could not be loaded for it, and why: so it will be for every other.
    Unloaded(String),
}

/// Why a check did not pass.
#[derive(Debug)]
enum Miss {
    Failed(String),
    Skipped(String),
    Unloaded(String),
}

impl From<String> for Miss {
    fn from(why: String) -> Miss {
        Miss::Failed(why)
    }
}

impl From<&str> for Miss {
    fn from(why: &str) -> Miss {
        Miss::Failed(why.to_owned())
    }
}

impl From<GuestError> for Miss {
    fn from(error: GuestError) -> Miss {
        Miss::Failed(error.to_string())
    }
}

impl From<Fault> for Miss {
    fn from(fault: Fault) -> Miss {
        Miss::Failed(fault.to_string())
    }
}

impl From<backplane_engine::error::RunError> for Miss {
    fn from(error: backplane_engine::error::RunError) -> Miss {
        Miss::Failed(error.to_string())
    }
}

/// All checks, in the order in which they are made.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    let groups: [&[Check]; 7] = [
        files::CHECKS,
        making::CHECKS,
        markets::CHECKS,
        orders::CHECKS,
        sameness::CHECKS,
        state::CHECKS,
        resources::CHECKS,
    ];
    groups.into_iter().flatten()
}

/// Makes a check in this process; gives none where there is no check of that name.
pub fn perform(name: &str, plugin: &Path, grant: &Grant, seed: u64) -> Option<Verdict> {
    let check = checks().find(|x| x.name == name)?;
    let result = match check.kind {
        Kind::File(run) => run(plugin, grant),
        Kind::Loaded(run) => Subject::load(plugin, grant.clone(), seed).and_then(|x| run(&x)),
    };
    Some(match result {
        Ok(note) => Verdict::Passed(note),
        Err(Miss::Failed(why)) => Verdict::Failed(why),
        Err(Miss::Skipped(why)) => Verdict::Skipped(why),
        Err(Miss::Unloaded(why)) => Verdict::Unloaded(why),
    })
}

const fn file(
    name: &'static str,
    wants: &'static str,
    run: fn(&Path, &Grant) -> Result<String, Miss>,
) -> Check {
    Check {
        name,
        wants,
        kind: Kind::File(run),
    }
}

const fn loaded(
    name: &'static str,
    wants: &'static str,
    run: fn(&Subject) -> Result<String, Miss>,
) -> Check {
    Check {
        name,
        wants,
        kind: Kind::Loaded(run),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_check_has_a_name_of_its_own_and_says_what_it_wants() {
        let names: BTreeSet<&str> = checks().map(|x| x.name).collect();
        assert_eq!(names.len(), checks().count());
        assert!(names.len() >= 30, "{}", names.len());
        let is_word = |x: char| x.is_ascii_lowercase() || x == '-';
        assert!(names.iter().all(|x| x.chars().all(is_word)));
        assert!(checks().all(|x| !x.wants.is_empty() && x.wants.len() <= 80));
    }
}
