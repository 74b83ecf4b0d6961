//! `backplane plugin list`: what a directory holds.
//!
//! Takes in a directory and a policy; gives out one line for each plugin: ok, refused and why, or not granted, which then
//! was not loaded.

use std::fmt;
use std::path::{Path, PathBuf};

use backplane_guests::{Candidate, CandidateKind, Carrier, Policy, anatomy, scan};
use serde::Serialize;

use super::reason;
use crate::error::CliError;
use crate::supervise::describe;

#[derive(Serialize)]
pub(super) struct List {
    directory: PathBuf,
    plugins: Vec<Entry>,
    /// Libraries that are no plugins.
    others: usize,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    file: String,
    kind: Carrier,
    version: Option<String>,
    abi: Option<u32>,
    state: State,
    why: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// It can be run.
    Ok,
    /// It cannot be run.
    Refused,
    /// It could be run if the user granted it; nothing of it was loaded.
    NotGranted,
}

impl State {
    const fn text(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Refused => "refused",
            State::NotGranted => "not granted",
        }
    }
}

/// Looks at every file of a directory.
pub(super) fn list(directory: &Path, policy: &Policy) -> Result<List, CliError> {
    let mut plugins = Vec::new();
    let mut others = 0;
    for candidate in scan(directory)? {
        match &candidate.kind {
            CandidateKind::NoPlugin => others += 1,
            _ => plugins.push(entry(&candidate, policy)),
        }
    }
    Ok(List {
        directory: directory.to_owned(),
        plugins,
        others,
    })
}

fn entry(candidate: &Candidate, policy: &Policy) -> Entry {
    let carrier = candidate.carrier;
    let grant = policy.grant(&candidate.name);
    let mut version = None;
    let (state, why) = match &candidate.kind {
        CandidateKind::Refused(error) => (State::Refused, Some(reason(error))),
        _ if !grant.has(carrier) => {
            let why = match carrier.is_sandboxed() {
                true => "the policy does not allow it".into(),
                false => format!("it runs with your rights; `--allow {carrier}` if you trust it"),
            };
            (State::NotGranted, Some(why))
        }
        _ => match describe(&candidate.path, &grant) {
            Ok((descriptor, _)) => {
                version = descriptor["version"].as_str().map(str::to_owned);
                (State::Ok, None)
            }
            Err(error) => (State::Refused, Some(error.message)),
        },
    };
    let file = candidate.path.file_name().unwrap_or_default();
    Entry {
        name: candidate.name.clone(),
        file: file.to_string_lossy().into_owned(),
        kind: carrier,
        version,
        abi: anatomy(&candidate.path, carrier).ok().and_then(|x| x.abi),
        state,
        why,
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ("plugin", "kind", "version", "ABI", "state");
        let (name, kind, version, abi, state) = heads;
        writeln!(f, "{name:<24} {kind:<8} {version:<10} {abi:<4} {state}")?;
        for entry in &self.plugins {
            let version = entry.version.as_deref().unwrap_or("-");
            let abi = entry.abi.map_or("-".into(), |x| x.to_string());
            let (name, kind, state) = (&entry.name, entry.kind, entry.state.text());
            write!(f, "{name:<24} {kind:<8} {version:<10} {abi:<4} {state}")?;
            match &entry.why {
                Some(why) => writeln!(f, ": {why}")?,
                None => writeln!(f)?,
            }
        }
        let is_ok = |x: &&Entry| x.state == State::Ok;
        writeln!(
            f,
            "{} plugins in {}, {} of them ok; other libraries there: {}",
            self.plugins.len(),
            self.directory.display(),
            self.plugins.iter().filter(is_ok).count(),
            self.others
        )
    }
}
