//! The compilers of guests in other languages than Rust, fetched once into the user's cache folder.
//!
//! In: which language. Out: the command that compiles a file of it. C is compiled by `zig cc`, which Python's `pip` brings;
//! AssemblyScript by `asc`, which Node's `npm` brings. Each lies in a folder of its version, which is renamed into place
//! when it is whole.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;
use crate::wasm_toolchain;

/// The version of Python's package `ziglang`.
const ZIG: &str = "0.15.2";
/// The version of Node's package `assemblyscript`.
const ASSEMBLYSCRIPT: &str = "0.28.20";

/// A language of guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    C,
    AssemblyScript,
}

impl Language {
    /// The language of a file, by its name's end.
    pub(crate) fn of(path: &Path) -> Option<Language> {
        match path.extension()?.to_str()? {
            "c" => Some(Language::C),
            "ts" => Some(Language::AssemblyScript),
            _ => None,
        }
    }

    /// What compiles `source`, with the SDK of the workspace `root`, to `module`; the error is the reason why this machine
    /// has no such compiler.
    pub(crate) fn compiler(
        self,
        root: &Path,
        source: &Path,
        module: &Path,
    ) -> Result<Command, String> {
        match self {
            Language::C => {
                let folder = zig()?;
                let mut command = Command::new("python3");
                command.env("PYTHONPATH", folder);
                command.args(["-m", "ziglang", "cc", "-target", "wasm32-freestanding"]);
                command.args(["-std=c11", "-O2", "-g0", "-nostdlib", "-Wl,--no-entry"]);
                command.args(["-Wall", "-Wextra", "-Werror", "-I"]);
                command.arg(root.join("plugin-sdk/c"));
                command.arg("-o").arg(module).arg(source);
                Ok(command)
            }
            Language::AssemblyScript => {
                let compiler = assemblyscript()?.join("node_modules/assemblyscript/bin/asc.js");
                let mut command = Command::new("node");
                command.arg(compiler).current_dir(root);
                command.arg(source.strip_prefix(root).unwrap_or(source));
                command.args(["-O3", "--exportStart", "_initialize"]);
                command.args(["--use", "abort=plugin-sdk/assemblyscript/guest/abort"]);
                command.arg("--outFile").arg(module);
                Ok(command)
            }
        }
    }
}

fn zig() -> Result<PathBuf, String> {
    fetched("zig", ZIG, |folder| {
        let mut command = Command::new("python3");
        command.args(["-m", "pip", "install", "--quiet", "--no-input"]);
        command.args([
            "--disable-pip-version-check",
            "--root-user-action",
            "ignore",
        ]);
        command.arg("--target").arg(folder);
        command.arg(format!("ziglang=={ZIG}"));
        command
    })
}

fn assemblyscript() -> Result<PathBuf, String> {
    fetched("assemblyscript", ASSEMBLYSCRIPT, |folder| {
        let mut command = Command::new("npm");
        command.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]);
        command.arg(folder);
        command.arg(format!("assemblyscript@{ASSEMBLYSCRIPT}"));
        command
    })
}

/// The folder of a compiler's version; it is fetched where it is not there.
fn fetched(
    name: &str,
    version: &str,
    fetch: impl FnOnce(&Path) -> Command,
) -> Result<PathBuf, String> {
    let cache =
        wasm_toolchain::cache_folder(name).ok_or("there is no home folder to keep it in")?;
    let folder = cache.join(version);
    if folder.is_dir() {
        return Ok(folder);
    }
    let partial = cache.join(format!(".fetching-{}", std::process::id()));
    let problem = |cause: std::io::Error| format!("{}: {cause}", partial.display());
    fs::create_dir_all(&partial).map_err(problem)?;
    println!("fetching {name} {version} into {}: once", cache.display());
    let fetched = process::capture(&mut fetch(&partial));
    let moved = fetched.map_err(|failure| failure.what().to_owned());
    let moved = moved.and_then(|_| match fs::rename(&partial, &folder) {
        // Another process may have been faster; its folder is as good.
        Err(cause) if !folder.is_dir() => Err(problem(cause)),
        _ => Ok(()),
    });
    // Best effort: what stays behind is only in the way of nothing.
    let _ = fs::remove_dir_all(&partial);
    moved.map(|()| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_language_is_that_of_its_name() {
        let of = |name: &str| Language::of(Path::new(name));
        assert_eq!(of("twap/twap.c"), Some(Language::C));
        assert_eq!(of("breakout.ts"), Some(Language::AssemblyScript));
        assert_eq!((of("book.h"), of("README")), (None, None));
    }
}
