"""A home that was asked about by name can be held wherever it stands in the list, unless the law keeps it out."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from app.access.principal import Principal
from app.deciding.desk import Why
from app.deciding.holding import hold
from app.deciding.seeing_one import OneHome, show_one
from app.errors import FactsChanged, Invalid, NotSeen
from app.matching.referral import HomeRef, ReferralRef
from app.matching.why_not import why_not
from app.store import load
from app.store.follower import PoolFollower
from app.store.session import Database
from tests.deciding.conftest import ONE_PLACE, REFERRAL
from tests.support.builders import a_home, some_terms
from tests.support.deciding import (
    BECAUSE,
    CASE_SYSTEM,
    COLLEAGUE,
    HERE,
    OFFICER,
    a_choice,
    a_desk,
    held,
    live_claims,
    see,
)
from tests.support.nights import store

LATE = REFERRAL.needed_by + timedelta(days=30)
BEHIND = [a_home(ref=HomeRef(f"L{n}"), places=1, available_from=LATE) for n in range(1, 9)]
"""More homes that one rule of the policy keeps out than a list names."""


def ask(database: Database, home: str, who: Principal = OFFICER) -> str | None:
    """Ask why not this home, as the service does; the id to decide with."""
    follower, desk = PoolFollower(database, HERE), a_desk()
    seq, pool, versions = follower.at()
    with database.reading() as reading:
        stored = load.referral(reading, HERE, ReferralRef("R1"))
    assert stored is not None
    policy = desk.policies.pick(None, desk.today)
    found = why_not(stored.record, HomeRef(home), pool, policy, desk.today)
    one = OneHome(found, policy, desk.today, versions[HomeRef(home)], seq)
    return database.transact(lambda w: show_one(w, desk, who, stored, one))


def test_the_last_home_can_be_overridden(database: Database) -> None:
    """Whatever the list names, each of many homes out by a rule of the policy can be held once it was asked about."""
    store(database, BEHIND)
    listed = see(database, "R1")
    unlisted = []
    for home in BEHIND:
        without_reason = a_choice(listed, "R1", home.ref, override=("available_by",), why=Why())
        try:  # nothing is held so: it only says whether the list knows the home
            database.transact(partial(hold, desk=a_desk(), who=OFFICER, choice=without_reason))
        except NotSeen:
            unlisted.append(home)
        except Invalid:
            continue
    assert unlisted, "the list ends before the homes do"
    home = unlisted[-1]
    shown = ask(database, home.ref)
    assert shown is not None
    choice = a_choice(shown, "R1", home.ref, override=("available_by",), why=BECAUSE)
    with pytest.raises(Invalid):  # with a reason alone
        database.transact(lambda w: hold(w, a_desk(), OFFICER, replace(choice, why=Why())))
    placement = database.transact(lambda w: hold(w, a_desk(), OFFICER, choice))
    assert (placement.home, placement.overridden) == (home.ref, ("available_by",))


def test_a_home_out_by_law_is_not_to_be_chosen(lite: Database) -> None:
    """It is explained, and gives nothing to decide with."""
    store(lite, [a_home(ref="H3", terms=some_terms(age_max=5)), a_home(ref="H4", available_from=LATE, places=0)])
    assert ask(lite, "H3") is None
    assert ask(lite, ONE_PLACE.ref) is not None


def test_a_home_that_is_allowed_keeps_its_rank(lite: Database) -> None:
    """The first of the list needs no reason either way; any other needs one either way."""
    second = ask(lite, "H2")
    assert second is not None
    with pytest.raises(Invalid):
        lite.transact(lambda w: hold(w, a_desk(), OFFICER, a_choice(second, "R1", "H2", why=Why())))
    first = ask(lite, ONE_PLACE.ref)
    assert first is not None
    placement = lite.transact(lambda w: hold(w, a_desk(), OFFICER, a_choice(first, "R1", ONE_PLACE.ref, why=Why())))
    assert (placement.rank, placement.reason_code) == (1, None)


def test_it_is_one_persons_and_of_one_moment(database: Database) -> None:
    """No system is given any, a colleague cannot use it, and who came to the home since then is told."""
    assert ask(database, ONE_PLACE.ref, CASE_SYSTEM) is None
    shown = ask(database, "H2")
    assert shown is not None
    choice = a_choice(shown, "R1", "H2", why=BECAUSE)
    with pytest.raises(NotSeen):
        database.transact(lambda w: hold(w, a_desk(), COLLEAGUE, choice))
    with pytest.raises(NotSeen):
        database.transact(lambda w: hold(w, a_desk(), OFFICER, replace(choice, home=ONE_PLACE.ref)))
    held(database, "R2", "H2")
    with pytest.raises(FactsChanged):
        database.transact(lambda w: hold(w, a_desk(), OFFICER, choice))
    assert live_claims(database) == 1
