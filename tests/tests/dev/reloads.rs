//! Two hundred versions in a row.
//!
//! Takes in good versions of two behaviours, broken and half-written ones, saved in every way that editors and linkers
//! know; gives out whether each good one is run once, nothing else is, and no memory is lost but to the versions that are
//! counted.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::{Desk, Loop, digest, digest_of_run, put, version};

const VERSIONS: u64 = 200;
const BEHAVIOURS: [&str; 2] = ["momentum", "mean_reversion"];
/// How much a process may grow by what an allocator keeps.
const SLACK_KIB: u64 = 16 * 1_024;

/// A way to save a file.
type Save = fn(&Path, &[u8]);

const SAVES: [(&str, Save); 6] = [
    ("rename", put),
    ("truncate and write", |path, bytes| {
        std::fs::write(path, bytes).unwrap();
    }),
    ("delete and create", |path, bytes| {
        std::fs::remove_file(path).unwrap();
        std::fs::write(path, bytes).unwrap();
    }),
    ("half, a pause, and the rest", |path, bytes| {
        let half = bytes.len() / 2;
        std::fs::write(path, &bytes[..half]).unwrap();
        std::thread::sleep(Duration::from_millis(60));
        std::fs::write(path, bytes).unwrap();
    }),
    ("through an editor's temporary files", |path, bytes| {
        let folder = path.parent().unwrap();
        for name in [".libmine.so.swp", "libmine.so~", "4913", "#libmine.so#"] {
            std::fs::write(folder.join(name), &bytes[..1_000]).unwrap();
        }
        std::fs::rename(path, folder.join("libmine.so~")).unwrap();
        std::fs::write(path, bytes).unwrap();
        for name in [".libmine.so.swp", "libmine.so~", "4913", "#libmine.so#"] {
            std::fs::remove_file(folder.join(name)).unwrap();
        }
    }),
    ("after something broken", |path, bytes| {
        let mut broken = bytes.to_vec();
        broken.truncate(bytes.len() - 4_096);
        std::fs::write(path, &broken).unwrap();
        std::thread::sleep(Duration::from_millis(40));
        std::fs::write(path, b"no library at all").unwrap();
        std::thread::sleep(Duration::from_millis(40));
        put(path, bytes);
    }),
];

/// The resident memory of a process in KiB.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|x| x.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

/// What the processes held after a run.
struct Held {
    looper: u64,
    worker: (u32, u64),
    libraries: u64,
    library_kib: u64,
}

impl Held {
    fn after(run: &Value, dev: &Loop) -> Held {
        let worker = dev.worker();
        Held {
            looper: resident(dev.process.id()),
            worker: (worker, resident(worker)),
            libraries: run["libraries"].as_u64().unwrap(),
            library_kib: run["library_bytes"].as_u64().unwrap() / 1_024,
        }
    }
}

#[test]
fn two_hundred_versions_are_each_run_once_and_only_mapped_versions_take_memory() {
    let expected = BEHAVIOURS.map(digest_of_run);
    let desk = Desk::new();
    let path = desk.plugin();
    put(&path, &version(BEHAVIOURS[0], 0));
    let dev = desk.dev(|command| {
        command.arg("--tape").arg(super::tape());
        command.args(["--plugins", "plugins", "--strategy", "mine"]);
    });
    let first = dev.next("run");
    assert_eq!(first["digest"], expected[0].as_str());
    let mut warm: Option<Held> = None;
    let mut restarts = 0;
    for number in 1..=VERSIONS {
        let behaviour = (number % 2) as usize;
        let bytes = version(BEHAVIOURS[behaviour], number);
        let (way, save) = SAVES[number as usize % SAVES.len()];
        save(&path, &bytes);
        let run = dev.next("run");
        assert_eq!(run["number"], number + 1, "{way}");
        assert_eq!(run["plugins"][0]["digest"], digest(&bytes), "{way}");
        assert_eq!(run["digest"], expected[behaviour].as_str(), "{way}");
        let held = Held::after(&run, &dev);
        let Some(before) = warm.as_ref().filter(|x| x.worker.0 == held.worker.0) else {
            restarts += u64::from(warm.is_some());
            assert_eq!(held.libraries, if warm.is_some() { 1 } else { 2 });
            warm = Some(held);
            continue;
        };
        let mapped = held.library_kib - before.library_kib;
        assert!(held.libraries > before.libraries);
        assert!(
            held.worker.1 < before.worker.1 + mapped + SLACK_KIB,
            "{way}"
        );
        assert!(held.looper < before.looper + SLACK_KIB, "{way}");
    }
    assert_eq!(restarts, 3, "a worker maps 64 versions at most");
    dev.stays_quiet(Duration::from_millis(300));
}
