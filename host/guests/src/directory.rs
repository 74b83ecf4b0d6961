//! A directory of plugins.
//!
//! Takes in a directory; gives out what lies in it, without loading anything: the strategy `momentum` is the native
//! plugin `libmomentum.so` or the sandboxed one `momentum.wasm`, as Cargo names them, or the Python program `momentum.py`.

use std::path::{Path, PathBuf};

use crate::carriers::Carrier;
use crate::descriptor::is_name;
use crate::error::{GuestError, Refusal};
use crate::text::one_line;

/// How unlike a name may be and still be meant: the share of its letters that are changed.
const LIKENESS_MIN: f64 = 0.6;

/// A library, a module or a Python program in a directory.
#[derive(Debug)]
pub struct Candidate {
    /// The file's name without `lib` and its end.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What would carry it.
    pub carrier: Carrier,
    /// What it is.
    pub kind: CandidateKind,
}

/// What a file in a directory is.
#[derive(Debug)]
pub enum CandidateKind {
    /// A plugin that can be loaded.
    Plugin,
    /// A file of another kind.
    NoPlugin,
    /// A file that cannot be loaded.
    Refused(GuestError),
}

/// The libraries, modules and Python programs (`*.so`, `*.wasm`, `*.py`) of a directory, by name. Each is checked, none is loaded.
///
/// # Errors
/// Why the directory cannot be read. A file that cannot be loaded is no error but a [`CandidateKind::Refused`].
pub fn scan(directory: &Path) -> Result<Vec<Candidate>, GuestError> {
    let mut candidates: Vec<Candidate> = libraries(directory)?
        .into_iter()
        .map(|path| Candidate {
            name: plain_name(&path),
            carrier: Carrier::of(&path),
            kind: kind(&path),
            path,
        })
        .collect();
    candidates.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
    Ok(candidates)
}

/// The plugin of a strategy's name; dashes and underscores are the same.
///
/// # Errors
/// That there is none, with the names of those that are there, that there are several, or why it cannot be loaded.
pub fn find(directory: &Path, name: &str) -> Result<Candidate, GuestError> {
    let wanted = name.replace('-', "_");
    if is_name(name) {
        let files = [
            format!("lib{wanted}.so"),
            format!("{wanted}.wasm"),
            format!("{wanted}.py"),
        ];
        let is_there = |x: &&String| directory.join(x).symlink_metadata().is_ok();
        let found: Vec<&String> = files.iter().filter(is_there).collect();
        if let [_, _, ..] = found[..] {
            let found: Vec<&str> = found.into_iter().map(String::as_str).collect();
            return Err(GuestError::Ambiguous {
                name: wanted,
                directory: directory.to_owned(),
                files: found.join(" and "),
            });
        }
        if let [file] = found[..] {
            let path = directory.join(file);
            return Ok(Candidate {
                name: wanted,
                carrier: Carrier::check(&path)?,
                path,
                kind: CandidateKind::Plugin,
            });
        }
    }
    let is_plugin = |x: &Candidate| matches!(x.kind, CandidateKind::Plugin);
    let candidates = scan(directory)?.into_iter().filter(is_plugin);
    let present: Vec<String> = candidates.map(|x| x.name).collect();
    Err(GuestError::NotFound {
        name: one_line(name, 64),
        directory: directory.to_owned(),
        nearest: nearest(&wanted, &present),
        present,
    })
}

fn libraries(directory: &Path) -> Result<Vec<PathBuf>, GuestError> {
    let failed = |cause| GuestError::Directory {
        path: directory.to_owned(),
        cause,
    };
    let mut paths = Vec::new();
    for entry in directory.read_dir().map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_named = path.extension();
        let is_named = is_named.is_some_and(|x| x == "so" || x == "wasm" || x == "py");
        if is_named && !path.is_dir() {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn plain_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match Carrier::of(path) {
        Carrier::Native => stem.strip_prefix("lib").unwrap_or(&stem),
        Carrier::Wasm | Carrier::Python => &stem,
    };
    one_line(name, 64)
}

fn kind(path: &Path) -> CandidateKind {
    let named = path.file_name().is_some_and(|file| {
        let file = file.to_string_lossy();
        let native = file.strip_prefix("lib").and_then(|x| x.strip_suffix(".so"));
        let name = native.or(file.strip_suffix(".wasm"));
        let name = name.or(file.strip_suffix(".py"));
        name.is_some_and(|x| is_name(x) && !x.contains('-'))
    });
    match Carrier::check(path) {
        Ok(_) if named => CandidateKind::Plugin,
        Ok(_) => CandidateKind::Refused(GuestError::refused(path, Refusal::FileName)),
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
