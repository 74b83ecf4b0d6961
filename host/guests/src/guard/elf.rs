//! The outer structure of an ELF library: its header, segments and sections.
//!
//! Takes in the bytes of a file; gives out an [`Image`] whose tables lie within the file, and what lies at an address.

use object::LittleEndian;
use object::elf::{self, FileHeader64, ProgramHeader64, SectionHeader64};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader, SectionTable};

use super::{damaged, inside};
use crate::error::Refusal;

pub(super) type Segment = ProgramHeader64<LittleEndian>;
pub(super) type Section = SectionHeader64<LittleEndian>;
pub(super) const LE: LittleEndian = LittleEndian;

#[cfg(target_arch = "x86_64")]
const HOST: (elf::Machine, &str) = (elf::EM_X86_64, "x86_64");
#[cfg(target_arch = "aarch64")]
const HOST: (elf::Machine, &str) = (elf::EM_AARCH64, "aarch64");
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("native plugins are loaded on x86_64 and aarch64 only");

/// A library whose header, segment table and section table lie within the file.
pub(super) struct Image<'a> {
    bytes: &'a [u8],
    segment_table: u64,
    segments: &'a [Segment],
    sections: SectionTable<'a, FileHeader64<LittleEndian>>,
}

impl<'a> Image<'a> {
    /// Reads the header and the tables that it names.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Image<'a>, Refusal> {
        let header = parse_header(bytes)?;
        let segments = header
            .program_headers(LE, bytes)
            .map_err(|_| damaged("its segment table reaches beyond the end of the file"))?;
        if header.e_shoff(LE) != 0 && header.e_shnum(LE) == 0 {
            return Err(damaged("it names a section table without sections"));
        }
        let sections = header
            .sections(LE, bytes)
            .map_err(|_| damaged("its section table reaches beyond the end of the file"))?;
        let image = Image {
            bytes,
            segment_table: header.e_phoff(LE),
            segments,
            sections,
        };
        image.check_bounds()?;
        Ok(image)
    }

    /// The segments.
    pub(super) const fn segments(&self) -> &'a [Segment] {
        self.segments
    }

    /// Where the table of segments is in the file.
    pub(super) const fn segment_table(&self) -> u64 {
        self.segment_table
    }

    /// The sections with their names.
    pub(super) fn sections(&self) -> impl Iterator<Item = (&'a [u8], &'a Section)> {
        let named = |section| {
            (
                self.sections.section_name(LE, section).unwrap_or_default(),
                section,
            )
        };
        self.sections.iter().map(named)
    }

    /// The segments that are mapped.
    pub(super) fn loads(&self) -> impl Iterator<Item = &'a Segment> {
        self.segments
            .iter()
            .filter(|x| x.p_type(LE) == elf::PT_LOAD)
    }

    /// The mapped segment in which `size` bytes of memory from `address` on lie.
    pub(super) fn memory(&self, address: u64, size: u64) -> Option<&'a Segment> {
        self.loads().find(|x| {
            let offset = address.checked_sub(x.p_vaddr(LE));
            offset.is_some_and(|offset| inside(offset, size, x.p_memsz(LE)))
        })
    }

    /// The bytes of the file that are mapped from `address` on, to the end of their segment.
    pub(super) fn mapped_from(&self, address: u64) -> Option<&'a [u8]> {
        let segment = self.memory(address, 1)?;
        let from = usize::try_from(address.checked_sub(segment.p_vaddr(LE))?).ok()?;
        segment.data(LE, self.bytes).ok()?.get(from..)
    }

    /// The `size` bytes of the file that are mapped at `address`.
    pub(super) fn mapped(&self, address: u64, size: u64) -> Option<&'a [u8]> {
        self.mapped_from(address)?
            .get(..usize::try_from(size).ok()?)
    }

    /// The content of the section of a name; `None` where there is none.
    pub(super) fn section_bytes(&self, name: &str) -> Result<Option<&'a [u8]>, Refusal> {
        let Some((_, section)) = self.sections.section_by_name(LE, name.as_bytes()) else {
            return Ok(None);
        };
        let flags = section.sh_flags(LE).0;
        if section.sh_type(LE) != elf::SHT_PROGBITS || flags & elf::SHF_COMPRESSED.0 != 0 {
            return Err(Refusal::Header("it is not plain data".into()));
        }
        let bytes = section.data(LE, self.bytes);
        bytes
            .map(Some)
            .map_err(|_| damaged(format!("its section `{name}` is not in the file")))
    }

    /// The number of dynamic symbols whose table is at `address`.
    pub(super) fn symbol_count(&self, address: u64) -> Option<u64> {
        let section = self
            .sections
            .iter()
            .find(|x| x.sh_type(LE) == elf::SHT_DYNSYM && x.sh_addr(LE) == address)?;
        Some(section.sh_size(LE) / size_of::<elf::Sym64<LittleEndian>>() as u64)
    }

    /// Whether each segment and section lies within the file.
    fn check_bounds(&self) -> Result<(), Refusal> {
        let whole = self.bytes.len() as u64;
        let has = |offset, size| inside(offset, size, whole);
        if !self
            .segments
            .iter()
            .all(|x| has(x.p_offset(LE), x.p_filesz(LE)))
        {
            return Err(damaged("a segment reaches beyond the end of the file"));
        }
        for section in self.sections.iter() {
            if let Some((offset, size)) = section.file_range(LE)
                && !has(offset, size)
            {
                return Err(damaged("a section reaches beyond the end of the file"));
            }
            if self.sections.section_name(LE, section).is_err() {
                return Err(damaged("a section has no name"));
            }
        }
        Ok(())
    }
}

/// The file's header, where it is that of a library for this machine.
fn parse_header(bytes: &[u8]) -> Result<&FileHeader64<LittleEndian>, Refusal> {
    if !bytes.starts_with(&elf::ELFMAG) {
        return Err(Refusal::NotElf);
    }
    let other = |found: &str| {
        Err(Refusal::OtherMachine {
            found: found.to_owned(),
            host: HOST.1,
        })
    };
    match (bytes.get(4), bytes.get(5)) {
        (Some(2), Some(1)) => {}
        (Some(1), Some(_)) => return other("a 32-bit machine"),
        (Some(2), Some(2)) => return other("a big-endian machine"),
        _ => return Err(damaged("its header is not valid")),
    }
    let header = FileHeader64::<LittleEndian>::parse(bytes)
        .map_err(|_| damaged("its header is not valid or incomplete"))?;
    match header.e_machine(LE) {
        machine if machine == HOST.0 => {}
        elf::EM_X86_64 => return other("x86_64"),
        elf::EM_AARCH64 => return other("aarch64"),
        machine => return other(&format!("machine {} of the ELF list", machine.0)),
    }
    match header.e_type(LE) {
        elf::ET_DYN => {}
        elf::ET_REL => return Err(Refusal::NotALibrary("an object file")),
        elf::ET_EXEC => return Err(Refusal::NotALibrary("a program")),
        elf::ET_CORE => return Err(Refusal::NotALibrary("a core dump")),
        _ => return Err(damaged("its type is not known")),
    }
    let sizes = (
        header.e_ehsize(LE),
        header.e_phentsize(LE),
        header.e_version(LE),
    );
    if sizes != (64, size_of::<Segment>() as u16, 1) || header.e_phnum(LE) == u16::MAX {
        return Err(damaged("its header contradicts itself"));
    }
    Ok(header)
}
