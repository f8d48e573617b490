"""Logs: one line an event, as JSON for machines or readable on a terminal, from whichever library it comes.

Our own loggers (`app...`) name an event with a literal text, and what belongs to it as `extra` fields that
`app.observing.fields` lists. Of other libraries only the messages below are let through as they stand, since
nobody knows what they put into theirs; of any other line there is where in the code it was written.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePath
from types import TracebackType
from typing import Any, TextIO

import orjson
import structlog

from app.observing import correlation, metrics
from app.observing.faults import told
from app.observing.fields import allowed

OURS = "app"

KNOWN = frozenset(
    (
        "Application shutdown complete.",
        "Application shutdown failed. Exiting.",
        "Application startup complete.",
        "Application startup failed. Exiting.",
        "Exception in ASGI application\n",
        "Finished server process [%d]",
        "Invalid HTTP request received.",
        "Shutting down",
        "Started server process [%d]",
        "Waiting for application shutdown.",
        "Waiting for application startup.",
        "Waiting for background tasks to complete. (CTRL+C to force quit)",
        "Waiting for connections to close. (CTRL+C to force quit)",
        "Cancel %s running task(s), timeout graceful shutdown exceeded",
        "Maximum request limit of %d exceeded. Terminating process.",
        "Received SIGINT, exiting.",
        "Received SIGTERM, exiting.",
    )
)
"""Messages of the server that say what it does and hold nothing but numbers."""

_OF_A_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

QUIET = ("sqlalchemy", "alembic", "httpx", "httpcore", "opentelemetry", "procrastinate", "asyncio")
"""Libraries of which only warnings are wanted."""


class Style(StrEnum):
    """How lines look: `auto` is readable on a terminal and JSON anywhere else."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


def configure(style: Style = Style.AUTO, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send everything that is logged in this process through here, to standard output unless told otherwise."""
    stream = stream or sys.stdout
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines(readable=_is_readable(style, stream)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").propagate = False  # it would name the path; our own line names the route
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def watch_for_the_unexpected() -> None:
    """Exceptions that nobody caught are logged like any other, here and in threads, instead of printed with their text.

    For processes that serve; on a developer's terminal the text is wanted.
    """
    log = logging.getLogger(f"{OURS}.unexpected")

    def of_process(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        log.critical("nobody caught this", exc_info=error)

    def of_thread(given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None and not isinstance(given.exc_value, EOFError):
            log.error("a thread ended with this", exc_info=given.exc_value)

    sys.excepthook = of_process
    threading.excepthook = of_thread


class Lines(logging.Formatter):
    """A record as one line."""

    def __init__(self, *, readable: bool) -> None:
        super().__init__()
        self._render: Any = (
            structlog.dev.ConsoleRenderer(colors=False, pad_event_to=32, sort_keys=False)
            if readable
            else structlog.processors.JSONRenderer(serializer=_json)
        )

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: str = self._render(None, record.levelname.lower(), event_of(record))
        return line


def event_of(record: logging.LogRecord) -> dict[str, Any]:
    """What may be told of a record. Whatever else it has is counted, and left out."""
    event, left_out = _event(record)
    fields, others = allowed([*_fields(record), *_context(), ("logger", record.name)])
    error = record.exc_info[1] if record.exc_info else None
    if error is None and isinstance(record.msg, BaseException):
        error = record.msg
    if error is not None:
        fields = allowed(told(error).items())[0] | fields
    if left_out + others:
        metrics.FIELDS_LEFT_OUT.inc(left_out + others)
        fields["left_out"] = left_out + others
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return {"timestamp": at, "level": record.levelname.lower(), "event": event} | fields


def _event(record: logging.LogRecord) -> tuple[str, int]:
    """The text of a record, and how many values had to be left out of it."""
    text = record.msg
    if not isinstance(text, str) or not (_is_ours(record.name) or text in KNOWN):
        return f"{record.funcName} ({PurePath(record.pathname).name}:{record.lineno})", 0
    given = record.args or ()
    values = tuple(given.values() if isinstance(given, Mapping) else given)
    if not values:
        return text.strip(), 0
    shown = [value if _is_plain(value) else "..." for value in values]
    try:
        return (text % tuple(shown)).strip(), sum(not _is_plain(value) for value in values)
    except (TypeError, ValueError, KeyError):
        return text.strip(), len(values)


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in vars(record).items() if name not in _OF_A_RECORD)


def _context() -> Iterator[tuple[str, Any]]:
    number = correlation.current()
    if number is not None:
        yield "correlation", number


def _is_ours(logger: str) -> bool:
    return logger == OURS or logger.startswith(f"{OURS}.")


def _is_plain(value: Any) -> bool:
    """A number is never anybody's name."""
    return isinstance(value, int | float)


def _is_readable(style: Style, stream: TextIO) -> bool:
    return style is Style.TEXT or (style is Style.AUTO and stream.isatty())


def _json(value: Any, **_: Any) -> str:
    return orjson.dumps(value).decode()
