//! `cargo xtask wheel`: one file for `pip` that brings the program and the Python package.
//!
//! In: the checkout and a Python environment. Out: `target/wheels/backplane-*.whl`, tried as the README says: installed
//! into a new virtual environment, from where its commands and its two snippets are run as they stand there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::workspace::Workspace;
use crate::{process, python};

/// The README's section whose commands and snippets are tried.
const SECTION: &str = "## A strategy in Python";

/// Builds and tries the wheel, and prints where it is.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let python = python::find(workspace)
        .map_err(|reason| Failure::new(reason, "see `cargo xtask python` for what is missing"))?;
    let wheel = build(workspace, &python)?;
    println!("{}", wheel.display());
    attempt(workspace, &python, &wheel)
}

/// Builds the wheel beside what cargo built, so that dependencies are shared.
fn build(workspace: &Workspace, python: &Path) -> Result<PathBuf, Failure> {
    let folder = workspace.target.join("wheels");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|cause| failed("emptying", &folder, &cause))?;
    }
    let mut build = Command::new(python);
    build.args(["-m", "maturin", "build", "--release", "--quiet", "--out"]);
    build
        .arg(&folder)
        .env("CARGO_TARGET_DIR", &workspace.target);
    process::show(build.current_dir(workspace.root.join("python")))?;
    let entries = fs::read_dir(&folder).map_err(|cause| failed("reading", &folder, &cause))?;
    let mut wheels = entries.filter_map(|x| Some(x.ok()?.path()));
    wheels.next().ok_or_else(|| {
        Failure::new(
            format!("maturin left no wheel in {}", folder.display()),
            "run it by hand to see all it prints",
        )
    })
}

/// Does with the wheel what the README says, in a folder and an environment of its own.
fn attempt(workspace: &Workspace, python: &Path, wheel: &Path) -> Result<(), Failure> {
    let folder = workspace.target.join("wheel-trial");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|cause| failed("emptying", &folder, &cause))?;
    }
    fs::create_dir_all(&folder).map_err(|cause| failed("creating", &folder, &cause))?;
    let mut make = Command::new(python);
    process::capture(make.args(["-m", "venv"]).arg(folder.join("clean")))?;
    let readme = workspace.root.join("README.md");
    let text = fs::read_to_string(&readme).map_err(|cause| failed("reading", &readme, &cause))?;
    let section = text.split(SECTION).nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let [strategy, run] = &snippets(section, "python")[..] else {
        let reason = format!("`{SECTION}` of the README has not two snippets of Python");
        return Err(Failure::new(reason, "write the strategy, then the run"));
    };
    let file = folder.join("join.py");
    fs::write(&file, strategy).map_err(|cause| failed("writing", &file, &cause))?;
    for line in section.lines().filter_map(|x| x.strip_prefix("$ ")) {
        if let Some(words) = words(line, wheel) {
            println!("$ {}", words.join(" "));
            trial(&folder, &words)?;
        }
    }
    let said = trial(&folder, &["python".into(), "-c".into(), run.clone()])?;
    print!("{said}");
    if said.contains("join") && said.contains("price") {
        return Ok(());
    }
    let reason = "the README's run in Python printed neither the strategy nor its fills";
    Err(Failure::new(reason, "read what it printed above"))
}

/// The words of a line of the README, with this machine's wheel; none for the line that built it.
fn words(line: &str, wheel: &Path) -> Option<Vec<String>> {
    let word = |x: &str| {
        let word = x.trim_matches('"');
        match word.split_once(".whl") {
            Some((_, extras)) => format!("{}{extras}", wheel.display()),
            None => word.to_owned(),
        }
    };
    let words: Vec<String> = line.split_whitespace().map(word).collect();
    (words.first().map(String::as_str) != Some("cargo")).then_some(words)
}

/// Runs a program of the clean environment; gives what it printed.
fn trial(folder: &Path, words: &[String]) -> Result<String, Failure> {
    let programs = folder.join("clean/bin");
    let (name, arguments) = words
        .split_first()
        .map_or(("", words), |x| (x.0.as_str(), x.1));
    let mut command = Command::new(programs.join(name));
    command.args(arguments).current_dir(folder);
    command
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .env("PIP_QUIET", "1");
    for variable in ["PYTHONPATH", "BACKPLANE_BINARY", "VIRTUAL_ENV"] {
        command.env_remove(variable);
    }
    process::capture(&mut command)
}

/// The snippets of a text in a language.
fn snippets(text: &str, language: &str) -> Vec<String> {
    let start = format!("```{language}\n");
    let parts = text.split(start.as_str()).skip(1);
    let snippets = parts.filter_map(|x| x.split("```").next());
    snippets.map(str::to_owned).collect()
}

fn failed(what: &str, path: &Path, cause: &std::io::Error) -> Failure {
    let reason = format!("{what} {}: {cause}", path.display());
    Failure::new(reason, "make room or choose another target folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_readme_is_run_with_this_machine_s_wheel() {
        let wheel = Path::new("/w/backplane-9-aarch64.whl");
        let line = "pip install \"target/wheels/backplane-1-x86_64.whl[pandas]\"";
        let expected = ["pip", "install", "/w/backplane-9-aarch64.whl[pandas]"];
        assert_eq!(words(line, wheel).unwrap_or_default(), expected);
        assert_eq!(words("cargo xtask wheel", wheel), None);
    }
}
