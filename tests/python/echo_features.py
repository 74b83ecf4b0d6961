"""Records every row of features that it hears, value by value."""

from backplane import Descriptor, FeatureStrategy

COLUMNS = [
    "mid",
    "microprice",
    "microprice_distance",
    "spread",
    "spread_bp",
    "bid_depth_3",
    "ask_depth_5",
    "imbalance_5",
    "order_flow_imbalance_2s",
    "trade_sign",
    "trade_imbalance_10s",
    "volume_10s",
    "trades_2s",
    "return_10s",
    "realised_volatility_10s",
    "parkinson_volatility_10s",
    "bid_add_rate_2s",
    "ask_add_rate_2s",
    "bid_cancel_rate_2s",
    "ask_cancel_rate_2s",
    "vwap_distance_10s",
    "time_of_day",
]


class EchoFeatures(FeatureStrategy):
    """Records every row."""

    @classmethod
    def descriptor(cls):
        descriptor = Descriptor("echo_features", "1.0.0").features(COLUMNS, "time:100ms")
        for name in [*COLUMNS, "time"]:
            descriptor.metric(name)
        return descriptor

    def on_start(self, ctx):
        self.ctx = ctx

    def on_features(self, features):
        for place, value in enumerate(features):
            self.ctx.metric(place, value)
        self.ctx.metric(len(features), self.time)
