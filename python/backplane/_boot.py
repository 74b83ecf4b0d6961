"""The first code of a strategy's process: run by the interpreter's ``-c`` before anything else.

Takes in one frame of JSON on standard input (four bytes of length, little-endian, go before each frame): the modules of
this package as the host carries them, and the strategy's file. Keeps the two pipes to itself, so that what the strategy
prints can never be taken for an answer.
"""

import importlib.abc
import importlib.util
import json
import os
import sys


class Carried(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports this package from the host that started the process, so that both always speak the same protocol."""

    def __init__(self, modules):
        self.modules = modules

    def find_spec(self, name, path=None, target=None):
        if name not in self.modules:
            return None
        return importlib.util.spec_from_loader(name, self, origin=f"<{name}>", is_package=name == "backplane")

    def exec_module(self, module):
        source = self.modules[module.__name__]
        exec(compile(source, f"<{module.__name__}>", "exec"), module.__dict__)


def read(pipe, count):
    data = b""
    while len(data) < count:
        part = os.read(pipe, count - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


def main():
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    # A child of this process, were there one, must not hold the pipes.
    os.set_inheritable(requests, False)
    os.set_inheritable(answers, False)
    length = int.from_bytes(read(requests, 4), "little")
    setup = json.loads(read(requests, length))
    sys.path[:] = [x for x in sys.path if x not in ("", os.getcwd())]
    sys.meta_path.insert(0, Carried(setup["modules"]))

    def answer(**content):
        body = json.dumps(content).encode()
        os.write(answers, len(body).to_bytes(4, "little") + body)

    def fail(reason, hint):
        answer(failed=reason, hint=hint)
        sys.exit(0)

    if sys.version_info < (3, 9):
        version = ".".join(map(str, sys.version_info[:3]))
        fail(f"it is Python {version}, but 3.9 or later is needed", "choose another interpreter")
    for needed in ("msgpack", "numpy"):
        try:
            __import__(needed)
        except ImportError as error:
            hint = f"run `{sys.executable} -m pip install numpy msgpack`, or choose another interpreter"
            fail(f"the package `{needed}` cannot be imported: {error}", hint)
    # Whatever goes wrong from here on is the strategy's doing.
    answer(ready=None)
    from backplane import _child

    _child.main(requests, answers, setup)


main()
