//! A compiled module.
//!
//! Takes in a checked and compiled module; gives out its descriptor and instances.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::params::Params;
use wasmtime::InstancePre;

use super::Limits;
use super::calls::Calls;
use super::guest::WasmGuest;
use super::host::Host;
use crate::descriptor;
use crate::error::{GuestError, Refusal};
use crate::text::one_line;

/// The most bytes of a reason in a message.
const REASON_BYTES_MAX: usize = 250;

/// A sandboxed plugin. Cheap to clone; its code is shared by all that is made of it.
#[derive(Clone)]
pub struct WasmPlugin {
    path: PathBuf,
    digest: [u8; 32],
    descriptor: Arc<Descriptor>,
    linked: InstancePre<Host>,
    limits: Limits,
}

impl std::fmt::Debug for WasmPlugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("WasmPlugin");
        shown.field("path", &self.path).field("name", &self.name());
        shown.finish_non_exhaustive()
    }
}

impl WasmPlugin {
    /// Asks a compiled module to describe itself.
    pub(super) fn open(
        path: &Path,
        digest: [u8; 32],
        linked: InstancePre<Host>,
        limits: &Limits,
    ) -> Result<WasmPlugin, GuestError> {
        let mut calls = Calls::open(&linked, limits).map_err(|fault| GuestError::Load {
            path: path.to_owned(),
            reason: one_line(&fault.to_string(), REASON_BYTES_MAX),
        })?;
        let descriptor_error = |reason: &str| GuestError::Descriptor {
            path: path.to_owned(),
            reason: one_line(reason, REASON_BYTES_MAX),
        };
        let json = calls.describe();
        let json = json.map_err(|fault| descriptor_error(&fault.to_string()))?;
        let descriptor = descriptor::parse(&json).map_err(|reason| descriptor_error(&reason))?;
        Ok(WasmPlugin {
            path: path.to_owned(),
            digest,
            descriptor: Arc::new(descriptor),
            linked,
            limits: limits.clone(),
        })
    }

    /// The strategy's name, as its descriptor says.
    pub fn name(&self) -> &str {
        &self.descriptor.name
    }

    /// The file that was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The BLAKE3 digest of the module's bytes.
    pub const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// What the strategy says about itself.
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// What each of its instances may use.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The same plugin, whose instances may use what is given.
    ///
    /// # Errors
    /// Names a limit within which nothing can run.
    pub fn with_limits(&self, limits: &Limits) -> Result<WasmPlugin, GuestError> {
        let checked = limits.check();
        checked.map_err(|x| GuestError::refused(&self.path, Refusal::Limits(x)))?;
        Ok(WasmPlugin {
            limits: limits.clone(),
            ..self.clone()
        })
    }

    /// Makes an instance.
    ///
    /// # Errors
    /// That the parameters are not those of this plugin, or what the strategy says to them.
    pub fn instantiate(&self, params: &Params) -> Result<WasmGuest, GuestError> {
        let instance_error = |reason: &str| GuestError::Instance {
            name: self.descriptor.name.clone(),
            reason: one_line(reason, REASON_BYTES_MAX),
        };
        let values = params.to_abi();
        let declared = &self.descriptor.params;
        let fitting = Params::from_abi(declared, &values).map_err(|x| instance_error(&x))?;
        if fitting != *params {
            return Err(instance_error(
                "the parameters are those of another strategy",
            ));
        }
        let failed = |fault| GuestError::Making {
            name: self.descriptor.name.clone(),
            fault,
        };
        let mut calls = Calls::open(&self.linked, &self.limits).map_err(failed)?;
        let created = calls
            .create(&values, self.limits.batch(&self.descriptor))
            .map_err(failed)?;
        created.map_err(|reason| instance_error(&reason))?;
        Ok(WasmGuest::new(
            Arc::clone(&self.descriptor),
            calls,
            &self.limits,
        ))
    }
}
