//! What a strategy owns: position and cash in each instrument that it traded.
//!
//! Takes in fills; gives out positions, cash, fees and their value at a price, in exact integers. A position is the sum
//! of its fills, and `equity = cash + value(position)` holds at every moment.

use backplane_sdk::types::{Fill, InstrumentId, Money, Price, Quantity};

/// The account in one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The instrument.
    pub instrument: InstrumentId,
    /// See [`backplane_sdk::types::Instrument::multiplier`].
    pub multiplier: i64,
    /// Bought minus sold.
    pub position: Quantity,
    /// What was got minus what was paid, fees included.
    pub cash: Money,
    /// The fees.
    pub fees: Money,
    /// The last price at which it was valued.
    pub mark: Price,
    /// Position, cash and equity as they were recorded last, to record only changes.
    recorded: Option<(Quantity, Money, Money)>,
}

impl Holding {
    /// Cash plus the value of the position at the last mark.
    pub fn equity(&self) -> Money {
        self.cash + Money::notional(self.mark, self.position, self.multiplier)
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
    pub fn apply(&mut self, fill: &Fill, multiplier: i64) -> &mut Holding {
        let found = self
            .holdings
            .iter()
            .position(|x| x.instrument == fill.instrument);
        let place = found.unwrap_or_else(|| {
            self.holdings.push(Holding {
                instrument: fill.instrument,
                multiplier,
                position: Quantity::ZERO,
                cash: Money::ZERO,
                fees: Money::ZERO,
                mark: fill.price,
                recorded: None,
            });
            self.holdings.len() - 1
        });
        let holding = &mut self.holdings[place];
        let signed = fill.side.signed(fill.quantity);
        holding.position += signed;
        holding.cash -= Money::notional(fill.price, signed, multiplier) + fill.fee;
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
