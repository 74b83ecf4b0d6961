"""The modules that lie beside a strategy's file and are part of it: imported from what the host read and hashed."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import os
from typing import Any, Dict, Optional, Tuple


class Beside(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports modules from the sources that the host sent, by their paths from the strategy's folder."""

    def __init__(self, folder: str, sources: Dict[str, str]) -> None:
        self.modules: Dict[str, Tuple[str, bytes, bool]] = {}
        self.rest = Rest(folder)
        for path, source in sources.items():
            *folders, file = path.split("/")
            is_package = file == "__init__.py"
            names = folders if is_package else [*folders, file[: -len(".py")]]
            self.modules[".".join(names)] = (os.path.join(folder, path), bytes.fromhex(source), is_package)
            for depth in range(1, len(folders) + 1):
                # A folder without a file of its own is a package too.
                whole = os.path.join(folder, *folders[:depth], "__init__.py")
                self.modules.setdefault(".".join(folders[:depth]), (whole, b"", True))

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Optional[importlib.machinery.ModuleSpec]:
        if name not in self.modules:
            return None
        file, _, is_package = self.modules[name]
        spec = importlib.util.spec_from_loader(name, self, origin=file, is_package=is_package)
        if spec is not None:
            spec.has_location = True
        return spec

    def exec_module(self, module: Any) -> None:
        file, source, _ = self.modules[module.__name__]
        text = source.decode("utf-8", "replace")
        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
        exec(compile(source, file, "exec"), module.__dict__)


class Rest(importlib.abc.MetaPathFinder):
    """Says of what lies beside a strategy, but is not part of it, why it cannot be imported."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if "." in name:
            return
        endings = ["", *importlib.machinery.all_suffixes()]
        found = [name + x for x in endings if os.path.exists(os.path.join(self.folder, name + x))]
        if found:
            why = f"`{found[0]}` lies beside the strategy, but only `.py` files that its source names are part of it"
            raise ModuleNotFoundError(f"No module named '{name}': {why}", name=name)
