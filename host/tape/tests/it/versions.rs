//! Tapes of older versions of the format still read as they were written.

use std::path::{Path, PathBuf};

use backplane_tape::{TapeReader, TapeSchema, inspect, verify};

use crate::common::rows;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/fixtures")
        .join(name)
}

#[test]
fn tapes_of_version_1_read_as_they_were_written() {
    for (name, schema, actions, digest) in [
        (
            "v1/orders.tape",
            TapeSchema::Mbo,
            "AAAAACTFAACCFAC",
            "5b296fcad9948aeabe7dba6f7456db7ea8d146c385d0c959c1d464a25032936d",
        ),
        (
            "v1/levels.tape",
            TapeSchema::Mbp,
            "AAAACATTCACACTCAC",
            "ce0eaba38646afc64201515ab3a03c77bec9029a85cbc0679996b2495db74531",
        ),
    ] {
        let tape = fixture(name);
        let reader = TapeReader::open(&tape).unwrap();
        assert_eq!(reader.schema(), schema);
        let instrument = &reader.header().instruments[0];
        assert_eq!(
            (instrument.symbol.as_str(), instrument.tick),
            ("MADE", 10_000_000)
        );
        assert_eq!((instrument.lot, instrument.depth), (1_000_000_000, None));
        assert_eq!(inspect(&tape).unwrap().digest.as_deref(), Some(digest));
        let verified = verify(&tape, None).unwrap();
        assert!(verified.is_sound(), "{verified}");
        let found: String = rows(&tape)
            .iter()
            .map(|row| char::from(row.action))
            .collect();
        assert_eq!(found, actions);
    }
}

#[test]
fn tapes_of_version_2_read_as_they_were_written() {
    let orders = "7415bab0262c3f11bd2439ddc6c197802a5eb1a96fa6545df4e81e9a03c55f01";
    let levels = "3a5d36378b052b70e1e17eb7148db3de795956376505425aecaba96c2a69ee3f";
    for (name, schema, actions, digest) in [
        ("v2/orders.tape", TapeSchema::Mbo, "SAAAFSSCAC", orders),
        ("v2/archive", TapeSchema::Mbo, "SAAAFSSCAC", orders),
        ("v2/levels.tape", TapeSchema::Mbp, "AATC", levels),
    ] {
        let tape = fixture(name);
        let reader = TapeReader::open(&tape).unwrap();
        assert_eq!(reader.schema(), schema);
        let instrument = &reader.header().instruments[0];
        let (venue, lot) = match schema {
            TapeSchema::Mbo => ("XNAS", 1_000_000_000),
            TapeSchema::Mbp => ("", 1_000_000),
        };
        assert_eq!((instrument.venue.as_str(), instrument.lot), (venue, lot));
        assert_eq!(inspect(&tape).unwrap().digest.as_deref(), Some(digest));
        let verified = verify(&tape, None).unwrap();
        assert!(verified.is_sound(), "{name}: {verified}");
        let rows = rows(&tape);
        let found: String = rows.iter().map(|row| char::from(row.action)).collect();
        assert_eq!(found, actions);
        let halts = rows.iter().filter(|row| row.action == b'S');
        let statuses: Vec<u32> = halts.map(|row| row.size).collect();
        let expected: &[u32] = match schema {
            TapeSchema::Mbo => &[1, 3, 1],
            TapeSchema::Mbp => &[],
        };
        assert_eq!(statuses, expected);
    }
}
