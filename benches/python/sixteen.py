"""A strategy over sixteen features that does hardly anything: what is measured is the way to it and back."""

import numpy as np

from backplane import Descriptor, FeatureStrategy


class Sixteen(FeatureStrategy):
    """Holds what the first feature says."""

    market_only = True

    @classmethod
    def descriptor(cls):
        columns = [f"imbalance_{levels}" for levels in range(1, 17)]
        return Descriptor("sixteen", "1.0.0").features(columns, "time:100ms")

    def on_features_batch(self, features):
        return np.rint(features[:, 0])
