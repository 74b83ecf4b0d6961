"""What a strategy raised, as the host reports it."""

from __future__ import annotations

import traceback
from typing import Any, List, Optional, Tuple

class TimeLimit(BaseException):
    """A call took too long. Raised wherever the strategy is; no ``except Exception`` of its own catches it."""

    # Reports call it by its name alone.
    __module__ = "builtins"


BYTES_MAX = 8_192
"""The most characters of a traceback."""


def describe(error: BaseException) -> Tuple[str, Optional[str], Optional[int], str]:
    """One line that says what was raised, file and line where, and the traceback without this package's own frames."""
    told = traceback.TracebackException.from_exception(error)
    _leave_own_frames_out(told)
    line = "".join(told.format_exception_only()).strip()
    frames: List[Any] = list(told.stack)
    if isinstance(error, SyntaxError) and error.filename:
        place: Tuple[Optional[str], Optional[int]] = (error.filename, error.lineno)
        line = f"SyntaxError: {error.msg}"
    elif frames:
        place = (frames[-1].filename, frames[-1].lineno)
    else:
        place = (None, None)
    whole = "".join(told.format())
    if len(whole) > BYTES_MAX:
        whole = f"{whole[: BYTES_MAX // 2]}\n...\n{whole[-BYTES_MAX // 2 :]}"
    return line[:1_000], place[0], place[1], whole.rstrip()


def _leave_own_frames_out(told: Any) -> None:
    kept = [x for x in told.stack if not x.filename.startswith(("<backplane", "<string>", "<frozen "))]
    told.stack = traceback.StackSummary.from_list(kept)
    for other in (told.__cause__, told.__context__):
        if other is not None:
            _leave_own_frames_out(other)
