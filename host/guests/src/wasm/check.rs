//! Everything that is checked before a module is compiled.
//!
//! Takes in the bytes of a file; gives out nothing, or the reason for which they are not compiled. A stranger's module may
//! be made to keep a compiler busy or to need more memory than there is, so that each of its parts is counted and bounded
//! here, in one pass that needs little itself.

use std::collections::BTreeMap;
use std::path::Path;

use backplane_sdk::abi::ABI_VERSION;
use wasmparser::{
    CompositeInnerType, Encoding, Export, ExternalKind, FuncType, Parser, Payload, TypeRef,
    ValType, Validator, WasmFeatures,
};

use super::code;
use crate::error::{GuestError, Refusal};
use crate::guard;
use crate::text::one_line;

/// The name under which a module exports its memory.
pub(super) const MEMORY: &str = "memory";

/// What a module may export to be called once before everything but its version of the contract.
pub(super) const INITIALIZE: &str = "_initialize";

/// The most bytes of a module.
pub const FILE_BYTES_MAX: u64 = 64 << 20;
/// The most bytes of a module that are neither code nor data: names and what debuggers read.
pub const CUSTOM_BYTES_MAX: usize = 32 << 20;
/// The most functions of a module.
pub const FUNCTIONS_MAX: usize = 50_000;
/// The most types of a module.
pub const TYPES_MAX: usize = 10_000;
/// The most parameters and results of a function.
pub const PARAMETERS_MAX: usize = 256;
/// The most elements of a table.
pub const TABLE_ELEMENTS_MAX: u64 = 1 << 16;
/// The most globals of a module.
pub const GLOBALS_MAX: u32 = 10_000;
/// The most imports of a module, of the one function that there is.
pub const IMPORTS_MAX: usize = 16;
/// The most exports of a module.
pub const EXPORTS_MAX: usize = 10_000;
/// The most segments of data or of table elements.
pub const SEGMENTS_MAX: u32 = 50_000;
/// The most bytes of a reason.
const REASON_BYTES_MAX: usize = 200;

/// A function that every module exports.
struct Needed {
    name: &'static str,
    params: &'static [ValType],
    results: &'static [ValType],
}

const fn needed(
    name: &'static str,
    params: &'static [ValType],
    results: &'static [ValType],
) -> Needed {
    Needed {
        name,
        params,
        results,
    }
}

const I32: &[ValType] = &[ValType::I32];
const I64: &[ValType] = &[ValType::I64];

/// What gives the version of the contract.
const ABI_VERSION_EXPORT: &str = "backplane_abi_version";

const NEEDED: [Needed; 11] = [
    needed(ABI_VERSION_EXPORT, &[], I32),
    needed("backplane_message_buffer", I32, I32),
    needed("backplane_param_buffer", I32, I32),
    needed("backplane_text_buffer", I32, I32),
    needed("backplane_command_buffer", &[], I32),
    needed("backplane_text", &[], I32),
    needed("backplane_describe", &[], I32),
    needed("backplane_create", &[], I32),
    needed("backplane_on_events", I32, I64),
    needed("backplane_save", &[], I64),
    needed("backplane_load", I32, I32),
];

/// The functions that every module exports, in the order of `docs/wasm.md`.
pub fn exports() -> impl Iterator<Item = &'static str> {
    NEEDED.iter().map(|x| x.name)
}

/// What a module says about itself before it is compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What it imports, as `module.name`.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// The bytes of memory that it begins with.
    pub memory_bytes: u64,
}

/// Reads a file and checks it as [`check`] does.
///
/// # Errors
/// Why the file cannot be read, or is not compiled.
pub fn read(path: &Path) -> Result<(Vec<u8>, Facts), GuestError> {
    let read = guard::read_file(path, FILE_BYTES_MAX);
    let bytes = read.map_err(|reason| GuestError::refused(path, reason))?;
    let facts = check(&bytes).map_err(|reason| GuestError::refused(path, reason))?;
    Ok((bytes, facts))
}

/// Checks a module: its version of the contract first, then that it is valid, that it imports and exports what the
/// contract says, that nothing of it runs by itself, and that compiling it takes bounded time and memory. Never panics,
/// whatever the bytes are.
///
/// # Errors
/// Why the module is not compiled.
pub fn check(bytes: &[u8]) -> Result<Facts, Refusal> {
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Refusal::TooLarge {
            most: FILE_BYTES_MAX,
        });
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(Refusal::NotWasm);
    }
    let mut reading = Reading::default();
    for payload in Parser::new(0).parse_all(bytes) {
        reading.note(&payload.map_err(|x| invalid(&x))?)?;
    }
    reading.check_version()?;
    reading.check_exports()?;
    validate(bytes)?;
    Ok(Facts {
        imports: reading.imports,
        exports: reading.exports.into_keys().collect(),
        memory_bytes: reading.memory_bytes,
    })
}

/// The language that modules may be written in: what compilers use without being asked, and nothing that depends on the
/// machine.
fn features() -> WasmFeatures {
    WasmFeatures::FLOATS
        | WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::SIMD
        | WasmFeatures::RELAXED_SIMD
        | WasmFeatures::EXTENDED_CONST
}

fn validate(bytes: &[u8]) -> Result<(), Refusal> {
    let mut validator = Validator::new_with_features(features());
    validator.validate_all(bytes).map_err(|x| invalid(&x))?;
    Ok(())
}

/// What was read of a module so far.
#[derive(Default)]
struct Reading {
    types: Vec<Option<FuncType>>,
    /// The types of functions, imported ones first.
    functions: Vec<u32>,
    functions_imported: usize,
    imports: Vec<String>,
    exports: BTreeMap<String, (ExternalKind, u32)>,
    memory_bytes: u64,
    custom_bytes: usize,
    bodies: usize,
    /// What functions without parameters give that do nothing but give a number.
    constants: BTreeMap<usize, i32>,
}

impl Reading {
    fn note(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        match payload {
            Payload::Version { encoding, .. } if *encoding == Encoding::Component => {
                return Err(Refusal::Component);
            }
            Payload::TypeSection(section) => {
                within("types", u64::from(section.count()), TYPES_MAX as u64)?;
                self.note_types(section.clone())?;
            }
            Payload::ImportSection(section) => {
                within("imports", section.count().into(), IMPORTS_MAX as u64)?;
                self.note_imports(section.clone())?;
            }
            Payload::FunctionSection(section) => {
                within(
                    "functions",
                    u64::from(section.count()),
                    FUNCTIONS_MAX as u64,
                )?;
                for function in section.clone() {
                    self.functions.push(function.map_err(|x| invalid(&x))?);
                }
            }
            Payload::TableSection(section) => {
                within("tables", u64::from(section.count()), 1)?;
                for table in section.clone() {
                    let initial = table.map_err(|x| invalid(&x))?.ty.initial;
                    within("elements of a table", initial, TABLE_ELEMENTS_MAX)?;
                }
            }
            Payload::MemorySection(section) => {
                within("memories", u64::from(section.count()), 1)?;
                for memory in section.clone() {
                    let pages = memory.map_err(|x| invalid(&x))?.initial;
                    self.memory_bytes = pages.saturating_mul(1 << 16);
                }
            }
            Payload::GlobalSection(section) => {
                within("globals", section.count().into(), GLOBALS_MAX.into())?;
            }
            Payload::ExportSection(section) => {
                within("exports", section.count().into(), EXPORTS_MAX as u64)?;
                for export in section.clone() {
                    let Export { name, kind, index } = export.map_err(|x| invalid(&x))?;
                    self.exports.insert(name.to_owned(), (kind, index));
                }
            }
            Payload::StartSection { .. } => return Err(Refusal::Start),
            Payload::ElementSection(section) => {
                let count = section.count().into();
                within("segments of table elements", count, SEGMENTS_MAX.into())?;
            }
            Payload::DataSection(section) => {
                let count = section.count().into();
                within("segments of data", count, SEGMENTS_MAX.into())?;
            }
            Payload::CodeSectionEntry(body) => {
                let constant = code::check(body, self.params(self.bodies))?;
                if let Some(constant) = constant {
                    let number = self.functions_imported + self.bodies;
                    self.constants.insert(number, constant);
                }
                self.bodies += 1;
            }
            Payload::CustomSection(section) => {
                self.custom_bytes += section.data().len();
                let (bytes, most) = (self.custom_bytes as u64, CUSTOM_BYTES_MAX as u64);
                within("bytes of custom sections", bytes, most)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn note_types(&mut self, section: wasmparser::TypeSectionReader<'_>) -> Result<(), Refusal> {
        for group in section {
            for ty in group.map_err(|x| invalid(&x))?.into_types() {
                // A group may hold any number of types.
                within("types", self.types.len() as u64 + 1, TYPES_MAX as u64)?;
                let CompositeInnerType::Func(ty) = ty.composite_type.inner else {
                    self.types.push(None);
                    continue;
                };
                let count = ty.params().len() + ty.results().len();
                within(
                    "parameters and results of a function",
                    count as u64,
                    PARAMETERS_MAX as u64,
                )?;
                self.types.push(Some(ty));
            }
        }
        Ok(())
    }

    fn note_imports(
        &mut self,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Refusal> {
        for import in section.into_imports() {
            let import = import.map_err(|x| invalid(&x))?;
            let name = one_line(&format!("{}.{}", import.module, import.name), 100);
            let log = match import.ty {
                TypeRef::Func(ty) if name == "backplane.log" => ty,
                _ => return Err(Refusal::Import(name)),
            };
            let expected = [ValType::I32; 3];
            let fits = self.types.get(log as usize).is_some_and(|ty| {
                ty.as_ref()
                    .is_some_and(|x| x.params() == expected && x.results().is_empty())
            });
            if !fits {
                return Err(Refusal::Signature(name));
            }
            self.functions.push(log);
            self.functions_imported += 1;
            self.imports.push(name);
        }
        Ok(())
    }

    /// How many parameters the function of a body has.
    fn params(&self, body: usize) -> usize {
        let ty = self.function(self.functions_imported + body);
        ty.map_or(0, |x| x.params().len())
    }

    fn function(&self, number: usize) -> Option<&FuncType> {
        let ty = *self.functions.get(number)?;
        self.types.get(ty as usize)?.as_ref()
    }

    /// The version of the contract, where the module gives it as a mere number; otherwise it is asked for when the module
    /// runs, before anything else.
    fn check_version(&self) -> Result<(), Refusal> {
        let Some((ExternalKind::Func, number)) = self.exports.get(ABI_VERSION_EXPORT) else {
            return Err(Refusal::NotAModule);
        };
        match self.constants.get(&(*number as usize)) {
            Some(version) if *version as u32 != ABI_VERSION => Err(Refusal::AbiVersion {
                plugin: *version as u32,
                host: ABI_VERSION,
            }),
            _ => Ok(()),
        }
    }

    fn check_exports(&self) -> Result<(), Refusal> {
        if !matches!(self.exports.get(MEMORY), Some((ExternalKind::Memory, _))) {
            return Err(Refusal::Export(MEMORY));
        }
        if let Some((_, number)) = self.exports.get(INITIALIZE) {
            let ty = self.function(*number as usize);
            if !ty.is_some_and(|x| x.params().is_empty() && x.results().is_empty()) {
                return Err(Refusal::Signature(INITIALIZE.into()));
            }
        }
        for needed in &NEEDED {
            let Some((ExternalKind::Func, number)) = self.exports.get(needed.name) else {
                return Err(Refusal::Export(needed.name));
            };
            let ty = self.function(*number as usize);
            if !ty.is_some_and(|x| x.params() == needed.params && x.results() == needed.results) {
                return Err(Refusal::Signature(needed.name.into()));
            }
        }
        Ok(())
    }
}

/// Refuses more of something than is allowed.
pub(super) fn within(what: &str, count: u64, most: u64) -> Result<(), Refusal> {
    if count <= most {
        return Ok(());
    }
    Err(Refusal::Oversized(format!(
        "it has {count} {what}, but at most {most} are allowed"
    )))
}

pub(super) fn invalid(error: &wasmparser::BinaryReaderError) -> Refusal {
    let at = error.offset();
    let reason = one_line(error.message(), REASON_BYTES_MAX);
    Refusal::Module(format!("{reason} (at byte {at})"))
}
