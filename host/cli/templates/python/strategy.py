"""template_name: buys below a moving average of the mid price and sells above it.

Takes in the best bid and ask; gives out one resting order an instrument at most. Replace ``on_market`` by an idea of yours.
"""

import struct

from backplane import Descriptor, Order, Param, Schema, Side, Strategy, is_defined, price_as_f64


class TemplateName(Strategy):
    """The strategy: one moving average an instrument."""

    @classmethod
    def descriptor(cls):
        return (
            Descriptor("template_name", "0.1.0")
            .subscribe(Schema.BBO_PRICE)
            .param(Param.integer("length", 100, 2, 100_000, "changes of the best prices to average over"))
            .param(Param.float("distance", 2.0, 0.0, 1_000.0, "how far from the average to quote, in basis points"))
            .param(Param.integer("size", 1, 1, 1_000_000, "quantity of an order, and the most to hold"))
            .metric("average")
        )

    def __init__(self, params):
        self.weight = 2.0 / (params.integer("length") + 1.0)
        self.distance = params.float("distance") / 10_000.0
        self.size = params.integer("size")
        self.averages = []

    def on_start(self, ctx):
        self.averages = [float("nan")] * len(ctx.instruments)

    def on_market(self, bbo, ctx):
        if not (is_defined(bbo.bid_price) and is_defined(bbo.ask_price)):
            return
        instrument = bbo.instrument
        mid = (price_as_f64(bbo.bid_price) + price_as_f64(bbo.ask_price)) / 2.0
        before = self.averages[instrument]
        before = mid if before != before else before
        now = before + self.weight * (mid - before)
        self.averages[instrument] = now
        ctx.metric(0, now)
        if any(x.instrument == instrument for x in ctx.open_orders):
            ctx.cancel_all(instrument)
            return
        position = ctx.position(instrument)
        if mid < now * (1.0 - self.distance) and position < self.size:
            ctx.submit(Order.limit(instrument, Side.BUY, bbo.bid_price, self.size).post_only())
        elif mid > now * (1.0 + self.distance) and position > -self.size:
            ctx.submit(Order.limit(instrument, Side.SELL, bbo.ask_price, self.size).post_only())

    def on_stop(self, ctx):
        ctx.cancel_all()

    def save(self):
        return struct.pack(f"<{len(self.averages)}d", *self.averages)

    def load(self, version, data):
        if version != 0 or len(data) % 8:
            raise ValueError("it is a state of another version or size")
        self.averages = list(struct.unpack(f"<{len(data) // 8}d", data))
