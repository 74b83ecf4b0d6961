//! Where things are: the root of the checkout, the target folder, the tracked files.
//!
//! In: the current folder. Out: paths. Nothing here is fixed at compile time, so that a tool built in
//! one checkout is right in another.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process;

/// One text file that git tracks or would track.
#[derive(Debug)]
pub(crate) struct TextFile {
    /// Its path from the root, with forward slashes.
    pub(crate) path: String,
    /// All it says.
    pub(crate) text: String,
}

/// The checkout around the current folder.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder of the root manifest.
    pub(crate) root: PathBuf,
    /// Where cargo builds (it follows `CARGO_TARGET_DIR` and cargo's configuration).
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Asks cargo for the root and the target folder.
    pub(crate) fn find() -> Result<Self, Failure> {
        let text = process::capture(process::cargo().args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
        ]))?;
        let folder = |key| {
            json_string(&text, key).map(PathBuf::from).ok_or_else(|| {
                Failure::new(
                    format!("`cargo metadata` did not say where `{key}` is"),
                    "check that `cargo metadata --no-deps --format-version 1` prints JSON here",
                )
            })
        };
        Ok(Self {
            root: folder("workspace_root")?,
            target: folder("target_directory")?,
        })
    }

    /// The target folder as a reader would write it: relative where it is below the root.
    pub(crate) fn target_shown(&self) -> String {
        let shown = self.target.strip_prefix(&self.root);
        shown.unwrap_or(&self.target).display().to_string()
    }

    /// Reads every text file that git tracks or would track, sorted by path.
    pub(crate) fn text_files(&self) -> Result<Vec<TextFile>, Failure> {
        let list = process::capture(Command::new("git").current_dir(&self.root).args([
            "ls-files",
            "-co",
            "--exclude-standard",
            "-z",
        ]))?;
        let mut paths: Vec<&str> = list.split('\0').filter(|path| !path.is_empty()).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            if let Some(text) = read_text(&self.root.join(path))? {
                let path = path.to_owned();
                files.push(TextFile { path, text });
            }
        }
        Ok(files)
    }
}

/// The text of a plain file; nothing for what is deleted, a link, or not text.
fn read_text(path: &Path) -> Result<Option<String>, Failure> {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_file() => {}
        _ => return Ok(None),
    }
    let bytes = fs::read(path).map_err(|cause| {
        Failure::new(
            format!("cannot read {}: {cause}", path.display()),
            "check who may read that file",
        )
    })?;
    Ok(String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0')))
}

/// The first string value of a key in a JSON text.
fn json_string(text: &str, key: &str) -> Option<String> {
    let start = text.find(&format!("\"{key}\":\""))? + key.len() + 4;
    let mut value = String::new();
    let mut letters = text[start..].chars();
    loop {
        match letters.next()? {
            '"' => return Some(value),
            '\\' => value.push(letters.next()?),
            letter => value.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_string_ends_at_its_own_quote() {
        let text = r#"{"packages":[],"target_directory":"/a \"b\"/target","version":1}"#;
        let found = json_string(text, "target_directory");
        assert_eq!(found.as_deref(), Some(r#"/a "b"/target"#));
        assert_eq!(json_string(text, "workspace_root"), None);
    }

    #[test]
    fn the_target_folder_is_shown_from_the_root() {
        let workspace = |target: &str| Workspace {
            root: PathBuf::from("/a/b"),
            target: PathBuf::from(target),
        };
        assert_eq!(workspace("/a/b/target").target_shown(), "target");
        assert_eq!(workspace("/tmp/t").target_shown(), "/tmp/t");
    }
}
