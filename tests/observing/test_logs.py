"""What gets into a log, and what does not, from whichever library it comes."""

from __future__ import annotations

import ast
import io
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from app.observing import metrics
from app.observing.correlation import accepted, correlated, current, new_number, pseudonym
from app.observing.fields import FIELDS, allowed
from app.observing.logs import Style, configure, event_of, watch_for_the_unexpected
from tests.support.logs import logs_as_in_production
from tests.support.logs import told as told_in

CANARY = "Zzyzx Quetzal"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is written while the logs are as in production."""
    with logs_as_in_production() as written:
        yield written


def test_a_line_is_json_with_its_fields(lines: io.StringIO) -> None:
    """An event of ours: time, level, text, logger, number of the request, and the fields that belong to it."""
    number = new_number()
    with correlated(number):
        logging.getLogger("app.runs.working").warning("run failed", extra={"run": "ab" * 16, "failure": "solver_hung"})
    (told,) = told_in(lines)
    assert told.pop("timestamp").endswith("+00:00")
    assert told == {
        "level": "warning",
        "event": "run failed",
        "run": "ab" * 16,
        "failure": "solver_hung",
        "correlation": number,
        "logger": "app.runs.working",
    }


def test_what_is_not_listed_is_dropped_and_counted(lines: io.StringIO) -> None:
    """A field that nobody listed, a listed one with a name in it, and a value in the text: none is written."""
    before = metrics.FIELDS_LEFT_OUT._value.get()
    log = logging.getLogger("app.anything")
    log.warning("saved", extra={"child": CANARY, "count": 3})
    log.warning("saved", extra={"code": CANARY, "status": True})
    log.warning("saved %s for %d", CANARY, 7)
    odd = logging.LogRecord("app.x", logging.INFO, "x.py", 5, "odd %d", (CANARY,), None)
    assert event_of(odd)["left_out"] == 1
    written = lines.getvalue()
    assert "Zzyzx" not in written
    told = told_in(lines)
    assert [line["left_out"] for line in told] == [1, 2, 1]
    assert told[0]["count"] == 3
    assert told[2]["event"] == "saved ... for 7"
    assert metrics.FIELDS_LEFT_OUT._value.get() - before == 5


def test_an_exception_is_its_class_and_place(lines: io.StringIO) -> None:
    """Neither its text nor that of what caused it, nor a source line, nor a folder."""

    def fails() -> None:
        try:
            {}[CANARY]
        except KeyError as error:
            raise FileNotFoundError(2, CANARY, f"/home/{CANARY}") from error

    try:
        fails()
    except FileNotFoundError:
        logging.getLogger("app.x").exception("it went wrong")
    (told,) = told_in(lines)
    assert (told["error"], told["caused_by"], told["errno"]) == ("FileNotFoundError", "KeyError", "ENOENT")
    assert told["frames"][0].startswith("fails (test_logs.py:")
    assert "Zzyzx" not in lines.getvalue()
    assert "/" not in "".join(told["frames"])


@pytest.mark.parametrize("name", ["uvicorn.error", "sqlalchemy.engine.Engine", "procrastinate.worker", "asyncio", "py"])
def test_other_libraries_say_where_and_not_what(lines: io.StringIO, name: str) -> None:
    """What they put into their texts nobody knows: the place in the code is told instead."""
    log = logging.getLogger(name)
    log.warning(f"job for {CANARY}")  # noqa: G004 - as libraries do
    log.warning("parameters %s", {"child": CANARY})
    log.error(OSError(98, CANARY))
    assert "Zzyzx" not in lines.getvalue()
    first, second, third = told_in(lines)
    assert first["event"].startswith("test_other_libraries_say_where_and_not_what (test_logs.py:")
    assert (second["logger"], third["error"], third["errno"]) == (name, "OSError", "EADDRINUSE")


def test_the_server_still_says_what_it_does(lines: io.StringIO) -> None:
    """Messages of uvicorn that are known to hold nothing are let through; its handlers are not used."""
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 12, extra={"color_message": CANARY})
    assert [line["event"] for line in told_in(lines)] == ["Started server process [12]"]
    assert "left_out" not in told_in(lines)[0]


def test_the_server_tells_no_path(lines: io.StringIO) -> None:
    """Its own line for each request names the path, so it is not written."""
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', "127.0.0.1", "GET", f"/{CANARY}", "1.1", 200)
    assert lines.getvalue() == ""


def test_statements_are_not_logged_whoever_asks(lines: io.StringIO) -> None:
    """The database library is silent below warnings, even at the most talkative level."""
    configure(Style.JSON, "DEBUG", lines)
    logging.getLogger("sqlalchemy.engine").info("INSERT INTO children VALUES (%s)", CANARY)
    assert lines.getvalue() == ""


def test_structlog_goes_the_same_way(lines: io.StringIO) -> None:
    """A logger of structlog is filtered like any other."""
    structlog.get_logger("app.worker").warning("job failed", code="solver_hung", child=CANARY)
    (told,) = told_in(lines)
    assert (told["event"], told["code"], told["left_out"]) == ("job failed", "solver_hung", 1)


def test_what_nobody_caught_is_told_without_its_text(lines: io.StringIO, capfd: pytest.CaptureFixture[str]) -> None:
    """In a thread and at the end of the process, nothing is printed but a line of the log."""
    watch_for_the_unexpected()

    def fails() -> None:
        raise ValueError(CANARY)

    thread = threading.Thread(target=fails)
    thread.start()
    thread.join()
    sys.excepthook(ValueError, ValueError(CANARY), None)
    assert [(line["error"], line["level"]) for line in told_in(lines)] == [
        ("ValueError", "error"),
        ("ValueError", "critical"),
    ]
    assert "Zzyzx" not in lines.getvalue() + "".join(capfd.readouterr())


def test_on_a_terminal_it_can_be_read(lines: io.StringIO) -> None:
    """The same fields, in words."""
    configure(Style.TEXT, "INFO", lines)
    logging.getLogger("app.x").info("served", extra={"port": 8000})
    assert "served" in lines.getvalue()
    assert "port=8000" in lines.getvalue()
    assert "{" not in lines.getvalue()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0123456789abcdef0123456789abcdef", True),
        ("01234567-89ab-cdef-0123-456789abcdef", True),
        ("0123456789ABCDEF0123456789ABCDEF", False),
        ("Jane-Doe-born-2013-05-10", False),
        ("0123456789abcdef0123456789abcdef\n", False),
        ("\u0660" * 32, False),
        ("", False),
        (None, False),
    ],
)
def test_a_number_is_accepted_only_if_it_is_one(given: str | None, kept: bool) -> None:
    """A caller's own number is kept where no name can hide in it."""
    assert (accepted(given) == given) is kept
    assert len(accepted(given)) in (32, 36)


def test_a_number_ends_with_what_it_belongs_to() -> None:
    """Nothing is left over for the next request."""
    with correlated("a" * 32):
        assert current() == "a" * 32
    assert current() is None


def test_a_pseudonym_is_steady_and_says_nothing() -> None:
    """One caller, one pseudonym; another authority's caller of the same name has another."""
    assert pseudonym("E06000018", CANARY) == pseudonym("E06000018", CANARY)
    assert pseudonym("E06000018", CANARY) != pseudonym("E10000018", CANARY)
    assert "Zzyzx" not in pseudonym("E06000018", CANARY)


@pytest.mark.parametrize("name", sorted(set(FIELDS) - {"version"}))
def test_no_field_can_hold_a_name(name: str) -> None:
    """Two words, a postcode, a date of birth, an address: none has the form of any field."""
    for personal in (CANARY, "NG1 5NH", "2013-05-10", "12 Made-Up Road", "a@b.example", "ab cd", "Žofie"):
        assert allowed([(name, personal)]) == ({}, 1)


def test_events_of_ours_are_literal_texts() -> None:
    """What names an event stands in the code, so that nothing from outside can get into it."""
    seen = 0
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _logs(node.func):
                seen += 1
                text = node.args[0]
                assert isinstance(text, ast.Constant), f"{path.name}:{node.lineno}"
                assert isinstance(text.value, str), f"{path.name}:{node.lineno}"
    assert seen >= 10


def _logs(called: ast.expr) -> bool:
    return (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and called.value.id in {"log", "logger", "logging"}
        and called.attr in {"debug", "info", "warning", "error", "exception", "critical"}
    )


def test_a_record_without_a_text_is_told_by_its_place() -> None:
    """Even a record that nobody could format is a line."""
    record = logging.LogRecord("app.x", logging.INFO, "/x/y.py", 5, {"child": CANARY}, (), None, "f")
    assert event_of(record)["event"] == "f (y.py:5)"


def test_every_field_can_be_logged() -> None:
    """None has a name that the logging of Python keeps for itself, which would raise instead of logging."""
    for name in FIELDS:
        logging.getLogger("app.x").debug("tried", extra={name: 1})
        assert name not in vars(logging.makeLogRecord({}))
        assert name not in {"message", "asctime"}
