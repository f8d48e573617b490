"""Too little done is a failure, and so is silence."""

import sys
from pathlib import Path

import pytest

from tests.campaign import counting, unguarded
from tests.campaign.counting import Found, Part, parts, row, run_part, said, seen_red, together

LINE = {"part": "x", "promised": 10, "done": 10, "failures": 0, "seconds": 1.5}


@pytest.mark.parametrize(
    ("changes", "whole"),
    [
        ({}, True),
        ({"done": 9}, False),
        ({"failures": 1}, False),
        ({"promised": 0, "done": 0}, False),
        ({"done": 11}, True),
    ],
)
def test_a_part_is_whole_or_it_has_failed(changes: dict[str, int], whole: bool) -> None:
    """All that was promised, and nothing wrong; a part that promised nothing proved nothing."""
    found = together("x", [LINE | changes])
    assert found.is_whole is whole
    assert row(Part("x"), found).met is whole


def test_one_short_line_among_many_fails_the_part() -> None:
    """More of one thing does not make up for less of another."""
    found = together("x", [LINE | {"done": 20}, LINE | {"done": 9}])
    assert (found.is_whole, found.done, found.promised) == (False, 19, 20)


def test_silence_is_a_failure() -> None:
    """No line, or lines that are none: something must have been said."""
    assert not together("x", said("Traceback ...\n{not json}\n{}\n")).is_whole


def test_a_part_runs_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it prints is read; an exit code of failure counts whatever it prints."""
    for code in (0, 1):
        program = f"import json, sys; print('noise'); print(json.dumps({LINE})); sys.exit({code})"
        monkeypatch.setattr(counting.Part, "command", property(lambda _self, p=program: [sys.executable, "-c", p]))
        assert run_part(Part("x")).is_whole is (code == 0)


def test_a_part_whose_guard_is_gone_must_fail() -> None:
    """One that stays green without its guard has never looked."""
    assert seen_red(Part("x"), Found("x", 1, 1, 3, 0)).met is True
    assert seen_red(Part("x"), Found("x", 1, 1, 0, 0)).met is False


def test_guards_that_are_taken_away_alone_are_there() -> None:
    """Each is a guard of the product or the database, of a part that there is; some guard is named of each."""
    known = {*unguarded._guards(), *unguarded._dropped("sqlite")}
    assert set(unguarded._dropped("sqlite")) == set(unguarded._dropped("postgresql"))
    for part, alone in unguarded.ALONE.items():
        assert part in {each.name for each in parts()}
        assert alone
        assert set(alone) <= known


def test_the_parts_are_there() -> None:
    """Those that were promised; a part that vanished would be missed."""
    names = {part.name for part in parts()}
    assert {
        "access",
        "audit",
        "backup",
        "bodies",
        "booking",
        "canary",
        "disk",
        "expiry",
        "fuzz",
        "histories",
        "kills",
        "machine",
        "nights",
        "outage",
        "proxy",
    } <= names
    assert not {"counting", "counts", "copies"} & names
