"""The lines that a strategy logs and prints in one call of the host."""

from __future__ import annotations

import io
from typing import List, Tuple

from .types import LogLevel

LINES_MAX = 4_096
"""The most log lines of one call."""
LINE_BYTES_MAX = 65_536
"""The most bytes of a log line."""


class Limit(RuntimeError):
    """A limit of ``docs/abi.md``, "Limits", was exceeded."""

    # Reports call it by its name alone.
    __module__ = "builtins"


class Log:
    """Lines with their levels, bounded. Who goes past a bound is stopped, even if the error is caught."""

    def __init__(self) -> None:
        self.lines: List[Tuple[int, str]] = []
        self.exceeded = ""

    def add(self, level: LogLevel, text: str) -> None:
        """Adds a line. Raises :class:`Limit` past a bound."""
        if len(self.lines) >= LINES_MAX:
            self.exceed(f"it logged or printed more than {LINES_MAX} lines in one call")
        if len(text) > LINE_BYTES_MAX or len(text.encode("utf-8", "replace")) > LINE_BYTES_MAX:
            self.exceed(f"it logged or printed a line of more than {LINE_BYTES_MAX} bytes")
        self.lines.append((int(level), text))

    def exceed(self, why: str) -> None:
        """Notes that a bound was passed."""
        self.exceeded = why
        raise Limit(why)

    def take(self) -> List[Tuple[int, str]]:
        """The lines since the last call; forgets them."""
        taken, self.lines = self.lines, []
        return taken


class Printed(io.TextIOBase):
    """What stands for ``sys.stdout``: printed lines go to the log."""

    encoding = "utf-8"

    def __init__(self, log: Log) -> None:
        self._log = log
        self._begun = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if len(text) > LINE_BYTES_MAX and "\n" not in text[: LINE_BYTES_MAX + 1]:
            self._log.exceed(f"it logged or printed a line of more than {LINE_BYTES_MAX} bytes")
        *whole, begun = text.split("\n", LINES_MAX + 1)
        for line in whole:
            self._log.add(LogLevel.INFORMATION, self._begun + line)
            self._begun = ""
        self._begun += begun
        if len(self._begun) > LINE_BYTES_MAX:
            self._log.exceed(f"it logged or printed a line of more than {LINE_BYTES_MAX} bytes")
        return len(text)
