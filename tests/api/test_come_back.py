"""Whoever is turned away for now is told when to come back, whatever the reason."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import errors
from app.api import problems
from app.errors import PlacementError
from app.rematch.faults import SolverFault

FOR_NOW = (429, 503)


def _leaves(kind: type[PlacementError]) -> Iterator[type[PlacementError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _leaves(below)


TURNED_AWAY = sorted({kind for kind in _leaves(PlacementError) if kind.status in FOR_NOW}, key=lambda kind: kind.code)


def test_they_were_found() -> None:
    """The list is made from the errors themselves, so that a new one is looked at without being named here."""
    assert {errors.SchemaNotCurrent, errors.DatabaseRefused, errors.TooManyRequests, SolverFault} <= set(TURNED_AWAY)
    assert len(TURNED_AWAY) >= 10


@pytest.mark.parametrize("kind", TURNED_AWAY, ids=lambda kind: str(kind.code))
def test_every_429_and_503_says_when_to_come_back(kind: type[PlacementError]) -> None:
    """`Retry-After` in whole seconds, more than none and at most some minutes."""
    answer = problems.problem_response(kind(), "none")
    assert answer.status_code == kind.status
    assert 1 <= int(answer.headers["Retry-After"]) <= 300
