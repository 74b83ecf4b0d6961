//! A page of ten million points is quick.
//!
//! Takes in ten million valuations; gives out the times to write their report, to open its page and to zoom. They are
//! printed, never judged: the machine may be busy.

use std::time::Instant;

use backplane_analytics::{
    InstanceDescription, InstrumentDescription, ResultsWriter, RunDescription, TapeDescription,
};
use backplane_engine::record::{EquityRecord, InstanceId, Recorder};
use backplane_engine::summary::{InstanceSummary, Outcome, RunSummary};
use backplane_sdk::types::{InstrumentId, Money, Price, Quantity, Timestamp};
use backplane_tests::browser;
use tempfile::TempDir;

use super::chromium::Browser;

const POINTS: i64 = 10_000_000;
/// A day of points.
const STEP: i64 = 86_400_000_000_000 / POINTS;
const START: i64 = 1_704_205_800_000_000_000;
/// Where the one extreme is that no reduction may lose.
const SPIKE: i64 = 7_654_321;

fn description() -> RunDescription {
    RunDescription {
        tool_version: "0.1.0".into(),
        tape: TapeDescription {
            name: "many.tape".into(),
            digest: String::new(),
            rows: POINTS as u64,
            source: "made up".into(),
            instruments: vec![InstrumentDescription {
                symbol: "X".into(),
                tick: Price(1_000_000_000),
                multiplier: 1_000_000_000,
                currency: "USD".into(),
                contract: "linear".into(),
                rate: 1_000_000_000,
            }],
        },
        starting_cash: Money::from_units(1_000_000),
        currency: None,
        config: serde_json::Value::Null,
        instances: vec![InstanceDescription {
            name: "walk".into(),
            strategy: "walk".into(),
            version: "1".into(),
            plugin_file: String::new(),
            plugin_digest: String::new(),
            metrics: Vec::new(),
            parameters: Default::default(),
        }],
        swaps: Vec::new(),
    }
}

/// Writes the results of a random walk with one spike; gives the last equity.
fn write(folder: &TempDir) {
    let mut writer = ResultsWriter::create(folder.path(), description()).unwrap();
    let (mut random, mut price) = (7_u64, 1_000);
    let mut equity = Money::ZERO;
    for number in 0..POINTS {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        price += (random >> 40) as i64 % 3 - 1;
        let spike = if number == SPIKE { 500_000 } else { 0 };
        equity = Money::from_units(price + spike - 1_000);
        let at = Timestamp(START + number * STEP);
        writer
            .equity(&EquityRecord {
                instance: InstanceId(0),
                instrument: InstrumentId(0),
                at,
                cash: Money::from_units(-1_000),
                position: Quantity(1),
                price: Price((price + spike) * 1_000_000_000),
                fees: Money::ZERO,
                equity,
            })
            .unwrap();
        if number % 1_000 == 0 {
            writer.passed(at).unwrap();
        }
    }
    let last = Timestamp(START + (POINTS - 1) * STEP);
    let instance = InstanceSummary {
        outcome: Outcome::Finished,
        digest: [1; 32],
        messages: POINTS as u64,
        commands: 0,
        orders: 0,
        fills: 0,
        equity: Money::from_units(1_000_000) + equity,
        fees: Money::ZERO,
        refused: Vec::new(),
        kill: None,
        liquidations: 0,
    };
    let summary = RunSummary {
        instances: vec![instance],
        digest: [2; 32],
        messages: POINTS as u64,
        first: Timestamp(START),
        last,
        exchange_time_corrections: 0,
        negative_latency_corrections: 0,
        late_corrections: 0,
    };
    writer.finish(&summary).unwrap();
}

#[test]
#[allow(clippy::disallowed_methods, reason = "it tells how long pages take")]
fn ten_million_points_open_and_zoom_and_keep_their_extreme() {
    let Some(program) = browser() else { return };
    let folder = TempDir::new().unwrap();
    let began = Instant::now();
    write(&folder);
    println!(
        "ten million points: written and reported in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    let mut browser = Browser::start(&program, 1280, 900);
    let began = Instant::now();
    browser.open(&folder.path().join("report.html"));
    let opened = began.elapsed().as_secs_f64();
    let drawn = browser.run("document.documentElement.dataset.drawnMs");
    let bytes = std::fs::metadata(folder.path().join("report.html"))
        .unwrap()
        .len();
    println!(
        "ten million points: {bytes} bytes, opened in {opened:.2} s, of which drawing took {} ms",
        drawn.as_str().unwrap()
    );
    browser.run("document.getElementById('chart-equity').focus()");
    for key in ["+", "+", "-", "0"] {
        browser.press(key);
        let zoomed = browser.run("document.documentElement.dataset.zoomMs");
        println!(
            "ten million points: zoomed by `{key}` in {} ms",
            zoomed.as_str().unwrap()
        );
    }
    // The spike is one point of ten million, and the highest of the curve.
    let highest = browser.run(
        "(() => { const x = JSON.parse(document.getElementById('data').textContent).curves[0].pnl; \
         let [at, most] = [0, 0]; for (const step of x.v) { at += step; most = Math.max(most, at); } \
         return most * x.unit; })()",
    );
    assert!(highest.as_f64().unwrap() > 490_000.0, "{highest}");
}
