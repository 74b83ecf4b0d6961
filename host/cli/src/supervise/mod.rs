//! A run in two processes.
//!
//! The supervisor writes a [`Job`], starts a worker of the same binary, and listens to it. A worker that dies or stalls is
//! run again, deterministically, noting each message before a strategy hears it, which names the strategy and the
//! message; then it is run without that strategy. Finished results belong to the supervisor, which gives the result
//! directory its name.

mod job;
mod supervisor;
mod trace;
mod worker;

pub use job::{Finding, Job, JobStrategy, News};
pub use supervisor::{Finished, check, describe, supervise};
pub use worker::{run_check, run_describe, run_job};
