//! What the tests and benches share: where built plugins and modules, the command line and real market data are found, and rows
//! made in memory.
//!
//! Takes in nothing; gives out paths and rows. Real data is read in place and never copied; where it is absent a test says that
//! it skips.

pub mod chance;
pub mod rows;

pub mod safe;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory of built binaries and plugins, in which the running test or program was built.
///
/// # Panics
/// Where it does not lie in a directory.
pub fn build_directory() -> PathBuf {
    let binary = std::env::current_exe().expect("the binary has a path");
    let folder = binary.parent().expect("the binary lies in a folder");
    match folder.parent() {
        // A test; a program lies in the build directory itself.
        Some(above) if folder.ends_with("deps") => above.to_owned(),
        _ => folder.to_owned(),
    }
}

/// A built native plugin.
///
/// # Panics
/// Where it was not built.
pub fn native_plugin(name: &str) -> PathBuf {
    let path = build_directory().join(format!("lib{name}.so"));
    assert!(
        path.exists(),
        "{} is missing: run `cargo build --release --workspace` first",
        path.display()
    );
    path
}

/// The built command line.
///
/// # Panics
/// Where it was not built.
pub fn command_line() -> PathBuf {
    let path = build_directory().join("backplane");
    assert!(
        path.exists(),
        "{} is missing: run `cargo build --release --workspace` first",
        path.display()
    );
    path
}

/// The folder of modules that `cargo xtask guests` builds. Where one of them is missing, says so and gives `None`.
pub fn guest_modules(names: &[&str]) -> Option<PathBuf> {
    let folder = build_directory().join("../guests");
    let missing = |name: &&&str| !folder.join(format!("{name}.wasm")).is_file();
    if let Some(name) = names.iter().find(missing) {
        println!(
            "skipped: no {name}.wasm in {}; run `cargo xtask guests`",
            folder.display()
        );
        return None;
    }
    Some(folder)
}

/// A command that runs the built command line for a user whose policy trusts the plugins of this workspace.
///
/// # Panics
/// Where it was not built.
pub fn command() -> Command {
    let mut command = Command::new(command_line());
    as_the_tests_user(&mut command);
    command
}

/// Gives a command the configuration folder of the tests' user, whoever runs the tests.
pub fn as_the_tests_user(command: &mut Command) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("user");
    command.env("XDG_CONFIG_HOME", folder);
}

/// The folder of real market data: `BACKPLANE_DATA`, or `shared/data` beside the checkout. Where there is none, says so
/// and gives `None`.
pub fn market_data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var_os("BACKPLANE_DATA").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!(
        "skipped: no market data at {}; set BACKPLANE_DATA to its folder",
        folder.display()
    );
    None
}

/// An interpreter that has the packages of `python/requirements`: `BACKPLANE_PYTHON`, or the one that `cargo xtask python`
/// makes. Where there is none, says so and gives `None`.
pub fn python() -> Option<PathBuf> {
    let named = std::env::var_os("BACKPLANE_PYTHON").map(PathBuf::from);
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cache")));
    let made = cache.map(|x| x.join("backplane/python"));
    let made = made.filter(|x| has_all_packages(x));
    let made = made.map(|x| x.join("bin/python3"));
    let python = named.or(made).filter(|x| x.exists());
    if python.is_none() {
        println!(
            "skipped: no Python environment, or one of other packages; run `cargo xtask python` first"
        );
    }
    python
}

/// Whether the environment was made of the lists as they are now.
fn has_all_packages(environment: &Path) -> bool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../python/requirements");
    let mut lists: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|x| x == "txt"))
        .collect();
    lists.sort();
    let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    let wanted: String = lists.iter().map(read).collect();
    std::fs::read_to_string(environment.join("requirements.txt")).is_ok_and(|made| made == wanted)
}

/// A browser that runs without a window: `BACKPLANE_BROWSER`, one that is installed, or the one that `cargo xtask browser`
/// unpacks. Where there is none, says so and gives `None`.
pub fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("BACKPLANE_BROWSER").map(PathBuf::from);
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let installed = std::env::split_paths(&folders)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|path| path.is_file());
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cache")));
    let unpacked = cache.map(|x| x.join("backplane/browser/browser"));
    let browser = named.or(installed).or(unpacked).filter(|x| x.exists());
    if browser.is_none() {
        println!("skipped: no browser; run `cargo xtask browser` first");
    }
    browser
}

/// The README's code, compiled with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
