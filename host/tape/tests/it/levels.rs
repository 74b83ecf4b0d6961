//! The price-level view beside the orders that it is made of.
//!
//! Takes in events written down, random ones, generated and recorded markets; gives out whether a subscriber of price
//! levels hears what the orders did, by books that share no code with the view.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backplane_sdk::types::{Action, Flags, Price, Side, Timestamp};
use backplane_tape::generate::{Generator, GeneratorConfig};
use backplane_tape::levels::LevelView;
use backplane_tape::resolve::{Conventions, FillConvention, Resolver, UnknownOrders};
use backplane_tape::{
    Crossed, Overwrite, Resolution, Row, Signals, SourceMessage, TapeSchema, TapeWriter, inspect,
    verify,
};
use proptest::prelude::*;
use tempfile::tempdir;

use crate::common::{import_levels_to, import_to, real_data, rows, write_lobster};

const CONVENTIONS: Conventions = Conventions {
    fills: FillConvention::TakesOut,
    unknown_orders: UnknownOrders::Drop,
};

/// What the messages become, as orders and as price levels.
fn resolve(
    instruments: usize,
    messages: impl Iterator<Item = SourceMessage>,
) -> (Vec<Row>, Vec<Row>) {
    let mut resolver = Resolver::new(instruments, CONVENTIONS);
    let mut orders = Vec::new();
    for message in messages {
        orders.extend_from_slice(resolver.push(&message).unwrap());
    }
    orders.extend_from_slice(resolver.finish().unwrap());
    let mut view = LevelView::new(instruments);
    let levels = orders.iter().flat_map(|row| view.push(row).to_vec());
    let levels = levels.collect();
    (orders, levels)
}

/// A message of an event that goes on.
fn open(action: Action, side: Side, order_id: u64, price: i64, size: u32) -> SourceMessage {
    SourceMessage {
        ts_event: Timestamp(1),
        ts_recv: Timestamp(2),
        order_id,
        price: Price(price),
        size,
        sequence: 3,
        instrument: 0,
        action,
        side: Some(side),
        flags: Flags(0),
    }
}

/// The same, as the last of its event.
fn last(message: SourceMessage) -> SourceMessage {
    SourceMessage {
        flags: Flags(Flags::LAST),
        ..message
    }
}

/// Price-level rows in short: action, side, price, size, what rests, rank.
fn shown(rows: &[Row]) -> Vec<String> {
    let letter = |code: u8| char::from(code);
    rows.iter()
        .map(|row| {
            let price = if row.action == b'R' { 0 } else { row.price };
            let end = if row.is_last() { "." } else { "" };
            let (action, side) = (letter(row.action), letter(row.side));
            let (size, rests, rank) = (row.size, row.level_size, row.rank);
            format!("{action}{side} {price} {size} {rests} {rank}{end}")
        })
        .collect()
}

/// The price-level rows of events that follow a book of two levels on each side.
fn after_a_book(messages: &[SourceMessage]) -> Vec<Row> {
    use Action::Add;
    use Side::{Buy, Sell};
    let book = [
        last(open(Add, Buy, 1, 99, 10)),
        last(open(Add, Buy, 2, 98, 20)),
        last(open(Add, Sell, 3, 101, 10)),
        last(open(Add, Sell, 4, 102, 20)),
        last(open(Add, Sell, 5, 101, 5)),
    ];
    let (_, levels) = resolve(1, book.iter().chain(messages).copied());
    levels[book.len()..].to_vec()
}

#[test]
fn prints_of_one_price_and_aggressor_are_added_up() {
    use Action::{Fill, Trade};
    use Side::{Buy, Sell};
    let rows = after_a_book(&[
        open(Trade, Buy, 9, 101, 10),
        open(Fill, Sell, 3, 101, 10),
        open(Trade, Buy, 9, 101, 5),
        open(Fill, Sell, 5, 101, 5),
        open(Trade, Buy, 9, 102, 1),
        last(open(Fill, Sell, 4, 102, 1)),
    ]);
    assert_eq!(
        shown(&rows),
        [
            "TB 101 15 0 0",
            "TB 102 1 0 0",
            "CA 101 15 0 0",
            "CA 102 1 19 0."
        ]
    );
    let prints = Signals::TRADE | Signals::MATCH;
    assert_eq!(
        rows.iter().map(|row| row.signals).collect::<Vec<_>>(),
        [
            prints,
            prints,
            Signals::BOOK,
            Signals::BOOK | Signals::LAST | Signals::BBO | Signals::BBO_PRICE
        ]
    );
    assert!(
        rows.iter().all(|row| {
            (row.order_id, row.priority, row.remaining, row.sequence) == (0, 0, 0, 3)
        })
    );
}

#[test]
fn a_fill_without_a_print_becomes_the_aggressors_trade() {
    let rows = after_a_book(&[last(open(Action::Fill, Side::Sell, 3, 101, 4))]);
    assert_eq!(shown(&rows), ["TB 101 4 0 0", "CA 101 4 11 0."]);
}

#[test]
fn a_trade_that_nothing_visible_accounts_for_stays_hidden() {
    let rows = after_a_book(&[last(open(Action::Trade, Side::Sell, 0, 100, 4))]);
    assert_eq!(shown(&rows), ["TA 100 4 0 0."]);
    assert!(rows[0].signals(Signals::HIDDEN | Signals::MATCH | Signals::TRADE));
    let visible = after_a_book(&[
        open(Action::Trade, Side::Sell, 0, 99, 4),
        last(open(Action::Fill, Side::Buy, 1, 99, 4)),
    ]);
    assert!(!visible[0].signals(Signals::HIDDEN));
}

#[test]
fn what_ends_as_it_began_is_not_seen() {
    use Action::{Add, Cancel, Modify};
    let rows = after_a_book(&[
        open(Cancel, Side::Buy, 1, 99, 10),
        last(open(Add, Side::Buy, 6, 99, 10)),
        last(open(Modify, Side::Buy, 2, 98, 20)),
    ]);
    assert_eq!(shown(&rows), [""; 0]);
}

#[test]
fn levels_that_shrank_come_first_so_that_no_row_crosses_the_book() {
    use Action::{Add, Cancel};
    use Side::{Buy, Sell};
    let rows = after_a_book(&[
        open(Add, Buy, 6, 101, 7),
        open(Add, Buy, 7, 100, 1),
        open(Cancel, Sell, 3, 101, 10),
        open(Cancel, Sell, 5, 101, 5),
        last(open(Cancel, Buy, 1, 99, 4)),
    ]);
    assert_eq!(
        shown(&rows),
        [
            "CA 101 15 0 0",
            "CB 99 4 6 0",
            "AB 101 7 7 0",
            "AB 100 1 1 1."
        ]
    );
    let best: Vec<bool> = rows.iter().map(|row| row.signals(Signals::MATCH)).collect();
    assert_eq!(best, [false, false, true, false]);
}

#[test]
fn a_clear_passes_and_what_follows_it_is_new() {
    use Action::{Add, Clear};
    let rows = after_a_book(&[
        open(Clear, Side::Buy, 0, 0, 0),
        open(Add, Side::Buy, 1, 99, 10),
        last(open(Add, Side::Sell, 3, 101, 15)),
        last(open(Clear, Side::Buy, 0, 0, 0)),
    ]);
    assert_eq!(
        shown(&rows),
        [
            "RN 0 0 0 0",
            "AB 99 10 10 0",
            "AA 101 15 15 0.",
            "RN 0 0 0 0."
        ]
    );
    // The best prices are as they were, so nobody who follows them hears the first event; but all hear the second.
    assert!(!rows[2].signals(Signals::BBO));
    assert!(rows[3].signals(Signals::BBO | Signals::BBO_PRICE));
}

#[test]
fn snapshot_flags_pass() {
    let flagged = |flags: u8| SourceMessage {
        flags: Flags(flags),
        ..open(
            Action::Add,
            Side::Buy,
            u64::from(flags),
            i64::from(flags),
            1,
        )
    };
    let snapshot = [
        flagged(Flags::SNAPSHOT),
        flagged(Flags::SNAPSHOT | Flags::LAST),
    ];
    let (_, rows) = resolve(1, snapshot.into_iter());
    let flags: Vec<u8> = rows.iter().map(|row| row.flags).collect();
    assert_eq!(flags, [Flags::SNAPSHOT, Flags::SNAPSHOT | Flags::LAST]);
}

/// The levels of both sides, by price.
type Levels = [BTreeMap<i64, i64>; 2];
/// The best price of a side and what rests there.
type Best = Option<(i64, i64)>;
/// What a subscriber of the best prices hears: instrument, exchange time, local time, best bid, best ask.
type Heard = (u16, i64, i64, Best, Best);

fn best(levels: &Levels) -> (Best, Best) {
    let pair = |(price, size): (&i64, &i64)| (*price, *size);
    (
        levels[0].last_key_value().map(pair),
        levels[1].first_key_value().map(pair),
    )
}

/// Applies a row by what it says that it changes, without what it says that rests.
fn apply(levels: &mut Levels, row: &Row, orders: &mut BTreeMap<u64, i64>) {
    let side = &mut levels[usize::from(row.side == b'A')];
    let by = match row.action {
        b'A' => i64::from(row.size),
        b'C' | b'F' => -i64::from(row.size),
        b'M' => i64::from(row.size) - orders.get(&row.order_id).copied().unwrap_or(0),
        b'R' => {
            *levels = Levels::default();
            return;
        }
        _ => return,
    };
    orders.insert(row.order_id, i64::from(row.remaining));
    let size = side.get(&row.price).copied().unwrap_or(0) + by;
    assert_eq!(size, i64::from(row.level_size), "{row:?}");
    match size {
        0 => side.remove(&row.price),
        _ => side.insert(row.price, size),
    };
}

/// The changes of the best prices, each checked against the signals of the row that ends its event. On a tape of price
/// levels no row may cross a book that its event leaves whole.
fn heard(rows: &[Row], instruments: usize) -> Vec<Heard> {
    let mut books = vec![(Levels::default(), (None, None), BTreeMap::new()); instruments];
    let mut heard = Vec::new();
    let mut crossed_by = vec![None; instruments];
    for row in rows {
        let place = usize::from(row.instrument);
        let (levels, before, orders) = &mut books[place];
        apply(levels, row, orders);
        let now = best(levels);
        let is_crossed = matches!(now, (Some(bid), Some(ask)) if bid.0 >= ask.0);
        let grew = row.order_id == 0 && row.action == b'A';
        if is_crossed && grew {
            crossed_by[place] = Some(row);
        }
        if !row.is_last() {
            continue;
        }
        if !is_crossed {
            assert_eq!(crossed_by[place], None, "crosses the book on the way");
        }
        crossed_by[place] = None;
        let price = |best: (Best, Best)| (best.0.map(|x| x.0), best.1.map(|x| x.0));
        assert_eq!(row.signals(Signals::BBO), now != *before, "{row:?}");
        assert_eq!(
            row.signals(Signals::BBO_PRICE),
            price(now) != price(*before),
            "{row:?}"
        );
        if now != *before {
            heard.push((row.instrument, row.ts_event, row.ts_recv, now.0, now.1));
            *before = now;
        }
    }
    heard
}

/// The traded size by aggressor's side and price.
fn traded(rows: &[Row]) -> BTreeMap<(u8, i64), u64> {
    let mut traded = BTreeMap::new();
    for row in rows.iter().filter(|row| row.signals(Signals::TRADE)) {
        let side = match (row.action, row.side) {
            (b'F', b'B') => b'A',
            (b'F', _) => b'B',
            (_, side) => side,
        };
        *traded.entry((side, row.price)).or_default() += u64::from(row.size);
    }
    traded
}

/// Whether both views tell the same of best prices and trades.
fn are_alike(orders: &[Row], levels: &[Row], instruments: usize) {
    assert_eq!(heard(orders, instruments), heard(levels, instruments));
    assert_eq!(traded(orders), traded(levels));
    assert!(levels.is_sorted_by_key(|row| row.ts_recv));
}

#[test]
fn generated_markets_sound_alike_from_orders_and_from_levels() {
    for (seed, instruments) in [(1, 1), (2, 3), (3, 20)] {
        let config = GeneratorConfig {
            seed,
            instruments,
            messages: 60_000,
            resting_orders: 800,
            ..GeneratorConfig::default()
        };
        let generator = Generator::new(config).unwrap();
        let (orders, levels) = resolve(usize::from(instruments), generator);
        assert!(levels.len() * 10 > orders.len() * 5, "{}", levels.len());
        assert!(heard(&levels, usize::from(instruments)).len() > 1_000);
        are_alike(&orders, &levels, usize::from(instruments));
    }
}

/// A random message on few orders and prices, so that everything meets.
fn any_message() -> impl Strategy<Value = SourceMessage> {
    let action = prop::sample::select(b"AAAACCMMFFT".to_vec());
    let parts = (action, any::<bool>(), 1_u64..30, 95_i64..106, 0_u32..6);
    (parts, 0_u16..3, any::<bool>(), 0_u8..40).prop_map(
        |((action, is_buy, order_id, price, size), instrument, is_last, rare)| {
            let side = if is_buy { Side::Buy } else { Side::Sell };
            let action = match rare {
                0 => Action::Clear,
                _ => Action::from_code(action).unwrap(),
            };
            SourceMessage {
                instrument,
                flags: Flags(if is_last { Flags::LAST } else { 0 }),
                ..open(action, side, order_id, price, size)
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_markets_sound_alike_from_orders_and_from_levels(
        messages in proptest::collection::vec(any_message(), 0..400),
    ) {
        let timed = (1..).zip(messages).map(|(time, message)| SourceMessage {
            ts_event: Timestamp(time),
            ts_recv: Timestamp(time + 1),
            ..message
        });
        let (orders, levels) = resolve(3, timed);
        are_alike(&orders, &levels, 3);
        let mut level = BTreeMap::new();
        let mut began = [false; 3];
        for row in &levels {
            let place = usize::from(row.instrument);
            if !std::mem::replace(&mut began[place], true) {
                level.retain(|(instrument, _, _), _| *instrument != row.instrument);
            }
            prop_assert!(matches!(row.action, b'A' | b'C' | b'R' | b'T'));
            if matches!(row.action, b'A' | b'C') {
                let seen = level.insert((row.instrument, row.side, row.price), ());
                prop_assert_eq!(seen, None, "a level twice in one event");
            }
            began[place] = !row.is_last();
        }
    }
}

#[test]
fn a_tape_of_levels_says_so_and_is_sound() {
    let folder = tempdir().unwrap();
    let inputs = write_lobster(folder.path());
    let tape = folder.path().join("levels.tape");
    let report = import_levels_to(&inputs, &tape);
    assert_eq!(report.schema, TapeSchema::Mbp);
    let inspection = inspect(&tape).unwrap();
    assert_eq!(inspection.schema, TapeSchema::Mbp);
    assert!(inspection.to_string().contains("rows, schema mbp"));
    let verified = verify(&tape, Some(&inputs[1])).unwrap();
    assert!(verified.is_sound(), "{verified}");
    assert_eq!(verified.against.as_ref().unwrap().equal, [8, 8]);
    let mut rows = rows(&tape);
    rows.iter_mut().for_each(|row| row.price /= 100_000);
    assert_eq!(
        shown(&rows).join(" "),
        "AB 1000000 100 100 0 AB 999900 40 40 1 AA 1000400 10 10 0 AA 1000500 20 20 1. \
         CB 999900 40 0 1 AB 1000100 50 50 0. TB 1000150 7 0 0. \
         TA 1000100 50 0 0 CB 1000100 50 0 0 AB 999900 40 40 1. \
         CA 1000500 20 0 1 AA 1000300 30 30 0. CA 1000300 10 20 0. \
         TB 1000300 20 0 0 CA 1000300 20 0 0 AA 1000500 20 20 1. CB 1000000 100 0 0."
    );
}

/// The checks that fail on a tape of these rows.
fn failed_checks(folder: &Path, like: &Path, rows: &[Row]) -> Vec<&'static str> {
    let tape = folder.join("changed.tape");
    let header = inspect(like).unwrap().header;
    let overwrite = Overwrite::Replace;
    let mut writer = TapeWriter::create(&tape, &header, TapeSchema::Mbp, overwrite).unwrap();
    rows.iter().for_each(|row| writer.push(row).unwrap());
    let written = writer.finish(Resolution::default(), Crossed::default());
    written.unwrap();
    let checks = verify(&tape, None).unwrap().checks;
    let failed = checks.into_iter().filter(|check| check.wrong > 0);
    failed.map(|check| check.name).collect()
}

#[test]
fn a_tape_of_levels_that_breaks_a_rule_is_not_sound() {
    let folder = tempdir().unwrap();
    let tape = folder.path().join("levels.tape");
    import_levels_to(&write_lobster(folder.path()), &tape);
    let rows = rows(&tape);
    assert_eq!(failed_checks(folder.path(), &tape, &rows), [""; 0]);
    let levels = "levels of events";
    type Change = fn(&mut Vec<Row>);
    let changes: [(Change, &str); 10] = [
        (|rows| rows[9].rank += 1, "rank"),
        (|rows| rows[8].level_size += 1, "level_size"),
        (|rows| rows[7].signals &= !Signals::MATCH, "signals"),
        (|rows| rows[9].signals |= Signals::MATCH, "signals"),
        (|rows| rows[8].signals |= Signals::TRADE, "signals"),
        (|rows| rows[7].action = b'F', levels),
        (|rows| rows[8].order_id = 5, levels),
        (|rows| rows[12].size = 0, levels),
        (|rows| rows[6].side = b'N', levels),
        (
            // The level of the first C row shrinks in two steps.
            |rows| {
                let whole = rows[4];
                rows[4].size -= 10;
                rows[4].level_size = 10;
                rows.insert(5, Row { size: 10, ..whole });
            },
            levels,
        ),
    ];
    for (place, (change, check)) in changes.into_iter().enumerate() {
        let mut changed = rows.clone();
        change(&mut changed);
        let failed = failed_checks(folder.path(), &tape, &changed);
        assert!(failed.contains(&check), "change {place}: {failed:?}");
    }
    // What grew before what shrank: the book ends the same, but is crossed or too deep on the way.
    let mut swapped = rows.clone();
    swapped.swap(10, 11);
    for place in [10, 11] {
        swapped[place].flags = rows[place].flags;
        swapped[place].signals &= !Signals::LAST & !Signals::BBO & !Signals::BBO_PRICE;
        swapped[place].signals |= rows[place].signals & !Signals::MATCH;
    }
    assert_eq!(swapped[10].action, b'A');
    let failed = failed_checks(folder.path(), &tape, &swapped);
    assert!(failed.contains(&levels), "{failed:?}");
}

/// Imports files both ways; both tapes are sound and sound alike. Gives their rows' numbers.
fn both_ways(inputs: &[PathBuf], against: Option<&Path>) -> (u64, u64) {
    let folder = tempdir().unwrap();
    let orders = folder.path().join("orders.tape");
    let levels = folder.path().join("levels.tape");
    import_to(inputs, &orders).unwrap();
    import_levels_to(inputs, &levels);
    let verified = verify(&levels, against).unwrap();
    assert!(verified.is_sound(), "{verified}");
    println!("{verified}");
    let (orders, levels) = (rows(&orders), rows(&levels));
    are_alike(&orders, &levels, 1);
    (orders.len() as u64, levels.len() as u64)
}

#[test]
fn two_days_of_es_sound_alike_from_orders_and_from_levels() {
    let Some(data) = real_data("databento_dbn") else {
        return;
    };
    let inputs =
        ["24", "25"].map(|day| data.join(format!("esh4-glbx-mdp3-202312{day}.mbo.dbn.zst")));
    let (orders, levels) = both_ways(&inputs, None);
    assert!(levels < orders, "{levels} of {orders}");
}

#[test]
fn goog_sounds_alike_and_its_levels_are_the_source_s() {
    let Some(data) = real_data("lobster") else {
        return;
    };
    let archive = data.join("LOBSTER_SampleFile_GOOG_2012-06-21_10.zip");
    let (orders, levels) = both_ways(std::slice::from_ref(&archive), Some(&archive));
    println!("{levels} rows of {orders}");
}
