"""One running instance of a strategy that hears single messages, driven by batches of them.

Takes in the bytes of messages; gives out how many were heard, the commands and log lines, and what went wrong.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Callable, Dict, List, Optional, Tuple, Type

import msgpack

from . import _wire
from ._log import Limit, Log
from .book import Book
from .context import RECENT_TRADES, Context
from .descriptor import Params
from .strategy import Strategy
from .types import OpenOrder, Order, OrderType, Session, Side, TimeInForce, Trade

LAYOUT = 2
"""The version of a saved state's layout."""


class Instance:
    """One running instance."""

    def __init__(self, strategy: Type[Strategy], params: Params, log: Log) -> None:
        self.ctx = Context(strategy.descriptor(), log)
        self.log = log
        self.strategy = strategy(params)

    def hear(self, data: bytes) -> Tuple[int, bytes, Optional[BaseException]]:
        """Hears messages up to the first on which the strategy asks for something: how many were heard, the commands,
        and what was raised on the next one."""
        ctx = self.ctx
        ctx._commands.clear()
        ctx._asks = False
        count = len(data) // _wire.MESSAGE_BYTES
        for place in range(count):
            ctx._message = place
            before = len(ctx._commands)
            try:
                self.hear_one(data, place * _wire.MESSAGE_BYTES)
                self.check_log()
            except BaseException as error:  # Whatever a strategy raises costs that strategy alone.
                return place, b"".join(ctx._commands[:before]), error
            if ctx._asks:
                return place + 1, b"".join(ctx._commands), None
        return count, b"".join(ctx._commands), None

    def hear_one(self, data: bytes, at: int) -> None:
        """Hears one message; those of unknown kinds are skipped."""
        ctx, strategy = self.ctx, self.strategy
        kind, flags, _, detail, instrument, _, ts_recv = _wire.header(data, at)
        read = _wire.MARKET.get(kind)
        if read is not None:
            event = read(data, at)
            if event is None:
                return
            ctx._now = ts_recv
            hear = _HEAR.get(kind)
            if hear is not None:
                hear(ctx, event)
            if kind != _wire.LEVEL or flags & _wire.IS_LAST:
                strategy.on_market(event, ctx)
            return
        if kind in (_wire.ORDER_UPDATE, _wire.FILL):
            self.hear_order(kind, data, at, ts_recv)
            return
        ctx._now = ts_recv
        if kind == _wire.TIMER:
            strategy.on_timer(_wire.word(data, at), ctx)
        elif kind == _wire.DEFINITION:
            ctx._define(data, at, detail, instrument)
        elif kind == _wire.START:
            ctx._start(_wire.word(data, at))
            strategy.on_start(ctx)
        elif kind == _wire.STOP:
            strategy.on_stop(ctx)

    def check_log(self) -> None:
        """A bound of the log that was passed is a fault, even where the strategy caught the error."""
        if self.log.exceeded:
            raise Limit(self.log.exceeded)

    def hear_order(self, kind: int, data: bytes, at: int, ts_recv: int) -> None:
        """Hears news of an own order."""
        event: Any = (_wire.update if kind == _wire.ORDER_UPDATE else _wire.fill)(data, at)
        if event is None:
            return
        ctx = self.ctx
        ctx._now = ts_recv
        if kind == _wire.ORDER_UPDATE:
            ctx._hear_update(event)
        else:
            ctx._hear_fill(event)
        self.strategy.on_order(event, ctx)

    def save(self) -> bytes:
        """What the instance knows, its books included, with the strategy's own bytes."""
        ctx = self.ctx
        own = self.strategy.save()
        if not isinstance(own, (bytes, bytearray)):
            raise TypeError(f"`save` must give bytes, not {type(own).__name__}")
        orders = [_plain_order(x) for x in ctx._open_orders.values()]
        trades = [[_plain(x) for x in y] for y in ctx._trades]
        sessions = [(*x[:6], str(x.turnover)) for x in ctx._sessions]
        books = [[x.levels(side) for side in (Side.BUY, Side.SELL)] for x in ctx._books]
        own_bytes = bytes(own)
        known = (LAYOUT, ctx._now, ctx._seed, ctx._last_order_id, ctx._positions, orders, trades, sessions, books, own_bytes)
        saved: bytes = msgpack.packb(known)
        return saved

    def load(self, version: int, data: bytes) -> None:
        """Takes over a saved state; the instance is as it was where that raises."""
        known_version = self.strategy.state_version()
        if version > known_version:
            raise ValueError(f"the state is of version {version}, but this strategy knows none beyond {known_version}")
        layout, *saved = msgpack.unpackb(data)
        if layout != LAYOUT:
            raise ValueError(f"the saved state has layout {layout}, but this package reads layout {LAYOUT}")
        now, seed, last, positions, orders, trades, sessions, books, own = saved
        ctx = self.ctx
        if len(positions) != len(ctx._positions):
            raise ValueError(f"the saved state knows {len(positions)} instruments, not {len(ctx._positions)}")
        opened = {x[0]: _order(x) for x in orders}
        heard = [deque((_trade(x) for x in y), maxlen=RECENT_TRADES) for y in trades]
        known = [_session(x) for x in sessions]
        kept = [_book(x) for x in books]
        self.strategy.load(version, own)
        ctx._now, ctx._seed, ctx._last_order_id, ctx._positions = now, seed, last, positions
        ctx._open_orders, ctx._trades, ctx._sessions = opened, heard, known
        ctx._books = kept
        ctx._find_depths()


def _plain_order(x: OpenOrder) -> Tuple[Any, ...]:
    sizes = (x.price, x.quantity, x.leaves)
    return (x.order_id, x.instrument, x.side.value, x.order_type.value, *sizes, x.accepted, x.triggered)


def _order(saved: List[Any]) -> OpenOrder:
    order_id, instrument, side, order_type, price, quantity, leaves, accepted, triggered = saved
    order = Order(instrument, Side(side), OrderType(order_type), TimeInForce.GTC, price, quantity)
    opened = OpenOrder(order_id, order)
    opened.leaves, opened.accepted, opened.triggered = leaves, accepted, triggered
    return opened


def _book(saved: List[Any]) -> Book:
    book = Book()
    for side, levels in zip((Side.BUY, Side.SELL), saved):
        for price, size in levels:
            book.set(side, price, size)
    return book


def _plain(trade: Trade) -> Tuple[Any, ...]:
    aggressor = None if trade.aggressor is None else trade.aggressor.value
    return (*trade[:3], aggressor, *trade[4:])


def _trade(saved: List[Any]) -> Trade:
    aggressor = None if saved[3] is None else Side(saved[3])
    return Trade._make((*saved[:3], aggressor, *saved[4:]))


def _session(saved: List[Any]) -> Session:
    return Session._make((*saved[:6], int(saved[6])))


_HEAR: Dict[int, Callable[[Context, Any], None]] = {
    _wire.TRADE: Context._hear_trade,
    _wire.MBO: Context._hear_mbo,
    _wire.LEVEL: Context._hear_level,
    _wire.BBO: Context._hear_bbo,
}
