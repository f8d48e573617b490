"""What is told of who waits: what is out is told apart from what is not known, and a group from one child."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from app.matching.explain import Outcome
from app.matching.night_report import WhyHere, WhyNone
from app.night_wording import Chosen, why_here
from app.unplaced_wording import Missed, Opening, Waiting, why_none

NO_HOME = Waiting(WhyNone.NO_HOME, 0, 0, None, None, (), {"registered": 2}, (), ())
BUDGET = Waiting(WhyNone.BUDGET, 4, 0, "H-1", "H-1", (), None, (), (), children=2)


def said(one: Waiting) -> str:
    """All that is told, in one line."""
    return " ".join(why_none(one))


def missed(code: str, outcome: Outcome, facts: Mapping[str, object] | None = None) -> Missed:
    """A rule that keeps a near home out."""
    return Missed.of(code, outcome, facts or {})


def test_what_is_not_known_is_not_told_as_out() -> None:
    """Of the nearest homes, of the rule that would help, and where homes are only counted."""
    unknown = missed("registered", Outcome.NOT_KNOWN)
    out = missed("age_range", Outcome.NOT_MET)
    opening = Opening("registered", True, 2, "H-1", known=False)
    one = replace(NO_HOME, nearest=[("H-1", [unknown])], openings=[opening], not_known={"registered": 2})
    assert "No home is known to meet every rule. Nearest: H-1, not known: registered." in said(one)
    assert "were known to be met: 2 homes" in said(one)
    both = said(replace(one, nearest=[("H-1", [unknown, out])]))
    assert "out by age range; not known: registered." in both
    assert "Kept out by registered (2 homes, not known)." in said(replace(one, nearest=()))
    assert "Kept out by registered (2 homes, 1 not known)." in said(
        replace(one, nearest=(), not_known={"registered": 1})
    )


def test_what_is_known_to_be_out_is_told_as_that() -> None:
    """Nothing is said of not knowing."""
    opening = Opening("registered", True, 2, "H-1")
    text = said(replace(NO_HOME, nearest=[("H-1", [missed("registered", Outcome.NOT_MET)])], openings=[opening]))
    assert "No home meets every rule. Nearest: H-1, out by registered." in text
    assert "were met: 2 homes" in text
    assert "known" not in text


def test_places_are_counted() -> None:
    """A home that is far too small does not read as one that is nearly right."""
    places = missed("usable_places", Outcome.NOT_MET, {"free": 1, "children": 3})
    text = said(replace(NO_HOME, nearest=[("H-1", [places])]))
    assert "out by usable places (1 free for 3 children)." in text


@pytest.mark.parametrize(
    ("homes", "children", "text"),
    [
        (2, 2, "4 homes would do for some of them, 2 for all, best H-1."),
        (0, 2, "4 homes would do for some of them, none for all, best H-1."),
        (4, 2, "4 homes would do for all of them, best H-1."),
        (4, 1, "4 homes would do, best H-1."),
        (None, 2, "4 homes would do, best H-1."),
    ],
)
def test_homes_for_one_child_are_not_homes_for_all(homes: int | None, children: int, text: str) -> None:
    """Of a group it is said how many homes could take all of them, where that was counted."""
    assert text in said(replace(BUDGET, homes_together=homes, children=children))


@pytest.mark.parametrize(
    ("loss", "leaving", "others", "text"),
    [
        (900, 1, 1, "goes to R-1, who would lose 900 points elsewhere"),
        (900, 2, 2, "goes to R-1 and R-2, who would lose 900 points elsewhere together"),
        (900, 1, 2, "goes to R-1 and R-2, one of whom would lose 900 points elsewhere"),
        (900, 2, 3, "goes to R-1, R-2 and R-3, 2 of whom would lose 900 points elsewhere together"),
        (None, 1, 1, "goes to R-1, for whom no other home has room tonight"),
        (None, 1, 2, "goes to R-1 and R-2, for none of whom another home has room tonight"),
        (None, 2, 2, "goes to R-1 and R-2, who could not all go elsewhere tonight"),
        (None, 2, 3, "goes to R-1, R-2 and R-3, 2 of whom would have to leave and could not all go elsewhere tonight"),
    ],
)
def test_what_is_at_stake_is_said(loss: int | None, leaving: int, others: int, text: str) -> None:
    """Of one, of enough of several, of all of them."""
    refs = [f"R-{n}" for n in range(1, others + 1)]
    one = Chosen(WhyHere.PLACES, "H-9", 70, refs, loss, unchanged=False, must_leave=leaving)
    assert why_here(one) == f"H-9 (70 points more) {text}"


def test_a_limit_is_said_with_the_exchange_that_it_prevents() -> None:
    """Who would have to leave and what little they would lose, then every limit; or, with room, the limits alone."""
    one = Chosen(WhyHere.BUDGET, "H-9", 70, ["R-1"], 20, unchanged=True, must_leave=1, besides=(WhyHere.RESERVED,))
    assert why_here(one) == (
        "H-9 (70 points more) goes to R-1, who would lose only 20 points elsewhere; a change would overrun the weekly "
        "budget and a place that would be used then is kept for those who need it more (reserve price); "
        "as proposed before"
    )
    free = replace(one, because_of=(), must_leave=0, others_would_lose=None, unchanged=False, besides=())
    assert why_here(free) == "H-9 (70 points more) has room for them, but it would overrun the weekly budget"
    assert why_here(replace(free, why=WhyHere.OPEN)).endswith("nothing speaks against it: please look at it by hand")
    kin = replace(one, because_of=(), others_would_lose=-5, unchanged=False, besides=())
    assert "goes to their brothers and sisters, who would gain 5 points elsewhere;" in why_here(kin)
