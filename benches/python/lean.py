"""Leans with the book, by features sampled every 100 ms."""

import numpy as np

from backplane import Descriptor, FeatureStrategy

COLUMNS = [
    "microprice_distance",
    "spread_bp",
    "imbalance_1",
    "imbalance_5",
    "order_flow_imbalance_1s",
    "order_flow_imbalance_10s",
    "trade_imbalance_10s",
    "volume_10s",
    "return_1s",
    "return_10s",
    "realised_volatility_10s",
    "bid_add_rate_1s",
    "ask_add_rate_1s",
    "bid_cancel_rate_1s",
    "ask_cancel_rate_1s",
    "time_of_day",
]


class Lean(FeatureStrategy):
    """Holds a unit of what book and flow both lean to."""

    market_only = True

    @classmethod
    def descriptor(cls):
        return Descriptor("lean", "1.0.0").features(COLUMNS, "time:100ms")

    def on_features_batch(self, features):
        lean = np.sign(features[:, 3]) + np.sign(features[:, 5])
        return np.ma.masked_array(np.sign(lean), mask=np.abs(lean) < 2)
