//! The bridge to Python: round trips beside a bare pipe, and where a run's processor time goes.
//!
//! Takes in an interpreter (`cargo xtask python` makes one) and, where it is at hand, market data; prints the median, the
//! 99th percentile and the bare pipe's median for 1, 64 and 1,024 rows of 16 features, then runs with Python strategies on
//! bars of GOOG and on features of ES, with the seconds of host, child and pipe.
#![allow(clippy::unwrap_used)] // A bench that cannot measure has nothing else to do than to stop.
#![allow(clippy::disallowed_methods)] // It measures time.

use std::cell::Cell;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Instant;

use backplane_benches::histogram::Histogram;
use backplane_cli::source::{TapeSource, instruments};
use backplane_engine::guest::{Around, Fault, Guest, Replies};
use backplane_engine::record::Unrecorded;
use backplane_engine::{Parts, RunConfig, Unwatched, run};
use backplane_guests::python::{PythonGuest, PythonPlugin, PythonSettings};
use backplane_sdk::abi::{Message, v1::kind};
use backplane_sdk::book::LevelBook;
use backplane_sdk::params::Params;
use backplane_tape::TapeReader;
use backplane_tests::{command_line, market_data, python};

/// How many values a row has.
const WIDTH: usize = 16;
/// The most microseconds that the median of so many rows may take.
const TARGETS: [(usize, f64); 3] = [(1, 20.0), (64, 30.0), (1_024, 150.0)];
/// Clock ticks a second in `/proc`.
const TICKS: f64 = 100.0;
/// How often bridge and bare pipe take turns.
const BLOCKS: usize = 20;

fn main() {
    let Some(python) = python() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    println!("round trip of {WIDTH} features, us");
    println!(
        "{:>6} {:>9} {:>9} {:>11} {:>8}",
        "rows", "median", "p99", "bare pipe", "at most"
    );
    for (rows, most) in TARGETS {
        let rounds = 1_000_000 / (rows + 40);
        let [(median, p99), (bare, _)] = round_trips(&python, root, rows, rounds);
        let verdict = if median <= most { "met" } else { "missed" };
        println!("{rows:>6} {median:>9.1} {p99:>9.1} {bare:>11.1} {most:>8.0} {verdict}");
    }
    splits(&python, root);
}

/// Times two calls in turns, a block of each after a block of the other; gives median and 99th percentile of both in
/// microseconds.
fn time(rounds: usize, mut calls: [&mut dyn FnMut(); 2]) -> [(f64, f64); 2] {
    let mut histograms = [Histogram::default(), Histogram::default()];
    for _ in 0..BLOCKS {
        for (call, histogram) in calls.iter_mut().zip(&mut histograms) {
            let block = rounds / BLOCKS;
            (0..block / 10).for_each(|_| call());
            for _ in 0..block {
                let begun = Instant::now();
                call();
                histogram.record(begun.elapsed().as_nanos() as u64);
            }
        }
    }
    let micros = |x: &Histogram, share| x.quantile(share) as f64 / 1_000.0;
    histograms.map(|x| (micros(&x, 0.5), micros(&x, 0.99)))
}

fn settings(python: &Path) -> PythonSettings {
    let mut settings = PythonSettings::new(python.to_owned());
    settings.launcher = vec![command_line().into(), "worker".into(), "launch".into()];
    settings
}

fn start(python: &Path, file: &Path) -> PythonGuest {
    let plugin = PythonPlugin::load(file, &settings(python)).unwrap();
    let params = Params::defaults(&plugin.descriptor().params);
    plugin.instantiate(&params).unwrap()
}

/// Round trips over the bridge, and of the same bytes over pipes to a program that does nothing with them.
fn round_trips(python: &Path, root: &Path, rows: usize, rounds: usize) -> [(f64, f64); 2] {
    let mut guest = start(python, &root.join("python/sixteen.py"));
    let values: Vec<f64> = (0..rows * WIDTH).map(|x| x as f64).collect();
    let mut bridge = || {
        let targets = guest.targets(&values, WIDTH).unwrap();
        assert_eq!(targets.len(), rows);
    };

    let (taken, answered) = (rows * (8 * WIDTH + 12), rows * 8);
    let mut command = Command::new(python);
    command.arg(root.join("python/echo.py"));
    command.arg(taken.to_string()).arg(answered.to_string());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut to, mut from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (sent, mut answer) = (vec![0; taken], vec![0; answered]);
    let mut echo = || {
        to.write_all(&sent).unwrap();
        from.read_exact(&mut answer).unwrap();
    };

    let times = time(rounds, [&mut bridge, &mut echo]);
    drop(to);
    child.wait().unwrap();
    times
}

/// Seconds in user and in system mode that a process or thread has had, from its `stat` file.
fn seconds(stat: &str) -> [f64; 2] {
    let text = std::fs::read_to_string(stat).unwrap();
    let fields: Vec<&str> = text.rsplit(") ").next().unwrap().split(' ').collect();
    [11, 12].map(|x| fields[x].parse::<f64>().unwrap() / TICKS)
}

/// A guest that notes what its process has had when the run stops.
struct Clocked {
    guest: PythonGuest,
    child: Rc<Cell<[f64; 2]>>,
    calls: Rc<Cell<u64>>,
}

impl Around for Clocked {
    type Within = PythonGuest;

    fn within(&self) -> &PythonGuest {
        &self.guest
    }

    fn within_mut(&mut self) -> &mut PythonGuest {
        &mut self.guest
    }

    fn hear_around(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        self.calls.set(self.calls.get() + 1);
        let heard = self.guest.hear(messages, books, replies);
        let process = self.guest.process_id();
        if let Some(process) = process.filter(|_| messages[0].kind == kind::STOP) {
            self.child.set(seconds(&format!("/proc/{process}/stat")));
        }
        heard
    }
}

/// Where the processor time of two runs goes.
fn splits(python: &Path, root: &Path) {
    let Some(data) = market_data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let goog = folder.path().join("goog.tape");
    let es = folder.path().join("es.tape");
    let lobster = data.join("lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip");
    import(&[lobster], &goog);
    let days = ["20231224", "20231225"];
    let days = days.map(|x| data.join(format!("databento_dbn/esh4-glbx-mdp3-{x}.mbo.dbn.zst")));
    import(&days, &es);
    println!("\nseconds of processor time; pipe is the system's time on both sides");
    println!(
        "{:<34} {:>7} {:>7} {:>7} {:>7} {:>8} {:>6}",
        "run", "wall", "host", "child", "pipe", "messages", "calls"
    );
    let momentum = root.join("../python/examples/momentum.py");
    split("bars of a second, GOOG", python, &momentum, &goog);
    let lean = root.join("python/lean.py");
    split("features every 100 ms, ES", python, &lean, &es);
}

fn import(sources: &[PathBuf], tape: &Path) {
    let mut command = Command::new(command_line());
    command.args(["tape", "import"]).args(sources);
    let output = command.arg("--output").arg(tape).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn split(name: &str, python: &Path, file: &Path, tape: &Path) {
    let guest = start(python, file);
    let process = guest.process_id().unwrap();
    let child_before = seconds(&format!("/proc/{process}/stat"));
    let (child, calls) = (Rc::new(Cell::default()), Rc::new(Cell::default()));
    let clocked = Clocked {
        guest,
        child: Rc::clone(&child),
        calls: Rc::clone(&calls),
    };
    let reader = TapeReader::open(tape).unwrap();
    let instruments = instruments(&reader);
    let (begun, host_before) = (Instant::now(), seconds("/proc/thread-self/stat"));
    let summary = run(Parts {
        instruments: &instruments,
        source: &mut TapeSource::new(reader),
        guests: vec![Box::new(clocked)],
        config: RunConfig::default(),
        limits: Vec::new(),
        recorder: &mut Unrecorded,
        watcher: &mut Unwatched,
    });
    let summary = summary.unwrap();
    let (wall, host_after) = (
        begun.elapsed().as_secs_f64(),
        seconds("/proc/thread-self/stat"),
    );
    let host = [0, 1].map(|x| host_after[x] - host_before[x]);
    let child = [0, 1].map(|x| child.get()[x] - child_before[x]);
    let pipe = host[1] + child[1];
    println!(
        "{name:<34} {wall:>7.2} {:>7.2} {:>7.2} {pipe:>7.2} {:>8} {:>6}",
        host[0],
        child[0],
        summary.instances[0].messages,
        calls.get()
    );
}
