//! The package: types, runs and results from Python.
//!
//! Takes in the package's sources and an interpreter; gives out whether they are typed, and whether a run from Python has
//! the digest of one from the command line and gives its tables.

use std::path::Path;
use std::process::Command;

use backplane_tests::{build_directory, command_line, python};

use super::{Desk, examples, root};
use crate::cli::tape;

/// Runs Python code with the package as it stands in the checkout.
fn run_python(python: &Path, code: &str, arguments: &[&Path]) -> String {
    let mut command = Command::new(python);
    command.args(["-B", "-c", code]).args(arguments);
    command.env("PYTHONPATH", root().join("python"));
    command.env("BACKPLANE_BINARY", command_line());
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_package_is_typed() {
    let Some(python) = python() else { return };
    let mut command = Command::new(python);
    command.args(["-m", "mypy", "--no-incremental", "--cache-dir=/dev/null"]);
    command.args(["--config-file", "pyproject.toml"]);
    let output = command.current_dir(root().join("python")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

#[test]
fn a_run_from_python_gives_the_tables_and_the_digest_of_the_command_line() {
    let Some(python) = python() else { return };
    let code = r#"
import sys, backplane
tape, plugins, native = sys.argv[1:]
config = {"tape": tape, "plugins": plugins, "strategy": [{"name": "momentum", "params": {"lookback": 20, "threshold": 0.5}}]}
result = backplane.run(config)
again = backplane.run({**config, "plugins": native})
assert result.digest == again.digest and not result.stopped
fills = result.arrow("fills")
assert fills.num_rows == result.pandas("fills").shape[0] == result.polars("fills").height > 10
assert str(fills.schema.field("ts_event").type) == "timestamp[ns, tz=UTC]", fills.schema
assert result.report()["instances"][0]["name"] == "momentum"
try:
    backplane.run({**config, "tape": "no such tape"})
except backplane.RunError as error:
    assert error.code == 4 and "no such tape" in str(error), error
print("fine", len(result.names))
"#;
    let said = run_python(&python, code, &[tape(), &examples(), &build_directory()]);
    assert!(said.starts_with("fine "), "{said}");
}

#[test]
fn the_module_runs_the_program() {
    let Some(python) = python() else { return };
    let mut command = Command::new(python);
    command.args(["-B", "-m", "backplane", "--version"]);
    command.env("PYTHONPATH", root().join("python"));
    command.env("BACKPLANE_BINARY", command_line());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with("backplane "), "{said}");
}

/// The snippets of a document in a language.
fn snippets(text: &str, language: &str) -> Vec<String> {
    let start = format!("```{language}\n");
    let parts = text.split(start.as_str()).skip(1);
    let snippets = parts.filter_map(|x| x.split("```").next());
    snippets.map(str::to_owned).collect()
}

/// Runs a command in a folder, and gives what it printed.
fn does(command: &mut Command, folder: &Path) -> String {
    let output = command.current_dir(folder).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_wheel_brings_program_and_package_into_a_clean_environment() {
    let Some(python) = python() else { return };
    let desk = Desk::new();
    let mut build = Command::new(&python);
    build.args(["-m", "maturin", "build", "--release", "--quiet", "--out"]);
    build.arg(desk.path("wheels"));
    build.env("CARGO_TARGET_DIR", build_directory().parent().unwrap());
    does(&mut build, &root().join("python"));
    let wheels = std::fs::read_dir(desk.path("wheels")).unwrap();
    let wheels: Vec<_> = wheels.map(|x| x.unwrap().path()).collect();
    assert_eq!(wheels.len(), 1, "{wheels:?}");
    does(
        Command::new("python3").args(["-m", "venv", "clean"]),
        &desk.path(""),
    );
    let clean = desk.path("clean/bin/python");
    let mut install = Command::new(&clean);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "pandas",
        "pyarrow",
    ]);
    does(install.arg(&wheels[0]), &desk.path(""));
    // From here on as the README says it.
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let readme = readme
        .split("## A strategy in Python")
        .nth(1)
        .unwrap()
        .to_owned();
    let code = snippets(&readme, "python");
    desk.write("join.py", &code[0]);
    let line = readme
        .lines()
        .find_map(|x| x.strip_prefix("$ python "))
        .unwrap()
        .to_owned();
    does(Command::new(&clean).args(line.split(' ')), &desk.path(""));
    let said = does(Command::new(&clean).args(["-c", &code[1]]), &desk.path(""));
    assert!(said.contains("join") && said.contains("price"), "{said}");
    let package = std::fs::read_to_string(root().join("python/README.md")).unwrap();
    assert_eq!(snippets(&package, "python"), code[..2]);
    let program = desk.path("clean/bin/backplane");
    assert!(does(Command::new(program).arg("--version"), &desk.path("")).starts_with("backplane "));
}

#[test]
fn the_notebook_runs_from_its_first_cell_to_its_last() {
    let Some(python) = python() else { return };
    let code = r#"
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read("compare.ipynb", 4)
NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
outputs = [x for cell in notebook.cells if cell.cell_type == "code" for x in cell.outputs]
assert sum("image/png" in x.get("data", {}) for x in outputs) == 2, "equity and markouts are drawn"
print("ran", len(outputs))
"#;
    let mut command = Command::new(python);
    command.args(["-B", "-c", code]);
    command.current_dir(root().join("python/notebooks"));
    command.env("PYTHONPATH", root().join("python"));
    command.env("BACKPLANE_BINARY", command_line());
    command.env("MPLBACKEND", "module://matplotlib_inline.backend_inline");
    command.env_remove("BACKPLANE_DATA");
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

/// The modules that the host carries are those of the package.
#[test]
fn the_host_carries_every_module() {
    let carried = std::fs::read_to_string(root().join("host/guests/src/python/runtime.rs"));
    let carried = carried.unwrap();
    for entry in std::fs::read_dir(root().join("python/backplane")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".py") && name != "__main__.py" {
            assert!(
                carried.contains(&format!("{name}\"")),
                "{name} is not carried"
            );
        }
    }
}
