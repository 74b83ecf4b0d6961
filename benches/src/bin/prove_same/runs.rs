//! Runs of the built command line.
//!
//! Takes in a tape and strategies; gives out what each of them did, by its label.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// The folder of the programs and plugins that were built beside this one.
pub fn built() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.parent().unwrap().to_owned()
}

/// The built command line.
pub fn command() -> Command {
    Command::new(built().join("backplane"))
}

/// What carries the strategies of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// Native plugins.
    Native,
    /// Modules.
    Wasm,
}

/// What a strategy did.
pub struct Deeds {
    /// Its digest.
    pub digest: String,
    /// The orders that it sent.
    pub orders: u64,
}

/// Runs strategies over one tape.
pub struct Runner {
    tape: PathBuf,
    natives: PathBuf,
    modules: PathBuf,
    folder: TempDir,
}

impl Runner {
    /// Runs over a tape, with the plugins and modules of two directories.
    pub fn new(tape: &Path, natives: &Path, modules: &Path) -> Runner {
        Runner {
            tape: tape.to_owned(),
            natives: natives.to_owned(),
            modules: modules.to_owned(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Runs strategies beside each other, with batches of at most a size; what each did, by its label.
    pub fn run(&self, carrier: Carrier, batch: usize, specs: &[String]) -> BTreeMap<String, Deeds> {
        let (file, results) = (
            self.folder.path().join("run.toml"),
            self.folder.path().join("out"),
        );
        std::fs::write(&file, format!("[wasm]\nbatch = {batch}\n")).unwrap();
        let mut command = command();
        command.arg("run").arg(&file).arg("--tape").arg(&self.tape);
        command.args(["--allow", "native"]);
        command.arg("--plugins").arg(match carrier {
            Carrier::Native => &self.natives,
            Carrier::Wasm => &self.modules,
        });
        command.args(["--force", "--output"]).arg(&results);
        for spec in specs {
            command.args(["--strategy", spec]);
        }
        let output = command.output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{specs:?}: {complaint}");
        let text = std::fs::read_to_string(results.join("run.json")).unwrap();
        deeds(&serde_json::from_str(&text).unwrap())
    }
}

fn deeds(run: &Value) -> BTreeMap<String, Deeds> {
    let labels = run["instances"].as_array().unwrap().iter();
    let found = run["summary"]["instances"].as_array().unwrap().iter();
    let pair = |(label, found): (&Value, &Value)| {
        let deeds = Deeds {
            digest: found["digest"].as_str().unwrap().to_owned(),
            orders: found["orders"].as_u64().unwrap(),
        };
        (label["name"].as_str().unwrap().to_owned(), deeds)
    };
    labels.zip(found).map(pair).collect()
}
