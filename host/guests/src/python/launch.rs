//! The last words before the interpreter: what must be set in its own process.
//!
//! Takes in limits and a program; becomes that program. Run by a process that the carrier has just started, so that
//! nothing has to be set between a fork and what follows it.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{
    Pid, Resource, Rlimit, Signal, getppid, getrlimit, set_parent_process_death_signal, setrlimit,
};

/// Becomes the program: bounded to `memory_bytes` of address space (less where this process has less itself), without core files, and killed when the process
/// `parent`, which started this one, is gone.
///
/// # Errors
/// Returns only where the program cannot be started, or the parent is gone already.
pub fn launch(parent: u32, memory_bytes: u64, program: &[OsString]) -> io::Error {
    if let Err(error) = bind(parent, memory_bytes) {
        return error;
    }
    match program.split_first() {
        Some((name, arguments)) => Command::new(name).args(arguments).exec(),
        None => io::Error::new(io::ErrorKind::InvalidInput, "no program is named"),
    }
}

fn bind(parent: u32, memory_bytes: u64) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // A parent that ended before that call has sent no signal.
    if getppid().map(|x| Pid::as_raw(Some(x)) as u32) != Some(parent) {
        return Err(io::Error::other("the host is gone"));
    }
    limit(Resource::As, memory_bytes)?;
    limit(Resource::Data, memory_bytes)?;
    limit(Resource::Core, 0)
}

fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let most = getrlimit(resource).maximum.map_or(most, |x| x.min(most));
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    Ok(setrlimit(resource, limit)?)
}
