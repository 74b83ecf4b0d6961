//! The host's side of a native library.
//!
//! Takes in the path of a library that the caller trusts; gives out its descriptor and instances, behind safe methods.
//! A library is never unloaded: its code may still be referred to, and old versions stay mapped.

use core::ffi::c_void;
use std::path::Path;

use abi_stable::library::{LibraryError, lib_header_from_path};

use super::native::PluginRootRef;
use super::v1::{Bytes, LentBooks, LogRecord, PluginTable, Reply, status};
use super::{ABI_VERSION, Command, Message, ParamValue};
use crate::book::LevelBook;
use crate::state::{LogLevel, LogLine};

/// The most commands that one call may give.
pub const COMMANDS_PER_CALL_MAX: u64 = 65_536;
/// The most log lines that one call may give.
pub const LOGS_PER_CALL_MAX: u64 = 4_096;
/// The most bytes of a text that is taken over from a plugin.
pub const TEXT_BYTES_MAX: u64 = 64 * 1024;
/// The most bytes of a saved state.
pub const STATE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// The most bytes of a message about a failed load; `abi_stable` can write 60 KB about a layout.
const LOAD_ERROR_BYTES_MAX: usize = 400;

/// Why a plugin did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It refused, and is as it was.
    Refused(String),
    /// It panicked, or gave something that the contract forbids. It must not be called again.
    Fault {
        /// What it said.
        message: String,
        /// The source file, where it is known.
        file: Option<String>,
        /// The line, where it is known.
        line: Option<u32>,
    },
}

impl Failure {
    fn fault(message: String) -> Failure {
        Failure::Fault {
            message,
            file: None,
            line: None,
        }
    }
}

/// A loaded native library.
#[derive(Clone, Copy)]
pub struct Library {
    table: &'static PluginTable,
}

impl Library {
    /// Loads a library, through its `abi_stable` root module or, where it has none, through its plain C symbol.
    ///
    /// # Safety
    /// The library's code runs in this process, from its initialisers on: the caller trusts it, and vouches that the
    /// file will not change while it is mapped.
    ///
    /// # Errors
    /// Says in one line why the library cannot be loaded.
    pub unsafe fn load(path: &Path) -> Result<Library, String> {
        let table = match lib_header_from_path(path) {
            Ok(header) => {
                let root = header.init_root_module::<PluginRootRef>();
                root.map_err(|error| shorten(&error.to_string()))?.table()()
            }
            // SAFETY: the caller's promise.
            Err(LibraryError::GetSymbolError { .. }) => unsafe { plain_table(path)? },
            Err(error) => return Err(shorten(&error.to_string())),
        };
        // SAFETY: the library is trusted and stays mapped; its table is a static. Null is ruled out by `as_ref`.
        let table: &'static PluginTable = unsafe { table.as_ref() }
            .ok_or_else(|| "the library gives no function table".to_owned())?;
        if table.abi_version != ABI_VERSION || table.size < size_of::<PluginTable>() as u64 {
            return Err(format!(
                "the library's table is of ABI version {} ({} bytes), but this host speaks version {ABI_VERSION}",
                table.abi_version, table.size
            ));
        }
        Ok(Library { table })
    }

    /// The descriptor, as the plugin's JSON.
    ///
    /// # Errors
    /// What the plugin says.
    pub fn describe(&self) -> Result<String, Failure> {
        let mut reply = EMPTY_REPLY;
        // SAFETY: the table is that of a trusted library, and the reply lives for the call.
        let code = unsafe { (self.table.describe)(&mut reply) };
        finish(code, &reply)?;
        // SAFETY: the plugin keeps the bytes until the next call.
        let bytes = unsafe { copy(&reply.bytes, TEXT_BYTES_MAX)? };
        String::from_utf8(bytes)
            .map_err(|_| Failure::fault("the descriptor is not valid UTF-8".into()))
    }

    /// Makes an instance.
    ///
    /// # Errors
    /// What the plugin says.
    pub fn create(&self, params: &[ParamValue]) -> Result<LibraryInstance, Failure> {
        let mut reply = EMPTY_REPLY;
        let mut state = core::ptr::null_mut();
        let count = params.len() as u64;
        // SAFETY: the table is that of a trusted library; parameters, state and reply live for the call.
        let code = unsafe { (self.table.create)(params.as_ptr(), count, &mut state, &mut reply) };
        finish(code, &reply)?;
        if state.is_null() {
            return Err(Failure::fault("`create` gave no instance".into()));
        }
        Ok(LibraryInstance {
            table: self.table,
            state,
            faulted: false,
        })
    }
}

/// An instance that lives in a native library.
pub struct LibraryInstance {
    table: &'static PluginTable,
    state: *mut c_void,
    faulted: bool,
}

// SAFETY: the contract (docs/abi.md) has an instance be used by one thread at a time, and not be bound to one.
unsafe impl Send for LibraryInstance {}

impl LibraryInstance {
    /// Delivers a message and appends what the strategy asks for and logs.
    ///
    /// # Errors
    /// What the plugin says; after a fault it is never called again.
    #[inline]
    pub fn hear(
        &mut self,
        message: &Message,
        books: &[LevelBook],
        commands: &mut Vec<Command>,
        logs: &mut Vec<LogLine>,
    ) -> Result<(), Failure> {
        self.check_usable()?;
        let mut reply = EMPTY_REPLY;
        let lent = LentBooks::of(books);
        // SAFETY: the table and state are those of a trusted library; message, books and reply live for the call, and
        // no book changes during it.
        let code = unsafe { (self.table.hear)(self.state, message, &lent, &mut reply) };
        if code != status::OK {
            return self.note(finish(code, &reply));
        }
        if reply.command_count != 0 {
            // SAFETY: the plugin keeps its commands until the next call.
            let taken = unsafe { take_commands(&reply, commands) };
            self.note(taken)?;
        }
        if reply.log_count != 0 {
            // SAFETY: the plugin keeps its lines until the next call.
            let taken = unsafe { take_logs(&reply, logs) };
            self.note(taken)?;
        }
        Ok(())
    }

    /// The instance's state: its version and its bytes.
    ///
    /// # Errors
    /// What the plugin says.
    pub fn save(&mut self) -> Result<(u32, Vec<u8>), Failure> {
        self.check_usable()?;
        let mut reply = EMPTY_REPLY;
        // SAFETY: as in `hear`.
        let code = unsafe { (self.table.save)(self.state, &mut reply) };
        self.note(finish(code, &reply))?;
        // SAFETY: the plugin keeps the bytes until the next call.
        let bytes = unsafe { copy(&reply.bytes, STATE_BYTES_MAX) };
        let version = reply.state_version;
        self.note(bytes).map(|bytes| (version, bytes))
    }

    /// Replaces the instance's state.
    ///
    /// # Errors
    /// What the plugin says.
    pub fn load(&mut self, version: u32, bytes: &[u8]) -> Result<(), Failure> {
        self.check_usable()?;
        let mut reply = EMPTY_REPLY;
        let len = bytes.len() as u64;
        // SAFETY: as in `hear`; the bytes live for the call.
        let code =
            unsafe { (self.table.load)(self.state, version, bytes.as_ptr(), len, &mut reply) };
        self.note(finish(code, &reply))
    }

    #[inline]
    fn check_usable(&self) -> Result<(), Failure> {
        if self.faulted {
            return Err(had_a_fault());
        }
        Ok(())
    }

    fn note<T>(&mut self, result: Result<T, Failure>) -> Result<T, Failure> {
        self.faulted |= matches!(result, Err(Failure::Fault { .. }));
        result
    }
}

impl Drop for LibraryInstance {
    fn drop(&mut self) {
        // What a fault left behind is in no state to be tidied up: it is leaked.
        if !self.faulted {
            // SAFETY: the table and state are those of a trusted library, and the state is not used again.
            unsafe { (self.table.destroy)(self.state) };
        }
    }
}

#[cold]
fn had_a_fault() -> Failure {
    Failure::fault("the instance had a fault before".into())
}

const EMPTY_BYTES: Bytes = Bytes {
    data: core::ptr::null(),
    len: 0,
};

const EMPTY_REPLY: Reply = Reply {
    commands: core::ptr::null(),
    command_count: 0,
    logs: core::ptr::null(),
    log_count: 0,
    bytes: EMPTY_BYTES,
    file: EMPTY_BYTES,
    line: 0,
    state_version: 0,
};

/// The table behind the plain C symbol.
///
/// # Safety
/// As [`Library::load`].
unsafe fn plain_table(path: &Path) -> Result<*const PluginTable, String> {
    type Entry = unsafe extern "C" fn() -> *const PluginTable;
    // SAFETY: the caller's promise.
    let library = unsafe { libloading::Library::new(path) };
    let library = library.map_err(|error| shorten(&error.to_string()))?;
    // SAFETY: the contract gives this symbol this type.
    let entry = unsafe { library.get::<Entry>(b"backplane_plugin_v1\0") };
    let table = match entry {
        // SAFETY: as above.
        Ok(entry) => unsafe { entry() },
        Err(_) => {
            return Err(
                "it exports neither an abi_stable root module nor `backplane_plugin_v1`".into(),
            );
        }
    };
    core::mem::forget(library);
    Ok(table)
}

/// One line, of bounded length.
fn shorten(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut line = words.join(" ");
    if line.len() > LOAD_ERROR_BYTES_MAX {
        let end = (0..=LOAD_ERROR_BYTES_MAX)
            .rev()
            .find(|x| line.is_char_boundary(*x));
        line.truncate(end.unwrap_or(0));
        line.push_str("...");
    }
    line
}

/// The failure that a status and its reply stand for.
fn finish(code: u32, reply: &Reply) -> Result<(), Failure> {
    let text = |bytes: &Bytes| {
        // SAFETY: the plugin keeps the bytes until the next call.
        let copied = unsafe { copy(bytes, TEXT_BYTES_MAX) };
        copied
            .map(|x| String::from_utf8_lossy(&x).into_owned())
            .ok()
            .filter(|x| !x.is_empty())
    };
    let message = || text(&reply.bytes).unwrap_or_else(|| "no reason was given".into());
    match code {
        status::OK => Ok(()),
        status::REFUSED => Err(Failure::Refused(message())),
        status::FAULT => Err(Failure::Fault {
            message: message(),
            file: text(&reply.file),
            line: (reply.line != 0).then_some(reply.line),
        }),
        other => Err(Failure::fault(format!(
            "it returned the unknown status {other}"
        ))),
    }
}

/// Copies bytes that a plugin lends.
///
/// # Safety
/// Where the address is not null, `bytes.len` bytes live there.
unsafe fn copy(bytes: &Bytes, most: u64) -> Result<Vec<u8>, Failure> {
    if bytes.len == 0 {
        return Ok(Vec::new());
    }
    if bytes.data.is_null() || bytes.len > most {
        return Err(Failure::fault(format!(
            "it gave {} bytes where at most {most} are allowed",
            bytes.len
        )));
    }
    // SAFETY: the caller's promise; null and absurd lengths were ruled out.
    Ok(unsafe { core::slice::from_raw_parts(bytes.data, bytes.len as usize) }.to_vec())
}

/// Copies the commands of a reply.
///
/// # Safety
/// Where the address is not null, `reply.command_count` commands live there.
unsafe fn take_commands(reply: &Reply, to: &mut Vec<Command>) -> Result<(), Failure> {
    let count = reply.command_count;
    if reply.commands.is_null() || count > COMMANDS_PER_CALL_MAX {
        return Err(Failure::fault(format!(
            "it gave {count} commands in one call, where at most {COMMANDS_PER_CALL_MAX} are allowed"
        )));
    }
    for number in 0..count as usize {
        // SAFETY: the caller's promise; null and absurd lengths were ruled out.
        to.push(unsafe { Command::read(reply.commands.add(number)) });
    }
    Ok(())
}

/// Copies the log lines of a reply.
///
/// # Safety
/// Where the address is not null, `reply.log_count` lines live there, and their texts.
unsafe fn take_logs(reply: &Reply, to: &mut Vec<LogLine>) -> Result<(), Failure> {
    let count = reply.log_count;
    if reply.logs.is_null() || count > LOGS_PER_CALL_MAX {
        return Err(Failure::fault(format!(
            "it logged {count} lines in one call, where at most {LOGS_PER_CALL_MAX} are allowed"
        )));
    }
    // SAFETY: the caller's promise; null and absurd lengths were ruled out.
    let records: &[LogRecord] = unsafe { core::slice::from_raw_parts(reply.logs, count as usize) };
    for record in records {
        // SAFETY: the caller's promise.
        let text = unsafe { copy(&record.text, TEXT_BYTES_MAX)? };
        to.push(LogLine {
            level: LogLevel::from_code(record.level).unwrap_or(LogLevel::Information),
            text: String::from_utf8_lossy(&text).into_owned(),
        });
    }
    Ok(())
}
