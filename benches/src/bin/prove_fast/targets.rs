//! What is demanded of the figures, and what came of it.
//!
//! Takes in a report's lines; gives out targets, each with its figure and a verdict.

use crate::figures::{Bound, Counts, Line, Report, Target, Verdict};
use crate::lines::{INSTANCES, KINDS, MAKER, MAKER_ON_SIZE, MAKER_WASM, SCAN, eighths, instances};
use crate::peer;
use crate::tapes::{HARD, ORDER_LEVEL, PRICE_LEVEL, REAL};

/// The most anonymous memory that a run may take, in mebibytes, whatever the length of its tape.
const MEMORY_MIB_MAX: f64 = 64.0;

/// How fast a run with a module is at least, against one with the native plugin of the same source.
const WASM_SPEED_MIN: f64 = 0.8;
/// How long a module that was compiled before takes to start at most, in milliseconds.
const START_MS_MAX: f64 = 5.0;

/// A mebibyte, in bytes.
const MIB: f64 = 1_048_576.0;

/// Collects targets.
struct Targets<'a> {
    report: &'a Report,
    list: Vec<Target>,
}

/// All targets, with what came of them.
pub fn judge(report: &Report) -> Vec<Target> {
    let list = Vec::new();
    let mut targets = Targets { report, list };
    targets.rates();
    targets.peer();
    targets.latency();
    targets.flatness();
    targets.instances();
    targets.sandbox();
    targets.memory();
    targets.yardstick();
    targets.list
}

impl Targets<'_> {
    /// Adds a target.
    fn push(&mut self, name: &str, value: Option<f64>, unit: &'static str, bound: Option<Bound>) {
        let verdict = match (value, bound) {
            (None, _) => Verdict::NotMeasured,
            (Some(_), None) => Verdict::Shown,
            (Some(_), Some(_)) if self.report.quick => Verdict::NotJudged,
            (Some(value), Some(bound)) if bound.holds(value) => Verdict::Met,
            (Some(_), Some(_)) => Verdict::Missed,
        };
        self.list.push(Target {
            name: name.to_owned(),
            value,
            unit,
            bound,
            aim: None,
            verdict,
            note: None,
        });
    }

    /// Says more about the last target.
    fn note(&mut self, note: String) {
        if let Some(last) = self.list.last_mut() {
            last.note = Some(note);
        }
    }

    fn at_least(&mut self, name: &str, value: Option<f64>, unit: &'static str, bound: f64) {
        self.push(name, value, unit, Some(Bound::AtLeast(bound)));
    }

    fn at_most(&mut self, name: &str, value: Option<f64>, unit: &'static str, bound: f64) {
        self.push(name, value, unit, Some(Bound::AtMost(bound)));
    }

    fn rates(&mut self) {
        let rate = |tape, name| self.report.line(tape, name).map(Line::million_messages);
        let (maker, on_size) = (rate(ORDER_LEVEL, MAKER), rate(ORDER_LEVEL, MAKER_ON_SIZE));
        let hard = rate(HARD, MAKER);
        self.at_least("order level, market maker", maker, "M messages/s", 25.0);
        if let Some(last) = self.list.last_mut() {
            last.aim = Some(40.0);
        }
        let name = "order level, market maker on price or size";
        self.at_least(name, on_size, "M messages/s", 18.0);
        self.at_least("hard, market maker", hard, "M messages/s", 18.0);
        let levels = rate(PRICE_LEVEL, MAKER);
        self.at_least("price level, market maker", levels, "M messages/s", 30.0);
        let real = rate(REAL, MAKER).zip(maker);
        let share = real.map(|(real, generated)| real / generated * 100.0);
        let name = "real, market maker, its rate as a share of the order-level tape's";
        self.at_least(name, share, "%", 80.0);
    }

    fn peer(&mut self) {
        self.beside(ORDER_LEVEL, peer::ORDER_LEVEL, 8.0);
        self.beside(PRICE_LEVEL, peer::PRICE_LEVEL, 3.0);
        self.beside(REAL, peer::ORDER_LEVEL, 8.0);
    }

    /// Puts our market maker on a tape beside the peer's.
    fn beside(&mut self, tape: &str, peer: &str, times: f64) {
        let report = self.report;
        let both = report.line(tape, MAKER).zip(report.line(tape, peer));
        let ratio = both.map(|(ours, theirs)| ours.rows_per_second / theirs.rows_per_second);
        let name = format!("{tape}, market maker, our rate over the peer's");
        // Nothing is demanded on the real tape.
        let bound = (tape != REAL).then_some(Bound::AtLeast(times));
        self.push(&name, ratio, "times", bound);
        let apart = both.and_then(|(ours, theirs)| apart(ours, theirs));
        let name = format!("{tape}, market maker, the peer's orders differ from ours by");
        self.at_most(&name, apart, "%", 5.0);
        let count = |x: &Line, of: fn(&Counts) -> u64| x.counts.as_ref().map_or(0, of);
        if let Some((ours, theirs)) = both {
            self.note(format!(
                "orders {} and {}, fills {} and {}; the documentation of benches/peer says why fills differ",
                count(ours, |x| x.orders),
                count(theirs, |x| x.orders),
                count(ours, |x| x.fills),
                count(theirs, |x| x.fills)
            ));
        }
    }

    fn latency(&mut self) {
        let micros = |nanos: u64| nanos as f64 / 1e3;
        let latency = self.report.latency.clone();
        let shown: [(&str, Option<u64>); 2] = [
            ("p50", latency.as_ref().map(|x| x.p50)),
            ("p99", latency.as_ref().map(|x| x.p99)),
        ];
        for (name, value) in shown {
            self.push(&latency_name(name), value.map(micros), "us", None);
        }
        let value = latency.as_ref().map(|x| micros(x.p999));
        self.at_most(&latency_name("p99.9"), value, "us", 10.0);
        let value = latency.as_ref().map(|x| micros(x.max));
        self.push(&latency_name("max"), value, "us", None);
        if let Some(latency) = latency {
            let clock = latency.clock;
            self.note(format!("each with about {clock} ns of reading the clock"));
        }
    }

    fn flatness(&mut self) {
        let names = [eighths(1), eighths(2), eighths(4), MAKER.to_owned()];
        let lines = names.map(|x| self.report.line(ORDER_LEVEL, &x));
        let costs: Vec<f64> = lines.iter().flatten().map(|x| x.ns_per_row).collect();
        let spread = (costs.len() == lines.len()).then(|| {
            let most = costs.iter().copied().fold(f64::MIN, f64::max);
            let least = costs.iter().copied().fold(f64::MAX, f64::min);
            (most / least - 1.0) * 100.0
        });
        let name = "cost of a row over an eighth, a quarter, half and all of the tape, spread";
        self.at_most(name, spread, "%", 10.0);
        if spread.is_some() {
            let counts = lines.iter().flatten().filter_map(|x| x.counts.as_ref());
            let counts: Vec<String> = counts
                .map(|x| format!("{} and {}", x.orders, x.fills))
                .collect();
            self.note(format!("orders and fills: {}", counts.join(", ")));
        }
    }

    fn instances(&mut self) {
        let [one, .., many] = INSTANCES;
        for (kind, _, schemas) in KINDS {
            let line = |count| self.report.line(ORDER_LEVEL, &instances(kind, count));
            let value = line(one)
                .zip(line(many))
                .and_then(|(one, many)| further(one, many));
            let name = format!("each of {many} instances and message heard, {kind}");
            // A market maker that hears nothing but changes of the best price sends orders at most of them.
            let bound = (schemas.len() > 1 || kind.starts_with("no-op")).then_some(10.0);
            self.push(&name, value, "ns", bound.map(Bound::AtMost));
        }
    }

    fn sandbox(&mut self) {
        for tape in [ORDER_LEVEL, REAL] {
            let native = self.report.line(tape, MAKER);
            let ratio = native
                .zip(self.report.line(tape, MAKER_WASM))
                .map(|(native, wasm)| native.ns_per_row / wasm.ns_per_row);
            let name = format!("{tape}: the market maker's speed as a module against native");
            let least = Bound::AtLeast(WASM_SPEED_MIN);
            self.push(&name, ratio, "x", Some(least));
        }
        let found = self.report.sandboxed.clone();
        let start = found.as_ref().map(|x| x.start_ns as f64 / 1e6);
        let most = Bound::AtMost(START_MS_MAX);
        self.push(
            "start of a module that was compiled before",
            start,
            "ms",
            Some(most),
        );
        let bytes = found.as_ref().map(|x| x.bytes_each_most as f64 / 1024.0);
        self.push("memory of each of a thousand modules", bytes, "KiB", None);
        if let Some(found) = found {
            self.note(format!(
                "{} instances, {:.0} KiB each when made, {:.1} ns for each message that one heard in {} rows",
                found.instances,
                found.bytes_each as f64 / 1024.0,
                found.ns_per_message,
                found.rows
            ));
        }
    }

    fn memory(&mut self) {
        let day = self.report.day.clone();
        let change = day.as_ref().map(|x| {
            let (early, end) = (x.early as f64, x.end as f64);
            (end / early - 1.0).abs() * 100.0
        });
        let name = "memory at the end of a day against that after a twentieth of it";
        self.at_most(name, change, "%", 1.0);
        if let Some(day) = &day {
            self.note(format!(
                "{} rows, {:.1} h, {:.2} and {:.2} MiB",
                day.rows,
                day.tape_ns as f64 / 3.6e12,
                day.early as f64 / MIB,
                day.end as f64 / MIB
            ));
        }
        let most = |x: &crate::figures::Memory| x.most as f64 / MIB;
        let name = "most memory of that day";
        self.at_most(name, day.as_ref().map(most), "MiB", MEMORY_MIB_MAX);
        let small = self.report.small.as_ref().map(most);
        let name = "most memory where the process may have less than the tape is long";
        self.at_most(name, small, "MiB", MEMORY_MIB_MAX);
    }

    fn yardstick(&mut self) {
        for tape in [ORDER_LEVEL, HARD, PRICE_LEVEL, REAL] {
            let scan = self.report.line(tape, SCAN).map(|x| x.ns_per_row);
            let maker = self.report.line(tape, MAKER).map(|x| x.ns_per_row);
            let ratio = scan.zip(maker).map(|(scan, maker)| maker / scan);
            let name = format!("{tape}, market maker, over a bare scan of the rows in memory");
            self.push(&name, ratio, "times", None);
        }
    }
}

fn latency_name(which: &str) -> String {
    format!("host's time for one row, {which}")
}

/// How far the orders of two runs are apart, in per cent of the first's.
fn apart(ours: &Line, theirs: &Line) -> Option<f64> {
    let (ours, theirs) = (ours.counts.as_ref()?, theirs.counts.as_ref()?);
    let ratio = theirs.orders as f64 / ours.orders.max(1) as f64;
    Some((ratio - 1.0).abs() * 100.0)
}

/// What each further instance cost for each message that it heard, in nanoseconds.
fn further(one: &Line, many: &Line) -> Option<f64> {
    let heard = |x: &Line| x.counts.as_ref().and_then(|x| x.heard);
    let messages = heard(many)?.checked_sub(heard(one)?)?;
    let nanos = many.cpu_ns as f64 - one.cpu_ns as f64;
    Some(nanos / messages.max(1) as f64)
}
