//! The SDK for other languages: its numbers and books are those of the Rust SDK.
//!
//! Takes in the C header, the AssemblyScript module, and strategies in both that say what they see of books which they keep
//! with `book.h` and `book.ts`; gives out whether every number is that of the code, and every book is equal, row by row, to
//! the Rust SDK's. Modules are built by `cargo xtask guests`, the native plugin here; where there is none, a test says so.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use backplane_engine::guest::{Guest, Replies};
use backplane_guests::wasm::Settings;
use backplane_guests::{Carrier, Carriers, Grant, Plugin};
use backplane_sdk::abi::v1::{command_flag, command_kind, kind};
use backplane_sdk::abi::{ABI_VERSION, Message, definition_messages, open};
use backplane_sdk::book::LevelBook;
use backplane_sdk::params::Params;
use backplane_sdk::types::*;
use backplane_tests::guest_modules;
use tempfile::TempDir;

use crate::native::fields;

const HEADER: &str = include_str!("../../plugin-sdk/c/backplane.h");
const SCRIPT: &str = include_str!("../../plugin-sdk/assemblyscript/messages.ts");

/// The numbers of the contract, by the names that they have in C without `BP_`, and in AssemblyScript.
fn numbers() -> BTreeMap<&'static str, i64> {
    let kinds = [
        ("TRADE", kind::TRADE),
        ("MBO", kind::MBO),
        ("LEVEL", kind::LEVEL),
        ("BBO", kind::BBO),
        ("BAR", kind::BAR),
        ("STATUS", kind::STATUS),
        ("DEFINITION", kind::DEFINITION),
        ("ORDER_UPDATE", kind::ORDER_UPDATE),
        ("FILL", kind::FILL),
        ("TIMER", kind::TIMER),
        ("START", kind::START),
        ("STOP", kind::STOP),
        ("SUBMIT", command_kind::SUBMIT),
        ("MODIFY", command_kind::MODIFY),
        ("CANCEL", command_kind::CANCEL),
        ("CANCEL_ALL", command_kind::CANCEL_ALL),
        ("SET_TIMER", command_kind::SET_TIMER),
        ("CANCEL_TIMER", command_kind::CANCEL_TIMER),
        ("METRIC", command_kind::METRIC),
        ("BUY", Side::Buy.code()),
        ("SELL", Side::Sell.code()),
        ("NO_SIDE", b'N'),
        ("ADD", Action::Add as u8),
        ("CANCELED", Action::Cancel as u8),
        ("MODIFIED", Action::Modify as u8),
        ("CLEAR", Action::Clear as u8),
        ("TRADED", Action::Trade as u8),
        ("FILLED", Action::Fill as u8),
        ("MARKET", OrderType::Market as u8),
        ("LIMIT", OrderType::Limit as u8),
        ("STOP_ORDER", OrderType::Stop as u8),
        ("STOP_LIMIT", OrderType::StopLimit as u8),
        ("TRAILING_STOP", OrderType::TrailingStop as u8),
        ("DAY", TimeInForce::Day as u8),
        ("GTC", TimeInForce::Gtc as u8),
        ("IOC", TimeInForce::Ioc as u8),
        ("FOK", TimeInForce::Fok as u8),
        ("GTD", TimeInForce::Gtd as u8),
        ("NEW", OrderStatus::New as u8),
        ("ORDER_CANCELED", OrderStatus::Canceled as u8),
        ("REPLACED", OrderStatus::Replaced as u8),
        ("REJECTED", OrderStatus::Rejected as u8),
        ("CANCEL_REJECTED", OrderStatus::CancelRejected as u8),
        ("EXPIRED", OrderStatus::Expired as u8),
        ("REPLACE_REJECTED", OrderStatus::ReplaceRejected as u8),
        ("MAKER", Liquidity::Maker as u8),
        ("TAKER", Liquidity::Taker as u8),
        ("FLAG_LAST", Flags::LAST),
        ("FLAG_SNAPSHOT", Flags::SNAPSHOT),
        ("FLAG_BAD_TS_RECV", Flags::BAD_TS_RECV),
        ("FLAG_MAYBE_BAD_BOOK", Flags::MAYBE_BAD_BOOK),
    ];
    let wide = [
        ("ABI_VERSION", ABI_VERSION.into()),
        ("BATCH_MAX", 1_024),
        ("POST_ONLY", command_flag::POST_ONLY.into()),
        ("NO_PRICE", Price::UNDEFINED.0),
        ("NEVER", Timestamp::MAX.0),
        ("NO_INSTRUMENT", u32::MAX.into()),
        ("ALL_INSTRUMENTS", u32::MAX.into()),
        ("LAST_WORDS", 0),
        ("ERROR", 1),
        ("WARNING", 2),
        ("INFORMATION", 3),
        ("DEBUG", 4),
    ];
    let kinds = kinds.into_iter().map(|(name, value)| (name, value.into()));
    kinds.chain(wide).collect()
}

/// The numbers that only C's header has.
fn numbers_of_c() -> BTreeMap<&'static str, i64> {
    use open::{COMMANDS_PER_CALL_MAX, LOGS_PER_CALL_MAX, STATE_BYTES_MAX, TEXT_BYTES_MAX};
    BTreeMap::from([
        ("COMMANDS_MAX", COMMANDS_PER_CALL_MAX as i64),
        ("LOGS_MAX", LOGS_PER_CALL_MAX as i64),
        ("TEXT_BYTES_MAX", TEXT_BYTES_MAX as i64),
        ("STATE_BYTES_MAX", STATE_BYTES_MAX as i64),
        ("INTEGER", 1),
        ("FLOAT", 2),
        ("BOOLEAN", 3),
        ("OK", 0),
        ("REFUSED", 1),
        ("FAULT", 2),
    ])
}

/// A number as C and AssemblyScript write it; none where it is no number.
fn number(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches('u');
    match text {
        "INT64_MAX" | "i64.MAX_VALUE" => return Some(i64::MAX),
        "UINT32_MAX" | "u32.MAX_VALUE" => return Some(u32::MAX.into()),
        _ => {}
    }
    if let Some(letter) = text.strip_prefix('\'') {
        return letter.bytes().next().map(i64::from);
    }
    match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[test]
fn every_number_of_the_c_header_is_that_of_the_code() {
    let mut expected = numbers();
    expected.extend(numbers_of_c());
    let mut found = BTreeMap::new();
    for line in HEADER.lines() {
        let defined = line
            .strip_prefix("#define BP_")
            .and_then(|x| x.split_once(' '));
        let is_enum = |x: &&str| x.trim_start().starts_with("BP_") && x.contains(" = ");
        let entries = line.split(['{', ',', '}']).filter(is_enum);
        let entries = entries.filter_map(|x| x.trim().strip_prefix("BP_")?.split_once(" = "));
        for (name, value) in entries.chain(defined) {
            if let Some(value) = number(value) {
                found.insert(name, value);
            }
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn every_number_of_the_assemblyscript_module_is_that_of_the_code() {
    let mut found = BTreeMap::new();
    let lines = SCRIPT
        .lines()
        .filter_map(|x| x.strip_prefix("export const "));
    for line in lines {
        let (name, rest) = line.split_once(':').unwrap();
        let value = rest.split_once("= ").unwrap().1.split(';').next().unwrap();
        found.insert(name, number(value).unwrap());
    }
    assert_eq!(found, numbers());
}

/// Where the fields of these sizes lie, one after the other from `start` on, each at a multiple of its size.
fn laid_out(start: usize, sizes: &[usize]) -> Vec<(usize, usize)> {
    let mut at = start;
    let place = |size: &usize| {
        let offset = at.next_multiple_of(*size);
        at = offset + size;
        (offset, *size)
    };
    sizes.iter().map(place).collect()
}

/// The fields of a kind's own words as docs/abi.md has them, which is compared with the code.
fn documented(heading: &str) -> Vec<(usize, usize)> {
    let fields = fields(heading).into_iter().filter(|x| x.0 >= 24);
    fields.map(|x| (x.0, x.1)).collect()
}

/// The kinds that have fields of their own: heading, member in C, class in AssemblyScript.
const KINDS: [(&str, &str, &str); 10] = [
    ("Kind 1: TRADE", "trade", "Trade"),
    ("Kind 2: MBO", "mbo", "Mbo"),
    ("Kind 3: LEVEL", "level", "Level"),
    ("Kind 4: BBO", "bbo", "Bbo"),
    ("Kind 5: BAR", "bar", "Bar"),
    ("Kind 7: DEFINITION", "definition", "Definition"),
    ("Kind 16: ORDER_UPDATE", "update", "OrderUpdate"),
    ("Kind 17: FILL", "fill", "Fill"),
    ("Kind 32: TIMER", "timer", "Timer"),
    ("Kind 33: START", "start", "Start"),
];

#[test]
fn the_fields_of_every_kind_lie_where_they_are_documented_in_c() {
    for (heading, member, _) in KINDS {
        let end = format!("}} {member};");
        let line = HEADER.lines().find(|x| x.ends_with(&end)).unwrap();
        let body = line.split(['{', '}']).nth(1).unwrap();
        let mut sizes = Vec::new();
        for declared in body.split(';').map(str::trim).filter(|x| !x.is_empty()) {
            let (kind, names) = declared.split_once(' ').unwrap();
            let size = match kind {
                "uint8_t" => 1,
                "uint16_t" => 2,
                "uint32_t" => 4,
                // The only text is the currency.
                "char" => 8,
                _ => 8,
            };
            sizes.extend(names.split(',').map(|_| size));
        }
        assert_eq!(laid_out(24, &sizes), documented(heading), "{member}");
    }
}

/// The sizes of the fields of a class.
fn fields_of(class: &str) -> Vec<usize> {
    let starts = [
        format!("class {class} extends Message {{"),
        format!("class {class} {{"),
    ];
    let is_start = |x: &&str| starts.iter().any(|start| x.ends_with(start.as_str()));
    let body = SCRIPT.lines().skip_while(|x| !is_start(x)).skip(1);
    let body = body.take_while(|x| x.ends_with(';') && !x.contains('('));
    let kinds = body.map(|x| x.split_once(": ").unwrap().1);
    kinds
        .map(|x| match x {
            "u8;" => 1,
            "u16;" => 2,
            "u32;" => 4,
            "i64;" | "u64;" => 8,
            other => panic!("{class}: {other}"),
        })
        .collect()
}

#[test]
fn the_fields_of_every_kind_lie_where_they_are_documented_in_assemblyscript() {
    for (heading, _, class) in KINDS {
        assert_eq!(
            laid_out(24, &fields_of(class)),
            documented(heading),
            "{class}"
        );
    }
    for (class, fields_after) in [("Message", 1), ("Command", 0), ("ParamValue", 0)] {
        let all = fields(class).into_iter().map(|x| (x.0, x.1));
        let all: Vec<_> = all.collect();
        let own = &all[..all.len() - fields_after];
        let name = class.trim_end_matches("Value");
        assert_eq!(laid_out(0, &fields_of(name)), own, "{class}");
    }
}

/// What a book holds, as the echoing strategies say it.
fn said(book: &LevelBook) -> Vec<(u64, i64)> {
    let mut all = Vec::new();
    for (series, side) in [(0, Side::Buy), (1, Side::Sell)] {
        for level in book.levels(side) {
            all.extend([(series, level.price.0), (series, level.size.0)]);
        }
    }
    all
}

/// Plays random changes of books; an echoing strategy must say what the Rust SDK's book holds after each.
fn echoes(plugin: &Plugin) {
    let params = Params::defaults(&plugin.descriptor().params);
    let mut guest = plugin.instantiate(&params).unwrap();
    let mut books = [LevelBook::new(), LevelBook::new()];
    for id in 0..2 {
        let instrument = Instrument {
            id: InstrumentId(id),
            symbol: "A".repeat(50),
            tick: Price(1),
            multiplier: 1,
            currency: "USD".into(),
            expiration: Timestamp::MAX,
        };
        for message in definition_messages(&instrument, Timestamp(0)) {
            assert!(hear(&mut *guest, &message).is_empty());
        }
    }
    let mut state = 5_u64;
    let mut random = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut deepest = 0;
    for step in 0..6_000 {
        let message = change(&mut books, step, &mut random);
        let book = &books[message.instrument as usize];
        let found = hear(&mut *guest, &message);
        assert_eq!(found, said(book), "step {step}: {message:?}");
        deepest = deepest.max(book.levels(Side::Buy).len());
    }
    assert!(deepest > 150, "the books grow: {deepest}");
}

fn hear(guest: &mut dyn Guest, message: &Message) -> Vec<(u64, i64)> {
    let mut replies = Replies::default();
    guest
        .hear(std::slice::from_ref(message), &[], &mut replies)
        .unwrap();
    replies.commands.iter().map(|x| (x.id, x.price)).collect()
}

/// Makes a random change in one of the books and the message that tells of it: by order, or by price level.
fn change(books: &mut [LevelBook], step: u64, random: &mut impl FnMut(u64) -> u64) -> Message {
    let instrument = InstrumentId(random(2) as u32);
    let book = &mut books[instrument.index()];
    let side = Side::BOTH[random(2) as usize];
    // Mostly near the best, sometimes far away.
    let depth = if random(3) == 0 { 400 } else { 20 };
    let away = random(depth) as i64;
    let price = Price(if side == Side::Buy {
        10_000 - away
    } else {
        10_001 + away
    });
    let size = Quantity(if random(3) == 0 {
        0
    } else {
        1 + random(9) as i64
    });
    let (ts_event, ts_recv) = (Timestamp(step as i64), Timestamp(step as i64));
    let flags = Flags(Flags::LAST);
    let what = random(2_000);
    if what == 0 {
        book.clear();
    } else if what > 60 {
        book.set(side, price, size);
    }
    if random(2) == 0 && !(1..=60).contains(&what) {
        return Message::from(&LevelChange {
            instrument,
            side: (what != 0).then_some(side),
            price,
            size,
            sequence: 1,
            ts_event,
            ts_recv,
            flags,
        });
    }
    let action = match what {
        0 => Action::Clear,
        1..=60 => Action::Trade,
        _ => [Action::Add, Action::Cancel, Action::Modify, Action::Fill][random(4) as usize],
    };
    Message::from(&Mbo {
        instrument,
        action,
        side: (what != 0).then_some(side),
        order_id: step,
        price,
        size: Quantity(1),
        level_size: size,
        rank: 255,
        sequence: 1,
        ts_event,
        ts_recv,
        flags,
    })
}

fn granted() -> Grant {
    Grant {
        carriers: Carrier::ALL.into(),
        ..Grant::default()
    }
}

fn carriers() -> Carriers {
    Carriers::new(Settings::default()).unwrap()
}

#[test]
fn the_book_in_c_equals_the_rust_book_row_by_row_in_a_native_plugin() {
    let folder = TempDir::new().unwrap();
    let library = folder.path().join("libecho.so");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut compiler = Command::new("cc");
    compiler.args([
        "-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I",
    ]);
    compiler
        .arg(here.join("../plugin-sdk/c"))
        .arg("-o")
        .arg(&library);
    let output = match compiler.arg(here.join("c/echo.c")).output() {
        Ok(output) => output,
        Err(error) => return println!("skipped: `cc` cannot be run: {error}"),
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    echoes(&carriers().load(&library, &granted()).unwrap());
}

fn module(name: &str) -> Option<Plugin> {
    let path = guest_modules(&[name])?.join(format!("{name}.wasm"));
    Some(carriers().load(&path, &granted()).unwrap())
}

#[test]
fn the_book_in_c_equals_the_rust_book_row_by_row_in_a_module() {
    if let Some(plugin) = module("echo_c") {
        echoes(&plugin);
    }
}

#[test]
fn the_book_in_assemblyscript_equals_the_rust_book_row_by_row() {
    if let Some(plugin) = module("echo_as") {
        echoes(&plugin);
    }
}

#[test]
fn why_a_module_ends_itself_is_told_with_file_and_line() {
    for (name, end) in [("echo_c", "echo_c.c"), ("echo_as", "echo_as.ts")] {
        let Some(plugin) = module(name) else { return };
        let mut guest = plugin.instantiate(&Params::defaults(&[])).unwrap();
        let stop = [Message::stop(Timestamp(0))];
        let fault = guest.hear(&stop, &[], &mut Replies::default()).unwrap_err();
        assert_eq!(fault.message, "the run is over");
        assert!(fault.file.as_ref().unwrap().ends_with(end), "{fault}");
        assert!(fault.line.is_some());
    }
}
