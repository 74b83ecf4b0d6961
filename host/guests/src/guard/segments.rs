//! The segments of a library: what is mapped, with which rights, and what is said of it.
//!
//! Takes in a parsed library; gives out whether its segments can be mapped and agree with its sections. The system
//! follows the segments alone, and believes them: a damaged one is found by what the sections say of the same bytes.

use object::elf::{self, ProgramType};
use object::read::elf::{ProgramHeader, SectionHeader};

use super::elf::{Image, LE, Section, Segment};
use super::{damaged, inside};
use crate::error::Refusal;

/// The most bytes of address space that a library may span: 4 GiB.
const SPAN_BYTES_MAX: u64 = 1 << 32;
/// The most bytes of thread-local storage; the system reserves it for each thread.
const THREAD_LOCAL_BYTES_MAX: u64 = 1 << 20;
/// The coarsest alignment of a segment.
const ALIGN_MAX: u64 = 1 << 21;
/// The finest alignment of a mapped segment: a page.
const PAGE_BYTES_MIN: u64 = 4_096;

/// Checks segments and the sections in them.
pub(super) fn check(image: &Image<'_>) -> Result<(), Refusal> {
    check_loads(image)?;
    let good = image.segments().iter().all(|x| is_consistent(image, x));
    good.then_some(())
        .ok_or_else(|| damaged("a segment contradicts the mapped ones"))?;
    let mut sections = image.sections();
    if !sections.all(|(_, section)| is_mapped_as_needed(image, section)) {
        return Err(damaged("a section is not mapped as it needs to be"));
    }
    check_named(image, b".eh_frame_hdr", elf::PT_GNU_EH_FRAME)?;
    check_named(image, b".dynamic", elf::PT_DYNAMIC)?;
    check_read_only_after_relocation(image)?;
    check_thread_local(image)
}

/// Whether the segments that are mapped can be.
fn check_loads(image: &Image<'_>) -> Result<(), Refusal> {
    let mut end = 0;
    let mut first = None;
    for load in image.loads() {
        let (from, size, align) = (load.p_vaddr(LE), load.p_memsz(LE), load.p_align(LE));
        let is_aligned = align.is_power_of_two()
            && (PAGE_BYTES_MIN..=ALIGN_MAX).contains(&align)
            && from % align == load.p_offset(LE) % align;
        // Two segments never share a page: the second would be mapped over the end of the first.
        let page = from - from % PAGE_BYTES_MIN;
        if !is_aligned || load.p_filesz(LE) > size || page < end {
            return Err(damaged("its segments cannot be mapped"));
        }
        end = from
            .checked_add(size)
            .ok_or_else(|| damaged("a segment has no end"))?;
        if end - *first.get_or_insert(from) > SPAN_BYTES_MAX {
            return Err(damaged("its segments lie too far apart"));
        }
    }
    first
        .map(|_| ())
        .ok_or_else(|| damaged("it has no segment to map"))
}

/// Whether a segment that says something of others lies within them, in the file as in memory.
fn is_consistent(image: &Image<'_>, segment: &Segment) -> bool {
    let in_file = segment.p_filesz(LE);
    match segment.p_type(LE) {
        elf::PT_LOAD => true,
        elf::PT_GNU_STACK => !is_executable(segment),
        elf::PT_PHDR => {
            segment.p_offset(LE) == image.segment_table()
                && in_file == size_of_val(image.segments()) as u64
                && is_in_a_load(image, segment)
        }
        _ => in_file == 0 || is_in_a_load(image, segment),
    }
}

fn is_in_a_load(image: &Image<'_>, segment: &Segment) -> bool {
    let (from, size) = (segment.p_vaddr(LE), segment.p_filesz(LE));
    image.memory(from, size).is_some_and(|load| {
        from.checked_sub(load.p_vaddr(LE)) == segment.p_offset(LE).checked_sub(load.p_offset(LE))
            && image.mapped(from, size).is_some()
    })
}

/// Whether a section that is used in memory is mapped there, with the rights that it needs.
fn is_mapped_as_needed(image: &Image<'_>, section: &Section) -> bool {
    let has = |bit: u64| section.sh_flags(LE).0 & bit != 0;
    let (from, size) = (section.sh_addr(LE), section.sh_size(LE));
    let is_empty = section.sh_type(LE) == elf::SHT_NOBITS;
    if !has(elf::SHF_ALLOC.0) || size == 0 || (is_empty && has(elf::SHF_TLS.0)) {
        return true;
    }
    image.memory(from, size).is_some_and(|load| {
        let in_memory = from - load.p_vaddr(LE);
        let is_placed = if is_empty {
            in_memory >= load.p_filesz(LE)
        } else {
            section.sh_offset(LE).checked_sub(load.p_offset(LE)) == Some(in_memory)
                && inside(in_memory, size, load.p_filesz(LE))
        };
        is_placed
            && load.p_flags(LE).0 & elf::PF_R.0 != 0
            && (!has(elf::SHF_WRITE.0) || is_writable(load))
            && (!has(elf::SHF_EXECINSTR.0) || is_executable(load))
    })
}

/// Whether the segment of a kind is where the section of a name is; neither is there without the other.
fn check_named(image: &Image<'_>, name: &[u8], kind: ProgramType) -> Result<(), Refusal> {
    let mut sections = image.sections().filter(|x| x.0 == name);
    let mut segments = image.segments().iter().filter(|x| x.p_type(LE) == kind);
    let place = match (sections.next(), sections.next()) {
        (Some((_, x)), None) => Some((x.sh_addr(LE), x.sh_size(LE))),
        (None, _) => None,
        (Some(_), Some(_)) => return Err(damaged("a section is there twice")),
    };
    let said = segments.next().map(|x| (x.p_vaddr(LE), x.p_memsz(LE)));
    if place != said || segments.next().is_some() {
        return Err(damaged("a segment is not where its section is"));
    }
    Ok(())
}

/// Whether what becomes read-only after relocation leaves out what is written to later.
fn check_read_only_after_relocation(image: &Image<'_>) -> Result<(), Refusal> {
    let bad = || damaged("what becomes read-only is written to");
    let protects = |x: &&Segment| x.p_type(LE) == elf::PT_GNU_RELRO;
    for segment in image.segments().iter().filter(protects) {
        let (from, size) = (segment.p_vaddr(LE), segment.p_memsz(LE));
        let load = image.memory(from, size).ok_or_else(bad)?;
        if load.p_vaddr(LE) != from || !is_writable(load) {
            return Err(bad());
        }
        // No overflow: the segment lies in memory that was checked.
        let end = from + size;
        let is_written = |(name, section): (&[u8], &Section)| {
            (name == b".data" || name == b".bss")
                && section.sh_size(LE) != 0
                && section.sh_addr(LE) < end
                && section.sh_addr(LE) >= from
        };
        if image.sections().any(is_written) {
            return Err(bad());
        }
    }
    Ok(())
}

/// Whether the thread-local segment is the thread-local sections.
fn check_thread_local(image: &Image<'_>) -> Result<(), Refusal> {
    let bad = || damaged("its thread-local data is not valid");
    let mut segments = image
        .segments()
        .iter()
        .filter(|x| x.p_type(LE) == elf::PT_TLS);
    let is_local = |x: &&Section| x.sh_flags(LE).0 & elf::SHF_TLS.0 != 0;
    let sections = || image.sections().map(|x| x.1).filter(is_local);
    let segment = match (segments.next(), segments.next()) {
        (Some(segment), None) => segment,
        (None, _) if sections().next().is_none() => return Ok(()),
        _ => return Err(bad()),
    };
    let (from, align) = (segment.p_vaddr(LE), segment.p_align(LE));
    if segment.p_memsz(LE) > THREAD_LOCAL_BYTES_MAX
        || segment.p_filesz(LE) > segment.p_memsz(LE)
        || align > PAGE_BYTES_MIN
        || !align.is_power_of_two()
        || sections().map(|x| x.sh_addr(LE)).min() != Some(from)
    {
        return Err(bad());
    }
    let end = |x: &Section| (x.sh_addr(LE) - from).checked_add(x.sh_size(LE));
    let mut filled = 0;
    for section in sections() {
        let end = end(section).ok_or_else(bad)?;
        if section.sh_type(LE) != elf::SHT_NOBITS {
            filled = filled.max(end);
        }
        if end > segment.p_memsz(LE) {
            return Err(bad());
        }
    }
    (filled == segment.p_filesz(LE))
        .then_some(())
        .ok_or_else(bad)
}

/// Whether a segment may be written to.
pub(super) fn is_writable(segment: &Segment) -> bool {
    segment.p_flags(LE).0 & elf::PF_W.0 != 0
}

fn is_executable(segment: &Segment) -> bool {
    segment.p_flags(LE).0 & elf::PF_X.0 != 0
}
