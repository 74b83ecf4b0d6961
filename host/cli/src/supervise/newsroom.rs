//! How a worker tells its supervisor what becomes of the job.
//!
//! Takes in news and counts; gives out lines on standard output, which belongs to the news alone: what plugins print goes
//! to standard error.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backplane_engine::Watcher;
use backplane_engine::record::InstanceId;
use backplane_sdk::abi::Message;
use backplane_sdk::types::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::job::News;
use super::trace::Trace;
use crate::error::CliError;
use crate::exit;

/// How often a worker tells how far it got.
const PULSE: Duration = Duration::from_millis(100);

/// The way of news to the supervisor.
#[derive(Clone)]
pub(super) struct Newsroom {
    output: Arc<Mutex<File>>,
}

impl Newsroom {
    /// Takes standard output for the news and sends what plugins print there to standard error.
    pub(super) fn open() -> Result<Newsroom, CliError> {
        let failed = |error: rustix::io::Errno| {
            CliError::new(
                exit::DATA,
                format!("opening the worker's output: {error}"),
                "raise the limit of open files",
            )
        };
        // Children of plugins must not hold the supervisor's ear when the worker is gone.
        let output = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3).map_err(failed)?;
        rustix::stdio::dup2_stdout(rustix::stdio::stderr()).map_err(failed)?;
        // The worker ends when its supervisor does, however that ends.
        let _ =
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
        if is_unheard(&output) {
            // It ended before that call, which so sends no signal.
            return Err(CliError::new(
                exit::DATA,
                "the supervisor of this worker is gone",
                "start runs with `backplane run`",
            ));
        }
        Ok(Newsroom {
            output: Arc::new(Mutex::new(File::from(output))),
        })
    }

    pub(super) fn tell(&self, news: &News) {
        let Ok(mut line) = serde_json::to_string(news) else {
            return;
        };
        line.push('\n');
        if let Ok(mut output) = self.output.lock() {
            // A supervisor that listens no more has ended, and ends this process.
            let _ = output.write_all(line.as_bytes());
        }
    }
}

/// Whether nobody can read any more what is written here.
fn is_unheard(output: &OwnedFd) -> bool {
    let mut ends = [PollFd::new(output, PollFlags::OUT)];
    let at_once = Timespec::default();
    poll(&mut ends, Some(&at_once)).is_ok() && ends[0].revents().contains(PollFlags::ERR)
}

/// How far the worker got, shared with the thread that tells it.
#[derive(Default)]
pub(super) struct Pulse {
    works: AtomicBool,
    rows: AtomicU64,
    messages: AtomicU64,
    at: AtomicI64,
}

impl Pulse {
    /// A pulse that tells how far the worker got, while it works, for as long as the process lives.
    pub(super) fn start(newsroom: &Newsroom) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse::default());
        let (told, newsroom) = (Arc::clone(&pulse), newsroom.clone());
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(PULSE);
                if !told.works.load(Ordering::Relaxed) {
                    continue;
                }
                newsroom.tell(&News::Progress {
                    rows: told.rows.load(Ordering::Relaxed),
                    messages: told.messages.load(Ordering::Relaxed),
                    at: told.at.load(Ordering::Relaxed),
                });
            }
        });
        pulse
    }

    /// A job begins.
    pub(super) fn begin(&self) {
        self.rows.store(0, Ordering::Relaxed);
        self.messages.store(0, Ordering::Relaxed);
        self.works.store(true, Ordering::Relaxed);
    }

    /// The job is over.
    pub(super) fn rest(&self) {
        self.works.store(false, Ordering::Relaxed);
    }
}

/// Looks on while the engine runs a job.
pub(super) struct WorkerWatch {
    pub(super) pulse: Arc<Pulse>,
    pub(super) trace: Option<Rc<Trace>>,
    pub(super) messages: u64,
}

impl Watcher for WorkerWatch {
    fn progress(&mut self, rows: u64, at: Timestamp) {
        self.pulse.rows.store(rows, Ordering::Relaxed);
        self.pulse.at.store(at.0, Ordering::Relaxed);
    }

    fn traces(&self) -> bool {
        true
    }

    #[inline]
    fn before(&mut self, instance: InstanceId, number: u64, message: &Message) {
        self.messages += 1;
        self.pulse.messages.store(self.messages, Ordering::Relaxed);
        if let Some(trace) = &self.trace {
            trace.hears(instance, number, message);
        }
    }
}
