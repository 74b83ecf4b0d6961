//! A state that is saved goes on where it was.
//!
//! Takes in a strategy that keeps a count; gives out whether an instance that took over the state of another does from
//! then on what the other does, and says why it cannot take over what is no state.

use std::path::Path;

use backplane_engine::guest::{Guest, Replies};
use backplane_guests::python::{PythonGuest, PythonPlugin, PythonSettings};
use backplane_sdk::abi::{Command, Message, definition_messages};
use backplane_sdk::params::Params;
use backplane_sdk::types::{
    Bbo, Fill, Flags, InstrumentId, Liquidity, Money, OrderId, Price, Quantity, Side, Timestamp,
};
use backplane_tests::command_line;
use backplane_tests::rows::instrument;

use super::{examples, python, strategies};
use crate::cli::said;

/// A message of the market at a time.
pub(super) fn bbo(at: i64) -> Message {
    Message::from(&Bbo {
        instrument: InstrumentId(0),
        bid_price: Price(100),
        bid_size: Quantity(5),
        ask_price: Price(101),
        ask_size: Quantity(7),
        sequence: at as u32,
        ts_event: Timestamp(at),
        ts_recv: Timestamp(at),
        flags: Flags(Flags::LAST),
    })
}

/// What an instance asks for on messages, in calls of its own choice.
fn hear(guest: &mut PythonGuest, messages: &[Message]) -> Vec<Command> {
    let mut replies = Replies::default();
    let mut at = 0;
    while at < messages.len() {
        at += guest.hear(&messages[at..], &[], &mut replies).unwrap();
    }
    replies.commands
}

#[test]
fn ports_and_features_go_on_in_other_instances_as_if_nothing_had_happened() {
    let Some(python) = python() else { return };
    let environment = python.parent().and_then(Path::parent).unwrap();
    for file in [
        examples().join("momentum.py"),
        examples().join("mean_reversion.py"),
        strategies().join("lean.py"),
        strategies().join("lean_by_row.py"),
    ] {
        let mut command = crate::cli::command();
        command.env("VIRTUAL_ENV", environment);
        command.args(["plugin", "validate", "--check", "save-and-load"]);
        command.args(["--check", "loads-nonsense"]).arg(&file);
        let validated = said(&mut command).ok();
        assert!(
            validated.contains("2 passed, 0 failed"),
            "{}: {validated}",
            file.display()
        );
    }
}

#[test]
fn an_instance_goes_on_from_the_state_of_another() {
    let Some(python) = python() else { return };
    let mut settings = PythonSettings::new(python);
    settings.launcher = vec![command_line().into(), "worker".into(), "launch".into()];
    let plugin = PythonPlugin::load(&strategies().join("keeps.py"), &settings).unwrap();
    let params = Params::defaults(&plugin.descriptor().params);
    let [mut first, mut second] = [0, 1].map(|_| plugin.instantiate(&params).unwrap());
    assert_ne!(first.process_id(), second.process_id());
    let mut beginning = definition_messages(&instrument(), Timestamp(0));
    for guest in [&mut first, &mut second] {
        assert!(hear(guest, &beginning).is_empty());
    }
    beginning = vec![Message::start(1, Timestamp(0))];
    beginning.extend((1..=17).map(bbo));
    beginning.push(Message::from(&Fill {
        instrument: InstrumentId(0),
        order_id: OrderId(1),
        side: Side::Buy,
        price: Price(100),
        quantity: Quantity(1),
        leaves: Quantity::ZERO,
        fee: Money(0),
        liquidity: Liquidity::Maker,
        ts_event: Timestamp(18),
        ts_recv: Timestamp(18),
    }));
    assert_eq!(hear(&mut first, &beginning).len(), 1);
    let (version, bytes) = first.save().unwrap();
    assert_eq!(version, 3);
    let refused = second.load(2, &bytes).unwrap_err();
    assert!(refused.message.contains("version 2"), "{refused}");
    assert!(second.load(3, b"no state").is_err());
    second.load(version, &bytes).unwrap();
    let rest: Vec<Message> = (19..=100).map(bbo).collect();
    let (one, other) = (hear(&mut first, &rest), hear(&mut second, &rest));
    assert_eq!(one, other);
    assert_eq!(one.len(), 8);
    assert_eq!(
        (one[0].id, one[0].quantity),
        (2, 2),
        "position and numbers go on"
    );
}
