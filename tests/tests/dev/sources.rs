//! Sources in several languages.
//!
//! Takes in a strategy in C, packages and crates whose builds are played by scripts, and a user who grants nothing; gives
//! out whether each is built by its own tool, for the carrier that is granted.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use backplane_tests::{guest_modules, native_plugin, python};

use super::{Desk, Loop, digest_of_run, put};

/// Whether a tool can be run here.
fn is_there(tool: &str) -> bool {
    let mut command = Command::new(tool);
    command.arg("--version").stdout(Stdio::null());
    let is_there = command.status().is_ok_and(|x| x.success());
    if !is_there {
        println!("skipped: `{tool}` cannot be run");
    }
    is_there
}

fn dev(desk: &Desk, source: &str, change: impl FnOnce(&mut Command)) -> Loop {
    desk.dev(|command| {
        command.arg("--tape").arg(super::tape());
        command.args(["--source", source]);
        change(command);
    })
}

#[test]
fn a_strategy_in_c_is_built_by_make_and_a_mistake_keeps_the_old_version() {
    if !(is_there("make") && is_there("cc")) {
        return;
    }
    let desk = Desk::new();
    let mut command = backplane_tests::command();
    command.args(["plugin", "new", "mine", "--lang", "c"]);
    command.current_dir(desk.path(""));
    assert!(command.output().unwrap().status.success());
    let file = desk.path("mine/mine.c");
    let source = std::fs::read_to_string(&file).unwrap();
    let dev = dev(&desk, "mine", |_| {});
    let first = dev.next("run");
    assert_eq!(first["plugins"][0]["name"], "mine");
    assert_eq!(first["libraries"], 1);
    assert!(first["times"]["build_nanos"].as_u64().unwrap() > 0);
    std::fs::write(&file, source.replace("return", "retrun")).unwrap();
    let failed = dev.next("failed");
    let reason = failed["reason"].as_str().unwrap();
    assert!(reason.ends_with("mine failed"), "{reason}");
    // Another name for a variable is another library, but the same logic.
    let version = "static const char version_of_this_build[] = \"2\";\n\
                   const char *bp_version_of_this_build(void) { return version_of_this_build; }\n";
    std::fs::write(&file, format!("{source}\n{version}")).unwrap();
    let second = dev.next("run");
    assert_ne!(
        second["plugins"][0]["digest"],
        first["plugins"][0]["digest"]
    );
    assert_eq!(second["digest"], first["digest"]);
}

/// Plays cargo: "makes" the module that the source names, if one is asked for.
const CARGO: &str = r#"#!/bin/sh
case "$*" in *"--target wasm32-unknown-unknown"*) ;; *) exit 9 ;; esac
root=$(pwd -P)
mkdir -p target && : > target/CACHEDIR.TAG
cp "$(cat src/lib.rs)" target/mine.wasm
echo "{\"reason\":\"compiler-artifact\",\"manifest_path\":\"$root/Cargo.toml\",\"target\":{\"crate_types\":[\"cdylib\"]},\"filenames\":[\"$root/target/mine.wasm\"]}"
"#;

fn script(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_crate_is_built_for_the_sandbox_where_native_code_is_not_granted() {
    let Some(modules) = guest_modules(&["momentum"]) else {
        return;
    };
    let desk = Desk::new();
    std::fs::create_dir_all(desk.path("mine/src")).unwrap();
    std::fs::write(desk.path("mine/Cargo.toml"), "[package]\nname = \"mine\"\n").unwrap();
    let module = modules.join("momentum.wasm").canonicalize().unwrap();
    std::fs::write(desk.path("mine/src/lib.rs"), module.to_str().unwrap()).unwrap();
    script(&desk.path("cargo"), CARGO);
    let dev = dev(&desk, "mine", |command| {
        command.env("CARGO", desk.path("cargo"));
        command.env("XDG_CONFIG_HOME", desk.path("plugins"));
    });
    let run = dev.next("run");
    assert_eq!(run["libraries"], 0);
    assert_eq!(run["digest"], digest_of_run("momentum").as_str());
}

#[test]
fn a_package_is_built_by_npm_and_anything_by_a_command_of_the_user_s() {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.path("mine")).unwrap();
    let expected = digest_of_run("momentum");
    let plugin = native_plugin("momentum");
    std::fs::write(desk.path("mine/source.txt"), plugin.to_str().unwrap()).unwrap();
    let command = "mkdir -p build && cp $(cat source.txt) build/libmine.so";
    let by_command = dev(&desk, "mine", |dev| {
        dev.args(["--build", command]);
    });
    assert_eq!(by_command.next("run")["digest"], expected.as_str());
    drop(by_command);
    let Some(modules) = guest_modules(&["momentum"]).filter(|_| is_there("npm")) else {
        return;
    };
    let module = modules.join("momentum.wasm").canonicalize().unwrap();
    std::fs::write(desk.path("mine/source.txt"), module.to_str().unwrap()).unwrap();
    let package =
        r#"{"scripts":{"build":"mkdir -p build && cp $(cat source.txt) build/mine.wasm"}}"#;
    std::fs::write(desk.path("mine/package.json"), package).unwrap();
    let by_npm = dev(&desk, "mine", |_| {});
    let run = by_npm.next("run");
    assert_eq!(run["digest"], expected.as_str());
    assert_eq!(
        run["libraries"], 0,
        "the module is taken, not the library that lies beside it"
    );
}

#[test]
fn a_module_beside_a_python_strategy_is_watched_and_no_other_file() {
    let Some(python) = python() else { return };
    let desk = Desk::new();
    let folder = desk.path("plugins");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../python/examples");
    let whole = std::fs::read_to_string(examples.join("momentum.py")).unwrap();
    let write = |name: &str, text: &str| put(&folder.join(name), text.as_bytes());
    write("logic.py", &whole.replace("class Momentum", "class Base"));
    write(
        "mine.py",
        "from backplane import Strategy\nfrom logic import Base\n\n\nclass Mine(Base):\n    pass\n",
    );
    write("unnamed.py", "import backplane\n");
    let dev = desk.dev(|command| {
        command.env("VIRTUAL_ENV", python.parent().unwrap().parent().unwrap());
        command.arg("--tape").arg(super::tape());
        command.args(["--plugins", "plugins"]);
        command.args(["--strategy", "mine:lookback=2,threshold=0"]);
    });
    let first = dev.next("run");
    write("unnamed.py", "import backplane  # changed\n");
    dev.stays_quiet(Duration::from_millis(500));
    write(
        "logic.py",
        &whole
            .replace("class Momentum", "class Base")
            .replace("Side.BUY", "Side.SELL"),
    );
    let second = dev.next("run");
    assert_ne!(
        second["plugins"][0]["digest"],
        first["plugins"][0]["digest"]
    );
    assert_ne!(second["digest"], first["digest"]);
    // One that is missing is waited for.
    std::fs::remove_file(folder.join("logic.py")).unwrap();
    let failed = dev.next("failed");
    let reason = failed["reason"].as_str().unwrap();
    assert!(reason.contains("No module named 'logic'"), "{reason}");
    write("logic.py", &whole.replace("class Momentum", "class Base"));
    assert_eq!(dev.next("run")["digest"], first["digest"]);
}

#[test]
fn a_folder_that_nothing_can_build_is_refused() {
    let desk = Desk::new();
    let mut command = backplane_tests::command();
    command.args(["dev", "--source", "plugins", "--tape"]);
    command.arg(super::tape()).current_dir(desk.path(""));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("holds none of `Cargo.toml`, `package.json`, `Makefile`"),
        "{error}"
    );
}
