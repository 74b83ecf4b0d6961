//! `cargo xtask guests`: every strategy as a wasm32 module.
//!
//! In: the packages below `plugins/` and the Rust ones below `wasm-strategies/`. Out: a module
//! `guests/<name>.wasm` in the target folder for each. A package that cannot be one says so in its
//! manifest: `[package.metadata.backplane]` with `wasm = false`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::manifest::Manifest;
use crate::process;
use crate::wasm_toolchain::{self, TARGET, Toolchain};
use crate::workspace::Workspace;

/// The folders whose packages are strategies.
const FOLDERS: &[&str] = &["plugins", "wasm-strategies"];

/// The first bytes of every wasm module.
const MAGIC: &[u8] = b"\0asm";

/// What came of building the guests.
pub(crate) enum Built {
    /// Every guest is built.
    All,
    /// Nothing could be built on this machine, and why.
    Skipped(String),
}

/// One strategy to compile.
#[derive(Debug, PartialEq, Eq)]
struct Guest {
    /// The name of its module.
    name: String,
    /// Its manifest.
    manifest: PathBuf,
}

/// Builds the guests; a machine that cannot is a failure, since it was asked for by name.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    match build(workspace)? {
        Built::All => Ok(()),
        Built::Skipped(reason) => Err(Failure::new(
            format!("skipped: {reason}"),
            "do that, then run `cargo xtask guests` again",
        )),
    }
}

/// Builds every guest, where this machine can.
pub(crate) fn build(workspace: &Workspace) -> Result<Built, Failure> {
    let guests = find(&workspace.root)?;
    let toolchain = match wasm_toolchain::find() {
        Ok(toolchain) => toolchain,
        Err(reason) => return Ok(Built::Skipped(reason)),
    };
    println!("{TARGET} by {}", toolchain.origin);
    let folder = workspace.target.join("guests");
    fs::create_dir_all(&folder).map_err(|cause| cannot_write(&folder, &cause))?;
    for guest in guests {
        let module = folder.join(format!("{}.wasm", guest.name));
        let bytes = compile(workspace, &toolchain, &guest)?;
        // Renamed into place, so that nobody loads half a module.
        let partial = folder.join(format!("{}.wasm.partial", guest.name));
        fs::write(&partial, &bytes).map_err(|cause| cannot_write(&partial, &cause))?;
        fs::rename(&partial, &module).map_err(|cause| cannot_write(&module, &cause))?;
        let shown = format!("{}/guests/{}.wasm", workspace.target_shown(), guest.name);
        println!("{shown}: {} bytes", bytes.len());
    }
    Ok(Built::All)
}

/// Compiles one guest and returns its module.
fn compile(
    workspace: &Workspace,
    toolchain: &Toolchain,
    guest: &Guest,
) -> Result<Vec<u8>, Failure> {
    let target = workspace.target.join("wasm");
    let mut command = process::cargo();
    command
        .args(["build", "--quiet", "--release", "--no-default-features"])
        .args(["--lib", "--target", TARGET, "--manifest-path"])
        .arg(&guest.manifest)
        .arg("--target-dir")
        .arg(&target);
    toolchain.apply(&mut command);
    process::show(&mut command)?;
    let module = target.join(format!("{TARGET}/release/{}.wasm", guest.name));
    let bytes = fs::read(&module).map_err(|cause| {
        Failure::new(
            format!(
                "compiling {} left no module {}: {cause}",
                guest.manifest.display(),
                module.display()
            ),
            "give its library `crate-type = [\"cdylib\"]`, or say `wasm = false` below `[package.metadata.backplane]`",
        )
    })?;
    if bytes.starts_with(MAGIC) {
        return Ok(bytes);
    }
    Err(Failure::new(
        format!("{} is not a wasm module", module.display()),
        "remove that file and run this command again",
    ))
}

/// Every strategy below the root, sorted by folder and name.
fn find(root: &Path) -> Result<Vec<Guest>, Failure> {
    let mut guests = Vec::new();
    for folder in FOLDERS {
        let Ok(entries) = fs::read_dir(root.join(folder)) else {
            continue;
        };
        let mut manifests: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path().join("Cargo.toml")))
            .filter(|manifest| manifest.is_file())
            .collect();
        manifests.sort();
        for manifest in manifests {
            let text = fs::read_to_string(&manifest).map_err(|cause| {
                Failure::new(
                    format!("cannot read {}: {cause}", manifest.display()),
                    "check who may read that file",
                )
            })?;
            guests.extend(module_name(&text).map(|name| Guest { name, manifest }));
        }
    }
    Ok(guests)
}

/// The name of the module that a manifest's package becomes; nothing where it declines.
fn module_name(text: &str) -> Option<String> {
    let manifest = Manifest::read(text);
    let declines = manifest.value("package.metadata.backplane", "wasm") == Some("false");
    manifest.library_name().filter(|_| !declines)
}

/// A file or folder that could not be written.
fn cannot_write(path: &Path, cause: &std::io::Error) -> Failure {
    Failure::new(
        format!("cannot write {}: {cause}", path.display()),
        "check who may write there, or set CARGO_TARGET_DIR to another folder",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_becomes_a_module_of_its_librarys_name() {
        let text = "[package]\nname = \"backplane-momentum\"\n[lib]\nname = \"momentum\"";
        assert_eq!(module_name(text).as_deref(), Some("momentum"));
    }

    #[test]
    fn a_package_may_decline_to_be_a_module() {
        let text = "[package]\nname = \"a\"\n[package.metadata.backplane]\nwasm = false";
        assert_eq!(module_name(text), None);
    }
}
