//! `backplane plugin new`: a strategy to begin with.
//!
//! Takes in a name and a language; gives out a folder that builds, passes its own tests and validates at once. The folder
//! gets its name when it is whole, and nothing that exists is written over.

use std::path::{Path, PathBuf};

use anstream::print;
use backplane_guests::descriptor::is_name;

use crate::arguments::{Language, NewArguments};
use crate::error::CliError;
use crate::exit;

/// What a language begins with.
struct Template {
    /// Where each file goes, and its text.
    files: &'static [(&'static str, &'static str)],
    /// The SDK's files that it takes along: where they lie in the SDK, and where they go.
    copies: &'static [(&'static str, &'static str)],
    /// What the SDK must have for it; none where it needs no SDK.
    needs: Option<&'static str>,
}

const RUST: Template = Template {
    files: &[
        (
            "Cargo.toml",
            include_str!("../../../templates/rust/Cargo.toml.in"),
        ),
        ("src/lib.rs", include_str!("../../../templates/rust/lib.rs")),
        (
            "README.md",
            include_str!("../../../templates/rust/README.md"),
        ),
        (
            ".gitignore",
            include_str!("../../../templates/rust/gitignore"),
        ),
    ],
    copies: &[],
    needs: Some("src/lib.rs"),
};

const C: Template = Template {
    files: &[
        (
            "template_name.c",
            include_str!("../../../templates/c/strategy.c"),
        ),
        ("test.c", include_str!("../../../templates/c/test.c")),
        ("Makefile", include_str!("../../../templates/c/Makefile.in")),
        ("README.md", include_str!("../../../templates/c/README.md")),
        (".gitignore", include_str!("../../../templates/c/gitignore")),
    ],
    copies: &[],
    needs: Some("c/backplane.h"),
};

const ASSEMBLYSCRIPT: Template = Template {
    files: &[
        (
            "template_name.ts",
            include_str!("../../../templates/assemblyscript/strategy.ts"),
        ),
        (
            "test.mjs",
            include_str!("../../../templates/assemblyscript/test.mjs"),
        ),
        (
            "package.json",
            include_str!("../../../templates/assemblyscript/package.json.in"),
        ),
        (
            "README.md",
            include_str!("../../../templates/assemblyscript/README.md"),
        ),
        (
            ".gitignore",
            include_str!("../../../templates/assemblyscript/gitignore"),
        ),
    ],
    copies: &[
        ("assemblyscript/guest.ts", "backplane/guest.ts"),
        ("assemblyscript/messages.ts", "backplane/messages.ts"),
        ("assemblyscript/book.ts", "backplane/book.ts"),
        ("assemblyscript/exports.ts", "backplane/exports.ts"),
    ],
    needs: Some("assemblyscript/guest.ts"),
};

const PYTHON: Template = Template {
    files: &[
        (
            "template_name.py",
            include_str!("../../../templates/python/strategy.py"),
        ),
        (
            "README.md",
            include_str!("../../../templates/python/README.md"),
        ),
        (
            ".gitignore",
            include_str!("../../../templates/python/gitignore"),
        ),
    ],
    copies: &[],
    needs: None,
};

pub(super) fn execute(arguments: &NewArguments) -> Result<u8, CliError> {
    let name = check_name(&arguments.name)?;
    let folder = match &arguments.output {
        Some(folder) => folder.clone(),
        None => PathBuf::from(&name),
    };
    if folder.symlink_metadata().is_ok() {
        return Err(CliError::new(
            exit::DATA,
            format!("{} exists", folder.display()),
            "give another name, or another folder with `--output`",
        ));
    }
    let template = match arguments.lang {
        Language::Rust => RUST,
        Language::C => C,
        Language::Assemblyscript => ASSEMBLYSCRIPT,
        Language::Python => PYTHON,
    };
    let sdk = match template.needs {
        Some(needs) => find_sdk(arguments.sdk.as_deref(), needs)?,
        None => PathBuf::new(),
    };
    write(&template, &name, &sdk, &folder)?;
    print!("{}", next_steps(&folder)?);
    Ok(exit::OK)
}

/// The name as a Rust crate, a file and a strategy can all have it.
fn check_name(name: &str) -> Result<String, CliError> {
    let plain = name.replace('-', "_");
    let starts = plain.starts_with(|x: char| x.is_ascii_lowercase());
    // Names that Rust keeps for itself, or that would be another crate's.
    let is_taken = [
        "backplane_sdk",
        "test",
        "core",
        "std",
        "alloc",
        "self",
        "super",
        "crate",
    ];
    if is_name(&plain) && starts && !is_taken.contains(&plain.as_str()) && !is_keyword(&plain) {
        return Ok(plain);
    }
    Err(CliError::new(
        exit::USAGE,
        format!("`{name}` is no name for a plugin"),
        "1 to 64 of a-z, 0-9 and _, a letter first, and no word that a language keeps for itself",
    ))
}

/// Whether Rust, C, AssemblyScript or Python keeps a name for itself: a strategy may be written anew in any of them, and a
/// module of such a name cannot be imported (Rust reference, "Keywords"; C17, 6.4.1; ECMAScript 2024, 12.7.2; Python
/// reference, 2.3.1).
fn is_keyword(name: &str) -> bool {
    const RUST: &str = "as async await break const continue crate dyn else enum extern false fn for gen if impl in let \
                         loop match mod move mut pub ref return static struct trait true type unsafe use where while \
                         abstract become box do final macro override priv try typeof unsized virtual yield";
    const C: &str = "auto break case char const continue default do double else enum extern float for goto if inline int \
                     long register restrict return short signed sizeof static struct switch typedef union unsigned \
                     void volatile while";
    const ASSEMBLYSCRIPT: &str = "await break case catch class const continue debugger default delete do else enum \
                                  export extends false finally for function if implements import in instanceof \
                                  interface let new null package private protected public return static super switch \
                                  this throw true try typeof var void while with yield";
    const PYTHON: &str = "and as assert async await break class continue def del elif else except finally for from \
                          global if import in is lambda nonlocal not or pass raise return try while with yield";
    let languages = [RUST, C, ASSEMBLYSCRIPT, PYTHON];
    languages
        .iter()
        .flat_map(|x| x.split(' '))
        .any(|x| x == name)
}

/// The folder of the SDK: the one that is named, or the one of the checkout around this program or this directory.
fn find_sdk(named: Option<&Path>, needs: &str) -> Result<PathBuf, CliError> {
    let is_sdk = |folder: &Path| {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml"));
        let is_named = manifest.is_ok_and(|x| x.contains("name = \"backplane-sdk\""));
        is_named && folder.join(needs).is_file()
    };
    let around = |path: PathBuf| {
        let folders: Vec<PathBuf> = path.ancestors().map(|x| x.join("plugin-sdk")).collect();
        folders.into_iter().find(|x| is_sdk(x))
    };
    let found = match named {
        Some(folder) => is_sdk(folder).then(|| folder.to_owned()),
        None => {
            let places = [std::env::current_dir(), std::env::current_exe()];
            places.into_iter().flatten().find_map(around)
        }
    };
    let found = found.ok_or_else(|| {
        let place = named.map_or("".into(), |x| format!(" in {}", x.display()));
        CliError::new(
            exit::DATA,
            format!("no SDK with `{needs}` was found{place}"),
            "give the folder `plugin-sdk` of a Backplane checkout with `--sdk`",
        )
    })?;
    found
        .canonicalize()
        .map_err(|error| CliError::io("finding", &found, &error))
}

/// Writes the files beside where they go, and then gives the folder its name.
fn write(template: &Template, name: &str, sdk: &Path, folder: &Path) -> Result<(), CliError> {
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |error| CliError::io("writing a plugin into", parent, &error);
    std::fs::create_dir_all(parent).map_err(failed)?;
    let mut builder = tempfile::Builder::new();
    let staging = builder.prefix(".backplane-new-").tempdir_in(parent);
    let staging = staging.map_err(failed)?;
    let whole = staging.path().join("whole");
    let put = |file: &str, text: String| {
        let path = whole.join(file);
        let within = path.parent().unwrap_or(&whole);
        std::fs::create_dir_all(within)?;
        std::fs::write(&path, text)
    };
    for (file, text) in template.files {
        put(&fill(file, name, sdk), fill(text, name, sdk)).map_err(failed)?;
    }
    for (from, to) in template.copies {
        let from = sdk.join(from);
        let text = std::fs::read_to_string(&from);
        let text = text.map_err(|error| CliError::io("reading the SDK's", &from, &error))?;
        put(to, text).map_err(failed)?;
    }
    let moved = rustix::fs::renameat_with(
        rustix::fs::CWD,
        &whole,
        rustix::fs::CWD,
        folder,
        rustix::fs::RenameFlags::NOREPLACE,
    );
    moved.map_err(|error| CliError::io("making", folder, &error.into()))
}

/// A template's text for a name.
fn fill(text: &str, name: &str, sdk: &Path) -> String {
    let sdk = sdk
        .to_string_lossy()
        .replace('\\', "\\\\")
        .replace('"', "\\\"");
    text.replace("template_name", name)
        .replace("TemplateName", &type_name(name))
        .replace("{sdk}", &sdk)
}

/// `mean_reversion` as a type: `MeanReversion`.
fn type_name(name: &str) -> String {
    let words = name.split('_').filter(|x| !x.is_empty());
    let upper = words.map(|word| {
        let (first, rest) = word.split_at(1);
        format!("{}{rest}", first.to_ascii_uppercase())
    });
    upper.collect()
}

/// The commands that the new folder's README shows.
fn next_steps(folder: &Path) -> Result<String, CliError> {
    let path = folder.join("README.md");
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|error| CliError::io("reading", &path, &error))?;
    let folder = folder.display();
    let commands = text.lines().filter_map(|x| x.strip_prefix("$ "));
    let commands: String = commands.map(|x| format!("  {x}\n")).collect();
    Ok(format!("made {folder}\n\n  cd {folder}\n{commands}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_become_types_or_are_refused() {
        assert_eq!(
            type_name(&check_name("mean-reversion_2").unwrap()),
            "MeanReversion2"
        );
        for name in ["", "1a", "A", "a b", "../a", "match", "std", "_a", "ä"] {
            assert_eq!(check_name(name).unwrap_err().code, exit::USAGE, "{name}");
        }
    }
}
