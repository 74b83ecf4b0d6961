//! Debian's packages of the compiler: which version is offered, downloading, unpacking.
//!
//! In: the package lists of this machine. Out: a version, or a folder with the packages' files in it.
//! Root only refreshes lists that are too old; nothing is installed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use crate::packages::{self, Step, run};

/// The package of the compiler, whose version names the toolchain.
pub(super) const COMPILER: &str = "rustc-web";

/// The other packages whose names hold no version.
const PACKAGES: &[&str] = &["rust-web-src", "libstd-rust-web-dev"];

/// The version of Debian's compiler, from lists that are refreshed where they are too old and may be.
pub(super) fn candidate() -> Step<String> {
    let known = offered();
    if let Ok(version) = &known
        && is_new_enough(version)
    {
        return known;
    }
    if !is_root() {
        let why = known.unwrap_or_else(|cause| cause);
        return Err(format!("{why}; run `apt-get update` as root"));
    }
    run(Command::new("apt-get").args(["update", "-q"]))?;
    let version = offered()?;
    if is_new_enough(&version) {
        return Ok(version);
    }
    Err(format!(
        "{COMPILER} {version} is too old for this workspace"
    ))
}

/// The version of the compiler that the package lists offer.
fn offered() -> Step<String> {
    let about = show(COMPILER)?;
    let version = about
        .lines()
        .find_map(|line| line.strip_prefix("Version: "));
    version
        .map(str::to_owned)
        .ok_or_else(|| format!("the package lists do not hold {COMPILER}"))
}

/// What the package lists say of a package.
fn show(package: &str) -> Step<String> {
    run(Command::new("apt-cache").args(["show", "--no-all-versions", package]))
}

/// Whether a compiler of this version can build the workspace.
pub(super) fn is_new_enough(version: &str) -> bool {
    numbers(version) >= numbers(env!("CARGO_PKG_RUST_VERSION"))
}

/// The first two numbers of a version.
pub(super) fn numbers(version: &str) -> (u32, u32) {
    let mut parts = version.split(|letter: char| !letter.is_ascii_digit());
    let mut number = || parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
    (number(), number())
}

/// Downloads the packages into a folder.
pub(super) fn download(folder: &Path) -> Step<()> {
    let runtime = named_in(&show("libstd-rust-web-dev")?, "libstd-rust-web-")
        .ok_or("libstd-rust-web-dev names no runtime library")?;
    let llvm = named_in(&show(&runtime)?, "libllvm").ok_or("the compiler names no LLVM")?;
    // LLVM and those of its own libraries that this machine lacks.
    let lacking = packages::lacking(&[&llvm])?;
    let mut names = vec![COMPILER.to_owned(), runtime, llvm];
    names.extend(PACKAGES.iter().map(|name| (*name).to_owned()));
    names.extend(lacking);
    names.sort();
    names.dedup();
    packages::download(&names, folder)
}

/// The first package of a `Depends:` line whose name begins like this and goes on with a digit.
fn named_in(about: &str, prefix: &str) -> Option<String> {
    let depends = about
        .lines()
        .find_map(|line| line.strip_prefix("Depends: "))?;
    let names = depends
        .split(',')
        .filter_map(|each| each.split_whitespace().next());
    let versioned = |name: &&str| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
    };
    names.into_iter().find(versioned).map(str::to_owned)
}

/// Whether this process runs as root.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert_eq!(numbers("1.96.0+dfsg1-1~deb12u2"), (1, 96));
        assert!(is_new_enough("1.100.0"));
        assert!(!is_new_enough("1.85.0+dfsg3-1~deb12u3"));
        assert!(!is_new_enough("no version"));
    }

    #[test]
    fn a_dependency_with_its_version_in_its_name_is_found() {
        let about =
            "Package: a\nDepends: libc6 (>= 2.34), libstd-rust-web-1.96 (= 1.96.0), libllvm22\n";
        let found = named_in(about, "libstd-rust-web-");
        assert_eq!(found.as_deref(), Some("libstd-rust-web-1.96"));
        assert_eq!(named_in(about, "libllvm").as_deref(), Some("libllvm22"));
        assert_eq!(named_in("Depends: libllvm-dev", "libllvm"), None);
    }
}
