//! The outer structure of an ELF library: its header, segments and sections.
//!
//! Takes in the bytes of a file; gives out an [`Image`] whose tables lie within the file, and what lies at an address.

use object::elf::{self, FileHeader64, ProgramHeader64, SectionHeader64};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader, SectionTable};
use object::{LittleEndian, SectionIndex};

use super::{damaged, inside};
use crate::error::Refusal;

pub(super) type Segment = ProgramHeader64<LittleEndian>;
pub(super) const LE: LittleEndian = LittleEndian;

/// The most bytes of address space that a library may span: 4 GiB.
const SPAN_BYTES_MAX: u64 = 1 << 32;
/// The most bytes of thread-local storage; the system reserves it for each thread.
const THREAD_LOCAL_BYTES_MAX: u64 = 1 << 20;
/// The coarsest alignment of a segment.
const ALIGN_MAX: u64 = 1 << 21;
/// The finest alignment of a mapped segment: a page.
const PAGE_BYTES_MIN: u64 = 4_096;

#[cfg(target_arch = "x86_64")]
const HOST: (elf::Machine, &str) = (elf::EM_X86_64, "x86_64");
#[cfg(target_arch = "aarch64")]
const HOST: (elf::Machine, &str) = (elf::EM_AARCH64, "aarch64");
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("native plugins are loaded on x86_64 and aarch64 only");

/// A library whose header, segment table and section table lie within the file.
pub(super) struct Image<'a> {
    bytes: &'a [u8],
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

    /// Whether the segments can be mapped.
    pub(super) fn check_segments(&self) -> Result<(), Refusal> {
        let mut end = 0;
        let mut first = None;
        for load in self.loads() {
            let (from, size, align) = (load.p_vaddr(LE), load.p_memsz(LE), load.p_align(LE));
            let aligned = align.is_power_of_two()
                && (PAGE_BYTES_MIN..=ALIGN_MAX).contains(&align)
                && from % align == load.p_offset(LE) % align;
            if !aligned || load.p_filesz(LE) > size || from < end {
                return Err(damaged("its segments cannot be mapped"));
            }
            end = from
                .checked_add(size)
                .ok_or_else(|| damaged("a segment has no end"))?;
            let first = *first.get_or_insert(from);
            if end - first > SPAN_BYTES_MAX {
                return Err(damaged("its segments lie too far apart"));
            }
        }
        if first.is_none() {
            return Err(damaged("it has no segment to map"));
        }
        self.segments.iter().try_for_each(|x| self.check_segment(x))
    }

    /// Whether a segment that says something of others lies within them.
    fn check_segment(&self, segment: &Segment) -> Result<(), Refusal> {
        let (from, size) = (segment.p_vaddr(LE), segment.p_memsz(LE));
        let good = match segment.p_type(LE) {
            elf::PT_TLS => {
                let file_size = segment.p_filesz(LE);
                size <= THREAD_LOCAL_BYTES_MAX
                    && file_size <= size
                    && (file_size == 0 || self.mapped(from, file_size).is_some())
                    && segment.p_align(LE) <= PAGE_BYTES_MIN
                    && (segment.p_align(LE) == 0 || segment.p_align(LE).is_power_of_two())
            }
            elf::PT_GNU_RELRO => self.memory(from, size).is_some_and(is_writable),
            elf::PT_GNU_EH_FRAME | elf::PT_GNU_PROPERTY | elf::PT_NOTE => {
                self.mapped(from, segment.p_filesz(LE)).is_some()
            }
            elf::PT_GNU_STACK => !is_executable(segment),
            elf::PT_PHDR => self.mapped(from, size).is_some(),
            _ => true,
        };
        good.then_some(())
            .ok_or_else(|| damaged("a segment contradicts the mapped ones"))
    }

    /// Whether each section that is used in memory is mapped, with the rights that it needs.
    pub(super) fn check_sections(&self) -> Result<(), Refusal> {
        let null = SectionIndex(0);
        let sections = self
            .sections
            .enumerate()
            .filter(|(index, _)| *index != null);
        for (_, section) in sections {
            let flags = section.sh_flags(LE).0;
            let has = |bit: u64| flags & bit != 0;
            let empty_thread_local = has(elf::SHF_TLS.0) && section.sh_type(LE) == elf::SHT_NOBITS;
            if !has(elf::SHF_ALLOC.0) || empty_thread_local || section.sh_size(LE) == 0 {
                continue;
            }
            let good = self
                .memory(section.sh_addr(LE), section.sh_size(LE))
                .is_some_and(|load| {
                    (!has(elf::SHF_WRITE.0) || is_writable(load))
                        && (!has(elf::SHF_EXECINSTR.0) || is_executable(load))
                        && load.p_flags(LE).0 & elf::PF_R.0 != 0
                        && is_where_it_is_mapped(section, load)
                });
            if !good {
                return Err(damaged("a section is not mapped as it needs to be"));
            }
        }
        Ok(())
    }
}

fn is_writable(segment: &Segment) -> bool {
    segment.p_flags(LE).0 & elf::PF_W.0 != 0
}

fn is_executable(segment: &Segment) -> bool {
    segment.p_flags(LE).0 & elf::PF_X.0 != 0
}

/// Whether a section lies as far into its segment in the file as in memory.
fn is_where_it_is_mapped(section: &SectionHeader64<LittleEndian>, load: &Segment) -> bool {
    if section.sh_type(LE) == elf::SHT_NOBITS {
        return true;
    }
    let in_memory = section.sh_addr(LE).checked_sub(load.p_vaddr(LE));
    let in_file = section.sh_offset(LE).checked_sub(load.p_offset(LE));
    in_memory == in_file
        && in_file.is_some_and(|from| inside(from, section.sh_size(LE), load.p_filesz(LE)))
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
