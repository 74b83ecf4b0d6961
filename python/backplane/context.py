"""What a strategy may see and do while it is called.

Everything here follows from the messages that the instance heard, so that it is the same whatever the size of a batch.
"""

from __future__ import annotations

from collections import deque
from typing import Deque, Dict, List, Optional

from . import _wire
from ._log import Limit, Log
from .book import Book
from .descriptor import Descriptor, Schema
from .types import (
    UNDEFINED_PRICE,
    Action,
    Bbo,
    Fill,
    Instrument,
    LevelChange,
    LogLevel,
    Mbo,
    OpenOrder,
    Order,
    OrderStatus,
    OrderUpdate,
    Session,
    Side,
    Trade,
)

RECENT_TRADES = 256
"""How many trades of each instrument are remembered."""
COMMANDS_MAX = 65_536
"""The most commands of one call."""


class Context:
    """What a strategy may see and do."""

    def __init__(self, descriptor: Descriptor, log: Optional[Log] = None) -> None:
        self._descriptor = descriptor
        self._instruments: List[Instrument] = []
        self._positions: List[int] = []
        self._open_orders: Dict[int, OpenOrder] = {}
        self._last_order_id = 0
        self._trades: List[Deque[Trade]] = []
        self._sessions: List[Session] = []
        self._books: List[Book] = []
        self._whole: List[bool] = []
        self._now = 0
        self._seed = 0
        self._message = 0
        self._asks = False
        self._market_only = False
        self._commands: List[bytes] = []
        self._log = Log() if log is None else log

    # What it may see.

    @property
    def now(self) -> int:
        """The time at the strategy: when it hears the present message."""
        return self._now

    @property
    def seed(self) -> int:
        """The run's seed for this instance, the only source of randomness that a strategy may use."""
        return self._seed

    @property
    def instruments(self) -> List[Instrument]:
        """The instruments of the tape; the place is the number."""
        return self._instruments

    def instrument(self, symbol: str) -> Optional[Instrument]:
        """The instrument of a symbol."""
        return next((x for x in self._instruments if x.symbol == symbol), None)

    def book(self, instrument: int) -> Book:
        """The book of an instrument, as deep as the subscription makes it."""
        return self._books[instrument]

    def position(self, instrument: int) -> int:
        """The position in an instrument: bought minus sold, as far as the strategy has heard."""
        self._refuse_private("positions")
        return self._positions[instrument]

    @property
    def open_orders(self) -> List[OpenOrder]:
        """The open orders, oldest first: those that were sent and of whose end nothing was heard yet."""
        self._refuse_private("open orders")
        return list(self._open_orders.values())

    def open_order(self, order_id: int) -> Optional[OpenOrder]:
        """One open order."""
        self._refuse_private("open orders")
        return self._open_orders.get(order_id)

    def recent_trades(self, instrument: int) -> Deque[Trade]:
        """The latest trade prints, newest first, at most 256. Needs a subscription to ``trades``."""
        return self._trades[instrument]

    def session(self, instrument: int) -> Session:
        """Open, high, low, last and volume since the run began. Needs a subscription to ``trades``."""
        return self._sessions[instrument]

    # What it may do.

    def submit(self, order: Order) -> int:
        """Sends a new order and gives its number. What becomes of it is heard later, by ``on_order``."""
        if not isinstance(order, Order):
            raise TypeError(f"submit takes an Order, not {type(order).__name__}")
        order_id = self._last_order_id + 1
        self._send(_wire.submit(order_id, order))
        self._last_order_id = order_id
        self._open_orders[order_id] = OpenOrder(order_id, order)
        return order_id

    def modify(self, order_id: int, price: int, quantity: int) -> None:
        """Asks for a new price and a new whole quantity (what is filled already included) of an open order."""
        self._send(_wire.command(2, order_id, price=price, quantity=quantity))

    def modify_stop(self, order_id: int, stop_price: int, price: int, quantity: int) -> None:
        """As :meth:`modify` for a stop that waits, with a new stop price; ``price`` is the limit of a stop-limit."""
        self._send(_wire.command(2, order_id, price=price, quantity=quantity, stop_price=stop_price))

    def cancel(self, order_id: int) -> None:
        """Asks for the end of an open order."""
        self._send(_wire.command(3, order_id))

    def cancel_all(self, instrument: Optional[int] = None) -> None:
        """Asks for the end of all open orders of an instrument, or of every instrument."""
        self._send(_wire.command(4, instrument=_wire.ALL_INSTRUMENTS if instrument is None else instrument))

    def set_timer(self, timer: int, at: int) -> None:
        """Sets a timer; one of the same number is moved."""
        self._send(_wire.command(5, timer, price=at))

    def cancel_timer(self, timer: int) -> None:
        """Ends a timer."""
        self._send(_wire.command(6, timer))

    def metric(self, metric: int, value: float) -> None:
        """Records a value of a declared series, named by its place in the descriptor."""
        if not 0 <= metric < len(self._descriptor.metrics):
            raise IndexError(f"metric {metric} is not declared; there are {len(self._descriptor.metrics)}")
        self._push(_wire.metric(metric, value, self._message))

    def log(self, level: LogLevel, text: str) -> None:
        """Writes a line to the run's log."""
        self._log.add(level, str(text))

    def _refuse_private(self, what: str) -> None:
        if self._market_only:
            raise RuntimeError(f"{what} are not known to a strategy that declares `market_only`")

    def _send(self, command: bytes) -> None:
        if self._market_only:
            raise RuntimeError("a strategy that declares `market_only` gives targets or orders back, and sends none")
        self._push(command)
        self._asks = True

    def _push(self, command: bytes) -> None:
        if len(self._commands) >= COMMANDS_MAX:
            raise Limit(f"it gave more than {COMMANDS_MAX} commands in one call")
        self._commands.append(command)

    # What it hears.

    def _define(self, data: bytes, at: int, detail: int, instrument: int) -> None:
        if detail == 0:
            tick, multiplier, expiration, currency = _wire.numbers(data, at)
            defined = Instrument(instrument, "", tick, multiplier, _wire.text(currency), expiration)
            self._instruments.append(defined)
            self._positions.append(0)
            self._trades.append(deque(maxlen=RECENT_TRADES))
            self._sessions.append(Session())
            self._books.append(Book())
        else:
            defined = self._instruments[instrument]
            self._instruments[instrument] = defined._replace(symbol=defined.symbol + _wire.symbol(data, at))

    def _start(self, seed: int) -> None:
        self._seed = seed
        self._find_depths()

    def _find_depths(self) -> None:
        hears = self._descriptor.hears
        self._whole = [hears(Schema.MBO, x.symbol) or hears(Schema.MBP, x.symbol) for x in self._instruments]

    def _hear_trade(self, trade: Trade) -> None:
        self._trades[trade.instrument].appendleft(trade)
        old = self._sessions[trade.instrument]
        price, size = trade.price, trade.size
        first = old.trades == 0
        self._sessions[trade.instrument] = Session(
            price if first else old.open,
            price if first else max(old.high, price),
            price if first else min(old.low, price),
            price,
            old.volume + size,
            old.trades + 1,
            old.turnover + price * size,
        )

    def _hear_mbo(self, mbo: Mbo) -> None:
        if mbo.action is Action.CLEAR:
            self._books[mbo.instrument].clear()
        elif mbo.action is not Action.TRADE and mbo.side is not None:
            self._books[mbo.instrument].set(mbo.side, mbo.price, mbo.level_size)

    def _hear_level(self, level: LevelChange) -> None:
        if level.side is None:
            self._books[level.instrument].clear()
        else:
            self._books[level.instrument].set(level.side, level.price, level.size)

    def _hear_bbo(self, bbo: Bbo) -> None:
        if self._whole[bbo.instrument]:
            return
        book = self._books[bbo.instrument]
        book.clear()
        if bbo.bid_price != UNDEFINED_PRICE:
            book.set(Side.BUY, bbo.bid_price, bbo.bid_size)
        if bbo.ask_price != UNDEFINED_PRICE:
            book.set(Side.SELL, bbo.ask_price, bbo.ask_size)

    def _hear_update(self, update: OrderUpdate) -> None:
        if update.ends_order:
            self._open_orders.pop(update.order_id, None)
            return
        order = self._open_orders.get(update.order_id)
        if order is not None and update.status is OrderStatus.TRIGGERED:
            order.triggered = True
        if order is not None and update.status in (OrderStatus.NEW, OrderStatus.REPLACED):
            order.accepted = True
            order.price = update.price
            order.quantity = update.quantity
            order.leaves = update.leaves

    def _hear_fill(self, fill: Fill) -> None:
        self._positions[fill.instrument] += fill.side.signed(fill.quantity)
        if fill.leaves == 0:
            self._open_orders.pop(fill.order_id, None)
        elif fill.order_id in self._open_orders:
            self._open_orders[fill.order_id].leaves = fill.leaves
