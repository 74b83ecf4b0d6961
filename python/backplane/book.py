"""An order book of price levels, as a strategy sees it."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Dict, List, NamedTuple, Optional

from .types import Side, price_as_f64


class Level(NamedTuple):
    """What rests at one price on one side."""

    price: int
    size: int


class Book:
    """Both sides of one instrument's book, best first. As deep as the subscription makes it: all levels with ``mbo`` and
    ``mbp``, one with ``bbo``, none with trades and bars."""

    __slots__ = ("_sizes", "_keys")

    def __init__(self) -> None:
        # Keys are prices whose order is best first: bids negated.
        self._sizes: Dict[Side, Dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
        self._keys: Dict[Side, List[int]] = {Side.BUY: [], Side.SELL: []}

    def set(self, side: Side, price: int, size: int) -> None:
        """Sets what rests at a price; zero or less removes the level."""
        key = -price if side is Side.BUY else price
        sizes, keys = self._sizes[side], self._keys[side]
        if size > 0:
            if key not in sizes:
                insort(keys, key)
            sizes[key] = size
        elif sizes.pop(key, None) is not None:
            del keys[bisect_left(keys, key)]

    def clear(self) -> None:
        """Empties both sides."""
        for side in Side:
            self._sizes[side].clear()
            self._keys[side].clear()

    def levels(self, side: Side, depth: Optional[int] = None) -> List[Level]:
        """The best levels of a side, all of them where no depth is given."""
        sign, sizes = (-1 if side is Side.BUY else 1), self._sizes[side]
        return [Level(sign * key, sizes[key]) for key in self._keys[side][:depth]]

    def best(self, side: Side) -> Optional[Level]:
        """The best level of a side."""
        keys = self._keys[side]
        if not keys:
            return None
        key = keys[0]
        return Level(-key if side is Side.BUY else key, self._sizes[side][key])

    def best_bid(self) -> Optional[Level]:
        """The highest bid."""
        return self.best(Side.BUY)

    def best_ask(self) -> Optional[Level]:
        """The lowest ask."""
        return self.best(Side.SELL)

    def mid(self) -> Optional[int]:
        """Half-way between best bid and best ask, rounded down to 1e-9; ``None`` while a side is empty."""
        bid, ask = self.best_bid(), self.best_ask()
        return None if bid is None or ask is None else (bid.price + ask.price) // 2

    def spread(self) -> Optional[int]:
        """Best ask minus best bid; ``None`` while a side is empty."""
        bid, ask = self.best_bid(), self.best_ask()
        return None if bid is None or ask is None else ask.price - bid.price

    def weighted_mid(self) -> Optional[float]:
        """The mid weighted by the opposite sizes, in the quote currency; ``None`` while a side is empty."""
        bid, ask = self.best_bid(), self.best_ask()
        if bid is None or ask is None:
            return None
        weighted = price_as_f64(bid.price) * ask.size + price_as_f64(ask.price) * bid.size
        return weighted / (bid.size + ask.size)

    def imbalance(self, depth: int) -> Optional[float]:
        """``(bids - asks) / (bids + asks)`` over the best levels; ``None`` while there is nothing to compare."""
        bids = sum(x.size for x in self.levels(Side.BUY, depth))
        asks = sum(x.size for x in self.levels(Side.SELL, depth))
        return (bids - asks) / (bids + asks) if bids + asks > 0 else None

    def size_at(self, side: Side, price: int) -> int:
        """What rests at a price."""
        return self._sizes[side].get(-price if side is Side.BUY else price, 0)
