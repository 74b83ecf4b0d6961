//! What the strategy can do wrong, one number a sin.
//!
//! Takes in the number of the moment's sin; gives out nothing good. The numbers are what a run's parameter `sin` means:
//!
//! | sin | what happens | where |
//! |----:|---|---|
//! | 0 | nothing wrong | |
//! | 1 | a panic | `new` |
//! | 2 | a panic | `on_start` |
//! | 3 | a panic | `on_market` |
//! | 4 | a panic | `on_order` |
//! | 5 | a panic | `on_timer` |
//! | 6 | a panic | `on_stop` |
//! | 7 | a panic | `save` |
//! | 8 | a panic | `load` |
//! | 9 | a panic whose payload is no text | `on_market` |
//! | 10 | a panic whose payload panics when it is dropped | `on_market` |
//! | 11 | a write to address 0 (SIGSEGV) | `on_market` |
//! | 12 | `abort` (SIGABRT) | `on_market` |
//! | 13 | `exit(0)` | `on_market` |
//! | 14 | `exit(7)` | `on_market` |
//! | 15 | an endless loop | `on_market` |
//! | 16 | an endless loop | `on_start` |
//! | 17 | a stack overflow (SIGABRT) | `on_market` |
//! | 18 | a panic | `drop` |
//! | 19 | a million orders in one call | `on_market` |
//! | 20 | orders of extreme prices, quantities, instruments | `on_market` |
//! | 21 | metrics that are NaN, infinite, or not declared | `on_market` |
//! | 22 | a million log lines in one call | `on_market` |
//! | 23 | a log line of a megabyte | `on_market` |
//! | 24 | a saved state of 1 GiB | `save` |
//! | 25 | a refusal of its parameters | `new` |
//! | 26 | `abort` (SIGABRT) | `drop` |
//! | 27 | an endless loop | `new` |
//! | 28 | an endless loop | `on_order` |
//! | 29 | an endless loop | `on_timer` |
//! | 30 | an endless loop | `on_stop` |
//! | 31 | an endless loop | `save` |
//! | 32 | an endless loop | `load` |
//! | 33 | memory taken without end | `on_market` |
//! | 34 | a kilobyte more with each message | `on_market` |
//! | 35 | an instruction that no machine knows | `on_market` |
//! | 36 | a refusal of every state | `load` |

use std::hint::black_box;

use backplane_sdk::prelude::*;

pub(crate) const PANIC_IN_NEW: i64 = 1;
pub(crate) const PANIC_IN_START: i64 = 2;
pub(crate) const PANIC_IN_ORDER: i64 = 4;
pub(crate) const PANIC_IN_TIMER: i64 = 5;
pub(crate) const PANIC_IN_STOP: i64 = 6;
pub(crate) const PANIC_IN_SAVE: i64 = 7;
pub(crate) const PANIC_IN_LOAD: i64 = 8;
pub(crate) const LOOP_IN_START: i64 = 16;
pub(crate) const PANIC_IN_DROP: i64 = 18;
pub(crate) const HUGE_STATE: i64 = 24;
pub(crate) const REFUSE: i64 = 25;
pub(crate) const ABORT_IN_DROP: i64 = 26;
pub(crate) const LOOP_IN_NEW: i64 = 27;
pub(crate) const LOOP_IN_ORDER: i64 = 28;
pub(crate) const LOOP_IN_TIMER: i64 = 29;
pub(crate) const LOOP_IN_STOP: i64 = 30;
pub(crate) const LOOP_IN_SAVE: i64 = 31;
pub(crate) const LOOP_IN_LOAD: i64 = 32;
pub(crate) const GROW: i64 = 34;
pub(crate) const REFUSE_STATE: i64 = 36;
/// The highest sin.
pub(crate) const LAST: i64 = 36;

const MANY: usize = 1_000_000;
const MEGABYTE: usize = 1 << 20;
pub(crate) const HUGE_STATE_BYTES: usize = 1 << 30;

/// A payload that panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the payload's drop panics too");
    }
}

/// Does what a sin of `on_market` is.
pub(crate) fn commit(sin: i64, instrument: InstrumentId, ctx: &mut Context<'_>) {
    match sin {
        3 => panic!("sin {sin}: on_market panics"),
        9 => std::panic::panic_any(42_u32),
        10 => std::panic::panic_any(Bomb),
        11 => write_to_null(),
        12 => std::process::abort(),
        13 => std::process::exit(0),
        14 => std::process::exit(7),
        15 => loop_for_ever(),
        17 => {
            black_box(overflow_the_stack(1));
        }
        19 => {
            for _ in 0..MANY {
                ctx.submit(Order::market(instrument, Side::Buy, Quantity(1)));
            }
        }
        20 => submit_extremes(instrument, ctx),
        21 => record_extremes(ctx),
        22 => {
            for _ in 0..MANY {
                ctx.log(LogLevel::Error, "flood");
            }
        }
        23 => ctx.log(LogLevel::Error, "x".repeat(MEGABYTE)),
        33 => take_all_memory(),
        35 => trap(),
        _ => {}
    }
}

pub(crate) fn loop_for_ever() {
    loop {
        black_box(());
    }
}

fn take_all_memory() {
    let mut taken = Vec::new();
    loop {
        taken.push(black_box(vec![1_u8; 16 * MEGABYTE]));
    }
}

#[cfg(target_family = "wasm")]
fn trap() {
    core::arch::wasm32::unreachable()
}

#[cfg(not(target_family = "wasm"))]
fn trap() {
    // SAFETY: none. The trap is the purpose.
    #[allow(unsafe_code, reason = "this is the sin")]
    unsafe {
        #[cfg(target_arch = "x86_64")]
        std::arch::asm!("ud2");
        #[cfg(target_arch = "aarch64")]
        std::arch::asm!("udf #0");
    }
}

fn write_to_null() {
    let null = black_box(std::ptr::null_mut::<u8>());
    // SAFETY: none. The segmentation fault is the purpose.
    #[allow(unsafe_code, reason = "this is the sin")]
    unsafe {
        null.write_volatile(1);
    }
}

#[allow(unconditional_recursion, reason = "this is the sin")]
fn overflow_the_stack(depth: u64) -> u64 {
    let room = black_box([depth; 64]);
    overflow_the_stack(depth.wrapping_add(1)).wrapping_add(room[1])
}

fn submit_extremes(instrument: InstrumentId, ctx: &mut Context<'_>) {
    let numbers = [i64::MIN, -1, 0, 1, i64::MAX - 1, i64::MAX];
    for price in numbers {
        for quantity in numbers {
            for side in Side::BOTH {
                let order = Order::limit(instrument, side, Price(price), Quantity(quantity));
                ctx.submit(order);
                ctx.submit(order.post_only());
                ctx.submit(Order {
                    stop_price: Price(quantity),
                    trail: Price(price),
                    displayed: Quantity(price),
                    expire_at: Timestamp(quantity),
                    order_type: OrderType::TrailingStop,
                    time_in_force: TimeInForce::Gtd,
                    ..order
                });
                ctx.modify(OrderId(1), Price(price), Quantity(quantity));
            }
        }
    }
    let nowhere = InstrumentId(u32::MAX);
    ctx.submit(Order::market(nowhere, Side::Buy, Quantity(1)));
    ctx.modify(OrderId(u64::MAX), Price::from_f64(f64::NAN), Quantity(1));
    ctx.cancel(OrderId(0));
    ctx.cancel_all(Some(nowhere));
    ctx.set_timer(TimerId(u64::MAX), Timestamp::MIN);
    ctx.set_timer(TimerId(2), Timestamp::MAX);
    ctx.cancel_timer(TimerId(77));
}

fn record_extremes(ctx: &mut Context<'_>) {
    let values = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        -0.0,
    ];
    for value in values {
        ctx.metric(0, value);
    }
    ctx.metric(u32::MAX, 1.0);
}
