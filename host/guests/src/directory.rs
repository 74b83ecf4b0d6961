//! A directory of plugins.
//!
//! Takes in a directory and a policy; gives out what lies in it, without loading anything: the strategy `momentum` is the
//! native plugin `libmomentum.so`, as Cargo names it, the module `momentum.wasm`, or the Python program
//! `momentum.py`.

use std::path::{Path, PathBuf};

use crate::carrier::Carrier;
use crate::content::Content;
use crate::descriptor::is_name;
use crate::error::{GuestError, Refusal};
use crate::guard;
use crate::policy::Policy;
use crate::python;
use crate::text::one_line;
use crate::wasm;

/// How unlike a name may be and still be meant: the share of its letters that are changed.
const LIKENESS_MIN: f64 = 0.6;

/// A file of a directory that may hold a strategy.
#[derive(Debug)]
pub struct Candidate {
    /// The strategy's name: that of the file without what goes before and behind it.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What would carry it.
    pub carrier: Carrier,
    /// What it is.
    pub kind: CandidateKind,
}

/// What a file of a directory is.
#[derive(Debug)]
pub enum CandidateKind {
    /// A plugin that can be loaded.
    Plugin,
    /// A file of another kind.
    NoPlugin,
    /// A file that cannot be loaded.
    Refused(GuestError),
}

/// The files of a directory that may hold strategies, by name. Each is checked, none is loaded.
///
/// # Errors
/// Why the directory cannot be read. A file that cannot be loaded is no error but a [`CandidateKind::Refused`].
pub fn scan(directory: &Path) -> Result<Vec<Candidate>, GuestError> {
    let found = files(directory)?.into_iter();
    let candidate = |(path, carrier): (PathBuf, Carrier)| Candidate {
        name: plugin_name(&path, carrier),
        kind: kind(&path, carrier),
        path,
        carrier,
    };
    let mut candidates: Vec<Candidate> = found.map(candidate).collect();
    candidates.sort_by(|a, b| (&a.name, a.carrier, &a.path).cmp(&(&b.name, b.carrier, &b.path)));
    Ok(candidates)
}

/// The plugin of a strategy's name; dashes and underscores are the same. Where a directory holds the strategy on several
/// carriers, it is the first that the policy grants: native, wasm, python. A file's whole name (`momentum.wasm`) names
/// that file alone.
///
/// # Errors
/// That there is none, with the names of those that are there; that it was not granted; or why it cannot be loaded.
pub fn find(directory: &Path, name: &str, policy: &Policy) -> Result<Candidate, GuestError> {
    let named = Carrier::of(Path::new(name));
    let wanted = match named {
        Some(carrier) => plugin_name(Path::new(name), carrier),
        None => name.replace('-', "_"),
    };
    let carriers = Carrier::ALL.into_iter();
    let meant = carriers.filter(|x| named.is_none_or(|named| named == *x));
    let place = |carrier: Carrier| (carrier, directory.join(carrier.file_name(&wanted)));
    let is_there = |x: &(Carrier, PathBuf)| x.1.symlink_metadata().is_ok();
    let present: Vec<(Carrier, PathBuf)> = match is_name(&wanted) {
        true => meant.map(place).filter(is_there).collect(),
        false => Vec::new(),
    };
    let grant = policy.grant(&wanted);
    let granted = present.iter().find(|x| grant.has(x.0));
    match (granted, present.first()) {
        (Some((carrier, path)), _) => {
            check(path, *carrier)?;
            Ok(Candidate {
                name: wanted,
                path: path.clone(),
                carrier: *carrier,
                kind: CandidateKind::Plugin,
            })
        }
        (None, Some((carrier, path))) => {
            // What is no plugin needs no grant either.
            check(path, *carrier)?;
            Err(GuestError::NotGranted {
                name: wanted,
                path: path.clone(),
                carrier: *carrier,
            })
        }
        (None, None) => Err(not_found(directory, name, &wanted)?),
    }
}

/// Checks a file without loading it.
///
/// # Errors
/// Why it cannot be loaded.
pub fn check(path: &Path, carrier: Carrier) -> Result<(), GuestError> {
    read(path, carrier).map(drop)
}

/// Reads a plugin and checks it without loading it: its bytes, whatever becomes of its files afterwards.
///
/// # Errors
/// Why it cannot be read or loaded.
pub fn read(path: &Path, carrier: Carrier) -> Result<Content, GuestError> {
    match carrier {
        Carrier::Native => guard::read(path).map(Content::of),
        Carrier::Wasm => wasm::check::read(path).map(|x| Content::of(x.0)),
        Carrier::Python => python::read_checked(path),
    }
}

/// The files that a plugin is made of, as they are now: its own, and the modules beside a Python program that are part of
/// it. A file that cannot be read has none beside it.
pub fn files_of(path: &Path) -> Vec<PathBuf> {
    let mut files = vec![path.to_owned()];
    if Carrier::of(path) == Some(Carrier::Python)
        && let Ok(content) = python::read(path)
    {
        let folder = path.parent().unwrap_or(Path::new(""));
        files.extend(content.beside.keys().map(|x| folder.join(x)));
    }
    files
}

/// The name of the strategy in a file.
pub fn plugin_name(path: &Path, carrier: Carrier) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let (before, behind) = carrier.affixes();
    let name = file.strip_suffix(behind).unwrap_or(&file);
    one_line(name.strip_prefix(before).unwrap_or(name), 64)
}

fn not_found(directory: &Path, name: &str, wanted: &str) -> Result<GuestError, GuestError> {
    let is_plugin = |x: &Candidate| matches!(x.kind, CandidateKind::Plugin);
    let candidates = scan(directory)?.into_iter().filter(is_plugin);
    let mut present: Vec<String> = candidates.map(|x| x.name).collect();
    present.dedup();
    Ok(GuestError::NotFound {
        name: one_line(name, 64),
        directory: directory.to_owned(),
        nearest: nearest(wanted, &present),
        present,
    })
}

fn files(directory: &Path) -> Result<Vec<(PathBuf, Carrier)>, GuestError> {
    let failed = |cause| GuestError::Directory {
        path: directory.to_owned(),
        cause,
    };
    let mut files = Vec::new();
    for entry in directory.read_dir().map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let carrier = Carrier::of(&path).filter(|_| !path.is_dir());
        files.extend(carrier.map(|carrier| (path, carrier)));
    }
    Ok(files)
}

fn kind(path: &Path, carrier: Carrier) -> CandidateKind {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let name = plugin_name(path, carrier);
    let is_named = is_name(&name) && !name.contains('-') && file == carrier.file_name(&name);
    match check(path, carrier) {
        Ok(()) if is_named => CandidateKind::Plugin,
        Ok(()) => CandidateKind::Refused(GuestError::refused(path, Refusal::FileName(carrier))),
        Err(GuestError::Refused {
            reason: Refusal::NotAPlugin | Refusal::NotAModule | Refusal::NotAStrategy,
            ..
        }) => CandidateKind::NoPlugin,
        Err(error) => CandidateKind::Refused(error),
    }
}

fn nearest(wanted: &str, present: &[String]) -> Option<String> {
    let likeness = |name: &String| strsim::normalized_damerau_levenshtein(wanted, name);
    let best = present
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) >= LIKENESS_MIN).then(|| best.clone())
}
