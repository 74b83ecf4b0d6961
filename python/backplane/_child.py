"""The loop of a strategy's process: one answer to each request of the host, until the host is gone.

Frames are four bytes of length, little-endian, and a body: JSON for the first in each direction, MessagePack after that.
"""

from __future__ import annotations

import _posixsubprocess
import inspect
import json
import linecache
import os
import platform
import select
import signal
import sys
import types
from time import perf_counter
from typing import Any, Dict, List, NoReturn, Optional, Type

import msgpack
import numpy

from . import PROTOCOL
from ._beside import Beside
from ._fault import TimeLimit, describe
from ._feature_instance import FeatureInstance
from ._instance import Instance
from ._log import Log, Printed
from .descriptor import Descriptor, Params
from .features import FeatureStrategy
from .strategy import Strategy

FRAME_BYTES_MAX = 1 << 30
"""The most bytes of one frame."""
PROCESSES = ("os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen", "pty.spawn")
"""What an audit hook calls the ways to start a process."""
AWAKE = 100e-6
"""How many seconds a request is waited for awake, at most: a core that was put to sleep may take longer to wake."""
SOON = 300e-6
"""A request that was waited for no longer is followed by one that is waited for awake."""


def _has_cores() -> bool:
    """Whether host and process can run at the same time at all."""
    return hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1


class Pipes:
    """The pipes to and from the host."""

    def __init__(self, requests: int, answers: int) -> None:
        self._requests = requests
        self._answers = answers
        self._buffer = bytearray(1 << 16)
        ready = select.poll()
        ready.register(requests, select.POLLIN)
        self._ready = ready.poll
        self._has_cores = _has_cores()
        self._is_soon = False

    def _wait(self) -> None:
        """Waits awake for a short while, where the host is likely to ask at once."""
        until = perf_counter() + AWAKE
        while not self._ready(0) and perf_counter() < until:
            # Whoever else could run goes first.
            os.sched_yield()

    def read(self) -> memoryview:
        """The next request. Ends the process where the host is gone."""
        filled = 0
        wanted = 4
        begun = perf_counter()
        if self._is_soon:
            self._wait()
        while filled < wanted:
            view = memoryview(self._buffer)
            count = os.readv(self._requests, [view[filled:]])
            if count == 0:
                # The host is gone, however it ended. Nothing that the strategy left behind may keep the process.
                os._exit(0)
            filled += count
            if filled >= 4 and wanted == 4:
                wanted = 4 + int.from_bytes(view[:4], "little")
                if wanted > len(self._buffer):
                    view.release()
                    self._buffer.extend(bytes(wanted - len(self._buffer)))
        self._is_soon = self._has_cores and perf_counter() - begun < SOON
        return memoryview(self._buffer)[4:filled]

    def write(self, body: bytes) -> None:
        """Sends an answer."""
        whole = len(body).to_bytes(4, "little") + body
        sent = os.write(self._answers, whole)
        while sent < len(whole):
            sent += os.write(self._answers, memoryview(whole)[sent:])


def find_strategy(module: types.ModuleType, path: str) -> Type[Strategy]:
    """The strategy that a file defines."""
    defined = [
        x
        for x in vars(module).values()
        if inspect.isclass(x) and issubclass(x, Strategy) and x.__module__ == module.__name__
    ]
    found = [x for x in defined if not any(x is not y and issubclass(y, x) for y in defined)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise TypeError(f"{path} defines no strategy: derive a class from `backplane.Strategy`")
    names = ", ".join(x.__name__ for x in found)
    raise TypeError(f"{path} defines {len(found)} strategies ({names}), but a file holds one")


def refuse_processes(event: str, arguments: Any) -> None:
    """An audit hook: a strategy that could start processes could leave them behind."""
    if event in PROCESSES:
        raise RuntimeError(f"a strategy must not start processes (`{event}`)")


def refuse_silent_processes() -> None:
    """Refuses what the audit hook is not told of: `multiprocessing` starts its processes by this."""

    def refused(*_: Any) -> int:
        raise RuntimeError("a strategy must not start processes (`fork_exec`)")

    setattr(_posixsubprocess, "fork_exec", refused)


class Child:
    """What answers the host."""

    def __init__(self, pipes: Pipes, log: Log, patience: List[float]) -> None:
        self.pipes = pipes
        self.patience = patience
        self.asked = ""
        self.log = log
        self.strategy: Type[Strategy] = Strategy
        self.descriptor = Descriptor("", "")
        self.instance: Any = None
        self.packer = msgpack.Packer(autoreset=True)

    def load(self, path: str, source: bytes, beside: Dict[str, str]) -> Dict[str, Any]:
        """Runs the strategy's file; gives what the host wants to know of it."""
        name = os.path.splitext(os.path.basename(path))[0]
        modules = Beside(os.path.dirname(path), beside)
        sys.meta_path.insert(0, modules)
        sys.meta_path.append(modules.rest)
        module = types.ModuleType(name)
        module.__file__ = path
        sys.modules[name] = module
        text = source.decode("utf-8", "replace")
        linecache.cache[path] = (len(text), None, text.splitlines(True), path)
        exec(compile(source, path, "exec"), module.__dict__)
        self.strategy = find_strategy(module, path)
        self.descriptor = self.strategy.descriptor()
        if not isinstance(self.descriptor, Descriptor):
            raise TypeError(f"`descriptor` must give a Descriptor, not {type(self.descriptor).__name__}")
        if not issubclass(self.strategy, FeatureStrategy):
            return {"descriptor": self.descriptor.to_json()}
        features = {
            "columns": self.descriptor.feature_columns,
            "sampling": self.descriptor.sampling,
            "market_only": bool(self.strategy.market_only),
            "market_close": self.strategy.market_close,
        }
        return {"descriptor": self.descriptor.to_json(), "features": features}

    def create(self, body: Any) -> Any:
        """Makes the instance of parameter values and names of columns."""
        values, columns = body
        ids = [x.declared["id"] for x in self.descriptor.params]
        params = Params(dict(zip(ids, values)))
        try:
            if issubclass(self.strategy, FeatureStrategy):
                self.instance = FeatureInstance(self.strategy, params, self.log, columns)
            else:
                self.instance = Instance(self.strategy, params, self.log)
        except ValueError as error:
            return {"refused": str(error)}
        return {"done": None}

    def hear(self, data: bytes) -> Any:
        """Hears messages."""
        heard, commands, error = self.instance.hear(data)
        return {"heard": (heard, commands, self.log.take(), None if error is None else describe(error))}

    def rows(self, body: Any) -> Any:
        """Hears rows of features."""
        data, instruments, times, heard = body
        if not self.instance.market_only:
            count, commands, error = self.instance.rows_with_context(data, instruments, times, heard)
            return {"heard": (count, commands, self.log.take(), None if error is None else describe(error))}
        return self.wished(self.instance.rows(data, instruments, times))

    def close(self, heard: int) -> Any:
        """The market closes."""
        return self.wished(self.instance.close(heard))

    def wished(self, outcome: Any) -> Any:
        """What a strategy wishes for rows."""
        count, targets, orders, error = outcome
        return {"wished": (count, targets, orders, self.log.take(), None if error is None else describe(error))}

    def save(self, _: Any) -> Any:
        """Gives the state."""
        return {"saved": (int(self.strategy.state_version()), self.instance.save())}

    def restore(self, saved: Any) -> Any:
        """Takes over a state."""
        try:
            self.instance.load(*saved)
        except ValueError as error:
            return {"refused": str(error)}
        return {"done": None}

    def answer(self, request: Any) -> Any:
        """The answer to one request."""
        [(kind, body)] = request.items()
        try:
            self.asked = kind
            return getattr(self, kind)(body)
        except BaseException as error:  # Whatever a strategy raises costs that strategy alone.
            return {"fault": describe(error)}
        finally:
            self.asked = ""

    def hurry(self, *_: Any) -> None:
        """The host has waited long enough: what the strategy does ends where it is."""
        if self.asked:
            to_make, to_call = self.patience
            raise TimeLimit(f"it did not answer within {to_make if self.asked == 'create' else to_call:g} s")

    def serve(self) -> NoReturn:
        """Answers until the host is gone."""
        unpack, pack, pipes = msgpack.unpackb, self.packer.pack, self.pipes
        while True:
            request = unpack(pipes.read(), max_bin_len=FRAME_BYTES_MAX)
            pipes.write(pack(self.answer(request)))


def main(requests: int, answers: int, setup: Dict[str, Any]) -> None:
    """Says hello and serves."""
    pipes, log = Pipes(requests, answers), Log()
    sys.stdout = Printed(log)
    sys.dont_write_bytecode = True
    sys.addaudithook(refuse_processes)
    refuse_silent_processes()
    child = Child(pipes, log, setup["patience"])
    signal.signal(signal.SIGUSR1, child.hurry)
    hello: Dict[str, Any] = {
        "protocol": PROTOCOL,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "msgpack": ".".join(map(str, msgpack.version)),
    }
    fault: Optional[Any] = None
    try:
        hello.update(child.load(setup["path"], bytes.fromhex(setup["source"]), setup["beside"]))
    except BaseException as error:  # Whatever a strategy raises costs that strategy alone.
        fault = describe(error)
    pipes.write(json.dumps({"hello": hello} if fault is None else {"fault": fault}).encode())
    if fault is None:
        child.serve()
