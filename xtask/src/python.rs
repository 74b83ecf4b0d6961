//! A Python environment for tests and tools: cached in the user's cache folder, outside the checkout.
//!
//! In: the lists of packages in `python/requirements/`, one list a use. Out: an interpreter that has them all. The
//! environment is made anew where a list changed; a machine that cannot make one is told why.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// Where the lists lie.
const LISTS: &str = "python/requirements";

/// What tests find the interpreter by.
pub(crate) const VARIABLE: &str = "BACKPLANE_PYTHON";

/// Prints where the interpreter is, after making the environment where that is needed.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let python = find(workspace).map_err(|reason| {
        Failure::new(
            reason,
            "install python3 with its `venv` module, or set BACKPLANE_PYTHON to an interpreter that has the packages",
        )
    })?;
    println!("{}", python.display());
    Ok(())
}

/// The interpreter; the error is the reason why this machine has none.
pub(crate) fn find(workspace: &Workspace) -> Result<PathBuf, String> {
    if let Some(named) = env::var_os(VARIABLE) {
        return Ok(PathBuf::from(named));
    }
    let lists = lists(&workspace.root.join(LISTS))?;
    let folder = process::cache_folder()
        .ok_or("there is no home folder to keep a Python environment in")?
        .join("backplane/python");
    let python = folder.join("bin/python3");
    let stamp = folder.join("requirements.txt");
    let wanted: String = lists.iter().map(|x| x.1.as_str()).collect();
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(python);
    }
    make(&folder, &python, &lists)?;
    fs::write(&stamp, wanted).map_err(|cause| format!("writing {}: {cause}", stamp.display()))?;
    Ok(python)
}

/// The lists with what they say, in the order of their names.
fn lists(folder: &Path) -> Result<Vec<(PathBuf, String)>, String> {
    let failed = |cause| format!("reading {}: {cause}", folder.display());
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut lists = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|x| x == "txt") {
            let text = fs::read_to_string(&path).map_err(failed)?;
            lists.push((path, text));
        }
    }
    lists.sort();
    Ok(lists)
}

/// Makes the environment.
fn make(folder: &Path, python: &Path, lists: &[(PathBuf, String)]) -> Result<(), String> {
    let failed = |failure: Failure| format!("{}: {}", folder.display(), failure.what());
    let mut command = Command::new("python3");
    command.args(["-m", "venv", "--clear"]).arg(folder);
    process::capture(&mut command).map_err(failed)?;
    let mut command = Command::new(python);
    command.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    for (list, _) in lists {
        command.arg("-r").arg(list);
    }
    process::capture(&mut command).map_err(failed)?;
    Ok(())
}
