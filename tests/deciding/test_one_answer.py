"""Who must live apart and who must stay together: list, hold and night give one answer, whatever is on record.

Small worlds in which several records tell of the same people, some of them late: what homes list, the caseload, the
referrals themselves, and moves that were made here. Nobody who asks may see another half of it than the others.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from app.deciding import facts
from app.deciding.accepting import accept
from app.deciding.desk import Why
from app.deciding.judging import judge
from app.deciding.living import end, place
from app.errors import PlacementError
from app.geo.grid import Location
from app.matching.assess import assess_block
from app.matching.batch import Night, Proposed
from app.matching.codes import HomeKind, KeepTogether
from app.matching.living_apart import siblings_known
from app.matching.night_check import check_night
from app.matching.placed import Placed
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.recheck import recheck
from app.matching.referral import Child, ChildAsKnown, ChildRef, HomeRef, PlacedSibling, Referral, ReferralRef
from app.matching.shortlist import blocking, question_for
from app.matching.why_not import why_not
from app.rematch.reading import load_snapshot
from app.rematch.snapshot import snapshot_bytes, snapshot_of
from app.runs.workplace import night_for
from app.settings import PROJECT
from app.store import caseload, living_apart, load
from app.store.follower import PoolFollower
from app.store.run_records import RunOptions
from app.store.session import Database
from app.store.under_way import waiting_referral
from app.store.versions import Precondition
from tests.support.builders import AS_OF, NOTTINGHAM, a_child, a_home, a_referral, a_resident
from tests.support.deciding import HERE, OFFICER, a_desk, do, held
from tests.support.nights import a_workplace, store

WORLDS = 12
RULES = frozenset({"live_apart", "siblings_together"})
CHILDREN = tuple(ChildRef(f"C{n}") for n in range(1, 5))
STRANGER = ChildRef("Z1")
PEOPLE = (*CHILDREN, STRANGER)
HOMES = tuple(HomeRef(f"H{n}") for n in range(1, 4))
PLACES = {ref: Location(459000 + 9000 * n, 342000 + 4000 * n, NOTTINGHAM) for n, ref in enumerate(HOMES)}
KINDS = dict(zip(HOMES, (HomeKind.FOSTER, HomeKind.FOSTER, HomeKind.CHILDRENS_HOME), strict=True))
POLICIES = PROJECT / "policies"


class Answer(NamedTuple):
    """The rules that keep a party out of a home; where none does, what the home is worth to it."""

    rules: frozenset[str]
    points: int


@cache
def _policy() -> Policy:
    """Under which everybody here is judged."""
    desk = a_desk()
    return desk.policies.pick(None, desk.today)


@dataclass(slots=True)
class Seen:
    """What the worlds had in them, so that a law about nothing is noticed."""

    asked: int = 0
    kept_out: int = 0
    known_apart: int = 0
    known_siblings: int = 0
    moved: int = 0


def _some(rng: Random, people: Collection[ChildRef], often: float) -> frozenset[ChildRef]:
    return frozenset(one for one in people if rng.random() < often)


def _child(rng: Random, ref: ChildRef, beside: Collection[ChildRef], together: KeepTogether) -> Child:
    """`beside`: who waits in the same referral, and is no brother or sister that is placed."""
    free = {ref, *beside} if together is KeepTogether.REQUIRED else {ref}
    siblings = _some(rng, [one for one in PEOPLE if one not in beside], 0.3)
    homes = (None, None, *HOMES, HomeRef("H-else"))
    return a_child(
        ref=ref,
        live_apart_from=_some(rng, [one for one in PEOPLE if one not in free], 0.15),
        current_home=rng.choice((None, None, *HOMES)),
        placed_siblings=tuple(PlacedSibling(one, rng.choice(homes)) for one in sorted(siblings)),
    )


def _referrals(rng: Random) -> dict[str, tuple[ChildRef, ...]]:
    """Who waits with whom: the fourth child is not always sent."""
    cut = rng.choice(((1, 1, 1, 1), (1, 1, 2), (2, 1, 1), (1, 3), (1, 1, 1), (2, 2)))
    people = iter(CHILDREN)
    return {f"R{n}": tuple(next(people) for _ in range(size)) for n, size in enumerate(cut)}


def _tell(rng: Random, database: Database, ref: str, children: Collection[ChildRef]) -> None:
    together = rng.choice((KeepTogether.REQUIRED, KeepTogether.REQUIRED, KeepTogether.PREFERRED))
    people = tuple(_child(rng, one, children, together) for one in children)
    since = rng.choice((AS_OF, AS_OF + timedelta(days=1)))  # another home may be looked for who moved in today
    asked = a_referral(*people, ref=ReferralRef(ref), keep_together=together, waiting_since=since)
    store(database, [], [asked])


def _list_them(rng: Random, database: Database) -> None:
    """What the homes list, late or not; some of those who live there must live apart from somebody themselves."""
    homes = []
    for ref in HOMES:
        there = [
            a_resident(ref=one, live_apart_from=_some(rng, CHILDREN, 0.05)) for one in sorted(_some(rng, PEOPLE, 0.12))
        ]
        homes.append(a_home(ref=ref, kind=KINDS[ref], location=PLACES[ref], places=6, residents=tuple(there)))
    with suppress(PlacementError):
        store(database, homes)


def _caseload(rng: Random, database: Database) -> None:
    child, home = rng.choice(PEOPLE), rng.choice((None, *HOMES))
    with database.writing() as writing:
        known = caseload.one(writing, HERE, child)
        precondition = Precondition(exists=True) if known else Precondition()
        caseload.save_placed(writing, HERE, Placed(child, home=home), precondition)


def _place(rng: Random, database: Database, ref: str, *, ends: bool = False) -> int:
    """Hold a home, and mostly go on with it, to its end or not; nothing where a rule of the day is in the way."""
    taken = rng.choice((1, 2, 3, 3, 3))
    with suppress(PlacementError):
        placement = held(database, ref, rng.choice(HOMES))
        if taken > 1:
            placement = do(database, accept, OFFICER, placement)
        if taken > 2:
            placement = do(database, place, OFFICER, placement, AS_OF)
            if ends:
                do(database, end, OFFICER, placement, Why(rng.choice(("CARPL", "E4A"))), ended_on=AS_OF, planned=True)
            return 1
    return 0


def _fill(rng: Random, database: Database) -> tuple[str, ...]:
    """A world, told bit by bit; its referrals, and how many moves were made stands in the last."""
    waiting = _referrals(rng)
    store(database, [a_home(ref=ref, kind=KINDS[ref], location=PLACES[ref], places=6) for ref in HOMES])
    for ref, children in waiting.items():
        _tell(rng, database, ref, children)
    moved = _place(rng, database, rng.choice(list(waiting))) if rng.random() < 0.8 else 0
    for _ in range(5):
        what = rng.choice(("home", "caseload", "caseload", "referral", "place", "stay"))
        ref = rng.choice(list(waiting))
        if what == "home":
            _list_them(rng, database)
        elif what == "caseload":
            _caseload(rng, database)
        elif what == "referral":
            with suppress(PlacementError):
                _tell(rng, database, ref, waiting[ref])
        else:
            moved += _place(rng, database, ref, ends=what == "stay")
    return (*waiting, str(moved))


def _in_all(referral: Referral, pool: Pool, named: Collection[ChildRef]) -> dict[HomeRef, Answer]:
    """By home, as the engine of a list and of a night answers over all homes at once."""
    policy = _policy()
    question = question_for(referral, pool, policy, AS_OF, named=named)
    block = assess_block(question, 0, 1)
    bits, points = blocking(block, policy), block.points[0]
    rows = enumerate(pool.records)
    return {home.ref: Answer(frozenset(policy.rule_codes(int(bits[at]))), int(points[at])) for at, home in rows}


def _held(database: Database, ref: str, home: HomeRef, named: Collection[ChildRef]) -> Answer:
    """As whoever holds the home is answered."""
    desk = a_desk()
    with database.reading() as reading:
        referral = facts.waiting_referral(reading, desk, ReferralRef(ref))
        stored = load.home(reading, HERE, home)
        assert stored is not None
        found = judge(reading, desk, referral, stored, named, _policy())
    return Answer(frozenset(found.blocked_by), 0 if found.blocked_by else found.points)


def _parties(referral: Referral) -> Iterator[frozenset[ChildRef]]:
    people = [child.ref for child in referral.children]
    yield frozenset(people)
    if len(people) > 1:
        yield from (frozenset({one}) for one in people)


def _listed(database: Database, ref: str) -> Referral | None:
    """The referral as a list judges it, of those who wait; None where nobody of it does."""
    with database.reading() as reading:
        waiting = waiting_referral(reading, HERE, ReferralRef(ref))
    assert waiting is not None
    if {one.child for one in waiting.places} & {child.ref for child in waiting.referral.record.children}:
        return None
    return living_apart.judged_alone(database, HERE, waiting.referral.record, waiting.feared_by)


def _checked(night: Night, referral: Referral, home: HomeRef, said: Answer) -> None:
    """The second looks at a proposal, which rest on other code, say the same of the whole party."""
    made = [Proposed(frozenset(child.ref for child in referral.children), home)]
    (verdict,) = recheck(night, made)
    assert RULES & set(verdict.rules) == RULES & said.rules
    faults = [one for one in check_night(night, made) if referral.ref in one]
    assert any("have a place elsewhere" in one for one in faults) == ("siblings_together" in said.rules)
    assert any("live_apart" in one for one in faults) == ("live_apart" in said.rules)


def test_whoever_asks_is_told_the_same(laid_out_sqlite: Path, tmp_path: Path) -> None:
    """Of each party that waits and each home: the list, a why-not, a hold, the night, its checks and its replay."""
    seen = Seen()
    for seed in range(WORLDS):
        path = tmp_path / f"{seed}.db"
        shutil.copyfile(laid_out_sqlite, path)
        database = Database.open(f"sqlite:///{path}")
        try:
            _one_world(Random(seed), database, seen, f"world {seed}")
        finally:
            database.close()
    enough = (seen.asked > 100, seen.kept_out > 40, seen.known_apart > 10, seen.known_siblings > 5, seen.moved > 5)
    assert all(enough), seen


def _one_world(rng: Random, database: Database, seen: Seen, which: str) -> None:
    *refs, moved = _fill(rng, database)
    seen.moved += int(moved)
    pool = PoolFollower(database, HERE).pool()
    night = night_for(a_workplace(database), RunOptions(), AS_OF)
    again = load_snapshot(snapshot_bytes(snapshot_of(night, POLICIES)), POLICIES, Path("/nowhere")).night
    at_night = {one.ref: one for one in night.referrals}
    replayed = {one.ref: one for one in again.referrals}
    for ref in refs:
        if (referral := _listed(database, ref)) is None:
            continue
        seen.known_apart += any(isinstance(one, ChildAsKnown) and bool(one.live_apart_at) for one in referral.children)
        seen.known_siblings += any(siblings_known(one) for one in referral.children)
        by_night = at_night.get(referral.ref)
        for party in _parties(referral):
            listed = _in_all(referral, pool, party)
            for home, said in listed.items():
                where = which, ref, sorted(party), home
                assert (where, _held(database, ref, home, party)) == (where, said)
                seen.asked += 1
                seen.kept_out += bool(RULES & said.rules)
            if by_night is None or {one.ref for one in by_night.children} != {one.ref for one in referral.children}:
                continue
            assert (which, ref, _in_all(by_night, night.pool, party)) == (which, ref, listed)
            assert (which, ref, _in_all(replayed[referral.ref], again.pool, party)) == (which, ref, listed)
            if len(party) == len(referral.children):
                for home, said in listed.items():
                    _checked(night, by_night, home, said)
        home, everybody = rng.choice(HOMES), [child.ref for child in referral.children]
        one = why_not(referral, home, pool, _policy(), AS_OF)
        assert frozenset(one.explanation.blocked_by) == _in_all(referral, pool, everybody)[home].rules
