"""Runs from Python: the host's binary does them, in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any, List, Mapping, Optional, Sequence, Union

from ._binary import binary
from .results import Result

STOPPED = 6
"""The exit code of a run whose results are whole, but in which a strategy was stopped."""


class RunError(RuntimeError):
    """The host refused a run or could not finish it: what failed, and what to do next."""

    def __init__(self, code: int, message: str, hint: Optional[str]) -> None:
        super().__init__(message if hint is None else f"{message}\nhint: {hint}")
        self.code = code
        """The exit code, as ``docs/run-file.md`` lists them."""
        self.message = message
        self.hint = hint


def run(
    config: Union[str, "os.PathLike[str]", Mapping[str, Any]],
    output: Optional[Union[str, "os.PathLike[str]"]] = None,
    *,
    allow: Union[str, Sequence[str]] = (),
    policy: Optional[Union[str, "os.PathLike[str]"]] = None,
) -> Result:
    """Runs strategies over a tape and gives the results.

    ``config`` is the path of a run file (``docs/run-file.md``), or its content as nested dictionaries and lists. Python
    strategies run in this interpreter's environment, unless the configuration names another. Without ``output``, and
    without one in the configuration, the results lie in a temporary directory that goes away with the result.

    Code that runs with your rights needs your word, here as on the command line (``docs/policy.md``): ``allow`` is what
    ``--allow`` takes, such as ``"python"`` or ``["native:momentum", "python:join"]``; ``policy`` is the file of
    ``--policy``. A configuration grants nothing.

    Raises :class:`RunError` where the run is refused or fails. A strategy that was stopped is no error: see
    :attr:`Result.stopped`.
    """
    keep = None
    with tempfile.TemporaryDirectory(prefix="backplane-") as folder:
        if isinstance(config, Mapping):
            path = os.path.join(folder, "run.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(to_toml(config))
            named = config.get("output")
        else:
            path = os.fspath(config)
            named = None
        words = [binary(), "run", path, "--json"]
        if output is None and named is None and isinstance(config, Mapping):
            keep = tempfile.TemporaryDirectory(prefix="backplane-results-")
            output = os.path.join(keep.name, "results")
        if output is not None:
            words += ["--output", os.fspath(output)]
        for granted in [allow] if isinstance(allow, str) else allow:
            words += ["--allow", granted]
        if policy is not None:
            words += ["--policy", os.fspath(policy)]
        environment = dict(os.environ)
        if sys.prefix != sys.base_prefix:
            environment["VIRTUAL_ENV"] = sys.prefix
        done = subprocess.run(words, capture_output=True, text=True, env=environment)
    if done.returncode not in (0, STOPPED):
        raise _error(done.returncode, done.stderr)
    where = output if output is not None else named
    if where is None:
        where = json.loads(done.stdout)["directory"]
    return Result(os.fspath(where), keep)


def _error(code: int, text: str) -> RunError:
    lines = text.splitlines()
    messages = [x[len("error: ") :] for x in lines if x.startswith("error: ")]
    hints = [x[len("hint: ") :] for x in lines if x.startswith("hint: ")]
    message = messages[-1] if messages else (text.strip() or f"the host ended with code {code}")
    return RunError(code, message, hints[-1] if hints else None)


def to_toml(config: Mapping[str, Any]) -> str:
    """Nested dictionaries and lists as TOML."""
    return "".join(f"{_key(name)} = {_value(value)}\n" for name, value in config.items())


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Mapping):
        parts: List[str] = [f"{_key(name)} = {_value(x)}" for name, x in value.items()]
        return f"{{ {', '.join(parts)} }}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(os.fspath(value), ensure_ascii=False)
