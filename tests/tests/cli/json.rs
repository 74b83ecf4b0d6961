//! Output for programs.
//!
//! Takes in every command that prints JSON, and environments with and without colours; gives out whether a program can
//! read what it gets.

use std::path::Path;

use backplane_tests::{build_directory, native_plugin};

use super::{Desk, MOMENTUM, Said, backplane, said, tape};

const ESCAPE: char = '\x1b';

#[test]
fn every_json_parses_and_has_a_version() {
    let desk = Desk::new();
    let mut command = desk.run_command(&[MOMENTUM]);
    let run = said(command.arg("--json")).json();
    let out = desk.path("out");
    let report = backplane([Path::new("report"), &out, Path::new("--json")]).json();
    assert_eq!(run["format"], 2);
    assert_eq!(run, report, "a report is made from the tables alone");
    let (library, directory) = (native_plugin("momentum"), build_directory());
    for (group, command, path) in [
        ("tape", "inspect", tape()),
        ("tape", "verify", tape()),
        ("plugin", "inspect", &library),
        ("plugin", "list", &directory),
    ] {
        let arguments = [Path::new(group), Path::new(command), path];
        let json = backplane(arguments.into_iter().chain([Path::new("--json")])).json();
        assert_eq!(json["version"], 1, "{group} {command}");
    }
}

#[test]
fn nothing_is_coloured_for_a_program_or_where_the_user_forbids_it() {
    let desk = Desk::new();
    let run = desk.run(&[MOMENTUM]);
    let failed = backplane(["report", "missing"]);
    assert_eq!((run.code, failed.code), (0, 4));
    for Said { stdout, stderr, .. } in [&run, &failed] {
        assert!(!stdout.contains(ESCAPE) && !stderr.contains(ESCAPE));
    }
    assert_eq!(run.stderr, "", "progress is for terminals");
    let coloured = |forbidden: bool| {
        let mut command = super::command();
        command
            .args(["report", "missing"])
            .env("CLICOLOR_FORCE", "1");
        if forbidden {
            command.env("NO_COLOR", "1");
        }
        said(&mut command).stderr.contains(ESCAPE)
    };
    assert!(coloured(false) && !coloured(true));
}

#[test]
fn completions_are_a_script() {
    let script = backplane(["completions", "bash"]).ok();
    assert!(script.contains("_backplane()") && script.contains("complete -F"));
}
