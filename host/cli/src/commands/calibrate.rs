//! `backplane calibrate`: how far simulated fills agree with those that a tape records.
//!
//! Takes in a tape of orders and options; gives out the report of the ghost study. The work is done by the calibrate
//! crate.

use std::num::NonZeroUsize;

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
    show(&report, arguments.json)?;
    Ok(exit::OK)
}
