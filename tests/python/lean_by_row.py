"""As ``lean``, one row at a time: it looks at its position, so it hears of its orders."""

import numpy as np

from backplane import Descriptor, FeatureStrategy

COLUMNS = ["imbalance_3", "order_flow_imbalance_5s", "trade_imbalance_5s", "return_5s"]


class LeanByRow(FeatureStrategy):
    """Holds a unit of what the book leans to."""

    @classmethod
    def descriptor(cls):
        return Descriptor("lean", "1.0.0").features(COLUMNS, "time:500ms")

    def on_features(self, features):
        return int(np.sign(features[0] + np.sign(features[1])))
