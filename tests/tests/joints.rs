//! Where two crates that do not know each other must mean the same.
//!
//! Takes in the constants of both; fails where they differ.

use backplane_engine::row::signal;
use backplane_tape::Signals;

#[test]
fn the_engine_reads_the_signals_that_the_tape_writes() {
    let both = [
        (signal::TRADE, Signals::TRADE),
        (signal::MATCH, Signals::MATCH),
        (signal::BOOK, Signals::BOOK),
        (signal::BBO_PRICE, Signals::BBO_PRICE),
        (signal::BBO, Signals::BBO),
        (signal::HIDDEN, Signals::HIDDEN),
        (signal::LAST, Signals::LAST),
    ];
    for (engine, tape) in both {
        assert_eq!(engine, tape);
    }
    let written = both.iter().fold(0, |all, x| all | x.0);
    assert_eq!(
        written & signal::START,
        0,
        "the replay's own bit is free in the tape"
    );
}
