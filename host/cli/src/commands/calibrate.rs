//! `backplane calibrate`: how far simulated fills agree with those that a tape records.
//!
//! Takes in a tape of orders and options; gives out the report of the ghost study. The work is done by the calibrate
//! crate.

use std::num::NonZeroUsize;
use std::path::Path;

use backplane_calibrate::page::page;
use backplane_calibrate::{Levels, Options, Recording, Study};

use super::show;
use crate::arguments::{CalibrateArguments, CalibrateLevel};
use crate::error::CliError;
use crate::exit;
use crate::progress::Meter;

pub(super) fn execute(arguments: &CalibrateArguments) -> Result<u8, CliError> {
    let recording = Recording::read(&arguments.tape)?;
    let options = Options {
        sample: arguments.sample.map(NonZeroUsize::get),
        seed: arguments.seed,
        levels: match arguments.level {
            CalibrateLevel::Orders => Levels::Orders,
            CalibrateLevel::Prices => Levels::Prices,
            CalibrateLevel::Both => Levels::Both,
        },
        ..Options::default()
    };
    let study = Study::new(&recording, options);
    let meter = Meter::of("ghosts", study.ghosts());
    let report = study.run(&mut |done| meter.count(done));
    meter.finish();
    if let Some(path) = &arguments.html {
        write(path, &page(&report)).map_err(|x| CliError::io("writing the page", path, &x))?;
    }
    show(&report, arguments.json)?;
    Ok(exit::OK)
}

/// Writes a file that has its name only when it is whole.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let written = std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written
}
