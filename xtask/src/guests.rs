//! `cargo xtask guests`: every strategy as a WebAssembly module.
//!
//! In: what lies below `plugins/`, `wasm-strategies/`, `tests/plugins/` and `tests/guests/`: packages in Rust, and `<name>/<name>.c` or
//! `<name>/<name>.ts` in C and AssemblyScript. Out: a module `guests/<name>.wasm` in the target folder for each. A package
//! that cannot be one says so in its manifest: `[package.metadata.backplane]` with `wasm = false`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::languages::Language;
use crate::manifest::Manifest;
use crate::process;
use crate::wasm_toolchain::{self, TARGET, Toolchain};
use crate::workspace::Workspace;

/// The folders whose folders are strategies.
const FOLDERS: &[&str] = &[
    "plugins",
    "wasm-strategies",
    "tests/plugins",
    "tests/guests",
];

/// The first bytes of every wasm module.
const MAGIC: &[u8] = b"\0asm";

/// What came of building the guests.
pub(crate) enum Built {
    /// Every guest is built.
    All,
    /// Some could not be built on this machine, and why.
    Skipped(String),
}

/// One strategy to compile.
#[derive(Debug, PartialEq, Eq)]
struct Guest {
    /// The name of its module.
    name: String,
    /// Its manifest, or its one file.
    source: PathBuf,
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
    let folder = workspace.target.join("guests");
    fs::create_dir_all(&folder).map_err(|cause| cannot_write(&folder, &cause))?;
    let (mut rust, mut missing) = (None, Vec::new());
    for guest in find(&workspace.root)? {
        let compiled = match Language::of(&guest.source) {
            Some(language) => compile(workspace, language, &guest, &folder)?,
            None => {
                let toolchain = rust.get_or_insert_with(find_rust);
                match toolchain {
                    Ok(toolchain) => Ok(compile_package(workspace, toolchain, &guest)?),
                    Err(reason) => Err(reason.clone()),
                }
            }
        };
        match compiled {
            Ok(bytes) => put(workspace, &folder, &guest, &bytes)?,
            Err(reason) => missing.push(format!("{} ({reason})", guest.name)),
        }
    }
    Ok(match missing.is_empty() {
        true => Built::All,
        false => Built::Skipped(missing.join(", ")),
    })
}

/// The toolchain for guests in Rust.
fn find_rust() -> Result<Toolchain, String> {
    let found = wasm_toolchain::find();
    if let Ok(toolchain) = &found {
        println!("{TARGET} by {}", toolchain.origin);
    }
    found
}

/// Gives a module its name.
fn put(workspace: &Workspace, folder: &Path, guest: &Guest, bytes: &[u8]) -> Result<(), Failure> {
    let module = folder.join(format!("{}.wasm", guest.name));
    // Renamed into place, so that nobody loads half a module.
    let partial = partial(folder, guest);
    fs::write(&partial, bytes).map_err(|cause| cannot_write(&partial, &cause))?;
    fs::rename(&partial, &module).map_err(|cause| cannot_write(&module, &cause))?;
    let shown = format!("{}/guests/{}.wasm", workspace.target_shown(), guest.name);
    println!("{shown}: {} bytes", bytes.len());
    Ok(())
}

fn partial(folder: &Path, guest: &Guest) -> PathBuf {
    folder.join(format!("{}.wasm.partial", guest.name))
}

/// Compiles a guest in another language than Rust. The inner error is the reason why this machine cannot.
fn compile(
    workspace: &Workspace,
    language: Language,
    guest: &Guest,
    folder: &Path,
) -> Result<Result<Vec<u8>, String>, Failure> {
    let module = partial(folder, guest);
    let mut command = match language.compiler(&workspace.root, &guest.source, &module) {
        Ok(command) => command,
        Err(reason) => return Ok(Err(reason)),
    };
    process::show(&mut command)?;
    read(&guest.source, &module).map(Ok)
}

/// Compiles a guest in Rust.
fn compile_package(
    workspace: &Workspace,
    toolchain: &Toolchain,
    guest: &Guest,
) -> Result<Vec<u8>, Failure> {
    let target = workspace.target.join("wasm");
    let mut command = process::cargo();
    command
        .args(["build", "--quiet", "--release", "--no-default-features"])
        .args(["--lib", "--target", TARGET, "--manifest-path"])
        .arg(&guest.source)
        .arg("--target-dir")
        .arg(&target);
    toolchain.apply(&mut command);
    process::show(&mut command)?;
    let module = target.join(format!("{TARGET}/release/{}.wasm", guest.name));
    read(&guest.source, &module)
}

/// Reads a module that was just compiled.
fn read(source: &Path, module: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = fs::read(module).map_err(|cause| {
        Failure::new(
            format!(
                "compiling {} left no module {}: {cause}",
                source.display(),
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
        let mut folders: Vec<PathBuf> = entries.filter_map(|x| Some(x.ok()?.path())).collect();
        folders.sort();
        for folder in folders {
            guests.extend(guest(&folder)?);
        }
    }
    Ok(guests)
}

/// The strategies of a folder: a package, or a file of the folder's name in each language.
fn guest(folder: &Path) -> Result<Vec<Guest>, Failure> {
    let manifest = folder.join("Cargo.toml");
    if manifest.is_file() {
        let text = fs::read_to_string(&manifest).map_err(|cause| {
            Failure::new(
                format!("cannot read {}: {cause}", manifest.display()),
                "check who may read that file",
            )
        })?;
        let guest = module_name(&text).map(|name| Guest {
            name,
            source: manifest,
        });
        return Ok(guest.into_iter().collect());
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let files = ["c", "ts"].map(|end| folder.join(format!("{name}.{end}")));
    let files = files.into_iter().filter(|x| x.is_file());
    Ok(files
        .map(|source| Guest {
            name: name.to_string(),
            source,
        })
        .collect())
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
