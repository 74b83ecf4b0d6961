//! How long is waited for a process.
//!
//! Takes in a span and a pipe; gives out whether the pipe is ready in time. A call that takes too long is first told so by
//! a signal, on which the runtime raises in the strategy where it is, so that message, file and line are known at once; a
//! process that does not answer even then is given up.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

/// The share of its time that a call has left once it was told that the time is over.
const LAST_SHARE: u32 = 5;
/// The most of that.
const LAST_MAX: Duration = Duration::from_secs(1);

/// How long an answer may take.
#[derive(Clone, Copy, Debug)]
pub(super) enum Patience {
    /// While the interpreter starts: it is given up then.
    Start(Duration),
    /// While it serves: it is told then, and given up after a last share of the time.
    Call(Duration),
}

/// When an answer must be there.
pub(super) struct Deadline {
    patience: Duration,
    at: Instant,
    /// The process that is told once the time is over, and how long it has left then.
    last: Option<(Pid, Duration)>,
    is_over: bool,
}

impl Deadline {
    /// The wait for an answer of a process begins.
    pub(super) fn begin(patience: Patience, process: u32) -> Deadline {
        let (span, is_told) = match patience {
            Patience::Start(span) => (span, false),
            Patience::Call(span) => (span, true),
        };
        let process = Pid::from_raw(process.cast_signed()).filter(|_| is_told);
        Deadline {
            patience: span,
            at: now() + span,
            last: process.map(|x| (x, (span / LAST_SHARE).min(LAST_MAX))),
            is_over: false,
        }
    }

    /// Waits until a pipe is ready.
    ///
    /// # Errors
    /// That the time is over, or that the system cannot wait.
    pub(super) fn wait_for(&mut self, pipe: impl AsFd, ready: PollFlags) -> io::Result<()> {
        loop {
            let left = self.at.saturating_duration_since(now());
            let most = Timespec {
                tv_sec: left.as_secs().cast_signed(),
                tv_nsec: left.subsec_nanos().into(),
            };
            match poll(&mut [PollFd::new(&pipe, ready)], Some(&most)) {
                Ok(0) => self.pass()?,
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether the time is over.
    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// The time is over: the process is told once.
    #[cold]
    fn pass(&mut self) -> io::Result<()> {
        let Some((process, left)) = self.last.take() else {
            self.is_over = true;
            return Err(io::ErrorKind::TimedOut.into());
        };
        // One that has ended meanwhile hears nothing, which the wait finds out.
        let _ = kill_process(process, Signal::USR1);
        self.at = now() + left;
        Ok(())
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.patience.as_secs_f64();
        write!(f, "it did not answer within {seconds} s")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a process is waited for in real time; what it answers does not depend on it"
)]
fn now() -> Instant {
    Instant::now()
}
