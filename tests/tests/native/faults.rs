//! What ends a strategy must not end the host.
//!
//! Takes in the plugin that sins on request; gives out whether each sin becomes a fault that says what happened.

use std::path::Path;

use backplane_engine::guest::{Fault, Guest};
use backplane_guests::GuestError;
use backplane_sdk::abi::v1::command_kind;

use super::{misbehave, params, run, sinner};

/// A fault names the line of the source that panicked.
fn assert_names_its_line(fault: &Fault, message: &str) {
    assert_eq!(fault.message, message);
    let file = fault.file.as_deref().expect("the file is known");
    let name = Path::new(file).file_name().unwrap().to_str().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/misbehave/src");
    let source = std::fs::read_to_string(folder.join(name)).unwrap();
    let line = source
        .lines()
        .nth(fault.line.expect("the line is known") as usize - 1);
    let line = line.expect("the file has this line");
    assert!(
        line.contains("panic") || line.contains("assert_ne!"),
        "{file}: {line}"
    );
}

#[test]
fn a_panic_in_each_callback_is_a_fault_with_message_file_and_line() {
    let plugin = misbehave();
    let callbacks = [
        (2, "on_start"),
        (3, "on_market"),
        (4, "on_order"),
        (5, "on_timer"),
    ];
    for (sin, callback) in callbacks {
        let fault = run(&mut sinner(&plugin, sin)).unwrap_err();
        assert_names_its_line(&fault, &format!("sin {sin}: {callback} panics"));
    }
    // An assertion's message has several lines; a fault has one.
    let fault = run(&mut sinner(&plugin, 6)).unwrap_err();
    let message = "assertion `left != right` failed: sin 6: on_stop panics left: 6 right: 6";
    assert_names_its_line(&fault, message);
    assert!(
        run(&mut sinner(&plugin, 0)).is_ok(),
        "the plugin still works"
    );
}

#[test]
fn a_panic_while_an_instance_is_made_is_an_error() {
    let plugin = misbehave();
    let error = plugin
        .instantiate(&params(&plugin, &[("sin", "1")]))
        .unwrap_err();
    assert!(matches!(error, GuestError::Making { .. }));
    let text = error.to_string();
    assert!(
        text.starts_with("cannot make an instance of strategy `misbehave`: assertion"),
        "{text}"
    );
    assert!(
        text.contains("sin 1: new panics") && text.contains("strategy.rs:"),
        "{text}"
    );
}

#[test]
fn a_strategy_that_refuses_its_parameters_is_an_error() {
    let plugin = misbehave();
    let error = plugin
        .instantiate(&params(&plugin, &[("sin", "25")]))
        .unwrap_err();
    let expected = "cannot make an instance of strategy `misbehave`: these parameters are refused";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn parameters_of_another_strategy_are_an_error() {
    let plugin = misbehave();
    let none = backplane_sdk::params::Params::defaults(&[]);
    let error = plugin.instantiate(&none).unwrap_err().to_string();
    assert!(
        error.contains("0 parameter values were given for 3 declared parameters"),
        "{error}"
    );
    let mut declared = plugin.descriptor().params.clone();
    declared[0].id = "other".into();
    let other = backplane_sdk::params::Params::defaults(&declared);
    let error = plugin.instantiate(&other).unwrap_err().to_string();
    assert!(
        error.contains("the parameters are those of another strategy"),
        "{error}"
    );
}

#[test]
fn a_panic_in_save_or_load_is_a_fault() {
    let plugin = misbehave();
    let mut guest = sinner(&plugin, 7);
    let fault = guest.save().unwrap_err();
    assert!(fault.message.contains("sin 7: save panics"), "{fault}");
    let mut guest = sinner(&plugin, 8);
    let (version, bytes) = guest.save().unwrap();
    let fault = guest.load(version, &bytes).unwrap_err();
    assert!(
        fault.message.contains("sin 8: load panics") && fault.line.is_some(),
        "{fault}"
    );
}

#[test]
fn a_panic_whose_payload_is_no_text_or_panics_when_dropped_is_a_fault() {
    let plugin = misbehave();
    for sin in [9, 10] {
        let fault = run(&mut sinner(&plugin, sin)).unwrap_err();
        assert_names_its_line(&fault, "a panic without a message");
    }
}

#[test]
fn a_drop_that_panics_is_nobody_s_fault() {
    let plugin = misbehave();
    let mut guest = sinner(&plugin, 18);
    run(&mut guest).unwrap();
    drop(guest);
    assert!(
        run(&mut sinner(&plugin, 0)).is_ok(),
        "the plugin still works"
    );
}

#[test]
fn an_instance_that_had_a_fault_is_not_called_again_and_says_the_same() {
    let plugin = misbehave();
    let mut guest = sinner(&plugin, 3);
    let fault = run(&mut guest).unwrap_err();
    assert_eq!(run(&mut guest).unwrap_err(), fault);
    assert_eq!(guest.save().unwrap_err(), fault);
    assert_eq!(guest.load(3, &[]).unwrap_err(), fault);
}

#[test]
fn too_much_in_one_call_is_a_fault() {
    let plugin = misbehave();
    let cases = [
        (
            19,
            "it gave 1000000 commands in one call, where at most 65536 are allowed",
        ),
        (
            22,
            "it logged 1000000 lines in one call, where at most 4096 are allowed",
        ),
        (23, "it gave 1048576 bytes where at most 65536 are allowed"),
    ];
    for (sin, message) in cases {
        assert_eq!(run(&mut sinner(&plugin, sin)).unwrap_err().message, message);
    }
    let fault = sinner(&plugin, 24).save().unwrap_err();
    assert!(
        fault
            .message
            .ends_with("where at most 268435456 are allowed"),
        "{fault}"
    );
}

#[test]
fn extreme_values_cross_the_boundary_as_they_are() {
    let plugin = misbehave();
    let all = run(&mut sinner(&plugin, 20)).unwrap();
    let orders = all
        .iter()
        .flat_map(|x| &x.commands)
        .filter(|x| x.kind == command_kind::SUBMIT);
    assert!(orders.clone().count() > 200);
    assert!(
        orders
            .clone()
            .any(|x| x.price == i64::MIN && x.quantity == i64::MAX)
    );
    let all = run(&mut sinner(&plugin, 21)).unwrap();
    let metrics: Vec<(u64, f64)> = all
        .iter()
        .flat_map(|x| &x.commands)
        .filter(|x| x.kind == command_kind::METRIC)
        .map(|x| (x.id, f64::from_bits(x.price as u64)))
        .collect();
    assert!(metrics.iter().any(|x| x.1.is_nan()));
    assert!(metrics.iter().any(|x| x.1 == f64::INFINITY));
    assert!(metrics.iter().any(|x| x.0 == u64::from(u32::MAX)));
}
