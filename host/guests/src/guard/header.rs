//! The `.backplane` section of a library.
//!
//! Takes in a parsed library; gives out whether it is a plugin that this host can load.

use backplane_sdk::abi::ABI_VERSION;
use backplane_sdk::abi::v1::{HEADER_SECTION, PluginHeader};

use super::elf::Image;
use crate::error::Refusal;

/// The version that the section says, where there is one that begins as it should.
pub(super) fn version(image: &Image<'_>) -> Result<Option<u32>, Refusal> {
    let bytes = image.section_bytes(HEADER_SECTION)?.unwrap_or_default();
    let behind = bytes.strip_prefix(&PluginHeader::MAGIC);
    let version = behind.and_then(|x| x.first_chunk());
    Ok(version.map(|x| u32::from_le_bytes(*x)))
}

/// Checks magic, version and panic mode.
pub(super) fn check(image: &Image<'_>) -> Result<(), Refusal> {
    let bytes = image
        .section_bytes(HEADER_SECTION)?
        .ok_or(Refusal::NotAPlugin)?;
    let Some(header) = bytes.first_chunk::<{ size_of::<PluginHeader>() }>() else {
        return Err(Refusal::Header(format!(
            "it has {} bytes, but {} are needed",
            bytes.len(),
            size_of::<PluginHeader>()
        )));
    };
    let [magic @ .., v0, v1, v2, v3, panic_mode, _, _, _] = *header;
    if magic != PluginHeader::MAGIC {
        return Err(Refusal::Header("it does not begin as it should".into()));
    }
    let plugin = u32::from_le_bytes([v0, v1, v2, v3]);
    if plugin != ABI_VERSION {
        return Err(Refusal::AbiVersion {
            plugin,
            host: ABI_VERSION,
        });
    }
    match panic_mode {
        PluginHeader::UNWIND => Ok(()),
        PluginHeader::ABORT => Err(Refusal::PanicsAbort),
        other => Err(Refusal::Header(format!(
            "its panic mode is {other}, which is not known"
        ))),
    }
}
