//! `backplane calibrate`: how far simulated fills agree with those that a tape records.
//!
//! Takes in a tape of orders and options; gives out the report of the ghost study. The work is done by the calibrate
//! crate.

use backplane_calibrate::{Options, Recording, Study};

use super::show;
use crate::arguments::CalibrateArguments;
use crate::error::CliError;
use crate::exit;

pub(super) fn execute(arguments: &CalibrateArguments) -> Result<u8, CliError> {
    let recording = Recording::read(&arguments.tape)?;
    let options = Options {
        sample: arguments.sample,
        seed: arguments.seed,
        ..Options::default()
    };
    show(&Study::new(&recording, options).run(), arguments.json)?;
    Ok(exit::OK)
}
