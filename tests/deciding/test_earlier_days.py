"""What nobody can tell of days that are past: told, seen by whoever tells of a move on one of them, and then recorded.

Of whoever lives in a home without a placement nobody knows since when, and of who left there may be no record any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import delete

from app.errors import FactsChanged, Invalid, RulesNotMet
from app.matching.codes import HomeKind
from app.matching.home import Home
from app.matching.referral import Child, ChildRef, HomeRef
from app.store import erasure
from app.store.claims import as_resident
from app.store.erasure import Erasure
from app.store.placement_records import State
from app.store.session import Database
from app.store.tables import referrals
from tests.deciding.conftest import FIRST_CHILD, ONE_PLACE, REFERRAL, SECOND_CHILD
from tests.support.builders import AS_OF, a_child, a_home, a_referral, a_resident, some_terms
from tests.support.deciding import HERE, look_at, told
from tests.support.nights import store
from tests.support.true_day import accepted, in_days, lived, moves_in, refused

OWN = a_resident(ref=ChildRef("Z1"))
TWO = a_home(ref=HomeRef("H7"), places=2)


def _forget(database: Database, referral: str) -> None:
    """Its case system cleared it away."""
    database.transact(lambda w: w.execute(delete(referrals).where(referrals.c.ref == referral)))


def _erase(database: Database, child: str) -> None:
    database.transact(lambda w: erasure.erase(w, child, Erasure.of(HERE, child), ("admin-1", "person")))


@pytest.mark.parametrize("home", [replace(TWO, residents=(OWN,)), replace(TWO, places_held=1)], ids=["lives", "held"])
def test_who_is_there_without_a_placement_may_have_had_the_bed(database: Database, home: Home) -> None:
    """Nobody knows since when: it is told with the look, and whoever has seen that says how it was."""
    store(database, [home])
    first = lived(database, "R1", home.ref, in_days(-4), in_days(-1))
    comes = accepted(database, "R2", home.ref)
    assert told(database, comes) == ["moved_in_on"]
    kind, field, said, cure = refused(database, comes, in_days(-2))
    assert (kind, field, first.id in said, "1 are taken" in said) == (FactsChanged, "moved_in_on", True, True)
    assert (f"{in_days(-1)} or later" in cure, "send `seen`" in cure) == (True, True)
    seen = look_at(database, comes)
    assert moves_in(database, comes, in_days(-2), seen).moved_in_on == in_days(-2)


def test_from_the_day_on_which_there_was_a_bed_nothing_is_to_be_seen(lite: Database) -> None:
    """One left yesterday: since then there was room for this one, whoever else is there."""
    home = replace(TWO, residents=(OWN,))
    store(lite, [home])
    lived(lite, "R1", home.ref, in_days(-4), in_days(-1))
    assert moves_in(lite, accepted(lite, "R2", home.ref), in_days(-1)).state is State.PLACED


@pytest.mark.parametrize("also", ["C9", "C2"])
def test_nobody_is_counted_twice(lite: Database, also: str) -> None:
    """A provider lists those too who live there by a placement, or are to come: they had one bed, or none."""
    there, to_come = a_child(ref="C8"), a_child(ref="C9")
    home = replace(TWO, places=3)
    store(lite, [home], [a_referral(there, ref="R8"), a_referral(to_come, ref="R9")])
    moves_in(lite, accepted(lite, "R8", home.ref), in_days(-5))
    lived(lite, "R1", home.ref, in_days(-4), in_days(-1))
    accepted(lite, "R9", home.ref)
    child = accepted(lite, "R2", home.ref)
    listed = (there, *(one for one in (to_come, SECOND_CHILD) if one.ref == also))
    store(lite, [replace(home, residents=tuple(as_resident(one) for one in listed))])
    assert (told(lite, child), moves_in(lite, child, in_days(-3)).state) == ([], State.PLACED)


def test_who_left_and_is_forgotten_is_told(database: Database) -> None:
    """Whether these two might live in one home nobody can tell: an older look, that did not say so, will not do."""
    store(database, [TWO])
    gone = lived(database, "R1", TWO.ref, in_days(-4), in_days(-1))
    comes = accepted(database, "R2", TWO.ref)
    assert told(database, comes) == []
    before = look_at(database, comes)
    _forget(database, "R1")
    assert told(database, comes) == ["moved_in_on"]
    for seen in (None, before):
        kind, field, said, cure = refused(database, comes, in_days(-2), seen)
        assert (kind, field, gone.id in said, "live_apart" in said) == (FactsChanged, "moved_in_on", True, True)
        assert f"{in_days(-1)} or later" in cure
    assert moves_in(database, comes, in_days(-2), look_at(database, comes)).state is State.PLACED


def _moved_on(database: Database) -> None:
    moves_in(database, accepted(database, "R1", "H8"), AS_OF)
    _forget(database, "R1")


def _sent_in_another(database: Database) -> None:
    _forget(database, "R1")
    store(database, [], [a_referral(_ALONE, ref="R9")])


_ALONE = replace(FIRST_CHILD, live_apart_from=frozenset({ChildRef("C2")}))


@pytest.mark.parametrize("now", [_moved_on, _sent_in_another])
def test_who_left_is_known_by_any_record_there_is(database: Database, now: Callable[[Database], None]) -> None:
    """By the place that the child has now, or the referral in which it stands: the law is asked, not guessed at."""
    store(database, [TWO, a_home(ref=HomeRef("H8"))], [replace(REFERRAL, children=(_ALONE,))])
    lived(database, "R1", TWO.ref, in_days(-4), in_days(-1))
    comes = accepted(database, "R2", TWO.ref)
    now(database)
    kind, field, said, cure = refused(database, comes, in_days(-2))
    assert (kind, field, str(in_days(-2)) in said, "withdraw" in cure) == (RulesNotMet, "rules.live_apart", True, True)


def test_where_the_referral_of_the_child_is_gone_too_it_is_needed_again(lite: Database) -> None:
    """Nobody can look at what cannot be judged as a whole."""
    store(lite, [TWO])
    lived(lite, "R1", TWO.ref, in_days(-4), in_days(-1))
    comes = accepted(lite, "R2", TWO.ref)
    _forget(lite, "R1")
    _forget(lite, "R2")
    kind, field, _, cure = refused(lite, comes, in_days(-2))
    assert (kind, field, "send the referral again" in cure) == (FactsChanged, "moved_in_on", True)


# --------------------------------------------------------------------------------------- lawful then, and not today


def _of(years: int, day: date) -> Child:
    """A child whose birthday is on this day."""
    return a_child(ref="C7", date_of_birth=day.replace(year=day.year - years))


SUPPORTED = a_home(ref=HomeRef("H7"), kind=HomeKind.SUPPORTED_LODGINGS, terms=some_terms(age_min=16, age_max=25))
LAPSES = {
    "age_range": (replace(TWO, terms=some_terms(age_max=15)), _of(16, in_days(1))),
    "registered": (replace(TWO, registered_to=in_days(0)), a_child(ref="C7")),
    "supported_accommodation_age": (SUPPORTED, _of(18, in_days(1))),
}
"""A home and a child of whom a law is met today, and not from tomorrow on."""


@pytest.mark.parametrize("law", LAPSES)
def test_who_was_placed_by_law_is_recorded_when_the_law_is_met_no_more(database: Database, law: str) -> None:
    """It is asked of the day of the move. That the child lives there against it now must have been seen."""
    home, child = LAPSES[law]
    store(database, [home], [a_referral(child, ref="R7")])
    comes = accepted(database, "R7", home.ref)
    before, now = look_at(database, comes), in_days(2)
    kind, field, _, cure = refused(database, comes, now, today=now)
    assert (kind, field, "tell that day with `seen`" in cure) == (RulesNotMet, f"rules.{law}", True)
    for seen in (None, before):
        kind, field, said, cure = refused(database, comes, AS_OF, seen, now)
        assert (kind, field, "It is law" in cure) == (FactsChanged, f"rules.{law}", True)
        assert (f"met for a move on {AS_OF}" in said, f"not met for one on {now}" in said) == (True, True)
    seen = look_at(database, comes, day=now)
    assert refused(database, comes, now, seen, now)[0] is RulesNotMet
    assert moves_in(database, comes, AS_OF, seen, now).moved_in_on == AS_OF


def test_who_has_not_come_yet_waits_for_a_home_that_is_lawful_on_the_planned_day_too(lite: Database) -> None:
    """That it would be lawful today opens nothing: only a day that is past answers for itself."""
    store(lite, [TWO], [a_referral(a_child(ref="C7"), ref="R7", needed_by=in_days(7))])
    comes = accepted(lite, "R7", TWO.ref)
    store(lite, [replace(TWO, registered_to=in_days(3))])
    assert refused(lite, comes, AS_OF, look_at(lite, comes))[:2] == (RulesNotMet, "rules.registered")
    assert moves_in(lite, comes, in_days(-1), look_at(lite, comes)).state is State.PLACED


def test_what_a_child_lives_with_against_the_law_in_another_way_is_recorded_otherwise(lite: Database) -> None:
    """The home has no place for it by its own record: the way of the truth is told."""
    store(lite, [TWO])
    comes = accepted(lite, "R1", TWO.ref)
    store(lite, [replace(TWO, places=0)])
    kind, field, _, cure = refused(lite, comes, in_days(-1))
    assert (kind, field, "withdraw this placement" in cure) == (RulesNotMet, "rules.usable_places", True)


def test_who_was_erased_lived_there_all_the_same(database: Database) -> None:
    """Somebody had the only bed until yesterday, whoever it was."""
    first = lived(database, "R1", ONE_PLACE.ref, in_days(-4), in_days(-1))
    _forget(database, "R1")
    _erase(database, "C1")
    comes = accepted(database, "R2", ONE_PLACE.ref)
    kind, field, said, _ = refused(database, comes, in_days(-2))
    assert (kind, field, first.id in said, "no record is left" in said) == (FactsChanged, "moved_in_on", True, True)
    kind, field, said, cure = refused(database, comes, in_days(-2), look_at(database, comes))
    assert (kind, field, first.id in said, f"{in_days(-1)} or later" in cure) == (Invalid, "moved_in_on", True, True)
    assert moves_in(database, comes, in_days(-1)).moved_in_on == in_days(-1)


def test_when_one_of_several_left_who_was_erased_nobody_knows(lite: Database) -> None:
    """It may have been before the others did: nothing is refused for it, and it is to be seen."""
    store(lite, [TWO], [replace(REFERRAL, children=(FIRST_CHILD, a_child(ref=ChildRef("C8"))))])
    first = lived(lite, "R1", TWO.ref, in_days(-4), in_days(-1))
    _erase(lite, "C8")
    comes = accepted(lite, "R2", TWO.ref)
    with pytest.raises(FactsChanged) as refusal:
        moves_in(lite, comes, in_days(-2))
    for problem, said in zip(
        refusal.value.problems, ("no record is left", "nobody knows which were free"), strict=True
    ):
        assert (problem.field, first.id in problem.problem, said in problem.problem) == ("moved_in_on", True, True)
    assert moves_in(lite, comes, in_days(-2), look_at(lite, comes)).state is State.PLACED
