//! Native plugins: what is loaded, what is refused, what a fault costs.
//!
//! Takes in the libraries that the workspace builds of `tests/plugins`; gives out whether the host holds what it
//! promises of them.

use std::path::Path;

use backplane_engine::guest::{Fault, Guest, Replies};
use backplane_guests::{Loader, NativeGuest, NativePlugin};
use backplane_sdk::abi::{Message, definition_messages};
use backplane_sdk::book::LevelBook;
use backplane_sdk::params::Params;
use backplane_sdk::types::{
    Fill, Flags, Instrument, InstrumentId, LevelChange, Liquidity, Money, OrderId, OrderStatus,
    OrderUpdate, Price, Quantity, Reason, Side, TimerId, Timestamp, Trade,
};
use backplane_tests::native_plugin;

/// A plugin gives what the same strategy gives without one.
mod equality;
/// What no host survives, seen from outside.
mod fatal;
/// What ends a strategy must not end the host.
mod faults;
/// Other languages, and libraries that abort.
mod foreign;
/// `docs/abi.md` and the code say the same.
mod layouts;
/// Files that are not loaded.
mod refusals;

pub(crate) use layouts::{fields, table_of};

#[path = "../plugins/misbehave/src/sins.rs"]
mod sins;
#[path = "../plugins/misbehave/src/strategy.rs"]
mod strategy;

/// Loads a plugin by its path.
fn load(path: &Path) -> NativePlugin {
    Loader::new().unwrap().load(path).unwrap()
}

/// The plugin that sins on request.
fn misbehave() -> NativePlugin {
    load(&native_plugin("misbehave"))
}

/// The parameters of the plugin that sins on request, some of them set.
fn params(plugin: &NativePlugin, set: &[(&str, &str)]) -> Params {
    let defaults = Params::defaults(&plugin.descriptor().params);
    set.iter().fold(defaults, |params, (id, text)| {
        params.with_text(id, text).unwrap()
    })
}

/// An instance that commits a sin on the first message of its kind.
fn sinner(plugin: &NativePlugin, sin: i64) -> NativeGuest {
    let sin = sin.to_string();
    plugin
        .instantiate(&params(plugin, &[("sin", &sin)]))
        .unwrap()
}

/// Delivers one message.
fn hear(guest: &mut dyn Guest, message: &Message, books: &[LevelBook]) -> Result<Replies, Fault> {
    let mut replies = Replies::default();
    let heard = guest
        .hear(std::slice::from_ref(message), books, &mut replies)
        .map_err(|fault| *fault)?;
    assert_eq!(heard, 1);
    Ok(replies)
}

/// Drives an instance through a whole market; the fault, where it has one.
fn run(guest: &mut dyn Guest) -> Result<Vec<Replies>, Fault> {
    let mut all = Vec::new();
    let mut fault = None;
    play(2, 1_000, |message, books| {
        if fault.is_none() {
            match hear(guest, message, books) {
                Ok(replies) => all.push(replies),
                Err(found) => fault = Some(found),
            }
        }
    });
    fault.map_or(Ok(all), Err)
}

fn instrument(id: u32) -> Instrument {
    Instrument {
        id: InstrumentId(id),
        // Long enough to be defined in two parts.
        symbol: format!("INSTRUMENT-WITH-A-LONG-NAME-{id:04}-{}", "X".repeat(20)),
        tick: Price(10_000_000),
        multiplier: 1_000_000_000,
        currency: "USD".into(),
        expiration: Timestamp::MAX,
    }
}

/// A made-up market of every kind of message that the strategy hears, always the same; `hear` gets each message with the
/// books after it.
fn play(instruments: u32, messages: u64, mut hear: impl FnMut(&Message, &[LevelBook])) {
    let mut books: Vec<LevelBook> = (0..instruments).map(|_| LevelBook::new()).collect();
    for id in 0..instruments {
        for message in definition_messages(&instrument(id), Timestamp(0)) {
            hear(&message, &books);
        }
    }
    hear(&Message::start(7, Timestamp(0)), &books);
    let mut state = 1_u64;
    let mut random = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for number in 0..messages {
        let at = Timestamp(number as i64 * 1_000_000);
        let instrument = InstrumentId(random(instruments.into()) as u32);
        let side = Side::BOTH[random(2) as usize];
        let away = random(20) as i64 + 1;
        let price = Price((10_000 + if side == Side::Buy { -away } else { away }) * 10_000_000);
        let message = match random(10) {
            0 => trade(instrument, side, price, at),
            1 => accepted(OrderId(random(50)), instrument, side, price, at),
            2 => fill(OrderId(random(50)), instrument, side, price, at),
            3 => Message::timer(TimerId(1), at),
            _ => {
                let size = Quantity(random(4) as i64 * 100);
                books[instrument.index()].set(side, price, size);
                level(instrument, side, price, size, at)
            }
        };
        hear(&message, &books);
    }
    hear(&Message::stop(Timestamp::MAX), &books);
}

fn level(
    instrument: InstrumentId,
    side: Side,
    price: Price,
    size: Quantity,
    at: Timestamp,
) -> Message {
    Message::from(&LevelChange {
        instrument,
        side: Some(side),
        price,
        size,
        sequence: 1,
        ts_event: at,
        ts_recv: at,
        flags: Flags(Flags::LAST),
    })
}

fn trade(instrument: InstrumentId, side: Side, price: Price, at: Timestamp) -> Message {
    Message::from(&Trade {
        instrument,
        price,
        size: Quantity(100),
        aggressor: Some(side),
        sequence: 1,
        ts_event: at,
        ts_recv: at,
        flags: Flags(Flags::LAST),
    })
}

fn accepted(
    order_id: OrderId,
    instrument: InstrumentId,
    side: Side,
    price: Price,
    at: Timestamp,
) -> Message {
    Message::from(&OrderUpdate {
        instrument,
        order_id,
        side: Some(side),
        status: OrderStatus::New,
        reason: Reason::None,
        price,
        quantity: Quantity(100),
        leaves: Quantity(100),
        ts_event: at,
        ts_recv: at,
    })
}

fn fill(
    order_id: OrderId,
    instrument: InstrumentId,
    side: Side,
    price: Price,
    at: Timestamp,
) -> Message {
    Message::from(&Fill {
        instrument,
        order_id,
        side,
        price,
        quantity: Quantity(100),
        leaves: Quantity::ZERO,
        fee: Money(-5),
        liquidity: Liquidity::Maker,
        ts_event: at,
        ts_recv: at,
    })
}
