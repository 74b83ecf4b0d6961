"""The results of a run: its tables as Arrow, pandas or Polars, and its figures.

The tables are those of ``docs/results.md``; prices, money and times in them are exact.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from typing import Any, Dict, List, Optional

from ._binary import binary


class Result:
    """A directory of results."""

    def __init__(self, directory: str, keep: Optional["tempfile.TemporaryDirectory[str]"] = None) -> None:
        self.directory = os.fspath(directory)
        # A temporary directory goes away with the result.
        self._keep = keep
        with open(os.path.join(self.directory, "run.json"), encoding="utf-8") as file:
            self.run: Dict[str, Any] = json.load(file)
        """``run.json``: what ran and what became of it."""

    @property
    def digest(self) -> str:
        """The run's digest: the same tape, strategies and seed give the same."""
        return str(self.run["summary"]["digest"])

    @property
    def names(self) -> List[str]:
        """The names of the tables."""
        return sorted(self.run["tables"])

    @property
    def stopped(self) -> Dict[str, str]:
        """Why strategies were stopped, by their labels; empty where all heard the whole tape."""
        labels = [x["name"] for x in self.run["instances"]]
        stops = [x["stopped"] for x in self.run["summary"]["instances"]]
        return {label: stop["fault"] for label, stop in zip(labels, stops) if stop}

    def path(self, table: str) -> str:
        """The Parquet file of a table."""
        if table not in self.run["tables"]:
            raise KeyError(f"there is no table `{table}`; there are: {', '.join(self.names)}")
        return os.path.join(self.directory, f"{table}.parquet")

    def arrow(self, table: str) -> Any:
        """A table as ``pyarrow.Table``."""
        import pyarrow.parquet

        return pyarrow.parquet.read_table(self.path(table))

    def pandas(self, table: str) -> Any:
        """A table as ``pandas.DataFrame``."""
        return self.arrow(table).to_pandas()

    def polars(self, table: str) -> Any:
        """A table as ``polars.DataFrame``."""
        import polars

        return polars.read_parquet(self.path(table))

    def report(self) -> Dict[str, Any]:
        """The key figures, as ``backplane report --json`` prints them."""
        words = [binary(), "report", self.directory, "--json"]
        printed = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        figures: Dict[str, Any] = json.loads(printed)
        return figures

    def __repr__(self) -> str:
        labels = ", ".join(x["name"] for x in self.run["instances"])
        return f"<Result of {labels} in {self.directory}, digest {self.digest[:12]}>"
