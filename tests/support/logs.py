"""The logs as they are in production, written to where a test can read them."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from app.observing.logs import Style, configure


@contextmanager
def logs_as_in_production(level: str = "INFO") -> Iterator[io.StringIO]:
    """All that is logged meanwhile, as lines of JSON; the logs are as before afterwards."""
    root = logging.getLogger()
    before, was = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in list(logging.root.manager.loggerDict)}
    hooks = sys.excepthook, threading.excepthook
    written = io.StringIO()
    configure(Style.JSON, level, written)
    try:
        yield written
    finally:
        root.handlers[:] = before
        root.setLevel(was)
        for name in list(logging.root.manager.loggerDict):
            logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
        sys.excepthook, threading.excepthook = hooks
        structlog.reset_defaults()


def told(written: io.StringIO) -> list[dict[str, Any]]:
    """The lines, read."""
    return [json.loads(line) for line in written.getvalue().splitlines()]
