"""One running instance of a strategy over features.

Takes in rows; gives out targets and orders for the host to carry out (strategies that read market features alone), or
commands (all others).
"""

from __future__ import annotations

from typing import Any, List, Optional, Tuple, Type

import numpy as np

from . import _wire
from ._instance import Instance
from ._log import Log
from .descriptor import Params
from .features import FeatureStrategy
from .types import Order, Side

TARGET_MAX = 2**53
"""Targets are below this size: what a float can count."""
FEW = 16
"""So many targets are few."""
NO_WISH = float("nan")
Outcome = Tuple[int, bytes, List[Tuple[int, bytes]], Optional[BaseException]]
"""For how many rows, their targets (8 bytes each, NaN for none), orders with the places of their rows, and what was raised."""


class FeatureInstance(Instance):
    """One running instance."""

    strategy: FeatureStrategy

    def __init__(self, strategy: Type[FeatureStrategy], params: Params, log: Log, columns: List[str]) -> None:
        super().__init__(strategy, params, log)
        self.strategy.columns = columns
        self.width = len(columns)
        self.market_only = bool(strategy.market_only)
        self.ctx._market_only = self.market_only
        self.in_one = strategy.on_features_batch is not FeatureStrategy.on_features_batch

    def rows(self, data: bytes, instruments: bytes, times: bytes) -> Outcome:
        """Hears rows: how many, their targets (8 bytes each, NaN for none), the orders of rows, and what was raised."""
        strategy = self.strategy
        matrix = np.frombuffer(data, "<f8").reshape(-1, self.width)
        count = len(matrix)
        wishes: Any = None
        if self.in_one:
            strategy.instruments = np.frombuffer(instruments, "<u4")
            strategy.times = np.frombuffer(times, "<i8")
            try:
                wishes = strategy.on_features_batch(matrix)
                self.check_log()
            except BaseException as error:  # Whatever a strategy raises costs that strategy alone.
                return 0, b"", [], error
            if isinstance(wishes, np.ndarray):
                return self.take_array(wishes, count)
        targets = np.full(count, NO_WISH)
        orders: List[Tuple[int, bytes]] = []
        for place in range(count):
            try:
                if self.in_one:
                    wish = self.wish_of(wishes, place, count)
                else:
                    strategy.instrument = instruments_at(instruments, place)
                    strategy.time = times_at(times, place)
                    wish = strategy.on_features(matrix[place])
                    self.check_log()
                self.take(wish, place, targets, orders)
            except BaseException as error:
                return place, targets[:place].tobytes(), orders, error
        return count, targets.tobytes(), orders, None

    @staticmethod
    def wish_of(wishes: Any, place: int, count: int) -> Any:
        """The wish of a row among those of many."""
        if wishes is None:
            return None
        if not isinstance(wishes, (list, tuple)):
            raise TypeError(f"`on_features_batch` must give an array, a list or None, not {type(wishes).__name__}")
        if len(wishes) != count:
            raise ValueError(f"`on_features_batch` gave {len(wishes)} wishes for {count} rows")
        return wishes[place]

    def only_wish(self, wishes: Any) -> Any:
        """The wish of the only row."""
        if not isinstance(wishes, np.ndarray):
            return self.wish_of(wishes, 0, 1)
        if wishes.shape != (1,):
            raise ValueError(f"`on_features_batch` gave an array of shape {wishes.shape}, but must give (1,)")
        return wishes[0]

    def take(self, wish: Any, place: int, targets: np.ndarray, orders: List[Tuple[int, bytes]]) -> None:
        """Notes the wish of one row."""
        if wish is None or wish is np.ma.masked:
            return
        if isinstance(wish, Order):
            orders.append((place, _wire.submit(0, wish)))
        elif isinstance(wish, (list, tuple)):
            for order in wish:
                if not isinstance(order, Order):
                    raise TypeError(f"a list of wishes for one row holds orders, not {type(order).__name__}")
                orders.append((place, _wire.submit(0, order)))
        else:
            targets[place] = whole(wish)

    @staticmethod
    def take_array(wishes: Any, count: int) -> Outcome:
        """Notes an array of targets."""
        if wishes.shape != (count,):
            why = f"`on_features_batch` gave an array of shape {wishes.shape}, but must give {(count,)}"
            return 0, b"", [], ValueError(why)
        if wishes.dtype.kind not in "iuf":
            why = f"`on_features_batch` gave an array of {wishes.dtype}, but targets are numbers"
            return 0, b"", [], TypeError(why)
        numbers = np.ma.getdata(wishes).astype("<f8")
        if count <= FEW and type(wishes) is np.ndarray:
            # A few numbers are looked at one by one: an operation of NumPy costs as much as all of them.
            if all(x.is_integer() and -TARGET_MAX < x < TARGET_MAX for x in numbers.tolist()):
                return count, numbers.tobytes(), [], None
        good = (np.rint(numbers) == numbers) & (np.abs(numbers) < TARGET_MAX)
        if isinstance(wishes, np.ma.MaskedArray):
            masked = np.ma.getmaskarray(wishes)
            numbers[masked] = NO_WISH
            good |= masked
        if not good.all():
            place = int(good.argmin())
            error = ValueError(f"the target {numbers[place]} is not a whole number of quantity units")
            return place, numbers[:place].tobytes(), [], error
        return count, numbers.tobytes(), [], None

    def rows_with_context(self, data: bytes, instruments: bytes, times: bytes, heard: int) -> Any:
        """Hears one row as a message: what was heard (1), the commands, and what was raised."""
        ctx = self.ctx
        ctx._commands.clear()
        ctx._asks = False
        ctx._message = 0
        ctx._now = heard
        strategy = self.strategy
        matrix = np.frombuffer(data, "<f8").reshape(1, self.width)
        strategy.instruments = np.frombuffer(instruments, "<u4")
        strategy.times = np.frombuffer(times, "<i8")
        instrument = strategy.instrument = instruments_at(instruments, 0)
        strategy.time = times_at(times, 0)
        try:
            if self.in_one:
                wish = self.only_wish(strategy.on_features_batch(matrix))
            else:
                wish = strategy.on_features(matrix[0])
            self.do(wish, [instrument])
            self.check_log()
        except BaseException as error:
            return 0, b"", error
        return 1, b"".join(ctx._commands), None

    def close(self, heard: int) -> Any:
        """The market closes: the target of all instruments (NaN for none), the orders, and what was raised."""
        orders: List[Tuple[int, bytes]] = []
        targets = np.full(1, NO_WISH)
        ctx = self.ctx
        ctx._commands.clear()
        ctx._asks = False
        ctx._now = heard
        try:
            wish = self.strategy.on_market_close()
            self.check_log()
            if self.market_only:
                self.take(wish, 0, targets, orders)
            else:
                self.do(wish, [x.id for x in ctx.instruments])
        except BaseException as error:
            return 0, b"", [], error
        return 1, targets.tobytes(), orders if self.market_only else [(0, b"".join(ctx._commands))], None

    def do(self, wish: Any, instruments: List[int]) -> None:
        """Carries out a wish through the context."""
        if wish is None or wish is np.ma.masked:
            return
        ctx = self.ctx
        if isinstance(wish, Order):
            ctx.submit(wish)
        elif isinstance(wish, (list, tuple)):
            for order in wish:
                ctx.submit(order)
        else:
            target = int(whole(wish))
            for instrument in instruments:
                coming = sum(x.side.signed(x.leaves) for x in ctx._open_orders.values() if x.instrument == instrument)
                missing = target - ctx._positions[instrument] - coming
                if missing:
                    side = Side.BUY if missing > 0 else Side.SELL
                    ctx.submit(Order.market(instrument, side, abs(missing)))


def instruments_at(data: bytes, place: int) -> int:
    """The instrument of a row."""
    return int.from_bytes(data[4 * place : 4 * place + 4], "little")


def times_at(data: bytes, place: int) -> int:
    """The time of a row."""
    return int.from_bytes(data[8 * place : 8 * place + 8], "little", signed=True)


def whole(wish: Any) -> float:
    """A target as a whole number. Raises ``TypeError`` or ``ValueError`` where it is none."""
    if isinstance(wish, (bool, np.bool_)) or not isinstance(wish, (int, float, np.integer, np.floating)):
        raise TypeError(f"a wish is None, a target or orders, not {type(wish).__name__}")
    target = float(wish)
    if not (abs(target) < TARGET_MAX and target == int(target)):
        raise ValueError(f"the target {target} is not a whole number of quantity units")
    return target
