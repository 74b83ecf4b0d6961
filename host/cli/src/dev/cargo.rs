//! Building a strategy's crate with cargo.
//!
//! Takes in the crate's folder and what is to carry the strategy; gives out the plugin that cargo made of it, and the files
//! that it was made of. What cargo says goes to standard error as it is.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use backplane_guests::Carrier;
use serde::Deserialize;
use serde_json::Value;

use crate::error::CliError;
use crate::exit;

/// What a crate's folder is known by.
pub const MANIFEST: &str = "Cargo.toml";
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The name of the library of a crate, which is that of its strategy; none where the manifest says none.
pub fn library_name(root: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        name: Option<String>,
    }
    #[derive(Deserialize)]
    struct Manifest {
        lib: Option<Named>,
        package: Option<Named>,
    }
    let text = std::fs::read_to_string(root.join(MANIFEST)).ok()?;
    let manifest: Manifest = toml::from_str(&text).ok()?;
    let named = |table: Option<Named>| table.and_then(|x| x.name);
    let name = named(manifest.lib).or(named(manifest.package))?;
    Some(name.replace('-', "_"))
}

/// Builds a crate as `cargo build --release` does, as a native library or as a module.
///
/// # Errors
/// Cargo cannot be started, fails, or makes no plugin of this crate.
pub fn build(root: &Path, carrier: Carrier) -> Result<PathBuf, CliError> {
    let manifest = root.join(MANIFEST);
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command.args(["build", "--release", "--message-format"]);
    command.args(["json-render-diagnostics", "--manifest-path"]);
    command.arg(&manifest).current_dir(root);
    if carrier == Carrier::Wasm {
        command.args(["--target", WASM_TARGET]);
    }
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
    let library = messages.filter_map(|x| library_of(&x, &manifest, carrier));
    let library = library.last();
    if !cargo.wait().map_err(failed)?.success() {
        return Err(CliError::new(
            exit::PLUGIN,
            format!("building {} failed", root.display()),
            match carrier {
                Carrier::Wasm => {
                    "what cargo says stands above. It was built as a sandboxed module, because native code was not granted: `--allow native` grants it, `rustup target add wasm32-unknown-unknown` brings the sandbox's target"
                }
                _ => "what cargo says stands above",
            },
        ));
    }
    library.ok_or_else(|| {
        CliError::new(
            exit::PLUGIN,
            format!("cargo makes no plugin of {}", root.display()),
            "put `crate-type = [\"cdylib\"]` under `[lib]` in its Cargo.toml",
        )
    })
}

/// The plugin of a crate, if a message of cargo is about it.
fn library_of(message: &Value, manifest: &Path, carrier: Carrier) -> Option<PathBuf> {
    let is_ours = message["reason"] == "compiler-artifact"
        && message["manifest_path"].as_str().map(Path::new) == Some(manifest);
    let kinds = message["target"]["crate_types"].as_array();
    if !is_ours || !kinds?.iter().any(|x| x == "cdylib") {
        return None;
    }
    let files = message["filenames"].as_array()?.iter();
    let mut files = files.filter_map(|x| x.as_str().map(PathBuf::from));
    files.find(|x| Carrier::of(x) == Some(carrier))
}

/// The files that cargo says a library was made of and that lie outside of its crate.
pub fn other_sources(library: &Path, root: &Path) -> Vec<PathBuf> {
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
#[allow(clippy::unwrap_used)]
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

    #[test]
    fn a_manifest_names_the_library() {
        let folder = tempfile::tempdir().unwrap();
        let name = |text: &str| {
            std::fs::write(folder.path().join(MANIFEST), text).unwrap();
            library_name(folder.path())
        };
        let package = "[package]\nname = \"first-idea\"\n";
        assert_eq!(name(package).unwrap(), "first_idea");
        let library = format!("{package}[lib]\nname = \"other\"\n");
        assert_eq!(name(&library).unwrap(), "other");
        assert_eq!(name("[workspace]\n"), None);
        assert_eq!(name("half writ"), None);
    }
}
