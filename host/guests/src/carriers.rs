//! Loading plugins of any kind.
//!
//! Takes in files; gives out plugins and their guests, each on the carrier that its file name says: `lib<name>.so` is a
//! native library, `<name>.wasm` a sandboxed module, `<name>.py` a Python program.

use std::path::Path;

use backplane_engine::guest::Guest;
use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::params::Params;

use crate::error::GuestError;
use crate::guard;
use crate::loader::Loader;
use crate::native::NativePlugin;
use crate::python::{self, PythonPlugin, PythonSettings};
use crate::wasm::{self, Limits, Sandbox, WasmPlugin};

/// What carries a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carrier {
    /// A shared library of this machine: trusted code.
    Native,
    /// A WebAssembly module: code that can harm nothing.
    Wasm,
    /// A Python program: a process that runs with the user's rights.
    Python,
}

impl Carrier {
    /// Its name in tables and files.
    pub const fn name(self) -> &'static str {
        match self {
            Carrier::Native => "native",
            Carrier::Wasm => "wasm",
            Carrier::Python => "python",
        }
    }

    /// The carrier of a file, by its name.
    pub fn of(path: &Path) -> Carrier {
        match path.extension() {
            Some(end) if end == "wasm" => Carrier::Wasm,
            Some(end) if end == "py" => Carrier::Python,
            _ => Carrier::Native,
        }
    }

    /// Checks a file as it is checked before anything of it is loaded.
    ///
    /// # Errors
    /// Why it cannot be read, or is refused.
    pub fn check(path: &Path) -> Result<Carrier, GuestError> {
        let carrier = Carrier::of(path);
        match carrier {
            Carrier::Native => guard::read(path).map(drop)?,
            Carrier::Wasm => wasm::check::read(path).map(drop)?,
            Carrier::Python => python::check(path)?,
        }
        Ok(carrier)
    }
}

/// A loaded plugin. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Plugin {
    /// A native library.
    Native(NativePlugin),
    /// A sandboxed module.
    Wasm(WasmPlugin),
    /// A Python program.
    Python(PythonPlugin),
}

impl Plugin {
    /// What carries it.
    pub const fn carrier(&self) -> Carrier {
        match self {
            Plugin::Native(_) => Carrier::Native,
            Plugin::Wasm(_) => Carrier::Wasm,
            Plugin::Python(_) => Carrier::Python,
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
            Plugin::Python(plugin) => plugin.digest(),
        }
    }

    /// What the strategy says about itself.
    pub fn descriptor(&self) -> &Descriptor {
        match self {
            Plugin::Native(plugin) => plugin.descriptor(),
            Plugin::Wasm(plugin) => plugin.descriptor(),
            Plugin::Python(plugin) => plugin.descriptor(),
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
            Plugin::Python(plugin) => Box::new(plugin.instantiate(params)?),
        })
    }
}

/// Loads plugins of any kind. The sandbox is set up when the first module is loaded.
#[derive(Debug)]
pub struct Carriers {
    loader: Loader,
    sandbox: Option<Sandbox>,
    settings: wasm::Settings,
    python: PythonSettings,
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
            python: PythonSettings::new(python::interpreter(None)),
        })
    }

    /// The same with other settings for Python.
    #[must_use]
    pub fn with_python(self, python: PythonSettings) -> Carriers {
        Carriers { python, ..self }
    }

    /// Loads a plugin. A sandboxed one gets the limits; a native one has none.
    ///
    /// # Errors
    /// Why the file is refused or cannot be loaded, or has a descriptor that cannot be used.
    pub fn load(&mut self, path: &Path, limits: &Limits) -> Result<Plugin, GuestError> {
        match Carrier::of(path) {
            Carrier::Native => return self.loader.load(path).map(Plugin::Native),
            Carrier::Python => return PythonPlugin::load(path, &self.python).map(Plugin::Python),
            Carrier::Wasm => {}
        }
        let sandbox = match &mut self.sandbox {
            Some(sandbox) => sandbox,
            none => none.insert(Sandbox::new(&self.settings)?),
        };
        sandbox.load(path, limits).map(Plugin::Wasm)
    }
}
