//! Fees by volume and within bounds for each order.
//!
//! Takes in executions; gives out what each costs by the tier that the volume before it has reached, held within a least and
//! a most for the whole order. Two common schedules show what it is for: crypto venues lower the rates with the volume of the
//! last 30 days; Interactive Brokers' fixed commission for US stocks is 0.005 a share, at least 1.00 and at most 1 % of the
//! value of an order (<https://www.interactivebrokers.com/en/pricing/commissions-stocks.php>).

use backplane_sdk::types::{Money, OrderId, Timestamp};

use super::{Execution, FeeModel, Fees, share};

/// The fees from some volume on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tier {
    /// The volume that must have been reached: money in units of 1e-9, or quantity units, as [`Volume`] says.
    pub from: i128,
    /// What executions cost then.
    pub fees: Fees,
}

/// What volume is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Volume {
    /// The unsigned value of what was traded, in units of 1e-9 of the account's currency.
    #[default]
    Value,
    /// The quantity units that were traded.
    Quantity,
}

/// What volume counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// That of the calendar month so far, UTC.
    #[default]
    Month,
    /// That of the UTC day so far and of so many days before it.
    Days(u16),
}

/// What an order costs at least and at most. A rebate is not bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderBounds {
    /// At least this, once anything of it is executed.
    pub minimum: Money,
    /// At most this.
    pub maximum: Money,
    /// At most this share of the executed value, in units of 1e-9. The most goes before the least.
    pub maximum_rate: i64,
}

/// No bounds.
impl Default for OrderBounds {
    fn default() -> OrderBounds {
        OrderBounds {
            minimum: Money::ZERO,
            maximum: Money(i128::MAX),
            maximum_rate: i64::MAX,
        }
    }
}

impl OrderBounds {
    fn hold(&self, fee: Money, value: Money) -> Money {
        if fee < Money::ZERO {
            return fee;
        }
        let most = if self.maximum_rate == i64::MAX {
            self.maximum
        } else {
            self.maximum.min(share(value, self.maximum_rate))
        };
        fee.max(self.minimum).min(most)
    }
}

/// What was executed of an order that is not gone.
#[derive(Clone, Copy, Debug)]
struct Charged {
    order_id: OrderId,
    /// The fees by the rates.
    fees: Money,
    value: Money,
    /// The fees as they were charged.
    charged: Money,
}

/// Fees by volume, within bounds for each order.
#[derive(Clone, Debug)]
pub struct FeeSchedule {
    /// Ascending; the first begins at no volume.
    tiers: Vec<Tier>,
    volume: Volume,
    window: Window,
    /// What counts as traded before the tape began, in every window.
    before: i128,
    bounds: OrderBounds,
    /// Volumes of months or days, the last at the end.
    volumes: Vec<(i64, i128)>,
    orders: Vec<Charged>,
}

impl FeeSchedule {
    /// A schedule. `before` is a volume that counts as reached in every window, because tapes are short.
    ///
    /// # Errors
    /// Says what is wrong where the tiers do not begin at no volume or do not ascend.
    pub fn new(
        tiers: Vec<Tier>,
        (volume, window, before): (Volume, Window, i128),
        bounds: OrderBounds,
    ) -> Result<FeeSchedule, String> {
        if tiers.first().is_none_or(|x| x.from != 0) {
            return Err("the first tier does not begin at 0".into());
        }
        if tiers.windows(2).any(|x| x[0].from >= x[1].from) {
            return Err("the tiers do not ascend".into());
        }
        Ok(FeeSchedule {
            tiers,
            volume,
            window,
            before,
            bounds,
            volumes: Vec::new(),
            orders: Vec::new(),
        })
    }

    /// The volume that counts at a time.
    fn reached(&self, at: Timestamp) -> i128 {
        let first = match self.window {
            Window::Month => self.period(at),
            Window::Days(days) => self.period(at) - i64::from(days),
        };
        let counts = self.volumes.iter().rev().take_while(|x| x.0 >= first);
        counts.fold(self.before, |all, x| all.saturating_add(x.1))
    }

    /// The number of the month or the day of a time.
    const fn period(&self, at: Timestamp) -> i64 {
        let day = at.0.div_euclid(86_400_000_000_000);
        match self.window {
            Window::Month => month_of(day),
            Window::Days(_) => day,
        }
    }

    fn count(&mut self, execution: &Execution) {
        let volume = match self.volume {
            Volume::Value => execution.notional.0,
            Volume::Quantity => execution.quantity.0.into(),
        };
        let period = self.period(execution.at);
        match self.volumes.last_mut() {
            Some((last, sum)) if *last == period => *sum = sum.saturating_add(volume),
            _ => self.volumes.push((period, volume)),
        }
        let kept = match self.window {
            Window::Month => 1,
            Window::Days(days) => usize::from(days) + 1,
        };
        if self.volumes.len() > kept {
            self.volumes.remove(0);
        }
    }

    /// What an execution costs beyond what its order was charged already.
    fn charge(&mut self, execution: &Execution, fee: Money) -> Money {
        if self.bounds == OrderBounds::default() {
            return fee;
        }
        let mut known = self.orders.iter();
        let found = known.position(|x| x.order_id == execution.order_id);
        let place = found.unwrap_or_else(|| {
            self.orders.push(Charged {
                order_id: execution.order_id,
                fees: Money::ZERO,
                value: Money::ZERO,
                charged: Money::ZERO,
            });
            self.orders.len() - 1
        });
        let order = &mut self.orders[place];
        order.fees += fee;
        order.value += execution.notional;
        let due = self.bounds.hold(order.fees, order.value);
        let fee = due - order.charged;
        order.charged = due;
        if execution.leaves.0 <= 0 {
            self.orders.swap_remove(place);
        }
        fee
    }
}

impl FeeModel for FeeSchedule {
    fn fee(&mut self, execution: &Execution) -> Money {
        let reached = self.reached(execution.at);
        let tier = self.tiers.partition_point(|x| x.from <= reached);
        let fees = self.tiers[tier.saturating_sub(1)].fees;
        self.count(execution);
        let fee = fees.of(execution.liquidity, execution.notional, execution.quantity);
        self.charge(execution, fee)
    }

    fn order_ends(&mut self, order_id: OrderId) {
        self.orders.retain(|x| x.order_id != order_id);
    }

    fn boxed(&self) -> Box<dyn FeeModel> {
        Box::new(self.clone())
    }
}

/// The number of the month, counted from January of the year 0, in which a day lies, counted from 1970-01-01: the civil
/// calendar from days of Howard Hinnant's "chrono-compatible low-level date algorithms".
const fn month_of(day: i64) -> i64 {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months are counted from March there, and a year's January and February belong to the one before.
    let month_from_march = (5 * day_of_year + 2) / 153;
    (year_of_era + era * 400) * 12 + month_from_march + 2
}

#[cfg(test)]
mod tests {
    use super::super::Fee;
    use super::*;
    use backplane_sdk::types::{InstrumentId, Liquidity, Price, Quantity, Side};
    use proptest::prelude::*;

    const DAY: i64 = 86_400_000_000_000;

    fn execution(order: u64, quantity: i64, leaves: i64, at: i64) -> Execution {
        Execution {
            instrument: InstrumentId(0),
            order_id: OrderId(order),
            side: Side::Buy,
            liquidity: Liquidity::Taker,
            price: Price(10_000_000_000),
            quantity: Quantity(quantity),
            leaves: Quantity(leaves),
            notional: Money::from_units(10 * quantity),
            at: Timestamp(at),
        }
    }

    fn taker(rate: i64, per_unit: i128) -> Fees {
        Fees {
            taker: Fee {
                rate,
                per_unit: Money(per_unit),
            },
            ..Fees::default()
        }
    }

    fn tier(from: i64, rate: i64) -> Tier {
        Tier {
            from: Money::from_units(from).0,
            fees: taker(rate, 0),
        }
    }

    #[test]
    fn the_rate_is_that_of_the_volume_before() {
        let tiers = vec![tier(0, 1_000_000), tier(1_000, 500_000)];
        let kind = (Volume::Value, Window::Days(29), 0);
        let mut schedule = FeeSchedule::new(tiers, kind, OrderBounds::default()).unwrap();
        let mut fee = |day| {
            let execution = execution(1, 60, 0, day * DAY + 5);
            schedule.fee(&execution).to_string()
        };
        assert_eq!(fee(0), "0.6");
        assert_eq!(fee(1), "0.6");
        assert_eq!(fee(2), "0.3");
        // 30 days after the first, it counts no more, and the third is within.
        assert_eq!(fee(30), "0.3");
        assert_eq!(fee(60), "0.6");
        assert_eq!(fee(61), "0.6");
        assert_eq!(fee(61), "0.3");
    }

    #[test]
    fn a_month_begins_with_no_volume_but_with_what_was_before_the_tape() {
        let tiers = vec![tier(0, 1_000_000), tier(1_000, 500_000)];
        // 2024-01-31 is day 19,753, 2024-03-01 is day 19,783.
        let fees = |before| {
            let kind = (Volume::Value, Window::Month, before);
            let mut schedule =
                FeeSchedule::new(tiers.clone(), kind, OrderBounds::default()).unwrap();
            [19_753, 19_753, 19_754, 19_782, 19_783]
                .map(|day| schedule.fee(&execution(1, 100, 0, day * DAY)).to_string())
        };
        assert_eq!(fees(0), ["1", "0.5", "1", "0.5", "1"]);
        assert_eq!(fees(Money::from_units(1_000).0), ["0.5"; 5]);
    }

    /// Orders at, below and above both bounds of a commission by share.
    #[test]
    fn an_order_costs_at_least_a_dollar_and_at_most_one_percent() {
        let bounds = OrderBounds {
            minimum: Money::from_units(1),
            maximum_rate: 10_000_000,
            ..OrderBounds::default()
        };
        let tiers = vec![Tier {
            from: 0,
            fees: taker(0, 5_000_000),
        }];
        let kind = (Volume::default(), Window::default(), 0);
        let cost = |parts: &[i64], price: i64| {
            let mut schedule = FeeSchedule::new(tiers.clone(), kind, bounds).unwrap();
            let mut left: i64 = parts.iter().sum();
            let mut all = Money::ZERO;
            for part in parts {
                left -= part;
                all += schedule.fee(&Execution {
                    notional: Money(i128::from(part * price) * 10_000_000),
                    ..execution(4, *part, left, 0)
                });
            }
            assert!(schedule.orders.is_empty());
            all.to_string()
        };
        // 100 shares at 25.00 cost 1.00, 1,000 shares at 25.00 cost 5.00, 1,000 shares at 0.25 cost 2.50.
        assert_eq!(cost(&[100], 2_500), "1");
        assert_eq!(cost(&[1_000], 2_500), "5");
        assert_eq!(cost(&[1_000], 25), "2.5");
        assert_eq!(cost(&[60, 40], 2_500), "1");
        assert_eq!(cost(&[100, 900], 2_500), "5");
    }

    #[test]
    fn what_is_charged_of_an_order_is_forgotten_when_it_ends() {
        let bounds = OrderBounds {
            minimum: Money::from_units(1),
            ..OrderBounds::default()
        };
        let kind = (Volume::default(), Window::default(), 0);
        let mut schedule = FeeSchedule::new(vec![Tier::default()], kind, bounds).unwrap();
        assert_eq!(schedule.fee(&execution(1, 5, 5, 0)), Money::from_units(1));
        assert_eq!(schedule.fee(&execution(1, 2, 3, 0)), Money::ZERO);
        schedule.order_ends(OrderId(1));
        assert!(schedule.orders.is_empty());
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        for (day, year, month) in [
            (0, 1970, 1),
            (-1, 1969, 12),
            (58, 1970, 2),
            (59, 1970, 3),
            (11_016, 2000, 2),
            (11_017, 2000, 3),
            (19_722, 2023, 12),
            (19_723, 2024, 1),
        ] {
            assert_eq!(month_of(day), year * 12 + month - 1, "day {day}");
        }
    }

    proptest! {
        #[test]
        fn the_fees_of_an_order_s_parts_add_up_to_the_bounded_fee_of_the_whole(
            parts in prop::collection::vec(1i64..500, 1..8),
            rate in 0i64..3_000_000,
            minimum in 0i64..5,
        ) {
            let bounds = OrderBounds {
                minimum: Money::from_units(minimum),
                maximum: Money::from_units(40),
                maximum_rate: 2_000_000,
            };
            let tiers = vec![Tier { from: 0, fees: taker(rate, 0) }];
            let kind = (Volume::default(), Window::default(), 0);
            let mut schedule = FeeSchedule::new(tiers, kind, bounds).unwrap();
            let mut left: i64 = parts.iter().sum();
            let value = Money::from_units(10 * left);
            let (mut charged, mut fees) = (Money::ZERO, Money::ZERO);
            for part in parts {
                left -= part;
                let one = execution(9, part, left, 0);
                fees += taker(rate, 0).of(Liquidity::Taker, one.notional, one.quantity);
                charged += schedule.fee(&one);
            }
            prop_assert_eq!(charged, bounds.hold(fees, value));
        }
    }
}
