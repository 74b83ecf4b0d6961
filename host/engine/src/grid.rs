//! The steps of an instrument's prices and quantities.
//!
//! Takes in what the tape or the run says; gives out whether a limit and a quantity are on them. Own orders are bound by
//! them, what the tape says is not.

use backplane_sdk::types::{Price, Quantity};

/// The steps of one instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The tick of prices below the first band.
    tick: Price,
    /// From which price on another tick holds, ascending.
    bands: Vec<(Price, Price)>,
    lot: Quantity,
}

impl Grid {
    /// One tick for all prices, and any quantity.
    pub const fn new(tick: Price) -> Grid {
        Grid {
            tick,
            bands: Vec::new(),
            lot: Quantity(1),
        }
    }

    /// The same with ticks that hold from a price on, the first of them for all prices below as well; and lots of so many
    /// units.
    ///
    /// # Errors
    /// Says which does not ascend, is not above zero, or begins off its own tick.
    pub fn with(self, bands: Vec<(Price, Price)>, lot: Quantity) -> Result<Grid, String> {
        if lot.0 < 1 {
            return Err("the lot is not at least 1".into());
        }
        if bands.windows(2).any(|x| x[0].0 >= x[1].0) {
            return Err("the prices of the ticks do not ascend".into());
        }
        if bands.iter().any(|x| x.1.0 <= 0) {
            return Err("a tick is not above zero".into());
        }
        if bands.iter().any(|x| !x.0.is_on_tick(x.1)) {
            return Err("a tick begins at a price that is not on it".into());
        }
        Ok(Grid {
            tick: bands.first().map_or(self.tick, |x| x.1),
            bands,
            lot,
        })
    }

    /// The smallest tick: distances between prices are multiples of it.
    pub fn smallest(&self) -> Price {
        let ticks = self.bands.iter().map(|x| x.1);
        ticks.chain([self.tick]).min().unwrap_or(self.tick)
    }

    /// Whether a price is on the tick that holds there.
    #[inline]
    pub fn has_price(&self, price: Price) -> bool {
        let band = self.bands.iter().rev().find(|x| x.0 <= price);
        price.is_on_tick(band.map_or(self.tick, |x| x.1))
    }

    /// Whether a quantity is whole lots.
    #[inline]
    pub const fn has_quantity(&self, quantity: Quantity) -> bool {
        self.lot.0 == 1 || quantity.0 % self.lot.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_held_to_the_tick_of_its_band() {
        let bands = vec![
            (Price(0), Price(1)),
            (Price(100), Price(5)),
            (Price(1_000), Price(10)),
        ];
        let grid = Grid::new(Price(7)).with(bands, Quantity(100)).unwrap();
        let on = |x: i64| grid.has_price(Price(x));
        assert!(on(99) && on(100) && on(105) && on(995) && on(1_000) && on(1_010) && on(-3));
        assert!(!on(101) && !on(998) && !on(1_005));
        assert_eq!(grid.smallest(), Price(1));
        assert!(grid.has_quantity(Quantity(300)) && !grid.has_quantity(Quantity(50)));
    }

    #[test]
    fn bands_that_make_no_sense_are_refused() {
        let with = |bands: &[(i64, i64)], lot| {
            let bands = bands.iter().map(|x| (Price(x.0), Price(x.1))).collect();
            Grid::new(Price(1)).with(bands, Quantity(lot)).unwrap_err()
        };
        assert!(with(&[(10, 1), (5, 1)], 1).contains("ascend"));
        assert!(with(&[(10, 0)], 1).contains("above zero"));
        assert!(with(&[(10, 3)], 1).contains("not on it"));
        assert!(with(&[], 0).contains("lot"));
    }
}
