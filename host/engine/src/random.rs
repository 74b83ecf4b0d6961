//! Random numbers that depend on where they are used, and on nothing else.
//!
//! Takes in a key; gives out the numbers that belong to it. A number is a function of its key and its place behind that
//! key, so that the order in which draws are made cannot matter, nor what else is drawn.
//!
//! The function is the finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
//! OOPSLA 2014; the constants are Stafford's variant 13), applied to a counter that starts at the key and goes on by the
//! golden ratio.

use backplane_sdk::math;

/// 2^64 divided by the golden ratio, made odd.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Spreads the bits of a number, one to one.
pub const fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// The key that some numbers have in common, such as seed, strategy, leg and the number of a request.
pub const fn key(parts: &[u64]) -> u64 {
    let mut key = 0;
    let mut place = 0;
    while place < parts.len() {
        key = mix(key ^ parts[place]).wrapping_add(GOLDEN);
        place += 1;
    }
    key
}

/// The numbers of one key.
#[derive(Clone, Debug)]
pub struct Random {
    at: u64,
}

impl Random {
    /// The numbers of a key, from the first.
    pub const fn new(key: u64) -> Random {
        Random { at: key }
    }

    /// The next 64 random bits.
    pub const fn bits(&mut self) -> u64 {
        self.at = self.at.wrapping_add(GOLDEN);
        mix(self.at)
    }

    /// A whole number from 0 to `bound` - 1, each as likely to within 2^-32 for bounds up to 2^32; 0 for the bound 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        ((self.bits() as u128 * bound as u128) >> 64) as u64
    }

    /// A real number between 0 and 1, neither of them included, on a grid of 2^-53.
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// A number of the standard normal distribution (Box and Muller: A note on the generation of random normal deviates,
    /// Ann. Math. Statist. 29, 1958), the same bits on every machine.
    pub fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.uniform(), self.uniform());
        math::sqrt(-2.0 * math::ln(radius)) * math::cos(core::f64::consts::TAU * angle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_splitmix64() {
        // The first outputs of the reference implementation for the seed 1234567.
        let mut random = Random::new(1_234_567);
        let first = [random.bits(), random.bits(), random.bits()];
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(first, expected);
    }

    #[test]
    fn keys_tell_every_part_and_its_place() {
        let all = [
            key(&[1, 2, 3]),
            key(&[1, 2, 4]),
            key(&[3, 2, 1]),
            key(&[1, 2]),
            key(&[0, 1, 2, 3]),
        ];
        for (place, one) in all.iter().enumerate() {
            assert!(!all[..place].contains(one), "{all:?}");
        }
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_deviation_one() {
        let count = 20_000;
        let numbers = (0..count).map(|x| Random::new(key(&[7, x])).normal());
        let numbers: Vec<f64> = numbers.collect();
        let mean = numbers.iter().sum::<f64>() / count as f64;
        let square = numbers.iter().map(|x| x * x).sum::<f64>() / count as f64;
        // Five standard errors: 5 / sqrt(n), and 5 * sqrt(2 / n) for the square.
        assert!(mean.abs() < 0.036, "{mean}");
        assert!((square - 1.0).abs() < 0.05, "{square}");
    }
}
