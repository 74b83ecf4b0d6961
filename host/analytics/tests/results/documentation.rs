//! `docs/results.md` lists exactly the columns that the tables have, with their types and units.

use backplane_analytics::tables::schema::{TABLES, Table};

/// The rows of the document's table under the heading of `table`: name, type, null, unit.
fn documented(document: &str, table: &Table) -> Vec<[String; 4]> {
    let heading = format!("### `{}`", table.file_name());
    let (_, section) = document.split_once(&heading).unwrap();
    let section = section.split("\n#").next().unwrap();
    let rows = section.lines().filter(|x| x.starts_with("| `"));
    rows.map(|row| {
        let mut cells = row
            .split('|')
            .map(|x| x.trim().trim_matches('`').to_owned());
        cells.next();
        std::array::from_fn(|_| cells.next().unwrap())
    })
    .collect()
}

#[test]
fn the_document_lists_every_column_with_type_null_and_unit() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/results.md");
    let document = std::fs::read_to_string(path).unwrap();
    for table in TABLES {
        let expected: Vec<[String; 4]> = table
            .columns
            .iter()
            .map(|x| {
                let null = if x.nullable { "yes" } else { "no" };
                [
                    x.name.to_owned(),
                    x.kind.type_text().to_owned(),
                    null.to_owned(),
                    x.kind.unit_text().to_owned(),
                ]
            })
            .collect();
        assert_eq!(documented(&document, &table), expected, "{}", table.name);
    }
}
