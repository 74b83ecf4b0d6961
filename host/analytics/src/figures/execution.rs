//! Orders and executions of one instance, counted.
//!
//! Takes in the tables `fills`, `journal` and `orders`; gives out counts, turnover, round trips, inventory and what
//! taking cost.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use backplane_engine::contract::Contract;
use backplane_sdk::types::{Money, Price, Quantity, Side, Timestamp};

use super::inventory::Inventory;
use super::{ExecutionFigures, OrderNews};
use crate::error::AnalyticsError;
use crate::metrics::Figure;
use crate::run_file::RunFile;
use crate::tables::reader::{Places, TableReader};
use crate::tables::schema::{FILLS, JOURNAL, ORDERS, SETTLEMENTS};
use crate::trades::{Execution, Lots, TradeStatistics};

/// What an order took, until its arrival price is found in the journal.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    /// The side's sign times the value that was traded, in units of 1e-9 of the currency.
    value: i128,
    quantity: i64,
}

/// Sums over executions and commands; those of several instances can be added.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    orders: u64,
    requests: u64,
    rejected: u64,
    fills: u64,
    filled_orders: u64,
    volume: i64,
    turnover: Money,
    maker_turnover: Money,
    slippage: Money,
    arrival_value: Money,
    slippage_orders: u64,
    takers: u64,
    pub(super) fees: Money,
    pub(super) trades: TradeStatistics,
}

impl Totals {
    pub(super) fn merge(&mut self, other: &Totals) {
        self.orders += other.orders;
        self.requests += other.requests;
        self.rejected += other.rejected;
        self.fills += other.fills;
        self.filled_orders += other.filled_orders;
        self.volume = self.volume.saturating_add(other.volume);
        self.turnover += other.turnover;
        self.maker_turnover += other.maker_turnover;
        self.slippage += other.slippage;
        self.arrival_value += other.arrival_value;
        self.slippage_orders += other.slippage_orders;
        self.takers += other.takers;
        self.fees += other.fees;
        self.trades.merge(&other.trades);
    }

    pub(super) fn figures(&self) -> ExecutionFigures {
        let slippage = match (self.takers, self.slippage_orders) {
            (0, _) => Err("no taker fills"),
            (_, 0) => Err("the strategies saw no two-sided book"),
            _ => Ok(self.slippage.as_f64()),
        };
        let basis_points = match slippage {
            Ok(cost) => Figure::ratio(cost * 1e4, self.arrival_value.as_f64(), "no value"),
            Err(reason) => Figure::Undefined(reason),
        };
        ExecutionFigures {
            orders: self.orders,
            requests: self.requests,
            rejected: self.rejected,
            fills: self.fills,
            volume: self.volume,
            turnover: self.turnover,
            maker_share: Figure::ratio(
                self.maker_turnover.as_f64(),
                self.turnover.as_f64(),
                "no fills",
            ),
            fill_ratio: Figure::ratio(self.filled_orders as f64, self.orders as f64, "no orders"),
            order_to_trade_ratio: Figure::ratio(
                (self.orders + self.requests) as f64,
                self.fills as f64,
                "no fills",
            ),
            slippage: match slippage {
                Ok(cost) => Figure::of(cost),
                Err(reason) => Figure::Undefined(reason),
            },
            slippage_basis_points: basis_points,
            slippage_orders: self.slippage_orders,
        }
    }
}

/// An instance's account in one instrument.
pub(super) struct Account {
    lots: Lots,
    pub(super) inventory: Inventory,
    pub(super) fills: u64,
}

/// What one instance did.
#[derive(Default)]
pub(super) struct Activity {
    pub(super) totals: Totals,
    /// By the instrument's number.
    pub(super) accounts: BTreeMap<usize, Account>,
    pub(super) order_news: OrderNews,
    pub(super) fill_reasons: BTreeMap<String, u64>,
    filled_orders: BTreeSet<u64>,
    taken: BTreeMap<u64, Taken>,
}

/// A directory of results with the names by which its tables call things.
pub(super) struct Source<'a> {
    pub(super) directory: &'a std::path::Path,
    pub(super) run: &'a RunFile,
    pub(super) instances: Places,
    pub(super) instruments: Places,
}

impl Source<'_> {
    pub(super) fn open(
        &self,
        table: &crate::tables::schema::Table,
    ) -> Result<TableReader, AnalyticsError> {
        let rows = self.run.tables.get(table.name).copied();
        TableReader::open(self.directory, table, rows)
    }
}

/// What each instance did.
pub(super) fn read_activities(source: &Source<'_>) -> Result<Vec<Activity>, AnalyticsError> {
    let count = source.run.description.instances.len();
    let mut activities: Vec<Activity> = Vec::new();
    activities.resize_with(count, Activity::default);
    read_fills(source, &mut activities)?;
    read_journal(source, &mut activities)?;
    read_orders(source, &mut activities)?;
    for activity in &mut activities {
        activity.totals.takers = activity.taken.len() as u64;
        activity.totals.filled_orders = activity.filled_orders.len() as u64;
        activity.taken = BTreeMap::new();
        activity.filled_orders = BTreeSet::new();
    }
    Ok(activities)
}

fn read_fills(source: &Source<'_>, activities: &mut [Activity]) -> Result<(), AnalyticsError> {
    let first = source.run.summary.first;
    let instruments = &source.run.description.tape.instruments;
    let mut settlements = settlements(source)?;
    let mut table = source.open(&FILLS)?;
    while let Some(batch) = table.next()? {
        let instance = batch.places("instance", &source.instances)?;
        let instrument = batch.places("instrument", &source.instruments)?;
        let (at, order) = (batch.integers("ts_event")?, batch.numbers("order_id")?);
        let (side, liquidity) = (batch.words("side")?, batch.words("liquidity")?);
        let (price, quantity) = (batch.integers("price")?, batch.integers("quantity")?);
        let (fee, reason) = (batch.money("fee")?, batch.words("reason")?);
        let position = batch.integers("position")?;
        for row in 0..batch.rows() {
            let (Some(instance), Some(instrument)) = (instance[row], instrument[row]) else {
                continue;
            };
            let execution = Execution {
                at: Timestamp(at.at(row)),
                side: side_of(side.at(row)),
                price: Price(price.at(row)),
                quantity: Quantity(quantity.at(row)),
                fee: Money(fee.value(row)),
            };
            let contract = instruments[instrument].contract();
            let activity = &mut activities[instance];
            let account = activity.accounts.entry(instrument).or_insert(Account {
                lots: Lots::new(contract),
                inventory: Inventory::new(first),
                fills: 0,
            });
            let trades = &mut activity.totals.trades;
            if let Some(pending) = settlements.get_mut(&(instance, instrument)) {
                let takes = liquidity.at(row) == "taker";
                let comes = |x: &Change| x.at < at.at(row) || x.at == at.at(row) && takes;
                while let Some(change) = pending.front().copied().filter(comes) {
                    pending.pop_front();
                    account.settle(&change, trades);
                }
            }
            account.fills += 1;
            account.inventory.set(at.at(row), position.at(row));
            account.lots.add(&execution, |trip| trades.add(&trip));
            activity.filled_orders.insert(order.value(row));
            count(&mut activity.fill_reasons, reason.at(row));
            let taker = (liquidity.at(row) == "taker").then_some(order.value(row));
            activity.add(&execution, &contract, taker);
        }
    }
    for ((instance, instrument), pending) in settlements {
        let activity = &mut activities[instance];
        if let Some(account) = activity.accounts.get_mut(&instrument) {
            for change in pending {
                account.settle(&change, &mut activity.totals.trades);
            }
        }
    }
    Ok(())
}

/// A position that changed without an order.
#[derive(Clone, Copy, Debug)]
struct Change {
    at: i64,
    price: i64,
    position: i64,
}

type Changes = BTreeMap<(usize, usize), VecDeque<Change>>;

/// The changes of positions without an order, by instance and instrument; none where the results are older than these.
fn settlements(source: &Source<'_>) -> Result<Changes, AnalyticsError> {
    let mut changes = Changes::new();
    if !source.run.tables.contains_key(SETTLEMENTS.name) {
        return Ok(changes);
    }
    let mut table = source.open(&SETTLEMENTS)?;
    while let Some(batch) = table.next()? {
        let instance = batch.places("instance", &source.instances)?;
        let instrument = batch.places("instrument", &source.instruments)?;
        let (at, price) = (batch.integers("ts_event")?, batch.integers("price")?);
        let (before, after) = (batch.integers("before")?, batch.integers("position")?);
        for row in 0..batch.rows() {
            let (Some(instance), Some(instrument)) = (instance[row], instrument[row]) else {
                continue;
            };
            if before.at(row) != after.at(row) {
                let change = Change {
                    at: at.at(row),
                    price: price.get(row).unwrap_or_default(),
                    position: after.at(row),
                };
                let of_account = changes.entry((instance, instrument)).or_default();
                of_account.push_back(change);
            }
        }
    }
    Ok(changes)
}

impl Account {
    fn settle(&mut self, change: &Change, trades: &mut TradeStatistics) {
        let at = (Timestamp(change.at), Price(change.price));
        let position = Quantity(change.position);
        self.lots.settle(at, position, |trip| trades.add(&trip));
        self.inventory.set(change.at, change.position);
    }
}

fn side_of(word: &str) -> Side {
    if word == "sell" {
        Side::Sell
    } else {
        Side::Buy
    }
}

fn count(counts: &mut BTreeMap<String, u64>, word: &str) {
    match counts.get_mut(word) {
        Some(number) => *number += 1,
        None => {
            counts.insert(word.to_owned(), 1);
        }
    }
}

impl Activity {
    /// Adds an execution to the sums; `taker` is its order where it took liquidity.
    fn add(&mut self, execution: &Execution, contract: &Contract, taker: Option<u64>) {
        let value = contract.value(execution.price, execution.quantity);
        let size = Money(value.0.saturating_abs());
        let totals = &mut self.totals;
        totals.fills += 1;
        totals.volume = totals.volume.saturating_add(execution.quantity.0);
        totals.turnover += size;
        totals.fees += execution.fee;
        match taker {
            None => totals.maker_turnover += size,
            Some(order) => {
                let taken = self.taken.entry(order).or_default();
                let signed = match execution.side {
                    Side::Buy => value,
                    Side::Sell => -value,
                };
                taken.value = taken.value.saturating_add(signed.0);
                taken.quantity = taken.quantity.saturating_add(execution.quantity.0);
            }
        }
    }

    /// Compares what an order took with the mid between `bid` and `ask`, which the strategy saw when it submitted it.
    fn compare(&mut self, order: u64, side: Side, contract: &Contract, bid: i64, ask: i64) {
        let Some(taken) = self.taken.get(&order) else {
            return;
        };
        let quantity = Quantity(taken.quantity);
        let value = |price| contract.value(Price(price), quantity).0;
        let arrival = value(bid).saturating_add(value(ask)) / 2;
        let signed = match side {
            Side::Buy => arrival,
            Side::Sell => -arrival,
        };
        let totals = &mut self.totals;
        totals.slippage += Money(taken.value.saturating_sub(signed));
        totals.arrival_value += Money(arrival.saturating_abs());
        totals.slippage_orders += 1;
    }
}

fn read_journal(source: &Source<'_>, activities: &mut [Activity]) -> Result<(), AnalyticsError> {
    let instruments = &source.run.description.tape.instruments;
    let mut table = source.open(&JOURNAL)?;
    while let Some(batch) = table.next()? {
        let instance = batch.places("instance", &source.instances)?;
        let instrument = batch.places("instrument", &source.instruments)?;
        let (kind, order) = (batch.words("kind")?, batch.numbers("order_id")?);
        let side = batch.words("side")?;
        let (bid, ask) = (batch.integers("bid_price")?, batch.integers("ask_price")?);
        for row in 0..batch.rows() {
            let Some(instance) = instance[row] else {
                continue;
            };
            let activity = &mut activities[instance];
            match kind.at(row) {
                "submit" => activity.totals.orders += 1,
                "modify" | "cancel" | "cancel_all" => activity.totals.requests += 1,
                _ => {}
            }
            if kind.at(row) != "submit" {
                continue;
            }
            let quote = bid.get(row).zip(ask.get(row)).zip(instrument[row]);
            if let Some(((bid, ask), instrument)) = quote {
                let contract = instruments[instrument].contract();
                let side = side_of(side.at(row));
                activity.compare(order.value(row), side, &contract, bid, ask);
            }
        }
    }
    Ok(())
}

fn read_orders(source: &Source<'_>, activities: &mut [Activity]) -> Result<(), AnalyticsError> {
    let mut table = source.open(&ORDERS)?;
    while let Some(batch) = table.next()? {
        let instance = batch.places("instance", &source.instances)?;
        let (status, reason) = (batch.words("status")?, batch.words("reason")?);
        let mut counts: BTreeMap<(usize, &str, &str), u64> = BTreeMap::new();
        for row in 0..batch.rows() {
            let Some(instance) = instance[row] else {
                continue;
            };
            *counts
                .entry((instance, status.at(row), reason.at(row)))
                .or_default() += 1;
        }
        for ((instance, status, reason), count) in counts {
            let activity = &mut activities[instance];
            if status == "rejected" {
                activity.totals.rejected += count;
            }
            let key = (status.to_owned(), reason.to_owned());
            *activity.order_news.entry(key).or_default() += count;
        }
    }
    Ok(())
}
