//! Real files, where they are at hand: what was rebuilt is what the venues say themselves.

use std::path::PathBuf;

use backplane_tape::import::{ImportOptions, ImportReport, import};
use backplane_tape::{TapeSchema, VerifyReport, verify_against};
use tempfile::tempdir;

use crate::common::real_data;

/// Imports some files, and verifies the tape against them.
fn rebuilt(inputs: &[PathBuf]) -> (ImportReport, VerifyReport) {
    let folder = tempdir().unwrap();
    let tape = folder.path().join("day.tape");
    let options = ImportOptions {
        output: tape.clone(),
        ..ImportOptions::default()
    };
    let report = import(inputs, &options, &mut |_, _| {}).unwrap();
    let verified = verify_against(&tape, inputs).unwrap();
    println!("{report}{verified}");
    assert!(
        verified.checks.iter().all(|check| check.wrong == 0),
        "{verified}"
    );
    (report, verified)
}

fn files(names: &[&str]) -> Option<Vec<PathBuf>> {
    let data = real_data("binance_raw")?;
    Some(names.iter().map(|name| data.join(name)).collect())
}

#[test]
fn the_book_of_usd_margined_futures_is_the_book_ticker_after_all_6547_updates() {
    let Some(inputs) = files(&["usdm/btcusdt_20240808.gz"]) else {
        return;
    };
    let (report, verified) = rebuilt(&inputs);
    let against = verified.against.unwrap();
    assert_eq!((against.rows, &against.equal[..]), (6_547, &[6_547][..]));
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("--clock-offset")),
        "{:?}",
        report.notes
    );
    assert_eq!(verified.observed.crossed.events, 0);
    assert_eq!(report.instruments[0].lot, 1_000_000);
}

#[test]
fn the_book_of_coin_margined_futures_goes_on_over_midnight() {
    let Some(inputs) = files(&["cm/btcusd_perp_20240808.gz", "cm/btcusd_perp_20240809.gz"]) else {
        return;
    };
    let against = rebuilt(&inputs).1.against.unwrap();
    assert_eq!((against.rows, &against.equal[..]), (44_772, &[44_772][..]));
}

#[test]
fn the_spot_book_is_the_book_ticker_after_all_but_two_updates() {
    let Some(inputs) = files(&["spot/btcusdt_20240808.gz", "spot/btcusdt_20240809.gz"]) else {
        return;
    };
    let against = rebuilt(&inputs).1.against.unwrap();
    assert_eq!(against.rows, 6_493);
    assert!(against.equal[0] >= 6_491, "{against:?}");
}

#[test]
fn a_day_without_a_snapshot_is_refused() {
    let Some(inputs) = files(&["spot/btcusdt_20240809.gz"]) else {
        return;
    };
    let folder = tempdir().unwrap();
    let options = ImportOptions {
        output: folder.path().join("day.tape"),
        ..ImportOptions::default()
    };
    let error = import(&inputs, &options, &mut |_, _| {})
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("have no snapshot that they continue"),
        "{error}"
    );
}

#[test]
fn all_290_checksums_of_okx_are_those_of_the_book() {
    let Some(data) = real_data("crypto_ws") else {
        return;
    };
    let against = rebuilt(&[data.join("OKX.ws.1.0")]).1.against.unwrap();
    assert_eq!((against.rows, &against.equal[..]), (290, &[290][..]));
}

/// Imports; the report.
fn imported(inputs: &[PathBuf], options: ImportOptions) -> ImportReport {
    let folder = tempdir().unwrap();
    let tape = folder.path().join("day.tape");
    let options = ImportOptions {
        output: tape.clone(),
        ..options
    };
    let report = import(inputs, &options, &mut |_, _| {}).unwrap();
    let verified = verify_against(&tape, &[]).unwrap();
    assert!(verified.is_sound(), "{verified}");
    println!("{report}{verified}");
    report
}

#[test]
fn captures_of_bybit_and_coinbase_are_imported_whole() {
    let Some(data) = real_data("crypto_ws") else {
        return;
    };
    let bybit = imported(&[data.join("BYBIT.ws.26.0")], ImportOptions::default());
    assert_eq!(bybit.instruments.len(), 2);
    // Sizes of SKL are too large and too fine at once.
    let options = ImportOptions {
        lot: Some(1_000_000),
        round: true,
        ..ImportOptions::default()
    };
    let coinbase = imported(&[data.join("COINBASE.ws.28.0")], options);
    assert_eq!(coinbase.statistics.rows.trades, 97);
    let rounded = coinbase
        .notes
        .iter()
        .any(|note| note.contains("were rounded"));
    assert!(rounded, "{:?}", coinbase.notes);
}

#[test]
fn five_days_of_bac_have_all_their_trades_and_quotes() {
    let Some(data) = real_data("lean/equity/usa/tick") else {
        return;
    };
    let report = imported(&[data.join("bac")], ImportOptions::default());
    // The last line of each of the five days has no end: counted by their ends they are 573,615.
    assert_eq!(report.statistics.rows.trades, 573_620);
    let bac = &report.instruments[0];
    assert_eq!((bac.symbol.as_str(), bac.expiration), ("BAC", None));
    assert_eq!(bac.tick, 10_000_000);
}

#[test]
fn a_future_ends_when_it_was_last_traded() {
    let Some(data) = real_data("lean/future/cme/minute") else {
        return;
    };
    let inputs = ["trade", "quote"].map(|kind| data.join(format!("es/20131220_{kind}.zip")));
    let report = imported(&inputs, ImportOptions::default());
    let expiring = report
        .instruments
        .iter()
        .find(|x| x.symbol == "ESZ13")
        .unwrap();
    // 2013-12-20 14:30 UTC.
    assert_eq!(expiring.expiration, Some(1_387_549_800_000_000_000));
    assert_eq!(expiring.tick, 250_000_000);
}

#[test]
fn trades_within_best_prices_are_the_trades_file_and_make_the_vendors_bars() {
    let Some(data) = real_data("databento_dbn") else {
        return;
    };
    let file = |kind: &str| {
        let names = std::fs::read_dir(&data).unwrap();
        let mut paths = names.map(|entry| entry.unwrap().path());
        let wanted = format!("futures_{kind}_");
        let is_it = |path: &PathBuf| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with(&wanted)
        };
        paths.find(is_it).unwrap()
    };
    let folder = tempdir().unwrap();
    let tape = folder.path().join("best.tape");
    let options = ImportOptions {
        output: tape.clone(),
        ..ImportOptions::default()
    };
    import(&[file("mbp-1")], &options, &mut |_, _| {}).unwrap();
    let trades = verify_against(&tape, &[file("trades")])
        .unwrap()
        .against
        .unwrap();
    assert_eq!(
        (trades.rows, &trades.equal[..]),
        (120, &[120][..]),
        "{trades:?}"
    );
    let bars = verify_against(&tape, &[file("ohlcv-1m")])
        .unwrap()
        .against
        .unwrap();
    assert!(bars.is_equal() && bars.rows >= 2, "{bars:?}");
}

#[test]
fn best_prices_of_the_order_book_are_those_of_its_price_levels() {
    let Some(data) = real_data("databento_dbn") else {
        return;
    };
    let inputs =
        ["24", "25"].map(|day| data.join(format!("esh4-glbx-mdp3-202312{day}.mbo.dbn.zst")));
    let folder = tempdir().unwrap();
    let tape = |name: &str, schema: TapeSchema| {
        let options = ImportOptions {
            output: folder.path().join(name),
            schema: Some(schema),
            ..ImportOptions::default()
        };
        import(&inputs, &options, &mut |_, _| {}).unwrap();
        options.output
    };
    let (orders, levels) = (
        tape("orders", TapeSchema::Mbo),
        tape("levels", TapeSchema::Mbp),
    );
    let against = verify_against(&orders, &[levels]).unwrap().against.unwrap();
    assert!(against.is_equal() && against.rows > 1_000, "{against:?}");
}
