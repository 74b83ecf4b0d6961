//! Ticks and lots: which prices and sizes an instrument's integers can say.
//!
//! Takes in exact decimals; gives out prices in units of 1e-9 and sizes as whole numbers of the instrument's lot. What
//! is no whole number is an error, or rounded and counted where that is asked for.

use super::decimal::{Decimal, greatest_common_divisor};

/// What the first reading finds of an instrument's prices and sizes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Steps {
    price: i128,
    print: i128,
    size: i128,
}

impl Steps {
    /// Notes the price of a level.
    pub(crate) const fn price(&mut self, price: Decimal) {
        note(&mut self.price, price.0);
    }

    /// Notes the price of a print.
    pub(crate) const fn print(&mut self, price: Decimal) {
        note(&mut self.print, price.0);
    }

    /// Notes the size of a level or a print.
    pub(crate) const fn size(&mut self, size: Decimal) {
        note(&mut self.size, size.0);
    }

    /// The largest step of which all prices of levels are multiples, in units of 1e-9; all prices of prints where there
    /// are no levels. None where they are finer than that, or none was seen.
    pub(crate) fn tick(&self) -> Option<i64> {
        let step = if self.price == 0 {
            self.print
        } else {
            self.price
        };
        Decimal(step).nanos().filter(|tick| *tick > 0)
    }

    /// The largest of 1, 0.1, 0.01.. of which all sizes are multiples.
    pub(crate) const fn lot(&self) -> Decimal {
        let mut lot = Decimal::ONE.0;
        while lot > 1 && self.size % lot != 0 {
            lot /= 10;
        }
        Decimal(lot)
    }
}

const fn note(step: &mut i128, value: i128) {
    if *step == 0 || value % *step != 0 {
        *step = greatest_common_divisor(*step, value);
    }
}

/// How many values were rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rounded {
    pub(crate) prices: u64,
    pub(crate) sizes: u64,
}

/// An instrument's tick and lot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    tick: Decimal,
    lot: Decimal,
    rounds: bool,
    rounded: Rounded,
}

impl Grid {
    /// A grid of a tick in units of 1e-9 and a lot, both above zero, on which values are rounded or else refused.
    pub(crate) fn new(tick: i64, lot: Decimal, rounds: bool) -> Grid {
        Grid {
            tick: Decimal::from(tick.max(1)),
            lot: Decimal(lot.0.max(1)),
            rounds,
            rounded: Rounded::default(),
        }
    }

    /// How many values were rounded so far.
    pub(crate) const fn rounded(&self) -> Rounded {
        self.rounded
    }

    /// The price of a level: a whole number of ticks.
    pub(crate) fn level_price(&mut self, price: Decimal) -> Result<i64, String> {
        let on_tick = self.step(price, self.tick, "price", "tick")?;
        if on_tick != price {
            self.rounded.prices += 1;
        }
        on_tick.nanos().ok_or_else(|| too_large("price", price))
    }

    /// The price of a print, which may lie between ticks.
    pub(crate) fn print_price(&mut self, price: Decimal) -> Result<i64, String> {
        let on_step = self.step(price, Decimal::NANO, "price", "unit of prices")?;
        if on_step != price {
            self.rounded.prices += 1;
        }
        on_step.nanos().ok_or_else(|| too_large("price", price))
    }

    /// A size: a whole number of lots. What is there is never rounded to nothing.
    pub(crate) fn size(&mut self, size: Decimal) -> Result<u32, String> {
        if size.0 < 0 {
            return Err(format!("its size is {size}, below zero"));
        }
        let whole = self.step(size, self.lot, "size", "lot")?;
        let whole = if size.0 > 0 {
            whole.max(self.lot)
        } else {
            whole
        };
        if whole != size {
            self.rounded.sizes += 1;
        }
        u32::try_from(whole.0 / self.lot.0).map_err(|_| {
            format!(
                "its size is {size}, and a row says at most {} lots of {}; say a coarser `--lot` with `--round`, or \
                 leave its symbol away with `--symbols`",
                u32::MAX,
                self.lot
            )
        })
    }

    /// The nearest multiple of a step, or an error where that is not the value and nothing may be rounded.
    fn step(&self, value: Decimal, step: Decimal, what: &str, of: &str) -> Result<Decimal, String> {
        let rest = value.0.rem_euclid(step.0);
        if rest == 0 {
            return Ok(value);
        }
        if !self.rounds {
            return Err(format!(
                "its {what} is {value}, which is not a whole number of the {of} {step}; `--round` takes the nearest"
            ));
        }
        let up = if rest * 2 >= step.0 { step.0 } else { 0 };
        let nearest = value
            .0
            .checked_sub(rest)
            .and_then(|down| down.checked_add(up));
        nearest.map(Decimal).ok_or_else(|| too_large(what, value))
    }
}

fn too_large(what: &str, value: Decimal) -> String {
    format!("its {what} is {value}, more than can be said")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn steps_are_what_all_values_are_multiples_of() {
        let mut steps = Steps::default();
        ["1.5", "2.25", "3"]
            .iter()
            .for_each(|price| steps.price(decimal(price)));
        ["0.014", "2.5"]
            .iter()
            .for_each(|size| steps.size(decimal(size)));
        assert_eq!(steps.tick(), Some(750_000_000));
        assert_eq!(steps.lot(), decimal("0.001"));
        steps.price(decimal("1.75"));
        assert_eq!(steps.tick(), Some(250_000_000));
        let whole = Steps {
            size: decimal("100").0,
            ..steps
        };
        assert_eq!(whole.lot(), Decimal::ONE);
        assert_eq!(Steps::default().tick(), None);
        assert_eq!(Steps::default().lot(), Decimal::ONE);
    }

    #[test]
    fn what_is_no_whole_number_is_refused_or_rounded_and_counted() {
        let mut strict = Grid::new(100_000_000, decimal("0.001"), false);
        assert_eq!(
            strict.level_price(decimal("61800.20")),
            Ok(61_800_200_000_000)
        );
        assert_eq!(strict.size(decimal("2.507")), Ok(2_507));
        assert_eq!(
            strict.print_price(decimal("61800.25")),
            Ok(61_800_250_000_000)
        );
        let error = strict.level_price(decimal("61800.25")).unwrap_err();
        assert!(
            error.contains("61800.25") && error.contains("tick 0.1"),
            "{error}"
        );
        assert!(
            strict
                .size(decimal("0.0005"))
                .unwrap_err()
                .contains("lot 0.001")
        );
        assert!(strict.size(decimal("-1")).is_err());
        assert!(
            strict
                .size(decimal("4294968"))
                .unwrap_err()
                .contains("at most 4294967295 lots")
        );
        let mut rounding = Grid {
            rounds: true,
            ..strict
        };
        assert_eq!(
            rounding.level_price(decimal("61800.25")),
            Ok(61_800_300_000_000)
        );
        assert_eq!(
            rounding.level_price(decimal("61800.24")),
            Ok(61_800_200_000_000)
        );
        assert_eq!(rounding.size(decimal("0.0001")), Ok(1));
        assert_eq!(rounding.size(decimal("0")), Ok(0));
        assert_eq!(
            rounding.rounded(),
            Rounded {
                prices: 2,
                sizes: 1
            }
        );
    }
}
