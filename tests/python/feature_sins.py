"""What a strategy over features may give that is no wish."""

import numpy as np

from backplane import Descriptor, FeatureStrategy, Param

SINS = {
    "nothing": lambda rows: np.ones(len(rows)),
    "wrong_shape": lambda rows: np.ones(len(rows) + 3),
    "a_matrix": lambda rows: np.ones((len(rows), 2)),
    "nan": lambda rows: np.full(len(rows), np.nan),
    "infinity": lambda rows: np.full(len(rows), np.inf),
    "a_fraction": lambda rows: np.full(len(rows), 0.5),
    "texts": lambda rows: np.array(["long"] * len(rows)),
    "objects": lambda rows: [object()] * len(rows),
    "a_dictionary": lambda rows: {"target": 1},
    "true": lambda rows: [True] * len(rows),
    "writes_to_its_rows": lambda rows: rows.__setitem__((0, 0), 1.0),
}


class FeatureSins(FeatureStrategy):
    """Gives what is no wish for its row ``at``."""

    market_only = True

    @classmethod
    def descriptor(cls):
        return (
            Descriptor("feature_sins", "1.0.0")
            .features(["mid", "imbalance_3"], "time:1s")
            .param(Param.integer("sin", 0, 0, len(SINS) - 1, "what to give"))
        )

    def __init__(self, params):
        self.sin = list(SINS.values())[params.integer("sin")]
        self.heard = 0

    def on_features_batch(self, features):
        self.heard += len(features)
        return self.sin(features) if self.heard > 100 else np.ones(len(features))
