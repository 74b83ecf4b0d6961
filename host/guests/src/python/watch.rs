//! The watch over the calls of a process.
//!
//! Takes in when a call begins and ends; kills the process whose call takes too long, which ends the wait for its answer.
//! So a call costs no more than a write and a read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// How often the watch looks.
const TICK: Duration = Duration::from_millis(20);

/// The watch over one process.
pub(super) struct Watch {
    group: Option<Pid>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How many looks the present call has left; none while there is no call.
    left: Option<u128>,
    was_slow: bool,
    has_ended: bool,
}

impl Watch {
    /// Watches over a process that leads a group.
    pub(super) fn over(process: u32) -> Arc<Watch> {
        let watch = Arc::new(Watch {
            group: Pid::from_raw(process as i32),
            state: Mutex::default(),
        });
        let watching = Arc::clone(&watch);
        std::thread::spawn(move || {
            while watching.look() {
                std::thread::sleep(TICK);
            }
        });
        watch
    }

    /// A call begins that may take so long.
    pub(super) fn begin(&self, patience: Duration) {
        // The look that comes next may come at once.
        self.lock().left = Some(patience.as_millis().div_ceil(TICK.as_millis()) + 1);
    }

    /// The call has ended.
    pub(super) fn rest(&self) {
        self.lock().left = None;
    }

    /// Whether a call took too long.
    pub(super) fn was_slow(&self) -> bool {
        self.lock().was_slow
    }

    /// Kills the process, and all that it started and that is still of its group. Nothing is killed afterwards, when
    /// another process may have its number.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        if !state.has_ended {
            state.has_ended = true;
            self.kill();
        }
    }

    fn look(&self) -> bool {
        let mut state = self.lock();
        if state.has_ended {
            return false;
        }
        state.left = match state.left {
            Some(0) => {
                state.was_slow = true;
                self.kill();
                None
            }
            left => left.map(|x| x - 1),
        };
        true
    }

    fn kill(&self) {
        if let Some(group) = self.group {
            // It may have ended by itself; either way it is gone afterwards.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What is kept makes sense after every step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
