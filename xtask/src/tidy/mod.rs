//! The house rules, as a program.
//!
//! In: the tracked files of the checkout. Out: one line for each place that breaks a rule, saying what
//! to do there, or one summary line. Each rule is a function of the files alone, and each has tests in
//! which it fails.

mod layers;
mod steps;
mod text;
mod unsafe_code;
mod use_paths;

use std::fmt;

use crate::failure::Failure;
use crate::manifest::Manifest;
use crate::source::Source;
use crate::workspace::{TextFile, Workspace};

/// One place that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    /// The file, from the root.
    path: String,
    /// The line, from 1.
    line: usize,
    /// The rule's name.
    rule: &'static str,
    /// What to do about it.
    advice: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            rule,
            advice,
        } = self;
        write!(out, "{path}:{line}: {rule}: {advice}")
    }
}

/// One file with what the rules need to know of it.
struct File {
    /// Its path from the root.
    path: String,
    /// All it says.
    text: String,
    /// Its parts, where it is Rust.
    source: Option<Source>,
}

/// A crate's manifest and the folder it stands in.
struct Package {
    /// The folder, from the root; empty for the root itself.
    folder: String,
    /// The manifest's path, from the root.
    path: String,
    /// What the manifest says.
    manifest: Manifest,
}

/// Everything that the rules look at.
struct Tree {
    files: Vec<File>,
    packages: Vec<Package>,
}

impl Tree {
    /// Reads the Rust files and the manifests among some text files.
    fn read(files: Vec<TextFile>) -> Self {
        let packages = files.iter().filter_map(package).collect();
        let files = files
            .into_iter()
            .map(|TextFile { path, text }| File {
                source: path.ends_with(".rs").then(|| Source::read(&text)),
                path,
                text,
            })
            .collect();
        Self { files, packages }
    }

    /// A tree of synthetic files, for the tests of the rules.
    #[cfg(test)]
    fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| TextFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        Self::read(files.iter().map(file).collect())
    }

    /// The places that break any rule, in the order of the files.
    fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for rule in [layers::check, steps::check, text::check, unsafe_code::check] {
            rule(self, &mut found);
        }
        found.sort();
        found.dedup();
        found
    }
}

/// The package of a file that is a manifest.
fn package(file: &TextFile) -> Option<Package> {
    let folder = match file.path.strip_suffix("Cargo.toml")? {
        "" => "",
        folder => folder.strip_suffix('/')?,
    };
    Some(Package {
        folder: folder.to_owned(),
        path: file.path.clone(),
        manifest: Manifest::read(&file.text),
    })
}

/// Checks the whole checkout and says how much was checked.
pub(crate) fn run(workspace: &Workspace) -> Result<String, Failure> {
    let tree = Tree::read(workspace.text_files()?);
    let violations = tree.violations();
    for violation in &violations {
        println!("{violation}");
    }
    let rust = tree.files.iter().filter(|file| file.source.is_some());
    let counted = format!(
        "{} files, {} of them Rust, {} manifests",
        tree.files.len(),
        rust.count(),
        tree.packages.len()
    );
    if violations.is_empty() {
        return Ok(format!("tidy: {counted}: every house rule is kept"));
    }
    Err(Failure::new(
        format!(
            "tidy: {counted}: {} places break a house rule",
            violations.len()
        ),
        "do what each line above says, then run `cargo xtask tidy` again",
    ))
}

/// What a rule says of synthetic files, as `path:line: rule` without the advice.
#[cfg(test)]
fn verdicts(rule: fn(&Tree, &mut Vec<Violation>), files: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    rule(&Tree::of(files), &mut found);
    let short = |each: &Violation| format!("{}:{}: {}", each.path, each.line, each.rule);
    found.iter().map(short).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_one_line_with_path_line_rule_and_advice() {
        let violation = Violation {
            path: "a/b.rs".to_owned(),
            line: 7,
            rule: "size",
            advice: "split it".to_owned(),
        };
        assert_eq!(violation.to_string(), "a/b.rs:7: size: split it");
    }

    #[test]
    fn each_group_of_rules_takes_part() {
        let tree = Tree::of(&[
            ("strange/Cargo.toml", "[package]\nname = \"strange\""),
            ("host/engine/src/market.rs", "//! x\nuse crate::router::A;"),
            ("host/engine/src/row.rs", "fn f() {}"),
            ("host/engine/src/error.rs", "//! x\nunsafe fn f() {}"),
        ]);
        let rules: Vec<&str> = tree.violations().iter().map(|each| each.rule).collect();
        assert_eq!(rules, ["unsafe", "steps", "opening", "layers"]);
    }
}
