//! What is made of a run's records while they come: rows of tables.
//!
//! Takes in the engine's records in their order; gives out tables. Most records are a row. Executions wait for the mids
//! that follow them ([`settle`]), orders for their end ([`lifecycles`]), round trips for their close. What waits is the
//! executions and quotes of the last minute, open orders and open lots: memory does not grow with the run.

mod excursions;
mod lifecycles;
mod quotes;
mod record;
mod settle;

use std::collections::BTreeMap;
use std::path::Path;

use backplane_engine::record::{
    CommandRecord, EquityRecord, FillRecord, OrderRecord, QuoteRecord, SettlementRecord,
};

use crate::description::RunDescription;
use crate::error::AnalyticsError;
use crate::tables::column::Get;
use crate::tables::rows::{self, AccountTrip, SeriesValue, Valued};
use crate::tables::schema::{
    EQUITY, FILLS, JOURNAL, LIFECYCLES, LOG, METRICS, ORDERS, SETTLEMENTS, TRIPS, Table,
};
use crate::tables::table_writer::TableWriter;
use crate::tables::words::Words;
use lifecycles::Lifecycles;
pub(crate) use lifecycles::{End, Ended};
use quotes::Quotes;
pub(crate) use record::{LogLine, Record};
use settle::Settlement;
pub(crate) use settle::{Settled, Trip};

/// The tables of a run being written.
pub(crate) struct Collector {
    orders: TableWriter<OrderRecord>,
    journal: TableWriter<CommandRecord>,
    fills: TableWriter<Settled>,
    equity: TableWriter<Valued>,
    settlements: TableWriter<SettlementRecord>,
    metrics: TableWriter<SeriesValue>,
    log: TableWriter<LogLine>,
    lifecycles: TableWriter<Ended>,
    trips: TableWriter<AccountTrip>,
    multipliers: Vec<i64>,
    /// The place of each instance's first series among all series.
    series_start: Vec<u32>,
    /// Valuations since the last time of which it is known that nothing earlier comes.
    valued: Vec<EquityRecord>,
    open: Lifecycles,
    quotes: Quotes,
    settlement: Settlement,
}

impl Collector {
    /// Creates the tables in a directory that holds none of them yet.
    pub(crate) fn create(
        directory: &Path,
        description: &RunDescription,
    ) -> Result<Collector, AnalyticsError> {
        let words = Words::new(description);
        let counts = description.instances.iter().map(|x| x.metrics.len() as u32);
        let series_start = counts.scan(0, |next, count| {
            let start = *next;
            *next += count;
            Some(start)
        });
        let instruments = &description.tape.instruments;
        Ok(Collector {
            orders: create(directory, ORDERS, rows::ORDERS, &words)?,
            journal: create(directory, JOURNAL, rows::JOURNAL, &words)?,
            fills: create(directory, FILLS, rows::FILLS, &words)?,
            equity: create(directory, EQUITY, rows::EQUITY, &words)?,
            settlements: create(directory, SETTLEMENTS, rows::SETTLEMENTS, &words)?,
            metrics: create(directory, METRICS, rows::METRICS, &words)?,
            log: create(directory, LOG, rows::LOG, &words)?,
            lifecycles: create(directory, LIFECYCLES, rows::LIFECYCLES, &words)?,
            trips: create(directory, TRIPS, rows::TRIPS, &words)?,
            multipliers: instruments.iter().map(|x| x.multiplier).collect(),
            series_start: series_start.collect(),
            valued: Vec::new(),
            open: Lifecycles::new(instruments.iter().map(|x| x.contract()).collect()),
            quotes: Quotes::new(instruments.len()),
            settlement: Settlement::new(instruments.iter().map(|x| x.contract()).collect()),
        })
    }

    /// Takes over a record. The front has checked that its numbers are described.
    pub(crate) fn take(&mut self, record: Record) -> Result<(), AnalyticsError> {
        match record {
            Record::Command(command) => {
                self.open.command(&command);
                if rows::has_row(&command) {
                    return self.journal.push(command);
                }
                Ok(())
            }
            Record::Order(news) => {
                self.orders.push(news)?;
                match self.open.news(&news, &self.quotes) {
                    Some(ended) => self.lifecycles.push(ended),
                    None => Ok(()),
                }
            }
            Record::Fill(fill) => self.fill(&fill),
            Record::Equity(equity) => {
                self.valued.push(equity);
                Ok(())
            }
            Record::Settlement(settlement) => {
                self.settlement.change(&settlement);
                self.settlements.push(settlement)
            }
            Record::Passed => self.write_valued(),
            Record::Quote(quote) => self.quote(&quote),
            Record::Metric(metric) => {
                let series = self.series_start[metric.instance.index()] + metric.metric;
                self.metrics.push((metric, series))
            }
            Record::Log(line) => self.log.push(line),
        }
    }

    /// Writes valuations in the order of their times; those of one instance stay in theirs.
    fn write_valued(&mut self) -> Result<(), AnalyticsError> {
        self.valued.sort_by_key(|x| x.at);
        for equity in &self.valued {
            let multiplier = self.multipliers[equity.instrument.index()];
            self.equity.push((*equity, multiplier))?;
        }
        self.valued.clear();
        Ok(())
    }

    fn fill(&mut self, fill: &FillRecord) -> Result<(), AnalyticsError> {
        let sent = self.open.sent(fill.instance, fill.fill.order_id);
        self.settlement.add(fill, sent, &self.quotes);
        match self.open.fill(fill, &self.quotes) {
            Some(ended) => self.lifecycles.push(ended),
            None => Ok(()),
        }
    }

    fn quote(&mut self, quote: &QuoteRecord) -> Result<(), AnalyticsError> {
        self.settlement.note_until(quote.at.0, &self.quotes);
        self.quotes.add(quote, self.settlement.oldest());
        self.settle()
    }

    /// Writes the executions whose last mid is known, and the round trips that they close.
    fn settle(&mut self) -> Result<(), AnalyticsError> {
        while let Some(fill) = self.settlement.take() {
            self.write(fill)?;
        }
        Ok(())
    }

    fn write(&mut self, settled: Settled) -> Result<(), AnalyticsError> {
        let account = (settled.record.instance, settled.record.fill.instrument);
        for trip in self.settlement.close(&settled, &mut self.quotes) {
            self.trips.push((account, *trip))?;
        }
        self.fills.push(settled)
    }

    /// Writes all that still waits; the tape was heard up to `last`. Gives the rows of each table.
    pub(crate) fn finish(mut self, last: i64) -> Result<BTreeMap<String, u64>, AnalyticsError> {
        self.write_valued()?;
        self.settlement.end(last, &self.quotes);
        self.settle()?;
        for (account, trip) in self.settlement.rest(&self.quotes) {
            self.trips.push((account, trip))?;
        }
        for ended in self.open.end() {
            self.lifecycles.push(ended)?;
        }
        let mut rows = BTreeMap::new();
        let mut closed = |table: Table, count: u64| rows.insert(table.name.to_owned(), count);
        closed(ORDERS, self.orders.close()?);
        closed(JOURNAL, self.journal.close()?);
        closed(FILLS, self.fills.close()?);
        closed(EQUITY, self.equity.close()?);
        closed(SETTLEMENTS, self.settlements.close()?);
        closed(METRICS, self.metrics.close()?);
        closed(LOG, self.log.close()?);
        closed(LIFECYCLES, self.lifecycles.close()?);
        closed(TRIPS, self.trips.close()?);
        Ok(rows)
    }
}

fn create<R>(
    directory: &Path,
    table: Table,
    columns: &'static [Get<R>],
    words: &Words,
) -> Result<TableWriter<R>, AnalyticsError> {
    TableWriter::create(directory, table, columns, |x| words.of(table, x))
}
