"""Language, religion and culture, where the child asks for them."""

from __future__ import annotations

from typing import Any

import pytest

from app.matching.codes import Answer, CulturalNeeds, Religion
from app.matching.criteria.identity import IDENTITY
from app.matching.languages import LANGUAGES
from tests.support.builders import a_child, a_home
from tests.support.criteria import score_one

ASKS = {
    "languages": ("ur", "en"),
    "asks_for_same_language": True,
    "religion": Religion.MUSLIM,
    "asks_for_same_religion": True,
    "cultural_needs": CulturalNeeds.REQUIRED,
}
ALL = {
    "languages": frozenset({"ur"}),
    "religions_supported": frozenset({Religion.MUSLIM}),
    "cultural_needs_supported": Answer.YES,
}
NOTHING = {
    "languages": frozenset({"en"}),
    "religions_supported": frozenset({Religion.CHRISTIAN}),
    "cultural_needs_supported": Answer.NO,
}
SILENT = {"languages": None, "religions_supported": None, "cultural_needs_supported": Answer.NOT_KNOWN}


def test_a_child_who_does_not_ask_is_not_judged_by_it() -> None:
    """A religion and a language on file are no request."""
    child = a_child(languages=("ur",), religion=Religion.MUSLIM, cultural_needs=CulturalNeeds.NOT_KNOWN)
    for home in (ALL, NOTHING, SILENT):
        assert not score_one(IDENTITY, child, a_home(**home)).applies


def test_the_share_of_what_is_asked_for() -> None:
    """All, a third, nothing."""
    child = a_child(**ASKS)
    one = {**NOTHING, "languages": frozenset({"pl", "ur"})}
    values = [score_one(IDENTITY, child, a_home(**home)).value for home in (ALL, one, NOTHING)]
    assert values == [1000, 333, 0]
    facts = score_one(IDENTITY, child, a_home(**one)).facts
    assert facts == {"met": ("language",), "unmet": ("religion", "culture"), "not_known": ()}


@pytest.mark.parametrize("name", list(ALL))
def test_each_thing_asked_for_alone(name: str) -> None:
    """Met by a home with just this, not met by one with everything else, open where it is not said."""
    asked: dict[str, dict[str, Any]] = {
        "languages": {"languages": ("ur",), "asks_for_same_language": True},
        "religions_supported": {"religion": Religion.MUSLIM, "asks_for_same_religion": True},
        "cultural_needs_supported": {"cultural_needs": CulturalNeeds.REQUIRED},
    }
    child = a_child(**asked[name])
    has = score_one(IDENTITY, child, a_home(**{**NOTHING, name: ALL[name]}))
    lacks = score_one(IDENTITY, child, a_home(**{**ALL, name: NOTHING[name]}))
    silent = score_one(IDENTITY, child, a_home(**{**ALL, name: SILENT[name]}))
    assert (has[:4], lacks[:4]) == ((1000, 1000, True, True), (0, 0, True, True))
    assert silent[:4] == (0, 1000, False, True)


def test_saying_something_is_never_worse_than_silence() -> None:
    """The least that a home could be worth is never above what it is once it says: only ever a plus."""
    child = a_child(**ASKS)
    silent = score_one(IDENTITY, child, a_home(**SILENT))
    partly = score_one(IDENTITY, child, a_home(**{**SILENT, "languages": frozenset({"ur"})}))
    for home in (ALL, NOTHING):
        assert score_one(IDENTITY, child, a_home(**home)).value >= silent.value == 0
    assert (partly.value, partly.most, partly.known) == (333, 1000, False)
    assert partly.facts == {"met": ("language",), "unmet": (), "not_known": ("religion", "culture")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_found_and_no_other_taken_for_it(language: str) -> None:
    """Also those at the edges of the words that hold them."""
    child = a_child(languages=(language,), asks_for_same_language=True)
    others = frozenset(LANGUAGES) - {language}
    assert score_one(IDENTITY, child, a_home(languages=frozenset({language}))).value == 1000
    assert score_one(IDENTITY, child, a_home(languages=others)).value == 0


@pytest.mark.parametrize("religion", [r for r in Religion if r is not Religion.NOT_KNOWN])
def test_every_religion_is_found_and_no_other_taken_for_it(religion: Religion) -> None:
    """No religion is one that can be asked for too."""
    child = a_child(religion=religion, asks_for_same_religion=True)
    assert score_one(IDENTITY, child, a_home(religions_supported=frozenset({religion}))).value == 1000
    others = frozenset(Religion) - {religion}
    assert score_one(IDENTITY, child, a_home(religions_supported=others)).value == 0


def test_a_request_without_saying_which_is_open() -> None:
    """The child asks for its own language or religion, and nobody wrote down which."""
    for asked in (
        {"languages": (), "asks_for_same_language": True},
        {"religion": Religion.NOT_KNOWN, "asks_for_same_religion": True},
    ):
        speaks_all = a_home(**{**ALL, "languages": frozenset(LANGUAGES), "religions_supported": frozenset(Religion)})
        assert score_one(IDENTITY, a_child(**asked), speaks_all)[:4] == (0, 1000, False, True)
