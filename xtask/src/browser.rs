//! A browser for the tests of pages: Chromium without a window.
//!
//! In: what is installed. Out: the path of a browser. Where none is installed, Debian's packages of it and of the
//! libraries that this machine lacks are unpacked below the user's cache folder, never installed, and tried once.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::packages::{Step, download, lacking, problem, run as silently, unpack};
use crate::process;

/// The variable by which tests are told where the browser is.
pub(crate) const VARIABLE: &str = "BACKPLANE_BROWSER";

/// The names of browsers that will do.
const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// The browser, and letters to write with.
const PACKAGES: &[&str] = &["chromium", "fonts-dejavu-core"];

/// How the names of half-made folders begin.
const PARTIAL: &str = ".making-";

/// What starts an unpacked browser. `$0` is absolute, since tests are given an absolute path.
const WRAPPER: &str = "#!/bin/sh
here=${0%/*}
LD_LIBRARY_PATH={libraries}
FONTCONFIG_FILE=$here/fonts.conf
export LD_LIBRARY_PATH FONTCONFIG_FILE
exec \"$here/usr/lib/chromium/chromium\" \"$@\"
";

/// Where an unpacked browser finds its letters.
const FONTS: &str = "<?xml version=\"1.0\"?>
<fontconfig>
<dir>{folder}/usr/share/fonts</dir>
<dir>/usr/share/fonts</dir>
<cachedir>{folder}/fonts-cache</cachedir>
</fontconfig>
";

/// Prints where the browser is.
pub(crate) fn run() -> Result<(), Failure> {
    let found = find().map_err(|reason| {
        Failure::new(
            reason,
            format!("install Chromium, or set {VARIABLE} to a browser's program"),
        )
    })?;
    println!("{}", found.display());
    Ok(())
}

/// Finds a browser, or unpacks one; the error is the reason why this machine cannot have one.
pub(crate) fn find() -> Step<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE) {
        return Ok(named.into());
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    let installed = env::split_paths(&folders)
        .flat_map(|folder| NAMES.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file());
    if let Some(path) = installed {
        return Ok(path);
    }
    let cache = process::cache_folder().ok_or("there is no home folder to keep a browser in")?;
    let cache = cache.join("backplane");
    let folder = cache.join("browser");
    let program = folder.join("browser");
    // One that does not start was cut off, or lacks what this machine had when it was made.
    if program.is_file() {
        if starts(&program).is_ok() {
            return Ok(program);
        }
        fs::remove_dir_all(&folder).map_err(|cause| problem("remove", &folder, &cause))?;
    }
    let partial = cache.join(format!("{PARTIAL}{}", std::process::id()));
    println!("unpacking Debian's Chromium in {}: once", folder.display());
    let made = make(&partial, &folder).and_then(|()| match fs::rename(&partial, &folder) {
        // Another process may have been faster; its folder is as good.
        Err(cause) if !program.is_file() => Err(problem("rename", &partial, &cause)),
        _ => Ok(program),
    });
    // Best effort: what stays behind only takes room.
    fs::remove_dir_all(&partial).ok();
    made
}

/// Unpacks a browser into a folder that will be called `home`.
fn make(folder: &Path, home: &Path) -> Step<()> {
    let packages = folder.join("packages");
    fs::create_dir_all(&packages).map_err(|cause| problem("create", &packages, &cause))?;
    download(&lacking(PACKAGES)?, &packages)?;
    unpack(&packages, folder)?;
    fs::remove_dir_all(&packages).map_err(|cause| problem("remove", &packages, &cause))?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|cause| problem("write", &path, &cause))
    };
    write(
        "fonts.conf",
        &FONTS.replace("{folder}", &home.display().to_string()),
    )?;
    let libraries = library_folders(folder)?;
    let libraries = libraries.iter().map(|x| format!("$here/{}", x.display()));
    let libraries = libraries.collect::<Vec<_>>().join(":");
    write("browser", &WRAPPER.replace("{libraries}", &libraries))?;
    let program = folder.join("browser");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))
        .map_err(|cause| problem("make executable", &program, &cause))?;
    starts(&program)
}

/// Whether a browser finds all that it needs; the error says what it lacks.
fn starts(program: &Path) -> Step<()> {
    silently(Command::new(program).arg("--version")).map(drop)
}

/// The folders below `root`, by name, that hold shared libraries: packages also put some where only an installed system
/// looks.
fn library_folders(root: &Path) -> Step<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(folder) = waiting.pop() {
        let path = root.join(&folder);
        let entries = fs::read_dir(&path).map_err(|cause| problem("read", &path, &cause))?;
        let mut holds = false;
        for entry in entries {
            let entry = entry.map_err(|cause| problem("read", &path, &cause))?;
            let kind = entry.file_type();
            let kind = kind.map_err(|cause| problem("read", &entry.path(), &cause))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            match kind.is_dir() {
                true => waiting.push(folder.join(&*name)),
                false => holds |= name.ends_with(".so") || name.contains(".so."),
            }
        }
        if holds {
            found.push(folder);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::unwrap_used)]
    fn an_unpacked_browser_finds_its_libraries_and_letters_beside_itself() {
        assert!(WRAPPER.contains("$here/usr/lib/chromium/chromium"));
        let root = env::temp_dir().join(format!("backplane-browser-{}", std::process::id()));
        for file in ["usr/a/liba.so.1", "usr/a/b/libb.so", "etc/resolv.soap"] {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let expected = ["usr/a", "usr/a/b"].map(PathBuf::from);
        assert_eq!(library_folders(&root), Ok(expected.to_vec()));
        fs::remove_dir_all(&root).unwrap();
        let fonts = FONTS.replace("{folder}", "/a");
        assert!(fonts.contains("<dir>/a/usr/share/fonts</dir>") && !fonts.contains('{'));
    }
}
