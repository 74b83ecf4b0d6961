"""Backplane: strategies in Python, runs from Python, results as tables.

A strategy is a class in a file of its own, in the directory that ``backplane run --plugins`` names::

    from backplane import Descriptor, Order, Param, Schema, Side, Strategy

    class Join(Strategy):
        @classmethod
        def descriptor(cls):
            return Descriptor("join", "1.0.0").subscribe(Schema.BBO_PRICE).param(
                Param.integer("size", 1, 1, 1_000, "how much to bid for"))

        def __init__(self, params):
            self.size = params.integer("size")

        def on_market(self, bbo, ctx):
            if not ctx.open_orders and ctx.position(bbo.instrument) == 0:
                ctx.submit(Order.limit(bbo.instrument, Side.BUY, bbo.bid_price, self.size).post_only())
"""

PROTOCOL = 1
"""The version of the protocol between the host and a strategy's process."""

from .book import Book, Level
from .context import Context
from .descriptor import Descriptor, Param, Params, Schema
from .features import FeatureStrategy
from .results import Result
from .runs import RunError, run
from .strategy import Strategy
from .types import (
    NEVER,
    PRICE_SCALE,
    UNDEFINED_PRICE,
    Action,
    Bar,
    Bbo,
    Fill,
    Instrument,
    LevelChange,
    Liquidity,
    LogLevel,
    MarketEvent,
    Mbo,
    OpenOrder,
    Order,
    OrderEvent,
    OrderStatus,
    OrderType,
    OrderUpdate,
    Session,
    Side,
    Status,
    TimeInForce,
    Trade,
    TradingStatus,
    is_defined,
    price_as_f64,
    price_from_f64,
)

__version__ = "0.1.0"

__all__ = [
    "NEVER",
    "PRICE_SCALE",
    "PROTOCOL",
    "UNDEFINED_PRICE",
    "Action",
    "Bar",
    "Bbo",
    "Book",
    "Context",
    "Descriptor",
    "FeatureStrategy",
    "Fill",
    "Instrument",
    "Level",
    "LevelChange",
    "Liquidity",
    "LogLevel",
    "MarketEvent",
    "Mbo",
    "OpenOrder",
    "Order",
    "OrderEvent",
    "OrderStatus",
    "OrderType",
    "OrderUpdate",
    "Param",
    "Params",
    "Result",
    "RunError",
    "Schema",
    "Session",
    "Side",
    "Status",
    "Strategy",
    "TimeInForce",
    "Trade",
    "TradingStatus",
    "is_defined",
    "price_as_f64",
    "price_from_f64",
    "run",
]
