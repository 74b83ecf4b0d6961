//! The peer's books follow the tape, whichever way it is driven.
//!
//! Takes in a generated market; the truth is a book that is rebuilt from the tape's own levels.

use std::collections::BTreeMap;
use std::path::Path;

use backplane_peer::outcome::Position;
use backplane_peer::{
    Depth, Drive, Feed, Grouping, Mode, Outcome, Request, StrategyKind, backtest,
};
use backplane_tape::{Signals, TapeReader};

use crate::tapes;

/// The best bid and ask of each instrument after the last row.
fn best_prices(path: &Path) -> Vec<[Option<f64>; 2]> {
    let mut reader = TapeReader::open(path).unwrap();
    let mut books = vec![[BTreeMap::new(), BTreeMap::new()]; reader.header().instruments.len()];
    while let Some(columns) = reader.next_batch().unwrap() {
        for row in columns.iter().filter(|row| row.signals(Signals::BOOK)) {
            let book = &mut books[usize::from(row.instrument)];
            match (row.action, row.level_size) {
                (b'R', _) => book.iter_mut().for_each(BTreeMap::clear),
                (_, 0) => drop(book[usize::from(row.side == b'A')].remove(&row.price)),
                (_, size) => drop(book[usize::from(row.side == b'A')].insert(row.price, size)),
            }
        }
    }
    let price = |x: &i64| *x as f64 / 1e9;
    let best = books.iter().map(|[bids, asks]| {
        [
            bids.keys().next_back().map(price),
            asks.keys().next().map(price),
        ]
    });
    best.collect()
}

/// Every way to use the peer, without the tree that is wrong.
fn requests() -> Vec<Request> {
    let mut requests = Vec::new();
    for mode in [Mode::OrderLevel, Mode::PriceLevel] {
        for strategy in [StrategyKind::MarketMaker, StrategyKind::PriceOrSize] {
            for depth in [Depth::RoiVector, Depth::HashMap, Depth::BTree] {
                for drive in [Drive::Feed, Drive::Noted] {
                    for grouping in [Grouping::Together, Grouping::Apart] {
                        requests.push(Request {
                            mode,
                            strategy,
                            depth,
                            drive,
                            grouping,
                            with_fills: true,
                        });
                    }
                }
            }
        }
    }
    requests.retain(|x| x.mode == Mode::PriceLevel || x.depth != Depth::BTree);
    requests
}

/// The outcome of each request over a tape.
fn outcomes(path: &Path) -> Vec<(Request, Outcome)> {
    let run = |request: Request| {
        let feed = Feed::read(path, request.mode, request.strategy).unwrap();
        (request, backtest::run(&feed, &request).unwrap())
    };
    requests().into_iter().map(run).collect()
}

#[test]
fn the_last_best_prices_are_the_tapes_own() {
    let tape = tapes::generated(20_000);
    let truth = best_prices(&tape.path);
    for (request, outcome) in outcomes(&tape.path) {
        let seen = outcome.positions.iter().map(|x| [x.best_bid, x.best_ask]);
        assert_eq!(seen.collect::<Vec<_>>(), truth, "{request:?}");
    }
}

#[test]
fn every_way_to_drive_the_peer_gives_the_same_orders_and_fills() {
    let outcomes = outcomes(&tapes::generated(20_000).path);
    for (request, outcome) in &outcomes {
        let (_, other) = outcomes
            .iter()
            .find(|(x, _)| x.mode == request.mode && x.strategy == request.strategy)
            .unwrap();
        let shown = |x: &Outcome| (x.orders, x.cancels, x.fills, x.positions.clone());
        assert_eq!(shown(outcome), shown(other), "{request:?}");
        assert!(outcome.orders > 100 && outcome.fills > 10, "{request:?}");
    }
}

#[test]
fn a_position_is_the_sum_of_its_fills() {
    for (request, outcome) in outcomes(&tapes::generated(20_000).path) {
        assert_eq!(outcome.fill_list.len() as u64, outcome.fills, "{request:?}");
        for (place, Position { position, .. }) in outcome.positions.iter().enumerate() {
            let fills = outcome.fill_list.iter().filter(|x| x.instrument == place);
            let signed = fills.map(|x| if x.is_buy { x.quantity } else { -x.quantity });
            assert_eq!(signed.sum::<f64>(), *position, "{request:?}");
        }
    }
}
