//! New versions of plugins while a run goes on, in the supervisor.
//!
//! Takes in the plugins' files; gives out a copy of each new version once its file is whole and still. The run hears of
//! copies only, so that they can be kept beside its results and the run can be repeated.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use anstream::eprintln;
use backplane_guests::{Carrier, Content, directory};

use super::job::{News, Order, Swap};
use super::supervisor::{Ending, end, follow, receive};
use crate::error::CliError;
use crate::files::FileState;
use crate::progress::Meter;

/// How long a file must be still before it is read.
const STILL: Duration = Duration::from_millis(25);
/// How long a file may be no whole plugin before the reason is shown: it may be half-written.
const PATIENCE: Duration = Duration::from_secs(1);

/// The plugins of a run's strategies, watched.
pub struct LiveVersions {
    files: Vec<LiveFile>,
    folder: PathBuf,
}

struct LiveFile {
    path: PathBuf,
    /// What the files are that it is made of.
    state: Vec<Option<FileState>>,
    /// Since when it has been as it is, until it was read.
    since: Option<Instant>,
    /// The digest of the version that was given out last.
    digest: String,
    is_refused: bool,
}

impl LiveVersions {
    /// Watches the files of these versions, and puts copies into a folder.
    pub fn new(files: impl IntoIterator<Item = (PathBuf, String)>, folder: &Path) -> LiveVersions {
        let files = files.into_iter().map(|(path, digest)| LiveFile {
            // A change since the version was copied is seen at the first look.
            state: Vec::new(),
            since: None,
            path,
            digest,
            is_refused: false,
        });
        LiveVersions {
            files: files.collect(),
            folder: folder.to_owned(),
        }
    }

    /// Listens to a worker until its only job is done, tells it of new versions meanwhile, and ends it. The versions that
    /// took over come back too.
    pub(super) fn listen(
        &mut self,
        worker: &mut Child,
        stall_timeout: Duration,
        meter: &Meter,
    ) -> (Result<Ending, CliError>, Vec<Swap>) {
        let mut orders = worker.stdin.take();
        let news = receive(worker);
        let mut swaps = Vec::new();
        let mut look = |news: Option<&News>| {
            if let Some(News::Swapped(swap)) = news {
                meter.hide_while(|| tell_user(swap));
                swaps.extend((swap.refused.is_none()).then(|| swap.clone()));
            }
            let found = self.look();
            let found = found.unwrap_or_else(|error| {
                meter.hide_while(|| error.print());
                Vec::new()
            });
            for (strategy, plugin) in found {
                let order = Order::Swap { strategy, plugin };
                let line = serde_json::to_string(&order).unwrap_or_default();
                // A worker that cannot be told has ended, which is what following it finds.
                let _ = orders.as_mut().map(|x| writeln!(x, "{line}"));
            }
        };
        let ending = follow(worker, &news, stall_timeout, meter, &mut look);
        end(worker);
        (ending, swaps)
    }

    /// The versions that are new and whole: the strategy's number and the copy.
    ///
    /// # Errors
    /// A copy cannot be written.
    pub(super) fn look(&mut self) -> Result<Vec<(usize, PathBuf)>, CliError> {
        let mut found = Vec::new();
        for (number, file) in self.files.iter_mut().enumerate() {
            if let Some(content) = file.whole() {
                let (copy, digest) = put_version(&self.folder, &file.path, &content)?;
                if digest != file.digest {
                    file.digest = digest;
                    found.push((number, copy));
                }
            }
        }
        Ok(found)
    }
}

impl LiveFile {
    /// The bytes of the plugin, once after each change.
    fn whole(&mut self) -> Option<Content> {
        let files = directory::files_of(&self.path);
        let state: Vec<Option<FileState>> = files.iter().map(|x| FileState::of(x)).collect();
        if state != self.state {
            self.state = state;
            self.since = Some(Instant::now());
            self.is_refused = false;
        }
        let since = self.since.filter(|x| x.elapsed() >= STILL)?;
        if self.is_refused && since.elapsed() < PATIENCE {
            return None;
        }
        let carrier = Carrier::of(&self.path).unwrap_or(Carrier::Native);
        match directory::read(&self.path, carrier) {
            Ok(content) => {
                self.since = None;
                Some(content)
            }
            Err(error) if self.is_refused => {
                eprintln!("{error}; the version before goes on");
                self.since = None;
                None
            }
            Err(_) => {
                self.is_refused = true;
                None
            }
        }
    }
}

fn tell_user(swap: &Swap) {
    let version: String = swap.to_digest.chars().take(12).collect();
    let (own, message) = (&swap.to_version, swap.message);
    match &swap.refused {
        None => eprintln!("version {own} ({version}) took over before message {message}"),
        Some(why) => eprintln!("a new version could not take over before message {message}: {why}"),
    }
}

/// Puts a copy of a plugin's bytes into a folder of versions, below the beginning of their digest; the copy and the digest.
///
/// # Errors
/// It cannot be written.
pub fn put_version(
    folder: &Path,
    plugin: &Path,
    content: &Content,
) -> Result<(PathBuf, String), CliError> {
    let digest = blake3::Hash::from_bytes(content.digest());
    let digest = digest.to_hex().to_string();
    let copy = version_path(folder, plugin, &digest);
    if !copy.exists() {
        let failed = |error| CliError::io("copying the plugin to", &copy, &error);
        content.write(&copy).map_err(failed)?;
    }
    Ok((copy, digest))
}

/// Where a version of a plugin lies in a folder of versions.
pub fn version_path(folder: &Path, plugin: &Path, digest: &str) -> PathBuf {
    let short: String = digest.chars().take(12).collect();
    folder
        .join(short)
        .join(plugin.file_name().unwrap_or_default())
}
