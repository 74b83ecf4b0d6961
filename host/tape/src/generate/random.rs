//! Random numbers that are the same on every machine and in every later version.
//!
//! Takes in a seed and a stream number; gives out the numbers of xoshiro256++ (Blackman and Vigna, "Scrambled linear
//! pseudorandom number generators", 2021), whose state is filled by SplitMix64 (Steele, Lea and Flood, 2014). Only
//! integer arithmetic is used, apart from [`Random::exponential`], whose logarithm comes from the `libm` crate.

/// What SplitMix64 adds in each step: 2^64 divided by the golden ratio.
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// One stream of random numbers.
#[derive(Clone, Debug)]
pub(super) struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream with the number `stream` under `seed`; no two pairs share a state in practice.
    pub(super) fn new(seed: u64, stream: u64) -> Random {
        let mut counter = mix(seed) ^ mix(stream.wrapping_add(GOLDEN_GAMMA));
        let mut state = [0; 4];
        for word in &mut state {
            counter = counter.wrapping_add(GOLDEN_GAMMA);
            *word = mix(counter);
        }
        Random { state }
    }

    /// The next 64 bits.
    #[inline]
    pub(super) fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let third = c ^ a;
        let fourth = d ^ b;
        self.state = [
            a ^ fourth,
            b ^ third,
            third ^ (b << 17),
            fourth.rotate_left(45),
        ];
        result
    }

    /// A whole number from 0 up to, not including, `limit`; 0 where the limit is 0. The upper half of the bits is
    /// scaled, so a value's probability is off by less than `limit` / 2^32.
    #[inline]
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// True with the probability `weight` / 1024.
    #[inline]
    pub(super) fn chance(&mut self, weight: u32) -> bool {
        self.below(1_024) < weight
    }

    /// A number from the unit exponential distribution, by inversion.
    #[inline]
    pub(super) fn exponential(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1u64 << 53) as f64;
        let uniform = ((self.bits() >> 11) + 1) as f64 * STEP;
        -libm::log(uniform)
    }

    /// A number from 0 up to, not including, 1.
    #[inline]
    pub(super) fn uniform(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1u64 << 53) as f64;
        (self.bits() >> 11) as f64 * STEP
    }
}

/// The output function of SplitMix64.
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_are_those_of_the_published_generator() {
        let mut random = Random {
            state: [1, 2, 3, 4],
        };
        let drawn: Vec<u64> = (0..6).map(|_| random.bits()).collect();
        assert_eq!(
            drawn,
            [
                41_943_041,
                58_720_359,
                3_588_806_011_781_223,
                3_591_011_842_654_386,
                9_228_616_714_210_784_205,
                9_973_669_472_204_895_162,
            ]
        );
    }

    #[test]
    fn streams_of_one_seed_differ() {
        let mut first = Random::new(7, 0);
        let mut second = Random::new(7, 1);
        let mut other_seed = Random::new(8, 0);
        let number = first.bits();
        assert_ne!(number, second.bits());
        assert_ne!(number, other_seed.bits());
    }

    #[test]
    fn exponential_numbers_have_the_mean_and_the_variance_one() {
        let mut random = Random::new(1, 1);
        let drawn: Vec<f64> = (0..100_000).map(|_| random.exponential()).collect();
        let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
        let square = drawn.iter().map(|x| x * x).sum::<f64>() / drawn.len() as f64;
        assert!((mean - 1.0).abs() < 0.02, "mean {mean}");
        assert!((square - 2.0).abs() < 0.08, "second moment {square}");
    }
}
