//! Sources in several languages.
//!
//! Takes in a strategy in C, packages and crates whose builds are played by scripts, and a user who grants nothing; gives
//! out whether each is built by its own tool, for the carrier that is granted.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
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
fn a_build_that_writes_its_own_sources_ends_and_a_save_still_builds() {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.path("mine")).unwrap();
    let source = desk.path("mine/source.txt");
    std::fs::write(&source, native_plugin("momentum").to_str().unwrap()).unwrap();
    // What is generated is never twice the same.
    let command = "mkdir -p build && date +%N > made.txt && cp $(cat source.txt) build/libmine.so";
    let dev = dev(&desk, "mine", |dev| {
        dev.args(["--build", command]);
    });
    dev.next("run");
    dev.next("rewritten");
    dev.stays_quiet(Duration::from_secs(1));
    let builds = || std::fs::read_to_string(desk.path("mine/made.txt")).unwrap();
    let before = builds();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(builds(), before, "it is not built again and again");
    put(
        &source,
        native_plugin("mean_reversion").to_str().unwrap().as_bytes(),
    );
    assert_eq!(
        dev.next("run")["digest"],
        digest_of_run("mean_reversion").as_str()
    );
}

/// The packages that `cargo xtask guests` fetched to build modules with.
fn packages_of_assemblyscript() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cache")))?;
    let versions = cache.join("backplane/assemblyscript").read_dir();
    let packages = versions.into_iter().flatten().flatten();
    let packages = packages.map(|x| x.path().join("node_modules"));
    let found = packages.into_iter().find(|x| x.join(".bin/asc").exists());
    if found.is_none() {
        println!("skipped: no compiler of AssemblyScript; run `cargo xtask guests`");
    }
    found
}

#[test]
fn a_package_of_assemblyscript_is_built_and_a_mistake_keeps_the_old_version() {
    let Some(packages) = packages_of_assemblyscript().filter(|_| is_there("npm")) else {
        return;
    };
    let desk = Desk::new();
    let mut command = backplane_tests::command();
    command.args(["plugin", "new", "mine", "--lang", "assemblyscript"]);
    command.current_dir(desk.path(""));
    assert!(command.output().unwrap().status.success());
    // What `npm install` would bring.
    std::os::unix::fs::symlink(packages, desk.path("mine/node_modules")).unwrap();
    let file = desk.path("mine/mine.ts");
    let source = std::fs::read_to_string(&file).unwrap();
    let dev = dev(&desk, "mine", |_| {});
    let first = dev.next("run");
    assert_eq!(
        (&first["plugins"][0]["name"], &first["libraries"]),
        (&"mine".into(), &0.into())
    );
    std::fs::write(&file, source.replace("return", "retrun")).unwrap();
    let failed = dev.next("failed");
    assert!(
        failed["reason"].as_str().unwrap().ends_with("mine failed"),
        "{failed}"
    );
    let version = "export function version_of_this_build(): i32 { return 2; }";
    std::fs::write(&file, format!("{source}\n{version}\n")).unwrap();
    let second = dev.next("run");
    assert_ne!(
        second["plugins"][0]["digest"],
        first["plugins"][0]["digest"]
    );
    assert_eq!(second["digest"], first["digest"]);
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
