//! An instance's state as bytes, for hot reload and checkpoints.
//!
//! Takes in what an instance knows from its messages and the strategy's own bytes; gives out one byte string, and both
//! again from it. Numbers are little-endian; lists are preceded by their length. Books are in it where the instance keeps
//! its own; lent ones are lent again.

use std::collections::VecDeque;

use crate::abi::Message;
use crate::abi::MessageBody;
use crate::book::{Level, LevelBook};
use crate::by_number::ByNumber;
use crate::state::{OpenOrder, SessionStatistics, State, Top};
use crate::types::{
    InstrumentId, MarketEvent, OrderId, OrderType, Price, Quantity, Side, Timestamp, Trade,
};

/// The version of this layout. Version 1 had neither best levels nor books.
const LAYOUT: u32 = 2;

/// What an instance knew when it was saved.
pub(crate) struct Known {
    now: Timestamp,
    seed: u64,
    last_order_id: u64,
    pub(crate) positions: Vec<Quantity>,
    open_orders: Vec<OpenOrder>,
    sessions: Vec<SessionStatistics>,
    trades: Vec<VecDeque<Trade>>,
    tops: Vec<Top>,
    pub(crate) books: Vec<LevelBook>,
}

impl Known {
    /// Puts the knowledge into an instance's state.
    pub(crate) fn restore(self, state: &mut State) {
        state.now = self.now;
        state.seed = self.seed;
        state.last_order_id = self.last_order_id;
        state.positions = self.positions;
        state.open_orders = ByNumber::default();
        for order in self.open_orders {
            state.open_orders.insert(order.order_id.0, order);
        }
        state.sessions = self.sessions;
        state.trades = self.trades;
        if self.tops.len() == state.tops.len() {
            state.tops = self.tops;
        }
        if let Some(books) = &mut state.books
            && self.books.len() == books.len()
        {
            *books = self.books;
        }
    }
}

/// Writes a state and the strategy's own bytes.
pub(crate) fn save(state: &State, own: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64 + own.len());
    bytes.extend(LAYOUT.to_le_bytes());
    bytes.extend(state.now.0.to_le_bytes());
    bytes.extend(state.seed.to_le_bytes());
    bytes.extend(state.last_order_id.to_le_bytes());
    bytes.extend((state.positions.len() as u64).to_le_bytes());
    for position in &state.positions {
        bytes.extend(position.0.to_le_bytes());
    }
    for session in &state.sessions {
        for price in [session.open, session.high, session.low, session.last] {
            bytes.extend(price.0.to_le_bytes());
        }
        bytes.extend(session.volume.0.to_le_bytes());
        bytes.extend(session.trades.to_le_bytes());
        bytes.extend(session.turnover.to_le_bytes());
    }
    for trades in &state.trades {
        bytes.extend((trades.len() as u64).to_le_bytes());
        for trade in trades {
            bytes.extend(Message::from(trade).to_bytes());
        }
    }
    for top in &state.tops {
        top.levels.iter().for_each(|x| save_level(x, &mut bytes));
    }
    let books = state.books.as_deref().unwrap_or_default();
    bytes.extend((books.len() as u64).to_le_bytes());
    for levels in books
        .iter()
        .flat_map(|x| Side::BOTH.map(|side| x.levels(side)))
    {
        bytes.extend((levels.len() as u64).to_le_bytes());
        levels.iter().for_each(|x| save_level(x, &mut bytes));
    }
    bytes.extend((state.open_orders.len() as u64).to_le_bytes());
    for order in state.open_orders.iter() {
        save_order(order, &mut bytes);
    }
    bytes.extend(own);
    bytes
}

fn save_level(level: &Level, bytes: &mut Vec<u8>) {
    bytes.extend(level.price.0.to_le_bytes());
    bytes.extend(level.size.0.to_le_bytes());
}

fn save_order(order: &OpenOrder, bytes: &mut Vec<u8>) {
    bytes.extend(order.order_id.0.to_le_bytes());
    bytes.extend(order.instrument.0.to_le_bytes());
    bytes.extend([order.side.code(), order.order_type as u8]);
    bytes.extend([u8::from(order.accepted), u8::from(order.triggered)]);
    for number in [order.price.0, order.quantity.0, order.leaves.0] {
        bytes.extend(number.to_le_bytes());
    }
}

/// Reads what [`save`] wrote: the knowledge, and the strategy's own bytes.
pub(crate) fn load(bytes: &[u8]) -> Result<(Known, &[u8]), String> {
    let mut reader = Reader { bytes, at: 0 };
    let layout = u32::from_le_bytes(reader.take()?);
    if !(1..=LAYOUT).contains(&layout) {
        return Err(format!(
            "the saved state has layout {layout}, but this SDK reads layouts 1 to {LAYOUT}"
        ));
    }
    let now = Timestamp(reader.i64()?);
    let seed = reader.u64()?;
    let last_order_id = reader.u64()?;
    let instruments = reader.count(8)?;
    let positions = reader.list(instruments, |x| x.i64().map(Quantity))?;
    let sessions = reader.list(instruments, load_session)?;
    let trades = reader.list(instruments, |x| {
        let count = x.count(64)?;
        x.list(count, load_trade).map(VecDeque::from)
    })?;
    let (mut tops, mut books) = (Vec::new(), Vec::new());
    if layout > 1 {
        tops = reader.list(instruments, load_top)?;
        let count = reader.count(16)?;
        books = reader.list(count, load_book)?;
    }
    let orders = reader.count(40)?;
    let open_orders = reader.list(orders, load_order)?;
    let known = Known {
        now,
        seed,
        last_order_id,
        positions,
        open_orders,
        sessions,
        trades,
        tops,
        books,
    };
    Ok((known, &bytes[reader.at..]))
}

fn load_session(reader: &mut Reader<'_>) -> Result<SessionStatistics, String> {
    Ok(SessionStatistics {
        open: Price(reader.i64()?),
        high: Price(reader.i64()?),
        low: Price(reader.i64()?),
        last: Price(reader.i64()?),
        volume: Quantity(reader.i64()?),
        trades: reader.u64()?,
        turnover: i128::from_le_bytes(reader.take()?),
    })
}

fn load_level(reader: &mut Reader<'_>) -> Result<Level, String> {
    Ok(Level {
        price: Price(reader.i64()?),
        size: Quantity(reader.i64()?),
    })
}

fn load_top(reader: &mut Reader<'_>) -> Result<Top, String> {
    Ok(Top {
        levels: [load_level(reader)?, load_level(reader)?],
    })
}

fn load_book(reader: &mut Reader<'_>) -> Result<LevelBook, String> {
    let mut book = LevelBook::new();
    for side in Side::BOTH {
        let count = reader.count(16)?;
        // The worst first: each is then set in front of those before.
        let levels = reader.list(count, load_level)?;
        for level in levels.into_iter().rev() {
            book.set(side, level.price, level.size);
        }
    }
    Ok(book)
}

fn load_trade(reader: &mut Reader<'_>) -> Result<Trade, String> {
    match Message::from_bytes(&reader.take()?).body() {
        Some(MessageBody::Market(MarketEvent::Trade(trade))) => Ok(trade),
        _ => Err("the saved state holds something else where a trade should be".into()),
    }
}

fn load_order(reader: &mut Reader<'_>) -> Result<OpenOrder, String> {
    let order_id = OrderId(reader.u64()?);
    let instrument = InstrumentId(u32::from_le_bytes(reader.take()?));
    let [side, order_type, accepted, triggered] = reader.take()?;
    let bad = || "the saved state holds an order with an unknown side or type".to_owned();
    Ok(OpenOrder {
        order_id,
        instrument,
        side: Side::from_code(side).ok_or_else(bad)?,
        order_type: OrderType::from_code(order_type).ok_or_else(bad)?,
        accepted: accepted != 0,
        triggered: triggered != 0,
        price: Price(reader.i64()?),
        quantity: Quantity(reader.i64()?),
        leaves: Quantity(reader.i64()?),
    })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let rest = &self.bytes[self.at..];
        let taken = rest.first_chunk::<N>().ok_or_else(|| {
            format!(
                "the saved state ends at byte {}, where {N} more bytes should be",
                self.bytes.len()
            )
        })?;
        self.at += N;
        Ok(*taken)
    }

    fn i64(&mut self) -> Result<i64, String> {
        self.take().map(i64::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, String> {
        self.take().map(u64::from_le_bytes)
    }

    /// A length, checked against what is left so that a damaged one cannot reserve memory for nothing.
    fn count(&mut self, bytes_each: usize) -> Result<usize, String> {
        let count = self.u64()?;
        let left = (self.bytes.len() - self.at) / bytes_each;
        usize::try_from(count)
            .ok()
            .filter(|x| *x <= left)
            .ok_or_else(|| format!("the saved state says {count} entries, but has room for {left}"))
    }

    fn list<T>(
        &mut self,
        count: usize,
        mut one: impl FnMut(&mut Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        (0..count).map(|_| one(self)).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::abi::{Message, definition_messages};
    use crate::books::Books;
    use crate::instance::Instance;
    use crate::prelude::*;

    /// Hears of price levels of one instrument and of best prices of another.
    struct Still;

    impl Strategy for Still {
        fn descriptor() -> Descriptor {
            Descriptor::new("still", "1.0.0")
                .subscribe_to(Schema::Mbp, &["LEVELS"])
                .subscribe_to(Schema::Bbo, &["BEST"])
        }
        fn new(_: &Params) -> Result<Self, String> {
            Ok(Still)
        }
        fn on_market(&mut self, _: &MarketEvent, _: &mut Context) {}
    }

    fn instance(keeps_books: bool) -> Instance<Still> {
        let params = Params::defaults(&[]);
        let mut instance = Instance::new(&params, keeps_books).unwrap();
        for (number, symbol) in ["LEVELS", "BEST"].into_iter().enumerate() {
            let instrument = Instrument {
                id: InstrumentId(number as u32),
                symbol: symbol.into(),
                tick: Price(1),
                multiplier: 1,
                currency: "USD".into(),
                expiration: Timestamp::MAX,
            };
            for message in definition_messages(&instrument, Timestamp(0)) {
                instance.hear(&message, Books::None);
            }
        }
        instance
    }

    fn seen(instance: &Instance<Still>) -> Vec<Level> {
        let book = |id| instance.state().book(InstrumentId(id), &Books::None);
        let sides = [book(0), book(1)].map(|x| [x.bids(), x.asks()].concat());
        sides.concat()
    }

    #[test]
    fn own_books_and_best_levels_go_on_in_another_instance() {
        let mut first = instance(true);
        first.hear(&Message::start(1, Timestamp(0)), Books::None);
        for (side, price) in [
            (Side::Buy, 9),
            (Side::Buy, 7),
            (Side::Sell, 12),
            (Side::Buy, 8),
        ] {
            let level = LevelChange {
                instrument: InstrumentId(0),
                side: Some(side),
                price: Price(price),
                size: Quantity(price),
                sequence: 1,
                ts_event: Timestamp(1),
                ts_recv: Timestamp(1),
                flags: Flags(Flags::LAST),
            };
            first.hear(&Message::from(&level), Books::None);
        }
        let bbo = Bbo {
            instrument: InstrumentId(1),
            bid_price: Price(3),
            bid_size: Quantity(1),
            ask_price: Price::UNDEFINED,
            ask_size: Quantity(0),
            sequence: 1,
            ts_event: Timestamp(2),
            ts_recv: Timestamp(2),
            flags: Flags(Flags::LAST),
        };
        first.hear(&Message::from(&bbo), Books::None);
        assert_eq!(seen(&first).len(), 5);
        let bytes = first.save();
        let mut second = instance(true);
        second.load(0, &bytes).unwrap();
        assert_eq!(seen(&second), seen(&first));
        assert_eq!(second.save(), bytes);
        // One that is lent books takes over all but them.
        let mut lent = instance(false);
        lent.load(0, &bytes).unwrap();
        assert_eq!(seen(&lent).len(), 1);
        for len in 0..bytes.len() {
            assert!(
                instance(true).load(0, &bytes[..len]).is_err(),
                "cut at {len}"
            );
        }
    }
}
