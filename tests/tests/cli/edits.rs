//! Tapes that are printed, cut, merged and converted, and markets with profiles, expiries and faults.
//!
//! Takes in generated tapes; gives out whether the command line makes what was asked for and says what it made.

use std::path::{Path, PathBuf};

use super::{Desk, Said, run_json, said};

/// A command of `tape`.
fn tape(words: &[&str], paths: &[&Path], output: Option<&Path>) -> Said {
    let mut command = super::command();
    command.arg("tape").args(words).args(paths);
    if let Some(output) = output {
        command.arg("-o").arg(output);
    }
    said(&mut command)
}

/// A generated tape of two instruments.
fn market(desk: &Desk, more: &[&str]) -> PathBuf {
    let path = desk.path("market.tape");
    let words = [
        "generate",
        "--messages",
        "3000",
        "--instruments",
        "2",
        "--resting-orders",
        "400",
    ];
    tape(&[&words, more].concat(), &[], Some(&path)).ok();
    path
}

fn is_sound(path: &Path) {
    let verified = tape(&["verify"], &[path], None).ok();
    assert!(verified.contains("the tape is sound"), "{verified}");
}

#[test]
fn rows_are_printed_from_a_time_to_a_time() {
    let desk = Desk::new();
    let market = market(&desk, &[]);
    let all = tape(&["cat"], &[&market], None).ok();
    let lines: Vec<&str> = all.lines().collect();
    assert!(lines[0].starts_with("row,ts_recv,ts_event,symbol,action,side,price"));
    let time = |line: &str| line.split(',').nth(1).unwrap().to_owned();
    let middle = time(lines[lines.len() / 2]);
    let before = tape(&["cat", "--to", &middle], &[&market], None).ok();
    let after = tape(&["cat", "--from", &middle], &[&market], None).ok();
    assert_eq!(
        before.lines().count() + after.lines().count(),
        lines.len() + 1
    );
    let few = tape(
        &["cat", "--rows", "2", "--symbols", "SYN001", "--json"],
        &[&market],
        None,
    )
    .ok();
    let rows: Vec<serde_json::Value> = few
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["symbol"], &rows[0]["action"]),
        (&"SYN001".into(), &"R".into())
    );
    assert_eq!(rows[0]["price"], serde_json::Value::Null);
    let refused = tape(&["cat", "--from", "noon"], &[&market], None);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("a time in UTC"),
        "{}",
        refused.stderr
    );
    let refused = tape(&["cat", "--symbols", "NONE"], &[&market], None);
    assert_eq!(refused.code, 4);
}

#[test]
fn a_tape_is_cut_merged_and_converted_and_stays_sound() {
    let desk = Desk::new();
    let market = market(&desk, &[]);
    let all = tape(&["cat"], &[&market], None).ok();
    let middle = all.lines().nth(2_500).unwrap().split(',').nth(1).unwrap();
    let [one, other, both, archive] =
        ["one", "other", "both", "archive"].map(|name| desk.path(name));
    tape(&["slice", "--to", middle], &[&market], Some(&one)).ok();
    let made = tape(
        &["slice", "--from", middle, "--json"],
        &[&market],
        Some(&other),
    )
    .json();
    assert!(made["statistics"]["rows"]["rows"].as_u64().unwrap() > 800);
    let merged = tape(&["merge"], &[&one, &other], Some(&both)).ok();
    assert!(merged.contains("SYN001"), "{merged}");
    let converted = tape(&["convert"], &[&market], Some(&archive)).ok();
    assert!(converted.contains("2 Parquet files"), "{converted}");
    for path in [&one, &other, &both, &archive] {
        is_sound(path);
    }
    let again = tape(&["convert"], &[&market], Some(&archive));
    assert_eq!(again.code, 4);
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
    tape(&["convert", "--force"], &[&market], Some(&archive)).ok();
}

#[test]
fn a_folder_of_parquet_files_runs_like_its_tape() {
    let desk = Desk::new();
    let market = market(&desk, &[]);
    let archive = desk.path("archive");
    tape(&["convert"], &[&market], Some(&archive)).ok();
    let digest = |tape: &Path, name: &str| {
        let out = desk.path(name);
        let mut command = super::command();
        command.args(["run", "--strategy", "mean_reversion", "--plugins"]);
        command.arg(backplane_tests::build_directory());
        said(command.arg("--tape").arg(tape).arg("-o").arg(&out)).ok();
        run_json(&out)["summary"]["digest"].clone()
    };
    let (one, other) = (digest(&market, "one"), digest(&archive, "other"));
    assert!(one.is_string(), "{one}");
    assert_eq!(one, other);
}

#[test]
fn markets_have_profiles_expiries_and_faults() {
    let desk = Desk::new();
    let path = market(
        &desk,
        &["--profile", "crypto", "--expire-after", "5s", "--force"],
    );
    let seen = tape(&["inspect", "--json"], &[&path], None).json();
    let instrument = &seen["header"]["instruments"][0];
    assert_eq!(
        (&instrument["lot"], &instrument["currency"]),
        (&1_000_000.into(), &"USDT".into())
    );
    let expiration = instrument["expiration"].as_i64().unwrap();
    let rows = tape(&["cat", "--symbols", "SYN000", "--json"], &[&path], None).ok();
    let last: serde_json::Value = serde_json::from_str(rows.lines().last().unwrap()).unwrap();
    assert_eq!(last["action"], "R", "the book is emptied at the expiry");
    assert!(
        last["ts_event"].as_str().unwrap().contains("14:30:05.0"),
        "{expiration}: {last}"
    );
    is_sound(&path);
    let path = market(
        &desk,
        &[
            "--profile",
            "equity",
            "--faults",
            "gaps=2,crossed=1,late=2",
            "--force",
        ],
    );
    let seen = tape(&["inspect", "--json"], &[&path], None).json();
    let from = seen["header"]["source"]["from"].as_str().unwrap();
    assert!(
        from.ends_with("with faults: 2 gaps, 1 crossed, 2 late"),
        "{from}"
    );
    assert!(seen["statistics"]["resolution"]["receive_times_raised"].as_u64() > Some(0));
    assert!(seen["statistics"]["crossed"]["events"].as_u64() > Some(0));
    let refused = tape(
        &["generate", "--faults", "gap=2"],
        &[],
        Some(&desk.path("x")),
    );
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("gaps, crossed, late or jumps"),
        "{}",
        refused.stderr
    );
}

#[test]
fn standard_input_is_imported_like_a_file() {
    use std::io::Write;
    let desk = Desk::new();
    let name = "A_2012-06-21_34200000_57600000_message_1.csv";
    let day = desk.write(
        name,
        "34200.1,1,1,100,5000000,1\n34200.2,1,2,50,5010000,-1\n",
    );
    let packed = desk.path("day.zip");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&packed).unwrap());
    archive
        .start_file(name, zip::write::SimpleFileOptions::default())
        .unwrap();
    archive.write_all(&std::fs::read(&day).unwrap()).unwrap();
    archive.finish().unwrap();
    let from_file = tape(&["import", "--json"], &[&day], Some(&desk.path("one.tape"))).json();
    let mut command = super::command();
    command
        .args(["tape", "import", "--json", "-", "-o"])
        .arg(desk.path("other.tape"));
    command.stdin(std::fs::File::open(&packed).unwrap());
    let from_stdin = said(&mut command).json();
    assert_eq!(from_file["digest"], from_stdin["digest"]);
    assert_eq!(from_stdin["inputs"][0]["name"], "-");
    let left: Vec<_> = std::fs::read_dir(desk.path("")).unwrap().collect();
    assert_eq!(left.len(), 4, "what was kept of it is gone: {left:?}");
}
