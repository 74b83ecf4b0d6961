//! Strategies in Python: each instance in a process of its own.
//!
//! Takes in a `.py` file, with the modules beside it that it names; gives out its descriptor and guests. The host starts an interpreter, hands it this package's
//! runtime and the strategy's source, and speaks with it over two pipes: one answer to each request, frames of
//! MessagePack. A strategy keeps its own books and hears many messages in one call, up to the first on
//! which it asks for something. Whatever it does costs its process: an exception, an endless loop, a kill, a gigabyte of
//! output become a fault with the strategy's file and line, and the traceback in the log.

pub mod launch;

mod beside;
mod interpreter;
mod patience;
mod process;
mod protocol;
mod runtime;

mod session;

mod feature_guest;
mod feature_state;
mod guest;
mod plugin;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub use guest::PythonGuest;
pub use interpreter::interpreter;
pub use plugin::{PythonPlugin, read, read_checked};

/// The most messages of one call.
pub const BATCH_MAX: usize = 1_024;

/// How Python strategies are run.
#[derive(Clone, Debug)]
pub struct PythonSettings {
    /// The interpreter, see [`interpreter`].
    pub interpreter: PathBuf,
    /// The words that go before the interpreter, to start it through [`launch::launch`]; none to start it directly,
    /// where nothing ends it when this process is killed.
    pub launcher: Vec<OsString>,
    /// How long the interpreter may take to start and to load the strategy.
    pub start_timeout: Duration,
    /// How long one call may take.
    pub call_timeout: Duration,
    /// The most bytes of address space of a strategy's process; a plugin that is loaded by a grant has those of the grant.
    pub memory_bytes: u64,
    /// The most messages of one call, up to [`BATCH_MAX`]. It changes no result.
    pub batch: usize,
}

impl PythonSettings {
    /// The default settings for an interpreter that is started directly.
    pub fn new(interpreter: PathBuf) -> PythonSettings {
        PythonSettings {
            interpreter,
            launcher: Vec::new(),
            start_timeout: Duration::from_secs(30),
            call_timeout: Duration::from_secs(5),
            memory_bytes: 4 << 30,
            batch: BATCH_MAX,
        }
    }
}
