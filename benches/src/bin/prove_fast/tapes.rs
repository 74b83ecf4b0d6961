//! The tapes that are measured, made once and kept for the next time.
//!
//! Takes in what each is made of; gives out their files in a folder beside the built programs. A tape's name holds a key
//! of its settings and of its first rows, so that another generator, importer or format makes another tape.

use std::io::ErrorKind;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use backplane_benches::market::{CONVENTIONS, Market, write_tape};
use backplane_sdk::types::Price;
use backplane_tape::format::FORMAT_VERSION;
use backplane_tape::generate::{Generator, GeneratorConfig};
use backplane_tape::import::{ImportOptions, import};
use backplane_tape::resolve::Resolver;
use backplane_tape::{Overwrite, TapeReader, TapeSchema};
use backplane_tests::market_data;

use crate::error::ProveError;
use crate::figures::Tape;
use crate::request::Request;

/// The order-level tape.
pub const ORDER_LEVEL: &str = "order level";
/// The order-level tape of many instruments and about a million live orders.
pub const HARD: &str = "hard";
/// The same market as that of the order-level tape, as its price levels show it.
pub const PRICE_LEVEL: &str = "price level";
/// Recorded trading in a future, over and over.
pub const REAL: &str = "real";
/// The tape that is repeated for the day of a crypto venue.
pub const CRYPTO: &str = "crypto";

/// The recorded files, below the folder of market data.
const REAL_FILES: [&str; 2] = [
    "databento_dbn/esh4-glbx-mdp3-20231224.mbo.dbn.zst",
    "databento_dbn/esh4-glbx-mdp3-20231225.mbo.dbn.zst",
];
/// The fewest rows of the real tape in a full measurement.
const REAL_ROWS_MIN: u64 = 5_000_000;

/// Bytes on disk for each message of a generated tape: 71 were measured.
const BYTES_PER_MESSAGE: u64 = 90;
/// What must stay free on the disk, in bytes.
const SPARE_BYTES: u64 = 1 << 30;
/// The first messages after the opening snapshot whose rows are part of the key.
const KEY_MESSAGES: u64 = 20_000;

/// A tape that can be measured.
pub struct Prepared {
    /// Its name in the table.
    pub name: &'static str,
    /// What it is.
    pub what: String,
    /// Whether its rows are of orders or of price levels.
    pub schema: TapeSchema,
    /// The tape.
    pub market: Market,
}

impl Prepared {
    /// What the report says about it.
    pub fn describe(&self) -> Tape {
        Tape {
            name: self.name.to_owned(),
            what: self.what.clone(),
            instruments: self.market.instruments.len(),
            rows: self.market.rows,
            messages: self.market.messages,
        }
    }

    /// Messages of the source for each row.
    pub fn messages_per_row(&self) -> f64 {
        self.market.messages as f64 / self.market.rows.max(1) as f64
    }
}

/// The folder of kept tapes.
///
/// # Errors
/// The folder cannot be made.
pub fn folder() -> Result<PathBuf, ProveError> {
    let program = std::env::current_exe();
    let program = program.map_err(|cause| ProveError::io("finding", Path::new("/proc"), &cause))?;
    let built = program.ancestors().nth(2).unwrap_or(Path::new("."));
    let folder = built.join("prove");
    std::fs::create_dir_all(&folder)
        .map_err(|cause| ProveError::io("creating", &folder, &cause))?;
    Ok(folder)
}

/// What a tape of this name is made of.
pub fn config(name: &str, request: &Request) -> GeneratorConfig {
    let messages = request.messages();
    let config = GeneratorConfig {
        messages,
        ..GeneratorConfig::default()
    };
    match name {
        HARD => GeneratorConfig {
            instruments: 250,
            resting_orders: request.resting_orders(),
            ..config
        },
        // Four coins, and as many messages in about an hour as the tape has: 25 of them are a day.
        CRYPTO => GeneratorConfig {
            start_price: Price(60_000_000_000_000),
            tick: Price(100_000_000),
            multiplier: 1_000_000_000,
            messages_per_second: (messages / 4 / 4_200).max(1) as u32,
            ..config
        },
        _ => config,
    }
}

/// The tape of this name: the kept one, or a new one.
///
/// # Errors
/// There is no room for it, or it cannot be written.
pub fn prepare(name: &'static str, request: &Request) -> Result<Prepared, ProveError> {
    let config = config(name, request);
    let schema = match name {
        PRICE_LEVEL => TapeSchema::Mbp,
        _ => TapeSchema::Mbo,
    };
    let snapshot = u64::from(config.instruments) * u64::from(config.resting_orders);
    let kept = Kept {
        name,
        size: config.messages,
        key: key(&config)?,
        messages: config.messages + snapshot,
    };
    let path = kept.find_or_make(|path| Ok(write_tape(&config, schema, path)?))?;
    Ok(Prepared {
        name,
        what: format!(
            "generated, seed {}, {} messages a second and {} resting orders an instrument",
            config.seed, config.messages_per_second, config.resting_orders
        ),
        schema,
        market: Market::open(&path)?,
    })
}

/// The tape of recorded trading; none where there are no recordings.
///
/// # Errors
/// There is no room for it, or it cannot be written.
pub fn prepare_real(request: &Request) -> Result<Option<Prepared>, ProveError> {
    let Some(data) = market_data() else {
        return Ok(None);
    };
    let inputs = REAL_FILES.map(|x| data.join(x));
    if let Some(missing) = inputs.iter().find(|x| !x.exists()) {
        eprintln!("skipped: no {}", missing.display());
        return Ok(None);
    }
    let scratch = tempfile::tempdir();
    let scratch = scratch
        .map_err(|cause| ProveError::io("creating a folder in", &std::env::temp_dir(), &cause))?;
    let mut options = ImportOptions {
        output: scratch.path().join("once.tape"),
        overwrite: Overwrite::Replace,
        ..ImportOptions::default()
    };
    import(&inputs, &options, &mut |_, _| {})?;
    let once = TapeReader::open(&options.output)?;
    let times = if request.quick {
        2
    } else {
        REAL_ROWS_MIN.div_ceil(once.rows().max(1))
    };
    options.repeat = u32::try_from(times).ok().and_then(NonZeroU32::new);
    // The digest of what one reading gives tells of the importer as well as of the files.
    let said = format!("{FORMAT_VERSION} {:?} {times}", once.digest());
    let kept = Kept {
        name: REAL,
        size: times,
        key: short(&blake3::hash(said.as_bytes())),
        messages: once.rows() * times,
    };
    let path = kept.find_or_make(|path| {
        options.output = path.to_owned();
        import(&inputs, &options, &mut |_, _| {})?;
        Ok(())
    })?;
    Ok(Some(Prepared {
        name: REAL,
        what: format!("ES, two days of December 2023, {times} times over"),
        schema: TapeSchema::Mbo,
        market: Market::open(&path)?,
    }))
}

/// A tape that is kept for the next time.
struct Kept {
    name: &'static str,
    /// How large it is, so that a small one does not replace a large one.
    size: u64,
    /// What tells it from those that were made otherwise.
    key: String,
    /// About how many messages it is made of.
    messages: u64,
}

impl Kept {
    /// Where the tape is; where it is not yet, it is made.
    fn find_or_make(
        &self,
        make: impl FnOnce(&Path) -> Result<(), ProveError>,
    ) -> Result<PathBuf, ProveError> {
        let folder = folder()?;
        let stem = format!("{}-{}-", self.name.replace(' ', "-"), self.size);
        let path = folder.join(format!("{stem}{}.tape", self.key));
        if !path.exists() {
            forget(&folder, &stem, &path)?;
            check_room(&folder, self.messages)?;
            eprintln!("writing {}", path.display());
            make(&path)?;
        }
        Ok(path)
    }
}

fn short(digest: &blake3::Hash) -> String {
    digest.to_hex()[..16].to_owned()
}

/// What tells this tape from others: its settings, the format, and its first rows.
fn key(config: &GeneratorConfig) -> Result<String, ProveError> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{FORMAT_VERSION} {config:?}").as_bytes());
    let first = GeneratorConfig {
        messages: config.messages.min(KEY_MESSAGES),
        ..config.clone()
    };
    let unmade = |error: &dyn std::fmt::Display| {
        ProveError::new(
            format!("generating a market of {error}"),
            "ask for another number of --messages",
        )
    };
    let generator = Generator::new(first).map_err(|error| unmade(&error))?;
    let mut resolver = Resolver::new(config.instruments.into(), CONVENTIONS);
    for message in generator {
        for row in resolver.push(&message)? {
            hasher.update(format!("{row:?}").as_bytes());
        }
    }
    Ok(short(&hasher.finalize()))
}

/// Removes the tapes of this name and size that were made otherwise than the one to come, which another process may have
/// made meanwhile.
fn forget(folder: &Path, stem: &str, kept: &Path) -> Result<(), ProveError> {
    let failed = |cause| ProveError::io("clearing", folder, &cause);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(stem) && path != kept {
            match std::fs::remove_file(&path) {
                Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(failed(cause)),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Refuses to begin what would fill the disk.
fn check_room(folder: &Path, messages: u64) -> Result<(), ProveError> {
    let wanted = messages * BYTES_PER_MESSAGE;
    let disk = rustix::fs::statvfs(folder);
    let disk = disk.map_err(|cause| ProveError::io("looking at the disk of", folder, &cause))?;
    let free = disk.f_bavail * disk.f_frsize;
    if free < wanted + SPARE_BYTES {
        return Err(ProveError::new(
            format!(
                "a tape of {messages} messages takes about {} MB in {}, where {} MB are free, of which {} MB are to stay free",
                wanted >> 20,
                folder.display(),
                free >> 20,
                SPARE_BYTES >> 20
            ),
            "make room, set CARGO_TARGET_DIR to a folder on another disk, or ask for fewer --messages",
        ));
    }
    Ok(())
}
