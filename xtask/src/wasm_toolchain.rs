//! A compiler that can build for wasm32-unknown-unknown.
//!
//! In: what is installed. Out: what cargo must be told. First choice is the rustup target. Where rustup
//! can fetch nothing (a closed network with package mirrors only), Debian's packages of the compiler and
//! of the standard library's source serve instead: they are unpacked below the user's cache folder,
//! never installed, and the standard library is compiled from them once.

mod debian;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;

/// The target of every wasm guest.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// What to say when no route leads to a compiler.
const ABSENT: &str =
    "wasm32-unknown-unknown std is not installed; run `rustup target add wasm32-unknown-unknown`";

/// What cargo must be told to build for wasm32.
#[derive(Debug)]
pub(crate) struct Toolchain {
    /// Where it comes from, for the reader.
    pub(crate) origin: String,
    /// What the environment of cargo needs in addition.
    environment: Vec<(&'static str, PathBuf)>,
}

impl Toolchain {
    /// Adds to a cargo command what it must be told.
    pub(crate) fn apply(&self, command: &mut Command) {
        for (name, value) in &self.environment {
            command.env(name, value);
        }
    }
}

/// Finds a toolchain, or makes one; the error is the reason why this machine cannot have one.
pub(crate) fn find() -> Result<Toolchain, String> {
    let installed = Installed::ask()?;
    if has_libraries(&installed.sysroot) {
        return Ok(Toolchain {
            origin: "the rustup target".to_owned(),
            environment: Vec::new(),
        });
    }
    let linker = installed.linker();
    if !linker.is_file() {
        return Err(format!("{ABSENT} (and there is no {})", linker.display()));
    }
    let cache = cache_folder("wasm-toolchain")
        .ok_or_else(|| format!("{ABSENT} (no home folder to keep one in)"))?;
    let folder = debian::find_or_build(&cache, &linker)
        .map_err(|cause| format!("{ABSENT} (Debian's packages do not serve: {cause})"))?;
    Ok(Toolchain {
        origin: format!("Debian's compiler in {}", folder.display()),
        environment: debian::environment(&folder, &linker),
    })
}

/// The compiler that cargo uses by itself.
struct Installed {
    /// Its folder of libraries.
    sysroot: PathBuf,
    /// The target it runs on.
    host: String,
}

impl Installed {
    /// Asks the compiler.
    fn ask() -> Result<Self, String> {
        let ask = |words: &[&str]| {
            process::capture(Command::new("rustc").args(words))
                .map_err(|failure| failure.what().to_owned())
        };
        let about = ask(&["-vV"])?;
        let host = about.lines().find_map(|line| line.strip_prefix("host: "));
        Ok(Self {
            sysroot: PathBuf::from(ask(&["--print", "sysroot"])?.trim()),
            host: host.unwrap_or_default().to_owned(),
        })
    }

    /// The linker that rustup brings along for wasm.
    fn linker(&self) -> PathBuf {
        let folder = self.sysroot.join("lib/rustlib").join(&self.host);
        folder.join("bin/rust-lld")
    }
}

/// Whether a compiler's folder holds the standard library for wasm32.
fn has_libraries(sysroot: &Path) -> bool {
    let folder = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    fs::read_dir(folder).is_ok_and(|mut entries| {
        entries.any(|entry| {
            entry.is_ok_and(|entry| entry.path().extension().is_some_and(|end| end == "rlib"))
        })
    })
}

/// Where toolchains of a name are kept between builds.
pub(crate) fn cache_folder(name: &str) -> Option<PathBuf> {
    Some(process::cache_folder()?.join("backplane").join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_the_standard_library_is_no_toolchain() {
        assert!(!has_libraries(Path::new("/no/such/folder")));
    }

    #[test]
    fn the_absence_names_the_one_command_that_ends_it() {
        assert!(ABSENT.contains(&format!("rustup target add {TARGET}")));
    }
}
