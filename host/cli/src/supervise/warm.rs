//! A worker that stays: it runs one job after the other and keeps tape and libraries in between.
//!
//! Takes in jobs; gives out how each ended. Like every worker it may die of what a plugin does; then whoever holds it
//! starts another.

use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::job::{Account, Finding, Job, News, Order};
use super::supervisor::{Ending, end, follow, nonsense, receive, start_with};
use super::trace::last_note;
use crate::error::CliError;
use crate::progress::Meter;

/// How long a worker may take to put away what a job left.
const PUT_AWAY_TIMEOUT: Duration = Duration::from_secs(2);

/// A worker that stays.
pub struct WarmWorker {
    process: Child,
    orders: ChildStdin,
    news: Receiver<News>,
    /// Whether it has yet to say that it waits for the next job.
    puts_away: bool,
}

/// How a job of a warm worker ended.
#[derive(Debug)]
pub enum JobEnd {
    /// The results are whole.
    Done {
        /// How many strategies were stopped.
        stopped: usize,
        /// What it took.
        account: Account,
    },
    /// These strategies, by their numbers, fell at one of many messages.
    Unsure(Vec<usize>),
    /// For a reason that is nobody's crash. The worker lives.
    Failed(CliError),
    /// The worker is gone; in words.
    Lost(String),
}

impl WarmWorker {
    /// Starts a worker.
    ///
    /// # Errors
    /// The system has no process to give.
    pub fn start() -> Result<WarmWorker, CliError> {
        let mut process = start_with(&["serve".as_ref()], Stdio::piped(), Stdio::inherit())?;
        let Some(orders) = process.stdin.take() else {
            return Err(nonsense());
        };
        let news = receive(&mut process);
        Ok(WarmWorker {
            process,
            orders,
            news,
            puts_away: false,
        })
    }

    /// Waits until what the last job left is put away. `false` where the worker died of it: then it must be replaced.
    pub fn is_ready(&mut self) -> bool {
        while self.puts_away {
            match self.news.recv_timeout(PUT_AWAY_TIMEOUT) {
                Ok(News::Idle) => self.puts_away = false,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return false,
            }
        }
        // What was told since is not of the next job.
        while self.news.try_recv().is_ok() {}
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Runs a job. `is_stale` is asked again and again meanwhile; once it says so, the job is given up.
    ///
    /// # Errors
    /// An interruption.
    pub fn run(
        &mut self,
        job: &Job,
        stall_timeout: Duration,
        meter: &Meter,
        is_stale: &mut dyn FnMut() -> bool,
    ) -> Result<JobEnd, CliError> {
        self.puts_away = true;
        // A worker that cannot be told has ended, which is what following it finds.
        let _ = self.tell(&Order::Run(Box::new(job.clone())));
        let (orders, mut is_given_up) = (&mut self.orders, false);
        let mut look = |_: Option<&News>| {
            if !is_given_up && is_stale() {
                is_given_up = true;
                let _ = tell(orders, &Order::Abandon);
            }
        };
        let ending = follow(
            &mut self.process,
            &self.news,
            stall_timeout,
            meter,
            &mut look,
        )?;
        Ok(match ending {
            Ending::Done { stopped, account } => JobEnd::Done { stopped, account },
            Ending::Unsure(strategies) => JobEnd::Unsure(strategies),
            Ending::Failed(error) => JobEnd::Failed(error),
            Ending::Lost(cause) => JobEnd::Lost(cause),
            Ending::Said(_) => return Err(nonsense()),
        })
    }

    fn tell(&mut self, order: &Order) -> std::io::Result<()> {
        tell(&mut self.orders, order)
    }
}

fn tell(orders: &mut ChildStdin, order: &Order) -> std::io::Result<()> {
    let mut line = serde_json::to_string(order)?;
    line.push('\n');
    orders.write_all(line.as_bytes())
}

impl Drop for WarmWorker {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// Who was called when a worker died, from the trace of its job: the strategy's number and what is known of its deed.
pub fn culprit(trace: &Path, cause: &str) -> Option<(usize, Finding)> {
    last_note(trace, cause)
}
