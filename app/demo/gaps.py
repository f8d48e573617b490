"""What the strategy says is scarce, counted in free places of homes that could be used today."""

from __future__ import annotations

from collections.abc import Callable

from app.demo.authority import Authority
from app.demo.who import free_places
from app.matching.codes import (
    Adaptation,
    Answer,
    HomeKind,
    Registration,
    Support,
)
from app.matching.home import Home

YOUNGEST = 2
TEENAGER = 13


def _foster(home: Home) -> bool:
    return home.kind is HomeKind.FOSTER


def _takes(home: Home, age: int) -> bool:
    low, high = home.terms.age_min, home.terms.age_max
    return low is not None and high is not None and low <= age <= high


def _free(test: Callable[[Home], bool]) -> Callable[[Authority], int]:
    def count(authority: Authority) -> int:
        return sum(
            max(0, free_places(home))
            for home in authority.homes
            if home.registration is Registration.REGISTERED and test(home)
        )

    return count


def _solo(home: Home) -> bool:
    return home.kind is HomeKind.CHILDRENS_HOME and home.places == 1


def _wheelchair(home: Home) -> bool:
    return home.adaptations is not None and Adaptation.WHEELCHAIR in home.adaptations


def _parent_and_child(home: Home) -> bool:
    return home.terms.parent_and_child is Answer.YES


def _therapeutic(home: Home) -> bool:
    return home.kind is HomeKind.CHILDRENS_HOME and Support.THERAPEUTIC in home.support


GAPS: tuple[tuple[str, Callable[[Authority], int]], ...] = (
    ("all", _free(lambda _home: True)),
    ("with foster carers (connected persons apart)", _free(_foster)),
    (f"the same, for a child of {YOUNGEST}", _free(lambda home: _foster(home) and _takes(home, YOUNGEST))),
    (f"the same, for a child of {TEENAGER}", _free(lambda home: _foster(home) and _takes(home, TEENAGER))),
    ("the same, three or more in one household", _free(lambda home: _foster(home) and free_places(home) >= 3)),
    ("parent and child, anywhere", _free(_parent_and_child)),
    ("wheelchair throughout, anywhere", _free(_wheelchair)),
    ("in children's homes", _free(lambda home: home.kind is HomeKind.CHILDRENS_HOME)),
    ("the same, homes for one child", _free(_solo)),
    ("the same, with therapeutic support", _free(_therapeutic)),
    ("in secure homes", _free(lambda home: home.kind is HomeKind.SECURE_HOME)),
    (
        "in supported accommodation and lodgings",
        _free(lambda home: home.kind in {HomeKind.SUPPORTED_ACCOMMODATION, HomeKind.SUPPORTED_LODGINGS}),
    ),
    ("with connected persons (for named children alone)", _free(lambda home: home.kind is HomeKind.CONNECTED_PERSON)),
)
"""Free places by what they could be used for."""
