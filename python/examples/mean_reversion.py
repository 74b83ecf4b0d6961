"""Bets that the price comes back to its mean, with resting orders.

Takes in changes of the best prices; gives out limit orders. The z-score of the mid over the last ``window`` changes says
how far the price is from its mean: beyond ``entry`` it bids or offers for the way back, within ``exit`` it closes. The
Rust strategy ``plugins/mean_reversion`` gives the same commands.
"""

import math
import struct
from collections import deque

from backplane import Descriptor, Order, Param, Schema, Side, Strategy, price_as_f64


class MeanReversion(Strategy):
    """The strategy: the last mids, one list an instrument."""

    @classmethod
    def descriptor(cls):
        return (
            Descriptor("mean_reversion", "0.1.0")
            .subscribe(Schema.BBO_PRICE)
            .param(Param.integer("window", 100, 2, 10_000, "mids to look back on"))
            .param(Param.float("entry", 2.0, 0.1, 10.0, "z-score to enter at"))
            .param(Param.float("exit", 0.5, 0.0, 10.0, "z-score to leave at"))
            .param(Param.integer("size", 1, 1, 1_000_000, "position to hold"))
            .metric("z_score")
        )

    def __init__(self, params):
        self.entry, self.exit = params.float("entry"), params.float("exit")
        if self.exit >= self.entry:
            raise ValueError(f"`exit` ({self.exit}) must be below `entry` ({self.entry})")
        self.window = params.integer("window")
        self.size = params.integer("size")
        self.mids = []

    def on_start(self, ctx):
        self.mids = [deque() for _ in ctx.instruments]

    def on_market(self, bbo, ctx):
        instrument = bbo.instrument
        mid = ctx.book(instrument).mid()
        if mid is None:
            return
        mids = self.mids[instrument]
        mids.append(price_as_f64(mid))
        if len(mids) < self.window:
            return
        z = z_score(mids)
        mids.popleft()
        ctx.metric(0, z)
        position = ctx.position(instrument)
        if z > self.entry:
            target = -self.size
        elif z < -self.entry:
            target = self.size
        elif abs(z) < self.exit:
            target = 0
        else:
            target = position
        ctx.cancel_all(instrument)
        change = target - position
        if change == 0:
            return
        side, price = (Side.BUY, bbo.bid_price) if change > 0 else (Side.SELL, bbo.ask_price)
        ctx.submit(Order.limit(instrument, side, price, abs(change)).post_only())

    def save(self):
        lists = (struct.pack(f"<q{len(x)}d", len(x), *x) for x in self.mids)
        return b"".join(lists)

    def load(self, version, data):
        mids, at = [], 0
        try:
            while at < len(data):
                (count,) = struct.unpack_from("<q", data, at)
                mids.append(deque(struct.unpack_from(f"<{count}d", data, at + 8)))
                at += 8 + 8 * count
        except struct.error as error:
            raise ValueError(f"the saved state ends too soon: {error}") from None
        self.mids = mids


def z_score(values):
    """How many standard deviations the last value is from the mean; 0 where all are equal.

    Sums go from the oldest to the latest, as in Rust: ``sum`` and ``numpy.sum`` add in other orders.
    """
    total = 0.0
    for value in values:
        total += value
    mean = total / len(values)
    squares = 0.0
    for value in values:
        squares += (value - mean) * (value - mean)
    variance = squares / len(values)
    return (values[-1] - mean) / math.sqrt(variance) if variance > 0.0 else 0.0
