//! `plugin new`: whether what it makes builds, passes its own tests, validates and runs.
//!
//! Takes in names and languages; gives out whether a new user's first five commands work.

use std::path::Path;
use std::process::Command;

use backplane_tests::python;

use super::{Desk, instance, run_json, said, tape};

fn new(desk: &Desk, arguments: &[&str]) -> super::Said {
    let mut command = super::command();
    command.args(["plugin", "new"]).args(arguments);
    said(command.current_dir(desk.path("")))
}

/// Runs cargo in a new strategy's folder, with what the workspace downloaded.
fn cargo(folder: &Path, target: &Path, words: &[&str]) {
    let mut command = Command::new(env!("CARGO"));
    command.args(words).args(["--offline", "--target-dir"]);
    let output = command.arg(target).current_dir(folder).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {error}");
}

#[test]
fn a_new_strategy_builds_passes_its_tests_validates_and_runs() {
    let desk = Desk::new();
    let said_of_it = new(&desk, &["first-idea"]).ok();
    assert!(said_of_it.contains("cargo build --release"), "{said_of_it}");
    let folder = desk.path("first_idea");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scaffold");
    cargo(&folder, &target, &["test", "--release"]);
    cargo(&folder, &target, &["build", "--release"]);
    let built = target.join("release");
    let mut command = super::command();
    command.args(["plugin", "validate", "--only-failed"]);
    let validated = said(command.arg(built.join("libfirst_idea.so")));
    assert_eq!(
        validated.code, 0,
        "{}{}",
        validated.stdout, validated.stderr
    );
    let mut command = super::command();
    command.arg("run").arg("--tape").arg(tape());
    command
        .arg("--plugins")
        .arg(built)
        .arg("--output")
        .arg(desk.path("out"));
    said(command.args(["--strategy", "first_idea"])).ok();
    let run = run_json(&desk.path("out"));
    assert!(instance(&run, "first_idea")["orders"].as_u64() > Some(0));
}

/// Runs a tool in a new strategy's folder; whether it is there.
fn tool(folder: &Path, words: &[&str]) -> bool {
    let output = match Command::new(words[0])
        .args(&words[1..])
        .current_dir(folder)
        .output()
    {
        Ok(output) => output,
        Err(error) => {
            println!("skipped: `{}` cannot be run: {error}", words[0]);
            return false;
        }
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}{error}");
    true
}

#[test]
fn a_new_strategy_in_c_builds_passes_its_tests_and_validates() {
    let desk = Desk::new();
    new(&desk, &["in_c", "--lang", "c"]).ok();
    let folder = desk.path("in_c");
    if !(tool(&folder, &["make"]) && tool(&folder, &["make", "test"])) {
        return;
    }
    let mut command = super::command();
    command.args(["plugin", "validate", "--only-failed"]);
    let validated = said(command.arg(folder.join("build/libin_c.so")));
    assert_eq!(
        validated.code, 0,
        "{}{}",
        validated.stdout, validated.stderr
    );
}

#[test]
fn a_new_strategy_in_assemblyscript_has_all_that_it_needs_beside_it() {
    let desk = Desk::new();
    new(&desk, &["in_as", "--lang", "assemblyscript"]).ok();
    let folder = desk.path("in_as");
    for file in [
        "in_as.ts",
        "test.mjs",
        "package.json",
        "backplane/guest.ts",
        "backplane/exports.ts",
    ] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        assert!(!text.contains("template_name"), "{file}");
    }
}

#[test]
fn a_new_strategy_in_python_validates_and_runs() {
    let Some(python) = python() else { return };
    let desk = Desk::new();
    let said_of_it = new(&desk, &["in_python", "--lang", "python"]).ok();
    assert!(said_of_it.contains("--allow python"), "{said_of_it}");
    let folder = desk.path("in_python");
    let environment = python.parent().and_then(Path::parent).unwrap();
    let mut command = super::command();
    command.env("VIRTUAL_ENV", environment);
    command.args(["plugin", "validate", "--only-failed"]);
    // Those that find most, and take little time with an interpreter to start for each.
    for check in [
        "loads",
        "name",
        "runs",
        "extreme-prices",
        "unknown-orders",
        "orders",
        "batches",
        "save-and-load",
        "loads-nonsense",
    ] {
        command.args(["--check", check]);
    }
    let validated = said(command.arg(folder.join("in_python.py")));
    assert_eq!(
        validated.code, 0,
        "{}{}",
        validated.stdout, validated.stderr
    );
    let mut command = super::command();
    command.env("VIRTUAL_ENV", environment);
    command.arg("run").arg("--tape").arg(tape());
    command.arg("--plugins").arg(&folder);
    command.arg("--output").arg(desk.path("out"));
    said(command.args(["--strategy", "in_python"])).ok();
    let run = run_json(&desk.path("out"));
    assert!(instance(&run, "in_python")["orders"].as_u64() > Some(0));
}

#[test]
fn nothing_is_written_over_and_nothing_half_made_remains() {
    let desk = Desk::new();
    let file = desk.write("taken", "mine");
    let said_of_it = new(&desk, &["taken"]);
    assert!(said_of_it.error(4).contains("taken exists"));
    assert_eq!(std::fs::read_to_string(file).unwrap(), "mine");
    new(&desk, &["1st"]).error(2);
    new(&desk, &["idea", "--lang", "cobol"]);
    new(&desk, &["idea", "--sdk", "nowhere"]).error(4);
    assert_eq!(desk.names(), ["taken"]);
}

#[test]
fn names_that_a_language_keeps_for_itself_are_refused() {
    let desk = Desk::new();
    for name in [
        "class", "import", "def", "lambda", "fn", "int", "export", "True", "2fast", "a b",
    ] {
        for lang in ["rust", "python"] {
            let refused = new(&desk, &[name, "--lang", lang]);
            let said = refused.error(2);
            assert_eq!(said, format!("`{name}` is no name for a plugin"));
        }
    }
    assert_eq!(desk.names(), [] as [&str; 0]);
}
