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
    if std::fs::write(&input, bytes).is_err() {
        return;
    }
    let options = ImportOptions {
        output: folder.path().join("out.tape"),
        from: Some(from.to_owned()),
        ..ImportOptions::default()
    };
    let _ = import(&[input], &options, &mut |_, _| {});
}
