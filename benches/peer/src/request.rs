//! What is asked of the peer.
//!
//! Takes in nothing; gives out the choices, as the command line and the outcome name them.

use clap::ValueEnum;
use serde::Serialize;

/// What the peer is told of the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Every order, with its number: the peer's L3 path.
    OrderLevel,
    /// The sizes of price levels, and prints: the peer's L2 path.
    PriceLevel,
}

/// When the strategy quotes anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyKind {
    /// On every change of the best price.
    MarketMaker,
    /// On every change of the best price or of its size.
    PriceOrSize,
}

/// The peer's depth structures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Depth {
    /// `ROIVectorMarketDepth`, over the range of the tape's prices.
    RoiVector,
    /// `HashMapMarketDepth`.
    HashMap,
    /// `BTreeMarketDepth`; in price-level mode alone.
    BTree,
}

/// How the strategy waits for the times at which it acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drive {
    /// It is woken by every event and compares the best prices.
    Feed,
    /// It elapses to the next time of which the tape says that the best prices change.
    Noted,
}

/// Which instruments share a backtest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grouping {
    /// One backtest of all instruments.
    Together,
    /// One backtest for each instrument, one after the other.
    Apart,
}

/// All that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What the peer is told.
    pub mode: Mode,
    /// When it quotes anew.
    pub strategy: StrategyKind,
    /// Its depth structure.
    pub depth: Depth,
    /// How it waits.
    pub drive: Drive,
    /// Which instruments share a backtest.
    pub grouping: Grouping,
    /// Whether each fill is noted; this costs time.
    pub with_fills: bool,
}
