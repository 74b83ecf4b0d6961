//! How long is waited for a process.
//!
//! Takes in a span and a pipe; gives out whether the pipe is ready in time. An answer that is likely to come at once is
//! waited for awake, for a short while: a core that was put to sleep may take longer to wake than the answer takes. A call
//! that takes too long is first told so by a signal, on which the runtime raises in the strategy where it is, so that
//! message, file and line are known at once; a process that does not answer even then is given up.

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

/// How long is waited awake, at most.
const AWAKE: Duration = Duration::from_micros(100);
/// An answer that took no longer is followed by one that is waited for awake.
const SOON: Duration = Duration::from_micros(300);

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
    awake: Awake,
}

impl Deadline {
    /// The wait for an answer of a process begins.
    pub(super) fn begin(patience: Patience, process: u32, awake: Awake) -> Deadline {
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
            awake,
        }
    }

    /// Waits until a pipe is ready.
    ///
    /// # Errors
    /// That the time is over, or that the system cannot wait.
    pub(super) fn wait_for(&mut self, pipe: impl AsFd, ready: PollFlags) -> io::Result<()> {
        if self.awake.wait_for(&pipe, ready) {
            return Ok(());
        }
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

/// Whether the next answer is waited for awake.
#[derive(Clone, Copy, Debug)]
pub(super) struct Awake {
    /// Whether host and process can run at the same time at all.
    has_cores: bool,
    is_soon: bool,
}

impl Awake {
    /// Before the first answer.
    pub(super) fn new() -> Awake {
        Awake {
            has_cores: std::thread::available_parallelism().is_ok_and(|x| x.get() > 1),
            is_soon: false,
        }
    }

    /// What is to be expected after an answer that was waited for since `begun`.
    pub(super) fn learn(&mut self, begun: Instant) {
        self.is_soon = self.has_cores && now().duration_since(begun) < SOON;
    }

    /// Whether a pipe became ready meanwhile.
    fn wait_for(self, pipe: impl AsFd, ready: PollFlags) -> bool {
        const AT_ONCE: Timespec = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        if !self.is_soon {
            return false;
        }
        let until = now() + AWAKE;
        loop {
            if poll(&mut [PollFd::new(&pipe, ready)], Some(&AT_ONCE)).is_ok_and(|x| x > 0) {
                return true;
            }
            if now() >= until {
                return false;
            }
            // Whoever else could run goes first.
            std::thread::yield_now();
        }
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
pub(super) fn now() -> Instant {
    Instant::now()
}
