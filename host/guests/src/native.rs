//! Native plugins and their instances.
//!
//! Takes in a checked copy of a library; gives out its descriptor and guests. A plugin's panics come back as faults: its
//! own code catches them, because a host cannot catch a plugin's panic. Its segmentation faults and endless loops are
//! not contained here; they cost the process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use backplane_engine::guest::{Fault, Guest, Replies};
use backplane_sdk::abi::Message;
use backplane_sdk::abi::open::{Failure, Library, LibraryInstance};
use backplane_sdk::book::LevelBook;
use backplane_sdk::descriptor::Descriptor;
use backplane_sdk::params::Params;

use crate::descriptor;
use crate::error::GuestError;
use crate::text::one_line;

/// The most bytes of a reason in a message.
const REASON_BYTES_MAX: usize = 250;
/// The most bytes of a fault's message.
const FAULT_BYTES_MAX: usize = 1_000;

/// A loaded native plugin. Cheap to clone; it stays mapped until the process ends.
#[derive(Clone)]
pub struct NativePlugin {
    path: PathBuf,
    digest: [u8; 32],
    descriptor: Arc<Descriptor>,
    library: Library,
}

impl std::fmt::Debug for NativePlugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("NativePlugin");
        shown.field("path", &self.path).field("name", &self.name());
        shown.finish_non_exhaustive()
    }
}

impl NativePlugin {
    /// Loads `copy`, a private copy of the checked file `path`.
    pub(crate) fn open(
        path: &Path,
        copy: &Path,
        digest: [u8; 32],
    ) -> Result<NativePlugin, GuestError> {
        // SAFETY: native plugins are trusted code, which is what whoever names one to the host decides; this file was
        // checked to be a plugin that can be mapped. The copy lies in a directory of this user alone, and nothing
        // writes to it after it was made.
        #[allow(unsafe_code)]
        let loaded = unsafe { Library::load(copy) };
        let library = loaded.map_err(|reason| GuestError::Load {
            path: path.to_owned(),
            reason: one_line(&reason, REASON_BYTES_MAX),
        })?;
        let descriptor_error = |reason: &str| GuestError::Descriptor {
            path: path.to_owned(),
            reason: one_line(reason, REASON_BYTES_MAX),
        };
        let json = library
            .describe()
            .map_err(|failure| descriptor_error(&fault(failure).to_string()))?;
        let descriptor = descriptor::parse(&json).map_err(|reason| descriptor_error(&reason))?;
        Ok(NativePlugin {
            path: path.to_owned(),
            digest,
            descriptor: Arc::new(descriptor),
            library,
        })
    }

    /// The same plugin, read from another file of the same bytes.
    pub(crate) fn of_file(&self, path: &Path) -> NativePlugin {
        NativePlugin {
            path: path.to_owned(),
            ..self.clone()
        }
    }

    /// The strategy's name, as its descriptor says.
    pub fn name(&self) -> &str {
        &self.descriptor.name
    }

    /// The file that was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The BLAKE3 digest of the bytes that were loaded.
    pub const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// What the strategy says about itself.
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// Makes an instance.
    ///
    /// # Errors
    /// That the parameters are not those of this plugin, or what the strategy says to them.
    pub fn instantiate(&self, params: &Params) -> Result<NativeGuest, GuestError> {
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
        let created = self.library.create(&values);
        let instance = created.map_err(|failure| match failure {
            Failure::Refused(reason) => instance_error(&reason),
            failure => GuestError::Making {
                name: self.descriptor.name.clone(),
                fault: fault(failure),
            },
        })?;
        Ok(NativeGuest {
            descriptor: Arc::clone(&self.descriptor),
            instance,
            fault: None,
        })
    }
}

/// An instance of a native plugin.
pub struct NativeGuest {
    descriptor: Arc<Descriptor>,
    instance: LibraryInstance,
    /// The fault after which the instance is not called any more.
    fault: Option<Fault>,
}

impl std::fmt::Debug for NativeGuest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("NativeGuest");
        let shown = shown.field("name", &self.descriptor.name);
        shown.field("fault", &self.fault).finish_non_exhaustive()
    }
}

impl NativeGuest {
    /// Notes a fault, and gives the first one again where the instance had one before.
    #[cold]
    fn failed(&mut self, failure: Failure) -> Fault {
        let is_final = matches!(failure, Failure::Fault { .. });
        let fault = self.fault.clone().unwrap_or_else(|| fault(failure));
        if is_final {
            self.fault = Some(fault.clone());
        }
        fault
    }
}

impl Guest for NativeGuest {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    #[inline]
    fn hear(
        &mut self,
        messages: &[Message],
        books: &[LevelBook],
        replies: &mut Replies,
    ) -> Result<usize, Box<Fault>> {
        let Some(message) = messages.first() else {
            return Ok(0);
        };
        let (commands, logs) = (&mut replies.commands, &mut replies.logs);
        match self.instance.hear(message, books, commands, logs) {
            Ok(()) => Ok(1),
            Err(failure) => Err(Box::new(self.failed(failure))),
        }
    }

    fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        let saved = self.instance.save();
        saved.map_err(|failure| self.failed(failure))
    }

    fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), Fault> {
        let loaded = self.instance.load(version, bytes);
        loaded.map_err(|failure| self.failed(failure))
    }
}

/// What a plugin said, as the engine reports it.
fn fault(failure: Failure) -> Fault {
    match failure {
        Failure::Refused(reason) => Fault {
            message: one_line(&reason, FAULT_BYTES_MAX),
            file: None,
            line: None,
        },
        Failure::Fault {
            message,
            file,
            line,
        } => Fault {
            message: one_line(&message, FAULT_BYTES_MAX),
            file: file.map(|x| one_line(&x, FAULT_BYTES_MAX)),
            line,
        },
    }
}
