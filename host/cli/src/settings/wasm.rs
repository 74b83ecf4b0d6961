//! How sandboxed strategies are run: the run file's `[wasm]`.
//!
//! Takes in the table as it stands; gives out the checked values.

use backplane_guests::wasm::Limits;
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
    /// The most messages of one call.
    pub(super) fn batch(&self) -> Result<usize, CliError> {
        let batch = self.batch.unwrap_or(Limits::default().messages_per_call);
        if (1..=MESSAGES_PER_CALL_MAX).contains(&batch) {
            return Ok(batch);
        }
        let allowed = format!("from 1 to {MESSAGES_PER_CALL_MAX}");
        Err(wrong("wasm.batch", &batch.to_string(), &allowed))
    }
}
