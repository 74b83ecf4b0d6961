//! The ghost study from the command line.

use super::{Desk, backplane, tape};

#[test]
fn the_study_ends_with_a_line_to_set_and_is_written_as_a_page() {
    let desk = Desk::new();
    let page = desk.path("study.html");
    let arguments = |more: &[&str]| {
        let mut all = vec!["calibrate".to_owned(), tape().display().to_string()];
        all.extend(["--sample", "4000"].map(str::to_owned));
        all.extend(more.iter().map(|x| (*x).to_owned()));
        all
    };
    let text = backplane(arguments(&["--html", page.to_str().unwrap()])).ok();
    assert!(
        text.contains("first in, first out on the tape of orders"),
        "{text}"
    );
    assert!(
        text.contains("for price levels of this tape set `queue = "),
        "{text}"
    );
    let html = std::fs::read_to_string(&page).unwrap();
    for part in [
        "<!doctype html>",
        "RiskAverse",
        "trade-through only",
        "nothing excluded",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(desk.names(), ["study.html"]);
    let study = backplane(arguments(&["--level", "prices", "--json"])).json();
    assert!(study["order_level"].is_null());
    let recommended = study["price_level"]["recommendation"]["model"]
        .as_str()
        .unwrap();
    // The line can be set as it stands.
    let parameter = &study["price_level"]["recommendation"]["parameter"];
    let queue = match parameter.as_str() {
        Some(name) => {
            let value = &study["price_level"]["recommendation"]["value"];
            format!("queue = {{ model = \"{recommended}\", {name} = {value} }}\n")
        }
        None => format!("queue = \"{recommended}\"\n"),
    };
    let file = desk.write("run.toml", super::models::file_text(&desk, &queue));
    let said = backplane(["run".as_ref(), file.as_os_str()]);
    // This tape is of orders, where only the careful model of levels means nothing.
    assert!(
        said.code == 0 || said.error(3).starts_with("queue is"),
        "{}",
        said.stderr
    );
}
