"""Only the first of today's list under the policy in effect is chosen without a word, whatever else was looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.deciding import seeing
from app.deciding.accepting import accept
from app.deciding.answering import withdraw
from app.deciding.desk import Desk, Why
from app.deciding.holding import hold
from app.errors import Invalid, NotSeen, RulesNotMet
from app.matching.referral import HomeRef, ReferralRef
from app.matching.shortlist import shortlist
from app.runs.working import run_now
from app.store import load, proposals
from app.store.follower import PoolFollower
from app.store.placement_records import Placement, State
from app.store.policies import PolicyBook
from app.store.session import Database
from tests.support.builders import AS_OF, a_home
from tests.support.deciding import BECAUSE, HERE, OFFICER, a_choice, do, held, look_at, policies
from tests.support.nights import a_workplace, store, wanted

IN_EFFECT = policies().pick(None, AS_OF)
NONE = Why()
OTHERS = sorted(version for version in policies().policies if version != IN_EFFECT.version)


def _seen(database: Database, desk: Desk, version: str | None = None, as_of: date | None = None) -> tuple[str, str]:
    """Look at a list of R1 as of a day and under a policy; the id to decide with, and the first home of the list."""
    follower = PoolFollower(database, HERE)
    seq, pool, versions = follower.at()
    with database.reading() as reading:
        stored = load.referral(reading, HERE, ReferralRef("R1"))
    assert stored is not None
    day = as_of or desk.today
    found = shortlist(stored.record, pool, desk.policies.pick(version, day), day, k=50)
    shown = database.transact(lambda w: seeing.show_shortlist(w, desk, OFFICER, stored, found, versions, seq))
    assert shown is not None
    return shown, found.options[0].explanation.home


def _held(database: Database, desk: Desk, seen: str, home: str, why: Why = NONE) -> Placement:
    choice = a_choice(seen, "R1", home, why=why)
    return database.transact(lambda writing: hold(writing, desk, OFFICER, choice))


def _desk(book: PolicyBook | None = None, today: date = AS_OF) -> Desk:
    return Desk(HERE, book or policies(), today)


def _refused(database: Database, desk: Desk, seen: str, home: str, why: Why = NONE) -> list[str]:
    with pytest.raises(Invalid) as caught:
        _held(database, desk, seen, home, why)
    return [problem.field for problem in caught.value.problems]


def test_the_first_of_today_needs_no_reason(database: Database) -> None:
    """Also where the policy in effect was asked for by its name."""
    desk = _desk()
    seen, home = _seen(database, desk, IN_EFFECT.version)
    assert _held(database, desk, seen, home).reason_code is None


@pytest.mark.parametrize("days", [-400, -30, -1, 1])
def test_the_first_of_another_day_needs_one(database: Database, days: int) -> None:
    """Whether it would be the first today or not: nobody has shown that."""
    desk = _desk()
    seen, home = _seen(database, desk, IN_EFFECT.version, AS_OF + timedelta(days=days))
    assert _refused(database, desk, seen, home) == ["reason"]
    assert _held(database, desk, seen, home, BECAUSE).reason_code == BECAUSE.code


@pytest.mark.parametrize("version", OTHERS)
def test_the_first_under_another_policy_needs_one(database: Database, version: str) -> None:
    """Each of the shipped ones."""
    desk = _desk()
    seen, home = _seen(database, desk, version)
    assert _refused(database, desk, seen, home) == ["reason"]
    assert _held(database, desk, seen, home, BECAUSE).reason_code == BECAUSE.code


def test_a_laxer_policy_opens_no_home(database: Database) -> None:
    """What the policy in effect forbids is overridden on its own list, with a second person, and never around it."""
    late = a_home(ref=HomeRef("H9"), places=1, available_from=AS_OF + timedelta(days=300))
    store(database, [late], [])
    rules = tuple(replace(one, enabled=one.enabled and one.rule.code != "available_by") for one in IN_EFFECT.rules)
    lax = replace(IN_EFFECT, version="lax", series="lax", sha256="1" * 64, rules=rules)
    desk = _desk(PolicyBook({**policies().policies, "lax": lax}))
    seen, _ = _seen(database, desk, "lax")
    with pytest.raises(RulesNotMet) as caught:
        _held(database, desk, seen, late.ref, BECAUSE)
    assert [problem.field for problem in caught.value.problems] == ["rules.available_by"]
    on_its_own, _ = _seen(database, desk)
    choice = replace(a_choice(on_its_own, "R1", late.ref, why=BECAUSE), override=("available_by",))
    placement = database.transact(lambda writing: hold(writing, desk, OFFICER, choice))
    assert placement.overridden == ("available_by",)


def test_a_look_at_a_placement_is_no_list(lite: Database) -> None:
    """It was the first when it was held; whether it still is, a look at the placement does not show."""
    desk = _desk()
    seen, home = _seen(lite, desk)
    before = _held(lite, desk, seen, home)
    looked = look_at(lite, before)
    do(lite, withdraw, OFFICER, before, Why("PLANS"))
    assert _refused(lite, desk, looked, home) == ["reason"]


def test_where_no_policy_is_in_effect_every_choice_takes_a_reason(lite: Database) -> None:
    """There is no list then that is today's."""
    later = {name: one for name, one in policies().policies.items() if one.series != IN_EFFECT.series}
    desk = _desk(PolicyBook(later))
    version = min(later)
    seen, home = _seen(lite, desk, version)
    assert _refused(lite, desk, seen, home) == ["reason"]
    assert _held(lite, desk, seen, home, BECAUSE).policy_version == version


def _run_shown(database: Database, days: int = 0, policy: str | None = None) -> tuple[str, str]:
    """What a run as of a day and under a policy proposed for R1 is looked at; the id to decide with, and the home."""
    day = AS_OF + timedelta(days=days)
    run = run_now(a_workplace(database), wanted(as_of=day, business_date=day, policy=policy))
    with database.reading() as reading:
        made = proposals.of_run(reading, HERE, run.id)
    (mine,) = [one for one in made if one.proposal.referral == "R1"]
    shown = database.transact(lambda writing: seeing.show_proposal(writing, _desk(), OFFICER, mine))
    assert shown is not None
    return shown, mine.proposal.home


@pytest.mark.parametrize(
    ("days", "policy", "is_todays"), [(0, None, True), (-1, None, True), (1, None, False), (0, OTHERS[0], False)]
)
def test_what_a_run_proposed(database: Database, days: int, policy: str | None, *, is_todays: bool) -> None:
    """Of a run up to today under the policy in effect it takes no words; of another its own code is no reason."""
    seen, home = _run_shown(database, days, policy)
    if not is_todays:
        by_run = Why("proposed_by_run", "The run of that day proposed this home for the child.")
        assert _refused(database, _desk(), seen, home) == ["reason"]
        assert _refused(database, _desk(), seen, home, by_run) == ["reason.code"]
    why = NONE if is_todays else BECAUSE
    assert _held(database, _desk(), seen, home, why).reason_code == why.code


def test_a_look_at_another_placement_is_none_at_this(lite: Database) -> None:
    """Each is decided on after a look at itself, also where both are of the same child and home."""
    before = held(lite, "R1", "H1")
    looked = look_at(lite, before)
    do(lite, withdraw, OFFICER, before, Why("PLANS"))
    mine = held(lite, "R1", "H1")
    with pytest.raises(NotSeen):
        do(lite, accept, OFFICER, mine, looked)
    assert do(lite, accept, OFFICER, mine, look_at(lite, mine)).state is State.ACCEPTED
