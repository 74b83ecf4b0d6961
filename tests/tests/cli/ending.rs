//! Interruptions and violent ends.
//!
//! Takes in a run that does not end by itself, and signals; gives out whether the worker goes with its supervisor, and
//! whether anything that looks finished is left.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use backplane_tests::build_directory;

use super::{Desk, tape};

/// How long a process may take to start or to end, in looks of ten milliseconds.
const LOOKS: u32 = 200;
const LOOK: Duration = Duration::from_millis(10);

/// A run in which a strategy loops for ever, and its worker.
fn endless(desk: &Desk) -> (Child, u32) {
    let mut command = backplane_tests::command();
    command.arg("run").arg("--tape").arg(tape());
    command.arg("--plugins").arg(build_directory());
    command.arg("--output").arg(desk.path("out"));
    command.args(["--strategy", "misbehave:sin=15,at=50"]);
    command.args(["--stall-timeout", "60s"]);
    let silent = command.stdout(Stdio::null()).stderr(Stdio::piped());
    let supervisor = silent.spawn().unwrap();
    let worker = until(|| child_of(supervisor.id())).expect("a worker is started");
    // It loads the plugin and comes to the loop.
    std::thread::sleep(LOOK * 50);
    (supervisor, worker)
}

fn until<T>(found: impl Fn() -> Option<T>) -> Option<T> {
    (0..LOOKS).find_map(|_| {
        std::thread::sleep(LOOK);
        found()
    })
}

/// State and parent of a process; none where it is gone.
fn process(id: u32) -> Option<(String, u32)> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    let mut words = rest.split(' ');
    Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
}

fn child_of(parent: u32) -> Option<u32> {
    let entries = std::fs::read_dir("/proc").unwrap();
    let mut ids = entries.filter_map(|x| x.ok()?.file_name().to_str()?.parse().ok());
    ids.find(|&id| process(id).is_some_and(|x| x.1 == parent))
}

/// Whether a process ends in time; one that nobody waits for has ended.
fn ends(id: u32) -> bool {
    let is_gone = || process(id).is_none_or(|(state, _)| state == "Z" || state == "X");
    until(|| is_gone().then_some(())).is_some()
}

#[test]
fn a_killed_supervisor_takes_its_worker_along_and_leaves_nothing_that_looks_done() {
    let desk = Desk::new();
    let (mut supervisor, worker) = endless(&desk);
    supervisor.kill().unwrap();
    assert_eq!(supervisor.wait().unwrap().signal(), Some(9));
    assert!(ends(worker), "the worker lives on");
    assert!(!desk.path("out").exists());
    let names = desk.names();
    assert!(
        names.iter().all(|x| x.starts_with(".backplane-run-")),
        "{names:?}"
    );
    // What it left goes away with the next run, that of a run which goes on does not.
    let (mut going_on, worker) = endless(&desk);
    let of_the_living = desk.names();
    assert_eq!(of_the_living.len(), 1, "{of_the_living:?}");
    assert_ne!(of_the_living, names);
    let short = super::generate("short.tape", "1000");
    let mut command = backplane_tests::command();
    command.arg("run").arg("--tape").arg(short);
    command.arg("--plugins").arg(build_directory());
    command.args(["--strategy", super::MOMENTUM, "--output"]);
    super::said(command.arg(desk.path("other"))).ok();
    assert_eq!(desk.names(), [of_the_living[0].as_str(), "other"]);
    going_on.kill().unwrap();
    going_on.wait().unwrap();
    assert!(ends(worker), "the worker lives on");
}

#[test]
fn what_a_killed_command_was_writing_goes_away_when_it_is_written_again() {
    let desk = Desk::new();
    let generate = |messages: &str| {
        let mut command = backplane_tests::command();
        command.args(["tape", "generate", "--messages", messages, "--output"]);
        command.arg(desk.path("out.tape"));
        command
    };
    let mut killed = generate("50000000").stdout(Stdio::null()).spawn().unwrap();
    until(|| (!desk.names().is_empty()).then_some(())).expect("it begins to write");
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(desk.names()[0].ends_with(".partial"), "{:?}", desk.names());
    super::said(&mut generate("1000")).ok();
    assert_eq!(desk.names(), ["out.tape"]);
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    for signal in ["-INT", "-TERM"] {
        let desk = Desk::new();
        let (supervisor, worker) = endless(&desk);
        let id = supervisor.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
        let output = supervisor.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{signal}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(text, "error: interrupted; nothing was written\n");
        assert!(ends(worker), "the worker lives on");
        assert!(desk.names().is_empty());
    }
}

/// Ends a command in the midst of its work; gives what it said.
fn interrupt(command: &mut Command, signal: &str, is_amid: impl Fn() -> bool) -> (i32, String) {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
    let _open_input = process.stdin.take();
    until(|| is_amid().then_some(())).expect("the command begins to write");
    let id = process.id().to_string();
    let sent = Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(sent.success());
    let output = process.wait_with_output().unwrap();
    let code = output.status.code().unwrap_or(-1);
    (code, String::from_utf8(output.stderr).unwrap())
}

/// The signals that end a command: that a terminal is gone is none where these tests, and with them their commands, were
/// told to outlive it (`nohup`).
fn signals() -> Vec<&'static str> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|x| x.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(ignored.unwrap().trim(), 16).unwrap();
    if ignored & 1 == 1 {
        println!("skipped for -HUP: it is ignored here");
        return vec!["-INT", "-TERM"];
    }
    vec!["-INT", "-TERM", "-HUP"]
}

#[test]
fn a_command_that_is_interrupted_while_it_writes_leaves_nothing() {
    let desk = Desk::new();
    let writes = || !desk.names().is_empty();
    let generate = ["tape", "generate", "--messages", "50000000", "--output"];
    // It waits for its standard input for ever.
    let import = ["tape", "import", "--from", "itch", "-", "--output"];
    for words in [&generate[..], &import[..]] {
        for signal in signals() {
            let mut command = backplane_tests::command();
            command.args(words).arg(desk.path("out.tape"));
            let (code, said) = interrupt(&mut command, signal, writes);
            assert_eq!(code, 130, "{signal} {words:?}: {said}");
            assert!(
                said.ends_with("error: interrupted; nothing half-written is left\n"),
                "{said}"
            );
            assert!(desk.names().is_empty(), "{:?}", desk.names());
        }
    }
}

#[test]
fn a_killed_worker_is_replaced_and_the_run_goes_on() {
    let desk = Desk::new();
    let long = super::generate("long.tape", "1500000");
    let mut command = backplane_tests::command();
    command.arg("run").arg("--tape").arg(long);
    command.arg("--plugins").arg(build_directory());
    command.arg("--output").arg(desk.path("out"));
    command.args(["--strategy", super::REVERSION]);
    let silent = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut supervisor = silent.spawn().unwrap();
    let worker = until(|| child_of(supervisor.id())).unwrap();
    // It may have ended already, which is as good.
    let _ = Command::new("kill")
        .args(["-KILL", &worker.to_string()])
        .status();
    assert!(supervisor.wait().unwrap().success());
    let run = super::run_json(&desk.path("out"));
    assert!(super::instance(&run, "mean_reversion")["stopped"].is_null());
    assert_eq!(desk.names(), ["out"]);
}
