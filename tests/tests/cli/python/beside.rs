//! Modules that lie beside a strategy are part of it.
//!
//! Takes in a strategy whose logic is spread over modules of its folder; gives out whether it trades as the one file that it
//! was made of, whether its digest covers all of them, and whether what is not part of it is refused.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::{Desk, examples, python, run_command};
use crate::cli::{instance, run_json, said, tape};

/// What the strategy's file is where all logic lies in modules: imported at the top, and when it starts.
const STRATEGY: &str = "\
from backplane import Descriptor
from parts.logic import Base


class Momentum(Base):
    def on_start(self, ctx):
        import late

        late.begin(self, ctx)
";

/// A desk with the strategy `momentum` and its modules.
fn spread() -> Desk {
    let desk = Desk::new();
    let whole = std::fs::read_to_string(examples().join("momentum.py")).unwrap();
    std::fs::create_dir_all(desk.path("plugins/parts")).unwrap();
    desk.write(
        "plugins/parts/logic.py",
        whole.replace("class Momentum", "class Base"),
    );
    desk.write("plugins/late.py", "def begin(strategy, ctx):\n    return strategy.__class__.__mro__[1].on_start(strategy, ctx)\n");
    desk.write("plugins/momentum.py", STRATEGY);
    desk.write("plugins/unnamed.py", "import backplane\n");
    desk
}

#[test]
fn a_strategy_of_several_modules_is_that_of_one_file_and_its_digest_covers_all_of_them() {
    let Some(python) = python() else { return };
    let desk = spread();
    let run = |output: &str, more: &[&str]| {
        let mut command = run_command(&python, &desk, tape(), output);
        command.arg("--plugins").arg(desk.path("plugins"));
        said(command.args(["--strategy", "momentum"]).args(more))
    };
    run("spread", &[]).ok();
    let spread = run_json(&desk.path("spread"));
    let mut command = run_command(&python, &desk, tape(), "whole");
    command.arg("--plugins").arg(examples());
    said(command.args(["--strategy", "momentum"])).ok();
    let whole = run_json(&desk.path("whole"));
    assert_eq!(spread["summary"]["digest"], whole["summary"]["digest"]);
    assert!(instance(&spread, "momentum")["orders"].as_u64() > Some(0));

    let digest = || {
        let mut command = crate::cli::command();
        let environment = python.parent().and_then(Path::parent).unwrap();
        command.env("VIRTUAL_ENV", environment);
        command.args(["plugin", "inspect", "--json"]);
        said(command.arg(desk.path("plugins/momentum.py"))).json()
    };
    let inspected = digest();
    assert_eq!(
        inspected["imports"].as_array().unwrap().len(),
        2,
        "{inspected}"
    );
    let described = spread["instances"][0]["plugin_digest"].clone();
    assert_eq!(inspected["digest"], described);
    let pinned = inspected["digest"].as_str().unwrap();
    let policy = format!("[plugin.momentum]\nallow = [\"python\"]\ndigest = \"{pinned}\"\n");
    let policy = desk.write("policy.toml", policy);
    let policy = ["--policy", policy.to_str().unwrap()];
    run("pinned", &policy).ok();
    desk.write(
        "plugins/unnamed.py",
        "import backplane  # whatever lies beside it\n",
    );
    run("still", &policy).ok();
    desk.write("plugins/late.py", "def begin(strategy, ctx):\n    pass\n");
    let refused = run("refused", &policy);
    assert!(
        refused.code != 0 && !desk.path("refused").exists(),
        "{}{}",
        refused.stdout,
        refused.stderr
    );
    assert!(refused.stderr.contains(pinned), "{}", refused.stderr);
}

#[test]
fn what_is_not_part_of_a_strategy_cannot_be_imported_from_beside_it() {
    let Some(python) = python() else { return };
    let desk = spread();
    desk.write("plugins/hidden.py", "");
    let text =
        format!("{STRATEGY}\nimport importlib\nimportlib.import_module(\"hid\" + \"den\")\n");
    desk.write("plugins/momentum.py", text);
    let mut command = run_command(&python, &desk, tape(), "out");
    command.arg("--plugins").arg(desk.path("plugins"));
    let refused = said(command.args(["--strategy", "momentum"]));
    assert_eq!(refused.code, 6, "{}{}", refused.stdout, refused.stderr);
    let stop = instance(&run_json(&desk.path("out")), "momentum")["stopped"].clone();
    let fault = stop["fault"].as_str().unwrap();
    assert!(
        fault.contains("`hidden.py` lies beside the strategy"),
        "{fault}"
    );
    // What a module raises is told with its own file and line.
    desk.write("plugins/momentum.py", STRATEGY);
    desk.write(
        "plugins/late.py",
        "def begin(strategy, ctx):\n    return 1 / 0\n",
    );
    let mut command = run_command(&python, &desk, tape(), "raised");
    command.arg("--plugins").arg(desk.path("plugins"));
    said(command.args(["--strategy", "momentum"]));
    let stop = instance(&run_json(&desk.path("raised")), "momentum")["stopped"].clone();
    assert!(
        stop["file"].as_str().unwrap().ends_with("late.py"),
        "{stop}"
    );
    assert_eq!(stop["line"], 2);
}

#[test]
fn a_module_that_is_saved_while_the_run_goes_on_is_a_version_that_takes_over() {
    let Some(python) = python() else { return };
    let desk = spread();
    let late = "import time\n\n\ndef begin(strategy, ctx):\n    time.sleep(2)\n    strategy.__class__.__mro__[1].on_start(strategy, ctx)\n";
    desk.write("plugins/late.py", late);
    let command = |output: &str| {
        let mut command = run_command(&python, &desk, tape(), output);
        command.arg("--plugins").arg(desk.path("plugins"));
        command.args(["--strategy", "momentum"]);
        command
    };
    said(&mut command("plain")).ok();
    let mut watched = command("out");
    watched.arg("--watch").stdout(Stdio::null());
    let mut watched = watched.stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1_200));
    let module = desk.path("plugins/parts/logic.py");
    let text = std::fs::read_to_string(&module).unwrap();
    desk.write(
        "aside",
        format!("{text}# the same logic in another version\n"),
    );
    std::fs::rename(desk.path("aside"), &module).unwrap();
    assert!(watched.wait().unwrap().success());
    let (plain, run) = (run_json(&desk.path("plain")), run_json(&desk.path("out")));
    let swap = &run["swaps"][0];
    assert!(swap["refused"].is_null(), "{swap}");
    assert_ne!(swap["from_digest"], swap["to_digest"]);
    assert_eq!(run["summary"]["digest"], plain["summary"]["digest"]);
    let version = &swap["to_digest"].as_str().unwrap()[..12];
    let kept = desk
        .path("out/versions")
        .join(version)
        .join("parts/logic.py");
    assert!(kept.is_file(), "{}", kept.display());
    let mut again = command("again");
    said(again.arg("--swaps").arg(desk.path("out"))).ok();
    let again = run_json(&desk.path("again"));
    assert_eq!(again["swaps"][0]["to_digest"], swap["to_digest"]);
    assert_eq!(again["summary"]["digest"], run["summary"]["digest"]);
}
