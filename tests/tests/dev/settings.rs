//! Settings, builds, results and the page.
//!
//! Takes in run files that change, a crate whose builds are played by a script, and requests of a browser; gives out
//! whether each change is run for what it is.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use backplane_tests::native_plugin;

use super::{Desk, put, version};

#[test]
fn a_change_of_parameters_is_run_without_loading_anything_anew() {
    let desk = Desk::new();
    put(
        &desk.path("plugins/libmomentum.so"),
        &version("momentum", 1),
    );
    let params = |lookback: u32| format!("lookback = {lookback}, threshold = 0.5");
    let run_file = desk.write_run_file("momentum", &params(20));
    let results = desk.path("results");
    let dev = desk.dev(|command| {
        command.arg(&run_file).arg("--output").arg(&results);
    });
    let first = dev.next("run");
    desk.write_run_file("momentum", &params(5));
    let second = dev.next("run");
    assert_eq!(second["why"], "settings changed");
    assert_ne!(second["digest"], first["digest"]);
    assert_eq!(second["libraries"], 1);
    assert!(second["tape_bytes"].as_u64().unwrap() > 20_000 * 43);
    let times = &second["times"];
    let parts = ["detect", "load", "run", "report"].map(|part| {
        let nanos = times[format!("{part}_nanos")].as_u64();
        nanos.unwrap_or_else(|| panic!("{part} is not told"))
    });
    assert!(times["build_nanos"].is_null());
    assert_eq!(
        times["total_nanos"].as_u64().unwrap(),
        parts.iter().sum::<u64>()
    );
    let published = std::fs::read_to_string(results.join("run.json")).unwrap();
    assert!(published.contains(second["digest"].as_str().unwrap()));
    std::fs::write(&run_file, "tape = 5").unwrap();
    let failed = dev.next("failed");
    assert!(
        failed["reason"].as_str().unwrap().contains("line 1"),
        "{failed}"
    );
    // What is run already is not run again.
    desk.write_run_file("momentum", &params(5));
    dev.stays_quiet(Duration::from_millis(300));
    desk.write_run_file("momentum", &params(20));
    assert_eq!(dev.next("run")["digest"], first["digest"]);
}

/// Plays cargo: fails with a diagnostic where the source says so, else "makes" the library that the source names.
const CARGO: &str = r#"#!/bin/sh
root=$(pwd -P)
plugin=$(cat src/lib.rs)
if [ "$plugin" = broken ]; then echo 'error[E0425]: it is broken' >&2; exit 101; fi
mkdir -p target/release && : > target/CACHEDIR.TAG
cp "$plugin" target/release/libmine.so
echo "{\"reason\":\"compiler-artifact\",\"manifest_path\":\"$root/Cargo.toml\",\"target\":{\"crate_types\":[\"cdylib\"]},\"filenames\":[\"$root/target/release/libmine.so\"]}"
"#;

#[test]
fn a_crate_is_built_when_it_is_saved_and_a_build_that_fails_keeps_the_old_version() {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.path("mine/src")).unwrap();
    std::fs::write(desk.path("mine/Cargo.toml"), "[package]\nname = \"mine\"\n").unwrap();
    let cargo = desk.path("cargo");
    std::fs::write(&cargo, CARGO).unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let save = |text: &str| std::fs::write(desk.path("mine/src/lib.rs"), text).unwrap();
    let plugin = |name: &str| native_plugin(name).to_str().unwrap().to_owned();
    save("broken");
    let mut dev = desk.dev(|command| {
        command
            .arg("--tape")
            .arg(super::tape())
            .env("CARGO", &cargo);
        command.args(["--source", "mine"]);
    });
    assert!(
        dev.next("failed")["reason"]
            .as_str()
            .unwrap()
            .ends_with("failed")
    );
    save(&plugin("momentum"));
    let first = dev.next("run");
    assert!(first["times"]["build_nanos"].as_u64().unwrap() > 0);
    assert_eq!(
        first["plugins"][0]["name"], "mine",
        "the strategy is named by its library"
    );
    save("broken");
    dev.next("failed");
    save(&plugin("mean_reversion"));
    let second = dev.next("run");
    assert_ne!(second["digest"], first["digest"]);
    std::fs::write(desk.path("mine/src/.lib.rs.swp"), "x").unwrap();
    dev.stays_quiet(Duration::from_millis(300));
    dev.process.kill().unwrap();
    let mut said = String::new();
    dev.process
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(
        said.matches("error[E0425]: it is broken\n").count(),
        2,
        "{said}"
    );
}

#[test]
fn the_page_is_served_and_shows_each_new_report() {
    let desk = Desk::new();
    put(&desk.plugin(), &version("momentum", 1));
    let dev = desk.dev(|command| {
        command.arg("--tape").arg(super::tape()).arg("--serve");
        command.args(["--plugins", "plugins", "--strategy", "mine"]);
    });
    let serving = dev.next("serving");
    let text = serving["text"].as_str().unwrap();
    let (_, address) = text.split_once("http://").unwrap();
    let address = address.trim_end_matches('/');
    let get = |path: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    // What is printed is served a moment later at most.
    let shows = |version: u32| {
        let expected = format!("\"version\":{version}}}");
        (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            get("/state").ends_with(&expected)
        })
    };
    dev.next("run");
    assert!(shows(1));
    let first = get("/report");
    put(&desk.plugin(), &version("mean_reversion", 2));
    dev.next("run");
    assert!(shows(2));
    assert_ne!(get("/report"), first);
}

#[test]
fn a_late_time_to_run_from_keeps_what_was_asked_for_before() {
    let desk = Desk::new();
    put(&desk.plugin(), &version("momentum", 1));
    let dev = desk.dev(|command| {
        command
            .arg("--tape")
            .arg(super::tape())
            .args(["--from", "14:31:40"]);
        command.args([
            "--plugins",
            "plugins",
            "--strategy",
            "mine:lookback=5,threshold=0.2",
        ]);
        command.arg("--output").arg(desk.path("results"));
    });
    let submissions = || {
        let text = std::fs::read_to_string(desk.path("results/run.json")).unwrap();
        let run: serde_json::Value = serde_json::from_str(&text).unwrap();
        run["summary"]["instances"][0]["orders"].as_u64().unwrap()
    };
    let first = dev.next("run");
    let whole = submissions();
    assert!(whole > 0);
    put(&desk.plugin(), &version("momentum", 2));
    let second = dev.next("run");
    assert_eq!(second["why"], "mine changed, from 14:31:40 on");
    assert_eq!(
        second["digest"], first["digest"],
        "the same logic goes on as it began"
    );
    // One that hears something else cannot go on from there.
    put(&desk.plugin(), &version("market_maker", 3));
    let failed = dev.next("failed");
    let reason = failed["reason"].as_str().unwrap();
    assert!(reason.contains("there is no parameter"), "{failed}");
    put(&desk.plugin(), &version("momentum", 4));
    assert_eq!(dev.next("run")["digest"], first["digest"]);
    assert_eq!(submissions(), whole);
}

#[test]
fn a_time_to_run_to_ends_the_run_there() {
    let desk = Desk::new();
    put(&desk.plugin(), &version("momentum", 1));
    let run = |tape: &Path, more: &[&str]| {
        let results = desk.path("results");
        let dev = desk.dev(|command| {
            command.arg("--tape").arg(tape);
            command.args(["--plugins", "plugins", "--force", "--strategy"]);
            command.arg("mine:lookback=5,threshold=0.2");
            command.arg("--output").arg(&results).args(more);
        });
        let run = dev.next("run");
        let text = std::fs::read_to_string(results.join("run.json")).unwrap();
        let described: serde_json::Value = serde_json::from_str(&text).unwrap();
        (run, described["summary"].clone())
    };
    let (_, whole) = run(super::tape(), &[]);
    let (part, cut) = run(super::tape(), &["--to", "14:31:40"]);
    let end = 1_704_205_900_000_000_000_i64;
    let last = |summary: &serde_json::Value| summary["last"].as_i64().unwrap();
    assert!(last(&whole) > end && last(&cut) <= end, "{cut}");
    assert!(last(&cut) > end - 5_000_000_000, "{cut}");
    let orders = |summary: &serde_json::Value| summary["instances"][0]["orders"].as_u64().unwrap();
    assert!(orders(&cut) < orders(&whole));
    // The part of the tape by itself goes the same way.
    let slice = desk.path("slice.tape");
    let mut command = backplane_tests::command();
    command.args(["tape", "slice"]).arg(super::tape());
    command.args(["--to", "2024-01-02T14:31:40.000000001", "-o"]);
    assert!(command.arg(&slice).status().unwrap().success());
    let (sliced, _) = run(&slice, &[]);
    assert_eq!(sliced["digest"], part["digest"]);
}
