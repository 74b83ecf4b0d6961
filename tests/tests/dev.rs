//! `backplane dev`, from outside.
//!
//! Takes in plugins that the workspace builds, under another name and with bytes behind their end, so that versions of two
//! behaviours can be told apart by what they do and by what they are; gives out whether each version that is saved is run
//! exactly once, and nothing else ever.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use backplane_tests::native_plugin;
use serde_json::Value;
use tempfile::TempDir;

/// What fails, and that the version before stays.
mod failures;
/// Two hundred versions in a row.
mod reloads;
/// Settings, builds, results and the page.
mod settings;
/// Sources in several languages.
mod sources;

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a tape, plugins and a loop that watches them.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Desk {
        let folder = TempDir::new().unwrap();
        for name in ["plugins", "temporary"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Desk { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The file of the strategy `mine`.
    fn plugin(&self) -> PathBuf {
        self.path("plugins/libmine.so")
    }

    /// A run file with one strategy and these parameters.
    fn write_run_file(&self, strategy: &str, params: &str) -> PathBuf {
        let path = self.path("run.toml");
        let text = format!(
            "tape = {:?}\nplugins = {:?}\n[[strategy]]\nname = {strategy:?}\nparams = {{ {params} }}\n",
            tape(),
            self.path("plugins"),
        );
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The loop with these arguments.
    fn dev(&self, change: impl FnOnce(&mut Command)) -> Loop {
        let mut command = backplane_tests::command();
        command
            .args(["dev", "--json"])
            .current_dir(self.folder.path());
        // A loop that is killed leaves nothing elsewhere.
        command.env("TMPDIR", self.path("temporary"));
        change(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(Stdio::piped());
        Loop::start(command)
    }
}

/// A running loop.
struct Loop {
    process: Child,
    happenings: Receiver<Value>,
}

impl Loop {
    fn start(mut command: Command) -> Loop {
        let mut process = command.spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (send, happenings) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
                if send.send(value).is_err() {
                    return;
                }
            }
        });
        Loop {
            process,
            happenings,
        }
    }

    /// The next happening of a kind; others but notes are a mistake.
    fn next(&self, event: &str) -> Value {
        loop {
            let value = self.happenings.recv_timeout(PATIENCE);
            let value = value.unwrap_or_else(|_| panic!("no `{event}` came"));
            assert_eq!(value["version"], 1);
            let found = value["event"].as_str().unwrap();
            if found == event {
                return value;
            }
            let is_note =
                ["watching", "polling", "worker", "serving", "unchanged"].contains(&found);
            assert!(is_note, "`{event}` was expected, but {value} came");
        }
    }

    /// Nothing but notes happens for so long.
    fn stays_quiet(&self, time: Duration) {
        while let Ok(value) = self.happenings.recv_timeout(time) {
            let event = value["event"].as_str().unwrap();
            assert!(!["run", "failed"].contains(&event), "{value}");
        }
    }

    /// The worker's process.
    fn worker(&self) -> u32 {
        let own = self.process.id().to_string();
        let path = format!("/proc/{own}/task/{own}/children");
        let children = std::fs::read_to_string(path).unwrap();
        children.split_whitespace().next().unwrap().parse().unwrap()
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A small tape.
fn tape() -> &'static Path {
    static TAPE: OnceLock<PathBuf> = OnceLock::new();
    TAPE.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dev.tape");
        let mut command = backplane_tests::command();
        command.args(["tape", "generate", "--seed", "7", "--messages", "20000"]);
        let made = command.args(["--force", "-o"]).arg(&path).output().unwrap();
        assert!(made.status.success());
        path
    })
}

/// A version of a strategy: what it does is that of the plugin, what it is differs by its number.
fn version(plugin: &str, number: u64) -> Vec<u8> {
    let mut bytes = std::fs::read(native_plugin(plugin)).unwrap();
    // What lies behind the last section is of no importance to anybody.
    bytes.extend(number.to_le_bytes());
    bytes
}

fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Puts a version in place at once.
fn put(path: &Path, bytes: &[u8]) {
    let aside = path.with_extension("new");
    std::fs::write(&aside, bytes).unwrap();
    std::fs::rename(&aside, path).unwrap();
}

/// The digest of an ordinary run of a plugin's strategy over the tape.
fn digest_of_run(plugin: &str) -> String {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("out");
    let mut command = backplane_tests::command();
    command
        .arg("run")
        .arg("--tape")
        .arg(tape())
        .arg("--plugins");
    command.arg(native_plugin(plugin).parent().unwrap());
    let run = command
        .args(["--strategy", plugin, "--output"])
        .arg(&output);
    assert!(run.output().unwrap().status.success());
    let text = std::fs::read_to_string(output.join("run.json")).unwrap();
    let run: Value = serde_json::from_str(&text).unwrap();
    run["summary"]["digest"].as_str().unwrap().to_owned()
}
