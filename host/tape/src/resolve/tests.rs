//! Each rule of the resolver, on messages that are made up.

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp};

use super::{Conventions, FillConvention, Resolver, UnknownOrders};
use crate::message::SourceMessage;
use crate::row::Row;
use crate::signals::Signals;

const DROPS: Conventions = Conventions {
    fills: FillConvention::TakesOut,
    unknown_orders: UnknownOrders::Drop,
};
const ANNOUNCES: Conventions = Conventions {
    fills: FillConvention::Announces,
    unknown_orders: UnknownOrders::Drop,
};

/// A message that ends its event: `letters` are action and side.
fn message(letters: &str, order_id: u64, price: i64, size: u32) -> SourceMessage {
    let letters = letters.as_bytes();
    SourceMessage {
        ts_event: Timestamp(1),
        ts_recv: Timestamp(2),
        order_id,
        price: Price(price),
        size,
        sequence: 0,
        instrument: 0,
        action: Action::from_code(letters[0]).unwrap(),
        side: Side::from_code(letters[1]),
        flags: Flags(Flags::LAST),
    }
}

/// The same, but its event goes on.
fn open(message: SourceMessage) -> SourceMessage {
    SourceMessage {
        flags: Flags(message.flags.0 & !Flags::LAST),
        ..message
    }
}

fn snapshot(message: SourceMessage) -> SourceMessage {
    SourceMessage {
        flags: Flags(message.flags.0 | Flags::SNAPSHOT),
        ..message
    }
}

fn resolve(conventions: Conventions, messages: &[SourceMessage]) -> (Vec<Row>, Resolver) {
    let mut resolver = Resolver::new(2, conventions);
    let mut rows = Vec::new();
    for message in messages {
        rows.extend_from_slice(resolver.push(message).unwrap());
    }
    rows.extend_from_slice(resolver.finish().unwrap());
    (rows, resolver)
}

/// Writes a row as action, size, level size, remaining, priority, rank, and `.` where an event ends.
fn text(rows: &[Row]) -> String {
    let row = |row: &Row| {
        let end = if row.is_last() { "." } else { "" };
        format!(
            "{}{}/{}/{}p{}r{}{end}",
            char::from(row.action),
            row.size,
            row.level_size,
            row.remaining,
            row.priority,
            row.rank
        )
    };
    rows.iter().map(row).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(conventions: Conventions, messages: &[SourceMessage], expected: &str) -> Resolver {
    let (rows, resolver) = resolve(conventions, messages);
    assert_eq!(text(&rows), expected);
    resolver
}

#[test]
fn adds_and_cancels_carry_level_rank_and_priority() {
    let messages = [
        message("AB", 1, 100, 5),
        message("AB", 2, 101, 3),
        message("AB", 3, 100, 4),
        message("CB", 1, 100, 5),
        message("CB", 2, 101, 3),
    ];
    check(
        DROPS,
        &messages,
        "A5/5/5p1r0. A3/3/3p2r0. A4/9/4p3r1. C5/4/0p1r1. C3/0/0p2r0.",
    );
}

#[test]
fn a_modification_to_another_price_is_a_cancel_and_an_add_in_one_event() {
    let messages = [message("AB", 1, 100, 5), message("MB", 1, 99, 6)];
    check(DROPS, &messages, "A5/5/5p1r0. C5/0/0p1r0 A6/6/6p3r0.");
}

#[test]
fn a_smaller_size_keeps_the_place_and_a_larger_one_loses_it() {
    let add = [message("AB", 1, 100, 5), message("AB", 2, 100, 5)];
    let messages = [
        add[0],
        add[1],
        message("MB", 1, 100, 3),
        message("MB", 1, 100, 9),
        message("CB", 1, 100, 1),
    ];
    check(
        DROPS,
        &messages,
        "A5/5/5p1r0. A5/10/5p2r0. C2/8/3p1r0. M9/14/9p1r0. C1/13/8p4r0.",
    );
}

#[test]
fn an_equal_size_changes_nothing_and_keeps_the_place() {
    let messages = [
        message("AB", 1, 100, 5),
        message("MB", 1, 100, 5),
        message("CB", 1, 100, 1),
    ];
    let (rows, _) = resolve(DROPS, &messages);
    assert_eq!(text(&rows), "A5/5/5p1r0. M5/5/5p1r0. C1/4/4p1r0.");
    assert_eq!(rows[1].signals, Signals::LAST);
}

#[test]
fn only_an_add_that_is_the_new_best_must_be_matched() {
    let messages = [
        message("AA", 1, 100, 5),
        message("AA", 2, 100, 5),
        message("AA", 3, 101, 5),
        message("AA", 4, 99, 5),
    ];
    let (rows, _) = resolve(DROPS, &messages);
    let is_match: Vec<bool> = rows.iter().map(|row| row.signals(Signals::MATCH)).collect();
    assert_eq!(is_match, [true, false, false, true]);
}

#[test]
fn best_prices_and_sizes_are_compared_with_the_event_before() {
    let messages = [
        message("AA", 1, 100, 5),
        message("AA", 2, 100, 5),
        open(message("AA", 3, 99, 5)),
        message("CA", 3, 99, 5),
        message("AA", 4, 101, 1),
        message("CA", 4, 101, 1),
    ];
    let (rows, _) = resolve(DROPS, &messages);
    let bits: Vec<u8> = rows
        .iter()
        .map(|row| row.signals & (Signals::BBO | Signals::BBO_PRICE))
        .collect();
    assert_eq!(
        bits,
        [Signals::BBO | Signals::BBO_PRICE, Signals::BBO, 0, 0, 0, 0]
    );
}

#[test]
fn doubtful_messages_are_counted_and_do_no_harm() {
    let messages = [
        message("AB", 1, 100, 5),
        message("CB", 7, 100, 5),
        message("MB", 7, 100, 5),
        message("FB", 7, 100, 5),
        message("AB", 1, 99, 2),
        message("CB", 1, 99, 3),
        message("AB", 8, 99, 0),
        message("AN", 8, 99, 1),
        message("AB", 8, i64::MAX, 1),
    ];
    let resolver = check(
        DROPS,
        &messages,
        "A5/5/5p1r0. C5/0/0p1r0 A2/2/2p3r0. C2/0/0p3r0.",
    );
    let found = resolver.resolution();
    assert_eq!(
        (
            found.unknown_cancels,
            found.unknown_modifies,
            found.unknown_fills
        ),
        (1, 1, 1)
    );
    assert_eq!(
        (found.duplicate_adds, found.over_cancels, found.malformed),
        (1, 1, 3)
    );
}

#[test]
fn an_event_whose_last_message_is_dropped_still_ends() {
    let messages = [open(message("AB", 1, 100, 5)), message("CB", 7, 100, 5)];
    check(DROPS, &messages, "A5/5/5p1r0.");
}

#[test]
fn fills_are_prints_only_where_there_is_no_trade() {
    let add = message("AA", 1, 100, 9);
    let messages = [
        add,
        message("FA", 1, 100, 1),
        open(message("TB", 0, 100, 1)),
        message("FA", 1, 100, 1),
        message("TB", 0, 100, 1),
        message("TN", 0, 100, 1),
    ];
    let (rows, _) = resolve(DROPS, &messages);
    let hidden = Signals::TRADE | Signals::HIDDEN | Signals::MATCH;
    let bits: Vec<u8> = rows.iter().map(|row| row.signals & hidden).collect();
    let matching = Signals::MATCH;
    assert_eq!(
        bits,
        [
            matching,
            matching | Signals::TRADE,
            Signals::TRADE,
            matching,
            hidden,
            Signals::TRADE
        ]
    );
}

#[test]
fn announced_fills_take_out_what_the_event_confirms() {
    let fills = [
        message("AA", 1, 100, 5),
        message("AA", 2, 100, 5),
        open(message("TB", 0, 100, 6)),
        open(message("FA", 1, 100, 2)),
        open(message("FA", 1, 100, 3)),
        open(message("FA", 2, 100, 1)),
        open(message("CA", 1, 100, 5)),
        message("MA", 2, 100, 4),
    ];
    check(
        ANNOUNCES,
        &fills,
        "A5/5/5p1r0. A5/10/5p2r0. T6/0/0p0r0 F2/8/3p1r0 F3/5/0p1r0 F1/4/4p2r0.",
    );
}

#[test]
fn an_iceberg_comes_back_at_the_end_of_the_queue() {
    let fills = [
        message("AA", 1, 100, 1),
        message("AA", 2, 100, 5),
        open(message("TB", 0, 100, 2)),
        open(message("FA", 1, 100, 2)),
        message("MA", 1, 100, 3),
    ];
    let resolver = check(
        ANNOUNCES,
        &fills,
        "A1/1/1p1r0. A5/6/5p2r0. T2/0/0p0r0 F1/5/0p1r0 A3/8/3p5r0.",
    );
    assert_eq!(
        (
            resolver.resolution().refills,
            resolver.resolution().fills_clipped
        ),
        (1, 1)
    );
}

#[test]
fn announced_fills_that_nothing_confirms_give_no_rows() {
    let fills = [
        message("AA", 1, 100, 5),
        open(message("FA", 1, 100, 2)),
        open(message("FA", 1, 99, 2)),
        message("FA", 3, 100, 2),
        open(message("FA", 1, 99, 5)),
        message("CA", 1, 100, 5),
    ];
    let resolver = check(ANNOUNCES, &fills, "A5/5/5p1r0. C5/0/0p1r0.");
    let found = resolver.resolution();
    assert_eq!(
        (
            found.fills_unconfirmed,
            found.fills_elsewhere,
            found.unknown_fills
        ),
        (1, 2, 1)
    );
}

#[test]
fn an_equal_snapshot_says_nothing_and_another_one_replaces_the_book() {
    let first = [
        open(snapshot(message("AB", 1, 100, 5))),
        snapshot(message("AB", 2, 99, 5)),
    ];
    // The second snapshot does not say that it ends.
    let equal = [open(first[1]), first[0]];
    let other = [
        open(snapshot(message("AB", 1, 100, 5))),
        snapshot(message("AB", 2, 98, 5)),
    ];
    let live = message("CB", 1, 100, 1);
    let messages = [
        first[0], first[1], equal[0], equal[1], live, other[0], other[1],
    ];
    let resolver = check(
        DROPS,
        &messages,
        "A5/5/5p1r0 A5/5/5p2r1. C1/4/4p1r0. R0/0/0p0r0 A5/5/5p5r0 A5/5/5p6r1.",
    );
    assert_eq!(resolver.resolution().snapshot_orders_confirmed, 2);
    assert_eq!(resolver.resolution().snapshots_replacing, 1);
}

#[test]
fn events_of_two_instruments_may_interleave_and_keep_their_order() {
    let other = |message: SourceMessage| SourceMessage {
        instrument: 1,
        ..message
    };
    let messages = [
        open(message("AB", 1, 100, 1)),
        other(open(message("AB", 1, 100, 2))),
        message("AB", 2, 99, 3),
        message("AB", 3, 99, 4),
        other(message("AB", 2, 100, 5)),
    ];
    check(
        DROPS,
        &messages,
        "A1/1/1p1r0 A2/2/2p2r0 A3/3/3p3r1. A4/7/4p4r1. A5/7/5p5r0.",
    );
}

#[test]
fn receive_times_never_run_backwards() {
    let late = message("AB", 1, 100, 1);
    let early = SourceMessage {
        ts_recv: Timestamp(1),
        order_id: 2,
        ..late
    };
    let (rows, resolver) = resolve(DROPS, &[late, early]);
    assert_eq!(rows[1].ts_recv, 2);
    assert_eq!(resolver.resolution().receive_times_raised, 1);
}

#[test]
fn a_stream_that_ends_within_an_event_is_ended_and_counted() {
    let resolver = check(DROPS, &[open(message("AB", 1, 100, 1))], "A1/1/1p1r0.");
    assert_eq!(resolver.resolution().unfinished_events, 1);
}

#[test]
fn crossed_books_are_counted_with_their_times() {
    let at = |message: SourceMessage, time| SourceMessage {
        ts_event: Timestamp(time),
        ..message
    };
    let messages = [
        message("AB", 1, 100, 1),
        at(message("AA", 2, 100, 1), 7),
        at(message("AA", 3, 99, 1), 9),
        message("CB", 1, 100, 1),
    ];
    let (_, resolver) = resolve(DROPS, &messages);
    let crossed = resolver.crossed();
    assert_eq!(
        (crossed.events, crossed.first, crossed.last),
        (2, Some(7), Some(9))
    );
}

#[test]
fn levels_and_instruments_that_no_row_can_say_are_refused() {
    let mut resolver = Resolver::new(1, DROPS);
    resolver.push(&message("AB", 1, 100, u32::MAX)).unwrap();
    let error = resolver
        .push(&message("AB", 2, 100, 1))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("message 2") && error.contains("more than 4294967295"),
        "{error}"
    );
    let error = resolver
        .push(&SourceMessage {
            instrument: 1,
            ..message("AB", 3, 100, 1)
        })
        .unwrap_err();
    assert!(error.to_string().contains("instrument 1"));
}
