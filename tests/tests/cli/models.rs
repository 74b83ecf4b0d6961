//! Models that a run file names: what they change, what is told of them, and mistakes in them.

use serde_json::Value;

use super::{Desk, backplane, build_directory, instance, run_json, tape};

/// A run file for momentum over the small tape, with more settings.
pub(super) fn file_text(desk: &Desk, settings: &str) -> String {
    let (tape, plugins, output) = (tape(), build_directory(), desk.path("out"));
    format!(
        "tape = {tape:?}\nplugins = {plugins:?}\noutput = {output:?}\n\
         strategy = [{{ name = \"momentum\", params = {{ lookback = 20, threshold = 0.5 }} }}]\n{settings}"
    )
}

/// What `run.json` says of such a run.
pub(super) fn run(desk: &Desk, settings: &str) -> Value {
    let file = desk.write("run.toml", file_text(desk, settings));
    backplane(["run".as_ref(), file.as_os_str(), "--force".as_ref()]).ok();
    run_json(&desk.path("out"))
}

#[test]
fn drawn_latencies_follow_the_seed_and_are_told_of() {
    let desk = Desk::new();
    let orders = "req_ts,exch_ts,resp_ts\n1000,91000,241000\n";
    let orders = desk.write("orders.csv", orders);
    let settings = format!(
        "[latency.entry]\nnew = {{ model = \"lognormal\", median = \"3ms\", sigma = 0.8 }}\n\
         [latency.response]\nmodel = \"interpolated\"\nfile = {orders:?}\n"
    );
    let first = run(&desk, &settings);
    assert!(instance(&first, "momentum")["fills"].as_u64().unwrap() > 0);
    let digest = |run: &Value| run["summary"]["digest"].as_str().unwrap().to_owned();
    assert_eq!(digest(&run(&desk, &settings)), digest(&first));
    let other = run(&desk, &format!("seed = 2\n{settings}"));
    assert_ne!(digest(&other), digest(&first));
    let config = &first["config"];
    assert_eq!(config["entry_latency"]["new"]["model"], "lognormal");
    assert_eq!(config["entry_latency"]["cancel"]["settings"]["sigma"], 0.8);
    let file = &config["response_latency"]["file"];
    assert_eq!(file["name"], "orders.csv");
    assert_eq!(file["blake3"].as_str().unwrap().len(), 64);
    assert_eq!(file.get("text"), None);
}

#[test]
fn a_mistake_in_a_model_is_named() {
    let desk = Desk::new();
    desk.write("wrong.csv", "req_ts,exch_ts,resp_ts\n1,2,3\n4,x,5\n");
    desk.write("negative.csv", "req_ts,exch_ts,resp_ts\n10,5,20\n");
    let path = |name| desk.path(name).display().to_string();
    for (settings, said) in [
        (
            "entry = { model = \"gamma\" }".into(),
            "`latency.entry`: model `gamma` is not one of",
        ),
        (
            "entry = { model = \"normal\", mean = \"1us\" }".into(),
            "`deviation` is not set",
        ),
        (
            "entry = { median = \"1us\" }".into(),
            "`median` is not `model`, `new`",
        ),
        (
            "feed = { model = \"lognormal\", median = \"1us\", sigma = 1, mu = 2 }".into(),
            "`latency.feed`: model `lognormal` has no setting `mu`",
        ),
        (
            "response = { model = \"lognormal\", median = \"1us\", sigma = 1, minimum = \"2us\" }"
                .into(),
            "`median` is less than `minimum`",
        ),
        (
            "entry = { model = \"empirical\", quantiles = [[0.5, \"2us\"], [0.9, \"1us\"]] }"
                .into(),
            "must both ascend",
        ),
        (
            "entry = { model = \"empirical\", samples = [\"5s\"] }".into(),
            "but must be from 0 to",
        ),
        (
            format!(
                "entry = {{ model = \"interpolated\", file = {:?} }}",
                path("wrong.csv")
            ),
            "wrong.csv, line 3: `x` is no whole number",
        ),
        (
            format!(
                "entry = {{ model = \"interpolated\", file = {:?} }}",
                path("negative.csv")
            ),
            "negative.csv, measurement 1: a latency of -5 ns",
        ),
        (
            format!(
                "feed = {{ model = \"interpolated\", file = {:?} }}",
                path("negative.csv")
            ),
            "the feed is not interpolated",
        ),
        (
            "venue = { X = \"1us\" }".into(),
            "nothing to tell venues apart by",
        ),
    ] {
        let file = desk.write(
            "run.toml",
            file_text(&desk, &format!("[latency]\n{settings}\n")),
        );
        let command = backplane(["run".as_ref(), file.as_os_str()]);
        let error = command.error(3);
        assert!(error.contains(said), "{settings}: {error}");
    }
    assert!(!desk.names().contains(&"out".to_owned()));
}

/// The example program with models of its own, on a tape of price levels.
#[test]
fn models_of_a_crate_of_one_s_own_are_named_in_the_run_file() {
    let desk = Desk::new();
    let levels = desk.path("levels.tape");
    let mut generate = super::command();
    generate.args(["tape", "generate", "--seed", "7", "--messages", "20000"]);
    super::said(generate.args(["--schema", "mbp", "-o"]).arg(&levels)).ok();
    let settings = "queue = { model = \"Blend\", behind = 0.5 }\n\
                    [latency]\nentry = { model = \"busy\", calm = \"50us\", busy = \"2ms\" }\n\
                    [fees]\nmodel = \"free_at_first\"\nsettings = { free = 3, per_unit = \"0.25\" }\n";
    let text = file_text(&desk, settings);
    let text = text.replace(&format!("{:?}", tape()), &format!("{levels:?}"));
    let file = desk.write("run.toml", text);
    let example = build_directory().join("examples/own_models");
    let mut command = std::process::Command::new("timeout");
    command.arg("60").arg(example).arg("run").arg(&file);
    super::said(&mut command).ok();
    let run = run_json(&desk.path("out"));
    assert_eq!(run["config"]["queue"]["model"], "Blend");
    let fills = super::tables::Table::read(&desk.path("out"), "fills");
    let (quantities, fees) = (fills.numbers("quantity"), fills.money("fee"));
    let takers = fills.words("liquidity");
    let mut free = 3;
    let mut charged = 0;
    for row in 0..fills.len() {
        let paid = match takers[row].as_str() {
            "taker" => (quantities[row] - free).max(0),
            _ => 0,
        };
        free -= quantities[row].min(free);
        assert_eq!(fees[row], paid * 250_000_000, "row {row}");
        charged += paid;
    }
    assert!(charged > 0);
    // Requests took at least as long as the calm line does, and in the busy time two milliseconds.
    let journal = super::tables::Table::read(&desk.path("out"), "journal");
    let sent = journal
        .numbers("at")
        .into_iter()
        .zip(journal.numbers("order_id"));
    let sent: std::collections::BTreeMap<i128, i128> = sent.map(|x| (x.1, x.0)).collect();
    let orders = super::tables::Table::read(&desk.path("out"), "orders");
    let landed = orders
        .numbers("ts_event")
        .into_iter()
        .zip(orders.numbers("order_id"));
    for (landed, order) in landed.filter(|x| sent.contains_key(&x.1)) {
        let took = landed - sent[&order];
        let busy = sent[&order] % 1_000_000_000 < 50_000_000;
        assert!(took >= if busy { 2_000_000 } else { 50_000 }, "{took}");
    }
    // The program itself does not know them.
    let refused = backplane(["run".as_ref(), file.as_os_str(), "--force".as_ref()]);
    assert!(refused.error(3).contains("model `busy` is not one of"));
}
