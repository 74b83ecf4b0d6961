//! What README and docs promise, held against what the program does.
//!
//! Takes in the documents and the built command line; fails where a printed output or a setting is not what they show.

use std::path::{Path, PathBuf};
use std::process::Command;

use backplane_guests::Policy;
use backplane_tests::{build_directory, command_line, native_plugin};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn document(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// The commands of a document, without the path of the program.
fn commands(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines();
    let commands = lines.filter_map(|x| x.strip_prefix("$ target/release/backplane "));
    commands
        .map(|x| x.split(' ').map(str::to_owned).collect())
        .collect()
}

#[test]
fn the_demo_prints_what_the_readme_shows() {
    let readme = document("README.md");
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(directory.path().join("target/demo")).unwrap();
    let commands = commands(&readme);
    assert_eq!(commands.len(), 2, "one to generate, one to run");
    for command in commands {
        let arguments = command.iter().map(|x| match x.as_str() {
            "target/release" => build_directory().display().to_string(),
            other => other.to_owned(),
        });
        let output = Command::new(command_line())
            .args(arguments)
            .current_dir(directory.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            assert!(readme.contains(line), "the README lacks `{line}`");
        }
    }
}

#[test]
fn the_demo_runs_the_readme_s_commands() {
    let demo = document("xtask/src/demo.rs");
    for word in commands(&document("README.md")).concat() {
        let word = word.replace("target/", "{target}/");
        assert!(demo.contains(&format!("\"{word}\"")), "{word}");
    }
}

/// The snippets of a document in a language.
fn snippets<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let start = format!("```{language}\n");
    let parts = text.split(start.as_str()).skip(1);
    parts.filter_map(|x| x.split("```").next()).collect()
}

#[test]
fn the_run_file_of_the_documentation_is_read_whole() {
    let text = document("docs/run-file.md");
    let directory = tempfile::tempdir().unwrap();
    let snippets = snippets(&text, "toml");
    assert_eq!(snippets.len(), 2);
    is_read_whole(directory.path(), snippets[0]);
    let labelled = BEGINNING.replace("\"momentum\"", "\"momentum\", label = \"fast\"");
    is_read_whole(directory.path(), &format!("{labelled}{}", snippets[1]));
}

#[test]
fn every_latency_of_the_documentation_is_read_whole() {
    let text = document("docs/latency.md");
    let directory = tempfile::tempdir().unwrap();
    let orders = directory.path().join("orders.csv");
    std::fs::write(orders, snippets(&text, "csv")[0]).unwrap();
    let snippets = snippets(&text, "toml");
    assert_eq!(snippets.len(), 5);
    for snippet in snippets {
        is_read_whole(directory.path(), &format!("{BEGINNING}{snippet}"));
    }
}

#[test]
fn every_account_of_the_documentation_is_read_whole() {
    let text = document("docs/accounts.md");
    let directory = tempfile::tempdir().unwrap();
    let tables = snippets(&text, "csv");
    let snippets = snippets(&text, "toml");
    assert_eq!(snippets.len(), 8);
    for (name, file) in ["funding.csv", "actions.csv"].iter().zip(tables) {
        std::fs::write(directory.path().join(name), file).unwrap();
    }
    for snippet in snippets {
        is_read_whole(directory.path(), &format!("{BEGINNING}{snippet}"));
    }
}

#[test]
fn the_policy_of_the_documentation_is_read_whole_and_shows_the_defaults() {
    let text = document("docs/policy.md");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("policy.toml");
    std::fs::write(&path, snippets(&text, "toml")[0]).unwrap();
    let policy = Policy::read(&path).unwrap();
    assert_eq!(policy.grant("any"), Policy::default().grant("any"));
    let own = policy.grant("mean_reversion");
    assert!(own.digest.is_some() && own.params.len() == 2);
}

#[test]
fn lists_of_plugins_look_as_the_documentation_shows() {
    let text = document("docs/policy.md");
    let directory = tempfile::tempdir().unwrap();
    let shelf = directory.path().join("strategies");
    std::fs::create_dir(&shelf).unwrap();
    let plugin = "libmomentum.so";
    std::fs::copy(native_plugin("momentum"), shelf.join(plugin)).unwrap();
    let mut shown = snippets(&text, "console")[0].lines().peekable();
    while let Some(line) = shown.next() {
        let arguments = line.strip_prefix("$ backplane ").unwrap().split(' ');
        let mut command = Command::new(command_line());
        command.args(arguments).current_dir(directory.path());
        command.env("XDG_CONFIG_HOME", directory.path());
        let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
        for said in output.lines() {
            assert_eq!(shown.next(), Some(said));
        }
        assert!(shown.peek().is_none_or(|x| x.starts_with('$')));
    }
}

#[test]
fn every_check_of_a_plugin_is_in_the_documentation() {
    let text = document("docs/plugins.md");
    let output = Command::new(command_line())
        .args(["plugin", "validate", "--list"])
        .output()
        .unwrap();
    let list = String::from_utf8(output.stdout).unwrap();
    for line in list.lines() {
        let (name, wants) = line.split_once(' ').unwrap();
        let row = format!("| {name} | {} |", wants.trim());
        assert!(text.contains(&row), "docs/plugins.md lacks `{row}`");
    }
}

#[test]
fn every_setting_of_python_strategies_in_the_documentation_is_read_whole() {
    let text = document("docs/python.md");
    let directory = tempfile::tempdir().unwrap();
    let snippets = snippets(&text, "toml");
    assert_eq!(snippets.len(), 1);
    let beginning = BEGINNING.split("strategy").next().unwrap();
    is_read_whole(directory.path(), &format!("{beginning}{}", snippets[0]));
}

/// What a run file needs besides the settings that a snippet shows.
const BEGINNING: &str = "tape = \"goog.tape\"\nplugins = \"plugins\"\noutput = \"results\"\n\
                         strategy = [{ name = \"momentum\" }]\n";

/// Fails where a run file is not understood.
fn is_read_whole(directory: &Path, file: &str) {
    let path = directory.join("run.toml");
    std::fs::write(&path, file).unwrap();
    let output = Command::new(command_line())
        .args(["run", path.to_str().unwrap()])
        .current_dir(directory)
        .output()
        .unwrap();
    // Every setting is understood; only the tape is not there.
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{message}");
    assert!(message.contains("goog.tape"), "{message}");
}

#[test]
fn every_command_of_the_dev_loop_s_documents_is_one_of_the_program() {
    let mut checked = 0;
    for name in ["docs/dev.md", "docs/recordings.md"] {
        let text = document(name);
        let lines = text.lines().filter_map(|x| x.split_once("backplane "));
        for (_, line) in lines.filter(|x| x.0.starts_with("$ ")) {
            let mut words = line.split(' ');
            let command = words.next().unwrap();
            let help = Command::new(command_line())
                .args([command, "--help"])
                .output();
            let help = String::from_utf8(help.unwrap().stdout).unwrap();
            for flag in words.filter(|x| x.starts_with("--")) {
                assert!(
                    help.contains(&format!("{flag} ")) || help.contains(&format!("{flag}\n")),
                    "{name}: {line}"
                );
                checked += 1;
            }
        }
    }
    assert!(checked >= 12, "{checked} flags are shown");
}

#[test]
fn the_models_of_the_documentation_are_those_of_the_example() {
    let text = document("docs/models.md");
    let example = document("host/cli/examples/own_models.rs");
    let parts = snippets(&text, "rust");
    assert_eq!(parts.len(), 4);
    for part in parts {
        assert!(example.contains(part.trim()), "{part}");
    }
}

#[test]
fn every_queue_of_the_documentation_is_read_whole() {
    let text = document("docs/fills.md");
    let directory = tempfile::tempdir().unwrap();
    let snippets = snippets(&text, "toml");
    assert_eq!(snippets.len(), 1);
    let lines = snippets[0].lines().filter(|x| x.starts_with("queue"));
    for line in lines {
        is_read_whole(directory.path(), &format!("{line}\n{BEGINNING}"));
    }
}
