//! Two hundred versions in a row.
//!
//! Takes in good versions of two behaviours, broken and half-written ones, saved in every way that editors and linkers
//! know; gives out whether each good one is run once, nothing else is, and no memory is lost but to the native versions
//! that are counted.

use std::path::Path;
use std::time::Duration;

use backplane_tests::guest_modules;
use serde_json::Value;

use super::{Desk, Loop, digest, digest_of_run, put, version};

const VERSIONS: u64 = 200;
/// Modules are compiled, which takes a moment each; `BACKPLANE_RELOADS` says how many they are to be instead.
const MODULE_VERSIONS: u64 = 40;
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
        let name = path.file_name().unwrap().to_str().unwrap();
        let backup = path.with_file_name(format!("{name}~"));
        let others = [format!(".{name}.swp"), "4913".into(), format!("#{name}#")];
        let others = others.map(|x| path.with_file_name(x));
        for other in &others {
            std::fs::write(other, &bytes[..1_000]).unwrap();
        }
        std::fs::rename(path, &backup).unwrap();
        std::fs::write(path, bytes).unwrap();
        for other in others.iter().chain([&backup]) {
            std::fs::remove_file(other).unwrap();
        }
    }),
    ("after something broken", |path, bytes| {
        std::fs::write(path, &bytes[..bytes.len() - 4_096]).unwrap();
        std::thread::sleep(Duration::from_millis(40));
        std::fs::write(path, b"no plugin at all").unwrap();
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
    let desk = Desk::new();
    let mut warm: Option<Held> = None;
    let mut restarts = 0;
    let check = |way: &str, held: Held| {
        let Some(before) = warm.as_ref().filter(|x| x.worker.0 == held.worker.0) else {
            restarts += u64::from(warm.is_some());
            assert_eq!(held.libraries, if warm.is_some() { 1 } else { 2 });
            warm = Some(held);
            return;
        };
        let mapped = held.library_kib - before.library_kib;
        assert!(held.libraries > before.libraries);
        assert!(
            held.worker.1 < before.worker.1 + mapped + SLACK_KIB,
            "{way}"
        );
        assert!(held.looper < before.looper + SLACK_KIB, "{way}");
    };
    each_is_run_once(&desk, &desk.plugin(), VERSIONS, version, check);
    assert_eq!(restarts, 3, "a worker maps 64 versions at most");
}

#[test]
fn versions_of_modules_are_each_run_once_and_take_no_memory_once_they_are_old() {
    let Some(modules) = guest_modules(&BEHAVIOURS) else {
        return;
    };
    let versions = std::env::var("BACKPLANE_RELOADS").ok();
    let versions = versions.map_or(MODULE_VERSIONS, |x| x.parse().unwrap());
    let desk = Desk::new();
    let module = |name: &str, number: u64| {
        let mut bytes = std::fs::read(modules.join(format!("{name}.wasm"))).unwrap();
        // A section of the author's own, called `v`, means nothing to anybody.
        bytes.extend([0, 10, 1, b'v']);
        bytes.extend(number.to_le_bytes());
        bytes
    };
    let mut warm: Option<Held> = None;
    let check = |way: &str, held: Held| {
        assert_eq!(held.libraries, 0);
        let before = warm.get_or_insert(held);
        let worker = resident(before.worker.0);
        assert!(worker < before.worker.1 + 4 * SLACK_KIB, "{way}: {worker}");
    };
    each_is_run_once(
        &desk,
        &desk.path("plugins/mine.wasm"),
        versions,
        module,
        check,
    );
}

/// Saves so many versions, each in another way, and looks at what was run.
fn each_is_run_once(
    desk: &Desk,
    path: &Path,
    versions: u64,
    make: impl Fn(&str, u64) -> Vec<u8>,
    mut check: impl FnMut(&str, Held),
) {
    let expected = BEHAVIOURS.map(digest_of_run);
    put(path, &make(BEHAVIOURS[0], 0));
    let dev = desk.dev(|command| {
        command.arg("--tape").arg(super::tape());
        command.args(["--plugins", "plugins", "--strategy", "mine"]);
    });
    assert_eq!(dev.next("run")["digest"], expected[0].as_str());
    for number in 1..=versions {
        let behaviour = (number % 2) as usize;
        let bytes = make(BEHAVIOURS[behaviour], number);
        let (way, save) = SAVES[number as usize % SAVES.len()];
        save(path, &bytes);
        let run = dev.next("run");
        assert_eq!(run["number"], number + 1, "{way}");
        assert_eq!(run["plugins"][0]["digest"], digest(&bytes), "{way}");
        assert_eq!(run["digest"], expected[behaviour].as_str(), "{way}");
        check(way, Held::after(&run, &dev));
    }
    dev.stays_quiet(Duration::from_millis(300));
}
