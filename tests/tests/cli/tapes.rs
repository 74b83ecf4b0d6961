//! Tapes of price levels, repeated tapes, and generated markets beside recorded ones.
//!
//! Takes in generated tapes and a small made-up day; gives out whether the command line makes what was asked for and says
//! what it made.

use std::path::Path;

use backplane_tests::market_data;

use super::{Desk, Said, backplane, said, tape};

const MESSAGES: &str = "A_2012-06-21_34200000_57600000_message_1.csv";

/// `tape generate` of a few messages, with more arguments.
fn generate(more: &[&str], output: Option<&Path>) -> Said {
    let mut command = super::command();
    command.args(["tape", "generate", "--messages", "5000"]);
    command.args(more);
    if let Some(output) = output {
        command.arg("-o").arg(output);
    }
    said(&mut command)
}

#[test]
fn a_tape_of_price_levels_is_made_and_says_what_it_is() {
    let desk = Desk::new();
    let path = desk.path("levels.tape");
    let made = generate(&["--schema", "mbp", "--json"], Some(&path)).json();
    assert_eq!(made["schema"], "mbp");
    let rows = &made["statistics"]["rows"];
    assert_eq!((&rows["fills"], &rows["modifies"]), (&0.into(), &0.into()));
    let arguments = [Path::new("tape"), Path::new("inspect"), &path];
    let inspected = backplane(arguments).ok();
    assert!(inspected.contains("schema mbp"), "{inspected}");
    let arguments = [Path::new("tape"), Path::new("verify"), &path];
    let verified = backplane(arguments).ok();
    assert!(verified.contains("ok     levels of events"), "{verified}");
}

#[test]
fn a_schema_that_no_tape_has_is_refused() {
    let desk = Desk::new();
    let refused = generate(&["--schema", "bbo"], Some(&desk.path("x.tape")));
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("mbo, mbp"), "{}", refused.stderr);
}

#[test]
fn an_input_is_repeated_as_often_as_asked_for() {
    let desk = Desk::new();
    let day = desk.write(
        MESSAGES,
        "34200.1,1,1,100,5000000,1\n34200.2,1,2,50,5010000,-1\n",
    );
    let import = |times: &str, name: &str| {
        let mut command = super::command();
        command.args(["tape", "import", "--repeat", times, "--json"]);
        said(command.arg(&day).arg("-o").arg(desk.path(name)))
    };
    let made = import("5", "long.tape").json();
    assert_eq!(made["from"], "lobster, read 5 times over");
    let rows = &made["statistics"]["rows"];
    assert_eq!((&rows["adds"], &rows["clears"]), (&10.into(), &4.into()));
    let refused = import("0", "none.tape");
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("--repeat"), "{}", refused.stderr);
    assert!(!desk.path("none.tape").exists());
}

#[test]
fn a_market_is_compared_with_a_tape_whether_it_is_written_or_not() {
    let desk = Desk::new();
    let compare = ["--compare", tape().to_str().unwrap()];
    let table = generate(&compare, None).ok();
    assert!(table.contains("best-price changes a message"), "{table}");
    assert!(table.contains("figures within 20 %"), "{table}");
    assert_eq!(desk.names(), [""; 0]);
    let path = desk.path("made.tape");
    let both = generate(&[compare[0], compare[1], "--json"], Some(&path)).json();
    assert_eq!(both["comparison"]["figures"].as_array().unwrap().len(), 14);
    assert_eq!(both["output"], path.to_str().unwrap());
    let alone = generate(&[compare[0], compare[1], "--json"], None).json();
    assert_eq!(alone["comparison"], both["comparison"]);
    assert!(alone.get("output").is_none());
}

#[test]
fn a_market_that_is_neither_written_nor_compared_is_a_mistake() {
    let refused = generate(&[], None);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("--output"), "{}", refused.stderr);
}

#[test]
fn a_comparison_with_what_is_no_tape_of_orders_writes_nothing() {
    let desk = Desk::new();
    let levels = desk.path("levels.tape");
    generate(&["--schema", "mbp"], Some(&levels)).ok();
    let before = desk.names();
    let path = desk.path("made.tape");
    for other in [levels.as_path(), Path::new("missing.tape")] {
        let refused = generate(&["--compare", other.to_str().unwrap()], Some(&path));
        let name = other.file_name().unwrap().to_str().unwrap();
        assert!(refused.error(4).contains(name), "{}", refused.stderr);
        assert_eq!(desk.names(), before);
    }
}

#[test]
fn a_generated_market_is_near_the_es_tape_in_every_figure() {
    let Some(data) = market_data() else {
        return;
    };
    let desk = Desk::new();
    let mut command = super::command();
    command.args(["tape", "import"]);
    command.args(["24", "25"].map(|day| {
        data.join(format!(
            "databento_dbn/esh4-glbx-mdp3-202312{day}.mbo.dbn.zst"
        ))
    }));
    said(command.arg("-o").arg(desk.path("es.tape"))).ok();
    let mut command = super::command();
    command.args([
        "tape",
        "generate",
        "--instruments",
        "4",
        "--messages",
        "1500000",
    ]);
    command.args(["--messages-per-second", "15", "--json", "--compare"]);
    let said = said(command.arg(desk.path("es.tape"))).json();
    for figure in said["comparison"]["figures"].as_array().unwrap() {
        assert_eq!(figure["is_near"], true, "{figure}");
    }
}
