//! Who was the aggressor of a trade, where the source does not say.
//!
//! Takes in trades and the best prices before them; gives out a side by the rule of Lee and Ready ("Inferring trade
//! direction from intraday data", Journal of Finance 46, 1991), without their delay of quotes: above the middle of the
//! best prices a buyer, below it a seller; at the middle, and without best prices, a buyer above the last price that was
//! another one, a seller below it.

use backplane_sdk::types::{Price, Side};

/// The trades of one instrument.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Aggressors {
    last: Option<Price>,
    /// Which way the price went last.
    direction: Option<Side>,
    inferred: u64,
    unknown: u64,
}

impl Aggressors {
    /// The aggressor of a trade; none where nothing tells.
    pub(super) fn infer(&mut self, price: Price, best: [Option<Price>; 2]) -> Option<Side> {
        match self.last.map(|last| price.cmp(&last)) {
            Some(std::cmp::Ordering::Greater) => self.direction = Some(Side::Buy),
            Some(std::cmp::Ordering::Less) => self.direction = Some(Side::Sell),
            _ => {}
        }
        self.last = Some(price);
        let side = match best {
            [Some(bid), Some(ask)] if bid < ask => {
                let middle = i128::from(bid.0) + i128::from(ask.0);
                match (i128::from(price.0) * 2).cmp(&middle) {
                    std::cmp::Ordering::Greater => Some(Side::Buy),
                    std::cmp::Ordering::Less => Some(Side::Sell),
                    std::cmp::Ordering::Equal => self.direction,
                }
            }
            _ => self.direction,
        };
        let counter = if side.is_some() {
            &mut self.inferred
        } else {
            &mut self.unknown
        };
        *counter = counter.saturating_add(1);
        side
    }
}

/// What the user should know.
pub(super) fn note(list: &[Aggressors]) -> Option<String> {
    let sum = |count: fn(&Aggressors) -> u64| list.iter().map(count).fold(0, u64::saturating_add);
    let (inferred, unknown) = (sum(|x| x.inferred), sum(|x| x.unknown));
    (inferred > 0).then(|| {
        format!(
            "the source does not say who the aggressors are: those of {inferred} trades are inferred from best prices and \
             from the trade before (Lee and Ready, 1991), {unknown} are unknown"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_tell_first_and_the_last_price_else() {
        let mut found = Aggressors::default();
        let best = [Some(Price(100)), Some(Price(110))];
        for (price, best, side) in [
            (105, best, None),
            (110, best, Some(Side::Buy)),
            (101, best, Some(Side::Sell)),
            (105, best, Some(Side::Buy)),
            (104, [None, None], Some(Side::Sell)),
            (104, [None, None], Some(Side::Sell)),
            (106, [Some(Price(9)), None], Some(Side::Buy)),
        ] {
            assert_eq!(found.infer(Price(price), best), side, "{price}");
        }
    }
}
