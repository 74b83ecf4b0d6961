"""Leans with the book: strategies over features for the tests, one by rows and one by matrices."""

import numpy as np

from backplane import Descriptor, FeatureStrategy, Param

COLUMNS = ["imbalance_3", "order_flow_imbalance_5s", "trade_imbalance_5s", "return_5s"]


class Lean(FeatureStrategy):
    """Holds a unit of what the book leans to."""

    market_only = True

    @classmethod
    def descriptor(cls):
        return (
            Descriptor("lean", "1.0.0")
            .features(COLUMNS, "time:500ms")
            .param(Param.boolean("peeks", False, "whether to look at the rows that come after each"))
        )

    def __init__(self, params):
        self.peeks = params.boolean("peeks")

    def on_features_batch(self, features):
        lean = features[:, 0] + np.sign(features[:, 1])
        if self.peeks:
            lean = np.append(lean[1:], lean[-1])
        return np.sign(lean).round()

    def on_market_close(self):
        return 0
