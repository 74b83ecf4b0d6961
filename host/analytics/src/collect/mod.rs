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

use backplane_engine::record::{EquityRecord, FillRecord, QuoteRecord};

use crate::description::RunDescription;
use crate::error::AnalyticsError;
use crate::tables::buffer::Cell;
use crate::tables::rows;
use crate::tables::schema::{
    EQUITY, FILLS, JOURNAL, LIFECYCLES, LOG, METRICS, ORDERS, SETTLEMENTS, TRIPS, Table,
};
use crate::tables::table_writer::TableWriter;
use crate::tables::words::Words;
use lifecycles::Lifecycles;
pub(crate) use lifecycles::{End, Ended};
use quotes::Quotes;
pub(crate) use record::Record;
use settle::Settlement;
pub(crate) use settle::{Settled, Trip};

/// The tables of a run being written.
pub(crate) struct Collector {
    orders: TableWriter,
    journal: TableWriter,
    fills: TableWriter,
    equity: TableWriter,
    settlements: TableWriter,
    metrics: TableWriter,
    log: TableWriter,
    lifecycles: TableWriter,
    trips: TableWriter,
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
        let create = |table: Table| TableWriter::create(directory, table, |x| words.of(table, x));
        let counts = description.instances.iter().map(|x| x.metrics.len() as u32);
        let series_start = counts.scan(0, |next, count| {
            let start = *next;
            *next += count;
            Some(start)
        });
        let instruments = &description.tape.instruments;
        Ok(Collector {
            orders: create(ORDERS)?,
            journal: create(JOURNAL)?,
            fills: create(FILLS)?,
            equity: create(EQUITY)?,
            settlements: create(SETTLEMENTS)?,
            metrics: create(METRICS)?,
            log: create(LOG)?,
            lifecycles: create(LIFECYCLES)?,
            trips: create(TRIPS)?,
            multipliers: instruments.iter().map(|x| x.multiplier).collect(),
            series_start: series_start.collect(),
            valued: Vec::new(),
            open: Lifecycles::new(instruments.iter().map(|x| x.contract()).collect()),
            quotes: Quotes::new(instruments.len()),
            settlement: Settlement::new(instruments.iter().map(|x| x.contract()).collect()),
        })
    }

    /// Takes over a record. The front has checked that its numbers are described.
    pub(crate) fn take(&mut self, record: &Record) -> Result<(), AnalyticsError> {
        match record {
            Record::Command(command) => {
                self.open.command(command);
                match rows::command(command) {
                    Some(row) => self.journal.push(row),
                    None => Ok(()),
                }
            }
            Record::Order(news) => {
                self.orders.push(rows::order(news))?;
                match self.open.news(news, &self.quotes) {
                    Some(ended) => self.end(&ended),
                    None => Ok(()),
                }
            }
            Record::Fill(fill) => self.fill(fill),
            Record::Equity(equity) => {
                self.valued.push(*equity);
                Ok(())
            }
            Record::Settlement(settlement) => {
                self.settlement.change(settlement);
                self.settlements.push(rows::settlement(settlement))
            }
            Record::Passed => self.write_valued(),
            Record::Quote(quote) => self.quote(quote),
            Record::Metric(metric) => {
                let series = self.series_start[metric.instance.index()] + metric.metric;
                self.metrics.push([
                    Cell::Word(Some(metric.instance.0)),
                    Cell::Integer(Some(metric.at.0)),
                    Cell::Word(Some(series)),
                    Cell::Float(Some(metric.value)),
                ])
            }
            Record::Log {
                instance,
                at,
                level,
                text,
            } => self.log.push([
                Cell::Word(Some(instance.0)),
                Cell::Integer(Some(at.0)),
                Cell::Word(Some(*level as u32 - 1)),
                Cell::Text(text),
            ]),
        }
    }

    /// Writes valuations in the order of their times; those of one instance stay in theirs.
    fn write_valued(&mut self) -> Result<(), AnalyticsError> {
        self.valued.sort_by_key(|x| x.at);
        for equity in &self.valued {
            let multiplier = self.multipliers[equity.instrument.index()];
            self.equity.push(rows::equity(equity, multiplier))?;
        }
        self.valued.clear();
        Ok(())
    }

    fn fill(&mut self, fill: &FillRecord) -> Result<(), AnalyticsError> {
        let sent = self.open.sent(fill.instance, fill.fill.order_id);
        self.settlement.add(fill, sent, &self.quotes);
        match self.open.fill(fill, &self.quotes) {
            Some(ended) => self.end(&ended),
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
            self.write(&fill)?;
        }
        Ok(())
    }

    fn write(&mut self, settled: &Settled) -> Result<(), AnalyticsError> {
        self.fills.push(rows::fill(settled))?;
        let account = (settled.record.instance, settled.record.fill.instrument);
        for trip in self.settlement.close(settled, &mut self.quotes) {
            self.trips.push(rows::trip(account, trip))?;
        }
        Ok(())
    }

    fn end(&mut self, ended: &Ended) -> Result<(), AnalyticsError> {
        self.lifecycles.push(rows::lifecycle(ended))
    }

    /// Writes all that still waits; the tape was heard up to `last`. Gives the rows of each table.
    pub(crate) fn finish(mut self, last: i64) -> Result<BTreeMap<String, u64>, AnalyticsError> {
        self.write_valued()?;
        self.settlement.end(last, &self.quotes);
        self.settle()?;
        for (account, trip) in self.settlement.rest(&self.quotes) {
            self.trips.push(rows::trip(account, &trip))?;
        }
        for ended in self.open.end() {
            self.lifecycles.push(rows::lifecycle(&ended))?;
        }
        let tables = [
            (ORDERS, self.orders),
            (JOURNAL, self.journal),
            (FILLS, self.fills),
            (EQUITY, self.equity),
            (SETTLEMENTS, self.settlements),
            (METRICS, self.metrics),
            (LOG, self.log),
            (LIFECYCLES, self.lifecycles),
            (TRIPS, self.trips),
        ];
        let close = |(table, writer): (Table, TableWriter)| {
            writer.close().map(|rows| (table.name.to_owned(), rows))
        };
        tables.into_iter().map(close).collect()
    }
}
