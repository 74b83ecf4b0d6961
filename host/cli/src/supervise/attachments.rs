//! What a job attaches to its guests: versions that take over, and recordings.
//!
//! Takes in a guest and what the job asks for; gives out the guest that the engine hears of, and once the run is over
//! makes whole what was written meanwhile.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use anstream::eprintln;
use backplane_analytics::{InstanceDescription, SwapDescription};
use backplane_engine::guest::Guest;
use backplane_guests::checkpoint::{self, CheckpointFile, CheckpointWriter, CheckpointedGuest};
use backplane_guests::succession::SucceededGuest;
use backplane_guests::{RecordedGuest, RecordedStrategy, RecordingWriter};

use super::job::{Job, JobStrategy, Swap};
use super::newsroom::Newsroom;
use super::swaps::{Maker, Named, Swaps};
use crate::error::CliError;
use crate::exit;

/// What is attached to the guests of one run.
pub(super) struct Attachments {
    recordings: Vec<Rc<RefCell<RecordingWriter>>>,
    named: Option<Arc<Named>>,
    swaps: Rc<RefCell<Vec<Swap>>>,
    newsroom: Newsroom,
}

impl Attachments {
    /// Nothing is attached yet.
    pub(super) fn new(job: &Job, newsroom: &Newsroom) -> Attachments {
        Attachments {
            recordings: Vec::new(),
            named: job.takes_swaps.then(Named::listen),
            swaps: Rc::default(),
            newsroom: newsroom.clone(),
        }
    }

    /// Whether nothing is attached to a strategy of a job.
    pub(super) const fn are_none(job: &Job, strategy: &JobStrategy) -> bool {
        !job.takes_swaps
            && strategy.swaps.is_empty()
            && job.checkpoints.is_none()
            && strategy.record.is_none()
    }

    /// Lets other versions follow a guest, where the job has any or may be told of them. `make` makes an instance of a
    /// version.
    pub(super) fn follow(
        &self,
        number: usize,
        strategy: &JobStrategy,
        digest: &str,
        guest: Box<dyn Guest>,
        make: Maker,
    ) -> Box<dyn Guest> {
        if self.named.is_none() && strategy.swaps.is_empty() {
            return guest;
        }
        let done = Rc::clone(&self.swaps);
        let mut swaps = Swaps::new(number, digest.to_owned(), make, done, &self.newsroom);
        swaps.planned = strategy.swaps.iter().cloned().collect();
        swaps.named.clone_from(&self.named);
        Box::new(SucceededGuest::new(guest, swaps))
    }

    /// Lets a guest go on from its newest checkpoint, and makes more, where the job asks for it. `probe` makes another
    /// instance, which has heard of the instruments: where that cannot go on, the strategy begins anew.
    pub(super) fn checkpoint(
        &self,
        number: usize,
        job: &Job,
        guest: Box<dyn Guest>,
        probe: impl FnOnce() -> Result<Box<dyn Guest>, CliError>,
    ) -> Result<Box<dyn Guest>, CliError> {
        let Some(checkpoints) = &job.checkpoints else {
            return Ok(guest);
        };
        let path = checkpoints.file(number);
        let failed = |error| CliError::io("reading and writing the checkpoints", &path, &error);
        let mut before = CheckpointFile::read(&path).map_err(failed)?;
        let label = job.strategies[number].label.clone();
        if !before.is_empty()
            && let Err(why) = checkpoint::check(&before, probe()?.as_mut())
        {
            if checkpoints.must_go_on {
                return Err(CliError::new(
                    exit::STRATEGY,
                    format!("strategy `{label}` cannot go on from the checkpoint: {why}"),
                    "let it load the state that the version before saved, or start the command anew",
                ));
            }
            eprintln!("`{label}` begins anew, because it cannot go on from its checkpoint: {why}");
            before = CheckpointFile::default();
        }
        let guest = checkpoint::resume(&before, guest);
        let Some(every) = checkpoints.every else {
            return Ok(guest);
        };
        let writer = CheckpointWriter::after(&path, &before).map_err(failed)?;
        let tell = Box::new(move |why: String| {
            eprintln!("no more checkpoints of `{label}` are made: {why}");
        });
        let first = checkpoints.first;
        let made = CheckpointedGuest::new(guest, writer, &before, every, first, tell);
        Ok(Box::new(made))
    }

    /// Records what a guest hears, where the job asks for it.
    pub(super) fn record(
        &mut self,
        strategy: &JobStrategy,
        described: &InstanceDescription,
        guest: Box<dyn Guest>,
        suspects: bool,
    ) -> Result<Box<dyn Guest>, CliError> {
        let Some(path) = &strategy.record else {
            return Ok(guest);
        };
        let recorded = RecordedStrategy {
            label: described.name.clone(),
            strategy: described.strategy.clone(),
            version: described.version.clone(),
            plugin_file: described.plugin_file.clone(),
            plugin_digest: described.plugin_digest.clone(),
            parameters: described.parameters.clone(),
        };
        // Where a strategy is suspected, what it heard must be in the file before it does its deed.
        let writer = RecordingWriter::create(path, &recorded, suspects)?;
        let recording = Rc::new(RefCell::new(writer));
        self.recordings.push(Rc::clone(&recording));
        Ok(Box::new(RecordedGuest::new(guest, recording)))
    }

    /// The versions that took over, or could not, in their order.
    pub(super) fn swaps(&self, job: &Job) -> Vec<SwapDescription> {
        let describe = |swap: &Swap| SwapDescription {
            instance: job.strategies[swap.strategy].label.clone(),
            message: swap.message,
            at: swap.at,
            from_digest: swap.from_digest.clone(),
            to_digest: swap.to_digest.clone(),
            to_version: swap.to_version.clone(),
            state_version: swap.state_version,
            state_bytes: swap.state_bytes,
            refused: swap.refused.clone(),
        };
        self.swaps.borrow().iter().map(describe).collect()
    }

    /// The run is over: recordings are made whole.
    pub(super) fn finish(&self) -> Result<(), CliError> {
        for recording in &self.recordings {
            recording.borrow_mut().finish()?;
        }
        Ok(())
    }
}
