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
