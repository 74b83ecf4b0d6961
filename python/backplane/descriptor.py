"""What a strategy says about itself: name, version, subscriptions, parameters and recorded series.

The words are those of the Rust SDK, and the JSON is that of ``docs/abi.md``, "Descriptor".
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Sequence, Union

Value = Union[int, float, bool]


class Schema:
    """The kinds of market data that can be subscribed to."""

    MBO = "mbo"
    MBP = "mbp"
    BBO = "bbo"
    BBO_PRICE = "bbo-price"
    TRADES = "trades"
    OHLCV_1S = "ohlcv-1s"
    OHLCV_1M = "ohlcv-1m"
    OHLCV_1H = "ohlcv-1h"
    OHLCV_1D = "ohlcv-1d"
    STATUS = "status"


class Param:
    """One declared parameter."""

    def __init__(self, **declared: Any) -> None:
        self.declared = declared

    @classmethod
    def integer(cls, id: str, default: int, min: int, max: int, help: str) -> "Param":
        """A whole number from ``min`` to ``max``."""
        return cls(id=id, kind="integer", default=default, min=min, max=max, help=help)

    @classmethod
    def float(cls, id: str, default: float, min: float, max: float, help: str) -> "Param":
        """A number from ``min`` to ``max``."""
        return cls(id=id, kind="float", default=_number(default), min=_number(min), max=_number(max), help=help)

    @classmethod
    def boolean(cls, id: str, default: bool, help: str) -> "Param":
        """Yes or no."""
        return cls(id=id, kind="boolean", default=default, help=help)


def _number(value: float) -> float:
    return value + 0.0


class Descriptor:
    """What a strategy says about itself."""

    def __init__(self, name: str, version: str) -> None:
        self.name = name
        self.version = version
        self.subscriptions: List[Dict[str, Any]] = []
        self.params: List[Param] = []
        self.metrics: List[str] = []
        self.feature_columns: List[str] = []
        self.sampling = ""

    def subscribe(self, schema: str) -> "Descriptor":
        """Subscribes to a schema for all instruments."""
        return self.subscribe_to(schema, [])

    def subscribe_to(self, schema: str, symbols: Sequence[str]) -> "Descriptor":
        """Subscribes to a schema for the named instruments only."""
        self.subscriptions.append({"schema": schema, "symbols": list(symbols)})
        return self

    def param(self, param: Param) -> "Descriptor":
        """Declares a parameter."""
        self.params.append(param)
        return self

    def metric(self, name: str) -> "Descriptor":
        """Declares a series that the strategy records; :meth:`Context.metric` takes its place in the list."""
        self.metrics.append(name)
        return self

    def features(self, columns: Sequence[str], sampling: str) -> "Descriptor":
        """Subscribes to rows of features, and says when a row is made (``docs/features.md``)."""
        self.feature_columns = list(columns)
        self.sampling = sampling
        return self.subscribe(Schema.MBP).subscribe(Schema.TRADES)

    def hears(self, schema: str, symbol: str) -> bool:
        """Whether a schema is subscribed to for an instrument."""
        return any(x["schema"] == schema and (not x["symbols"] or symbol in x["symbols"]) for x in self.subscriptions)

    def to_json(self) -> str:
        """The descriptor as the host reads it."""
        declared = {
            "name": self.name,
            "version": self.version,
            "subscriptions": self.subscriptions,
            "params": [x.declared for x in self.params],
            "metrics": self.metrics,
        }
        return json.dumps(declared, allow_nan=False)


class Params:
    """The parameters of one instance, by their ids."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = dict(values)

    def integer(self, id: str) -> int:
        """A whole number."""
        value: int = self._value(id, int)
        return value

    def float(self, id: str) -> float:
        """A number."""
        value: float = self._value(id, float)
        return value

    def boolean(self, id: str) -> bool:
        """Yes or no."""
        value: bool = self._value(id, bool)
        return value

    def as_dict(self) -> Dict[str, Value]:
        """All of them."""
        return dict(self._values)

    def _value(self, id: str, kind: type) -> Any:
        if type(self._values.get(id)) is not kind:
            raise KeyError(f"the strategy reads a parameter `{id}` ({kind.__name__}) that it does not declare")
        return self._values[id]
