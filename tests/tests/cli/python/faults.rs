//! What a Python strategy does wrong costs it alone.
//!
//! Takes in a strategy that sins on request, many instances in one run beside one that does not; gives out whether each is
//! stopped with its cause, file, line and message, the other's results are unchanged to the bit, and no process is left.

use std::path::Path;
use std::time::{Duration, Instant};

use backplane_engine::guest::{Guest, Replies};
use backplane_guests::python::{PythonPlugin, PythonSettings};
use backplane_sdk::abi::{Message, definition_messages};
use backplane_sdk::params::Params;
use backplane_sdk::types::Timestamp;
use backplane_tests::command_line;
use backplane_tests::rows::instrument as one_instrument;

use super::state::bbo;
use super::{Desk, mark, marked, outlived, python, run_command, shelf, strategies};
use crate::cli::tables::Table;
use crate::cli::{MOMENTUM, instance, run_json, said, tape};

/// The market message on which it sins, and the number of that among all that it hears.
const AT: u64 = 20;
const MESSAGE: u64 = AT + 3;

/// What the user grants to all of them.
const POLICY: &str = "[default]\nallow = [\"native\", \"python\"]\npython_memory = \"2GiB\"\n";

/// Runs strategies beside one that does nothing wrong, checks that it is as when it runs alone, and gives `run.json`.
fn fall(name: &str, settings: &str, sinners: &[String]) -> Option<serde_json::Value> {
    let python = python()?;
    let desk = Desk::new();
    let files = ["misbehave.py", "feature_sins.py"].map(|x| strategies().join(x));
    let shelf = shelf(&desk, &files);
    let run = |output: &str, sinners: &[String]| {
        let mut command = run_command(&python, &desk, tape(), output);
        desk.write("run.toml", settings);
        command
            .arg("--policy")
            .arg(desk.write("policy.toml", POLICY));
        command.arg("--plugins").arg(&shelf);
        for strategy in sinners.iter().map(String::as_str).chain([MOMENTUM]) {
            command.args(["--strategy", strategy]);
        }
        said(mark(&mut command, name))
    };
    run("alone", &[]).ok();
    let said = run("beside", sinners);
    assert_eq!(said.code, 6, "{}{}", said.stdout, said.stderr);
    let (run, alone) = (
        run_json(&desk.path("beside")),
        run_json(&desk.path("alone")),
    );
    assert_eq!(instance(&run, "momentum"), instance(&alone, "momentum"));
    for table in ["orders", "journal", "fills", "equity", "metrics", "log"] {
        let read = |output| Table::read(&desk.path(output), table);
        let (found, expected) = (read("beside"), read("alone"));
        assert_eq!(found.rows_of("momentum"), expected.rows_of("momentum"));
    }
    let left = outlived(name, Duration::from_secs(2));
    assert!(left.is_empty(), "processes are left: {left:?}");
    Some(run)
}

#[test]
fn every_sin_is_named_with_its_message_and_costs_the_others_nothing() {
    let settings = "stall_timeout = \"50s\"\n[python]\ncall_timeout = \"40s\"\n";
    let sins = [
        (1, "ZeroDivisionError: division by zero"),
        (
            2,
            "Limit: it logged or printed a line of more than 65536 bytes",
        ),
        (
            3,
            "Limit: it logged or printed more than 4096 lines in one call",
        ),
        (4, "RuntimeError: wrote a gigabyte"),
        (5, "Limit: it gave more than 65536 commands in one call"),
        (7, "its process was ended by SIGKILL"),
        (8, "RuntimeError: still here without an output"),
        (9, "it closed its connection to the host"),
        (
            10,
            "RuntimeError: a strategy must not start processes (`os.fork`)",
        ),
        (
            11,
            "RuntimeError: a strategy must not start processes (`os.system`)",
        ),
        (
            12,
            "ModuleNotFoundError: No module named 'no_such_module_anywhere'",
        ),
        (13, "SystemExit: 3"),
        (14, "its process ended with code 0"),
        (15, "MemoryError"),
        (16, "TypeError: submit takes an Order, not dict"),
        (17, "cannot be sent: required argument is not an integer"),
        (18, "its process was ended by SIGSEGV"),
        (
            19,
            "Limit: it logged or printed a line of more than 65536 bytes",
        ),
        (20, "RuntimeError: left a process behind"),
        (
            21,
            "RuntimeError: a strategy must not start processes (`fork_exec`)",
        ),
    ];
    let sinners = sins.map(|(sin, _)| format!("sin-{sin}@misbehave:sin={sin},at={AT}"));
    let Some(run) = fall("every-sin", settings, &sinners) else {
        return;
    };
    for (sin, cause) in sins {
        let stop = &instance(&run, &format!("sin-{sin}"))["stopped"];
        let fault = stop["fault"].as_str().unwrap_or("nothing");
        assert!(fault.contains(cause), "sin {sin}: {fault}");
        assert_eq!(stop["event"], "bbo", "sin {sin}");
        // What raises is told to the message; what takes the process is told to the messages of its call.
        let is_raised = fault.contains(": ") && !fault.starts_with("its process");
        let message = stop["message"].as_u64().unwrap();
        assert!(
            message == MESSAGE || !is_raised && message < MESSAGE,
            "sin {sin}: {message}"
        );
    }
    let raised = &instance(&run, "sin-1")["stopped"];
    let file = raised["file"].as_str().unwrap();
    assert!(file.ends_with("misbehave.py"), "{file}");
    assert!(raised["line"].as_u64().unwrap() > 0);
}

#[test]
fn one_that_never_returns_is_ended_and_costs_the_others_nothing() {
    let settings = "[python]\ncall_timeout = \"1s\"\n";
    let sinner = format!("sleeper@misbehave:sin=6,at={AT}");
    let Some(run) = fall("sleeper", settings, &[sinner]) else {
        return;
    };
    let stop = &instance(&run, "sleeper")["stopped"];
    // It is ended where it is, so that nothing has to be run again to find that out.
    assert_eq!(stop["fault"], "TimeLimit: it did not answer within 1 s");
    assert_eq!(stop["message"], MESSAGE);
    assert!(stop["file"].as_str().unwrap().ends_with("misbehave.py"));
    assert!(stop["line"].as_u64().unwrap() > 0);
}

#[test]
fn one_that_never_returns_costs_one_time_out() {
    let Some(python) = python() else { return };
    let desk = Desk::new();
    let mut command = run_command(&python, &desk, tape(), "out");
    desk.write("run.toml", "[python]\ncall_timeout = \"4s\"\n");
    command.arg("--plugins").arg(strategies());
    let begun = Instant::now();
    let ended = said(command.args(["--strategy", "misbehave:sin=6"]));
    let took = begun.elapsed();
    assert_eq!(ended.code, 6, "{}{}", ended.stdout, ended.stderr);
    assert!(took < Duration::from_secs(8), "{took:?}");
}

#[test]
fn one_that_heeds_no_limit_and_one_whose_pipe_outlives_it_hold_nobody_up() {
    let Some(python) = python() else { return };
    let sins = [
        (22, "it did not answer within 1 s"),
        (23, "its process ended with code 0"),
    ];
    for (sin, cause) in sins {
        let (desk, name) = (Desk::new(), format!("held-up-{sin}"));
        let mut command = run_command(&python, &desk, tape(), "out");
        desk.write("run.toml", "[python]\ncall_timeout = \"1s\"\n");
        command.arg("--plugins").arg(strategies());
        command.args(["--strategy", &format!("misbehave:sin={sin},at={AT}")]);
        let ended = said(mark(&mut command, &name));
        // Who left the group of processes is known to nobody but this test.
        for process in marked(&name) {
            super::kill(process);
        }
        assert_eq!(ended.code, 6, "{}{}", ended.stdout, ended.stderr);
        let stop = instance(&run_json(&desk.path("out")), "misbehave")["stopped"].clone();
        assert_eq!(stop["fault"], cause, "sin {sin}");
        assert_eq!(stop["message"], MESSAGE, "sin {sin}");
    }
}

#[test]
fn what_is_no_wish_is_named_and_costs_the_others_nothing() {
    let sins = [
        (1, "ValueError: `on_features_batch` gave an array of shape"),
        (2, "ValueError: `on_features_batch` gave an array of shape"),
        (
            3,
            "ValueError: the target nan is not a whole number of quantity units",
        ),
        (
            4,
            "ValueError: the target inf is not a whole number of quantity units",
        ),
        (
            5,
            "ValueError: the target 0.5 is not a whole number of quantity units",
        ),
        (6, "TypeError: `on_features_batch` gave an array of"),
        (
            7,
            "TypeError: a wish is None, a target or orders, not object",
        ),
        (
            8,
            "TypeError: `on_features_batch` must give an array, a list or None, not dict",
        ),
        (9, "TypeError: a wish is None, a target or orders, not bool"),
        (10, "ValueError: assignment destination is read-only"),
    ];
    let sinners = sins.map(|(sin, _)| format!("sin-{sin}@feature_sins:sin={sin}"));
    let Some(run) = fall("no-wish", super::SETTINGS, &sinners) else {
        return;
    };
    for (sin, cause) in sins {
        let stop = &instance(&run, &format!("sin-{sin}"))["stopped"];
        let fault = stop["fault"].as_str().unwrap_or("nothing");
        assert!(fault.contains(cause), "sin {sin}: {fault}");
        assert!(stop["message"].as_u64().unwrap() > 100, "sin {sin}");
    }
}

#[test]
fn a_process_that_ended_is_reaped_at_once() {
    let Some(python) = python() else { return };
    let mut settings = PythonSettings::new(python);
    settings.launcher = vec![command_line().into(), "worker".into(), "launch".into()];
    let plugin = PythonPlugin::load(&strategies().join("misbehave.py"), &settings).unwrap();
    // It raises, it is ended by itself, it leaves a process behind.
    for sin in ["1", "7", "20"] {
        let params = Params::defaults(&plugin.descriptor().params);
        let params = params.with_text("sin", sin).unwrap();
        let params = params.with_text("at", "1").unwrap();
        let mut guest = plugin.instantiate(&params).unwrap();
        let process = guest.process_id().unwrap();
        let entry = format!("/proc/{process}");
        assert!(Path::new(&entry).exists());
        let mut messages = definition_messages(&one_instrument(), Timestamp(0)).to_vec();
        messages.push(Message::start(1, Timestamp(0)));
        messages.push(bbo(1));
        let faults = messages.iter().find_map(|message| {
            let heard = guest.hear(&[*message], &[], &mut Replies::default());
            heard.err()
        });
        assert!(faults.is_some(), "sin {sin}");
        assert!(!Path::new(&entry).exists(), "sin {sin}: it is a zombie");
    }
}

#[test]
fn a_traceback_is_in_the_log() {
    let Some(python) = python() else { return };
    let desk = Desk::new();
    let mut command = run_command(&python, &desk, tape(), "out");
    command.arg("--plugins").arg(strategies());
    let said = said(command.args(["--strategy", "misbehave:sin=1"]));
    assert_eq!(said.code, 6, "{}{}", said.stdout, said.stderr);
    let log = Table::read(&desk.path("out"), "log");
    let text = format!("{:?}", log.rows_of("misbehave"));
    for part in [
        "Traceback (most recent call last)",
        "in helper",
        "return 1 / divisor",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(
        !text.contains("<backplane"),
        "the host's own frames are left out: {text}"
    );
}

#[test]
fn a_file_that_cannot_be_loaded_costs_its_strategy_alone() {
    let Some(python) = python() else { return };
    let desk = Desk::new();
    let mut files = Vec::new();
    for (name, text) in [
        (
            "missing",
            "import backplane\nimport no_such_module_anywhere\n",
        ),
        ("broken", "import backplane\ndef f(:\n"),
        ("empty", "import backplane\n"),
        ("dies", "import backplane, os\nos._exit(3)\n"),
    ] {
        files.push(desk.write(&format!("{name}.py"), text));
    }
    let shelf = shelf(&desk, &files);
    let mut command = run_command(&python, &desk, tape(), "out");
    command.arg("--plugins").arg(shelf);
    for name in ["missing", "broken", "empty", "dies", MOMENTUM] {
        command.args(["--strategy", name]);
    }
    let said = said(&mut command);
    assert_eq!(said.code, 6, "{}{}", said.stdout, said.stderr);
    let run = run_json(&desk.path("out"));
    for (name, cause) in [
        (
            "missing",
            "ModuleNotFoundError: No module named 'no_such_module_anywhere'",
        ),
        ("broken", "SyntaxError: invalid syntax"),
        ("empty", "defines no strategy"),
        ("dies", "its process ended with code 3"),
    ] {
        let stop = &instance(&run, name)["stopped"];
        let fault = stop["fault"].as_str().unwrap_or("nothing");
        assert!(fault.contains(cause), "{name}: {fault}");
        assert_eq!(
            (&stop["event"], &stop["message"]),
            (&"loading".into(), &0.into())
        );
    }
    assert!(instance(&run, "momentum")["stopped"].is_null());
}

#[test]
fn an_interpreter_that_does_not_serve_is_refused_with_what_to_do() {
    let Some(_) = python() else { return };
    let desk = Desk::new();
    let bare = "#!/bin/sh\nexec python3 -I -S \"$@\"\n";
    let bare = desk.write("bare", bare);
    let mut permissions = bare.metadata().unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    std::fs::set_permissions(&bare, permissions).unwrap();
    for (interpreter, cause, next) in [
        ("/no/such/python3", "does not serve", "name an interpreter"),
        (
            bare.to_str().unwrap(),
            "the package `msgpack` cannot be imported",
            "pip install numpy msgpack",
        ),
        ("/bin/cat", "does not serve", "name an interpreter"),
    ] {
        let settings =
            format!("[python]\ninterpreter = \"{interpreter}\"\nstart_timeout = \"5s\"\n");
        let mut command = run_command(&bare, &desk, tape(), "out");
        desk.write("run.toml", settings);
        command.arg("--plugins").arg(super::examples());
        let said = said(command.args(["--strategy", "momentum"]));
        let text = said.stderr.replace('\n', " ");
        let is_named = text.contains(cause) && text.contains(next);
        assert!(said.code == 5 && is_named, "{} {}", said.code, said.stderr);
    }
    assert!(marked("no-such-mark").is_empty());
}
