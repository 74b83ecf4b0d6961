//! What no host survives, seen from outside.
//!
//! Takes in sins that end the process, or never end, and damaged libraries; gives out what becomes of a process of its
//! own in which they are tried, which is what the host's supervisor builds on.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use backplane_guests::{Loader, guard};
use backplane_tests::native_plugin;
use tempfile::TempDir;

use super::{misbehave, run, sinner};

const SIN: &str = "BACKPLANE_TEST_SIN";
const LIBRARY: &str = "BACKPLANE_TEST_LIBRARY";
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

/// Not a test by itself, as above.
#[test]
fn loads_the_library_that_the_environment_names() {
    if let Some(library) = std::env::var_os(LIBRARY)
        && let Ok(plugin) = Loader::new().unwrap().load(library.as_ref())
    {
        assert!(run(&mut sinner(&plugin, 3)).unwrap_err().line.is_some());
    }
}

fn apart(test: &str, variable: &str, value: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = format!("native::fatal::{test}");
    command.args(["--exact", &name]).env(variable, value);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

fn sin_apart(sin: i64) -> Child {
    apart(
        "commits_the_sin_that_the_environment_names",
        SIN,
        &sin.to_string(),
    )
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

#[test]
fn a_library_with_a_flipped_bit_in_its_tables_is_refused_or_works() {
    // A prime, so that every field is met; every bit was tried when this was written.
    const STEP_BITS: usize = 61;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("libflipped.so");
    let good = std::fs::read(native_plugin("misbehave")).unwrap();
    let segments = usize::from(u16::from_le_bytes([good[56], good[57]]));
    let sections = usize::from(u16::from_le_bytes([good[60], good[61]]));
    let headers = 0..64 + segments * 56;
    let section_table = good.len() - sections * 64..good.len();
    let (mut refused, mut loaded) = (0, 0);
    for bit in headers
        .chain(section_table)
        .flat_map(|x| x * 8..x * 8 + 8)
        .step_by(STEP_BITS)
    {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if guard::check(&bytes).is_err() {
            refused += 1;
            continue;
        }
        std::fs::write(&path, &bytes).unwrap();
        let test = "loads_the_library_that_the_environment_names";
        let status = apart(test, LIBRARY, path.to_str().unwrap()).wait().unwrap();
        assert!(
            status.success(),
            "byte {}, bit {}: {status}",
            bit / 8,
            bit % 8
        );
        loaded += 1;
    }
    assert!(
        refused > 50 && loaded > 50,
        "{refused} refused, {loaded} loaded"
    );
}
