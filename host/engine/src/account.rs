//! What a strategy owns: position and cash in each instrument that it traded.
//!
//! Takes in fills; gives out positions, cash, fees and their value at a price, in exact integers. A position is the sum
//! of its fills and of what settlements made of it, and `equity = cash + value(position)` holds at every moment.

use backplane_sdk::types::{Fill, InstrumentId, Money, Price, Quantity};

use crate::contract::Contract;

/// The account in one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The instrument.
    pub instrument: InstrumentId,
    /// What a position is worth.
    pub contract: Contract,
    /// Bought minus sold.
    pub position: Quantity,
    /// What was got minus what was paid, fees included.
    pub cash: Money,
    /// The fees.
    pub fees: Money,
    /// The last price at which it was valued.
    pub mark: Price,
    /// What the market showed when the position was split: until it shows another price, that is one of the old units.
    before_split: Option<Price>,
    /// Position, cash and equity as they were recorded last, to record only changes.
    recorded: Option<(Quantity, Money, Money)>,
}

impl Holding {
    /// Cash plus the value of the position at the last mark.
    pub fn equity(&self) -> Money {
        self.cash + self.contract.value(self.mark, self.position)
    }

    /// The price at which it is to be valued where the market shows `shown`.
    pub fn price(&self, shown: Option<Price>) -> Price {
        let known = shown.filter(|x| self.before_split != Some(*x));
        known.unwrap_or(self.mark)
    }

    /// Values it where the market shows `shown`.
    pub fn revalue(&mut self, shown: Option<Price>) {
        self.mark = self.price(shown);
        if shown.is_some() && shown != self.before_split {
            self.before_split = None;
        }
    }

    /// Its units are others from now on, one worth `mark`; the market shows `shown` yet.
    pub fn split(&mut self, mark: Price, shown: Option<Price>) {
        (self.mark, self.before_split) = (mark, shown);
    }

    /// Whether position, cash or equity differ from those of the last call.
    pub fn has_changed(&mut self) -> bool {
        let now = (self.position, self.cash, self.equity());
        self.recorded.replace(now) != Some(now)
    }
}

/// The account of one strategy instance.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Holdings in the order in which the instruments were first traded.
    holdings: Vec<Holding>,
}

impl Account {
    /// Takes over a fill and gives the holding after it. The fill's price is the mark until there is a better one.
    pub fn apply(&mut self, fill: &Fill, contract: &Contract) -> &mut Holding {
        let found = self
            .holdings
            .iter()
            .position(|x| x.instrument == fill.instrument);
        let place = found.unwrap_or_else(|| {
            self.holdings.push(Holding {
                instrument: fill.instrument,
                contract: *contract,
                position: Quantity::ZERO,
                cash: Money::ZERO,
                fees: Money::ZERO,
                mark: fill.price,
                before_split: None,
                recorded: None,
            });
            self.holdings.len() - 1
        });
        let holding = &mut self.holdings[place];
        let signed = fill.side.signed(fill.quantity);
        holding.position += signed;
        holding.cash -= contract.value(fill.price, signed) + fill.fee;
        holding.fees += fill.fee;
        holding
    }

    /// The holdings.
    pub fn holdings(&self) -> &[Holding] {
        &self.holdings
    }

    /// The holdings, to be valued.
    pub fn holdings_mut(&mut self) -> &mut [Holding] {
        &mut self.holdings
    }

    /// The sum of all holdings' equity; the starting cash is not in it.
    pub fn equity(&self) -> Money {
        self.holdings.iter().map(Holding::equity).sum()
    }

    /// The sum of all fees.
    pub fn fees(&self) -> Money {
        self.holdings.iter().map(|x| x.fees).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::ContractKind;
    use backplane_sdk::types::{Liquidity, OrderId, Side, Timestamp};
    use proptest::prelude::*;

    #[test]
    fn a_price_of_before_a_split_values_nothing_afterwards() {
        let fill = Fill {
            instrument: InstrumentId(0),
            order_id: OrderId(1),
            side: Side::Buy,
            price: Price(1_000),
            quantity: Quantity(1),
            leaves: Quantity::ZERO,
            fee: Money::ZERO,
            liquidity: Liquidity::Taker,
            ts_event: Timestamp(0),
            ts_recv: Timestamp(0),
        };
        let contract = Contract {
            kind: ContractKind::Linear,
            multiplier: 1_000_000_000,
            rate: 1_000_000_000,
        };
        let mut account = Account::default();
        let holding = account.apply(&fill, &contract);
        holding.revalue(Some(Price(1_200)));
        let before = holding.equity();
        holding.position = Quantity(10);
        holding.split(Price(120), Some(Price(1_200)));
        for shown in [None, Some(Price(1_200))] {
            holding.revalue(shown);
            assert_eq!(holding.equity(), before);
        }
        holding.revalue(Some(Price(121)));
        assert_eq!(holding.mark, Price(121));
        // From then on every price is one of the new units.
        holding.revalue(Some(Price(1_200)));
        assert_eq!(holding.mark, Price(1_200));
    }

    proptest! {
        #[test]
        fn equity_is_cash_plus_value_whatever_the_contract(
            fills in prop::collection::vec((1i64..1 << 45, 1i64..1 << 20, any::<bool>(), -1i64 << 40..1 << 40), 1..40),
            kind in prop::sample::select(ContractKind::ALL.to_vec()),
            multiplier in 1i64..1 << 40,
            rate in 1i64..1 << 38,
        ) {
            let contract = Contract { kind, multiplier, rate };
            let mut account = Account::default();
            let (mut position, mut paid, mut fees) = (0, 0i128, 0);
            for (price, quantity, sells, fee) in fills {
                let side = if sells { Side::Sell } else { Side::Buy };
                let fill = Fill {
                    instrument: InstrumentId(3),
                    order_id: OrderId(1),
                    side,
                    price: Price(price),
                    quantity: Quantity(quantity),
                    leaves: Quantity::ZERO,
                    fee: Money(fee.into()),
                    liquidity: Liquidity::Taker,
                    ts_event: Timestamp(0),
                    ts_recv: Timestamp(0),
                };
                let signed = if sells { -quantity } else { quantity };
                position += signed;
                paid += contract.value(fill.price, Quantity(signed)).0 + i128::from(fee);
                fees += i128::from(fee);
                let holding = *account.apply(&fill, &contract);
                prop_assert_eq!(holding.position, Quantity(position));
                prop_assert_eq!(holding.cash, Money(-paid));
                prop_assert_eq!(holding.fees, Money(fees));
                let value = contract.value(holding.mark, holding.position);
                prop_assert_eq!(holding.equity(), Money(-paid) + value);
                prop_assert_eq!(account.equity(), holding.equity());
            }
        }
    }
}
