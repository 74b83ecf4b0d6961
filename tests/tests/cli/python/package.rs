//! The package: types, runs and results from Python.
//!
//! Takes in the package's sources and an interpreter; gives out whether they are typed, and whether a run from Python has
//! the digest of one from the command line and gives its tables.

use std::path::Path;
use std::process::Command;

use backplane_tests::{build_directory, command_line, market_data, python};

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
tape, plugins, native, nothing = sys.argv[1:]
config = {"tape": tape, "plugins": plugins, "strategy": [{"name": "momentum", "params": {"lookback": 20, "threshold": 0.5}}]}
try:
    backplane.run(config, policy=nothing)
except backplane.RunError as error:
    assert error.code == 5 and "python code was not granted" in str(error), error
result = backplane.run(config, allow="python")
again = backplane.run({**config, "plugins": native}, allow=["native:momentum"])
assert result.digest == again.digest and not result.stopped
fills = result.arrow("fills")
assert fills.num_rows == result.pandas("fills").shape[0] == result.polars("fills").height > 10
assert str(fills.schema.field("ts_event").type) == "timestamp[ns, tz=UTC]", fills.schema
assert result.report()["instances"][0]["name"] == "momentum"
try:
    backplane.run({**config, "tape": "no such tape"}, allow="python")
except backplane.RunError as error:
    assert error.code == 4 and "no such tape" in str(error), error
print("fine", len(result.names))
"#;
    let desk = Desk::new();
    let nothing = desk.write("policy.toml", "");
    let arguments = [tape(), &examples(), &build_directory(), &nothing];
    let said = run_python(&python, code, &arguments);
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

#[test]
fn the_package_and_the_project_show_the_same_example() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let section = readme.split("## A strategy in Python").nth(1).unwrap();
    let package = std::fs::read_to_string(root().join("python/README.md")).unwrap();
    assert_eq!(
        snippets(&package, "python"),
        snippets(section, "python")[..2]
    );
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
    // It imports a recorded day where there is one.
    match market_data() {
        Some(data) => command.env("BACKPLANE_DATA", data),
        None => command.env_remove("BACKPLANE_DATA"),
    };
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
