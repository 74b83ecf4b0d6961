"""The base class of a strategy that hears single messages; the words are those of the Rust SDK."""

from __future__ import annotations

from .context import Context
from .descriptor import Descriptor, Params
from .types import MarketEvent, OrderEvent


class Strategy:
    """A trading strategy: a pure function of the ordered messages that it hears.

    It must not read clocks, files, sockets or random numbers from outside, so that a run can be repeated to the bit;
    randomness comes from :attr:`Context.seed`.
    """

    @classmethod
    def descriptor(cls) -> Descriptor:
        """Name, version, subscriptions, parameters and recorded series."""
        raise NotImplementedError(f"{cls.__name__} has no `descriptor`: say what it is called and what it hears")

    def __init__(self, params: Params) -> None:
        """Makes an instance from its parameters. Raise ``ValueError`` where they do not make sense together."""

    def on_start(self, ctx: Context) -> None:
        """The run starts: instruments are known, books are empty, nothing was traded yet."""

    def on_market(self, event: MarketEvent, ctx: Context) -> None:
        """A subscribed market message arrives. The book holds it already."""
        raise NotImplementedError(f"{type(self).__name__} has no `on_market`")

    def on_order(self, event: OrderEvent, ctx: Context) -> None:
        """News of an own order arrives. Position and open orders hold it already."""

    def on_timer(self, timer: int, ctx: Context) -> None:
        """A timer is due."""

    def on_stop(self, ctx: Context) -> None:
        """The run ends. Orders given here come too late to be matched."""

    @classmethod
    def state_version(cls) -> int:
        """The version of the bytes that :meth:`save` gives; raise it when their meaning changes."""
        return 0

    def save(self) -> bytes:
        """The strategy's own state. Position, open orders and recent trades are saved beside it and need no care."""
        return b""

    def load(self, version: int, data: bytes) -> None:
        """Takes over saved bytes, of this version or an older one. Raise ``ValueError`` where they cannot be used."""
        if version != self.state_version() or data:
            raise ValueError(f"state of version {version} ({len(data)} bytes) cannot be loaded: there is no `load`")
