//! What a strategy can do wrong on every carrier, with the same end.
//!
//! Takes in a carrier and what is said there of a strategy that does not come back; gives out cases.

use super::case::{Allowed, Case, Deed, ORDER};

/// What the strategy does when it is called.
pub(super) fn cases(carrier: &'static str, endless: &'static str) -> Vec<Case> {
    [loops(carrier, endless), panics(carrier), excesses(carrier)].concat()
}

fn loops(carrier: &'static str, endless: &'static str) -> Vec<Case> {
    let run = |sin, number, event| Case::stopped(carrier, sin, number, (event, endless));
    let check = |sin, number, name| Case::check_fails(carrier, sin, number, (name, endless));
    vec![
        run("endless loop in on_start", 16, "start"),
        run("endless loop in on_market", 15, "mbp"),
        run("endless loop in on_order", 28, ORDER),
        run("endless loop in on_timer", 29, "timer"),
        run("endless loop in on_stop", 30, "stop"),
        check("endless loop in save", 31, "saves"),
        check("endless loop in load", 32, "save-and-load"),
    ]
}

fn panics(carrier: &'static str) -> Vec<Case> {
    let run = |sin, number, event, cause| Case::stopped(carrier, sin, number, (event, cause));
    let check = |sin, number, name, why| Case::check_fails(carrier, sin, number, (name, why));
    let refused = |sin, number, why| Case {
        sin,
        carrier,
        deed: Deed::Sin(number),
        allowed: Allowed::Refused(why),
    };
    vec![
        refused("panic in new", 1, "new panics"),
        run("panic in on_start", 2, "start", "on_start panics"),
        run("panic in on_market", 3, "mbp", "on_market panics"),
        run("panic in on_order", 4, ORDER, "on_order panics"),
        run("panic in on_timer", 5, "timer", "on_timer panics"),
        run("panic in on_stop", 6, "stop", "on_stop panics"),
        check("panic in save", 7, "saves", "save panics"),
        check("panic in load", 8, "save-and-load", "load panics"),
        check(
            "load that refuses every state",
            36,
            "save-and-load",
            "no state is good enough",
        ),
        refused("parameters refused", 25, "these parameters are refused"),
    ]
}

fn excesses(carrier: &'static str) -> Vec<Case> {
    let run = |sin, number, cause| Case::stopped(carrier, sin, number, ("mbp", cause));
    vec![
        run(
            "a million orders in one call",
            19,
            "at most 65536 are allowed",
        ),
        Case {
            sin: "more orders than the policy allows",
            carrier,
            deed: Deed::Governed(20, "orders_per_second = 100"),
            allowed: Allowed::Stopped("mbp", "where its policy allows 100"),
        },
        Case {
            sin: "extreme prices and quantities",
            carrier,
            deed: Deed::Sin(20),
            allowed: Allowed::Runs,
        },
        run("metrics of no series", 21, "but declares 1"),
    ]
}
