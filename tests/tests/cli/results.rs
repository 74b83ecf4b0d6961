//! Results add up.
//!
//! Takes in the tables of a run of four instances; gives out whether money, positions and counts agree exactly, within a
//! table and between tables.

use std::collections::{BTreeMap, BTreeSet};

use super::tables::Table;
use super::{Desk, MOMENTUM, REVERSION, instance, run_json, said};

/// Two strategies, one of them twice with other parameters, beside a third.
const STRATEGIES: [&str; 4] = [
    MOMENTUM,
    REVERSION,
    "slow@mean_reversion:window=200,entry=2",
    "eager@momentum:lookback=5,threshold=0.2,size=3",
];
const LABELS: [&str; 4] = ["momentum", "mean_reversion", "slow", "eager"];
const UNIT: i128 = 1_000_000_000;

/// A run with fees, so that cash is more than prices times quantities.
fn traded() -> Desk {
    let desk = Desk::new();
    let mut command = desk.run_command(&STRATEGIES);
    command.args(["--maker-fee=-0.00002", "--taker-fee", "0.0003"]);
    let text = said(&mut command).ok();
    assert!(LABELS.iter().all(|x| text.contains(x)), "{text}");
    assert_eq!(desk.names(), ["out"]);
    desk
}

#[test]
fn a_run_of_several_strategies_trades_and_its_counts_are_those_of_its_tables() {
    let desk = traded();
    let results = desk.path("out");
    let run = run_json(&results);
    let (fills, journal) = (
        Table::read(&results, "fills"),
        Table::read(&results, "journal"),
    );
    let (owners, commanders) = (fills.words("instance"), journal.words("instance"));
    let kinds = journal.words("kind");
    for label in LABELS {
        let found = instance(&run, label);
        let filled = owners.iter().filter(|x| *x == label).count();
        assert!(filled > 0, "{label} has no fills");
        assert_eq!(found["fills"], filled, "{label}");
        let commands = commanders.iter().zip(&kinds);
        let submitted = commands.filter(|(who, kind)| *who == label && *kind == "submit");
        assert_eq!(found["orders"], submitted.count(), "{label}");
        assert!(found["stopped"].is_null());
    }
    let tables = run["tables"].as_object().unwrap();
    for (name, rows) in tables {
        assert_eq!(rows, Table::read(&results, name).len(), "{name}");
    }
}

#[test]
fn every_valuation_is_cash_plus_position_times_price() {
    let desk = traded();
    let equity = Table::read(&desk.path("out"), "equity");
    let (cash, worth) = (equity.money("cash"), equity.money("equity"));
    let (positions, multipliers) = (equity.numbers("position"), equity.numbers("multiplier"));
    assert!(equity.len() > 100);
    for (row, price) in equity.optional("price").into_iter().enumerate() {
        let position = positions[row];
        let Some(price) = price else {
            assert_eq!((position, worth[row]), (0, cash[row]), "row {row}");
            continue;
        };
        let value = (i128::from(price) * position * multipliers[row]).div_euclid(UNIT);
        assert_eq!(worth[row], cash[row] + value, "row {row}");
    }
}

#[test]
fn positions_and_cash_are_the_sums_of_fills() {
    let desk = traded();
    let results = desk.path("out");
    let fills = Table::read(&results, "fills");
    let multiplier = Table::read(&results, "equity").numbers("multiplier")[0];
    let (owners, instruments) = (fills.words("instance"), fills.words("instrument"));
    let (sides, prices) = (fills.words("side"), fills.numbers("price"));
    let (quantities, fees) = (fills.numbers("quantity"), fills.money("fee"));
    let (positions, cash) = (fills.numbers("position"), fills.money("cash"));
    let mut accounts: BTreeMap<(String, String), (i128, i128)> = BTreeMap::new();
    for row in 0..fills.len() {
        let signed = match sides[row].as_str() {
            "buy" => quantities[row],
            "sell" => -quantities[row],
            other => panic!("a fill is `{other}`"),
        };
        let key = (owners[row].clone(), instruments[row].clone());
        let (position, paid) = accounts.entry(key).or_default();
        *position += signed;
        let value = prices[row] * signed * multiplier;
        assert_eq!(value % UNIT, 0, "this tape's values are whole");
        *paid -= value / UNIT + fees[row];
        assert_eq!((*position, *paid), (positions[row], cash[row]), "row {row}");
    }
    assert!(fees.iter().any(|&x| x > 0) && fees.iter().any(|&x| x < 0));
    let equity = Table::read(&results, "equity");
    let keys = equity.words("instance").into_iter();
    let keys = keys.zip(equity.words("instrument"));
    let values = equity.numbers("position").into_iter();
    let last: BTreeMap<_, _> = keys.zip(values.zip(equity.money("cash"))).collect();
    for (key, account) in accounts {
        assert_eq!(last[&key], account, "{key:?}");
    }
}

#[test]
fn every_fill_is_valued() {
    let desk = traded();
    let results = desk.path("out");
    let states = |table: &Table| -> BTreeSet<(String, i128, i128)> {
        let owners = table.words("instance").into_iter();
        let accounts = table.numbers("position").into_iter();
        let accounts = accounts.zip(table.money("cash"));
        owners.zip(accounts).map(|(x, (y, z))| (x, y, z)).collect()
    };
    let valued = states(&Table::read(&results, "equity"));
    let filled = states(&Table::read(&results, "fills"));
    assert!(
        filled.is_subset(&valued),
        "{:?}",
        filled.difference(&valued)
    );
}
