//! What a policy and `--allow` grant, and what they do not.
//!
//! Takes in policies, directories and users who say nothing; gives out whether code that runs with the user's rights is
//! left alone until its user grants it, and whether limits hold.

use std::path::Path;
use std::process::Command;

use backplane_tests::{build_directory, native_plugin, python};
use serde_json::Value;

use super::{Desk, MOMENTUM, Said, instance, run_json, said, tape};

/// A command of a user who granted nothing.
fn stranger(desk: &Desk) -> Command {
    let mut command = super::command();
    command.env("XDG_CONFIG_HOME", desk.path("nobody"));
    command
}

fn run(desk: &Desk, strategies: &[&str], more: &[&str]) -> Said {
    let mut command = stranger(desk);
    command.arg("run").arg("--tape").arg(tape()).args(more);
    command.arg("--plugins").arg(build_directory());
    command.arg("--output").arg(desk.path("out"));
    for strategy in strategies {
        command.args(["--strategy", strategy]);
    }
    said(&mut command)
}

fn with_policy(desk: &Desk, text: &str, strategies: &[&str]) -> Said {
    let policy = desk.write("policy.toml", text);
    run(desk, strategies, &["--policy", policy.to_str().unwrap()])
}

#[test]
fn native_code_runs_only_where_its_user_grants_it() {
    let desk = Desk::new();
    let refused = run(&desk, &[MOMENTUM], &[]);
    let error = refused.error(5);
    assert!(error.contains("native code was not granted"), "{error}");
    assert!(refused.stderr.contains("--allow native:momentum"));
    run(&desk, &[MOMENTUM], &["--allow", "native:misbehave,no_op"]).error(5);
    run(&desk, &[MOMENTUM], &["--allow", "wasm"]).error(5);
    assert!(desk.names().is_empty());
    run(&desk, &[MOMENTUM], &["--allow", "native:momentum"]).ok();
    let again = ["--allow", "native", "--force"];
    run(&desk, &[MOMENTUM], &again).ok();
    let policy = "[plugin.momentum]\nallow = [\"native\"]\n";
    let desk = Desk::new();
    with_policy(&desk, policy, &[MOMENTUM]).ok();
    run(&desk, &[MOMENTUM], &["--allow", "magic", "--force"]).error(2);
}

#[test]
fn python_code_runs_only_where_its_user_grants_it_and_within_its_limits() {
    let Some(python) = python() else { return };
    let desk = Desk::new();
    let shelf = desk.path("shelf");
    std::fs::create_dir(&shelf).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let file = root.join("python/examples/mean_reversion.py");
    std::fs::copy(&file, shelf.join("mean_reversion.py")).unwrap();
    let run = |more: &[&str]| {
        let mut command = stranger(&desk);
        command.env(
            "VIRTUAL_ENV",
            python.parent().and_then(Path::parent).unwrap(),
        );
        command.arg("run").arg("--tape").arg(tape()).args(more);
        command.arg("--plugins").arg(&shelf).arg("--force");
        command.arg("--output").arg(desk.path("out"));
        said(command.args(["--strategy", "mean_reversion"]))
    };
    for granted in [None, Some("native"), Some("python:other")] {
        let refused = run(&granted.map_or(vec![], |x| vec!["--allow", x]));
        let error = refused.error(5);
        assert!(error.contains("python code was not granted"), "{error}");
        assert!(refused.stderr.contains("--allow python:mean_reversion"));
    }
    run(&["--allow", "python:mean_reversion"]).ok();
    let with = |text: &str| {
        let policy = desk.write("policy.toml", text);
        run(&["--policy", policy.to_str().unwrap()])
    };
    let digest = blake3::hash(&std::fs::read(&file).unwrap()).to_string();
    let table = "[plugin.mean_reversion]\nallow = [\"python\"]\n";
    with(&format!("{table}digest = \"{digest}\"\n")).ok();
    let other = with(&format!("{table}digest = \"{}\"\n", "0".repeat(64)));
    assert!(other.error(5).contains("the file of digest"));
    assert_eq!(with(&format!("{table}orders_per_second = 1\n")).code, 6);
    let results = run_json(&desk.path("out"));
    let stopped = &instance(&results, "mean_reversion")["stopped"];
    let fault = stopped["fault"].as_str().unwrap_or_default();
    assert!(fault.contains("where its policy allows 1"), "{fault}");
}

#[test]
fn a_policy_in_the_user_s_folder_holds_and_one_among_the_plugins_does_not() {
    let desk = Desk::new();
    let folder = desk.path("nobody").join("backplane");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("policy.toml"),
        "[default]\nallow = [\"native\"]\n",
    )
    .unwrap();
    run(&desk, &[MOMENTUM], &[]).ok();
    let shelf = Desk::new();
    std::fs::copy(native_plugin("momentum"), shelf.path("libmomentum.so")).unwrap();
    let policy = shelf.write("policy.toml", "[default]\nallow = [\"native\"]\n");
    let list = |arguments: &[&Path]| {
        let mut command = stranger(&shelf);
        said(command.args(["plugin", "list"]).args(arguments))
    };
    let shelf_path = shelf.path("");
    let said = list(&[&shelf_path, Path::new("--policy"), &policy]);
    assert!(
        said.error(3)
            .contains("it lies in the directory of the plugins")
    );
    let silent = list(&[&shelf_path]).ok();
    assert!(silent.contains("not granted"), "{silent}");
}

#[test]
fn what_was_not_granted_is_listed_and_inspected_but_not_loaded() {
    let shelf = Desk::new();
    // It would say so on standard error, were it loaded.
    std::fs::copy(native_plugin("misbehave"), shelf.path("libmisbehave.so")).unwrap();
    let json = |arguments: &[&str], path: &Path| -> Value {
        let mut command = stranger(&shelf);
        command
            .args(["plugin", arguments[0]])
            .arg(path)
            .arg("--json");
        said(command.args(&arguments[1..])).json()
    };
    let list = json(&["list"], &shelf.path(""));
    let entry = &list["plugins"][0];
    assert_eq!(
        (&entry["state"], &entry["abi"]),
        (&"not_granted".into(), &1.into())
    );
    assert!(entry["version"].is_null());
    let file = shelf.path("libmisbehave.so");
    let inspected = json(&["inspect"], &file);
    assert!(inspected["descriptor"].is_null() && inspected["not_granted"].is_string());
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(inspected["bytes"], bytes.len());
    assert_eq!(inspected["digest"], blake3::hash(&bytes).to_string());
    let exports: Vec<&str> = inspected["exports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_str().unwrap())
        .collect();
    assert!(exports.contains(&"backplane_plugin_v1"), "{exports:?}");
    let libraries = inspected["libraries"].as_array().unwrap();
    assert!(libraries.contains(&"libc.so.6".into()), "{libraries:?}");
    assert!(!inspected["imports"].as_array().unwrap().is_empty());
    let granted = json(&["inspect", "--allow", "native:misbehave"], &file);
    assert_eq!(granted["descriptor"]["name"], "misbehave");
}

#[test]
fn a_grant_for_one_file_is_for_no_other() {
    let desk = Desk::new();
    let bytes = std::fs::read(native_plugin("momentum")).unwrap();
    let grant =
        |digest: &str| format!("[plugin.momentum]\nallow = [\"native\"]\ndigest = \"{digest}\"\n");
    let other = grant(&blake3::hash(b"another file").to_string());
    let said = with_policy(&desk, &other, &[MOMENTUM]);
    assert!(
        said.error(5)
            .contains("the policy grants it to the file of digest")
    );
    with_policy(
        &desk,
        &grant(&blake3::hash(&bytes).to_string()),
        &[MOMENTUM],
    )
    .ok();
}

#[test]
fn a_policy_narrows_and_fixes_parameters() {
    let desk = Desk::new();
    let policy = |rules: &str| {
        format!("[plugin.momentum]\nallow = [\"native\"]\n[plugin.momentum.params]\n{rules}\n")
    };
    let said = with_policy(&desk, &policy("lookback = { max = 10 }"), &[MOMENTUM]);
    let error = said.error(3);
    assert!(
        error.contains("`lookback` is 20, but the policy wants"),
        "{error}"
    );
    with_policy(&desk, &policy("lookback = 30"), &["momentum:threshold=0.5"]).ok();
    let run = run_json(&desk.path("out"));
    assert_eq!(run["instances"][0]["parameters"]["lookback"], "30");
}

#[test]
fn a_strategy_that_orders_too_often_is_stopped_and_the_others_are_not() {
    let desk = Desk::new();
    let policy = "[default]\nallow = [\"native\"]\n[plugin.misbehave]\norders_per_second = 100\n";
    let said = with_policy(&desk, policy, &["misbehave:sin=20,at=20", MOMENTUM]);
    assert_eq!(said.code, 6, "{}{}", said.stdout, said.stderr);
    let run = run_json(&desk.path("out"));
    let stop = &instance(&run, "misbehave")["stopped"];
    let fault = stop["fault"].as_str().unwrap();
    assert!(
        fault.ends_with("in one second, where its policy allows 100"),
        "{fault}"
    );
    assert_eq!(stop["message"], 23);
    let alone = Desk::new();
    alone.run(&[MOMENTUM]).ok();
    let expected = run_json(&alone.path("out"));
    assert_eq!(instance(&run, "momentum"), instance(&expected, "momentum"));
}

#[test]
fn a_flood_of_log_lines_is_cut_and_told_of() {
    let desk = Desk::new();
    let policy = "[default]\nallow = [\"native\"]\nlog_lines_per_second = 5\n";
    with_policy(&desk, policy, &["misbehave:echo=true"]).ok();
    let log = super::tables::Table::read(&desk.path("out"), "log");
    let rows = log.rows_of("misbehave");
    let told = rows
        .iter()
        .filter(|x| format!("{x:?}").contains("are left out"))
        .count();
    assert!(
        told > 100 && rows.len() <= told * 6 + 100,
        "{told} of {}",
        rows.len()
    );
}
