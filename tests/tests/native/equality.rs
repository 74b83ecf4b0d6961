//! A plugin gives what the same strategy gives without one.
//!
//! Takes in the plugin and the source that it is built of; gives out whether both, hearing the same, say the same.

use backplane_engine::guest::{Guest, InProcess};
use backplane_guests::{NativeGuest, NativePlugin};
use backplane_sdk::abi::v1::command_kind;
use backplane_sdk::book::LevelBook;
use backplane_sdk::params::Params;
use backplane_sdk::types::{InstrumentId, Price, Quantity, Side, Timestamp};

use super::strategy::Misbehave;
use super::{hear, level, misbehave, params, play, run};

fn in_process(params: &Params) -> InProcess<Misbehave> {
    InProcess::new(params).unwrap()
}

fn assert_same(plugin: &NativePlugin, params: &Params) {
    let mut native = plugin.instantiate(params).unwrap();
    let mut linked = in_process(params);
    let mut kinds = std::collections::BTreeSet::new();
    play(3, 5_000, |message, books| {
        let expected = hear(&mut linked, message, books).unwrap();
        let replies = hear(&mut native, message, books).unwrap();
        assert_eq!(replies.commands, expected.commands);
        assert_eq!(replies.logs, expected.logs);
        kinds.extend(replies.commands.iter().map(|x| x.kind));
    });
    use command_kind::{CANCEL, CANCEL_ALL, METRIC, MODIFY, SET_TIMER, SUBMIT};
    let expected = [SUBMIT, MODIFY, CANCEL, CANCEL_ALL, SET_TIMER, METRIC];
    assert_eq!(
        Vec::from_iter(kinds),
        expected,
        "the strategy does a little of everything"
    );
}

#[test]
fn a_plugin_gives_the_commands_that_the_same_strategy_gives_in_process() {
    let plugin = misbehave();
    assert_same(&plugin, &params(&plugin, &[]));
}

#[test]
fn a_descriptor_crosses_the_boundary_unchanged() {
    let descriptor = <Misbehave as backplane_sdk::Strategy>::descriptor();
    assert_eq!(*misbehave().descriptor(), descriptor);
}

#[test]
fn a_plugin_sees_the_books_of_the_host_level_by_level() {
    let plugin = misbehave();
    let mut guest = plugin
        .instantiate(&params(&plugin, &[("echo", "true")]))
        .unwrap();
    let mut seen = 0;
    play(40, 2_000, |message, books| {
        let replies = hear(&mut guest, message, books).unwrap();
        for (number, line) in replies
            .logs
            .iter()
            .filter(|x| !x.text.starts_with("seed"))
            .enumerate()
        {
            // One more than there are: a book that is not lent is empty.
            let empty = LevelBook::new();
            let book = books.get(number).unwrap_or(&empty);
            let expected = format!(
                "{number} {:?} {:?}",
                book.levels(Side::Buy),
                book.levels(Side::Sell)
            );
            assert_eq!(line.text, expected);
            seen += 1;
        }
    });
    assert!(seen > 10_000);
}

#[test]
fn a_copied_book_lends_its_own_levels() {
    let plugin = misbehave();
    let mut guest = plugin
        .instantiate(&params(&plugin, &[("echo", "true")]))
        .unwrap();
    let mut original = vec![LevelBook::new()];
    original[0].set(Side::Buy, Price(990_000_000), Quantity(5));
    let copy = original.clone();
    original[0].set(Side::Buy, Price(990_000_000), Quantity(6));
    drop(original);
    for message in backplane_sdk::abi::definition_messages(&super::instrument(0), Timestamp(0)) {
        hear(&mut guest, &message, &copy).unwrap();
    }
    hear(
        &mut guest,
        &backplane_sdk::abi::Message::start(1, Timestamp(0)),
        &copy,
    )
    .unwrap();
    let message = level(
        InstrumentId(0),
        Side::Sell,
        Price(1_000_000_000),
        Quantity(0),
        Timestamp(1),
    );
    let replies = hear(&mut guest, &message, &copy).unwrap();
    assert_eq!(
        replies.logs[0].text,
        format!("0 {:?} []", copy[0].levels(Side::Buy))
    );
}

#[test]
fn two_instances_of_one_plugin_do_not_meet() {
    let plugin = misbehave();
    let alone = run(&mut plugin.instantiate(&params(&plugin, &[])).unwrap()).unwrap();
    let mut quiet = plugin.instantiate(&params(&plugin, &[])).unwrap();
    let mut loud = plugin
        .instantiate(&params(
            &plugin,
            &[("echo", "true"), ("sin", "3"), ("at", "200")],
        ))
        .unwrap();
    let (mut together, mut fault) = (Vec::new(), None);
    play(2, 1_000, |message, books| {
        if fault.is_none() {
            fault = hear(&mut loud, message, books).err();
        }
        together.push(hear(&mut quiet, message, books).unwrap());
    });
    assert!(fault.is_some(), "the other one had its fault on the way");
    assert_eq!(together.len(), alone.len());
    for (a, b) in together.iter().zip(&alone) {
        assert_eq!((&a.commands, &a.logs), (&b.commands, &b.logs));
    }
}

#[test]
fn a_saved_state_goes_on_in_another_instance_and_on_another_carrier() {
    let plugin = misbehave();
    let defaults = params(&plugin, &[]);
    let mut first = plugin.instantiate(&defaults).unwrap();
    let mut linked = in_process(&defaults);
    let mut second: Option<(NativeGuest, InProcess<Misbehave>)> = None;
    let mut number = 0;
    play(2, 2_000, |message, books| {
        number += 1;
        let expected = hear(&mut first, message, books).unwrap();
        match &mut second {
            None => {
                hear(&mut linked, message, books).unwrap();
            }
            Some((native, linked)) => {
                assert_eq!(
                    hear(native, message, books).unwrap().commands,
                    expected.commands
                );
                assert_eq!(
                    hear(linked, message, books).unwrap().commands,
                    expected.commands
                );
            }
        }
        if number == 1_000 {
            let (version, bytes) = first.save().unwrap();
            assert_eq!(version, 3);
            assert_eq!((version, bytes.clone()), linked.save().unwrap());
            let mut heirs = (
                plugin.instantiate(&defaults).unwrap(),
                in_process(&defaults),
            );
            define(&mut heirs.0);
            define(&mut heirs.1);
            heirs.0.load(version, &bytes).unwrap();
            heirs.1.load(version, &bytes).unwrap();
            second = Some(heirs);
        }
    });
    let (version, bytes) = first.save().unwrap();
    let fault = first.load(version, &bytes[..bytes.len() - 1]).unwrap_err();
    assert_eq!(
        fault.message,
        "a state of version 3 must have 24 bytes, not 23"
    );
    assert_eq!(
        first.save().unwrap(),
        (version, bytes),
        "a state that is refused changes nothing"
    );
}

fn define(guest: &mut dyn Guest) {
    for id in 0..2 {
        for message in backplane_sdk::abi::definition_messages(&super::instrument(id), Timestamp(0))
        {
            hear(guest, &message, &[]).unwrap();
        }
    }
}
