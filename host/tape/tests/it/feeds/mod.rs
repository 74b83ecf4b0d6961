//! Feeds of price levels, trades and bars: captures, tables and folders.

/// Raw captures of Binance, OKX, Bybit and Coinbase.
mod captures;
/// LEAN's folders.
mod lean;
/// Real files, where they are at hand.
mod real;
/// Tables: Tardis, Binance's archive, bars, and tables with a column map.
mod tables;
