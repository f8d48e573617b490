"""The release gate at the end of `make test`: which of its proofs were run, on which database, and how many times.

A test proves what its docstring names by number (`T-01`). The counts are printed and written as JSON; where the whole
suite was run and one of the numbers was proved by nothing, for it was skipped or deselected, the run has failed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

GATE = {*range(1, 13), 17, 20, 22, 23, 24, 25}
NUMBER = re.compile(r"\bT-(\d\d)\b")
DATABASES = {"sqlite": ("sqlite", "backup_api"), "postgresql": ("postgresql", "pg_dump")}
"""By which words of a test's name one can tell on which database it was run."""

PROVES, COUNTED = "proves", "counted"
"""Properties of a test: the number that it proves, and further counts of its own."""

BUT_LONG = "not long"
"""What `make test` leaves out: more of the same."""

WRITTEN = Path("var", "release_gate.json")
PASSED = pytest.StashKey[list[pytest.TestReport]]()


def numbers(docstring: str | None) -> list[int]:
    """The proofs that a test is, by what it says of itself."""
    return sorted({int(number) for number in NUMBER.findall(docstring or "")})


def counts(reports: Iterable[pytest.TestReport]) -> dict[str, dict[str, int]]:
    """Of each number how many tests passed in all, and on each database, out of the reports of those that passed."""
    found: dict[str, Counter[str]] = {f"T-{number:02}": Counter() for number in sorted(GATE)}
    for report in reports:
        given = report.nodeid.partition("[")[2]
        on = [kind for kind, its in DATABASES.items() if any(word in given for word in its)]
        for name, number in report.user_properties:
            if name == PROVES:
                found.setdefault(str(number), Counter()).update(["passed", *on])
    return {number: dict(found[number]) for number in sorted(found)}


def missing(found: dict[str, dict[str, int]]) -> list[str]:
    """The numbers that nothing proved."""
    return [number for number, each in found.items() if not each.get("passed")]


def told(found: dict[str, dict[str, int]]) -> str:
    """The counts in one line: all, and those on SQLite and on PostgreSQL."""
    return ", ".join(
        f"{number} {each.get('passed', 0)} ({'/'.join(str(each.get(kind, 0)) for kind in DATABASES)})"
        for number, each in found.items()
    )


def is_whole(config: pytest.Config) -> bool:
    """Whether everything was asked for, and not some of it."""
    some = ("keyword", "lf", "collectonly")
    return (
        config.args_source is pytest.Config.ArgsSource.TESTPATHS
        and config.getoption("markexpr") in {"", BUT_LONG}
        and not any(config.getoption(one) for one in some)
    )


def pytest_configure(config: pytest.Config) -> None:
    """Nothing has passed yet."""
    config.stash[PASSED] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each test says with its report what it proves, so that the process that started the others is told of it."""
    for item in items:
        function = getattr(item, "function", None)
        item.user_properties += [(PROVES, f"T-{number:02}") for number in numbers(getattr(function, "__doc__", None))]


class _Passed:
    """Keeps the reports of what passed, where they all come together."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed and report.user_properties:
            self.config.stash[PASSED].append(report)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Listen to what passes."""
    session.config.pluginmanager.register(_Passed(session.config), "release-gate")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A proof that is missing is a failure."""
    if is_whole(session.config) and not hasattr(session.config, "workerinput"):
        found = counts(session.config.stash[PASSED])
        if missing(found) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the counts, and write them as JSON."""
    reports = config.stash[PASSED]
    if not is_whole(config) or hasattr(config, "workerinput"):
        return
    found = counts(reports)
    further = sorted(str(value) for report in reports for name, value in report.user_properties if name == COUNTED)
    terminalreporter.section("release gate")
    terminalreporter.write_line(f"Proofs that passed, in all (on SQLite/PostgreSQL): {told(found)}")
    for line in further:
        terminalreporter.write_line(line)
    for number in missing(found):
        terminalreporter.write_line(f"{number} was proved by nothing: see tests/tooling/test_gate.py", red=True)
    path = config.rootpath / WRITTEN
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"proofs": found, "counted": further}, indent=1) + "\n", encoding="utf-8")
