//! DBZ, the precursor of DBN: records of version 1 in a Zstandard stream that begins with its metadata.
//!
//! Takes in a file; gives out its metadata. What follows it is read like DBN of version 1, since a Zstandard decoder
//! passes over the frame in which the metadata stands. The library marks its support as deprecated, because the format
//! is; whoever has such files still wants to read them.
#![expect(
    deprecated,
    reason = "the format is what is deprecated, not its reading"
)]

use dbn::decode::{DbnMetadata, dbz};
use dbn::{Metadata, VersionUpgradePolicy};

use super::super::part::Stream;

/// The version of DBN whose records DBZ files hold.
pub(super) const DBN_VERSION: u8 = 1;

/// Whether a file begins so.
pub(super) fn is_dbz(head: &[u8]) -> bool {
    dbz::starts_with_prefix(head)
}

/// What a file says about itself.
pub(super) fn metadata(stream: Stream) -> dbn::Result<Metadata> {
    let decoder = dbz::Decoder::with_upgrade_policy(stream, VersionUpgradePolicy::AsIs)?;
    Ok(decoder.metadata().clone())
}
