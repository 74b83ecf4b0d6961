//! Building a strategy's crate with cargo.
//!
//! Takes in the crate's folder; gives out the library that cargo made of it, and the files that it was made of. What
//! cargo says goes to standard error as it is.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::error::CliError;
use crate::exit;

/// A strategy's crate.
#[derive(Debug)]
pub struct SourceCrate {
    /// Its folder.
    pub root: PathBuf,
    /// The library, once it was built.
    pub library: Option<PathBuf>,
    /// The files outside of the folder that are part of it: those of crates that it takes by path.
    pub others: Vec<PathBuf>,
}

impl SourceCrate {
    /// The crate in a folder.
    ///
    /// # Errors
    /// There is no `Cargo.toml`.
    pub fn open(root: &Path) -> Result<SourceCrate, CliError> {
        let failed = |error| CliError::io("looking for the crate", root, &error);
        let root = root.canonicalize().map_err(failed)?;
        if !root.join("Cargo.toml").is_file() {
            return Err(CliError::new(
                exit::USAGE,
                format!("{} is no crate: it has no `Cargo.toml`", root.display()),
                "name the folder of a strategy's crate, or watch built plugins with `--plugins DIR`",
            ));
        }
        Ok(SourceCrate {
            root,
            library: None,
            others: Vec::new(),
        })
    }

    /// The name of the strategy that the library holds, once it was built.
    pub fn strategy(&self) -> Option<String> {
        let stem = self.library.as_ref()?.file_stem()?.to_str()?;
        Some(stem.strip_prefix("lib").unwrap_or(stem).to_owned())
    }

    /// Builds the crate as `cargo build --release` does.
    ///
    /// # Errors
    /// Cargo cannot be started, fails, or makes no plugin of this crate.
    pub fn build(&mut self) -> Result<(), CliError> {
        let manifest = self.root.join("Cargo.toml");
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        command.args(["build", "--release", "--message-format"]);
        command.args(["json-render-diagnostics", "--manifest-path"]);
        command.arg(&manifest).current_dir(&self.root);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let failed = |error: std::io::Error| {
            CliError::new(
                exit::DATA,
                format!("starting cargo: {error}"),
                "install a Rust toolchain, or watch built plugins with `--plugins DIR`",
            )
        };
        let mut cargo = command.spawn().map_err(failed)?;
        let output = cargo.stdout.take();
        let messages = output.into_iter().flat_map(|x| BufReader::new(x).lines());
        let messages = messages.filter_map(|line| serde_json::from_str(&line.ok()?).ok());
        let library = messages.filter_map(|x| library_of(&x, &manifest)).last();
        if !cargo.wait().map_err(failed)?.success() {
            return Err(CliError::new(
                exit::PLUGIN,
                format!("building {} failed", self.root.display()),
                "what cargo says stands above; the next save tries again",
            ));
        }
        let Some(library) = library else {
            return Err(CliError::new(
                exit::PLUGIN,
                format!("cargo makes no plugin of {}", self.root.display()),
                "put `crate-type = [\"cdylib\"]` under `[lib]` in its Cargo.toml",
            ));
        };
        self.others = other_sources(&library, &self.root);
        self.library = Some(library);
        Ok(())
    }
}

/// The C library of a crate, if a message of cargo is about it.
fn library_of(message: &Value, manifest: &Path) -> Option<PathBuf> {
    let is_ours = message["reason"] == "compiler-artifact"
        && message["manifest_path"].as_str().map(Path::new) == Some(manifest);
    let kinds = message["target"]["crate_types"].as_array();
    if !is_ours || !kinds?.iter().any(|x| x == "cdylib") {
        return None;
    }
    let files = message["filenames"].as_array()?.iter();
    let mut files = files.filter_map(|x| x.as_str().map(PathBuf::from));
    files.find(|x| x.extension().is_some_and(|x| x == "so"))
}

/// The files that cargo says a library was made of and that lie outside of its crate.
fn other_sources(library: &Path, root: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(library.with_extension("d")).unwrap_or_default();
    let files = sources(&text).into_iter();
    files.filter(|x| !x.starts_with(root)).collect()
}

/// The files that follow the colon of a dependency file. A space within a name has a backslash before it.
fn sources(text: &str) -> Vec<PathBuf> {
    const SPACE: char = '\0';
    let line = text.lines().next().unwrap_or_default();
    let escaped = line.replace("\\ ", &SPACE.to_string());
    let files = escaped.split_once(": ").map_or("", |x| x.1);
    let files = files.split_ascii_whitespace();
    files.map(|x| x.replace(SPACE, " ").into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_file_names_the_sources() {
        let text = "/t/libx.so: /s/a.rs /my\\ dir/b.rs\n\n/s/a.rs:\n";
        assert_eq!(
            sources(text),
            ["/s/a.rs", "/my dir/b.rs"].map(PathBuf::from)
        );
        assert_eq!(sources(""), [] as [PathBuf; 0]);
    }
}
