//! The plugin's side of a native library.
//!
//! Takes in the host's calls through the C functions of a [`PluginTable`]; gives out replies that point into memory of
//! the plugin. Every function catches panics, because a host cannot catch a plugin's: they come back as
//! [`status::FAULT`] with message, file and line.

use core::cell::RefCell;
use core::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use abi_stable::StableAbi;
use abi_stable::library::RootModule;
use abi_stable::sabi_types::VersionStrings;

use super::lent::Lent;
use super::v1::{
    Bytes, Command, LentBooks, LogRecord, Message, ParamValue, PluginTable, Reply, status,
};
use crate::books::Books;
use crate::instance::Instance;
use crate::strategy::Strategy;

/// What a native library exports through `abi_stable`, which checks its layout before anything is called.
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginRootRef)))]
#[sabi(missing_field(panic))]
#[repr(C)]
pub struct PluginRoot {
    /// Gives the table of ABI version 1.
    #[sabi(last_prefix_field)]
    pub table: extern "C" fn() -> *const PluginTable,
}

impl RootModule for PluginRootRef {
    abi_stable::declare_root_module_statics! {PluginRootRef}

    const BASE_NAME: &'static str = "backplane_plugin";
    const NAME: &'static str = "backplane_plugin";
    /// The version of the ABI, not of any crate, so that a plugin outlives the SDK it was built with.
    const VERSION_STRINGS: VersionStrings = VersionStrings::new("1.0.0");
}

/// An instance with the memory that its replies point to.
struct NativeInstance<S> {
    instance: Instance<S>,
    logs: Vec<LogRecord>,
}

/// Where and why a plugin panicked.
#[derive(Default)]
struct Panic {
    message: String,
    file: String,
    line: u32,
}

thread_local! {
    /// The last panic of this thread, noted by the hook.
    static PANIC: RefCell<Panic> = RefCell::default();
    /// The bytes that the last reply of this thread points to.
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes panics note where they happened instead of printing. The hook is the plugin's own: each native library has its
/// own copy of the standard library.
fn note_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let payload = info.payload();
            let message = payload
                .downcast_ref::<&str>()
                .map(|x| (*x).to_owned())
                .or_else(|| payload.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "a panic without a message".to_owned());
            let (file, line) = info
                .location()
                .map_or((String::new(), 0), |x| (x.file().to_owned(), x.line()));
            PANIC.with_borrow_mut(|panic| {
                *panic = Panic {
                    message,
                    file,
                    line,
                }
            });
        }));
    });
}

fn bytes_of(data: &[u8]) -> Bytes {
    Bytes {
        data: data.as_ptr(),
        len: data.len() as u64,
    }
}

/// Keeps bytes for the reply until the next call of this thread.
fn give(reply: &mut Reply, data: Vec<u8>) {
    BYTES.with_borrow_mut(|bytes| {
        *bytes = data;
        reply.bytes = bytes_of(bytes);
    });
}

/// Runs `body`, turning a refusal and a panic into a status.
#[inline]
fn guard(reply: &mut Reply, body: impl FnOnce(&mut Reply) -> Result<(), String>) -> u32 {
    match catch_unwind(AssertUnwindSafe(|| body(reply))) {
        Ok(Ok(())) => status::OK,
        Ok(Err(text)) => {
            give(reply, text.into_bytes());
            status::REFUSED
        }
        Err(payload) => {
            // Dropping a payload may panic again; its text was noted by the hook.
            core::mem::forget(payload);
            PANIC.with_borrow(|panic| {
                reply.bytes = bytes_of(panic.message.as_bytes());
                reply.file = bytes_of(panic.file.as_bytes());
                reply.line = panic.line;
            });
            status::FAULT
        }
    }
}

unsafe extern "C" fn describe<S: Strategy>(reply: *mut Reply) -> u32 {
    note_panics();
    // SAFETY: the contract has the host pass a reply that lives for the call and that nobody else uses.
    let reply = unsafe { &mut *reply };
    guard(reply, |reply| {
        give(reply, S::descriptor().to_json().into_bytes());
        Ok(())
    })
}

unsafe extern "C" fn create<S: Strategy>(
    params: *const ParamValue,
    count: u64,
    state: *mut *mut c_void,
    reply: *mut Reply,
) -> u32 {
    note_panics();
    // SAFETY: as in `describe`.
    let reply = unsafe { &mut *reply };
    guard(reply, |_| {
        let values = if count == 0 {
            &[]
        } else {
            // SAFETY: the contract has the host pass `count` values that live for the call.
            unsafe { core::slice::from_raw_parts(params, count as usize) }
        };
        let native = NativeInstance::<S> {
            instance: Instance::from_abi(values, false)?,
            logs: Vec::new(),
        };
        // SAFETY: the contract has the host pass a place for the address.
        unsafe { *state = Box::into_raw(Box::new(native)).cast() };
        Ok(())
    })
}

unsafe extern "C" fn hear<S: Strategy>(
    state: *mut c_void,
    message: *const Message,
    books: *const LentBooks,
    reply: *mut Reply,
) -> u32 {
    // SAFETY: as in `describe`; `state` is what `create` gave, and the host calls one function of it at a time; message
    // and books live and stay as they are until this call returns.
    let (reply, native, message, lent) = unsafe {
        (
            &mut *reply,
            &mut *state.cast::<NativeInstance<S>>(),
            Message::read(message),
            Lent::new(&*books),
        )
    };
    guard(reply, |reply| {
        native.instance.hear(&message, Books::Lent(lent));
        let commands: &[Command] = native.instance.commands();
        reply.command_count = commands.len() as u64;
        if !commands.is_empty() {
            reply.commands = commands.as_ptr();
        }
        reply.log_count = 0;
        if !native.instance.logs().is_empty() {
            native.logs.clear();
            let logs = native.instance.logs().iter().map(|line| LogRecord {
                level: line.level as u32,
                reserved: 0,
                text: bytes_of(line.text.as_bytes()),
            });
            native.logs.extend(logs);
            reply.logs = native.logs.as_ptr();
            reply.log_count = native.logs.len() as u64;
        }
        Ok(())
    })
}

unsafe extern "C" fn save<S: Strategy>(state: *mut c_void, reply: *mut Reply) -> u32 {
    // SAFETY: as in `hear`.
    let (reply, native) = unsafe { (&mut *reply, &mut *state.cast::<NativeInstance<S>>()) };
    guard(reply, |reply| {
        give(reply, native.instance.save());
        reply.state_version = S::state_version();
        Ok(())
    })
}

unsafe extern "C" fn load<S: Strategy>(
    state: *mut c_void,
    state_version: u32,
    data: *const u8,
    len: u64,
    reply: *mut Reply,
) -> u32 {
    // SAFETY: as in `hear`.
    let (reply, native) = unsafe { (&mut *reply, &mut *state.cast::<NativeInstance<S>>()) };
    guard(reply, |_| {
        let bytes = if len == 0 {
            &[]
        } else {
            // SAFETY: the contract has the host pass `len` bytes that live for the call.
            unsafe { core::slice::from_raw_parts(data, len as usize) }
        };
        native.instance.load(state_version, bytes)
    })
}

unsafe extern "C" fn destroy<S: Strategy>(state: *mut c_void) {
    let dropped = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: `state` is what `create` gave, and the contract has the host forget it now.
        drop(unsafe { Box::from_raw(state.cast::<NativeInstance<S>>()) });
    }));
    // A panic while dropping has nobody left to hear of it; dropping its payload may panic again.
    core::mem::forget(dropped);
}

/// The table of a strategy.
pub const fn plugin_table<S: Strategy>() -> PluginTable {
    PluginTable {
        size: size_of::<PluginTable>() as u64,
        abi_version: super::ABI_VERSION,
        reserved: 0,
        describe: describe::<S>,
        create: create::<S>,
        hear: hear::<S>,
        save: save::<S>,
        load: load::<S>,
        destroy: destroy::<S>,
    }
}

/// What [`crate::export_strategy!`] expands to in a native library: the header section that is read before loading, the
/// plain C symbol, and the root module that `abi_stable` looks for under its own symbol name.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_strategy {
    ($strategy:ty) => {
        const _: () = {
            use $crate::abi::v1::{PluginHeader, PluginTable};

            #[used]
            #[unsafe(link_section = ".backplane")]
            static HEADER: PluginHeader = PluginHeader::new(cfg!(panic = "unwind"));

            static TABLE: PluginTable = $crate::abi::native::plugin_table::<$strategy>();

            #[unsafe(no_mangle)]
            extern "C" fn backplane_plugin_v1() -> *const PluginTable {
                &TABLE
            }

            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            static ROOT: $crate::abi::native::LibHeader =
                $crate::abi::native::root_header(root_module);

            extern "C" fn root_module() -> $crate::abi::native::RootModuleResult {
                $crate::abi::native::call_root_module(make_root)
            }

            fn make_root() -> $crate::abi::native::PluginRootRef {
                $crate::abi::native::make_root(backplane_plugin_v1)
            }
        };
    };
}

#[doc(hidden)]
pub use abi_stable::library::{LibHeader, RootModuleResult};

/// The static that `abi_stable` looks for in a library.
#[doc(hidden)]
pub const fn root_header(constructor: extern "C" fn() -> RootModuleResult) -> LibHeader {
    // SAFETY: `constructor` is the function that the macro makes of `root_module` below, which gives a `PluginRootRef`.
    unsafe {
        LibHeader::from_constructor::<PluginRootRef>(
            constructor,
            abi_stable::library::CheckTypeLayout::Yes,
        )
    }
}

/// The root module of a library whose table `table` gives.
#[doc(hidden)]
pub fn make_root(table: extern "C" fn() -> *const PluginTable) -> PluginRootRef {
    use abi_stable::prefix_type::PrefixTypeTrait;
    PluginRoot { table }.leak_into_prefix()
}

/// Hands the root module to `abi_stable`.
#[doc(hidden)]
pub fn call_root_module(make: fn() -> PluginRootRef) -> RootModuleResult {
    abi_stable::library::__call_root_module_loader(make)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_root_module_is_exported_under_the_name_that_abi_stable_looks_for() {
        let name = abi_stable::library::ROOT_MODULE_LOADER_NAME;
        assert_eq!(name, "_1as_0lib_1header_0root_bmodule_bloader");
    }
}
