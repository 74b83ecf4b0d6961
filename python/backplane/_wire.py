"""The 64-byte messages and 80-byte commands of ``docs/abi.md`` as Python values."""

from __future__ import annotations

import struct
from typing import Any, Callable, Dict, Optional

from .types import (
    Action,
    Bar,
    Bbo,
    Fill,
    LevelChange,
    Liquidity,
    Mbo,
    Order,
    OrderStatus,
    OrderUpdate,
    Side,
    Status,
    Trade,
    TradingStatus,
)

MESSAGE_BYTES = 64
COMMAND_BYTES = 80

TRADE, MBO, LEVEL, BBO, BAR, STATUS, DEFINITION = range(1, 8)
ORDER_UPDATE, FILL = 16, 17
TIMER, START, STOP = 32, 33, 34

IS_LAST = 0x80
"""The flag of the last message of an atomic event."""

_SIDES: Dict[int, Optional[Side]] = {66: Side.BUY, 65: Side.SELL}
_ACTIONS = {ord(x.value): x for x in Action}
_STATUSES = {ord(x.value): x for x in OrderStatus}
_LIQUIDITIES = {ord(x.value): x for x in Liquidity}

# kind, flags, side, detail, instrument, ts_event, ts_recv; then the five words as the kind needs them.
_trade = struct.Struct("<xBBxIqqqqI20x").unpack_from
_mbo = struct.Struct("<xBBBIqqQqqqIB3x").unpack_from
_level = struct.Struct("<xBBxIqqqqI20x").unpack_from
_bbo = struct.Struct("<xBxxIqqqqqqI4x").unpack_from
_bar = struct.Struct("<xxxBIqqqqqqq").unpack_from
_status = struct.Struct("<xxxBIqq40x").unpack_from
_update = struct.Struct("<xxBBIqqQqqqH6x").unpack_from
_fill = struct.Struct("<xxBBIqqQqqqq").unpack_from
_timer = struct.Struct("<24xQ32x").unpack_from
_numbers = struct.Struct("<24xqqq8s8x").unpack_from
_symbol = struct.Struct("<24x40s").unpack_from
header = struct.Struct("<BBBBIqq").unpack_from


def trade(data: bytes, at: int) -> Trade:
    flags, side, instrument, ts_event, ts_recv, price, size, sequence = _trade(data, at)
    return Trade(instrument, price, size, _SIDES.get(side), sequence, ts_event, ts_recv, flags)


def mbo(data: bytes, at: int) -> Optional[Mbo]:
    flags, side, action, instrument, ts_event, ts_recv, order_id, price, size, level_size, sequence, rank = _mbo(data, at)
    known = _ACTIONS.get(action)
    if known is None:
        return None
    side = _SIDES.get(side)
    return Mbo(instrument, known, side, order_id, price, size, level_size, rank, sequence, ts_event, ts_recv, flags)


def level(data: bytes, at: int) -> LevelChange:
    flags, side, instrument, ts_event, ts_recv, price, size, sequence = _level(data, at)
    return LevelChange(instrument, _SIDES.get(side), price, size, sequence, ts_event, ts_recv, flags)


def bbo(data: bytes, at: int) -> Bbo:
    flags, instrument, ts_event, ts_recv, bid, bid_size, ask, ask_size, sequence = _bbo(data, at)
    return Bbo(instrument, bid, bid_size, ask, ask_size, sequence, ts_event, ts_recv, flags)


def bar(data: bytes, at: int) -> Bar:
    interval, instrument, ts_event, ts_recv, open, high, low, close, volume = _bar(data, at)
    return Bar(instrument, chr(interval), open, high, low, close, volume, ts_event, ts_recv)


def status(data: bytes, at: int) -> Status:
    code, instrument, ts_event, ts_recv = _status(data, at)
    return Status(instrument, TradingStatus(code), ts_event, ts_recv)


def update(data: bytes, at: int) -> Optional[OrderUpdate]:
    side, code, instrument, ts_event, ts_recv, order_id, price, quantity, leaves, reason = _update(data, at)
    known = _STATUSES.get(code)
    if known is None:
        return None
    side = _SIDES.get(side)
    return OrderUpdate(instrument, order_id, side, known, reason, price, quantity, leaves, ts_event, ts_recv)


def fill(data: bytes, at: int) -> Optional[Fill]:
    side, liquidity, instrument, ts_event, ts_recv, order_id, price, quantity, leaves, fee = _fill(data, at)
    known = _SIDES.get(side)
    if known is None:
        return None
    kind = _LIQUIDITIES[liquidity]
    return Fill(instrument, order_id, known, price, quantity, leaves, fee, kind, ts_event, ts_recv)


def word(data: bytes, at: int) -> int:
    """The first word: a timer's number, or the seed of a start."""
    number: int = _timer(data, at)[0]
    return number


def numbers(data: bytes, at: int) -> Any:
    """Tick, multiplier, expiration and currency of a definition."""
    return _numbers(data, at)


def text(data: bytes) -> str:
    """Bytes with zeros behind as text."""
    return data.split(b"\0", 1)[0].decode("utf-8", "replace")


def symbol(data: bytes, at: int) -> str:
    """A part of an instrument's symbol."""
    return text(_symbol(data, at)[0])


MARKET: Dict[int, Callable[[bytes, int], Any]] = {
    TRADE: trade,
    MBO: mbo,
    LEVEL: level,
    BBO: bbo,
    BAR: bar,
    STATUS: status,
}
"""How each kind of market data is read."""

ALL_INSTRUMENTS = 2**32 - 1
_command = struct.Struct("<BBBBIQqqqqqqIIQ").pack
_metric = struct.Struct("<BBBBIQdqqqqqIIQ").pack


def submit(order_id: int, order: Order) -> bytes:
    """The command that submits an order.

    Raises ``ValueError`` where a number of the order does not fit its field.
    """
    try:
        return _command(
            1,
            ord(Side(order.side).value),
            ord(order.order_type.value),
            ord(order.time_in_force.value),
            order.instrument,
            order_id,
            order.price,
            order.quantity,
            order.stop_price,
            order.trail,
            order.displayed,
            order.expire_at,
            1 if order.is_post_only else 0,
            0,
            0,
        )
    except struct.error as error:
        raise ValueError(f"{order} cannot be sent: {error}") from None


def command(
    kind: int, id: int = 0, instrument: int = ALL_INSTRUMENTS, price: int = 0, quantity: int = 0, stop_price: int = 0
) -> bytes:
    """A command other than an order.

    Raises ``ValueError`` where a number does not fit its field.
    """
    try:
        return _command(kind, 0, 0, 0, instrument, id, price, quantity, stop_price, 0, 0, 0, 0, 0, 0)
    except struct.error as error:
        raise ValueError(f"a command cannot be sent: {error}") from None


def metric(place: int, value: float, message: int) -> bytes:
    """The command that records a value, given on a message of a batch."""
    return _metric(7, 0, 0, 0, ALL_INSTRUMENTS, place, value, message, 0, 0, 0, 0, 0, 0, 0)
