//! What instruments are worth and what executions cost, as run files set it.
//!
//! Takes in run files over the small tape; gives out whether every row of the tables follows from arithmetic that this file
//! does by itself, in exact integers.

use super::models::{file_text, run};
use super::tables::Table;
use super::{Desk, backplane, instance};

const UNIT: i128 = 1_000_000_000;

/// The nearest whole number, halves away from zero.
fn nearest(dividend: i128, divisor: i128) -> i128 {
    let size = (2 * dividend.abs() + divisor) / (2 * divisor);
    size * dividend.signum()
}

/// Two thousand dollars of coins a unit, kept in euros; an order costs 500 at least.
const INVERSE: &str = "currency = \"EUR\"\n[currencies]\nBTC = \"40000.5\"\n\
    [instrument.SYN000]\ncontract = \"inverse\"\nmultiplier = \"2000\"\ncurrency = \"BTC\"\n\
    [instrument.SYN000.fees]\norder_minimum = \"500\"\n\
    [instrument.SYN000.fees.maker]\nrate = \"-0.00025\"\n\
    [instrument.SYN000.fees.taker]\nrate = \"0.00075\"\nper_unit = \"0.001\"\n";

#[test]
fn an_inverse_contract_in_another_currency_adds_up_in_every_row() {
    let desk = Desk::new();
    let summary = run(&desk, INVERSE);
    let found = instance(&summary, "momentum");
    assert!(found["fills"].as_u64().unwrap() > 10);
    assert_eq!(summary["currency"], "EUR");
    let described = &summary["tape"]["instruments"][0];
    assert_eq!(described["contract"], "inverse");
    assert_eq!(described["currency"], "BTC");
    let value = |quantity: i128, price: i128| {
        let coins = nearest(-quantity * 2_000 * UNIT * UNIT, price);
        nearest(coins * 40_000_500_000_000, UNIT)
    };
    let fills = Table::read(&desk.path("out"), "fills");
    let (sides, prices) = (fills.words("side"), fills.numbers("price"));
    let (quantities, fees) = (fills.numbers("quantity"), fills.money("fee"));
    let cash = fills.money("cash");
    let (mut position, mut paid) = (0, 0);
    for row in 0..fills.len() {
        let signed = if sides[row] == "buy" {
            quantities[row]
        } else {
            -quantities[row]
        };
        position += signed;
        paid -= value(signed, prices[row]) + fees[row];
        assert_eq!(
            (fills.numbers("position")[row], cash[row]),
            (position, paid),
            "row {row}"
        );
    }
    let equity = Table::read(&desk.path("out"), "equity");
    let (worth, cash) = (equity.money("equity"), equity.money("cash"));
    let (positions, prices) = (equity.numbers("position"), equity.numbers("price"));
    for row in 0..equity.len() {
        let held = value(positions[row], prices[row]);
        assert_eq!(worth[row], cash[row] + held, "row {row}");
    }
}

#[test]
fn an_order_s_fees_follow_from_its_value_and_its_bounds() {
    let desk = Desk::new();
    run(&desk, INVERSE);
    let fills = Table::read(&desk.path("out"), "fills");
    let (orders, liquidity) = (fills.numbers("order_id"), fills.words("liquidity"));
    let (prices, quantities) = (fills.numbers("price"), fills.numbers("quantity"));
    let fees = fills.money("fee");
    let mut bounded = 0;
    let mut row = 0;
    while row < fills.len() {
        // A taker's executions stand together.
        let end = (row..fills.len())
            .find(|x| orders[*x] != orders[row])
            .unwrap_or(fills.len());
        let charged: i128 = fees[row..end].iter().sum();
        let by_rate = |x: usize| {
            let coins = nearest(quantities[x] * 2_000 * UNIT * UNIT, prices[x]);
            let size = nearest(coins * 40_000_500_000_000, UNIT);
            (size * 750_000 + UNIT / 2).div_euclid(UNIT) + quantities[x] * 1_000_000
        };
        if liquidity[row..end].iter().all(|x| x == "taker") {
            let due: i128 = (row..end).map(by_rate).sum();
            let least = 500 * UNIT;
            assert_eq!(charged, due.max(least), "rows {row} to {end}");
            bounded += usize::from(due < least);
        }
        row = end;
    }
    assert!(bounded > 5);
}

#[test]
fn the_tier_is_that_of_the_volume_before() {
    let desk = Desk::new();
    run(
        &desk,
        "[fees]\nvolume = \"quantity\"\nwindow = \"30d\"\nvolume_before = 7\n[fees.taker]\nper_unit = 2\n\
         [fees.maker]\nper_unit = 2\n[[fees.tier]]\nfrom = 20\ntaker = { per_unit = 1 }\nmaker = { per_unit = 1 }\n",
    );
    let fills = Table::read(&desk.path("out"), "fills");
    let mut traded = 7;
    for (quantity, fee) in fills
        .numbers("quantity")
        .into_iter()
        .zip(fills.money("fee"))
    {
        let per_unit = if traded >= 20 { UNIT } else { 2 * UNIT };
        assert_eq!(fee, quantity * per_unit, "after {traded}");
        traded += quantity;
    }
    assert!(traded > 40, "{traded}");
}

#[test]
fn a_mistake_in_an_account_is_named() {
    let desk = Desk::new();
    for (settings, said) in [
        (
            "[instrument.NONE]\ntick = 1\n",
            "the tape has no such instrument",
        ),
        (
            "[instrument.SYN000]\ncontract = \"square\"\n",
            "but must be `linear`, `inverse`, `quanto`",
        ),
        ("[instrument.SYN000]\nmultiplier = 0\n", "above zero"),
        (
            "currency = \"CHF\"\n",
            "nothing says what one is worth in the other",
        ),
        (
            "[currencies]\nEUR = 1.1\n",
            "but not the account's `currency`",
        ),
        ("[fees]\nwindow = \"week\"\n", "`fees.window` is `week`"),
        ("[fees]\nvolume = \"orders\"\n", "`fees.volume` is `orders`"),
        (
            "[[fees.tier]]\nfrom = 5\n[[fees.tier]]\nfrom = 5\n",
            "the tiers do not ascend",
        ),
        (
            "[fees]\nmodel = \"free\"\n",
            "this program has no model `free`",
        ),
        (
            "[fees]\nmodel = \"free\"\norder_minimum = 1\n",
            "a `model` says it all",
        ),
        ("[fees]\nsettings = { x = 1 }\n", "but no `model`"),
        ("[fees]\nmaximum = 1\n", "unknown field `maximum`"),
    ] {
        let file = desk.write("run.toml", file_text(&desk, settings));
        let command = backplane(["run".as_ref(), file.as_os_str()]);
        let error = command.error(3);
        assert!(error.contains(said), "{settings}: {error}");
    }
    assert_eq!(desk.names(), ["run.toml"]);
}
