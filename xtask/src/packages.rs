//! Debian's packages without installing them: what is lacking, downloading, unpacking.
//!
//! In: names of packages, and the package lists of this machine. Out: a folder with the packages' files in it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process;

/// A step that worked, or the reason why it did not.
pub(crate) type Step<T> = Result<T, String>;

/// Runs a command silently; a failure becomes the reason.
pub(crate) fn run(command: &mut Command) -> Step<String> {
    process::capture(command).map_err(|failure| failure.what().to_owned())
}

/// A step with a file that failed.
pub(crate) fn problem(doing: &str, path: &Path, cause: &std::io::Error) -> String {
    format!("cannot {doing} {}: {cause}", path.display())
}

/// Those of some packages, and of all that they need, that this machine lacks.
pub(crate) fn lacking(names: &[&str]) -> Step<Vec<String>> {
    let mut command = Command::new("apt-get");
    command.args(["install", "--simulate", "--no-install-recommends"]);
    let plan = run(command.args(names))?;
    let lines = plan.lines().filter_map(|line| line.strip_prefix("Inst "));
    let names = lines.filter_map(|line| Some(line.split_whitespace().next()?.to_owned()));
    Ok(names.collect())
}

/// Downloads packages into a folder.
pub(crate) fn download(names: &[String], folder: &Path) -> Step<()> {
    let mut command = Command::new("apt-get");
    command.args(["download", "-q"]).args(names);
    run(command.current_dir(folder)).map(drop)
}

/// Unpacks every package of one folder into another.
pub(crate) fn unpack(packages: &Path, folder: &Path) -> Step<()> {
    let entries = fs::read_dir(packages).map_err(|cause| problem("read", packages, &cause))?;
    for entry in entries {
        let package = entry
            .map_err(|cause| problem("read", packages, &cause))?
            .path();
        run(Command::new("dpkg").arg("-x").arg(&package).arg(folder))?;
    }
    Ok(())
}
