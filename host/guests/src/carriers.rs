//! Loading plugins of any kind.
//!
//! Takes in files; gives out plugins and their guests, each on the carrier that its file name says: `lib<name>.so` is a
//! native library, `<name>.wasm` a sandboxed module.

use std::path::Path;

use backplane_engine::guest::Guest;
use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::params::Params;

use crate::error::GuestError;
use crate::guard;
use crate::loader::Loader;
use crate::native::NativePlugin;
use crate::wasm::{self, Limits, Sandbox, WasmPlugin};

/// What carries a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carrier {
    /// A shared library of this machine: trusted code.
    Native,
    /// A WebAssembly module: code that can harm nothing.
    Wasm,
}

impl Carrier {
    /// Its name in tables and files.
    pub const fn name(self) -> &'static str {
        match self {
            Carrier::Native => "native",
            Carrier::Wasm => "wasm",
        }
    }

    /// The carrier of a file, by its name.
    pub fn of(path: &Path) -> Carrier {
        match path.extension() {
            Some(end) if end == "wasm" => Carrier::Wasm,
            _ => Carrier::Native,
        }
    }

    /// Checks a file as it is checked before anything of it is loaded.
    ///
    /// # Errors
    /// Why it cannot be read, or is refused.
    pub fn check(path: &Path) -> Result<Carrier, GuestError> {
        Carrier::read(path).map(|_| Carrier::of(path))
    }

    /// Reads a file and checks it as [`Carrier::check`] does.
    ///
    /// # Errors
    /// Why it cannot be read, or is refused.
    pub fn read(path: &Path) -> Result<Vec<u8>, GuestError> {
        match Carrier::of(path) {
            Carrier::Native => guard::read(path),
            Carrier::Wasm => wasm::check::read(path).map(|x| x.0),
        }
    }
}

/// A loaded plugin. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Plugin {
    /// A native library.
    Native(NativePlugin),
    /// A sandboxed module.
    Wasm(WasmPlugin),
}

impl Plugin {
    /// What carries it.
    pub const fn carrier(&self) -> Carrier {
        match self {
            Plugin::Native(_) => Carrier::Native,
            Plugin::Wasm(_) => Carrier::Wasm,
        }
    }

    /// The strategy's name, as its descriptor says.
    pub fn name(&self) -> &str {
        &self.descriptor().name
    }

    /// The BLAKE3 digest of the bytes that were loaded.
    pub const fn digest(&self) -> [u8; 32] {
        match self {
            Plugin::Native(plugin) => plugin.digest(),
            Plugin::Wasm(plugin) => plugin.digest(),
        }
    }

    /// What the strategy says about itself.
    pub fn descriptor(&self) -> &Descriptor {
        match self {
            Plugin::Native(plugin) => plugin.descriptor(),
            Plugin::Wasm(plugin) => plugin.descriptor(),
        }
    }

    /// Makes an instance.
    ///
    /// # Errors
    /// That the parameters are not those of this plugin, or what the strategy says to them.
    pub fn instantiate(&self, params: &Params) -> Result<Box<dyn Guest>, GuestError> {
        Ok(match self {
            Plugin::Native(plugin) => Box::new(plugin.instantiate(params)?),
            Plugin::Wasm(plugin) => Box::new(plugin.instantiate(params)?),
        })
    }
}

/// Loads plugins of any kind. The sandbox is set up when the first module is loaded.
#[derive(Debug)]
pub struct Carriers {
    loader: Loader,
    sandbox: Option<Sandbox>,
    settings: wasm::Settings,
}

impl Carriers {
    /// Carriers whose sandbox is set up as given.
    ///
    /// # Errors
    /// That native libraries cannot be copied.
    pub fn new(settings: wasm::Settings) -> Result<Carriers, GuestError> {
        Ok(Carriers {
            loader: Loader::new()?,
            sandbox: None,
            settings,
        })
    }

    /// Sets up the sandbox anew, if it is to be another. Native libraries stay loaded.
    pub fn set_up(&mut self, settings: &wasm::Settings) {
        if self.settings != *settings {
            self.settings = settings.clone();
            self.sandbox = None;
        }
    }

    /// How many native libraries are mapped.
    pub const fn libraries(&self) -> u64 {
        self.loader.libraries()
    }

    /// How many bytes the files of the mapped libraries have.
    pub const fn library_bytes(&self) -> u64 {
        self.loader.bytes()
    }

    /// Loads a plugin. A sandboxed one gets the limits; a native one has none.
    ///
    /// # Errors
    /// Why the file is refused or cannot be loaded, or has a descriptor that cannot be used.
    pub fn load(&mut self, path: &Path, limits: &Limits) -> Result<Plugin, GuestError> {
        if Carrier::of(path) == Carrier::Native {
            return self.loader.load(path).map(Plugin::Native);
        }
        let sandbox = match &mut self.sandbox {
            Some(sandbox) => sandbox,
            none => none.insert(Sandbox::new(&self.settings)?),
        };
        sandbox.load(path, limits).map(Plugin::Wasm)
    }
}
