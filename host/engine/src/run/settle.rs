//! What happens to the positions of a strategy: funding, borrowing, dividends, splits, expiry.
//!
//! Takes in a happening when the strategy's account hears of it, behind all fills before it; gives out a changed account,
//! a record of it, and, where the position changed, the news of that: a fill of order 0, which no order of a strategy is.

use backplane_sdk::abi::Message;
use backplane_sdk::types::{Fill, Liquidity, Money, OrderId, Price, Quantity, Side, Timestamp};

use super::Run;
use super::attend::equity_record;
use crate::account::Holding;
use crate::error::RunError;
use crate::record::{InstanceId, SettlementRecord};
use crate::request::Happening;
use crate::schedule::Occasion;

/// The days of a year of interest.
const YEAR_DAYS: i128 = 360;

/// What becomes of a holding.
struct Settlement {
    /// What the account gets.
    amount: Money,
    /// The price at which it was computed; undefined where none was needed.
    price: Price,
    /// The position afterwards.
    position: Quantity,
    /// The mark afterwards.
    mark: Price,
}

impl Run<'_> {
    /// A happening is heard.
    #[cold]
    pub(super) fn settle(&mut self, place: usize, message: &Message) -> Result<(), RunError> {
        let Some(happening) = self.seats[place].exchange.take_happening() else {
            return Ok(());
        };
        let event = happening.event;
        let shown = self.mark(event.instrument);
        let seat = &mut self.seats[place];
        let mut holdings = seat.account.holdings_mut().iter_mut();
        let holding = holdings.find(|x| x.instrument == event.instrument);
        let Some(holding) = holding.filter(|x| !x.position.is_zero()) else {
            return Ok(());
        };
        let settlement = settlement(holding, &happening);
        let before = holding.position;
        holding.cash += settlement.amount;
        holding.position = settlement.position;
        match event.occasion {
            Occasion::Split { .. } => holding.split(settlement.mark, shown),
            _ => holding.mark = settlement.mark,
        }
        let record = SettlementRecord {
            instance: InstanceId(place as u32),
            instrument: event.instrument,
            at: Timestamp(message.ts_recv),
            ts_event: Timestamp(message.ts_event),
            occasion: event.occasion,
            price: settlement.price,
            before,
            position: holding.position,
            amount: settlement.amount,
            cash: holding.cash,
        };
        let changed = holding.has_changed();
        let valued = equity_record(record.instance, record.at, holding);
        seat.journal.settlement(&record);
        if self.keeps {
            self.recorder.settlement(&record)?;
            if changed {
                self.recorder.equity(&valued)?;
            }
        }
        self.watch(place, message.ts_recv, Some(message))?;
        match told(&record) {
            Some(fill) => self.deliver(place, &Message::from(&fill)),
            None => Ok(()),
        }
    }
}

/// The news of a position that changed without an order; `None` where it did not.
fn told(record: &SettlementRecord) -> Option<Fill> {
    let change = record.position - record.before;
    let is_expiry = matches!(record.occasion, Occasion::Expiry { .. });
    (!change.is_zero()).then_some(Fill {
        instrument: record.instrument,
        order_id: OrderId(0),
        side: if change.0 > 0 { Side::Buy } else { Side::Sell },
        price: if is_expiry { record.price } else { Price(0) },
        quantity: Quantity(change.0.saturating_abs()),
        leaves: Quantity::ZERO,
        fee: Money::ZERO,
        liquidity: Liquidity::Taker,
        ts_event: record.ts_event,
        ts_recv: record.at,
    })
}

fn settlement(holding: &Holding, happening: &Happening) -> Settlement {
    let (position, contract) = (holding.position, &holding.contract);
    let mark = happening.mark.unwrap_or(holding.mark);
    let size = contract.size(mark, position);
    let stays = |amount: Money, price: Price| Settlement {
        amount,
        price,
        position,
        mark,
    };
    match happening.event.occasion {
        Occasion::Funding { rate } => {
            let signed = if position.0 > 0 { -size } else { size };
            stays(share(signed, rate, Money::SCALE), mark)
        }
        Occasion::Borrow { rate } if position.0 < 0 => {
            stays(share(-size, rate, Money::SCALE * YEAR_DAYS), mark)
        }
        Occasion::Borrow { .. } => stays(Money::ZERO, mark),
        Occasion::Dividend { amount } => stays(contract.value(amount, position), amount),
        Occasion::Split { new, old } => split(holding, mark, (new, old)),
        Occasion::Expiry { price } => {
            let price = price.or(happening.last).unwrap_or(holding.mark);
            Settlement {
                amount: contract.value(price, position),
                price,
                position: Quantity::ZERO,
                mark: price,
            }
        }
    }
}

/// A share of an amount, `rate / one` of it, rounded to the nearest 1e-9, halves away from zero.
fn share(amount: Money, rate: i64, one: i128) -> Money {
    let product = amount.0.saturating_mul(rate.into());
    let size = product.saturating_abs().saturating_add(one / 2) / one;
    Money(if product < 0 { -size } else { size })
}

/// The position in new units, towards zero; what is left of a unit is paid at the mark.
fn split(holding: &Holding, mark: Price, (new, old): (u32, u32)) -> Settlement {
    let (new, old) = (i128::from(new.max(1)), i128::from(old.max(1)));
    let units = i128::from(holding.position.0) * new;
    let position = i64::try_from(units / old).unwrap_or(holding.position.0);
    let rest = i64::try_from(units % old).unwrap_or_default();
    // A new unit is worth `mark * old / new`, and there are `rest / old` of it.
    let value = holding.contract.value(mark, Quantity(rest)).0;
    let after = i128::from(mark.0) * old / new;
    Settlement {
        amount: Money(value / new),
        price: mark,
        position: Quantity(position),
        mark: i64::try_from(after).map_or(mark, Price),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;
    use crate::contract::{Contract, ContractKind, RATE_ONE};
    use crate::schedule::Event;
    use backplane_sdk::types::InstrumentId;
    use proptest::prelude::*;

    fn holding(contract: Contract, price: i64, position: i64) -> Holding {
        let fill = Fill {
            instrument: InstrumentId(0),
            order_id: OrderId(1),
            side: if position > 0 { Side::Buy } else { Side::Sell },
            price: Price(price),
            quantity: Quantity(position.abs()),
            leaves: Quantity::ZERO,
            fee: Money::ZERO,
            liquidity: Liquidity::Taker,
            ts_event: Timestamp(0),
            ts_recv: Timestamp(0),
        };
        *Account::default().apply(&fill, &contract)
    }

    fn settled(holding: &Holding, mark: i64, occasion: Occasion) -> Settlement {
        let event = Event {
            at: Timestamp(0),
            instrument: InstrumentId(0),
            occasion,
        };
        let happening = Happening {
            event,
            mark: Some(Price(mark)),
            last: Some(Price(mark)),
        };
        settlement(holding, &happening)
    }

    const DOLLAR: i64 = 1_000_000_000;

    fn amount(position: i64, occasion: Occasion) -> String {
        let share = holding(Contract::linear(DOLLAR), 100 * DOLLAR, position);
        settled(&share, 250 * DOLLAR, occasion).amount.to_string()
    }

    #[test]
    fn the_long_pay_funding_to_the_short_and_back() {
        let funding = |rate| Occasion::Funding { rate };
        assert_eq!(amount(4, funding(100_000)), "-0.1");
        assert_eq!(amount(-4, funding(100_000)), "0.1");
        assert_eq!(amount(4, funding(-100_000)), "0.1");
        let inverse = Contract {
            kind: ContractKind::Inverse,
            multiplier: DOLLAR,
            rate: RATE_ONE,
        };
        // 10,000 dollars at 50,000 are 0.2 coins; a long position pays one basis point of them.
        let long = holding(inverse, 40_000 * DOLLAR, 10_000);
        let paid = settled(&long, 50_000 * DOLLAR, funding(100_000)).amount;
        assert_eq!(paid.to_string(), "-0.00002");
    }

    #[test]
    fn only_the_short_borrow_and_everybody_has_dividends() {
        let borrow = Occasion::Borrow { rate: 36_000_000 };
        assert_eq!(amount(-4, borrow), "-0.1");
        assert_eq!(amount(4, borrow), "0");
        let dividend = Occasion::Dividend {
            amount: Price(DOLLAR / 4),
        };
        assert_eq!(amount(10, dividend), "2.5");
        assert_eq!(amount(-10, dividend), "-2.5");
    }

    #[test]
    fn a_split_changes_units_and_pays_what_is_left_of_one() {
        let share = |position| holding(Contract::linear(DOLLAR), 100 * DOLLAR, position);
        let four = settled(&share(-7), 100 * DOLLAR, Occasion::Split { new: 4, old: 1 });
        assert_eq!(
            (four.position, four.mark, four.amount),
            (Quantity(-28), Price(25 * DOLLAR), Money(0))
        );
        // One for ten: 27 shares at 100 become 2 at 1,000, and seven tenths of one are paid.
        let reverse = settled(
            &share(27),
            100 * DOLLAR,
            Occasion::Split { new: 1, old: 10 },
        );
        assert_eq!(
            (reverse.position, reverse.mark),
            (Quantity(2), Price(1_000 * DOLLAR))
        );
        assert_eq!(reverse.amount.to_string(), "700");
    }

    proptest! {
        #[test]
        fn expiry_turns_a_position_into_the_cash_that_it_is_worth(
            bought in 1i64..1 << 45,
            price in 1i64..1 << 45,
            position in (-1i64 << 20..1 << 20).prop_filter("one", |x| *x != 0),
            kind in prop::sample::select(ContractKind::ALL.to_vec()),
            rate in 1i64..1 << 34,
        ) {
            let contract = Contract { kind, multiplier: DOLLAR, rate };
            let mut held = holding(contract, bought, position);
            let after = settled(&held, price, Occasion::Expiry { price: Some(Price(price)) });
            held.mark = Price(price);
            let equity = held.equity();
            prop_assert_eq!(after.position, Quantity::ZERO);
            prop_assert_eq!(held.cash + after.amount, equity);
        }

        #[test]
        fn a_split_into_whole_units_keeps_the_equity(
            price in 1i64..1 << 40,
            position in -1i64 << 20..1 << 20,
            new in 1u32..20,
        ) {
            prop_assume!(position != 0);
            let share = holding(Contract::linear(DOLLAR), price * i64::from(new), position);
            let after = settled(&share, price * i64::from(new), Occasion::Split { new, old: 1 });
            prop_assert_eq!(after.amount, Money::ZERO);
            let value = share.contract.value(after.mark, after.position);
            prop_assert_eq!(share.cash + value, share.equity());
        }
    }
}
