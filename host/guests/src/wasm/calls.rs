//! Calls into one instance of a module.
//!
//! Takes in messages, parameters and saved bytes, and writes them where the module says; gives out what the module wrote,
//! read from where it says. Every address and length that a module gives is checked against its memory. Each call is
//! granted its fuel anew.

use backplane_engine::fault::Fault;
use backplane_sdk::abi::open::{COMMANDS_PER_CALL_MAX, STATE_BYTES_MAX, TEXT_BYTES_MAX};
use backplane_sdk::abi::v1::command_kind;
use backplane_sdk::abi::{ABI_VERSION, Command, Message, ParamValue};
use backplane_sdk::state::LogLine;
use wasmtime::{Instance, InstancePre, Memory, Store, TypedFunc, WasmParams, WasmResults};

use super::Limits;
use super::check::{INITIALIZE, MEMORY};
use super::fault;
use super::host::Host;

/// One instance, ready to be called.
pub(super) struct Calls {
    store: Store<Host>,
    memory: Memory,
    functions: Functions,
    /// Where messages are written, and for how many there is room.
    messages: (usize, usize),
}

/// What a module exports.
struct Functions {
    abi_version: TypedFunc<(), u32>,
    message_buffer: TypedFunc<u32, u32>,
    param_buffer: TypedFunc<u32, u32>,
    text_buffer: TypedFunc<u32, u32>,
    command_buffer: TypedFunc<(), u32>,
    text: TypedFunc<(), u32>,
    describe: TypedFunc<(), u32>,
    create: TypedFunc<(), u32>,
    on_events: TypedFunc<u32, u64>,
    save: TypedFunc<(), u64>,
    load: TypedFunc<u32, u32>,
}

impl Functions {
    fn find(instance: &Instance, store: &mut Store<Host>) -> wasmtime::Result<Functions> {
        let mut all = Finder { instance, store };
        Ok(Functions {
            abi_version: all.find("backplane_abi_version")?,
            message_buffer: all.find("backplane_message_buffer")?,
            param_buffer: all.find("backplane_param_buffer")?,
            text_buffer: all.find("backplane_text_buffer")?,
            command_buffer: all.find("backplane_command_buffer")?,
            text: all.find("backplane_text")?,
            describe: all.find("backplane_describe")?,
            create: all.find("backplane_create")?,
            on_events: all.find("backplane_on_events")?,
            save: all.find("backplane_save")?,
            load: all.find("backplane_load")?,
        })
    }
}

struct Finder<'a> {
    instance: &'a Instance,
    store: &'a mut Store<Host>,
}

impl Finder<'_> {
    fn find<P: WasmParams, R: WasmResults>(
        &mut self,
        name: &str,
    ) -> wasmtime::Result<TypedFunc<P, R>> {
        self.instance.get_typed_func(&mut *self.store, name)
    }
}

impl Calls {
    /// Makes an instance and asks it for its version of the contract, before anything else.
    pub(super) fn open(linked: &InstancePre<Host>, limits: &Limits) -> Result<Calls, Fault> {
        let failed = |cause: wasmtime::Error| fault::fault(&format!("{cause:#}"));
        let mut store = Store::new(linked.module().engine(), Host::new(limits.clone()));
        store.limiter(|host| host);
        store.set_fuel(limits.fuel_per_message).map_err(failed)?;
        let instance = linked.instantiate(&mut store).map_err(failed)?;
        let memory = instance.get_memory(&mut store, MEMORY);
        let memory = memory.ok_or_else(|| fault::fault("it has no memory"))?;
        store.data_mut().memory = Some(memory);
        let functions = Functions::find(&instance, &mut store).map_err(failed)?;
        let mut calls = Calls {
            store,
            memory,
            functions,
            messages: (0, 0),
        };
        let version = call(&calls.functions.abi_version, &mut calls.store, ())?;
        if version != ABI_VERSION {
            return Err(fault::fault(&format!(
                "it is built for plugin ABI version {version}, but this host speaks version {ABI_VERSION}"
            )));
        }
        if let Some(initialize) = instance.get_func(&mut calls.store, INITIALIZE) {
            let initialize = initialize.typed(&calls.store).map_err(failed)?;
            call::<(), ()>(&initialize, &mut calls.store, ())?;
        }
        Ok(calls)
    }

    /// The descriptor, as the module's JSON.
    pub(super) fn describe(&mut self) -> Result<String, Fault> {
        let len = call(&self.functions.describe, &mut self.store, ())?;
        let bytes = self.text(len, TEXT_BYTES_MAX)?;
        String::from_utf8(bytes).map_err(|_| fault::fault("the descriptor is not valid UTF-8"))
    }

    /// Makes the strategy, which is to hear so many messages in a call at most; the inner error is what it says to the
    /// parameters.
    pub(super) fn create(
        &mut self,
        params: &[ParamValue],
        messages: usize,
    ) -> Result<Result<(), String>, Fault> {
        let count = params.len() as u32;
        let address = call(&self.functions.param_buffer, &mut self.store, count)? as usize;
        let mut bytes = Vec::with_capacity(size_of_val(params));
        for param in params {
            bytes.extend(param.kind.to_le_bytes());
            bytes.extend([0; 4]);
            bytes.extend(param.bits.to_le_bytes());
        }
        self.room(address, bytes.len(), "backplane_param_buffer")?
            .copy_from_slice(&bytes);
        let len = call(&self.functions.create, &mut self.store, ())?;
        if len > 0 {
            return self.text(len, TEXT_BYTES_MAX).map(refusal);
        }
        let buffer = &self.functions.message_buffer;
        let address = call(buffer, &mut self.store, messages as u32)? as usize;
        self.messages = (address, messages);
        Ok(Ok(()))
    }

    /// Delivers messages and appends what is asked for. Gives how many were heard, and the fuel that they took.
    #[inline]
    pub(super) fn hear(
        &mut self,
        messages: &[Message],
        fuel: u64,
        commands: &mut Vec<Command>,
    ) -> Result<(usize, u64), Fault> {
        let (address, most) = self.messages;
        let messages = &messages[..messages.len().min(most)];
        let room = self.room(address, messages.len() * 64, "backplane_message_buffer")?;
        for (room, message) in room.chunks_exact_mut(64).zip(messages) {
            room.copy_from_slice(&message.to_bytes());
        }
        if let Err(cause) = self.store.set_fuel(fuel) {
            return Err(fault::fault(&format!("{cause:#}")));
        }
        let given = messages.len() as u32;
        let answer = match self.functions.on_events.call(&mut self.store, given) {
            Ok(answer) => answer,
            Err(cause) => return Err(fault::of(&cause, self.store.data(), fuel)),
        };
        let left = self.store.get_fuel().unwrap_or(0);
        let (heard, count) = ((answer >> 32) as usize, answer as u32);
        if heard == 0 || heard > messages.len() {
            return Err(fault::fault(&format!(
                "it says that it heard {heard} messages of {given}"
            )));
        }
        if count > 0 {
            self.take_commands(count, heard, commands)?;
        }
        Ok((heard, fuel - left))
    }

    /// Appends the commands of a call that heard messages.
    fn take_commands(
        &mut self,
        count: u32,
        heard: usize,
        to: &mut Vec<Command>,
    ) -> Result<(), Fault> {
        let too_many = |count: u64| {
            Err(fault::fault(&format!(
                "it gave {count} commands on one message, where at most {COMMANDS_PER_CALL_MAX} are allowed"
            )))
        };
        if u64::from(count) > COMMANDS_PER_CALL_MAX * heard as u64 {
            return too_many(count.into());
        }
        let address = call(&self.functions.command_buffer, &mut self.store, ())? as usize;
        let bytes = self.bytes(address, count as usize * 80, "commands")?;
        let before = to.len();
        to.extend(bytes.as_chunks().0.iter().map(Command::from_bytes));
        if u64::from(count) > COMMANDS_PER_CALL_MAX {
            let most = most_on_one(&to[before..], heard);
            if most > COMMANDS_PER_CALL_MAX {
                return too_many(most);
            }
        }
        Ok(())
    }

    /// What was logged in the last call.
    #[inline]
    pub(super) fn take_lines(&mut self, to: &mut Vec<LogLine>) {
        let host = self.store.data_mut();
        if !host.lines.is_empty() || host.dropped > 0 {
            host.take_lines(to);
        }
    }

    /// The state: its version and its bytes.
    pub(super) fn save(&mut self) -> Result<(u32, Vec<u8>), Fault> {
        let answer = call(&self.functions.save, &mut self.store, ())?;
        let bytes = self.text(answer as u32, STATE_BYTES_MAX)?;
        Ok(((answer >> 32) as u32, bytes))
    }

    /// Replaces the state; the inner error is what the strategy says to the bytes.
    pub(super) fn load(&mut self, version: u32, bytes: &[u8]) -> Result<Result<(), String>, Fault> {
        let len = bytes.len() as u64;
        if len > STATE_BYTES_MAX {
            return Ok(Err(format!(
                "a state of {len} bytes is larger than {STATE_BYTES_MAX}"
            )));
        }
        let address = call(&self.functions.text_buffer, &mut self.store, len as u32)? as usize;
        self.room(address, bytes.len(), "backplane_text_buffer")?
            .copy_from_slice(bytes);
        match call(&self.functions.load, &mut self.store, version)? {
            0 => Ok(Ok(())),
            len => self.text(len, TEXT_BYTES_MAX).map(refusal),
        }
    }

    /// The bytes of memory that the instance has now.
    pub(super) fn memory_bytes(&self) -> usize {
        self.memory.data_size(&self.store)
    }

    /// The text that the module wrote last.
    fn text(&mut self, len: u32, most: u64) -> Result<Vec<u8>, Fault> {
        if u64::from(len) > most {
            return Err(fault::fault(&format!(
                "it gave {len} bytes where at most {most} are allowed"
            )));
        }
        let address = call(&self.functions.text, &mut self.store, ())? as usize;
        Ok(self.bytes(address, len as usize, "text")?.to_vec())
    }

    fn bytes(&self, address: usize, len: usize, what: &str) -> Result<&[u8], Fault> {
        let bytes = self.memory.data(&self.store);
        let whole = bytes.len();
        bytes.get(address..address + len).ok_or_else(|| {
            fault::fault(&format!(
                "its {len} bytes of {what} are at address {address}, but its memory has {whole} bytes"
            ))
        })
    }

    /// The room that a module made for what is written.
    #[inline]
    fn room(&mut self, address: usize, len: usize, what: &str) -> Result<&mut [u8], Fault> {
        let bytes = self.memory.data_mut(&mut self.store);
        let whole = bytes.len();
        match bytes.get_mut(address..address + len) {
            Some(room) if address != 0 || len == 0 => Ok(room),
            _ => Err(no_room(what, address, len, whole)),
        }
    }
}

/// Calls a function that is granted the fuel of one message.
fn call<P: WasmParams, R: WasmResults>(
    function: &TypedFunc<P, R>,
    store: &mut Store<Host>,
    params: P,
) -> Result<R, Fault> {
    let fuel = store.data().limits.fuel_per_message;
    let granted = store.set_fuel(fuel);
    granted.map_err(|cause| fault::fault(&format!("{cause:#}")))?;
    let result = function.call(&mut *store, params);
    result.map_err(|cause| fault::of(&cause, store.data(), fuel))
}

#[cold]
fn no_room(what: &str, address: usize, len: usize, whole: usize) -> Fault {
    fault::fault(&format!(
        "`{what}` gave address {address} for {len} bytes, but its memory has {whole} bytes"
    ))
}

/// What a strategy refuses with.
fn refusal(text: Vec<u8>) -> Result<(), String> {
    Err(String::from_utf8_lossy(&text).into_owned())
}

/// The most commands that were given on one of the messages.
fn most_on_one(commands: &[Command], heard: usize) -> u64 {
    let mut counts = vec![0; heard];
    for command in commands {
        let place = match command.kind {
            command_kind::METRIC => command.quantity as usize,
            _ => heard - 1,
        };
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }
    counts.into_iter().max().unwrap_or(0)
}
