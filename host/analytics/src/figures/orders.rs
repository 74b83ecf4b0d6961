//! Orders: how many, what became of them, and how long it took.
//!
//! Takes in commands, news and ended orders; gives out [`OrderStatistics`].

use std::collections::BTreeMap;

use serde::Serialize;

use super::execution::NOT_RECORDED;
use super::spread::{Distribution, Spread};
use crate::metrics::Figure;

/// What became of orders. Spans are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderStatistics {
    /// Orders submitted.
    pub orders: u64,
    /// Requests to modify or to cancel.
    pub requests: u64,
    /// Orders that were not accepted.
    pub rejected: u64,
    /// The share of the orders that were executed at least in part.
    pub fill_ratio: Figure,
    /// The share of the ordered quantity that was executed.
    pub quantity_fill_ratio: Figure,
    /// The share of the orders that were cancelled without any execution.
    pub cancel_before_fill: Figure,
    /// Submissions, modifications and cancellations per execution.
    pub order_to_trade_ratio: Figure,
    /// From the submission to the first execution at the exchange.
    pub fill_seconds: Distribution,
    /// From the arrival at the exchange to the end of orders that ended without execution.
    pub unfilled_seconds: Distribution,
    /// The entry latency that orders met: from the submission to the arrival at the exchange.
    pub entry_seconds: Distribution,
    /// The response latency that orders met: from the arrival to the strategy hearing of it.
    pub response_seconds: Distribution,
    /// How orders ended, with their number: `filled`, `canceled`, `rejected`, `expired`, `open`.
    pub ends: BTreeMap<String, u64>,
    /// News of orders by status and reason, with their numbers.
    #[serde(serialize_with = "order_news")]
    pub news: OrderNews,
}

/// News of orders by status and reason, with their numbers.
pub type OrderNews = BTreeMap<(String, String), u64>;

fn order_news<S: serde::Serializer>(news: &OrderNews, to: S) -> Result<S::Ok, S::Error> {
    let rows = news.iter().map(|((status, reason), count)| {
        serde_json::json!({"status": status, "reason": reason, "count": count})
    });
    to.collect_seq(rows)
}

/// An order that has ended, as the tables tell it.
pub(super) struct EndedOrder<'a> {
    pub(super) submitted: i64,
    pub(super) arrived: Option<i64>,
    pub(super) acknowledged: Option<i64>,
    pub(super) first_fill: Option<i64>,
    pub(super) ended: Option<i64>,
    pub(super) end: &'a str,
    pub(super) quantity: i64,
    pub(super) filled: i64,
}

/// Orders being gathered.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    orders: u64,
    requests: u64,
    rejected: u64,
    filled: u64,
    quantity: i128,
    filled_quantity: i128,
    canceled_unfilled: u64,
    fill: Spread,
    unfilled: Spread,
    entry: Spread,
    response: Spread,
    ends: BTreeMap<String, u64>,
    news: OrderNews,
}

impl Orders {
    /// Adds a command: a submission, or a request about an order.
    pub(super) fn command(&mut self, kind: &str) {
        match kind {
            "submit" => self.orders += 1,
            "modify" | "cancel" | "cancel_all" => self.requests += 1,
            _ => {}
        }
    }

    /// Adds news.
    pub(super) fn news(&mut self, status: &str, reason: &str, count: u64) {
        if status == "rejected" {
            self.rejected += count;
        }
        let key = (status.to_owned(), reason.to_owned());
        *self.news.entry(key).or_default() += count;
    }

    /// Adds an ended order.
    pub(super) fn ended(&mut self, order: &EndedOrder<'_>) {
        self.filled += u64::from(order.filled > 0);
        self.quantity += i128::from(order.quantity.max(0));
        self.filled_quantity += i128::from(order.filled);
        self.canceled_unfilled += u64::from(order.filled == 0 && order.end == "canceled");
        if let Some(at) = order.first_fill {
            self.fill.add_span(order.submitted, at);
        }
        if let Some(arrived) = order.arrived {
            self.entry.add_span(order.submitted, arrived);
            if let Some(heard) = order.acknowledged {
                self.response.add_span(arrived, heard);
            }
            if let Some(ended) = order.ended.filter(|_| order.filled == 0) {
                self.unfilled.add_span(arrived, ended);
            }
        }
        match self.ends.get_mut(order.end) {
            Some(count) => *count += 1,
            None => {
                self.ends.insert(order.end.to_owned(), 1);
            }
        }
    }

    /// The figures of orders with so many executions; `records` says whether the results hold ended orders.
    pub(super) fn figures(&self, fills: u64, records: bool) -> OrderStatistics {
        let none = if records { "no orders" } else { NOT_RECORDED };
        let orders = if records { self.orders as f64 } else { 0.0 };
        let sent = (self.orders + self.requests) as f64;
        let seconds = |spread: &Spread, reason| {
            spread.distribution(1e9, if records { reason } else { NOT_RECORDED })
        };
        OrderStatistics {
            orders: self.orders,
            requests: self.requests,
            rejected: self.rejected,
            fill_ratio: Figure::ratio(self.filled as f64, orders, none),
            quantity_fill_ratio: Figure::ratio(
                self.filled_quantity as f64,
                self.quantity as f64,
                none,
            ),
            cancel_before_fill: Figure::ratio(self.canceled_unfilled as f64, orders, none),
            order_to_trade_ratio: Figure::ratio(sent, fills as f64, "no fills"),
            fill_seconds: seconds(&self.fill, "no fills"),
            unfilled_seconds: seconds(&self.unfilled, "no order ended without a fill"),
            entry_seconds: seconds(&self.entry, "no order arrived"),
            response_seconds: seconds(&self.response, "no order was acknowledged"),
            ends: self.ends.clone(),
            news: self.news.clone(),
        }
    }
}
