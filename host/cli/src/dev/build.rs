//! Building a strategy's sources, in any language.
//!
//! Takes in a folder of sources; gives out the plugin that its own tool makes of it: cargo of a crate, `npm run build` of a
//! package, `make` of a Makefile, or whatever command the user names. What the tool says goes to standard error as it is.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use backplane_guests::{Carrier, Policy, directory};

use super::cargo;
use crate::error::CliError;
use crate::exit;

/// The folder into which all tools but cargo put what they make.
pub const BUILT: &str = "build";

/// A strategy's sources.
#[derive(Debug)]
pub struct Source {
    /// Their folder.
    pub root: PathBuf,
    tool: Tool,
    /// The plugin, once it was built.
    pub plugin: Option<PathBuf>,
    /// The files outside of the folder that are part of it: those of crates that a crate takes by path.
    pub others: Vec<PathBuf>,
}

/// What builds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tool {
    Cargo,
    Npm,
    Make,
    /// A command of the user's.
    Shell(String),
}

/// What a folder that a tool can build holds.
const KNOWN: [(&str, Tool); 3] = [
    (cargo::MANIFEST, Tool::Cargo),
    ("package.json", Tool::Npm),
    ("Makefile", Tool::Make),
];

impl Source {
    /// The sources in a folder, and the command that builds them where it is not to be found out.
    ///
    /// # Errors
    /// There is no such folder, or nothing in it that says how it is built.
    pub fn open(root: &Path, command: Option<&str>) -> Result<Source, CliError> {
        let failed = |error| CliError::io("looking for the sources in", root, &error);
        let root = root.canonicalize().map_err(failed)?;
        let found = KNOWN.into_iter().find(|x| root.join(x.0).is_file());
        let named = command.map(|x| Tool::Shell(x.to_owned()));
        let Some(tool) = named.or(found.map(|x| x.1)) else {
            let names = KNOWN.map(|x| x.0).join("`, `");
            return Err(CliError::new(
                exit::USAGE,
                format!("{} holds none of `{names}`", root.display()),
                "name the folder of a strategy's sources, say how it is built with `--build COMMAND`, or watch built plugins with `--plugins DIR`",
            ));
        };
        Ok(Source {
            root,
            tool,
            plugin: None,
            others: Vec::new(),
        })
    }

    /// Whether cargo builds them, which keeps what it makes apart from the sources.
    pub fn is_crate(&self) -> bool {
        self.tool == Tool::Cargo
    }

    /// The name of the strategy that the plugin holds, once it was built.
    pub fn strategy(&self) -> Option<String> {
        let plugin = self.plugin.as_ref()?;
        Some(directory::plugin_name(plugin, Carrier::of(plugin)?))
    }

    /// The name of the strategy before anything was built: that of the crate's library, or of the folder.
    fn expected(&self) -> String {
        let folder = || self.root.file_name().unwrap_or_default().to_string_lossy();
        let library = self.is_crate().then(|| cargo::library_name(&self.root));
        let name = library.flatten();
        name.unwrap_or_else(|| folder().replace('-', "_"))
    }

    /// Builds a native library where the policy grants native code to the strategy, and else a module for the sandbox.
    ///
    /// # Errors
    /// The tool cannot be started, fails, or makes no plugin.
    pub fn build(&mut self, policy: &Policy) -> Result<(), CliError> {
        let name = self.expected();
        let carrier = match policy.grant(&name).has(Carrier::Native) {
            true => Carrier::Native,
            false => Carrier::Wasm,
        };
        let plugin = match &self.tool {
            Tool::Cargo => cargo::build(&self.root, carrier)?,
            Tool::Npm => self.run("npm", &["run", "build"], &name, Carrier::Wasm)?,
            Tool::Make if carrier == Carrier::Wasm => {
                self.run("make", &["wasm"], &name, carrier)?
            }
            Tool::Make => self.run("make", &[], &name, carrier)?,
            Tool::Shell(command) => self.run("sh", &["-c", command], &name, carrier)?,
        };
        if self.is_crate() {
            self.others = cargo::other_sources(&plugin, &self.root);
        }
        self.plugin = Some(plugin);
        Ok(())
    }

    /// Runs a tool in the folder; gives what it made.
    fn run(
        &self,
        tool: &str,
        words: &[&str],
        name: &str,
        carrier: Carrier,
    ) -> Result<PathBuf, CliError> {
        let mut command = Command::new(tool);
        command.args(words).current_dir(&self.root);
        // Standard output is the loop's own.
        command.stdin(Stdio::null()).stdout(std::io::stderr());
        let status = command.status().map_err(|error| {
            CliError::new(
                exit::DATA,
                format!("starting `{tool}`: {error}"),
                format!(
                    "install `{tool}`, say how it is built otherwise with `--build COMMAND`, or watch built plugins with `--plugins DIR`"
                ),
            )
        })?;
        if !status.success() {
            return Err(CliError::new(
                exit::PLUGIN,
                format!("building {} failed", self.root.display()),
                format!("what `{tool}` says stands above"),
            ));
        }
        self.made(name, carrier)
    }

    /// The plugin in the folder of what was built: that of a name, or the only one; on a carrier, if there is one on it.
    fn made(&self, name: &str, carrier: Carrier) -> Result<PathBuf, CliError> {
        let folder = self.root.join(BUILT);
        let entries = folder.read_dir().into_iter().flatten().flatten();
        let plugins = entries.map(|x| x.path()).filter(|x| {
            let carrier = Carrier::of(x);
            carrier.is_some_and(|x| matches!(x, Carrier::Native | Carrier::Wasm))
        });
        let mut plugins: Vec<PathBuf> = plugins.collect();
        let is_wanted = |x: &PathBuf| Carrier::of(x) == Some(carrier);
        if plugins.iter().any(is_wanted) {
            plugins.retain(is_wanted);
        }
        let is_named = |x: &PathBuf| {
            Carrier::of(x)
                .map(|c| directory::plugin_name(x, c))
                .as_deref()
                == Some(name)
        };
        if plugins.iter().any(is_named) {
            plugins.retain(is_named);
        }
        match &plugins[..] {
            [plugin] => Ok(plugin.clone()),
            [] => Err(CliError::new(
                exit::PLUGIN,
                format!("building {} made no plugin", self.root.display()),
                format!("it must leave `{BUILT}/lib{name}.so` or `{BUILT}/{name}.wasm`"),
            )),
            several => Err(CliError::new(
                exit::PLUGIN,
                format!("{} holds {} plugins", folder.display(), several.len()),
                format!("call one of them `{name}`, as the folder is called"),
            )),
        }
    }
}
