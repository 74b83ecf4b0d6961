//! The fallback: Debian's compiler, unpacked into a folder, with a standard library made from its source.
//!
//! In: the cache folder and a linker. Out: a folder `<cache>/<version>` that is whole, since it is built
//! under another name and renamed at the end. Needs `apt-get`, `apt-cache` and `dpkg`; root only to
//! refresh lists that are too old. Nothing is installed: the packages conflict with rustup's.

mod packages;

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::TARGET;
use crate::packages::{Step, problem, run, unpack};
use crate::process;
use packages::{COMPILER, candidate, download, is_new_enough, numbers};

/// The compiler's name within a toolchain folder: a script that finds the libraries beside it.
const WRAPPER: &str = "rustc-deb";

/// How the names of half-built folders begin.
const PARTIAL: &str = ".building-";

/// What the script says. `$0` is absolute, since cargo is given an absolute path.
const WRAPPER_TEXT: &str = "#!/bin/sh
here=${0%/*}
LD_LIBRARY_PATH=$here/usr/lib/{arch}-linux-gnu:$here/usr/lib
export LD_LIBRARY_PATH
exec \"$here/usr/bin/rustc\" \"$@\"
";

/// The crate whose build makes the standard library; it has a workspace of its own.
const SEED_MANIFEST: &str = "[package]
name = \"seed\"
version = \"0.0.0\"
edition = \"2021\"

[lib]
path = \"seed.rs\"
crate-type = [\"cdylib\"]

[workspace]
";

/// What cargo's environment needs to use the compiler of a toolchain folder.
pub(super) fn environment(folder: &Path, linker: &Path) -> Vec<(&'static str, PathBuf)> {
    vec![
        ("RUSTC", folder.join(WRAPPER)),
        (
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
            linker.to_owned(),
        ),
    ]
}

/// The newest whole toolchain of the cache, or a new one.
pub(super) fn find_or_build(cache: &Path, linker: &Path) -> Step<PathBuf> {
    if let Some(folder) = newest(cache) {
        return Ok(folder);
    }
    let version = candidate()?;
    let partial = cache.join(format!("{PARTIAL}{}", std::process::id()));
    remove_abandoned(cache);
    println!(
        "building {TARGET} std from Debian's {COMPILER} {version} in {}: once, about two minutes",
        cache.display()
    );
    let built = build(&partial, linker).and_then(|()| {
        let folder = cache.join(&version);
        // Another process may have been faster; its folder is as good.
        match fs::rename(&partial, &folder) {
            Err(cause) if !folder.is_dir() => Err(problem("rename", &partial, &cause)),
            _ => Ok(folder),
        }
    });
    // Best effort: what stays behind is removed by the next build.
    fs::remove_dir_all(&partial).ok();
    built
}

/// Makes a whole toolchain in a folder.
fn build(folder: &Path, linker: &Path) -> Step<()> {
    let packages = folder.join("packages");
    create(&packages)?;
    download(&packages)?;
    unpack(&packages, folder)?;
    let wrapper = folder.join(WRAPPER);
    write(&wrapper, &WRAPPER_TEXT.replace("{arch}", env::consts::ARCH))?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))
        .map_err(|cause| problem("make executable", &wrapper, &cause))?;
    compile_std(folder, linker)?;
    // What only the standard library's build needed: half the size of the whole.
    for needless in [
        "packages",
        "seed",
        "usr/src",
        "usr/lib/rustlib/src",
        "usr/share",
    ] {
        let path = folder.join(needless);
        fs::remove_dir_all(&path).map_err(|cause| problem("remove", &path, &cause))?;
    }
    Ok(())
}

/// Compiles the standard library for wasm32 and puts it where the compiler looks for it.
fn compile_std(folder: &Path, linker: &Path) -> Step<()> {
    let seed = folder.join("seed");
    create(&seed)?;
    write(&seed.join("Cargo.toml"), SEED_MANIFEST)?;
    write(
        &seed.join("seed.rs"),
        "//! Nothing but the standard library.\n",
    )?;
    let target = seed.join("target");
    let mut command = process::cargo();
    command
        .args(["build", "--release", "-Zbuild-std=std,panic_abort"])
        .args(["--target", TARGET, "--target-dir"])
        .arg(&target)
        .current_dir(&seed)
        .envs(environment(folder, linker))
        .env("RUSTC_BOOTSTRAP", "1");
    run(&mut command)?;
    let built = target.join(TARGET).join("release/deps");
    let home = folder.join("usr/lib/rustlib").join(TARGET).join("lib");
    create(&home)?;
    let entries = fs::read_dir(&built).map_err(|cause| problem("read", &built, &cause))?;
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().unwrap_or_default();
        if path.extension().is_some_and(|ending| ending == "rlib") {
            fs::copy(&path, home.join(name)).map_err(|cause| problem("copy", &path, &cause))?;
        }
    }
    Ok(())
}

/// The newest whole toolchain in the cache that can build the workspace.
fn newest(cache: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(cache).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let whole = names.filter(|name| !name.starts_with(PARTIAL) && is_new_enough(name));
    let name = whole.max_by_key(|name| (numbers(name), name.clone()))?;
    Some(cache.join(name))
}

/// Removes half-built folders whose builder is gone.
fn remove_abandoned(cache: &Path) {
    let Ok(entries) = fs::read_dir(cache) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let builder = name.strip_prefix(PARTIAL);
        if builder.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            // Best effort: a folder that stays only takes room.
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

/// Creates a folder and those above it.
fn create(folder: &Path) -> Step<()> {
    fs::create_dir_all(folder).map_err(|cause| problem("create", folder, &cause))
}

/// Writes a text file.
fn write(path: &Path, text: &str) -> Step<()> {
    fs::write(path, text).map_err(|cause| problem("write", path, &cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_built_and_too_old_folders_are_no_toolchains() {
        let cache = env::temp_dir().join(format!("backplane-xtask-{}", std::process::id()));
        for name in [".building-1", "1.85.0-old", "1.96.0-a", "1.101.0-b"] {
            create(&cache.join(name)).expect("a folder below the temporary one");
        }
        assert_eq!(newest(&cache), Some(cache.join("1.101.0-b")));
        remove_abandoned(&cache);
        assert!(cache.join("1.96.0-a").is_dir());
        fs::remove_dir_all(&cache).expect("the folder made above");
        assert_eq!(newest(&cache), None);
    }
}
