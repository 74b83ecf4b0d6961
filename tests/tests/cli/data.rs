//! Tapes and sources that cannot be used.
//!
//! Takes in missing, foreign, cut off and altered files; gives out whether the command line names file and line, with
//! the exit code for data, and writes nothing.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::datatypes::UInt32Type;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;
use backplane_tests::build_directory;

use super::{Desk, MOMENTUM, Said, backplane, run_json, said, tape};

const MESSAGES: &str = "A_2012-06-21_34200000_57600000_message_1.csv";
const BOOKS: &str = "A_2012-06-21_34200000_57600000_orderbook_1.csv";

fn run_over(desk: &Desk, tape: &Path) -> Said {
    let mut command = super::command();
    command.arg("run").arg("--tape").arg(tape);
    command.arg("--plugins").arg(build_directory());
    command.arg("--output").arg(desk.path("out"));
    said(command.args(["--strategy", MOMENTUM]))
}

fn import(desk: &Desk, files: &[&str]) -> Said {
    let mut command = super::command();
    command.args(["tape", "import"]);
    command.args(files.iter().map(|x| desk.path(x)));
    said(command.arg("--output").arg(desk.path("new.tape")))
}

#[test]
fn a_tape_that_cannot_be_read_is_named() {
    let desk = Desk::new();
    let whole = std::fs::read(tape()).unwrap();
    desk.write("text.tape", "hello\n");
    desk.write("long-text.tape", "hello\n".repeat(1_000));
    desk.write("empty.tape", "");
    desk.write("cut.tape", &whole[..whole.len() / 2]);
    let before = desk.names();
    for name in [
        "missing.tape",
        "text.tape",
        "long-text.tape",
        "empty.tape",
        "cut.tape",
    ] {
        let path = desk.path(name);
        let run = run_over(&desk, &path);
        assert!(run.error(4).contains(name), "{}", run.stderr);
        for command in ["inspect", "verify"] {
            let said = backplane([Path::new("tape"), Path::new(command), &path]);
            assert!(said.error(4).contains(name), "{}", said.stderr);
        }
        assert_eq!(desk.names(), before, "{name}");
    }
}

#[test]
fn a_bad_row_of_a_source_is_named_by_file_and_line() {
    let desk = Desk::new();
    desk.write(
        MESSAGES,
        "34200.1,1,1,100,5000000,1\n34200.2,1,2,abc,5000000,1\n",
    );
    desk.write(BOOKS, "5010000,100,5000000,100\n5010000,100,5000000,200\n");
    let before = desk.names();
    let said = import(&desk, &[MESSAGES, BOOKS]);
    let error = said.error(4);
    assert!(error.contains(MESSAGES), "{error}");
    assert!(
        error.contains("line 2: the size cannot be \"abc\""),
        "{error}"
    );
    assert_eq!(desk.names(), before);
}

#[test]
fn a_source_that_is_cut_off_is_named() {
    let desk = Desk::new();
    desk.write("cut.dbn", b"DBN\x03\xff\0\0\0GLBX.MDP3");
    desk.write("cut.dbn.zst", b"\x28\xb5\x2f\xfd\0");
    let before = desk.names();
    for name in ["cut.dbn", "cut.dbn.zst"] {
        let said = import(&desk, &[name]);
        assert!(said.error(4).contains(name), "{}", said.stderr);
        assert_eq!(desk.names(), before);
    }
}

#[test]
fn results_are_replaced_only_when_asked_for() {
    let desk = Desk::new();
    desk.run(&[MOMENTUM]).ok();
    let mark = desk.path("out").join("mark");
    std::fs::write(&mark, "").unwrap();
    let refused = desk.run(&["mean_reversion"]);
    assert!(
        refused.error(4).contains("out exists"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("--force"));
    assert!(mark.exists());
    assert_eq!(
        run_json(&desk.path("out"))["instances"][0]["name"],
        "momentum"
    );
    let mut command = desk.run_command(&["mean_reversion"]);
    said(command.arg("--force")).ok();
    assert!(!mark.exists());
    assert_eq!(
        run_json(&desk.path("out"))["instances"][0]["name"],
        "mean_reversion"
    );
    assert_eq!(desk.names(), ["out"]);
}

#[test]
fn what_is_no_result_directory_is_never_replaced() {
    let desk = Desk::new();
    let out = desk.path("out");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("precious"), "x").unwrap();
    let forced = |desk: &Desk| said(desk.run_command(&[MOMENTUM]).arg("--force"));
    let refused = forced(&desk);
    assert!(
        refused.error(4).contains("is no result directory"),
        "{}",
        refused.stderr
    );
    assert!(out.join("precious").exists());
    let desk = Desk::new();
    desk.write("out", "a file");
    let refused = forced(&desk);
    assert!(
        refused.error(4).contains("is no result directory"),
        "{}",
        refused.stderr
    );
    assert_eq!(desk.names(), ["out"]);
}

#[test]
fn a_tape_is_replaced_only_when_asked_for() {
    let desk = Desk::new();
    let path = desk.write("old.tape", "precious");
    let mut command = super::command();
    command
        .args(["tape", "generate", "--messages", "100", "-o"])
        .arg(&path);
    let refused = said(&mut command);
    assert!(refused.error(4).contains("old.tape"), "{}", refused.stderr);
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    said(command.arg("--force")).ok();
    assert_eq!(desk.names(), ["old.tape"]);
    backplane([Path::new("tape"), Path::new("verify"), &path]).ok();
}

/// A batch in which what rests at a level after its last row is one more.
fn altered(batch: &RecordBatch) -> RecordBatch {
    let place = batch.schema().index_of("level_size").unwrap();
    let mut sizes = batch
        .column(place)
        .as_primitive::<UInt32Type>()
        .values()
        .to_vec();
    *sizes.last_mut().unwrap() += 1;
    let mut columns = batch.columns().to_vec();
    columns[place] = Arc::new(UInt32Array::from(sizes));
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

#[test]
fn a_tape_with_one_altered_value_is_not_sound() {
    let desk = Desk::new();
    let path = desk.path("altered.tape");
    let reader = FileReader::try_new(File::open(tape()).unwrap(), None).unwrap();
    let mut footer: Vec<_> = reader.custom_metadata().clone().into_iter().collect();
    footer.sort();
    let mut writer = FileWriter::try_new(File::create(&path).unwrap(), &reader.schema()).unwrap();
    for (number, batch) in reader.enumerate() {
        let batch = batch.unwrap();
        let changed = if number == 2 { altered(&batch) } else { batch };
        writer.write(&changed).unwrap();
    }
    for (key, value) in footer {
        writer.write_metadata(key, value);
    }
    writer.finish().unwrap();
    let good = backplane([Path::new("tape"), Path::new("verify"), tape()]).ok();
    assert!(good.contains("the tape is sound"), "{good}");
    let said = backplane([Path::new("tape"), Path::new("verify"), &path]);
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (8, ""),
        "{}",
        said.stdout
    );
    let row = 3 * 16_384;
    let wrong = format!("wrong  level_size: 1 times; first row {row}: ");
    assert!(said.stdout.contains(&wrong), "{}", said.stdout);
    assert!(said.stdout.contains("wrong  digest"), "{}", said.stdout);
    assert!(
        said.stdout.contains("the tape is NOT sound"),
        "{}",
        said.stdout
    );
}
