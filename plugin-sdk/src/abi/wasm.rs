//! The guest's side of a WebAssembly module.
//!
//! Takes in the host's calls through exported functions; gives out commands and texts in buffers that the guest owns,
//! where the host reads them. The host writes messages into the message buffer, calls `backplane_on_events`, and reads
//! the command buffer. A guest keeps its own books. The only import is `backplane.log`.

use core::cell::RefCell;

use super::v1::{Command, Message, ParamValue};
use crate::books::Books;
use crate::instance::Instance;
use crate::state::LogLine;
use crate::strategy::Strategy;

/// The most messages that one call may deliver.
pub const BATCH_MAX: usize = 1_024;
/// The most bytes that the host may write into the text buffer: a saved state.
pub const TEXT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The level of a line that says why the module traps next.
const LAST_WORDS: u32 = 0;

#[link(wasm_import_module = "backplane")]
unsafe extern "C" {
    /// Takes a line of text: level, address, length.
    fn log(level: u32, data: *const u8, len: u32);
}

/// A guest: at most one instance a module.
pub struct Guest<S> {
    instance: RefCell<Option<Instance<S>>>,
    messages: RefCell<Vec<Message>>,
    params: RefCell<Vec<ParamValue>>,
    commands: RefCell<Vec<Command>>,
    text: RefCell<Vec<u8>>,
}

// SAFETY: a module without threads has only one.
unsafe impl<S> Sync for Guest<S> {}

impl<S: Strategy> Default for Guest<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Strategy> Guest<S> {
    /// A guest without an instance.
    pub const fn new() -> Guest<S> {
        Guest {
            instance: RefCell::new(None),
            messages: RefCell::new(Vec::new()),
            params: RefCell::new(Vec::new()),
            commands: RefCell::new(Vec::new()),
            text: RefCell::new(Vec::new()),
        }
    }

    /// Makes room for `count` messages and says where; null where that is too many.
    pub fn message_buffer(&self, count: usize) -> *mut Message {
        buffer(&self.messages, count, BATCH_MAX)
    }

    /// Makes room for `count` parameter values and says where; null where that is too many.
    pub fn param_buffer(&self, count: usize) -> *mut ParamValue {
        buffer(&self.params, count, BATCH_MAX)
    }

    /// Makes room for `len` bytes of a saved state and says where; null where that is too many.
    pub fn text_buffer(&self, len: usize) -> *mut u8 {
        buffer(&self.text, len, TEXT_BYTES_MAX)
    }

    /// Where the commands of the last call are.
    pub fn command_buffer(&self) -> *const Command {
        self.commands.borrow().as_ptr()
    }

    /// Writes the descriptor to the text buffer and gives its length.
    pub fn describe(&self) -> usize {
        std::panic::set_hook(Box::new(|info| last_words(info)));
        self.give(S::descriptor().to_json().into_bytes())
    }

    /// Makes the instance from the parameter buffer. Gives 0, or the length of the reason in the text buffer.
    pub fn create(&self) -> usize {
        std::panic::set_hook(Box::new(|info| last_words(info)));
        match Instance::from_abi(&self.params.borrow(), true) {
            Ok(instance) => {
                self.instance.replace(Some(instance));
                0
            }
            Err(reason) => self.give(reason.into_bytes()),
        }
    }

    /// Hears the first `count` messages of the buffer, up to and with the first that makes it give a command other than
    /// a metric, or a log line. Gives the number heard in the high and the number of commands in the low 32 bits.
    pub fn on_events(&self, count: usize) -> u64 {
        let mut instance = self.instance.borrow_mut();
        let mut commands = self.commands.borrow_mut();
        commands.clear();
        let Some(instance) = instance.as_mut() else {
            return 0;
        };
        let mut heard = 0;
        for message in self.messages.borrow().iter().take(count) {
            heard += 1;
            instance.hear(message, Books::None);
            instance.logs().iter().for_each(log_line);
            let given = instance.commands().iter();
            commands.extend(given.map(|x| x.given_on(heard as usize - 1)));
            if instance.asks() || !instance.logs().is_empty() {
                break;
            }
        }
        heard << 32 | commands.len() as u64
    }

    /// Writes the state to the text buffer; gives its version in the high and its length in the low 32 bits.
    pub fn save(&self) -> u64 {
        let bytes = self.instance.borrow().as_ref().map(Instance::save);
        let len = self.give(bytes.unwrap_or_default());
        u64::from(S::state_version()) << 32 | len as u64
    }

    /// Takes over the state in the text buffer. Gives 0, or the length of the reason in the text buffer.
    pub fn load(&self, version: u32) -> usize {
        let bytes = self.text.take();
        let mut instance = self.instance.borrow_mut();
        let loaded = match instance.as_mut() {
            Some(instance) => instance.load(version, &bytes),
            None => Err("there is no instance".into()),
        };
        match loaded {
            Ok(()) => 0,
            Err(reason) => self.give(reason.into_bytes()),
        }
    }

    /// Where the text buffer is.
    pub fn text(&self) -> *const u8 {
        self.text.borrow().as_ptr()
    }

    fn give(&self, text: Vec<u8>) -> usize {
        let len = text.len();
        self.text.replace(text);
        len
    }
}

fn buffer<T: Clone + Default>(buffer: &RefCell<Vec<T>>, count: usize, most: usize) -> *mut T {
    if count > most {
        return core::ptr::null_mut();
    }
    let mut buffer = buffer.borrow_mut();
    buffer.resize(count, T::default());
    buffer.as_mut_ptr()
}

fn log_line(line: &LogLine) {
    report(line.level as u32, &line.text);
}

/// Says why the module traps next: the place in the source, then the reason on a line of its own.
fn last_words(info: &std::panic::PanicHookInfo<'_>) {
    let place = info
        .location()
        .map_or(String::new(), |x| format!("{}:{}", x.file(), x.line()));
    let reason = info.payload_as_str().unwrap_or("it panicked");
    report(LAST_WORDS, &format!("{place}\n{reason}"));
}

fn report(level: u32, text: &str) {
    // SAFETY: the host reads `len` bytes at the address during the call and keeps nothing.
    unsafe { log(level, text.as_ptr(), text.len() as u32) };
}

/// What [`crate::export_strategy!`] expands to in a WebAssembly module.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_strategy {
    ($strategy:ty) => {
        const _: () = {
            use $crate::abi::{Command, Message, ParamValue, wasm::Guest};

            static GUEST: Guest<$strategy> = Guest::new();

            #[unsafe(no_mangle)]
            extern "C" fn backplane_abi_version() -> u32 {
                $crate::abi::ABI_VERSION
            }
            #[unsafe(no_mangle)]
            extern "C" fn backplane_message_buffer(count: usize) -> *mut Message {
                GUEST.message_buffer(count)
            }
            #[unsafe(no_mangle)]
            extern "C" fn backplane_param_buffer(count: usize) -> *mut ParamValue {
                GUEST.param_buffer(count)
            }
            #[unsafe(no_mangle)]
            extern "C" fn backplane_command_buffer() -> *const Command {
                GUEST.command_buffer()
            }
            #[unsafe(no_mangle)]
            extern "C" fn backplane_text_buffer(len: usize) -> *mut u8 {
                GUEST.text_buffer(len)
            }
            #[unsafe(no_mangle)]
            extern "C" fn backplane_text() -> *const u8 {
                GUEST.text()
            }
            #[unsafe(no_mangle)]
            extern "C" fn backplane_describe() -> usize {
                GUEST.describe()
            }
            #[unsafe(no_mangle)]
            extern "C" fn backplane_create() -> usize {
                GUEST.create()
            }
            #[unsafe(no_mangle)]
            extern "C" fn backplane_on_events(count: usize) -> u64 {
                GUEST.on_events(count)
            }
            #[unsafe(no_mangle)]
            extern "C" fn backplane_save() -> u64 {
                GUEST.save()
            }
            #[unsafe(no_mangle)]
            extern "C" fn backplane_load(version: u32) -> usize {
                GUEST.load(version)
            }
        };
    };
}
