//! How sandboxed strategies are run: the run file's `[wasm]`.
//!
//! Takes in the table as it stands; gives out the checked values.

use backplane_guests::wasm::limits::MESSAGES_PER_CALL_MAX;
use serde::Deserialize;

use super::wrong;
use crate::error::CliError;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WasmTable {
    batch: Option<usize>,
    #[serde(default)]
    pub(super) canonical_nans: bool,
}

impl WasmTable {
    /// The most messages of one call; none where it is not said.
    pub(super) fn batch(&self) -> Result<Option<usize>, CliError> {
        let Some(batch) = self.batch else {
            return Ok(None);
        };
        if (1..=MESSAGES_PER_CALL_MAX).contains(&batch) {
            return Ok(Some(batch));
        }
        let allowed = format!("from 1 to {MESSAGES_PER_CALL_MAX}");
        Err(wrong("wasm.batch", &batch.to_string(), &allowed))
    }
}
