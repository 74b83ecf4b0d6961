//! What can go wrong with a guest before it runs.
//!
//! Takes in what was being done, to which file, and why it failed; gives out one line of text, and a hint that says what
//! to do next.

use std::io;
use std::path::{Path, PathBuf};

use backplane_engine::fault::Fault;

use crate::carrier::Carrier;
use crate::text::show;

/// Why a guest could not be found, loaded or made.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// A directory of plugins could not be read.
    #[error("cannot read the plugin directory `{}`: {cause}", show(.path))]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A directory holds no plugin of a name.
    #[error("there is no plugin `{name}` in `{}`{}", show(.directory), list(.present))]
    NotFound {
        /// The name.
        name: String,
        /// The directory.
        directory: PathBuf,
        /// The plugins that it holds.
        present: Vec<String>,
        /// The one of them whose name is most like it.
        nearest: Option<String>,
    },
    /// A file was refused before anything of it was loaded.
    #[error("refused to load `{}`: {reason}", show(.path))]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: Refusal,
    },
    /// The private copy that is loaded in a file's place could not be written.
    #[error("cannot copy `{}` to a private directory: {cause}", show(.path))]
    Copy {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The system could not load a file, or it has another function table than the contract says.
    #[error("cannot load `{}`: {reason}", show(.path))]
    Load {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// This machine cannot run sandboxed plugins.
    #[error("cannot set up the sandbox: {reason}")]
    Sandbox {
        /// Why.
        reason: String,
    },
    /// A plugin's descriptor cannot be used.
    #[error("the descriptor of `{}` cannot be used: {reason}", show(.path))]
    Descriptor {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A plugin lies where it was looked for, on a carrier that it was not granted.
    #[error("plugin `{name}` (`{}`) was not loaded: {carrier} code was not granted to it", show(.path))]
    NotGranted {
        /// The plugin.
        name: String,
        /// Its file.
        path: PathBuf,
        /// What would carry it.
        carrier: Carrier,
    },
    /// A plugin's file is another than the one that was granted something.
    #[error("refused to load `{}`: the policy grants it to the file of digest {granted}, but this one has {found}", show(.path))]
    OtherDigest {
        /// The file.
        path: PathBuf,
        /// The BLAKE3 digest in the policy.
        granted: String,
        /// That of the file.
        found: String,
    },
    /// A policy cannot be used.
    #[error("policy {}{}: {reason}", show(.path), line_of(.line))]
    Policy {
        /// Its file.
        path: PathBuf,
        /// The line, where there is one.
        line: Option<usize>,
        /// Why.
        reason: String,
    },
    /// A Python strategy's file or the interpreter cannot be used.
    #[error("cannot run `{}`: {reason}", show(.path))]
    Python {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
        /// What to do next.
        hint: String,
    },
    /// A strategy's own code failed while it was loaded or made.
    #[error("loading `{}`: {fault}", show(.path))]
    Strategy {
        /// The file.
        path: PathBuf,
        /// What happened.
        fault: Fault,
        /// The calls that led there, of several lines; empty where they are not known.
        traceback: String,
    },
    /// A strategy refused its parameters.
    #[error("cannot make an instance of strategy `{name}`: {reason}")]
    Instance {
        /// The strategy.
        name: String,
        /// Why.
        reason: String,
    },
    /// A strategy failed while it was made.
    #[error("cannot make an instance of strategy `{name}`: {fault}")]
    Making {
        /// The strategy.
        name: String,
        /// How.
        fault: Fault,
    },
}

/// Why a file is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It could not be read.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    /// It is a directory, a device or a pipe.
    #[error("it is not a regular file")]
    NotAFile,
    /// It holds nothing.
    #[error("the file is empty")]
    Empty,
    /// It is larger than any plugin should be.
    #[error("it is larger than {} MiB, the most that is loaded", .most >> 20)]
    TooLarge {
        /// The most bytes that are loaded.
        most: u64,
    },
    /// It is not in the format of Linux libraries.
    #[error("it is not a native library (no ELF file)")]
    NotElf,
    /// It is built for another machine.
    #[error("it is built for {found}, but this host runs on {host}")]
    OtherMachine {
        /// What it is built for.
        found: String,
        /// What the host runs on.
        host: &'static str,
    },
    /// It is an ELF file, but no shared library.
    #[error("it is not a shared library, but {0}")]
    NotALibrary(&'static str),
    /// It is cut off, or its tables contradict each other.
    #[error("the library is cut off or damaged: {0}")]
    Damaged(String),
    /// It has no `.backplane` section.
    #[error("it is a library, but no Backplane plugin (it has no `.backplane` section)")]
    NotAPlugin,
    /// Its `.backplane` section is not what the contract says.
    #[error("its `.backplane` section is not valid: {0}")]
    Header(String),
    /// It speaks another version of the contract.
    #[error("it is built for plugin ABI version {plugin}, but this host speaks version {host}")]
    AbiVersion {
        /// The plugin's version.
        plugin: u32,
        /// The host's version.
        host: u32,
    },
    /// Its panics would end the host.
    #[error("it is built with panic=abort, so that a panic in it would end the host")]
    PanicsAbort,
    /// It is a Python file that does not speak of this package: a helper or a tool.
    #[error("it is a Python file, but no strategy (it does not import `backplane`)")]
    NotAStrategy,
    /// It is a plugin under a name that no strategy can have.
    #[error("it is a plugin, but its file name is not `{}` with a name of a-z, 0-9, `_`", .0.file_name("<name>"))]
    FileName(Carrier),
    /// It is not in the format of WebAssembly.
    #[error("it is no WebAssembly module")]
    NotWasm,
    /// It is a WebAssembly component.
    #[error("it is a WebAssembly component, but plugins are core modules")]
    Component,
    /// It is a WebAssembly module of another kind.
    #[error(
        "it is a WebAssembly module, but no Backplane plugin (it exports no `backplane_abi_version`)"
    )]
    NotAModule,
    /// It is cut off, damaged, or uses parts of the language that are switched off.
    #[error("the module is not valid: {0}")]
    Module(String),
    /// It wants more from the host than there is.
    #[error("it imports `{0}`, but a module may import nothing but the function `backplane.log`")]
    Import(String),
    /// It does not export what the contract says.
    #[error("it does not export `{0}`")]
    Export(&'static str),
    /// A function of the contract has other parameters or results.
    #[error("its function `{0}` has other parameters or results than the contract says")]
    Signature(String),
    /// It would run before it is called.
    #[error("it has a start function, which would run before the host calls it")]
    Start,
    /// A part of it is larger than is compiled.
    #[error("{0}")]
    Oversized(String),
    /// The limits that it was to have make no sense.
    #[error("{0}")]
    Limits(String),
}

impl GuestError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            GuestError::Directory { .. } => {
                "give a directory that holds plugins (`lib<name>.so`, `<name>.wasm`, `<name>.py`)".into()
            }
            GuestError::NotFound {
                nearest: Some(nearest),
                ..
            } => format!("did you mean `{nearest}`?"),
            GuestError::NotFound { .. } => {
                "build the plugin, or give the directory in which its `lib<name>.so`, `<name>.wasm` or `<name>.py` lies".into()
            }
            GuestError::Refused { reason, .. } => reason.hint().into(),
            GuestError::Copy { .. } => {
                "set TMPDIR to a directory with room in which this user may write".into()
            }
            GuestError::Load { .. } => {
                "rebuild the plugin with this host's SDK; where a library cannot be mapped, set TMPDIR to a directory \
                 that is not mounted `noexec`"
                    .into()
            }
            GuestError::Sandbox { .. } => {
                "raise the limits of this process (`ulimit -v`), or use native plugins".into()
            }
            GuestError::Descriptor { .. } => {
                "correct the plugin's `descriptor` (docs/abi.md, \"Descriptor\") and rebuild it".into()
            }
            GuestError::NotGranted { name, carrier, .. } => format!(
                "it runs with your rights: if you trust it, give `--allow {carrier}:{name}` (or `--allow {carrier}` for \
                 all), or grant it in a policy (docs/policy.md)"
            ),
            GuestError::OtherDigest { .. } => {
                "if you trust the new file, put its digest into the policy; otherwise bring the old one back".into()
            }
            GuestError::Policy { .. } => "docs/policy.md describes the file".into(),
            GuestError::Python { hint, .. } => hint.clone(),
            GuestError::Strategy { .. } => "correct the strategy's file".into(),
            GuestError::Instance { .. } | GuestError::Making { .. } => {
                "change the parameters of the run, or correct the strategy's `new`".into()
            }
        }
    }

    pub(crate) fn refused(path: &Path, reason: Refusal) -> GuestError {
        GuestError::Refused {
            path: path.to_owned(),
            reason,
        }
    }
}

impl Refusal {
    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Refusal::Unreadable(_) => "check that the file exists and that this user may read it",
            Refusal::NotAFile | Refusal::TooLarge { .. } => {
                "give the path of a `lib<name>.so`, a `<name>.wasm` or a `<name>.py`"
            }
            Refusal::Empty | Refusal::Damaged(_) | Refusal::Module(_) => {
                "build the plugin again; it may have been copied only in part"
            }
            Refusal::NotElf | Refusal::NotALibrary(_) => {
                "build the plugin with `crate-type = [\"cdylib\"]` and give the `lib<name>.so` that results"
            }
            Refusal::OtherMachine { .. } => "build the plugin for this machine",
            Refusal::NotAPlugin => {
                "end the plugin's source with `backplane_sdk::export_strategy!(..)`, or see docs/abi.md for other languages"
            }
            Refusal::Header(_)
            | Refusal::AbiVersion { .. }
            | Refusal::Export(_)
            | Refusal::Signature(_) => "rebuild the plugin with the SDK of this host",
            Refusal::PanicsAbort => {
                "remove `panic = \"abort\"` from the profile (or `-C panic=abort` from the flags) and rebuild the plugin"
            }
            Refusal::NotAStrategy => "derive a class from `backplane.Strategy` (docs/python.md)",
            Refusal::FileName(_) => "rename the file",
            Refusal::NotWasm | Refusal::Component | Refusal::NotAModule => {
                "build the strategy with `cargo build --target wasm32-unknown-unknown`, or see docs/abi.md for other languages"
            }
            Refusal::Import(_) => {
                "build it without a library that wants files, clocks or random numbers (for Rust: `wasm32-unknown-unknown`, not `wasm32-wasip1`)"
            }
            Refusal::Start => {
                "build it as a library (C: `-Wl,--no-entry`; AssemblyScript: `--exportStart _initialize`)"
            }
            Refusal::Oversized(_) => "build it with optimisation and without debugging information",
            Refusal::Limits(_) => "change the limits",
        }
    }
}

/// A line as the end of a place.
fn line_of(line: &Option<usize>) -> String {
    line.map_or(String::new(), |line| format!(", line {line}"))
}

/// What a directory holds, as the end of a sentence; long lists are cut.
fn list(names: &[String]) -> String {
    const SHOWN_MAX: usize = 5;
    if names.is_empty() {
        return ", nor any other".into();
    }
    let shown: Vec<&str> = names.iter().take(SHOWN_MAX).map(String::as_str).collect();
    let rest = match names.len().saturating_sub(SHOWN_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("; there are: {}{rest}", shown.join(", "))
}
