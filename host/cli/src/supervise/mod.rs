//! A run in two processes.
//!
//! The supervisor writes a [`Job`], starts a worker of the same binary, and listens to it. A worker that dies or stalls is
//! run again, deterministically, noting each message before a strategy hears it, which names the strategy and the
//! message; then it is run without that strategy. Finished results belong to the supervisor, which gives the result
//! directory its name.

mod attachments;
mod company;
mod description;
mod job;
mod live;
mod newsroom;
mod seats;
mod supervisor;
mod swaps;
mod trace;
mod warm;
mod worker;

pub use job::{Account, Checkpoints, Finding, Job, JobStrategy, News, PlannedSwap, Swap};
pub use live::{LiveVersions, put_version, version_path};
pub use supervisor::{Finished, check, describe, supervise};
pub(crate) use supervisor::{hear_singly, is_interrupted, watch_for_interruption};
pub use warm::{JobEnd, WarmWorker, culprit};
pub use worker::{run_check, run_describe, run_job, run_jobs};
