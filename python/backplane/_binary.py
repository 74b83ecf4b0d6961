"""Where the host's binary is."""

from __future__ import annotations

import os
import shutil
import sysconfig


def binary() -> str:
    """The host's binary: ``BACKPLANE_BINARY``, that of this installation, or the first on the search path.

    Raises ``FileNotFoundError`` where there is none.
    """
    named = os.environ.get("BACKPLANE_BINARY")
    if named:
        return named
    for scheme in (None, sysconfig.get_preferred_scheme("user")):
        folder = sysconfig.get_path("scripts") if scheme is None else sysconfig.get_path("scripts", scheme)
        installed = os.path.join(folder, "backplane")
        if os.access(installed, os.X_OK):
            return installed
    found = shutil.which("backplane")
    if found:
        return found
    raise FileNotFoundError(
        "the program `backplane` was not found: install the wheel, which carries it, or set BACKPLANE_BINARY"
    )
