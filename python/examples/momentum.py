"""Follows the trend of one-second bars.

Takes in bars; gives out market orders. Over the last ``lookback`` bars the return of the close is compared with
``threshold``: above it the strategy holds ``size`` long, below its negative ``size`` short, in between it keeps what it
has. It decides anew only when its last order is done. The Rust strategy ``plugins/momentum`` gives the same commands.
"""

import math
import struct
from collections import deque

from backplane import Descriptor, Order, Param, Schema, Side, Strategy, price_as_f64


class Momentum(Strategy):
    """The strategy: closes of the last bars, one list an instrument."""

    @classmethod
    def descriptor(cls):
        return (
            Descriptor("momentum", "0.1.0")
            .subscribe(Schema.OHLCV_1S)
            .param(Param.integer("lookback", 60, 1, 100_000, "bars to look back"))
            .param(Param.float("threshold", 5.0, 0.0, 10_000.0, "return to act on, in basis points"))
            .param(Param.integer("size", 1, 1, 1_000_000, "position to hold, in quantity units"))
            .metric("return_bp")
        )

    def __init__(self, params):
        self.lookback = params.integer("lookback")
        self.threshold = params.float("threshold")
        self.size = params.integer("size")
        self.closes = []

    def on_start(self, ctx):
        self.closes = [deque() for _ in ctx.instruments]

    def on_market(self, bar, ctx):
        closes = self.closes[bar.instrument]
        close = price_as_f64(bar.close)
        closes.append(close)
        if len(closes) <= self.lookback:
            return
        return_bp = (divide(close, closes.popleft()) - 1.0) * 10_000.0
        ctx.metric(0, return_bp)
        if return_bp > self.threshold:
            target = self.size
        elif return_bp < -self.threshold:
            target = -self.size
        else:
            return
        change = target - ctx.position(bar.instrument)
        is_busy = any(x.instrument == bar.instrument for x in ctx.open_orders)
        if is_busy or change == 0:
            return
        side = Side.BUY if change > 0 else Side.SELL
        ctx.submit(Order.market(bar.instrument, side, abs(change)))

    def save(self):
        lists = (struct.pack(f"<q{len(x)}d", len(x), *x) for x in self.closes)
        return b"".join(lists)

    def load(self, version, data):
        closes, at = [], 0
        try:
            while at < len(data):
                (count,) = struct.unpack_from("<q", data, at)
                closes.append(deque(struct.unpack_from(f"<{count}d", data, at + 8)))
                at += 8 + 8 * count
        except struct.error as error:
            raise ValueError(f"the saved state ends too soon: {error}") from None
        self.closes = closes


def divide(a, b):
    """The quotient as processors have it: by zero it is infinite or no number, where Python raises."""
    if b:
        return a / b
    return math.copysign(math.inf, a) * math.copysign(1.0, b) if a else math.nan
