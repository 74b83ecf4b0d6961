//! Where sins are committed: a folder with a small tape, plugins on each carrier, and an honest strategy.
//!
//! Takes in the build's command line and plugins; gives out how runs, checks and lists end, and whether the honest
//! strategy was harmed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use super::case::{Case, Deed};
use crate::{command_line, guest_modules, native_plugin, python};

/// What the honest strategy is called.
pub const HONEST: &str = "honest";
/// What the sinner is called.
pub const SINNER: &str = "sinner";
/// The messages of the tape.
const MESSAGES: &str = "20000";

/// Where sins are committed.
pub struct Stage {
    folder: TempDir,
    /// The environment of the interpreter, where there is one.
    environment: Option<PathBuf>,
    /// For each carrier, what the honest strategy has when it runs alone.
    alone: BTreeMap<&'static str, Value>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub enum Ending {
    /// All ran to the end.
    Ran,
    /// The sinner was stopped.
    Stopped(Stop),
    /// Nothing ran.
    Refused(String),
    /// Something else.
    Odd(String),
}

/// How a strategy was stopped.
#[derive(Clone, Debug)]
pub struct Stop {
    /// The number of its message.
    pub message: u64,
    /// The kind of that message.
    pub event: String,
    /// What it did.
    pub cause: String,
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ending::Ran => write!(f, "ran to the end"),
            Ending::Stopped(x) => {
                write!(
                    f,
                    "stopped on message {} ({}): {}",
                    x.message, x.event, x.cause
                )
            }
            Ending::Refused(why) => write!(f, "refused: {why}"),
            Ending::Odd(what) => write!(f, "{what}"),
        }
    }
}

impl Stage {
    /// Sets the stage.
    ///
    /// # Errors
    /// Says what could not be made.
    pub fn new() -> Result<Stage, String> {
        let folder = TempDir::new().map_err(|x| x.to_string())?;
        let environment = python().and_then(|x| Some(x.parent()?.parent()?.to_owned()));
        let mut stage = Stage {
            folder,
            environment,
            alone: BTreeMap::new(),
        };
        let shelf = stage.shelf("native");
        std::fs::create_dir(&shelf).map_err(|x| x.to_string())?;
        for name in ["momentum", "misbehave"] {
            let file = stage.plugin("native", name);
            std::fs::copy(native_plugin(name), file).map_err(|x| x.to_string())?;
        }
        stage.compile_wild();
        let modules = guest_modules(&["momentum", "misbehave"]);
        if let Some(modules) = &modules {
            std::fs::create_dir(stage.shelf("wasm")).map_err(|x| x.to_string())?;
            for name in ["momentum", "misbehave"] {
                let from = modules.join(format!("{name}.wasm"));
                let copied = std::fs::copy(from, stage.plugin("wasm", name));
                copied.map_err(|x| x.to_string())?;
            }
        }
        if stage.environment.is_some() {
            stage.lay_python_out()?;
        }
        let tape = stage.tape();
        let mut command = stage.command();
        command.args(["tape", "generate", "--seed", "7", "--messages", MESSAGES]);
        output(command.arg("-o").arg(tape))?;
        stage.note_alone("native")?;
        if modules.is_some() {
            stage.note_alone("wasm")?;
        }
        if stage.environment.is_some() {
            stage.note_alone("python")?;
        }
        Ok(stage)
    }

    /// Lays out the strategies in Python.
    fn lay_python_out(&self) -> Result<(), String> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        std::fs::create_dir(self.shelf("python")).map_err(|x| x.to_string())?;
        for (folder, name) in [("../python/examples", "momentum"), ("python", "misbehave")] {
            let file = here.join(folder).join(format!("{name}.py"));
            let copied = std::fs::copy(file, self.plugin("python", name));
            copied.map_err(|x| x.to_string())?;
        }
        Ok(())
    }

    /// Compiles the native plugin whose returns are wrong, where there is a C compiler.
    fn compile_wild(&self) {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut compiler = Command::new("cc");
        compiler.args(["-std=c11", "-shared", "-fPIC", "-I"]);
        compiler.arg(here.join("../plugin-sdk/c")).arg("-o");
        compiler.arg(self.plugin("native", "wild"));
        // Where there is none, the cases that need it are left out.
        let _ = compiler.arg(here.join("c/wild.c")).status();
    }

    /// Whether a case can be tried here.
    pub fn has(&self, case: &Case) -> bool {
        let is_there = match case.deed {
            Deed::Wild(_) => self.plugin("native", "wild").is_file(),
            _ => true,
        };
        is_there && self.alone.contains_key(case.carrier)
    }

    /// What the honest strategy has without company.
    fn note_alone(&mut self, carrier: &'static str) -> Result<(), String> {
        match self.run_strategies(carrier, "20s", &[], "")? {
            Ending::Ran => {}
            other => return Err(format!("the honest strategy: {other}")),
        }
        let honest = self.honest().ok_or("the honest strategy has no results")?;
        if honest["fills"].as_u64() == Some(0) {
            return Err("the honest strategy does not trade".into());
        }
        self.alone.insert(carrier, honest);
        Ok(())
    }

    /// The folder of the stage.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The carriers that are on the stage.
    pub fn carriers(&self) -> impl Iterator<Item = &'static str> {
        self.alone.keys().copied()
    }

    /// The plugins of a carrier.
    pub fn shelf(&self, carrier: &str) -> PathBuf {
        self.folder.path().join(carrier)
    }

    /// The file of a plugin.
    pub fn plugin(&self, carrier: &str, name: &str) -> PathBuf {
        self.shelf(carrier).join(self.file_name(carrier, name))
    }

    /// The name of a plugin's file.
    pub fn file_name(&self, carrier: &str, name: &str) -> String {
        match carrier {
            "native" => format!("lib{name}.so"),
            "python" => format!("{name}.py"),
            other => format!("{name}.{other}"),
        }
    }

    fn tape(&self) -> PathBuf {
        self.folder.path().join("market.tape")
    }

    fn results(&self) -> PathBuf {
        self.folder.path().join("results")
    }

    /// The command line, with an end after a minute.
    fn command(&self) -> Command {
        let mut command = Command::new("timeout");
        command.arg("60").arg(command_line());
        // Nothing that the user of this machine granted may matter.
        command.env("XDG_CONFIG_HOME", self.folder.path());
        if let Some(environment) = &self.environment {
            command.env("VIRTUAL_ENV", environment);
        }
        command
    }

    /// Runs the sinner, as the command line names a strategy, beside the honest one. `patience` is what a call may take,
    /// `rules` what the policy says of the strategy that sins on request.
    ///
    /// # Errors
    /// That the command line cannot be run.
    pub fn run(
        &self,
        carrier: &str,
        patience: &str,
        strategy: &str,
        rules: &str,
    ) -> Result<Ending, String> {
        self.run_strategies(carrier, patience, &[strategy], rules)
    }

    fn run_strategies(
        &self,
        carrier: &str,
        patience: &str,
        strategies: &[&str],
        rules: &str,
    ) -> Result<Ending, String> {
        let results = self.results();
        // What an earlier case left; the first finds nothing.
        let _ = std::fs::remove_dir_all(&results);
        let policy = self.folder.path().join("policy.toml");
        let text = format!("[default]\nallow = [\"{carrier}\"]\n[plugin.misbehave]\n{rules}\n");
        std::fs::write(&policy, text).map_err(|x| x.to_string())?;
        let mut command = self.command();
        command.arg("run").arg("--tape").arg(self.tape());
        command.arg("--plugins").arg(self.shelf(carrier));
        command.arg("--policy").arg(&policy);
        command.arg("--output").arg(&results);
        command.args(["--stall-timeout", patience]);
        for strategy in strategies {
            command.args(["--strategy", strategy]);
        }
        command.args([
            "--strategy",
            &format!("{HONEST}@momentum:lookback=20,threshold=0.5"),
        ]);
        let output = command.output().map_err(|x| x.to_string())?;
        Ok(self.ending(&output))
    }

    fn ending(&self, output: &Output) -> Ending {
        let error = String::from_utf8_lossy(&output.stderr);
        let line = error.lines().next().unwrap_or_default();
        match output.status.code() {
            Some(0) => Ending::Ran,
            Some(6) => match self.stop() {
                Some(stop) => Ending::Stopped(stop),
                None => Ending::Odd("a strategy was stopped, but not the sinner".into()),
            },
            Some(3 | 5) if !self.results().exists() => Ending::Refused(line.to_owned()),
            code => Ending::Odd(format!("exit code {code:?}: {line}")),
        }
    }

    fn summary(&self, label: &str) -> Option<Value> {
        let text = std::fs::read_to_string(self.results().join("run.json")).ok()?;
        let run: Value = serde_json::from_str(&text).ok()?;
        let described = run["instances"].as_array()?;
        let place = described.iter().position(|x| x["name"] == label)?;
        Some(run["summary"]["instances"][place].clone())
    }

    fn stop(&self) -> Option<Stop> {
        let stopped = self.summary(SINNER)?["stopped"].clone();
        Some(Stop {
            message: stopped["message"].as_u64()?,
            event: stopped["event"].as_str()?.to_owned(),
            cause: stopped["fault"].as_str()?.to_owned(),
        })
    }

    fn honest(&self) -> Option<Value> {
        self.summary(HONEST)
    }

    /// Whether the honest strategy has, after the last run, what it has alone.
    pub fn is_honest_unharmed(&self, carrier: &str) -> bool {
        self.honest()
            .is_some_and(|x| Some(&x) == self.alone.get(carrier))
    }

    /// The state and note of one check of the strategy that sins on request.
    ///
    /// # Errors
    /// That the command line says nothing of it.
    pub fn check(
        &self,
        carrier: &str,
        patience: &str,
        sin: u32,
        check: &str,
    ) -> Result<(String, String), String> {
        let mut command = self.command();
        command.args(["plugin", "validate", "--json", "--timeout", patience]);
        command.args(["--allow", carrier, "--check", check]);
        command.args(["--set", &format!("sin={sin}"), "--set", "at=1000000000"]);
        let output = command.arg(self.plugin(carrier, "misbehave")).output();
        let output = output.map_err(|x| x.to_string())?;
        let value: Value = serde_json::from_slice(&output.stdout).map_err(|x| {
            let error = String::from_utf8_lossy(&output.stderr);
            format!("{x}: {error}")
        })?;
        let line = &value["checks"][0];
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        Ok((text("state"), text("note")))
    }

    /// How many plugins of a folder work, and how many are refused.
    ///
    /// # Errors
    /// That the list does not come to its end.
    pub fn list(&self, shelf: &Path) -> Result<(usize, usize), String> {
        let mut command = self.command();
        command
            .args(["plugin", "list", "--json", "--allow", "native"])
            .arg(shelf);
        let value: Value = serde_json::from_slice(&output(&mut command)?.stdout)
            .map_err(|x| format!("the list cannot be read: {x}"))?;
        let plugins = value["plugins"].as_array().ok_or("there is no list")?;
        let count = |state: &str| plugins.iter().filter(|x| x["state"] == state).count();
        let others = value["others"].as_u64().unwrap_or(0) as usize;
        Ok((count("ok"), count("refused") + others))
    }

    /// A process that works for this stage still, though nobody waits for it.
    pub fn processes(&self) -> Option<u32> {
        let folder = self.folder.path().as_os_str().as_encoded_bytes();
        let entries = std::fs::read_dir("/proc").ok()?;
        let mut ids = entries.filter_map(|x| x.ok()?.file_name().to_str()?.parse().ok());
        ids.find(|id: &u32| {
            // Processes of strategies have the folder in their environment alone.
            let says = |file: &str| {
                let words = std::fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
                words.windows(folder.len()).any(|x| x == folder)
            };
            *id != std::process::id() && (says("cmdline") || says("environ"))
        })
    }
}

fn output(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|x| x.to_string())?;
    match output.status.success() {
        true => Ok(output),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
