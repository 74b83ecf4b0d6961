//! Maps from order numbers.
//!
//! Takes in nothing; gives out maps whose hash is quick and the same on every run of a machine. They are only asked,
//! never walked, so that no result depends on the hash.

use std::collections::HashMap;

use ahash::RandomState;

/// A map that is only asked.
pub(crate) type Lookup<K, V> = HashMap<K, V, RandomState>;

/// An empty map.
pub(crate) fn lookup<K, V>() -> Lookup<K, V> {
    // The first digits of pi: any four numbers would do.
    HashMap::with_hasher(RandomState::with_seeds(
        0x243F_6A88_85A3_08D3,
        0x1319_8A2E_0370_7344,
        0xA409_3822_299F_31D0,
        0x082E_FA98_EC4E_6C89,
    ))
}
