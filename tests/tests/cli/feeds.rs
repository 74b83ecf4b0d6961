//! Captures, bars and tables as a user has them: imported, verified against their own truth, and traded.
//!
//! Takes in files that are made up; gives out whether the command line does with them what its documents say.

use std::path::Path;

use backplane_tests::build_directory;

use super::{Desk, MOMENTUM, REVERSION, backplane, instance, run_json, said};

/// When the captures begin: 2024-08-09 00:00 UTC, in milliseconds since the Unix epoch.
const START: i64 = 1_723_161_600_000;

/// A capture of a market whose price swings: depth updates each 100 ms, the book ticker after each, and trades. `lag` is
/// how far the local clock is behind, in milliseconds.
fn capture(updates: i64, lag: i64) -> String {
    let mut text = String::new();
    let mut line = |at: i64, message: &str| {
        text.push_str(&format!("{} {message}\n", (START + at - lag) * 1_000_000));
    };
    line(
        0,
        r#"{"lastUpdateId":100,"symbol":"ABUSDT","bids":[["99.9","3.5"]],"asks":[["100.1","3.5"]]}"#,
    );
    let price = |step: i64| {
        let swing = (step / 40 % 2 * 40 - step % 40).abs();
        1_000 + swing
    };
    let decimal = |tenths: i64| format!("{}.{}", tenths / 10, tenths % 10);
    for step in 1..=updates {
        let (number, at) = (100 + step, START + step * 100);
        let (old, new) = (if step == 1 { 1_000 } else { price(step - 1) }, price(step));
        let level = |tenths: i64, size: &str| format!(r#"["{}","{size}"]"#, decimal(tenths));
        let side = |old: i64, new: i64| match old == new {
            true => level(new, "3.5"),
            false => format!("{},{}", level(old, "0"), level(new, "3.5")),
        };
        line(
            step * 100,
            &format!(
                r#"{{"stream":"abusdt@depth","data":{{"e":"depthUpdate","E":{at},"s":"ABUSDT","U":{number},"u":{number},"b":[{}],"a":[{}]}}}}"#,
                side(old - 1, new - 1),
                side(old + 1, new + 1),
            ),
        );
        line(
            step * 100 + 1,
            &format!(
                r#"{{"stream":"abusdt@bookTicker","data":{{"u":{number},"s":"ABUSDT","b":"{}","B":"3.5","a":"{}","A":"3.5"}}}}"#,
                decimal(new - 1),
                decimal(new + 1),
            ),
        );
        let (paid, rests) = if step % 2 == 0 {
            (new - 1, true)
        } else {
            (new + 1, false)
        };
        line(
            step * 100 + 2,
            &format!(
                r#"{{"e":"trade","E":{at},"T":{at},"s":"ABUSDT","t":{step},"p":"{}","q":"0.5","m":{rests}}}"#,
                decimal(paid),
            ),
        );
    }
    text
}

/// Runs both example strategies; gives what `run.json` says.
fn traded(desk: &Desk, tape: &Path) -> serde_json::Value {
    let mut command = super::command();
    command.arg("run").arg("--tape").arg(tape);
    command.arg("--plugins").arg(build_directory());
    command.args(["--strategy", MOMENTUM, "--strategy", REVERSION, "--force"]);
    said(command.arg("--output").arg(desk.path("out"))).ok();
    let run = run_json(&desk.path("out"));
    for label in ["momentum", "mean_reversion"] {
        assert!(instance(&run, label)["stopped"].is_null(), "{label}");
    }
    run
}

#[test]
fn a_capture_is_imported_proven_by_its_book_ticker_and_traded() {
    let desk = Desk::new();
    let (input, tape) = (
        desk.write("day.txt", capture(3_000, 0)),
        desk.path("day.tape"),
    );
    let mut command = super::command();
    command.args(["tape", "import", "--json"]).arg(&input);
    let report = said(command.arg("-o").arg(&tape)).json();
    assert_eq!(report["from"], "binance");
    assert_eq!(report["instruments"][0]["lot"], 100_000_000);
    let mut command = super::command();
    command.args(["tape", "verify", "--json"]).arg(&tape);
    let verified = said(command.arg("--against").arg(&input)).json();
    assert_eq!(verified["against"]["rows"], 3_000);
    assert_eq!(verified["against"]["equal"][0], 3_000);
    let run = traded(&desk, &tape);
    for label in ["momentum", "mean_reversion"] {
        assert!(
            instance(&run, label)["fills"].as_u64().unwrap() > 0,
            "{label}"
        );
    }
}

#[test]
fn a_book_that_its_ticker_contradicts_ends_with_code_8() {
    let desk = Desk::new();
    let text = capture(50, 0);
    let (input, tape) = (desk.write("day.txt", &text), desk.path("day.tape"));
    backplane([
        Path::new("tape"),
        Path::new("import"),
        &input,
        Path::new("-o"),
        &tape,
    ])
    .ok();
    let wrong = desk.write("wrong.txt", text.replace("\"B\":\"3.5\"", "\"B\":\"3.4\""));
    let verified = backplane([
        Path::new("tape"),
        Path::new("verify"),
        &tape,
        Path::new("--against"),
        &wrong,
    ]);
    assert_eq!(verified.code, 8, "{}", verified.stderr);
    assert!(
        verified
            .stdout
            .contains("0 of 50 depth updates by the book ticker are equal"),
        "{}",
        verified.stdout
    );
}

#[test]
fn a_clock_that_is_behind_is_told_of_and_corrected_on_request() {
    let desk = Desk::new();
    let (input, tape) = (
        desk.write("day.txt", capture(20, 1_270)),
        desk.path("day.tape"),
    );
    let import = |more: &[&str]| {
        let mut command = super::command();
        command
            .args(["tape", "import", "--force"])
            .arg(&input)
            .arg("-o")
            .arg(&tape);
        said(command.args(more)).ok()
    };
    let told = import(&[]);
    assert!(
        told.contains("by up to 1.27 s: the local clock is behind"),
        "{told}"
    );
    assert!(told.contains("`--clock-offset 1270000us`"), "{told}");
    let verified = backplane([Path::new("tape"), Path::new("verify"), &tape]).ok();
    assert!(
        verified.contains("were received before they happened"),
        "{verified}"
    );
    let strictly = || {
        let arguments = ["tape", "verify", "--strict"].map(Path::new);
        backplane(arguments.into_iter().chain([&*tape])).code
    };
    assert_eq!(strictly(), 8);
    let corrected = import(&["--clock-offset", "1270000us"]);
    assert!(!corrected.contains("is behind"), "{corrected}");
    let verified = backplane([Path::new("tape"), Path::new("verify"), &tape]).ok();
    assert!(
        !verified.contains("were received before they happened"),
        "{verified}"
    );
    assert_eq!(strictly(), 0);
}

#[test]
fn bars_are_traded_and_market_orders_need_assumed_prices() {
    let desk = Desk::new();
    let mut text = "time,open,high,low,close,volume\n".to_owned();
    for minute in 0..2_000_i64 {
        let swing = (minute / 50 % 2 * 50 - minute % 50).abs();
        let close = 1_000 + swing;
        let (low, high) = (close - 3, close + 3);
        let time = (START / 1_000 + minute * 60).to_string();
        text.push_str(&format!("{time},{close},{high},{low},{close},400\n"));
    }
    let (input, tape) = (desk.write("AB.csv", text), desk.path("bars.tape"));
    let import = |more: &[&str]| {
        let mut command = super::command();
        command
            .args(["tape", "import", "--force"])
            .arg(&input)
            .arg("-o")
            .arg(&tape);
        said(command.args(more)).ok()
    };
    let told = import(&[]);
    assert!(
        told.contains("from bars") && told.contains("market orders will be refused"),
        "{told}"
    );
    assert_eq!(instance(&traded(&desk, &tape), "momentum")["fills"], 0);
    let told = import(&["--spread", "2"]);
    assert!(
        told.contains("2 ticks apart around each of their prints are assumed"),
        "{told}"
    );
    assert!(
        instance(&traded(&desk, &tape), "momentum")["fills"]
            .as_u64()
            .unwrap()
            > 0
    );
    let mut command = super::command();
    command.args(["tape", "verify"]).arg(&tape);
    let verified = said(command.arg("--against").arg(&input)).ok();
    assert!(
        verified.contains("2000 of 2000 bars of the other tape are equal"),
        "{verified}"
    );
}

#[test]
fn what_cannot_be_imported_is_named_with_what_to_do() {
    let desk = Desk::new();
    let tape = desk.path("x.tape");
    let table = desk.write(
        "table.csv",
        "when,p,q\n1585699200,10.55,1\n1585699201,11,1\n",
    );
    let map = desk.write("map.toml", "kind = \"trades\"\nspeed = 1\n");
    let import = |more: &[&str]| {
        let mut command = super::command();
        command
            .args(["tape", "import", "--from", "csv"])
            .arg(&table)
            .arg("-o")
            .arg(&tape);
        said(command.args(more))
    };
    assert!(import(&[]).error(4).contains("`--columns MAP.toml`"));
    let wrong = map.to_str().unwrap();
    let said = import(&["--columns", wrong]);
    let error = said.error(4);
    assert!(
        error.contains("map.toml") && error.contains("line 2") && error.contains("speed"),
        "{error}"
    );
    desk.write(
        "map.toml",
        "kind = \"levels\"\n[columns]\ntime = \"when\"\nprice = \"p\"\nsize = \"q\"\nside = 2\n",
    );
    let said = import(&["--columns", wrong, "--tick", "0.1"]);
    let error = said.error(4);
    assert!(
        error.contains("line 2: its price is 10.55, which is not a whole number of the tick 0.1"),
        "{error}"
    );
    let said = import(&["--clock-offset", "soon"]);
    assert!(said.error(2).contains("`--clock-offset` is `soon`"));
    assert_eq!(desk.names(), ["map.toml", "table.csv"]);
}
