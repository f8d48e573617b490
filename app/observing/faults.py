"""What may be told of an exception: of what class it is and where it happened. Its text may repeat what was sent."""

from __future__ import annotations

import errno
import traceback
from pathlib import PurePath
from typing import Any

MOST_FRAMES = 12


def told(error: BaseException) -> dict[str, Any]:
    """Fields of a log line: `error`, `frames` (the innermost first), `caused_by`, and the `errno` of a system error."""
    found: dict[str, Any] = {"error": type(error).__name__, "frames": frames(error)}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        found["caused_by"] = type(cause).__name__
    if isinstance(error, OSError) and error.errno is not None and error.errno in errno.errorcode:
        found["errno"] = errno.errorcode[error.errno]
    return found


def frames(error: BaseException) -> list[str]:
    """Where it went wrong, the innermost first: `function (file.py:12)`. Neither folders nor source lines."""
    way = traceback.extract_tb(error.__traceback__)[::-1][:MOST_FRAMES]
    return [f"{frame.name} ({PurePath(frame.filename).name}:{frame.lineno or 0})" for frame in way]
