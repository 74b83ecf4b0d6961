//! What the targets share: bytes as a file, and the import of it.
//!
//! Takes in any bytes; gives out nothing. That an import fails is no finding; a panic, a hang or an allocation beyond the
//! fuzzer's limit is.

use backplane_tape::import::{ImportOptions, import};

/// Imports bytes as a file of a name by one importer.
pub fn imported(from: &str, name: &str, bytes: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    let input = folder.path().join(name);
    let parent = input.parent().unwrap_or(folder.path());
    if std::fs::create_dir_all(parent).is_err() || std::fs::write(&input, bytes).is_err() {
        return;
    }
    let options = ImportOptions {
        output: folder.path().join("out.tape"),
        from: Some(from.to_owned()),
        ..ImportOptions::default()
    };
    let _ = import(&[input], &options, &mut |_, _| {});
}

/// Imports bytes as a table that a column map explains.
#[allow(dead_code)]
pub fn explained(map: &[u8], table: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    let (columns, input) = (folder.path().join("map.toml"), folder.path().join("table.csv"));
    if std::fs::write(&columns, map).is_err() || std::fs::write(&input, table).is_err() {
        return;
    }
    let options = ImportOptions {
        output: folder.path().join("out.tape"),
        from: Some("csv".to_owned()),
        columns: Some(columns),
        ..ImportOptions::default()
    };
    let _ = import(&[input], &options, &mut |_, _| {});
}
