"""Counts what it hears, buys on every tenth message, and keeps its count in its state."""

import struct

from backplane import Descriptor, Order, Schema, Side, Strategy


class Keeps(Strategy):
    """Buys on every tenth message."""

    @classmethod
    def descriptor(cls):
        return Descriptor("keeps", "1.0.0").subscribe(Schema.BBO)

    def __init__(self, params):
        self.heard = 0

    def on_market(self, bbo, ctx):
        self.heard += 1
        if self.heard % 10 == 0:
            size = 1 + ctx.position(bbo.instrument) + len(ctx.open_orders)
            ctx.submit(Order.limit(bbo.instrument, Side.BUY, bbo.bid_price, size))

    @classmethod
    def state_version(cls):
        return 3

    def save(self):
        return struct.pack("<q", self.heard)

    def load(self, version, data):
        if version != 3 or len(data) != 8:
            raise ValueError(f"a state of version {version} with {len(data)} bytes is not known")
        (self.heard,) = struct.unpack("<q", data)
