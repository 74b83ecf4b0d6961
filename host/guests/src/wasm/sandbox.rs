//! The engine that compiles modules and runs their instances.
//!
//! Takes in settings; gives out plugins. Everything that could make two runs differ is off or fixed: no threads, no
//! clocks, deterministic relaxed SIMD, and on request canonical NaNs. Fuel, counted by instructions, ends what does not
//! end by itself.

use std::path::Path;

use wasmtime::{
    Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy, Linker, Module,
    PoolingAllocationConfig,
};

use super::host::{self, Host};
use super::plugin::WasmPlugin;
use super::{Limits, cache, check};
use crate::error::{GuestError, Refusal};
use crate::policy::Grant;
use crate::text::one_line;

/// The most bytes of an instance's call stack.
pub const STACK_BYTES_MAX: usize = 512 * 1024;
/// From so many instances on, room for all of them is taken at once.
const POOL_INSTANCES_MIN: usize = 100;
/// The most bytes of a reason in a message.
const REASON_BYTES_MAX: usize = 250;

/// How a sandbox is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether every NaN has the same bits, as runs need that are to be equal on processors of different makes.
    pub canonical_nans: bool,
    /// How many instances will live at a time, as far as it is known. Where they are hundreds, room for all of them is
    /// taken at once.
    pub instances: usize,
    /// Whether compiled modules are kept between runs, in a directory to which this user alone can write.
    pub caches: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            canonical_nans: false,
            instances: 1,
            caches: true,
        }
    }
}

/// Compiles modules and runs their instances.
pub struct Sandbox {
    engine: Engine,
    linker: Linker<Host>,
    /// Why compiled modules are not kept, where they should be.
    uncached: Option<String>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Sandbox");
        shown
            .field("uncached", &self.uncached)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A sandbox.
    ///
    /// # Errors
    /// That this machine cannot run one.
    pub fn new(settings: &Settings) -> Result<Sandbox, GuestError> {
        let failed = |cause: wasmtime::Error| GuestError::Sandbox {
            reason: one_line(&format!("{cause:#}"), REASON_BYTES_MAX),
        };
        let mut config = config(settings);
        let mut uncached = None;
        if settings.caches {
            match open_cache() {
                Ok(cache) => {
                    config.cache(Some(cache));
                }
                Err(reason) => uncached = Some(reason),
            }
        }
        let engine = Engine::new(&config).map_err(failed)?;
        let mut linker = Linker::new(&engine);
        host::link(&mut linker).map_err(failed)?;
        Ok(Sandbox {
            engine,
            linker,
            uncached,
        })
    }

    /// Why compiled modules are not kept between runs, where they should be.
    pub fn uncached(&self) -> Option<&str> {
        self.uncached.as_deref()
    }

    /// Checks a module, compiles it and asks it to describe itself.
    ///
    /// # Errors
    /// Why the file is refused, cannot be compiled, or has a descriptor that cannot be used.
    pub fn load(&self, path: &Path, limits: &Limits) -> Result<WasmPlugin, GuestError> {
        self.load_checked(path, limits, &Grant::default())
    }

    /// As [`Sandbox::load`], with the limits of a grant and only where the file is the one that was granted.
    pub(crate) fn load_granted(
        &self,
        path: &Path,
        grant: &Grant,
    ) -> Result<WasmPlugin, GuestError> {
        self.load_checked(path, &grant.limits.sandbox(), grant)
    }

    fn load_checked(
        &self,
        path: &Path,
        limits: &Limits,
        grant: &Grant,
    ) -> Result<WasmPlugin, GuestError> {
        let refused = |reason| GuestError::refused(path, reason);
        limits.check().map_err(|x| refused(Refusal::Limits(x)))?;
        let (bytes, _) = check::read(path)?;
        let digest = *blake3::hash(&bytes).as_bytes();
        grant.check_digest(path, &digest)?;
        let load_error = |cause: wasmtime::Error| GuestError::Load {
            path: path.to_owned(),
            reason: one_line(&format!("{cause:#}"), REASON_BYTES_MAX),
        };
        let module = Module::new(&self.engine, &bytes).map_err(load_error)?;
        let linked = self.linker.instantiate_pre(&module).map_err(load_error)?;
        WasmPlugin::open(path, digest, linked, limits)
    }
}

fn open_cache() -> Result<Cache, String> {
    let directory = cache::directory()?;
    let mut config = CacheConfig::new();
    config.with_directory(directory);
    Cache::new(config).map_err(|cause| one_line(&format!("{cause:#}"), REASON_BYTES_MAX))
}

fn config(settings: &Settings) -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .max_wasm_stack(STACK_BYTES_MAX)
        .relaxed_simd_deterministic(true)
        .cranelift_nan_canonicalization(settings.canonical_nans)
        // Optional features of the language that no strategy needs; `check` refuses modules that use them.
        .wasm_tail_call(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false);
    if settings.instances >= POOL_INSTANCES_MIN {
        let count = u32::try_from(settings.instances).unwrap_or(u32::MAX);
        // A plugin has one instance more while it describes itself.
        let count = count.saturating_add(1);
        let mut pool = PoolingAllocationConfig::new();
        pool.total_core_instances(count)
            .total_memories(count)
            .total_tables(count)
            .table_elements(check::TABLE_ELEMENTS_MAX as usize)
            .max_memory_size(1 << 32);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}
