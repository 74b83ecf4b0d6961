"""The nouns of the house: what a strategy hears and what it sends.

Prices are whole numbers in units of 1e-9 of the quote currency, quantities whole numbers of the instrument's quantity
unit, times whole nanoseconds since the Unix epoch (UTC), money whole numbers in units of 1e-9. :func:`price_as_f64` and
:func:`price_from_f64` go between prices and floats as the Rust SDK does, to the last bit.
"""

from __future__ import annotations

import enum
import math
from typing import NamedTuple, Optional, Union

PRICE_SCALE = 1_000_000_000
"""Units of a price in one unit of the quote currency."""
UNDEFINED_PRICE = 2**63 - 1
"""No price: what stands where a side of a book is empty."""
NEVER = 2**63 - 1
"""No time."""


def price_as_f64(price: int) -> float:
    """A price as a float in the quote currency."""
    return float(price) / 1e9


def price_from_f64(value: float) -> int:
    """The nearest price to a float in the quote currency; halves go away from zero. NaN is no price."""
    if math.isnan(value):
        return UNDEFINED_PRICE
    scaled = value * 1e9
    if math.isinf(scaled):
        return 2**63 - 1 if scaled > 0 else -(2**63)
    whole = math.floor(abs(scaled))
    rounded = whole + (1 if abs(scaled) - whole >= 0.5 else 0)
    return max(-(2**63), min(2**63 - 1, rounded if scaled >= 0 else -rounded))


def is_defined(price: int) -> bool:
    """Whether this is a price at all."""
    return price != UNDEFINED_PRICE


class Side(enum.Enum):
    """A side of the market; the letters are Databento's."""

    BUY = "B"
    SELL = "A"

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY

    def signed(self, quantity: int) -> int:
        """A quantity with the sign that trading on this side gives to a position."""
        return quantity if self is Side.BUY else -quantity


class Action(enum.Enum):
    """What an order-level message does; the letters are Databento's."""

    ADD = "A"
    CANCEL = "C"
    MODIFY = "M"
    CLEAR = "R"
    TRADE = "T"
    FILL = "F"


class TradingStatus(enum.IntEnum):
    """Whether an instrument trades."""

    TRADING = 1
    PRE_OPEN = 2
    HALTED = 3
    CLOSED = 4


class OrderType(enum.Enum):
    """FIX ``OrdType``."""

    MARKET = "1"
    LIMIT = "2"
    STOP = "3"
    STOP_LIMIT = "4"
    TRAILING_STOP = "P"


class TimeInForce(enum.Enum):
    """FIX ``TimeInForce``."""

    DAY = "0"
    GTC = "1"
    AT_THE_OPENING = "2"
    IOC = "3"
    FOK = "4"
    GTD = "6"
    AT_THE_CLOSE = "7"


class OrderStatus(enum.Enum):
    """What became of an order, or of a request about it."""

    NEW = "0"
    CANCELED = "4"
    REPLACED = "5"
    REJECTED = "8"
    CANCEL_REJECTED = "9"
    EXPIRED = "C"
    REPLACE_REJECTED = "G"
    TRIGGERED = "L"


class Liquidity(enum.Enum):
    """Whether an execution gave liquidity to the market or took it."""

    MAKER = "M"
    TAKER = "T"


class LogLevel(enum.IntEnum):
    """How important a line of the log is."""

    ERROR = 1
    WARNING = 2
    INFORMATION = 3
    DEBUG = 4


class Instrument(NamedTuple):
    """What is traded. ``multiplier`` is what one quantity unit is worth at a price of one, in units of 1e-9."""

    id: int
    symbol: str
    tick: int
    multiplier: int
    currency: str
    expiration: int


class Trade(NamedTuple):
    """A trade print. ``aggressor`` is ``None`` where the source does not say."""

    instrument: int
    price: int
    size: int
    aggressor: Optional[Side]
    sequence: int
    ts_event: int
    ts_recv: int
    flags: int


class Mbo(NamedTuple):
    """An order-level message. ``level_size`` is what rests at its price afterwards, ``rank`` the level's place."""

    instrument: int
    action: Action
    side: Optional[Side]
    order_id: int
    price: int
    size: int
    level_size: int
    rank: int
    sequence: int
    ts_event: int
    ts_recv: int
    flags: int


class LevelChange(NamedTuple):
    """A price level's new size; ``side`` is ``None`` where the whole book was emptied."""

    instrument: int
    side: Optional[Side]
    price: int
    size: int
    sequence: int
    ts_event: int
    ts_recv: int
    flags: int


class Bbo(NamedTuple):
    """The best bid and ask."""

    instrument: int
    bid_price: int
    bid_size: int
    ask_price: int
    ask_size: int
    sequence: int
    ts_event: int
    ts_recv: int
    flags: int


class Bar(NamedTuple):
    """A finished bar: ``ts_event`` is its start, ``ts_recv`` its end. ``interval`` is ``s``, ``m``, ``h`` or ``d``."""

    instrument: int
    interval: str
    open: int
    high: int
    low: int
    close: int
    volume: int
    ts_event: int
    ts_recv: int


class Status(NamedTuple):
    """A change of trading status."""

    instrument: int
    status: TradingStatus
    ts_event: int
    ts_recv: int


class OrderUpdate(NamedTuple):
    """News of an own order that is not an execution. ``reason`` is a number of ``docs/abi.md``, "Reasons"."""

    instrument: int
    order_id: int
    side: Optional[Side]
    status: OrderStatus
    reason: int
    price: int
    quantity: int
    leaves: int
    ts_event: int
    ts_recv: int

    @property
    def ends_order(self) -> bool:
        """Whether the order is no longer open after this update."""
        return self.status in _ENDS


_ENDS = frozenset((OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED))


class Fill(NamedTuple):
    """One execution of an own order. ``fee`` is negative for a rebate."""

    instrument: int
    order_id: int
    side: Side
    price: int
    quantity: int
    leaves: int
    fee: int
    liquidity: Liquidity
    ts_event: int
    ts_recv: int


MarketEvent = Union[Trade, Mbo, LevelChange, Bbo, Bar, Status]
"""What :meth:`Strategy.on_market` hears."""
OrderEvent = Union[OrderUpdate, Fill]
"""What :meth:`Strategy.on_order` hears."""


class Order(NamedTuple):
    """A new order; build one by :meth:`limit` or :meth:`market` and the steps that differ from the default."""

    instrument: int
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    price: int
    quantity: int
    stop_price: int = UNDEFINED_PRICE
    trail: int = 0
    displayed: int = 0
    expire_at: int = NEVER
    is_post_only: bool = False

    @classmethod
    def limit(cls, instrument: int, side: Side, price: int, quantity: int) -> "Order":
        """A limit order, good till cancelled."""
        return cls(instrument, side, OrderType.LIMIT, TimeInForce.GTC, price, quantity)

    @classmethod
    def market(cls, instrument: int, side: Side, quantity: int) -> "Order":
        """A market order; what the book cannot fill at once is cancelled."""
        return cls(instrument, side, OrderType.MARKET, TimeInForce.IOC, UNDEFINED_PRICE, quantity)

    @classmethod
    def stop(cls, instrument: int, side: Side, stop_price: int, quantity: int) -> "Order":
        """A market order once the market trades at ``stop_price`` or beyond (a buy: above, a sell: below)."""
        order = cls.limit(instrument, side, UNDEFINED_PRICE, quantity)
        return order._replace(order_type=OrderType.STOP, stop_price=stop_price)

    @classmethod
    def stop_limit(cls, instrument: int, side: Side, stop_price: int, price: int, quantity: int) -> "Order":
        """A limit order at ``price`` once the market trades at ``stop_price`` or beyond."""
        order = cls.limit(instrument, side, price, quantity)
        return order._replace(order_type=OrderType.STOP_LIMIT, stop_price=stop_price)

    @classmethod
    def trailing_stop(cls, instrument: int, side: Side, trail: int, quantity: int) -> "Order":
        """A stop whose price stays ``trail`` behind the best trade price since it arrived."""
        order = cls.limit(instrument, side, UNDEFINED_PRICE, quantity)
        return order._replace(order_type=OrderType.TRAILING_STOP, trail=trail)

    def day(self) -> "Order":
        """The same order until the end of the session."""
        return self._replace(time_in_force=TimeInForce.DAY)

    def good_till(self, expire_at: int) -> "Order":
        """The same order until a time at the exchange."""
        return self._replace(time_in_force=TimeInForce.GTD, expire_at=expire_at)

    def at_the_opening(self) -> "Order":
        """The same order for the opening auction."""
        return self._replace(time_in_force=TimeInForce.AT_THE_OPENING)

    def at_the_close(self) -> "Order":
        """The same order for the closing auction."""
        return self._replace(time_in_force=TimeInForce.AT_THE_CLOSE)

    def iceberg(self, displayed: int) -> "Order":
        """The same order, of which no more than ``displayed`` is shown at a time."""
        return self._replace(displayed=displayed)

    def ioc(self) -> "Order":
        """The same order as immediate-or-cancel."""
        return self._replace(time_in_force=TimeInForce.IOC)

    def fok(self) -> "Order":
        """The same order as fill-or-kill."""
        return self._replace(time_in_force=TimeInForce.FOK)

    def post_only(self) -> "Order":
        """The same order, rejected if it would take liquidity on arrival."""
        return self._replace(is_post_only=True)


class OpenOrder:
    """An open order as its owner knows it."""

    __slots__ = (
        "order_id",
        "instrument",
        "side",
        "order_type",
        "price",
        "quantity",
        "leaves",
        "accepted",
        "triggered",
    )

    def __init__(self, order_id: int, order: Order) -> None:
        self.order_id = order_id
        self.instrument = order.instrument
        self.side = order.side
        self.order_type = order.order_type
        self.price = order.price
        self.quantity = order.quantity
        self.leaves = order.quantity
        self.accepted = False
        self.triggered = False

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"OpenOrder({shown})"


class Session(NamedTuple):
    """What was traded in an instrument since the run began. ``turnover`` is the sum of price times size."""

    open: int = 0
    high: int = 0
    low: int = 0
    last: int = 0
    volume: int = 0
    trades: int = 0
    turnover: int = 0

    @property
    def vwap(self) -> Optional[int]:
        """The volume-weighted average price; ``None`` before the first trade."""
        return self.turnover // self.volume if self.volume > 0 else None
