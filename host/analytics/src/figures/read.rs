//! What the tables of orders and executions tell.
//!
//! Takes in the tables `fills`, `lifecycles`, `trips`, `journal` and `orders`; gives out the sums of all views. Tables are
//! read in batches, so that memory does not grow with their length.

use std::collections::{BTreeMap, VecDeque};

use backplane_engine::contract::Contract;
use backplane_sdk::types::{Money, Price, Quantity, Side, Timestamp};

use super::Source;
use super::execution::{Fill, middle, signed};
use super::inventory::Inventory;
use super::orders::EndedOrder;
use super::totals::Board;
use super::trips::Trip;
use crate::error::AnalyticsError;
use crate::tables::reader::Integers;
use crate::tables::schema::{FILLS, HORIZONS, JOURNAL, LIFECYCLES, ORDERS, SETTLEMENTS, TRIPS};
use crate::trades::{Execution, Lots};

/// The sums of executions, of all views.
pub(super) fn read_executions(source: &Source<'_>) -> Result<Board, AnalyticsError> {
    let mut board = empty(source);
    read_fills(source, &mut board)?;
    Ok(board)
}

/// The sums of orders and round trips, of all views.
pub(super) fn read_orders_and_trips(source: &Source<'_>) -> Result<Board, AnalyticsError> {
    let mut board = empty(source);
    read_journal(source, &mut board)?;
    read_orders(source, &mut board)?;
    if source.records() {
        read_lifecycles(source, &mut board)?;
        read_trips(source, &mut board)?;
    }
    Ok(board)
}

fn empty(source: &Source<'_>) -> Board {
    let description = &source.run.description;
    Board::new(
        description.instances.len(),
        description.tape.instruments.len(),
    )
}

pub(super) fn side_of(word: &str) -> Side {
    if word == "sell" {
        Side::Sell
    } else {
        Side::Buy
    }
}

fn read_fills(source: &Source<'_>, board: &mut Board) -> Result<(), AnalyticsError> {
    let first = source.run.summary.first;
    let mut lots: BTreeMap<(usize, usize), Lots> = BTreeMap::new();
    let mut changes = changes(source)?;
    let mut table = source.open(&FILLS)?;
    while let Some(batch) = table.next()? {
        let instance = batch.places("instance", &source.instances)?;
        let instrument = batch.places("instrument", &source.instruments)?;
        let (at, heard) = (batch.integers("ts_event")?, batch.integers("ts_recv")?);
        let (side, liquidity) = (batch.words("side")?, batch.words("liquidity")?);
        let (price, quantity) = (batch.integers("price")?, batch.integers("quantity")?);
        let (fee, reason) = (batch.money("fee")?, batch.words("reason")?);
        let (position, arrived) = (batch.integers("position")?, batch.integers("arrived")?);
        let ahead = batch.integers("queue_ahead")?;
        let mut later: Vec<Integers> = Vec::new();
        if source.records() {
            let names = HORIZONS.iter().map(|x| x.2);
            for name in ["arrival_bid", "arrival_ask"].into_iter().chain(names) {
                later.push(batch.integers(name)?);
            }
        }
        for row in 0..batch.rows() {
            let (Some(instance), Some(instrument)) = (instance[row], instrument[row]) else {
                continue;
            };
            let known = |column: usize| later.get(column).and_then(|x| x.get(row));
            let fill = Fill {
                contract: source.contracts[instrument],
                side: side_of(side.at(row)),
                price: price.at(row),
                quantity: quantity.at(row),
                is_taker: liquidity.at(row) == "taker",
                reason: reason.at(row),
                queue_ahead: ahead.at(row),
                at: at.at(row),
                heard: heard.at(row),
                arrived: arrived.at(row),
                arrival: known(0).zip(known(1)).map(|(bid, ask)| [bid, ask]),
                mids: std::array::from_fn(|x| known(x + 2)),
            };
            let fee = Money(fee.value(row));
            board.each(instance, Some(instrument), |totals| {
                totals.executions.add(&fill);
                totals.fees += fee;
                totals.fills += 1;
            });
            let account = board.account(instance, instrument);
            let inventory = account
                .inventory
                .get_or_insert_with(|| Inventory::new(first));
            if let Some(pending) = changes.get_mut(&(instance, instrument)) {
                while let Some((at, held)) = pending.front().copied().filter(|x| x.0 <= fill.at) {
                    pending.pop_front();
                    inventory.set(at, held);
                }
            }
            inventory.set(fill.at, position.at(row));
            if !source.records() {
                let lots = lots
                    .entry((instance, instrument))
                    .or_insert_with(|| Lots::new(fill.contract));
                close(board, lots, &fill, fee, (instance, instrument));
            }
        }
    }
    for ((instance, instrument), rest) in changes {
        if let Some(inventory) = &mut board.account(instance, instrument).inventory {
            rest.iter().for_each(|(at, held)| inventory.set(*at, *held));
        }
    }
    Ok(())
}

/// Times and positions, by instance and instrument.
type Changes = BTreeMap<(usize, usize), VecDeque<(i64, i64)>>;

/// The changes of positions without an order; none where the results are older than these.
fn changes(source: &Source<'_>) -> Result<Changes, AnalyticsError> {
    let mut changes = Changes::new();
    if !source.run.tables.contains_key(SETTLEMENTS.name) {
        return Ok(changes);
    }
    let mut table = source.open(&SETTLEMENTS)?;
    while let Some(batch) = table.next()? {
        let instance = batch.places("instance", &source.instances)?;
        let instrument = batch.places("instrument", &source.instruments)?;
        let (at, position) = (batch.integers("ts_event")?, batch.integers("position")?);
        for row in 0..batch.rows() {
            if let (Some(instance), Some(instrument)) = (instance[row], instrument[row]) {
                let of_account = changes.entry((instance, instrument)).or_default();
                of_account.push_back((at.at(row), position.at(row)));
            }
        }
    }
    Ok(changes)
}

/// Results of format 1 have no table of round trips: they follow from the executions.
fn close(board: &mut Board, lots: &mut Lots, fill: &Fill<'_>, fee: Money, whose: (usize, usize)) {
    let execution = Execution {
        at: Timestamp(fill.at),
        side: fill.side,
        price: Price(fill.price),
        quantity: Quantity(fill.quantity),
        fee,
        mid: None,
    };
    lots.add(&execution, |closed| {
        let trip = Trip {
            opened: closed.opened.0,
            closed: closed.closed.0,
            gross: closed.gross,
            fees: closed.fees,
            excursions: None,
        };
        board.each(whose.0, Some(whose.1), |totals| totals.trips.add(&trip));
    });
}

fn read_trips(source: &Source<'_>, board: &mut Board) -> Result<(), AnalyticsError> {
    let mut table = source.open(&TRIPS)?;
    while let Some(batch) = table.next()? {
        let instance = batch.places("instance", &source.instances)?;
        let instrument = batch.places("instrument", &source.instruments)?;
        let (opened, closed) = (batch.integers("opened")?, batch.integers("closed")?);
        let (gross, fees) = (batch.money("gross")?, batch.money("fees")?);
        let adverse = batch.money("max_adverse_excursion")?;
        let favorable = batch.money("max_favorable_excursion")?;
        for row in 0..batch.rows() {
            let Some(instance) = instance[row] else {
                continue;
            };
            let known = |x: &arrow::array::Decimal128Array| {
                arrow::array::Array::is_valid(x, row).then(|| Money(x.value(row)))
            };
            let trip = Trip {
                opened: opened.at(row),
                closed: closed.at(row),
                gross: Money(gross.value(row)),
                fees: Money(fees.value(row)),
                excursions: known(adverse).zip(known(favorable)).map(|(x, y)| [x, y]),
            };
            board.each(instance, instrument[row], |totals| totals.trips.add(&trip));
        }
    }
    Ok(())
}

fn read_lifecycles(source: &Source<'_>, board: &mut Board) -> Result<(), AnalyticsError> {
    let mut table = source.open(&LIFECYCLES)?;
    while let Some(batch) = table.next()? {
        let instance = batch.places("instance", &source.instances)?;
        let instrument = batch.places("instrument", &source.instruments)?;
        let side = batch.words("side")?;
        let submitted = batch.integers("submitted")?;
        let (arrived, heard) = (batch.integers("arrived")?, batch.integers("acknowledged")?);
        let (first, ended) = (batch.integers("first_fill")?, batch.integers("ended")?);
        let (end, quantity) = (batch.words("end")?, batch.integers("quantity")?);
        let filled = batch.integers("filled")?;
        let (turnover, fees) = (batch.money("turnover")?, batch.money("fees")?);
        let names = ["arrival_bid", "arrival_ask", "end_bid", "end_ask"];
        let [a, b, c, d] = names.map(|x| batch.integers(x));
        let quotes = [a?, b?, c?, d?];
        for row in 0..batch.rows() {
            let Some(instance) = instance[row] else {
                continue;
            };
            let order = EndedOrder {
                submitted: submitted.at(row),
                arrived: arrived.get(row),
                acknowledged: heard.get(row),
                first_fill: first.get(row),
                ended: ended.get(row),
                end: end.at(row),
                quantity: quantity.at(row),
                filled: filled.at(row),
            };
            let [bid, ask, end_bid, end_ask] = [0, 1, 2, 3].map(|x| quotes[x].get(row));
            let pair = |x: Option<i64>, y: Option<i64>| x.zip(y).map(|(x, y)| [x, y]);
            let shortfall = instrument[row].and_then(|number| {
                let cost = Cost {
                    contract: source.contracts[number],
                    side: side_of(side.at(row)),
                    turnover: Money(turnover.value(row)),
                    fees: Money(fees.value(row)),
                    arrival: pair(bid, ask),
                    end: pair(end_bid, end_ask),
                };
                cost.shortfall(&order)
            });
            board.each(instance, instrument[row], |totals| {
                totals.orders.ended(&order);
                if let Some((parts, ordered)) = shortfall {
                    totals.executions.add_shortfall(parts, ordered);
                }
            });
        }
    }
    Ok(())
}

/// What an order met.
struct Cost {
    contract: Contract,
    side: Side,
    turnover: Money,
    fees: Money,
    arrival: Option<[i64; 2]>,
    end: Option<[i64; 2]>,
}

impl Cost {
    /// What an order cost (execution, fees, opportunity) and the value of all of it at the mid at its submission; none
    /// where it never met the exchange or a side of the book was empty.
    fn shortfall(&self, order: &EndedOrder<'_>) -> Option<([Money; 3], Money)> {
        order.arrived?;
        let arrival = self.arrival?;
        let at_arrival = |quantity| middle(&self.contract, arrival, quantity);
        let paper = at_arrival(order.filled);
        // The table holds sizes: an inverse contract's values are negative.
        let executed = Money(self.turnover.0 * paper.0.signum());
        let rest = order.quantity.saturating_sub(order.filled).max(0);
        let opportunity = match self.end {
            Some(end) if rest > 0 => middle(&self.contract, end, rest) - at_arrival(rest),
            _ => Money::ZERO,
        };
        let parts = [
            signed(self.side, executed - paper),
            self.fees,
            signed(self.side, opportunity),
        ];
        Some((parts, at_arrival(order.quantity)))
    }
}

fn read_journal(source: &Source<'_>, board: &mut Board) -> Result<(), AnalyticsError> {
    let mut table = source.open(&JOURNAL)?;
    while let Some(batch) = table.next()? {
        let instance = batch.places("instance", &source.instances)?;
        let instrument = batch.places("instrument", &source.instruments)?;
        let kind = batch.words("kind")?;
        for row in 0..batch.rows() {
            if let Some(instance) = instance[row] {
                let kind = kind.at(row);
                board.each(instance, instrument[row], |x| x.orders.command(kind));
            }
        }
    }
    Ok(())
}

fn read_orders(source: &Source<'_>, board: &mut Board) -> Result<(), AnalyticsError> {
    let mut table = source.open(&ORDERS)?;
    while let Some(batch) = table.next()? {
        let instance = batch.places("instance", &source.instances)?;
        let instrument = batch.places("instrument", &source.instruments)?;
        let (status, reason) = (batch.words("status")?, batch.words("reason")?);
        let mut counts: BTreeMap<(usize, Option<usize>, &str, &str), u64> = BTreeMap::new();
        for row in 0..batch.rows() {
            if let Some(instance) = instance[row] {
                let key = (instance, instrument[row], status.at(row), reason.at(row));
                *counts.entry(key).or_default() += 1;
            }
        }
        for ((instance, instrument, status, reason), count) in counts {
            let add = |x: &mut super::totals::Totals| x.orders.news(status, reason, count);
            board.each(instance, instrument, add);
        }
    }
    Ok(())
}
