//! The resting orders of one strategy.
//!
//! Takes in orders with the place that they took in the queue; gives out those of one instrument and side in the order
//! in which they are filled: best price first, then first come. A strategy has few, so short vectors beat every map.

use backplane_sdk::by_number::ByNumber;
use backplane_sdk::types::{InstrumentId, OrderId, Price, Quantity, Side, Timestamp};

use crate::request::NewOrder;

/// No slot for an instrument yet.
const NONE: u32 = u32::MAX;

/// A resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OwnOrder {
    pub(super) order_id: OrderId,
    pub(super) instrument: InstrumentId,
    pub(super) side: Side,
    pub(super) price: Price,
    /// The whole quantity, filled part included.
    pub(super) quantity: Quantity,
    pub(super) leaves: Quantity,
    /// The number of tape rows before it took its place: tape orders of a higher priority number stand behind it.
    pub(super) place: u64,
    /// What stood ahead when it took its place.
    pub(super) queue_ahead: Quantity,
    /// What stands ahead now; kept on tapes of price levels only.
    pub(super) ahead: Quantity,
    /// When it took its place.
    pub(super) arrived: Timestamp,
    pub(super) post_only: bool,
    /// Whether a part of it may not be shown; `leaves` is what is shown.
    pub(super) is_iceberg: bool,
}

impl OwnOrder {
    /// A new order after `place` tape rows.
    #[inline]
    pub(super) const fn new(order: &NewOrder, place: u64, at: i64) -> OwnOrder {
        OwnOrder {
            order_id: order.order_id,
            instrument: order.instrument,
            side: order.side,
            price: match order.limit {
                Some(limit) => limit,
                None => Price::UNDEFINED,
            },
            quantity: order.quantity,
            leaves: order.quantity,
            place,
            queue_ahead: Quantity::ZERO,
            ahead: Quantity::ZERO,
            arrived: Timestamp(at),
            post_only: order.post_only,
            is_iceberg: false,
        }
    }
}

#[derive(Debug, Default)]
struct Slot {
    sides: [Vec<OwnOrder>; 2],
}

/// The resting orders of one strategy.
#[derive(Debug, Default)]
pub(super) struct OwnOrders {
    /// The slot of each instrument, as far as instruments were traded.
    slot_of: Vec<u32>,
    slots: Vec<Slot>,
    /// Where each order is.
    index: ByNumber<(InstrumentId, Side)>,
}

impl OwnOrders {
    pub(super) const fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    pub(super) const fn len(&self) -> usize {
        self.index.len()
    }

    /// The orders of one side of an instrument, in the order in which they are filled.
    #[inline]
    pub(super) fn side(&self, instrument: usize, side: Side) -> &[OwnOrder] {
        match self.slot_of.get(instrument) {
            Some(slot) if *slot != NONE => &self.slots[*slot as usize].sides[side.index()],
            _ => &[],
        }
    }

    /// Whether an instrument has orders.
    #[inline]
    pub(super) fn trades(&self, instrument: usize) -> bool {
        match self.slot_of.get(instrument) {
            Some(slot) if *slot != NONE => {
                let [bids, asks] = &self.slots[*slot as usize].sides;
                !bids.is_empty() || !asks.is_empty()
            }
            _ => false,
        }
    }

    /// The orders of an instrument: those of a side, then those of the other.
    #[inline]
    pub(super) fn both_sides(&self, instrument: usize, side: Side) -> (&[OwnOrder], &[OwnOrder]) {
        match self.slot_of.get(instrument) {
            Some(slot) if *slot != NONE => {
                let sides = &self.slots[*slot as usize].sides;
                (&sides[side.index()], &sides[side.opposite().index()])
            }
            _ => (&[], &[]),
        }
    }

    /// Every order's number with its instrument, in the order of the numbers.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (OrderId, InstrumentId)> {
        let places = self.index.numbered();
        places.map(|(number, place)| (OrderId(number), place.0))
    }

    pub(super) fn get(&self, order_id: OrderId) -> Option<&OwnOrder> {
        let (instrument, side) = *self.index.get(order_id.0)?;
        let mut orders = self.side(instrument.index(), side).iter();
        orders.find(|x| x.order_id == order_id)
    }

    pub(super) fn insert(&mut self, order: OwnOrder) {
        let orders = self.side_mut(order.instrument, order.side);
        let place = orders.partition_point(|x| !order.side.is_better(order.price, x.price));
        orders.insert(place, order);
        let entry = (order.instrument, order.side);
        self.index.insert(order.order_id.0, entry);
    }

    pub(super) fn remove(&mut self, order_id: OrderId) -> Option<OwnOrder> {
        let (instrument, side) = self.index.remove(order_id.0)?;
        let orders = self.side_mut(instrument, side);
        let place = orders.iter().position(|x| x.order_id == order_id)?;
        Some(orders.remove(place))
    }

    /// Takes `quantity` out of an order, which must rest; forgets it when nothing is left. Gives it as it is then.
    pub(super) fn reduce(&mut self, order: &OwnOrder, quantity: Quantity) -> OwnOrder {
        let mut after = *order;
        after.leaves -= quantity;
        if after.leaves.0 <= 0 {
            self.remove(order.order_id);
        } else {
            self.replace(&after);
        }
        after
    }

    /// Puts an order with the same number, price and side into the same place.
    pub(super) fn replace(&mut self, order: &OwnOrder) {
        let orders = self.side_mut(order.instrument, order.side);
        let found = orders.iter_mut().find(|x| x.order_id == order.order_id);
        if let Some(place) = found {
            *place = *order;
        }
    }

    /// As [`OwnOrders::side`], to be changed; the order of the orders must stay.
    pub(super) fn side_mut(&mut self, instrument: InstrumentId, side: Side) -> &mut Vec<OwnOrder> {
        let place = instrument.index();
        if place >= self.slot_of.len() {
            self.slot_of.resize(place + 1, NONE);
        }
        if self.slot_of[place] == NONE {
            self.slot_of[place] = self.slots.len() as u32;
            self.slots.push(Slot::default());
        }
        &mut self.slots[self.slot_of[place] as usize].sides[side.index()]
    }
}
