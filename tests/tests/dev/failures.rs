//! What fails, and that the version before stays.
//!
//! Takes in versions that cannot be loaded, made, started, or that kill the worker; gives out whether the reason is said
//! once and the next version is run beside the last good one.

use std::time::Duration;

use super::{Desk, digest, put, version};

/// The failure's reason.
fn reason(failed: &serde_json::Value) -> &str {
    failed["reason"].as_str().unwrap()
}

#[test]
fn what_is_no_whole_plugin_is_said_once_and_the_next_version_is_run() {
    let desk = Desk::new();
    let path = desk.plugin();
    put(&path, &version("momentum", 1));
    let dev = desk.dev(|command| {
        command.arg("--tape").arg(super::tape());
        command.args(["--plugins", "plugins", "--strategy", "mine"]);
    });
    let first = dev.next("run");
    let good = version("momentum", 2);
    std::fs::write(&path, &good[..good.len() / 3]).unwrap();
    let failed = dev.next("failed");
    assert!(reason(&failed).contains("cut off or damaged"), "{failed}");
    assert_eq!(failed["code"], 5);
    // The same once more is not said again.
    std::fs::write(&path, &good[..good.len() / 3]).unwrap();
    dev.stays_quiet(Duration::from_millis(1_500));
    std::fs::remove_file(&path).unwrap();
    assert!(reason(&dev.next("failed")).contains("there is no plugin `mine`"));
    put(&path, &good);
    let second = dev.next("run");
    assert_eq!(second["number"], 2);
    assert_eq!(second["plugins"][0]["digest"], digest(&good));
    assert_eq!(second["digest"], first["digest"]);
}

#[test]
fn strategies_that_fail_in_every_way_cost_nothing_but_their_own_run() {
    let desk = Desk::new();
    put(
        &desk.path("plugins/libmisbehave.so"),
        &version("misbehave", 1),
    );
    let sin = |sin: u32| desk.write_run_file("misbehave", &format!("sin = {sin}, at = 20"));
    let run_file = sin(0);
    let dev = desk.dev(|command| {
        command.arg(&run_file);
    });
    let first = dev.next("run");
    let worker = dev.worker();
    for (number, expected) in [
        (25, "cannot make an instance of strategy `misbehave`"),
        (1, "new panics"),
        (2, "was stopped on message 3 (start)"),
        (
            11,
            "strategy `misbehave` on message 23 (mbp): it ended the worker process by SIGSEGV",
        ),
        (
            14,
            "on message 23 (mbp): it ended the worker process by calling exit(7)",
        ),
    ] {
        sin(number);
        let failed = dev.next("failed");
        assert!(reason(&failed).contains(expected), "{failed}");
    }
    sin(0);
    let second = dev.next("run");
    assert_eq!(second["number"], 2, "failures are no runs");
    assert_eq!(second["digest"], first["digest"]);
    assert_ne!(
        dev.worker(),
        worker,
        "another worker took the place of the dead one"
    );
    // One that panics later was run: its figures are those up to there.
    sin(3);
    let third = dev.next("run");
    let stopped = third["instances"][0]["stopped"].as_str().unwrap();
    assert!(stopped.contains("sin 3: on_market panics"), "{third}");
    // One that kills the worker when its results are whole costs nothing.
    sin(26);
    assert_eq!(dev.next("run")["number"], 4);
    sin(0);
    assert_eq!(dev.next("run")["digest"], first["digest"]);
}

#[test]
fn native_code_that_was_not_granted_ends_the_loop_before_it_begins() {
    let desk = Desk::new();
    put(&desk.plugin(), &version("momentum", 1));
    let mut command = backplane_tests::command();
    command.arg("dev").arg("--tape").arg(super::tape());
    command.args(["--plugins", "plugins", "--strategy", "mine"]);
    command.env("XDG_CONFIG_HOME", desk.path(""));
    let output = command.current_dir(desk.path("")).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("native code was not granted"), "{error}");
}
