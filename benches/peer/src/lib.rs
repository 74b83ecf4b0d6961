//! The peer of the speed measurements: hftbacktest 0.9.4 on a Backplane tape, with the quoting strategy of the
//! `market_maker` plugin.
//!
//! Takes in a tape and a [`Request`]; gives out an [`Outcome`]: what the peer's backtest loop took, the orders that it
//! sent, its fills and its final positions. The tape is converted in memory before the clock starts, as users of the
//! peer load prepared arrays; only the loop is timed.
//!
//! # How the peer is used, and why
//!
//! The figures are meant to be the best that the peer gives for this work.
//!
//! - **Events.** Every row that changes the book is fed to both sides of the peer, the exchange's and the strategy's, at
//!   the two times at which Backplane replays it. What nobody reads is left out: prints in order-level mode; the
//!   strategy's copy of fills and prints. Figures are in rows of the tape, so that less work counts in the peer's favour.
//! - **Order-level mode** is the peer's L3 path (`L3Local`, `L3NoPartialFillExchange`, `L3FIFOQueueModel`), the only
//!   one that it has.
//! - **Price-level mode** has `RiskAdverseQueueModel` and `NoPartialFillExchange`. `PartialFillExchange` would be the
//!   nearer relation, but release 0.9.4 ends a backtest with `InvalidOrderStatus` once a print fills an order exactly
//!   (its issues 301 and 312). Orders here have size one, which cannot be filled in part, so that nothing is lost.
//! - **Depth structure.** All three are offered ([`Depth`]). The vector over a range of interest is the fastest in both
//!   modes and the default; its range is that of the tape's own prices. The tree is refused in order-level mode, where
//!   release 0.9.4 takes the lowest bid for the best one once the best level is deleted.
//! - **Drive.** A strategy that quotes at the best prices must hear of every change of them. With the peer's
//!   `wait_next_feed` it is woken by every event and compares ([`Drive::Feed`]). Tapes say which rows change the best
//!   prices, so that the conversion may note those times, and the strategy `elapse`s from one to the next
//!   ([`Drive::Noted`]): the same orders in less time, and the default.
//! - **Instruments.** [`Grouping::Together`] is one backtest of all instruments: each step of the peer looks through the
//!   pending times of all of them, and their books share the caches. The strategy treats instruments apart, so that one
//!   backtest each, one after the other ([`Grouping::Apart`]), gives the same orders in less time; it is the default.
//! - **Build.** Optimization level 3, link-time optimization over all crates as one unit, overflow checks off as in its
//!   users' builds (Backplane's own figures have them on).
//! - No recorder, no log, no history of trades. Orders that have ended are cleared whenever an instrument is quoted, so
//!   that the strategy's table of orders stays small.
//!
//! # Why its fills differ
//!
//! On a market of four instruments (2,407,330 rows, seed 1) the peer sends 61,366 orders in order-level mode and 61,022 in
//! price-level mode where Backplane's strategy sends 61,428, and has 21,087 and 21,094 fills against 21,108. In
//! order-level mode 19,832 of them are the same to the nanosecond, in price-level mode 17,677. The rest has three
//! reasons, each of which is a test in `tests/peer/quotes.rs`, and what follows from them: another position or another
//! fill, hence another quote.
//!
//! - **Trades at worse prices.** Where the market has left a quote alone at its price, and a trade happens behind it
//!   before its cancel lands, Backplane fills the quote (`traded_through`). The peer's order-level exchange compares a
//!   fill with the market's best price, which is behind the quote by then; it fills the quote later, when an order
//!   crosses it, or never. 1,066 of the 1,276 fills that Backplane alone has there. Price-level mode does as Backplane.
//! - **Late cancels.** The peer refuses to cancel an order whose acceptance it has not told yet. The strategy then sends
//!   the new quote at once and the cancel when the answer is there, so that the old quote lives up to a round trip
//!   longer: at least 520 of the 1,255 fills that the peer alone has in order-level mode, 651 of 3,417 in price-level mode.
//! - **Cancels ahead.** In price-level mode the peer does not know where in a queue a cancel was. Its risk-averse model
//!   lets a quote advance only by trades, and where the level shrinks below what was ahead: of the fills that Backplane
//!   alone has, 2,417 come later and 727 not at all. This is the mode's own limit.
//!
//! A strategy that quotes on sizes, too, sends 3.5 % fewer orders here than in Backplane (874,148 against 906,157),
//! because late cancels are filled and the position stands at its limit more often; without a limit both send the same
//! number to 0.01 %. On tapes whose book is crossed at times (auctions), the peer's book drops the levels that are
//! crossed, so that [`Drive::Feed`] sees more changes of the best prices than the tape tells of, and sends more orders.

pub mod backtest;
pub mod drive;
pub mod error;
pub mod feed;
pub mod fills;
pub mod order_level;
pub mod outcome;
pub mod price_level;
pub mod request;
pub mod strategy;
pub mod time;

pub use error::PeerError;
pub use feed::Feed;
pub use outcome::Outcome;
pub use request::{Depth, Drive, Grouping, Mode, Request, StrategyKind};
