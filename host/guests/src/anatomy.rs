//! What can be told of a plugin's file without running any of it.
//!
//! Takes in a file; gives out its size, digest, the contract's version that it speaks, what it asks of others and what it
//! offers. A file that is refused has an anatomy too, as far as it can be read.

use std::path::Path;

use backplane_sdk::abi::ABI_VERSION;
use object::read::elf::{Dyn, ElfFile64};
use object::{LittleEndian, Object, ObjectSymbol, elf};
use serde::Serialize;

use crate::carrier::Carrier;
use crate::content::Content;
use crate::error::{GuestError, Refusal};
use crate::guard;
use crate::python;
use crate::text::one_line;
use crate::wasm;

/// The most names of a list; what goes beyond is counted only.
const NAMES_MAX: usize = 10_000;
/// The most bytes of a name.
const NAME_BYTES_MAX: usize = 256;

/// What can be told of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Anatomy {
    /// The size of the file in bytes, and of the modules beside a Python program.
    pub bytes: u64,
    /// The BLAKE3 digest of all of it, in hexadecimal digits ([`Content::digest`]).
    pub digest: String,
    /// The version of the contract, where the file says one.
    pub abi: Option<u32>,
    /// The libraries that the system loads with it.
    pub libraries: Vec<String>,
    /// The names that it takes from others.
    pub imports: Vec<String>,
    /// The names that it gives to others.
    pub exports: Vec<String>,
}

/// Reads the anatomy of a file.
///
/// # Errors
/// That the file cannot be read, or is no file of this carrier at all.
pub fn anatomy(path: &Path, carrier: Carrier) -> Result<Anatomy, GuestError> {
    let refused = |reason| GuestError::refused(path, reason);
    let content = match carrier {
        Carrier::Python => python::read(path)?,
        _ => guard::read_file(path, guard::FILE_BYTES_MAX)
            .map(Content::of)
            .map_err(refused)?,
    };
    let read = match carrier {
        Carrier::Native => native(&content.file),
        Carrier::Wasm => module(&content.file),
        Carrier::Python => Ok(program(&content)),
    };
    let read = read.map_err(refused)?;
    Ok(Anatomy {
        bytes: content.bytes(),
        digest: blake3::Hash::from_bytes(content.digest()).to_string(),
        ..read
    })
}

fn native(bytes: &[u8]) -> Result<Anatomy, Refusal> {
    let abi = guard::abi_version(bytes)?;
    let damaged = |_| Refusal::Damaged("its symbols cannot be read".into());
    let file = ElfFile64::<LittleEndian>::parse(bytes).map_err(damaged)?;
    let imports = file.dynamic_symbols().filter(|x| x.is_undefined());
    let exports = file.dynamic_symbols().filter(|x| x.is_definition());
    let (imports, exports) = (
        imports.filter_map(|x| x.name_bytes().ok()),
        exports.filter_map(|x| x.name_bytes().ok()),
    );
    Ok(Anatomy {
        abi,
        libraries: names(needed(&file, bytes).into_iter()),
        imports: names(imports),
        exports: names(exports),
        ..Anatomy::default()
    })
}

/// A module that is refused has no anatomy: what it says of itself cannot be relied on.
fn module(bytes: &[u8]) -> Result<Anatomy, Refusal> {
    let facts = wasm::check::check(bytes)?;
    Ok(Anatomy {
        abi: Some(ABI_VERSION),
        imports: facts.imports,
        exports: names(facts.exports.iter().map(String::as_bytes)),
        ..Anatomy::default()
    })
}

/// A program speaks the contract of the host that hands it the package. Of what it imports, the modules beside it are known.
fn program(content: &Content) -> Anatomy {
    let beside = content.beside.keys();
    Anatomy {
        abi: Some(ABI_VERSION),
        imports: names(beside.map(|x| x.as_os_str().as_encoded_bytes())),
        ..Anatomy::default()
    }
}

/// The libraries that the dynamic table names; none where it cannot be read, as then nothing of it is loaded.
fn needed<'a>(file: &ElfFile64<'a, LittleEndian>, bytes: &'a [u8]) -> Vec<&'a [u8]> {
    let sections = file.elf_section_table();
    let Ok(Some((entries, link))) = sections.dynamic(LittleEndian, bytes) else {
        return Vec::new();
    };
    let Ok(strings) = sections.strings(LittleEndian, bytes, link) else {
        return Vec::new();
    };
    let needs = entries
        .iter()
        .filter(|x| x.tag(LittleEndian) == elf::DT_NEEDED);
    let name = |x: &elf::Dyn64<LittleEndian>| strings.get(x.val32(LittleEndian)?).ok();
    needs.filter_map(name).collect()
}

/// Names in their order, without those that are empty.
fn names<'a>(names: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let shown = |x: &[u8]| one_line(&String::from_utf8_lossy(x), NAME_BYTES_MAX);
    let mut names: Vec<String> = names
        .filter(|x| !x.is_empty())
        .take(NAMES_MAX)
        .map(shown)
        .collect();
    names.sort();
    names.dedup();
    names
}
