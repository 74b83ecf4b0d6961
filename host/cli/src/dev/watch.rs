//! When to look at files again.
//!
//! Takes in directories; gives out hints that something in them may have changed. A hint says no more: whoever gets one
//! looks at the files himself, so that one that is lost or comes twice does no harm. Where a file system sends no events,
//! as some network and container mounts do, a probe finds it out and looking again and again takes over.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode};

/// How long a probe may take to be heard of.
pub const PROBE_TIMEOUT: Duration = Duration::from_millis(500);
/// How often to look where no events come.
const POLL: Duration = Duration::from_millis(100);

/// Gives hints that something may have changed.
pub trait Watch {
    /// Watches a directory too, without those below it.
    ///
    /// # Errors
    /// Why it cannot be watched.
    fn add(&mut self, directory: &Path) -> Result<(), String>;

    /// Waits for a hint, at most so long; whether there was one.
    fn wait(&mut self, most: Duration) -> bool;
}

/// Hints from the system.
pub struct Events {
    watcher: RecommendedWatcher,
    hints: Receiver<()>,
}

impl Events {
    /// Asks the system for events.
    ///
    /// # Errors
    /// Why it sends none.
    pub fn new() -> Result<Events, String> {
        // One hint that waits is as good as many.
        let (send, hints) = bounded(1);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| !is_harmless(event.kind)) {
                let _ = send.try_send(());
            }
        });
        let watcher = watcher.map_err(|error| error.to_string())?;
        Ok(Events { watcher, hints })
    }
}

/// Whether an event tells of reading only.
const fn is_harmless(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    }
}

impl Watch for Events {
    fn add(&mut self, directory: &Path) -> Result<(), String> {
        use notify::Watcher;
        let added = self.watcher.watch(directory, RecursiveMode::NonRecursive);
        added.map_err(|error| error.to_string())
    }

    fn wait(&mut self, most: Duration) -> bool {
        self.hints.recv_timeout(most).is_ok()
    }
}

/// A hint every tenth of a second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Polling;

impl Watch for Polling {
    fn add(&mut self, _: &Path) -> Result<(), String> {
        Ok(())
    }

    fn wait(&mut self, most: Duration) -> bool {
        std::thread::sleep(most.min(POLL));
        true
    }
}

/// A watch that works in all of these directories: the given one, or polling, with the reason for it.
pub fn working(
    watch: Result<Box<dyn Watch>, String>,
    directories: &[PathBuf],
) -> (Box<dyn Watch>, Option<String>) {
    let checked = watch.and_then(|mut watch| {
        for directory in directories {
            let added = watch.add(directory);
            added.map_err(|why| format!("{}: {why}", directory.display()))?;
        }
        for directory in one_of_each_file_system(directories) {
            probe(watch.as_mut(), directory)?;
        }
        Ok(watch)
    });
    match checked {
        Ok(watch) => (watch, None),
        Err(why) => (Box::new(Polling), Some(why)),
    }
}

/// One directory of each file system.
fn one_of_each_file_system(directories: &[PathBuf]) -> impl Iterator<Item = &Path> {
    let mut systems = BTreeMap::new();
    for directory in directories {
        if let Ok(metadata) = directory.metadata() {
            systems.entry(metadata.dev()).or_insert(directory.as_path());
        }
    }
    systems.into_values()
}

/// Writes a file and takes it away again; an event must come of it.
fn probe(watch: &mut dyn Watch, directory: &Path) -> Result<(), String> {
    while watch.wait(Duration::ZERO) {}
    let mut builder = tempfile::Builder::new();
    let written = builder.prefix(".backplane-probe-").tempfile_in(directory);
    let written = written.and_then(|mut file| file.write_all(b"probe"));
    written.map_err(|error| format!("{} cannot be probed: {error}", directory.display()))?;
    let began = Instant::now();
    while began.elapsed() < PROBE_TIMEOUT {
        if watch.wait(PROBE_TIMEOUT.saturating_sub(began.elapsed())) {
            return Ok(());
        }
    }
    let waited = PROBE_TIMEOUT.as_millis();
    Err(format!(
        "{} sent no event within {waited} ms",
        directory.display()
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Watches everything and says nothing.
    struct Silent;

    impl Watch for Silent {
        fn add(&mut self, _: &Path) -> Result<(), String> {
            Ok(())
        }

        fn wait(&mut self, most: Duration) -> bool {
            std::thread::sleep(most);
            false
        }
    }

    #[test]
    fn polling_takes_over_where_a_probe_is_not_heard_of() {
        let folder = tempfile::tempdir().unwrap();
        let directories = [folder.path().to_owned()];
        let (mut watch, why) = working(Ok(Box::new(Silent)), &directories);
        assert!(why.unwrap().ends_with("sent no event within 500 ms"));
        assert!(watch.wait(Duration::from_secs(1)), "polling gives hints");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0, "nothing is left of the probe");
    }

    #[test]
    fn polling_takes_over_where_the_system_cannot_watch() {
        let (mut watch, why) = working(Err("too many watches".into()), &[]);
        assert_eq!(why.unwrap(), "too many watches");
        assert!(watch.wait(Duration::from_secs(1)));
    }

    #[test]
    fn events_of_a_working_file_system_are_heard_and_reading_gives_none() {
        let folder = tempfile::tempdir().unwrap();
        let directories = [folder.path().to_owned()];
        let watch = Events::new().map(|x| Box::new(x) as Box<dyn Watch>);
        let (mut watch, why) = working(watch, &directories);
        if let Some(why) = why {
            println!("skipped: {why}");
            return;
        }
        let path = folder.path().join("file");
        std::fs::write(&path, "x").unwrap();
        assert!(watch.wait(Duration::from_secs(5)));
        while watch.wait(Duration::from_millis(50)) {}
        std::fs::read(&path).unwrap();
        assert!(!watch.wait(Duration::from_millis(50)));
    }
}
