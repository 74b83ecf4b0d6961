//! Flags, run files, and mistakes in them.
//!
//! Takes in command lines and run files, right and wrong; gives out whether each mistake has its exit code and is named
//! with what would be right.

use backplane_tests::build_directory;

use super::{Desk, MOMENTUM, Said, backplane, instance, run_json, said, tape};

/// Runs a strategy that cannot be run; nothing may be left of it.
fn refused(strategy: &str) -> Said {
    let desk = Desk::new();
    let said = desk.run(&[strategy]);
    assert!(desk.names().is_empty(), "{strategy}");
    said
}

#[test]
fn an_unknown_flag_or_command_is_a_usage_mistake() {
    for arguments in [&["run", "--frob"][..], &["frob"], &[], &["tape", "inspect"]] {
        let said = backplane(arguments);
        assert_eq!((said.code, said.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(said.stderr.contains("Usage: backplane"), "{}", said.stderr);
    }
    let said = backplane(["run", "--frob"]);
    assert!(said.stderr.contains("--frob"), "{}", said.stderr);
    assert!(backplane(["--help"]).ok().contains("Usage: backplane"));
    assert!(backplane(["--version"]).ok().starts_with("backplane "));
}

#[test]
fn an_unknown_strategy_is_answered_with_a_suggestion() {
    let said = refused("momentun");
    assert!(
        said.error(5).contains("no plugin `momentun`"),
        "{}",
        said.stderr
    );
    assert!(
        said.stderr.contains("did you mean `momentum`?"),
        "{}",
        said.stderr
    );
}

#[test]
fn an_unknown_parameter_is_answered_with_those_that_there_are() {
    let said = refused("momentum:lookbak=3");
    let error = said.error(3);
    let expected = "no parameter `lookbak`; there are: lookback, threshold, size";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_parameter_out_of_range_is_answered_with_the_range() {
    let said = refused("momentum:lookback=0");
    let error = said.error(3);
    let expected = "`lookback` is 0, but must be a whole number from 1 to 100000";
    assert!(error.contains(expected), "{error}");
    for strategy in ["momentum:lookback=x", "momentum:threshold=nan"] {
        refused(strategy).error(3);
    }
}

#[test]
fn a_strategy_that_cannot_be_read_is_a_usage_mistake() {
    for strategy in ["", ":a=1", "@momentum", "momentum:lookback"] {
        assert!(refused(strategy).error(2).contains("cannot be read"));
    }
}

fn file_text(desk: &Desk) -> String {
    let (tape, plugins, output) = (tape(), build_directory(), desk.path("out"));
    format!(
        "tape = {tape:?}\nplugins = {plugins:?}\noutput = {output:?}\nseed = 5\n[latency]\nentry = \"2ms\"\n\
         [[strategy]]\nname = \"momentum\"\nlabel = \"m\"\nparams = {{ lookback = 20, threshold = 0.5 }}\n"
    )
}

#[test]
fn a_run_file_runs_and_flags_override_it() {
    let desk = Desk::new();
    let file = desk.write("run.toml", file_text(&desk));
    backplane(["run".as_ref(), file.as_os_str()]).ok();
    let run = run_json(&desk.path("out"));
    assert!(instance(&run, "m")["fills"].as_u64().unwrap() > 0);
    assert_eq!(run["instances"][0]["parameters"]["lookback"], "20");
    assert_eq!(run["config"]["entry_latency"], 2_000_000);
    assert_eq!(run["config"]["seed"], 5);
    let mut command = super::command();
    command
        .arg("run")
        .arg(&file)
        .args(["--entry-latency", "1ms", "--seed", "6"]);
    said(command.args(["--force", "--strategy", "mean_reversion"])).ok();
    let run = run_json(&desk.path("out"));
    assert_eq!(run["config"]["entry_latency"], 1_000_000);
    assert_eq!(run["config"]["seed"], 6);
    assert_eq!(run["instances"].as_array().unwrap().len(), 1);
    assert_eq!(run["instances"][0]["name"], "mean_reversion");
}

#[test]
fn a_mistake_in_a_run_file_is_named_with_its_line() {
    let desk = Desk::new();
    let good = file_text(&desk);
    for (from, to, place) in [
        ("entry", "entree", "line 6: unknown field `entree`"),
        ("seed = 5", "seed = \"x\"", "line 4: "),
        ("[latency]", "[latency", "line 5: "),
        (
            "2ms",
            "2 fortnights",
            "`latency.entry` is `2 fortnights`, but must be a time",
        ),
    ] {
        let file = desk.write("run.toml", good.replace(from, to));
        let said = backplane(["run".as_ref(), file.as_os_str()]);
        let error = said.error(3);
        assert!(error.contains(place), "{error}");
    }
    let said = backplane(["run".as_ref(), desk.path("none.toml").as_os_str()]);
    assert!(said.error(3).contains("none.toml"), "{}", said.stderr);
    assert_eq!(desk.names(), ["run.toml"]);
}

#[test]
fn a_setting_that_makes_no_sense_is_named() {
    let desk = Desk::new();
    for (flag, value) in [
        ("--entry-latency", "5"),
        ("--cash", "lots"),
        ("--stall-timeout", "1ms"),
        ("--taker-fee", "1e-4"),
    ] {
        let said = said(desk.run_command(&[MOMENTUM]).args([flag, value]));
        let error = said.error(3);
        assert!(error.contains("must be"), "{error}");
    }
    let said = backplane(["run", "--strategy", "momentum"]);
    assert!(
        said.error(2).contains("`tape` is not set"),
        "{}",
        said.stderr
    );
    assert!(desk.names().is_empty());
}
