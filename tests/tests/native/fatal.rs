//! What no host survives, seen from outside.
//!
//! Takes in sins that end the process, or never end; gives out whether they do so in a process of their own, which is
//! what the host's supervisor builds on.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{misbehave, run, sinner};

const SIN: &str = "BACKPLANE_TEST_SIN";
const SIGABRT: i32 = 6;
const SIGSEGV: i32 = 11;

/// Not a test by itself: what the tests below run in a process of its own.
#[test]
fn commits_the_sin_that_the_environment_names() {
    if let Some(sin) = std::env::var_os(SIN) {
        let sin = sin.to_str().unwrap().parse().unwrap();
        let _ = run(&mut sinner(&misbehave(), sin));
    }
}

fn sin_apart(sin: i64) -> Child {
    let name = "native::fatal::commits_the_sin_that_the_environment_names";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name]).env(SIN, sin.to_string());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn signals_and_exits_of_a_plugin_are_those_of_its_process() {
    let signal = |sin| sin_apart(sin).wait().unwrap().signal();
    assert_eq!(signal(11), Some(SIGSEGV));
    assert_eq!(signal(12), Some(SIGABRT));
    assert!(matches!(signal(17), Some(SIGABRT | SIGSEGV)));
    let code = |sin| sin_apart(sin).wait().unwrap().code();
    assert_eq!(code(13), Some(0));
    assert_eq!(code(14), Some(7));
    assert_eq!(code(3), Some(0), "a panic ends no process");
}

#[test]
fn an_endless_loop_of_a_plugin_ends_with_its_process() {
    for sin in [15, 16] {
        let mut child = sin_apart(sin);
        std::thread::sleep(Duration::from_millis(500));
        assert!(child.try_wait().unwrap().is_none(), "it is still at it");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
