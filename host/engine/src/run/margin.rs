//! Margin: what positions and open orders need of an account's equity.
//!
//! Takes in a command or a valuation; gives out whether an order would need more than there is, and whether the positions
//! may no longer be held. An order is held against the initial margin of the largest position that it and the other open
//! orders may make; positions are held against the maintenance margin.

use std::collections::BTreeSet;

use backplane_sdk::types::{InstrumentId, Money, Price, Quantity, Side};

use super::Run;
use crate::limits::Margin;

/// One, in units of 1e-9.
const ONE: i128 = 1_000_000_000;

/// An order that would be sent: how much more would be open.
#[derive(Clone, Copy, Debug)]
pub(super) struct More {
    pub(super) instrument: InstrumentId,
    pub(super) side: Side,
    pub(super) quantity: i64,
    /// Its limit, where the market shows no price.
    pub(super) limit: Option<Price>,
}

impl Run<'_> {
    /// Whether positions need margin at all.
    pub(super) const fn has_margin(&self) -> bool {
        !self.config.margins.is_empty()
    }

    fn margin(&self, instrument: InstrumentId) -> Margin {
        let margins = &self.config.margins;
        margins.get(instrument.index()).copied().unwrap_or_default()
    }

    /// Whether an order would need more than the account has. One that makes no position larger is always allowed.
    pub(super) fn lacks_margin(&self, place: usize, more: &More) -> bool {
        if !self.has_margin() {
            return false;
        }
        let (before, after) = self.required(place, more);
        let equity = self.config.starting_cash + self.equity(place);
        after > before && after > equity
    }

    /// The initial margin of an instance without and with another order.
    fn required(&self, place: usize, more: &More) -> (Money, Money) {
        let seat = &self.seats[place];
        let held = seat.account.holdings().iter().map(|x| x.instrument);
        let open = seat.risk.iter().flat_map(|x| x.instruments());
        let all: BTreeSet<InstrumentId> = held.chain(open).chain([more.instrument]).collect();
        let (mut before, mut after) = (Money::ZERO, Money::ZERO);
        for instrument in all {
            let position = self.position(place, instrument).0;
            let risk = seat.risk.as_ref();
            let [buys, sells] = risk.map_or([0; 2], |x| x.open_quantities(instrument));
            let added = |side: Side| match instrument == more.instrument && side == more.side {
                true => more.quantity,
                false => 0,
            };
            let largest = |buys: i64, sells: i64| {
                let long = position.saturating_add(buys).saturating_abs();
                long.max(position.saturating_sub(sells).saturating_abs())
            };
            let without = largest(buys, sells);
            let with = largest(
                buys.saturating_add(added(Side::Buy)),
                sells.saturating_add(added(Side::Sell)),
            );
            let limit = more.limit.filter(|_| instrument == more.instrument);
            let Some(price) = self.price(place, instrument).or(limit) else {
                continue;
            };
            let rate = self.margin(instrument).initial;
            before += self.share(instrument, price, without, rate);
            after += self.share(instrument, price, with, rate);
        }
        (before, after)
    }

    /// Whether the equity of an instance, `equity`, is less than the maintenance margin of its positions.
    pub(super) fn is_under_margin(&self, place: usize, equity: Money) -> bool {
        if !self.has_margin() {
            return false;
        }
        let holdings = self.seats[place].account.holdings().iter();
        let held = holdings.filter(|x| !x.position.is_zero());
        let needed = held.map(|x| {
            let rate = self.margin(x.instrument).maintenance;
            self.share(x.instrument, x.mark, x.position.0, rate).0
        });
        let needed: i128 = needed.sum();
        needed > 0 && equity.0 < needed
    }

    /// A share of the value of a quantity, up to the next 1e-9.
    fn share(&self, instrument: InstrumentId, price: Price, quantity: i64, rate: i64) -> Money {
        let size = self.contracts[instrument.index()].size(price, Quantity(quantity));
        let product = size.0.saturating_mul(rate.into());
        Money(product.saturating_add(ONE - 1) / ONE)
    }

    fn position(&self, place: usize, instrument: InstrumentId) -> Quantity {
        let mut holdings = self.seats[place].account.holdings().iter();
        let holding = holdings.find(|x| x.instrument == instrument);
        holding.map_or(Quantity::ZERO, |x| x.position)
    }

    /// The price at which a position counts: what the market shows, or where it was valued last.
    fn price(&self, place: usize, instrument: InstrumentId) -> Option<Price> {
        let mut holdings = self.seats[place].account.holdings().iter();
        let held = holdings.find(|x| x.instrument == instrument);
        let shown = self.mark(instrument);
        held.map(|x| x.price(shown)).or(shown)
    }

    /// What an instance gained since the beginning, valued now.
    fn equity(&self, place: usize) -> Money {
        let holdings = self.seats[place].account.holdings().iter();
        let worth = holdings.map(|x| {
            let mark = x.price(self.mark(x.instrument));
            (x.cash + x.contract.value(mark, x.position)).0
        });
        Money(worth.sum())
    }
}
