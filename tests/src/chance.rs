//! Chance that can be had again.
//!
//! Takes in `BACKPLANE_SEED`, or else the time; gives out numbers that differ from run to run. The seed is printed, so that
//! a test that fails says how it is repeated.

use std::time::{SystemTime, UNIX_EPOCH};

/// Numbers drawn one after the other.
#[derive(Debug)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// Says the seed beside what it is for.
    ///
    /// # Panics
    /// Where `BACKPLANE_SEED` is no number.
    #[allow(
        clippy::disallowed_methods,
        reason = "a test that is to differ from run to run begins at another moment each time"
    )]
    pub fn new(what: &str) -> Chance {
        let named = std::env::var("BACKPLANE_SEED").ok();
        let now = || SystemTime::now().duration_since(UNIX_EPOCH);
        let drawn = || now().map_or(0, |x| u64::from(x.subsec_nanos()));
        let seed = named.map_or_else(drawn, |x| x.parse().expect("BACKPLANE_SEED is a number"));
        println!("{what}: BACKPLANE_SEED={seed} repeats this");
        Chance { state: seed }
    }

    /// A number from 0 to below 1 (SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
    /// 2014).
    pub fn share(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}
