//! Plugins that are refused.
//!
//! Takes in files that are no plugins, or none for this host; gives out whether the command line says so in one line,
//! with a next step, and goes on living.

use backplane_tests::native_plugin;
use serde_json::Value;

use super::{Desk, backplane, said, tape};

/// A directory of one good plugin and five files that are none.
fn shelf() -> Desk {
    let desk = Desk::new();
    for name in ["momentum", "no_plugin", "other_abi"] {
        let file = format!("lib{name}.so");
        std::fs::copy(native_plugin(name), desk.path(&file)).unwrap();
    }
    let whole = std::fs::read(native_plugin("momentum")).unwrap();
    desk.write("libempty.so", "");
    desk.write("libtext.so", "import numpy as np\n");
    desk.write("libtruncated.so", &whole[..20_000]);
    desk
}

#[test]
fn a_refused_plugin_costs_one_line_and_leaves_no_results() {
    let shelf = shelf();
    let before = shelf.names();
    for (name, why) in [
        ("empty", "the file is empty"),
        ("text", "it is not a native library"),
        ("truncated", "the library is cut off or damaged"),
        ("no_plugin", "it is a library, but no Backplane plugin"),
        (
            "other_abi",
            "plugin ABI version 99, but this host speaks version 1",
        ),
    ] {
        let mut command = super::command();
        command.arg("run").arg("--tape").arg(tape());
        command.arg("--plugins").arg(shelf.path(""));
        command.args(["--strategy", "momentum", "--strategy", name]);
        let said = said(command.arg("--output").arg(shelf.path("out")));
        let error = said.error(5);
        assert!(error.contains(why), "{error}");
        assert!(error.contains(&format!("lib{name}.so")), "{error}");
        assert_eq!(shelf.names(), before, "{name}");
    }
}

#[test]
fn a_list_shows_good_and_refused_plugins_and_counts_other_libraries() {
    let shelf = shelf();
    let list = |json: &str| {
        let mut arguments = vec!["plugin".into(), "list".into(), shelf.path("")];
        arguments.extend((!json.is_empty()).then(|| json.into()));
        backplane(arguments)
    };
    let text = list("").ok();
    assert!(
        text.contains("momentum                 native   0.1.0      1    ok\n"),
        "{text}"
    );
    assert!(text.contains("refused: the file is empty"), "{text}");
    let json = list("--json").json();
    assert_eq!((&json["version"], &json["others"]), (&1.into(), &1.into()));
    let plugins = json["plugins"].as_array().unwrap();
    let states = plugins
        .iter()
        .map(|x| (x["name"].as_str().unwrap(), &x["state"]));
    let states: Vec<(&str, &Value)> = states.collect();
    let refused = Value::from("refused");
    assert_eq!(
        states,
        [
            ("empty", &refused),
            ("momentum", &"ok".into()),
            ("other_abi", &refused),
            ("text", &refused),
            ("truncated", &refused),
        ]
    );
}

#[test]
fn a_plugin_that_refuses_its_parameters_or_panics_on_them_is_named() {
    for (sin, why) in [(25, "these parameters are refused"), (1, "new panics")] {
        let desk = Desk::new();
        let said = desk.run(&[&format!("misbehave:sin={sin}")]);
        let error = said.error(5);
        assert!(
            error.contains("misbehave") && error.contains(why),
            "{error}"
        );
        assert!(desk.names().is_empty());
    }
}
