"""The base class of a strategy that hears rows of features, computed by the host as messages pass."""

from __future__ import annotations

from typing import Any, Sequence, Union

import numpy as np

from .context import Context
from .descriptor import Descriptor
from .strategy import Strategy
from .types import MarketEvent, Order

Wish = Union[None, int, float, Order, Sequence[Order]]
"""What a strategy gives for a row: nothing, the position to hold in the row's instrument, or orders to send."""


class FeatureStrategy(Strategy):
    """A strategy over rows of features (``docs/features.md``)::

        class Lean(FeatureStrategy):
            market_only = True

            @classmethod
            def descriptor(cls):
                return Descriptor("lean", "1.0.0").features(["imbalance_5", "spread"], "time:100ms")

            def on_features_batch(self, features):
                return np.where(features[:, 0] > 0, 1, -1)

    A target is reached by a market order for what is missing: target, less position, less what open orders will bring.
    """

    market_only = False
    """Declares that what is given for a row follows from market features alone: never from orders, positions or the
    time. Only then are many rows given in one call, ahead of the market; and nothing else is told to the strategy."""

    market_close = ""
    """The time of day, ``HH:MM`` or ``HH:MM:SS`` in UTC, at which ``on_market_close`` is called; also at the end."""

    columns: Sequence[str] = ()
    """The names of the features, in the order of the columns. Known from ``on_start`` on."""
    instrument = 0
    """In ``on_features``: the number of the row's instrument."""
    time = 0
    """In ``on_features``: the time of which the row tells, nanoseconds since the Unix epoch."""
    instruments: Any = ()
    """In ``on_features_batch``: the number of the instrument of each row."""
    times: Any = ()
    """In ``on_features_batch``: the time of which each row tells."""

    @classmethod
    def descriptor(cls) -> Descriptor:
        """Name, version, features, parameters and recorded series."""
        raise NotImplementedError(f"{cls.__name__} has no `descriptor`: say what it is called and its features")

    def on_features(self, features: np.ndarray) -> Wish:
        """A row: one number a feature. It cannot be written to."""
        raise NotImplementedError(f"{type(self).__name__} has neither `on_features` nor `on_features_batch`")

    def on_features_batch(self, features: np.ndarray) -> Any:
        """Rows: a matrix of one row a moment and one column a feature. Gives one wish a row: an array of targets, in
        which masked values are no wish, or a list; or ``None`` for no wish at all."""
        return [self.on_features(row) for row in features]

    def on_market_close(self) -> Wish:
        """The market closes. A target is meant for every instrument."""
        return None

    def on_market(self, event: MarketEvent, ctx: Context) -> None:
        """A strategy over features hears no single market messages."""
