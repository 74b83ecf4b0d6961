//! `docs/abi.md` and the code say the same.
//!
//! Takes in the tables of the document; gives out whether each offset, size, number and limit in it is that of the code.

use std::collections::BTreeMap;
use std::mem::offset_of;

use backplane_guests::descriptor;
use backplane_sdk::abi::v1::{self, command_kind, kind};
use backplane_sdk::abi::{Command, CommandBody, Message, definition_messages, open};
use backplane_sdk::book::Level;
use backplane_sdk::descriptor::Schema;
use backplane_sdk::types::*;

const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/abi.md"));

/// The rows of the first table below a heading.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    table_of(DOCUMENT, heading)
}

/// The rows of the first table below a heading of a document.
pub(crate) fn table_of(document: &'static str, heading: &str) -> Vec<Vec<&'static str>> {
    let is_heading =
        |line: &&str| line.trim_start_matches('#').trim() == heading && line.starts_with('#');
    let below = document.lines().skip_while(|x| !is_heading(x)).skip(1);
    let section = below.take_while(|x| !x.starts_with('#'));
    let rows = section
        .skip_while(|x| !x.starts_with('|'))
        .take_while(|x| x.starts_with('|'));
    let cells = |row: &'static str| row.trim_matches('|').split('|').map(str::trim).collect();
    let rows: Vec<Vec<&str>> = rows.skip(2).map(cells).collect();
    assert!(!rows.is_empty(), "there is a table below `{heading}`");
    rows
}

/// The fields of the table below a heading: offset, size, name.
pub(crate) fn fields(heading: &str) -> Vec<(usize, usize, &'static str)> {
    let rows = table(heading).into_iter();
    rows.map(|x| (x[0].parse().unwrap(), x[1].parse().unwrap(), x[2]))
        .collect()
}

const fn field_size<S, F>(_: fn(&S) -> &F) -> usize {
    size_of::<F>()
}

macro_rules! assert_documented {
    ($type:ty: $($field:ident)*) => {
        let name = stringify!($type).rsplit("::").next().unwrap().trim();
        let expected = [$((offset_of!($type, $field), field_size(|x: &$type| &x.$field), stringify!($field))),*];
        let documented: Vec<_> = fields(name).into_iter().filter(|x| x.2 != "reserved").collect();
        let expected: Vec<_> = expected.into_iter().filter(|x| x.2 != "reserved").collect();
        assert_eq!(documented, expected, "{name}");
        let end = fields(name).iter().map(|x| x.0 + x.1).max();
        assert_eq!(end, Some(size_of::<$type>()), "the table of {name} is complete");
    };
}

#[test]
fn every_structure_is_laid_out_as_documented() {
    assert_documented!(v1::PluginHeader: magic abi_version panic_mode reserved);
    assert_documented!(v1::PluginTable: size abi_version describe create hear save load destroy);
    assert_documented!(v1::Reply: commands command_count logs log_count bytes file line state_version);
    assert_documented!(v1::Bytes: data len);
    assert_documented!(v1::LogRecord: level reserved text);
    assert_documented!(v1::ParamValue: kind reserved bits);
    assert_documented!(v1::Message: kind flags side detail instrument ts_event ts_recv words);
    assert_documented!(v1::Command: kind side order_type time_in_force instrument id price quantity stop_price trail displayed expire_at flags reserved reserved_2);
    assert_documented!(v1::LentBooks: first stride count);
    assert_documented!(v1::LentBook: bids asks bid_count ask_count);
    assert_documented!(Level: price size);
}

/// Checks the table of a kind against bytes whose fields hold known values, and that all other bytes are zero.
fn assert_fields(heading: &str, bytes: &[u8], head: &[usize], values: &[(&str, i64)]) {
    let expected: BTreeMap<&str, i64> = values.iter().copied().collect();
    let documented = fields(heading);
    let names: Vec<&str> = documented.iter().map(|x| x.2).collect();
    assert_eq!(names.len(), expected.len(), "{heading}: {names:?}");
    let mut named = vec![false; bytes.len()];
    head.iter().for_each(|x| named[*x] = true);
    for (offset, size, name) in documented {
        let mut word = [0; 8];
        word[..size].copy_from_slice(&bytes[offset..offset + size]);
        let value = expected
            .get(name)
            .unwrap_or_else(|| panic!("{heading}: {name} is expected"));
        let mut wanted = value.to_le_bytes();
        wanted[size..].fill(0);
        assert_eq!(word, wanted, "{heading}: {name}");
        named[offset..offset + size].fill(true);
    }
    let unnamed = bytes.iter().zip(named).filter(|x| !x.1).map(|x| *x.0);
    assert!(
        unnamed.into_iter().all(|x| x == 0),
        "{heading}: bytes that are not named are zero"
    );
}

fn assert_message(name: &str, number: u8, message: impl Into<Message>, values: &[(&str, i64)]) {
    let mut message: Message = message.into();
    assert_eq!(message.kind, number);
    let is_documented_side = values.iter().any(|x| x.0 == "side" || x.0 == "aggressor");
    if !is_documented_side {
        assert_eq!(message.side, b'N', "{name}");
        message.side = 0;
    }
    let head: Vec<usize> = std::iter::once(0).chain(4..24).collect();
    assert_fields(
        &format!("Kind {number}: {name}"),
        &message.to_bytes(),
        &head,
        values,
    );
}

const AT: Timestamp = Timestamp(1_234_567);
const ID: InstrumentId = InstrumentId(3);
const FLAGS: Flags = Flags(0xa0);
const B: i64 = b'B' as i64;

#[test]
fn market_messages_hold_what_is_documented() {
    let (price, size) = (Price(0x0102_0304_0506_0708), Quantity(-2));
    let (instrument, ts_event, ts_recv, flags, sequence) = (ID, AT, AT, FLAGS, 0x1122_3344);
    let flag = ("flags", 0xa0);
    let number = ("sequence", sequence.into());
    let trade = Trade {
        instrument,
        price,
        size,
        aggressor: Some(Side::Buy),
        sequence,
        ts_event,
        ts_recv,
        flags,
    };
    assert_message(
        "TRADE",
        kind::TRADE,
        &trade,
        &[
            flag,
            ("aggressor", B),
            ("price", price.0),
            ("size", -2),
            number,
        ],
    );
    let mbo = Mbo {
        instrument,
        action: Action::Fill,
        side: Some(Side::Buy),
        order_id: 77,
        price,
        size,
        level_size: Quantity(9),
        rank: 200,
        sequence,
        ts_event,
        ts_recv,
        flags,
    };
    let expected = [
        flag,
        ("side", B),
        ("action", i64::from(b'F')),
        ("order_id", 77),
        ("price", price.0),
        ("size", -2),
        ("level_size", 9),
        number,
        ("rank", 200),
    ];
    assert_message("MBO", kind::MBO, &mbo, &expected);
    let level = LevelChange {
        instrument,
        side: Some(Side::Buy),
        price,
        size,
        sequence,
        ts_event,
        ts_recv,
        flags,
    };
    assert_message(
        "LEVEL",
        kind::LEVEL,
        &level,
        &[flag, ("side", B), ("price", price.0), ("size", -2), number],
    );
    let bbo = Bbo {
        instrument,
        bid_price: price,
        bid_size: size,
        ask_price: Price(5),
        ask_size: Quantity(6),
        sequence,
        ts_event,
        ts_recv,
        flags,
    };
    let expected = [
        flag,
        ("bid_price", price.0),
        ("bid_size", -2),
        ("ask_price", 5),
        ("ask_size", 6),
        number,
    ];
    assert_message("BBO", kind::BBO, &bbo, &expected);
    let bar = Bar {
        instrument,
        interval: Interval::Hour,
        open: Price(1),
        high: Price(4),
        low: Price(-3),
        close: Price(2),
        volume: Quantity(8),
        ts_event,
        ts_recv,
    };
    let expected = [
        ("interval", i64::from(b'h')),
        ("open", 1),
        ("high", 4),
        ("low", -3),
        ("close", 2),
        ("volume", 8),
    ];
    assert_message("BAR", kind::BAR, &bar, &expected);
    let status = Status {
        instrument,
        status: TradingStatus::Halted,
        ts_event,
        ts_recv,
    };
    assert_message("STATUS", kind::STATUS, &status, &[("status", 3)]);
}

#[test]
fn definitions_hold_what_is_documented() {
    let symbol = "S".repeat(45);
    let instrument = Instrument {
        id: ID,
        symbol: symbol.clone(),
        tick: Price(25),
        multiplier: 50,
        currency: "EUR".into(),
        expiration: Timestamp(99),
    };
    let messages = definition_messages(&instrument, AT);
    let currency = i64::from_le_bytes(*b"EUR\0\0\0\0\0");
    let expected = [
        ("part", 0),
        ("tick", 25),
        ("multiplier", 50),
        ("expiration", 99),
        ("currency", currency),
    ];
    assert_message("DEFINITION", kind::DEFINITION, messages[0], &expected);
    assert_eq!(
        (messages.len(), messages[1].detail, messages[2].detail),
        (3, 1, 2)
    );
    let parts = [&messages[1].to_bytes()[24..], &messages[2].to_bytes()[24..]].concat();
    assert_eq!(parts[..45], *symbol.as_bytes());
    assert!(parts[45..].iter().all(|x| *x == 0));
}

#[test]
fn order_and_run_messages_hold_what_is_documented() {
    let (instrument, order_id, price) = (ID, OrderId(12), Price(-7));
    let (quantity, leaves, ts_event, ts_recv) = (Quantity(30), Quantity(10), AT, AT);
    let update = OrderUpdate {
        instrument,
        order_id,
        side: Some(Side::Buy),
        status: OrderStatus::ReplaceRejected,
        reason: Reason::TooManyOrders,
        price,
        quantity,
        leaves,
        ts_event,
        ts_recv,
    };
    let expected = [
        ("side", B),
        ("status", i64::from(b'G')),
        ("order_id", 12),
        ("price", -7),
        ("quantity", 30),
        ("leaves", 10),
        ("reason", 16),
    ];
    assert_message("ORDER_UPDATE", kind::ORDER_UPDATE, &update, &expected);
    let fill = Fill {
        instrument,
        order_id,
        side: Side::Buy,
        price,
        quantity,
        leaves,
        fee: Money(-55),
        liquidity: Liquidity::Taker,
        ts_event,
        ts_recv,
    };
    let expected = [
        ("side", B),
        ("liquidity", i64::from(b'T')),
        ("order_id", 12),
        ("price", -7),
        ("quantity", 30),
        ("leaves", 10),
        ("fee", -55),
    ];
    assert_message("FILL", kind::FILL, &fill, &expected);
    assert_message(
        "TIMER",
        kind::TIMER,
        Message::timer(TimerId(8), AT),
        &[("timer", 8)],
    );
    assert_message(
        "START",
        kind::START,
        Message::start(99, AT),
        &[("seed", 99)],
    );
    assert_eq!(Message::stop(AT).kind, kind::STOP);
    assert!(DOCUMENT.contains("### Kind 34: STOP"));
}

fn assert_command(name: &str, number: u8, command: Command, values: &[(&str, i64)]) {
    assert_eq!(command.kind, number);
    let mut head = vec![0];
    if values.iter().all(|x| x.0 != "instrument") {
        assert_eq!(command.instrument, u32::MAX, "{name}");
        head.extend(4..8);
    }
    assert_fields(
        &format!("Command {number}: {name}"),
        &command.to_bytes(),
        &head,
        values,
    );
}

#[test]
fn commands_hold_what_is_documented() {
    let order = Order {
        stop_price: Price(5),
        trail: Price(6),
        displayed: Quantity(7),
        expire_at: Timestamp(8),
        post_only: true,
        ..Order::limit(ID, Side::Buy, Price(-9), Quantity(10))
    };
    let expected = [
        ("side", B),
        ("order_type", i64::from(b'2')),
        ("time_in_force", i64::from(b'1')),
        ("instrument", 3),
        ("order_id", 11),
        ("price", -9),
        ("quantity", 10),
        ("stop_price", 5),
        ("trail", 6),
        ("displayed", 7),
        ("expire_at", 8),
        ("flags", 1),
    ];
    assert_command(
        "SUBMIT",
        command_kind::SUBMIT,
        Command::submit(OrderId(11), &order),
        &expected,
    );
    let (order_id, timer) = (OrderId(11), TimerId(12));
    let modify = CommandBody::Modify {
        order_id,
        price: Price(-9),
        quantity: Quantity(10),
        stop_price: Price(-8),
    };
    let expected = [
        ("order_id", 11),
        ("price", -9),
        ("quantity", 10),
        ("stop_price", -8),
    ];
    assert_command(
        "MODIFY",
        command_kind::MODIFY,
        Command::new(modify),
        &expected,
    );
    let cancel = Command::new(CommandBody::Cancel { order_id });
    assert_command("CANCEL", command_kind::CANCEL, cancel, &[("order_id", 11)]);
    let cancel_all = Command::new(CommandBody::CancelAll {
        instrument: Some(ID),
    });
    assert_command(
        "CANCEL_ALL",
        command_kind::CANCEL_ALL,
        cancel_all,
        &[("instrument", 3)],
    );
    let set_timer = Command::new(CommandBody::SetTimer { timer, at: AT });
    assert_command(
        "SET_TIMER",
        command_kind::SET_TIMER,
        set_timer,
        &[("timer", 12), ("at", AT.0)],
    );
    let cancel_timer = Command::new(CommandBody::CancelTimer { timer });
    assert_command(
        "CANCEL_TIMER",
        command_kind::CANCEL_TIMER,
        cancel_timer,
        &[("timer", 12)],
    );
    let metric = Command::new(CommandBody::Metric {
        metric: 2,
        value: -1.5,
    });
    let expected = [("metric", 2), ("value", (-1.5_f64).to_bits() as i64)];
    assert_command("METRIC", command_kind::METRIC, metric, &expected);
}

#[test]
fn reasons_statuses_schemas_and_limits_are_those_of_the_code() {
    let reasons: Vec<(usize, &str)> = table("Reasons")
        .iter()
        .map(|x| (x[0].parse().unwrap(), x[1]))
        .collect();
    let expected: Vec<(usize, &str)> = Reason::ALL
        .iter()
        .map(|x| (*x as usize, x.text()))
        .collect();
    assert_eq!(reasons, expected);
    for row in table("Order statuses") {
        let status = OrderStatus::from_code(row[0].as_bytes()[0]).unwrap();
        assert_eq!(format!("{status:?}"), row[1]);
        let ends = matches!(
            status,
            OrderStatus::Canceled | OrderStatus::Rejected | OrderStatus::Expired
        );
        assert_eq!(row[2].starts_with("ended"), ends, "{status:?}");
    }
    assert_eq!(
        table("Order statuses").len(),
        (0..=u8::MAX).filter_map(OrderStatus::from_code).count()
    );
    let statuses: Vec<(&str, &str)> = table("Status").iter().map(|x| (x[0], x[1])).collect();
    assert_eq!(statuses, [("0", "OK"), ("1", "REFUSED"), ("2", "FAULT")]);
    assert_eq!(
        (v1::status::OK, v1::status::REFUSED, v1::status::FAULT),
        (0, 1, 2)
    );
    let schemas: Vec<&str> = table("Descriptor").iter().map(|x| x[0]).collect();
    assert_eq!(schemas, Schema::ALL.map(Schema::name));
    let limits: Vec<u64> = table("Limits")
        .iter()
        .map(|x| x[1].parse().unwrap())
        .collect();
    use open::{COMMANDS_PER_CALL_MAX, LOGS_PER_CALL_MAX, STATE_BYTES_MAX, TEXT_BYTES_MAX};
    assert_eq!(
        limits,
        [
            COMMANDS_PER_CALL_MAX,
            LOGS_PER_CALL_MAX,
            TEXT_BYTES_MAX,
            STATE_BYTES_MAX
        ]
    );
}

#[test]
fn the_example_of_a_descriptor_is_one() {
    let example = DOCUMENT
        .split("```json")
        .nth(1)
        .and_then(|x| x.split("```").next())
        .unwrap();
    let parsed = descriptor::parse(example).unwrap();
    assert_eq!(parsed.name, "mean_reversion");
    assert_eq!(
        (
            parsed.subscriptions.len(),
            parsed.params.len(),
            parsed.metrics.len()
        ),
        (2, 3, 1)
    );
}
