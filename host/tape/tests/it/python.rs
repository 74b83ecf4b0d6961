//! What docs/tape.md tells Python programs, run by a real Python with a real pyarrow.

use std::path::{Path, PathBuf};
use std::process::Command;

use backplane_tape::edit::convert;
use backplane_tape::{Overwrite, TapeReader, verify};
use tempfile::tempdir;

use crate::common::{import_to, rows, write_lobster};

fn document() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join("docs/tape.md")).unwrap()
}

/// The Python snippets of the document.
fn snippets() -> Vec<String> {
    let text = document();
    let parts = text.split("```python\n").skip(1);
    parts
        .map(|part| part.split("```").next().unwrap().to_owned())
        .collect()
}

/// The interpreter that `cargo xtask python` makes, or that is named; none where it lacks pyarrow, which is said.
fn python() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cached = cache.or_else(home)?.join("backplane/python/bin/python3");
    let python = std::env::var_os("BACKPLANE_PYTHON").map_or(cached, PathBuf::from);
    let found = Command::new(&python)
        .args(["-c", "import pyarrow"])
        .output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    eprintln!("skipped: {} has no pyarrow", python.display());
    None
}

fn run(python: &Path, folder: &Path, program: &str) -> String {
    let output = Command::new(python)
        .args(["-c", program])
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn twenty_lines_of_python_write_a_sound_tape() {
    let writes = &snippets()[0];
    let lines = writes.lines().count();
    assert!(lines <= 24, "{lines} lines");
    let Some(python) = python() else { return };
    let folder = tempdir().unwrap();
    run(&python, folder.path(), writes);
    let tape = folder.path().join("mine.tape");
    let verified = verify(&tape, None).unwrap();
    assert!(verified.is_sound(), "{verified}");
    let text: String = rows(&tape)
        .iter()
        .map(|row| char::from(row.action))
        .collect();
    assert_eq!(text, "AATC");
}

#[test]
fn python_reads_a_folder_of_parquet_files_by_day() {
    let Some(python) = python() else { return };
    let folder = tempdir().unwrap();
    let tape = folder.path().join("day.tape");
    import_to(&write_lobster(folder.path()), &tape).unwrap();
    let archive = folder.path().join("archive");
    convert(&tape, &archive, Overwrite::Never, &mut |_| {}).unwrap();
    let reads = snippets()[1].replace("2023-12-25", "2012-06-21");
    let count = TapeReader::open(&tape).unwrap().rows();
    assert_eq!(
        run(&python, folder.path(), &reads).trim(),
        count.to_string()
    );
}

#[test]
fn python_reads_what_this_program_wrote() {
    let Some(python) = python() else { return };
    let folder = tempdir().unwrap();
    let tape = folder.path().join("day.tape");
    import_to(&write_lobster(folder.path()), &tape).unwrap();
    let reads = "import pyarrow as pa\n\
                 table = pa.ipc.open_file('day.tape').read_all()\n\
                 print(''.join(map(chr, table['action'].to_pylist())), table.schema.metadata[b'backplane.format'])";
    let said = run(&python, folder.path(), reads);
    assert_eq!(said.trim(), "AAAAACTFAACCFAC b'2'");
}

#[test]
fn the_document_names_every_column_with_its_type() {
    let folder = tempdir().unwrap();
    let tape = folder.path().join("day.tape");
    import_to(&write_lobster(folder.path()), &tape).unwrap();
    let file = std::fs::File::open(&tape).unwrap();
    let reader = arrow::ipc::reader::FileReader::try_new(file, None).unwrap();
    let text = document();
    for field in reader.schema().fields() {
        let kind = match field.data_type() {
            arrow::datatypes::DataType::Timestamp(..) => "timestamp[ns, UTC]".to_owned(),
            other => other.to_string().to_lowercase(),
        };
        let line = format!("| `{}` | {kind} |", field.name());
        assert!(text.contains(&line), "{line}");
    }
    let schema = reader.schema();
    let mut keys: Vec<&String> = schema.metadata().keys().collect();
    keys.sort();
    for key in keys {
        assert!(text.contains(&format!("`{key}`")), "{key}");
    }
}
