//! The dynamic table of a library: what the system's loader follows.
//!
//! Takes in a parsed library; gives out whether each table, string and relocation that it names lies where the loader
//! may read or write.

use std::collections::BTreeMap;

use object::elf;
use object::read::elf::{ProgramHeader, SectionHeader};

use super::damaged;
use super::elf::{Image, LE};
use super::segments::is_writable;
use crate::error::Refusal;

/// The size of an entry of the dynamic table: a tag and a value.
const ENTRY_BYTES: usize = 16;
/// The size of a relocation with an addend.
const RELOCATION_BYTES: u64 = 24;
/// The kind of relocation that only adds the address at which the library lies.
const RELATIVE: u64 = if cfg!(target_arch = "x86_64") {
    elf::R_X86_64_RELATIVE.0 as u64
} else {
    elf::R_AARCH64_RELATIVE.0 as u64
};
/// The size of a symbol.
const SYMBOL_BYTES: u64 = 24;

/// Tables as (address, bytes, what it is) of which the address and the size have tags of their own.
const SIZED_TABLES: [(elf::DynamicTag, elf::DynamicTag, &str); 6] = [
    (elf::DT_STRTAB, elf::DT_STRSZ, "string table"),
    (elf::DT_RELA, elf::DT_RELASZ, "relocation table"),
    (elf::DT_JMPREL, elf::DT_PLTRELSZ, "table of calls"),
    (
        elf::DT_RELR,
        elf::DT_RELRSZ,
        "table of relative relocations",
    ),
    (
        elf::DT_INIT_ARRAY,
        elf::DT_INIT_ARRAYSZ,
        "table of initialisers",
    ),
    (
        elf::DT_FINI_ARRAY,
        elf::DT_FINI_ARRAYSZ,
        "table of finalisers",
    ),
];

/// Tags whose value is the address of the section of a type.
const SECTIONS_BY_TYPE: [(elf::DynamicTag, elf::SectionType); 7] = [
    (elf::DT_INIT_ARRAY, elf::SHT_INIT_ARRAY),
    (elf::DT_FINI_ARRAY, elf::SHT_FINI_ARRAY),
    (elf::DT_HASH, elf::SHT_HASH),
    (elf::DT_GNU_HASH, elf::SHT_GNU_HASH),
    (elf::DT_VERSYM, elf::SHT_GNU_VERSYM),
    (elf::DT_VERNEED, elf::SHT_GNU_VERNEED),
    (elf::DT_VERDEF, elf::SHT_GNU_VERDEF),
];

/// Tags whose value is the address of the section of a name.
const SECTIONS_BY_NAME: [(elf::DynamicTag, &[u8]); 2] =
    [(elf::DT_INIT, b".init"), (elf::DT_FINI, b".fini")];

type Tags = BTreeMap<i64, u64>;

/// Checks the dynamic table and what it names.
pub(super) fn check(image: &Image<'_>) -> Result<(), Refusal> {
    let (tags, names) = read(image)?;
    for (address, size, what) in SIZED_TABLES {
        let outside = || damaged(format!("its {what} is not in a mapped segment"));
        match (get(&tags, address), get(&tags, size)) {
            (None, None | Some(0)) | (Some(_), Some(0)) => {}
            (Some(address), Some(size)) => {
                image.mapped(address, size).ok_or_else(outside)?;
            }
            _ => return Err(outside()),
        }
    }
    check_sections(image, &tags)?;
    let strings = check_strings(image, &tags, &names)?;
    let symbols = check_symbols(image, &tags, strings)?;
    check_hash(image, &tags, symbols)?;
    check_relocations(image, &tags, elf::DT_RELA, elf::DT_RELASZ, symbols)?;
    check_relocations(image, &tags, elf::DT_JMPREL, elf::DT_PLTRELSZ, symbols)
}

/// Whether each section that the loader uses is where its tag says, and neither is there without the other.
fn check_sections(image: &Image<'_>, tags: &Tags) -> Result<(), Refusal> {
    let bad = || damaged("its dynamic table contradicts its sections");
    for (tag, kind) in SECTIONS_BY_TYPE {
        let mut sections = image.sections().filter(|(_, x)| x.sh_type(LE) == kind);
        if get(tags, tag) != sections.next().map(|(_, x)| x.sh_addr(LE)) {
            return Err(bad());
        }
    }
    for (tag, name) in SECTIONS_BY_NAME {
        let mut sections = image.sections().filter(|x| x.0 == name);
        if get(tags, tag) != sections.next().map(|(_, x)| x.sh_addr(LE)) {
            return Err(bad());
        }
    }
    // Arrays of functions are run to their end, whatever is behind it.
    for (_, section) in image.sections() {
        let size = match section.sh_type(LE) {
            elf::SHT_INIT_ARRAY => get(tags, elf::DT_INIT_ARRAYSZ),
            elf::SHT_FINI_ARRAY => get(tags, elf::DT_FINI_ARRAYSZ),
            elf::SHT_GNU_VERNEED => {
                let count = get(tags, elf::DT_VERNEEDNUM);
                (count == Some(section.sh_info(LE).into())).then_some(section.sh_size(LE))
            }
            _ => continue,
        };
        if size != Some(section.sh_size(LE)) {
            return Err(bad());
        }
    }
    match get(tags, elf::DT_PLTGOT) {
        Some(address) if image.memory(address, 1).is_none() => Err(bad()),
        _ => Ok(()),
    }
}

fn get(tags: &Tags, tag: elf::DynamicTag) -> Option<u64> {
    tags.get(&tag.0).copied()
}

/// The table's values by tag, and apart the places of names, of which there may be many.
fn read(image: &Image<'_>) -> Result<(Tags, Vec<u64>), Refusal> {
    let mut found = image
        .segments()
        .iter()
        .filter(|x| x.p_type(LE) == elf::PT_DYNAMIC);
    let (Some(segment), None) = (found.next(), found.next()) else {
        return Err(damaged("it has no dynamic table, or several"));
    };
    let bytes = image
        .mapped(segment.p_vaddr(LE), segment.p_memsz(LE))
        .ok_or_else(|| damaged("its dynamic table is not in a mapped segment"))?;
    let mut tags = Tags::new();
    let mut names = Vec::new();
    let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
    for entry in entries {
        let (tag, value) = (word(entry, 0) as i64, word(entry, 8));
        let is = |known: elf::DynamicTag| tag == known.0;
        if is(elf::DT_NULL) {
            return Ok((tags, names));
        }
        if [
            elf::DT_NEEDED,
            elf::DT_SONAME,
            elf::DT_RPATH,
            elf::DT_RUNPATH,
        ]
        .into_iter()
        .any(is)
        {
            names.push(value);
        } else {
            tags.insert(tag, value);
        }
    }
    Err(damaged("its dynamic table has no end"))
}

/// Whether every name is in the string table; gives the table's size.
fn check_strings(image: &Image<'_>, tags: &Tags, names: &[u64]) -> Result<u64, Refusal> {
    let (address, size) = get(tags, elf::DT_STRTAB)
        .zip(get(tags, elf::DT_STRSZ))
        .ok_or_else(|| damaged("it has no string table"))?;
    let bytes = image.mapped(address, size).unwrap_or_default();
    if bytes.last() != Some(&0) || names.iter().any(|x| *x >= size) {
        return Err(damaged("a name is not in the string table"));
    }
    Ok(size)
}

/// Whether every symbol has a name and, where it is defined here, an address; gives the number of symbols.
fn check_symbols(image: &Image<'_>, tags: &Tags, strings: u64) -> Result<u64, Refusal> {
    let bad = || damaged("its symbol table is not valid");
    let address = get(tags, elf::DT_SYMTAB).ok_or_else(bad)?;
    if get(tags, elf::DT_SYMENT) != Some(SYMBOL_BYTES) {
        return Err(bad());
    }
    let count = image.symbol_count(address).ok_or_else(bad)?;
    let size = count.checked_mul(SYMBOL_BYTES).ok_or_else(bad)?;
    let bytes = image.mapped(address, size).ok_or_else(bad)?;
    let (symbols, _) = bytes.as_chunks::<{ SYMBOL_BYTES as usize }>();
    for symbol in symbols {
        let name = u64::from(half(symbol, 0));
        let kind = symbol[4] & 0xf;
        let section = u16::from_le_bytes([symbol[6], symbol[7]]);
        let is_here = section != elf::SHN_UNDEF.0 && section < elf::SHN_LORESERVE;
        let is_plain = kind != elf::STT_TLS.0 && kind != elf::STT_SECTION.0;
        let value = word(symbol, 8);
        let is_mapped = image.memory(value, 0).is_some();
        if name >= strings || (is_here && is_plain && !is_mapped) {
            return Err(bad());
        }
    }
    if let Some(versions) = get(tags, elf::DT_VERSYM) {
        let size = count.checked_mul(2).ok_or_else(bad)?;
        image.mapped(versions, size).ok_or_else(bad)?;
    }
    Ok(count)
}

/// Whether the loader can look up symbols: it divides by the number of buckets, and follows chains.
fn check_hash(image: &Image<'_>, tags: &Tags, symbols: u64) -> Result<(), Refusal> {
    let bad = || damaged("its table of symbol hashes is not valid");
    if get(tags, elf::DT_HASH).is_none() && get(tags, elf::DT_GNU_HASH).is_none() {
        return Err(bad());
    }
    if let Some(address) = get(tags, elf::DT_HASH) {
        let table = image.mapped_from(address).ok_or_else(bad)?;
        let head = table.first_chunk::<8>().ok_or_else(bad)?;
        let (buckets, chains) = (u64::from(half(head, 0)), u64::from(half(head, 4)));
        let needed = 8 + (buckets + chains) * 4;
        if buckets == 0 || chains != symbols || needed > table.len() as u64 {
            return Err(bad());
        }
    }
    let Some(address) = get(tags, elf::DT_GNU_HASH) else {
        return Ok(());
    };
    let table = image.mapped_from(address).ok_or_else(bad)?;
    let head = table.first_chunk::<16>().ok_or_else(bad)?;
    let [buckets, first, words, _] = [0, 4, 8, 12].map(|x| u64::from(half(head, x)));
    let hashed = symbols.checked_sub(first).ok_or_else(bad)?;
    let needed = 16 + words * 8 + (buckets + hashed) * 4;
    if buckets == 0 || !words.is_power_of_two() || needed > table.len() as u64 {
        return Err(bad());
    }
    let from = (16 + words * 8) as usize;
    let until = from + buckets as usize * 4;
    let (starts, _) = table[from..until].as_chunks::<4>();
    let is_start = |x: u64| x == 0 || (first..symbols).contains(&x);
    if !starts
        .iter()
        .all(|x| is_start(u32::from_le_bytes(*x).into()))
    {
        return Err(bad());
    }
    // A chain ends at an odd hash; the last chain must end, or the loader reads on.
    let hashes = &table[until..until + hashed as usize * 4];
    match hashes.as_chunks::<4>().0.last() {
        Some(last) if last[0] & 1 == 0 => Err(bad()),
        _ => Ok(()),
    }
}

/// Whether each relocation of a table writes where it may, and names a symbol that exists.
fn check_relocations(
    image: &Image<'_>,
    tags: &Tags,
    address_tag: elf::DynamicTag,
    size_tag: elf::DynamicTag,
    symbols: u64,
) -> Result<(), Refusal> {
    let bad = || damaged("a relocation is not valid");
    let (Some(address), Some(size)) = (get(tags, address_tag), get(tags, size_tag)) else {
        return Ok(());
    };
    let is_calls = address_tag == elf::DT_JMPREL;
    let is_known = if is_calls {
        get(tags, elf::DT_PLTREL) == Some(elf::DT_RELA.0 as u64)
    } else {
        get(tags, elf::DT_RELAENT) == Some(RELOCATION_BYTES)
    };
    let is_table = |x: &super::elf::Section| {
        x.sh_type(LE) == elf::SHT_RELA
            && x.sh_addr(LE) == address
            && (x.sh_size(LE) == size || !is_calls)
    };
    let is_there = size == 0 || image.sections().any(|x| is_table(x.1));
    if !is_known || !is_there || size % RELOCATION_BYTES != 0 {
        return Err(bad());
    }
    let bytes = image.mapped(address, size).unwrap_or_default();
    let (relocations, _) = bytes.as_chunks::<{ RELOCATION_BYTES as usize }>();
    let relative = match is_calls {
        true => 0,
        false => get(tags, elf::DT_RELACOUNT).unwrap_or(0),
    };
    if relative > relocations.len() as u64 {
        return Err(bad());
    }
    for (number, relocation) in relocations.iter().enumerate() {
        let (place, info) = (word(relocation, 0), word(relocation, 8));
        let writes = info as u32 != 0;
        let is_relative = info == RELATIVE;
        if info >> 32 >= symbols.max(1)
            || ((number as u64) < relative && !is_relative)
            || (writes && !image.memory(place, 8).is_some_and(is_writable))
        {
            return Err(bad());
        }
    }
    Ok(())
}

fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

fn half(bytes: &[u8], at: usize) -> u32 {
    let mut half = [0; 4];
    half.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(half)
}
