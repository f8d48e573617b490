"""On a day that is past everybody counts who was there: each of several, by each rule about one another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.errors import PlacementError
from app.matching.codes import KeepTogether, LivingCompanions, Risk, Vulnerability
from app.matching.referral import ChildRef, HomeRef
from app.store.placement_records import State
from app.store.session import Database
from tests.deciding.conftest import FURTHER, ONE_PLACE
from tests.support.builders import AS_OF, a_child, a_home, a_referral, risks
from tests.support.deciding import look_at
from tests.support.nights import store
from tests.support.true_day import accepted, ended, in_days, lived, moves_in, refused


def test_a_home_is_measured_by_its_record_of_today_and_that_is_said(lite: Database) -> None:
    """It had two places until this morning: nobody is told that it had one."""
    home = replace(ONE_PLACE, places=2)
    store(lite, [home])
    first = lived(lite, "R1", home.ref, in_days(-3), AS_OF)
    comes = accepted(lite, "R2", home.ref)
    store(lite, [replace(home, places=1)])
    assert refused(lite, comes, in_days(-1))[1] == "home.places"
    _, field, said, _ = refused(lite, comes, in_days(-1), look_at(lite, comes))
    assert (field, first.id in said) == ("moved_in_on", True)
    assert said.startswith("By its record of today the home has 1 places.")


def test_who_came_back_to_the_same_home_lived_in_no_other(lite: Database) -> None:
    """The day does not fit for all that."""
    lives = lived(lite, "R1", ONE_PLACE.ref, in_days(-3), in_days(-1))
    again = accepted(lite, "R1", ONE_PLACE.ref)
    _, field, said, cure = refused(lite, again, in_days(-2))
    assert (field, lives.id in said, "in this same home until" in said) == ("moved_in_on", True, True)
    assert (f"on {in_days(-1)} or later" in cure, moves_in(lite, again, in_days(-1)).state) == (True, State.PLACED)


# ----------------------------------------------------------------------------- each of several, and each of the rules


def test_each_of_brothers_and_sisters_takes_a_place(lite: Database) -> None:
    """Of two places one was another child's on that day: one was left for the two of them."""
    home = replace(ONE_PLACE, places=2)
    store(lite, [home], [a_referral(a_child(ref="S1"), a_child(ref="S2"), ref="R7")])
    lived(lite, "R1", home.ref, in_days(-3), in_days(-1))
    both = accepted(lite, "R7", home.ref, "S1", "S2")
    assert refused(lite, both, in_days(-2))[1] == "moved_in_on"
    assert moves_in(lite, both, in_days(-1)).state is State.PLACED


def test_each_of_those_who_left_was_there(lite: Database) -> None:
    """It is the second of them from whom this child must live apart."""
    home = replace(FURTHER, location=ONE_PLACE.location)
    kept_apart = a_child(ref="C7", live_apart_from=frozenset({ChildRef("C2")}))
    store(lite, [home], [a_referral(kept_apart, ref="R7")])
    for referral in ("R1", "R2"):
        lived(lite, referral, home.ref, in_days(-3), in_days(-1))
    comes = accepted(lite, "R7", home.ref)
    assert refused(lite, comes, in_days(-2))[1] == "rules.live_apart"


def test_each_of_brothers_and_sisters_who_lived_elsewhere_is_told(lite: Database) -> None:
    """The first day that fits is another for each."""
    home = a_home(ref=HomeRef("H7"))
    both = a_referral(a_child(ref="S1"), a_child(ref="S2"), ref="R7", keep_together=KeepTogether.NOT_REQUIRED)
    store(lite, [home, replace(FURTHER, location=ONE_PLACE.location)], [both])
    lives = moves_in(lite, accepted(lite, "R7", FURTHER.ref, "S1", "S2"), in_days(-4))
    for child, day in (("S1", in_days(-2)), ("S2", in_days(-1))):
        lives = ended(lite, lives, day, child)
    moving = accepted(lite, "R7", home.ref, "S1", "S2")
    with pytest.raises(PlacementError) as refusal:
        moves_in(lite, moving, in_days(-3))
    first, second = refusal.value.problems
    assert (str(in_days(-2)) in first.problem, str(in_days(-1)) in second.problem) == (True, True)


THEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "live_apart": ({}, {"live_apart_from": frozenset({ChildRef("C7")})}),
    "living_companions": ({"living_companions": LivingCompanions.SOLO}, {}),
    "safe_for_residents": (
        {"risks": risks(Risk.TO_OTHERS_FIRE)},
        {"vulnerabilities": frozenset({Vulnerability.FIRE})},
    ),
    "safe_from_residents": (
        {"vulnerabilities": frozenset({Vulnerability.FIRE})},
        {"risks": risks(Risk.TO_OTHERS_FIRE)},
    ),
}
"""For each rule about beside whom a child lives: what is known of this child, and of the one who left."""


@pytest.mark.parametrize("code", THEN)
def test_every_rule_about_each_other_is_asked_of_who_left_since(lite: Database, code: str) -> None:
    """By all that is known of them: they lived in one home then."""
    own, others = THEN[code]
    home = replace(FURTHER, location=ONE_PLACE.location)
    pair = a_child(ref="C1", **others), a_child(ref="C7", **own)
    store(lite, [home], [a_referral(child, ref=ref) for child, ref in zip(pair, ("R1", "R7"), strict=True)])
    lived(lite, "R1", home.ref, in_days(-3), in_days(-1))
    comes = accepted(lite, "R7", home.ref)
    assert refused(lite, comes, in_days(-2))[1] == f"rules.{code}"
    assert moves_in(lite, comes, in_days(-1)).state is State.PLACED


def test_who_is_still_to_come_did_not_live_there(lite: Database) -> None:
    """A place that waits for another child is no stay of theirs."""
    home = replace(FURTHER, location=ONE_PLACE.location)
    store(lite, [home])
    comes = [accepted(lite, referral, home.ref) for referral in ("R1", "R2")]
    assert moves_in(lite, comes[1], in_days(-1)).state is State.PLACED
