//! What the dev loop shows: on a terminal, or as JSON lines for programs.
//!
//! Takes in what happened; gives out text on standard output, or one JSON value a line, each with its `version` and
//! `event`. A reason that stands there already is not said again.

use std::path::Path;
use std::time::Duration;

use anstream::{print, println};
use anstyle::{AnsiColor, Style};
use backplane_analytics::Report;
use backplane_analytics::report::format;
use backplane_sdk::types::Money;
use serde_json::{Value, json};

use super::figures;
use crate::error::CliError;
use crate::supervise::Account;

/// The version of the JSON lines.
const VERSION: u32 = 1;

/// A run whose results are whole.
pub struct Shown<'a> {
    /// The number of the run, from 1.
    pub number: u64,
    /// Why it was run, in words.
    pub why: &'a str,
    /// Its report.
    pub report: &'a Report,
    /// That of the run before.
    pub before: Option<&'a Report>,
    /// The labels of the strategies, and the digests of their plugins.
    pub plugins: &'a [(String, String)],
    /// From the change of the files to their discovery.
    pub detect: Duration,
    /// How long cargo took; none where nothing was built.
    pub build: Option<Duration>,
    /// What the worker took.
    pub account: Account,
    /// How long reading the results took here.
    pub read: Duration,
    /// Where the results are.
    pub results: &'a Path,
}

/// Shows what happens.
pub struct Screen {
    json: bool,
    /// The last reason that was shown.
    said: Option<String>,
}

impl Screen {
    /// A screen for people, or for programs.
    pub const fn new(json: bool) -> Screen {
        Screen { json, said: None }
    }

    /// Whether programs read it.
    pub const fn is_for_programs(&self) -> bool {
        self.json
    }

    /// Shows a line that is neither result nor failure.
    pub fn note(&self, event: &str, text: &str) {
        if self.json {
            print_line(&json!({"version": VERSION, "event": event, "text": text}));
        } else {
            let dim = Style::new().dimmed();
            println!("{dim}{text}{dim:#}");
        }
    }

    /// Shows why a new version is not run, once.
    pub fn failure(&mut self, error: &CliError) {
        if self.said.as_deref() == Some(&error.message) {
            return;
        }
        self.said = Some(error.message.clone());
        if self.json {
            let (reason, hint) = (&error.message, &error.hint);
            let code = error.code;
            print_line(&json!({
                "version": VERSION, "event": "failed", "reason": reason, "hint": hint, "code": code
            }));
        } else {
            error.print();
            self.note("", "what ran before stays; the next save tries again");
        }
    }

    /// What was wrong is past: should it come again, it is said again. Whether anything was.
    pub fn recovered(&mut self) -> bool {
        self.said.take().is_some()
    }

    /// Shows a run.
    pub fn run(&mut self, shown: &Shown<'_>) {
        self.recovered();
        if self.json {
            print_line(&run_json(shown));
        } else {
            print_run(shown);
        }
    }
}

fn print_line(value: &Value) {
    println!("{value}");
}

/// The whole time from the change of the files to the figures.
fn total(shown: &Shown<'_>) -> Duration {
    let account = shown.account;
    let nanos = account.load_nanos + account.run_nanos + account.report_nanos;
    shown.detect + shown.build.unwrap_or_default() + Duration::from_nanos(nanos) + shown.read
}

fn run_json(shown: &Shown<'_>) -> Value {
    let run = shown.report.run();
    let account = shown.account;
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let plugins = shown.plugins.iter();
    let plugins = plugins.map(|(label, digest)| json!({"name": label, "digest": digest}));
    let instances = shown.report.instances().iter().zip(&run.summary.instances);
    let instances = instances.map(|(figures, outcome)| {
        json!({
            "name": figures.name,
            "digest": outcome.digest,
            "stopped": figures.stopped,
            "net_pnl": figures.key.net_pnl.to_string(),
            "orders": figures.key.orders.orders,
            "fills": figures.key.execution.fills,
        })
    });
    json!({
        "version": VERSION,
        "event": "run",
        "number": shown.number,
        "why": shown.why,
        "digest": run.summary.digest,
        "plugins": plugins.collect::<Vec<_>>(),
        "instances": instances.collect::<Vec<_>>(),
        "times": {
            "detect_nanos": nanos(shown.detect),
            "build_nanos": shown.build.map(nanos),
            "load_nanos": account.load_nanos,
            "run_nanos": account.run_nanos,
            "report_nanos": account.report_nanos + nanos(shown.read),
            "total_nanos": nanos(total(shown)),
        },
        "libraries": account.libraries,
        "library_bytes": account.library_bytes,
        "tape_bytes": account.tape_bytes,
        "results": shown.results,
    })
}

fn print_run(shown: &Shown<'_>) {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let run = shown.report.run();
    let digest: String = run.summary.digest.chars().take(12).collect();
    let same = shown.before.map(
        |before| match before.run().summary.digest == run.summary.digest {
            true => ", the same as before",
            false => "",
        },
    );
    let (number, why) = (shown.number, shown.why);
    println!(
        "\n{bold}run {number}{bold:#}  {why}  {dim}digest {digest}{}{dim:#}",
        same.unwrap_or_default()
    );
    print!("{}", figures::table(shown.report, shown.before));
    for warning in shown.report.warnings() {
        let yellow = Style::new().fg_color(Some(AnsiColor::Yellow.into()));
        println!("{yellow}warning: {warning}{yellow:#}");
    }
    println!("{dim}{}{dim:#}", times(shown));
    println!("{dim}{}{dim:#}", holdings(&shown.account));
    println!("{}", shown.results.join("report.html").display());
}

/// A run in one line.
pub fn status(shown: &Shown<'_>) -> String {
    let (number, why) = (shown.number, shown.why);
    let pnl = shown.report.portfolio().net_pnl;
    let change = match shown.before.map(|x| pnl - x.portfolio().net_pnl) {
        Some(change) if change != Money::ZERO => format!(" ({})", format::signed_money(change)),
        _ => String::new(),
    };
    let pnl = format::money(pnl);
    format!(
        "run {number}: {why}; net PnL {pnl}{change}; {}",
        times(shown)
    )
}

/// How long each part took.
fn times(shown: &Shown<'_>) -> String {
    let account = shown.account;
    let millis = |time: Duration| format!("{:.0} ms", time.as_secs_f64() * 1e3);
    let nanos = Duration::from_nanos;
    let build = shown.build.map(|x| format!("build {}, ", millis(x)));
    format!(
        "detect {}, {}load {}, run {}, report {}: {} in all",
        millis(shown.detect),
        build.unwrap_or_default(),
        millis(nanos(account.load_nanos)),
        millis(nanos(account.run_nanos)),
        millis(nanos(account.report_nanos) + shown.read),
        millis(total(shown)),
    )
}

/// What the worker holds.
fn holdings(account: &Account) -> String {
    let mebibytes = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    let tape = match account.tape_bytes {
        0 => "the tape is read from its file".to_owned(),
        bytes => format!("the tape takes {} of memory", mebibytes(bytes)),
    };
    let count = account.libraries;
    let versions = if count == 1 { "version" } else { "versions" };
    let size = mebibytes(account.library_bytes);
    format!("{count} native {versions} mapped ({size}); {tape}")
}
