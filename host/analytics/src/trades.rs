//! Round trips: what was opened first is closed first.
//!
//! Takes in the executions of one account in one instrument; gives out round trips. A round trip is the pairing of an opening execution, or a part of it, with the closing execution that ends it (first in, first out).

use std::collections::VecDeque;

use backplane_engine::contract::Contract;
use backplane_sdk::types::{Money, Price, Quantity, Side, Timestamp};

/// An execution, as far as round trips need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Execution {
    /// When, at the exchange.
    pub at: Timestamp,
    /// Bought or sold.
    pub side: Side,
    /// At which price.
    pub price: Price,
    /// How much; more than zero.
    pub quantity: Quantity,
    /// What it cost; negative for a rebate.
    pub fee: Money,
    /// The mid at that moment; none where a side was empty.
    pub mid: Option<Price>,
}

/// A pairing of an opening with a closing execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    /// When it was opened.
    pub opened: Timestamp,
    /// When it was closed.
    pub closed: Timestamp,
    /// The side that opened it.
    pub side: Side,
    /// How much.
    pub quantity: Quantity,
    /// The price at which it was opened.
    pub open_price: Price,
    /// The price at which it was closed.
    pub close_price: Price,
    /// The mid when it was opened; none where a side was empty.
    pub open_mid: Option<Price>,
    /// Whether a split changed its price and quantity meanwhile.
    pub was_split: bool,
    /// What it earned before fees.
    pub gross: Money,
    /// The shares of both executions' fees that fall to it.
    pub fees: Money,
}

impl RoundTrip {
    /// What it earned after fees.
    pub fn net(&self) -> Money {
        self.gross - self.fees
    }
}

#[derive(Clone, Copy, Debug)]
struct Lot {
    at: Timestamp,
    price: Price,
    quantity: i64,
    fee: i128,
    mid: Option<Price>,
    was_split: bool,
}

/// The open lots of one account in one instrument, oldest first.
#[derive(Clone, Debug)]
pub struct Lots {
    contract: Contract,
    /// The side that opened the lots; meaningless while there are none.
    side: Side,
    open: VecDeque<Lot>,
}

impl Lots {
    /// No position in a contract.
    pub fn new(contract: Contract) -> Lots {
        Lots {
            contract,
            side: Side::Buy,
            open: VecDeque::new(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The position that the open lots make up.
    pub fn position(&self) -> Quantity {
        let sum = self.open.iter().map(|x| Quantity(x.quantity));
        self.side.signed(sum.fold(Quantity::ZERO, |x, y| x + y))
    }

    /// The fees of what is still open.
    pub fn open_fees(&self) -> Money {
        self.open.iter().map(|x| Money(x.fee)).sum()
    }

    /// Adds an execution and gives each round trip that it closes to `closed`. What it does not close opens a lot. A fee
    /// is shared by quantity, rounded towards zero; the last part takes what is left, so that no fee is lost.
    pub fn add(&mut self, execution: &Execution, mut closed: impl FnMut(RoundTrip)) {
        let mut rest = execution.quantity.0;
        let mut fee = execution.fee.0;
        if rest <= 0 {
            return;
        }
        while rest > 0 && self.side != execution.side {
            let Some(lot) = self.open.front_mut() else {
                break;
            };
            let quantity = rest.min(lot.quantity);
            let fees = [
                take_share(&mut fee, quantity, rest),
                take_share(&mut lot.fee, quantity, lot.quantity),
            ];
            rest -= quantity;
            lot.quantity -= quantity;
            let lot = *lot;
            if lot.quantity == 0 {
                self.open.pop_front();
            }
            let value = |price| self.contract.value(price, Quantity(quantity));
            let gain = value(execution.price) - value(lot.price);
            closed(RoundTrip {
                opened: lot.at,
                closed: execution.at,
                side: self.side,
                quantity: Quantity(quantity),
                open_price: lot.price,
                close_price: execution.price,
                open_mid: lot.mid,
                was_split: lot.was_split,
                gross: match self.side {
                    Side::Buy => gain,
                    Side::Sell => -gain,
                },
                fees: Money(fees[0].saturating_add(fees[1])),
            });
        }
        if rest > 0 {
            self.side = execution.side;
            self.open.push_back(Lot {
                at: execution.at,
                price: execution.price,
                quantity: rest,
                fee,
                mid: execution.mid,
                was_split: false,
            });
        }
    }
}

impl Lots {
    /// The position changes without an order. Where nothing is left of it, it is closed at a price; otherwise, as in a split,
    /// each lot has as many units more or fewer, at a price that keeps its value.
    pub fn settle(
        &mut self,
        (at, price): (Timestamp, Price),
        position: Quantity,
        closed: impl FnMut(RoundTrip),
    ) {
        let before = self.position();
        if before.is_zero() || position == before {
            return;
        }
        if position.is_zero() || (position.0 < 0) != (before.0 < 0) {
            let execution = Execution {
                at,
                side: self.side.opposite(),
                price,
                quantity: Quantity(before.0.saturating_abs()),
                fee: Money::ZERO,
                mid: None,
            };
            self.add(&execution, closed);
            return;
        }
        let (new, old) = (i128::from(position.0), i128::from(before.0));
        let scale =
            |x: i64, by: i128, of: i128| i64::try_from(i128::from(x) * by / of).unwrap_or(x);
        for lot in &mut self.open {
            lot.quantity = scale(lot.quantity, new, old);
            lot.price = Price(scale(lot.price.0, old, new));
            lot.was_split = true;
        }
        let rest = position - self.position();
        if let Some(last) = self.open.back_mut() {
            last.quantity += self.side.signed(rest).0;
        }
        self.open.retain(|x| x.quantity > 0);
    }
}

/// Takes `quantity / of` of a fee out of it.
fn take_share(fee: &mut i128, quantity: i64, of: i64) -> i128 {
    if quantity == of {
        return std::mem::take(fee);
    }
    let share = match fee.checked_mul(i128::from(quantity)) {
        Some(product) => product / i128::from(of),
        None => (*fee / i128::from(of)).saturating_mul(i128::from(quantity)),
    };
    *fee -= share;
    share
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const ONE: i64 = 1_000_000_000;

    fn execution(at: i64, side: Side, price: i64, quantity: i64, fee: i128) -> Execution {
        Execution {
            at: Timestamp(at),
            side,
            price: Price(price * ONE),
            quantity: Quantity(quantity),
            fee: Money(fee),
            mid: None,
        }
    }

    #[test]
    fn a_position_that_expires_or_splits_is_closed_or_scaled() {
        let mut lots = Lots::new(Contract::linear(ONE));
        let mut trips = Vec::new();
        for (price, quantity) in [(10, 3), (20, 4)] {
            let execution = Execution {
                at: Timestamp(1),
                side: Side::Sell,
                price: Price(price * ONE),
                quantity: Quantity(quantity),
                fee: Money::ZERO,
                mid: None,
            };
            lots.add(&execution, |x| trips.push(x));
        }
        lots.settle((Timestamp(2), Price(0)), Quantity(-14), |x| trips.push(x));
        assert_eq!((lots.position(), trips.len()), (Quantity(-14), 0));
        lots.settle((Timestamp(3), Price(6 * ONE)), Quantity(0), |x| {
            trips.push(x)
        });
        assert_eq!(lots.position(), Quantity(0));
        // Six at 5 and eight at 10 were sold, and are bought back at 6.
        let gross: Vec<String> = trips.iter().map(|x| x.gross.to_string()).collect();
        assert_eq!(gross, ["-6", "32"]);
    }

    #[test]
    fn closes_the_oldest_lot_first_and_turns_around() {
        let mut lots = Lots::new(Contract::linear(ONE));
        let mut trips = Vec::new();
        lots.add(&execution(1, Side::Buy, 10, 2, 4), |x| trips.push(x));
        lots.add(&execution(2, Side::Buy, 11, 1, 1), |x| trips.push(x));
        lots.add(&execution(9, Side::Sell, 12, 5, 10), |x| trips.push(x));
        let gross: Vec<Money> = trips.iter().map(|x| x.gross).collect();
        assert_eq!(gross, [Money::from_units(4), Money::from_units(1)]);
        let fees: Vec<i128> = trips.iter().map(|x| x.fees.0).collect();
        assert_eq!(fees, [4 + 4, 1 + 2]);
        assert_eq!(lots.position(), Quantity(-2));
        assert_eq!(lots.open_fees(), Money(4));
        lots.add(&execution(19, Side::Buy, 15, 2, 0), |x| trips.push(x));
        assert_eq!(trips[2].gross, Money::from_units(-6));
        assert_eq!(trips[2].closed.since(trips[2].opened).0, 10);
    }

    /// Quantity and gross gain by the times of opening and closing.
    type Pairs = BTreeMap<(i64, i64), (i64, i64)>;

    /// Every unit on its own: the naive way to pair executions.
    fn naive(executions: &[Execution]) -> (Pairs, i64) {
        let mut open: Vec<(i64, Side, i64)> = Vec::new();
        let mut pairs: Pairs = BTreeMap::new();
        for x in executions {
            for _ in 0..x.quantity.0 {
                match open.first().copied() {
                    Some((at, side, price)) if side != x.side => {
                        let gain = x.price.0 - price;
                        let pair = pairs.entry((at, x.at.0)).or_default();
                        pair.0 += 1;
                        pair.1 += if side == Side::Buy { gain } else { -gain };
                        open.remove(0);
                    }
                    _ => open.push((x.at.0, x.side, x.price.0)),
                }
            }
        }
        let position = open
            .iter()
            .map(|x| if x.1 == Side::Buy { 1 } else { -1 })
            .sum();
        (pairs, position)
    }

    proptest! {
        #[test]
        fn lots_agree_with_pairing_every_unit_on_its_own(
            raw in prop::collection::vec((any::<bool>(), 90_i64..110, 1_i64..8, -50_i128..100), 0..60),
        ) {
            let executions: Vec<Execution> = raw
                .iter()
                .enumerate()
                .map(|(at, (buy, price, quantity, fee))| {
                    let side = if *buy { Side::Buy } else { Side::Sell };
                    execution(at as i64, side, *price, *quantity, *fee)
                })
                .collect();
            let mut lots = Lots::new(Contract::linear(ONE));
            let mut trips = Vec::new();
            executions.iter().for_each(|x| lots.add(x, |trip| trips.push(trip)));
            let (pairs, position) = naive(&executions);
            prop_assert_eq!(lots.position().0, position);
            let found: Pairs = trips
                .iter()
                .map(|x| ((x.opened.0, x.closed.0), (x.quantity.0, x.gross.0 as i64)))
                .collect();
            prop_assert_eq!(found.len(), trips.len());
            prop_assert_eq!(found, pairs);
            let fees: i128 = executions.iter().map(|x| x.fee.0).sum();
            let shared: Money = trips.iter().map(|x| x.fees).sum();
            prop_assert_eq!((shared + lots.open_fees()).0, fees);
        }
    }
}
