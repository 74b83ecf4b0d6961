//! Loading plugins of any kind.
//!
//! Takes in files and grants; gives out plugins and their guests, each on the carrier that its file name says.

use std::path::Path;

use backplane_engine::guest::Guest;
use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::params::Params;

use crate::carrier::Carrier;
use crate::directory;
use crate::error::GuestError;
use crate::loader::Loader;
use crate::native::NativePlugin;
use crate::policy::Grant;
use crate::python::{self, PythonPlugin, PythonSettings};
use crate::wasm::{self, Sandbox, WasmPlugin};

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

    /// Sets up Python, and the sandbox anew if it is to be another. Native libraries stay loaded.
    pub fn set_up(&mut self, settings: &wasm::Settings, python: PythonSettings) {
        self.python = python;
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

    /// Loads a plugin, where it was granted. A sandboxed one gets the limits of its grant.
    ///
    /// # Errors
    /// That its carrier, or the file with these bytes, was not granted; why the file is refused or cannot be loaded; or
    /// that it has a descriptor that cannot be used.
    pub fn load(&mut self, path: &Path, grant: &Grant) -> Result<Plugin, GuestError> {
        let carrier = Carrier::of(path).unwrap_or(Carrier::Native);
        if !grant.has(carrier) {
            return Err(GuestError::NotGranted {
                name: directory::plugin_name(path, carrier),
                path: path.to_owned(),
                carrier,
            });
        }
        match carrier {
            Carrier::Native => self.loader.load_granted(path, grant).map(Plugin::Native),
            Carrier::Wasm => {
                let sandbox = match &mut self.sandbox {
                    Some(sandbox) => sandbox,
                    none => none.insert(Sandbox::new(&self.settings)?),
                };
                sandbox.load_granted(path, grant).map(Plugin::Wasm)
            }
            Carrier::Python => {
                PythonPlugin::load_granted(path, grant, &self.python).map(Plugin::Python)
            }
        }
    }
}
