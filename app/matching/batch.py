"""All waiting referrals together: from records to the optimiser's arrays, and its choice back to people.

Everything a rule or criterion says of one party and one home is worked out by `assess`. What concerns several
parties at once is handed on as it is defined in `problem`: places and the fostering limit counted over
everybody, arrivals, people who may not share a home, pins, budget, and the local target.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from app.matching.allowed_pairs import allowed_pairs
from app.matching.assess import Question
from app.matching.child_columns import ChildTable
from app.matching.codes import FOSTERING_KINDS, KeepTogether, LivingCompanions
from app.matching.columns import IntArray
from app.matching.home_columns import Homes
from app.matching.party_columns import Party, PartyTable
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.problem import NO_HOME, AllowedPairs, LocalTarget, Problem, TargetMode
from app.matching.referral import ChildRef, HomeRef, Referral
from app.matching.rules.fostering_limit import FOSTERING_CODES, USUAL_LIMIT
from app.matching.rules.harm import reach
from app.matching.rules.masks import is_kind
from app.matching.splits import parts_of

KEY = b"placement"
PERMILLE_TO_10000 = 10
ANOTHER_CHILD = 63
"""Bit of `poses`: every newcomer is another child, whom some newcomers must not meet."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """These children, to this home: last night's proposal, or a pin; or a home that is ruled out for each of them."""

    children: frozenset[ChildRef]
    home: HomeRef


def in_order(pairs: Iterable[Proposed]) -> tuple[Proposed, ...]:
    """Each pair once, in an order of their own: where two clash, the order in which they were told decides nothing."""
    return tuple(sorted(set(pairs), key=lambda pair: (sorted(pair.children), pair.home)))


@dataclass(frozen=True)
class Night:
    """What a run works on. `local_placed` and `total_placed` describe the caseload that the target counts.

    `home_price`: reserve price in points of one place in a home. `pinned` names parties and homes that must be
    chosen; `excluded` homes that none of these children may go to, alone or in any party; `declined` homes that an
    officer or a provider declined for all of these children together, on records that have not changed since: no
    party with all of them goes there, unless a person pins it. `under_way`: children who have a place already; they
    are in no referral.
    """

    referrals: tuple[Referral, ...]
    pool: Pool
    policy: Policy
    as_of: date
    local_placed: int = 0
    total_placed: int = 0
    last: tuple[Proposed, ...] = ()
    pinned: tuple[Proposed, ...] = ()
    excluded: tuple[Proposed, ...] = ()
    declined: tuple[Proposed, ...] = ()
    home_price: Mapping[HomeRef, int] = field(default_factory=dict)
    weekly_budget_pence: int | None = None
    under_way: frozenset[ChildRef] = frozenset()


@dataclass(frozen=True, slots=True)
class Batch:
    """The arrays, and what is needed to read a choice: rows of `question` are those of the problem.

    declined: indices of the pairs that are excluded because they were declined before.
    """

    night: Night
    question: Question
    problem: Problem
    declined: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def proposed(self, pair: int) -> Proposed:
        """The party and home of a pair of the problem."""
        party = int(np.searchsorted(self.problem.pairs.start, pair, side="right")) - 1
        names = (self.question.children.entries[row].child.ref for row in self.question.parties.parties[party].members)
        return Proposed(frozenset(names), self.question.pool.records[self.problem.pairs.home[pair]].ref)


class CannotPin(ValueError):
    """A pinned pair is not allowed by the rules, or names children who are not a party."""


def batch(night: Night, threads: int = 1) -> Batch:
    """Judge every party against every home and pose the night's problem.

    Referrals are taken in the order of their references, so nothing depends on the order they came in.
    Raises `CannotPin`.
    """
    referrals = tuple(sorted(night.referrals, key=lambda referral: referral.ref))
    children = ChildTable.build(referrals, night.pool, night.as_of)
    parties = tuple(_parties(referrals))
    question = Question(children, PartyTable.build(parties, children), night.pool, night.policy)
    pairs = allowed_pairs(question, threads)
    row_of = {_names(question, party): row for row, party in enumerate(parties)}
    homes = night.pool.columns
    free = (homes.places - homes.residents - homes.places_held).astype(np.int32)
    poses, harmed_by = _harm(question)
    conflicts = _apart(question)
    pinned = _pairs_of(night.pinned, row_of, night.pool, pairs)
    declined = np.setdiff1d(_declined(night, row_of, pairs), pinned)
    problem = Problem(
        child_key=_keys(entry.child.ref for entry in children.entries),
        child_referral=np.repeat(
            np.arange(len(referrals), dtype=np.int32), [len(referral.children) for referral in referrals]
        ),
        placing_points=np.array([_placing(entry.referral, night) for entry in children.entries], dtype=np.int64),
        separated_pair=np.array([_separated(referral, night.policy) for referral in referrals], dtype=np.int64),
        party_key=_keys("\x00".join(sorted(names)) for names in row_of),
        party_start=question.parties.offsets.astype(np.int64),
        party_child=question.parties.member_rows.astype(np.int32),
        home_key=_keys(home.ref for home in night.pool.records),
        places=np.maximum(free, 0),
        shared_places=_shared(homes, free),
        arrivals=_arrivals(night),
        home_price=np.array([night.home_price.get(home.ref, 0) for home in night.pool.records], dtype=np.int64),
        pairs=pairs,
        poses=poses,
        harmed_by=harmed_by,
        conflict_parties=conflicts,
        conflict_home=np.full(len(conflicts), NO_HOME, dtype=np.int32),
        unchanged_home=_unchanged(night, row_of),
        unchanged_points=night.policy.changed_proposal,
        pinned=pinned,
        excluded=np.union1d(_ruled_out(night, row_of, pairs), declined),
        weekly_budget_pence=night.weekly_budget_pence,
        local=_target(night),
    )
    return Batch(night, question, problem, declined)


def _parties(referrals: Sequence[Referral]) -> Iterator[Party]:
    start = 0
    for referral in referrals:
        whole = Party(referral, tuple(range(start, start + len(referral.children))))
        yield whole
        if referral.keep_together is not KeepTogether.REQUIRED:
            yield from parts_of(whole)
        start += len(referral.children)


def _names(question: Question, party: Party) -> frozenset[ChildRef]:
    return frozenset(question.children.entries[row].child.ref for row in party.members)


def _keys(texts: Iterator[str] | Sequence[str]) -> IntArray:
    """Keyed hashes: they decide between equals, so that no reference ever favours anybody."""
    digests = [hashlib.blake2b(text.encode(), digest_size=8, key=KEY).digest() for text in texts]
    return np.array([int.from_bytes(digest, "big") for digest in digests], dtype=np.uint64)


def _placing(referral: Referral, night: Night) -> int:
    needed = (referral.needed_by - night.as_of).days
    return night.policy.placing.reward(needed, (night.as_of - referral.waiting_since).days)


def _separated(referral: Referral, policy: Policy) -> int:
    return policy.separated_pair if referral.keep_together is KeepTogether.PREFERRED else 0


def _shared(homes: Homes, free: IntArray) -> IntArray:
    """Places where newcomers of several referrals may be together: the fostering limit counts everybody.

    A place that is held is somebody's to come.
    """
    fostering = is_kind(homes.kind, FOSTERING_KINDS) | is_kind(homes.place_code, FOSTERING_CODES)
    limited = np.where(fostering, np.minimum(free, USUAL_LIMIT - homes.fostered_residents - homes.places_held), free)
    return np.maximum(limited, 0).astype(np.int32)


def _arrivals(night: Night) -> IntArray:
    arrivals = night.policy.arrivals
    fostering = np.isin(night.pool.columns.kind, [k.position for k in FOSTERING_KINDS])
    return np.where(fostering, arrivals.foster, arrivals.residential).astype(np.int32)


def _target(night: Night) -> LocalTarget:
    target = night.policy.target
    caseload = target.counts == "caseload"
    return LocalTarget(
        mode=TargetMode.HARD if target.hard else TargetMode.ELASTIC,
        floor_per_10000=target.floor_permille * PERMILLE_TO_10000,
        ambition_per_10000=target.ambition_permille * PERMILLE_TO_10000,
        floor_price=max(target.floor_price, target.ambition_price),
        ambition_price=target.ambition_price,
        existing_local=night.local_placed if caseload else 0,
        existing_total=night.total_placed if caseload else 0,
    )


def _harm(question: Question) -> tuple[IntArray, IntArray]:
    """What each party could do to others who arrive, and what it could come to harm by, as bits.

    The table of `safe_for_residents` is used both ways. Where that rule blocks what is not known, newcomers
    about whom it is not known are kept apart too. A child whose plan limits its companions does not arrive
    together with anybody else.
    """
    columns, policy = question.children.columns, question.policy
    setting = policy.setting_of("safe_for_residents")
    poses = np.zeros(len(columns), dtype=np.uint64)
    harmed = np.zeros(len(columns), dtype=np.uint64)
    if setting.enabled:
        risks = columns.risks | columns.risks_not_known if setting.blocks else columns.risks
        poses |= reach(setting.params, risks).astype(np.uint64)
        harmed |= columns.vulnerabilities.astype(np.uint64)
        if setting.blocks:
            harmed[~columns.vulnerabilities_known] |= np.uint64(0xFFFF)
    another = np.uint64(1) << np.uint64(ANOTHER_CHILD)
    poses |= another
    if policy.setting_of("living_companions").enabled:
        limits = (LivingCompanions.SOLO, LivingCompanions.ONLY_OLDER, LivingCompanions.ONLY_YOUNGER)
        harmed[np.isin(columns.companions, [limit.position for limit in limits])] |= another
    table = question.parties
    if not len(table):
        return poses[:0], harmed[:0]
    starts = table.offsets[:-1]
    return (
        np.bitwise_or.reduceat(poses[table.member_rows], starts),
        np.bitwise_or.reduceat(harmed[table.member_rows], starts),
    )


def _apart(question: Question) -> IntArray:
    """Parties of different referrals with children who must live apart, each pair once."""
    with_child: dict[ChildRef, list[int]] = {}
    for row, party in enumerate(question.parties.parties):
        for member in party.members:
            with_child.setdefault(question.children.entries[member].child.ref, []).append(row)
    found = set()
    for entry in question.children.entries:
        for other in entry.child.live_apart_from:
            for a in with_child[entry.child.ref]:
                for b in with_child.get(other, ()):
                    if question.parties.parties[a].referral.ref != question.parties.parties[b].referral.ref:
                        found.add((min(a, b), max(a, b)))
    return np.array(sorted(found), dtype=np.int32).reshape(-1, 2)


def _unchanged(night: Night, row_of: Mapping[frozenset[ChildRef], int]) -> IntArray:
    homes = np.full(len(row_of), NO_HOME, dtype=np.int32)
    for proposed in sorted(night.last, key=lambda one: one.home):  # in whatever order they are told
        row, home = row_of.get(proposed.children), night.pool.row_of.get(proposed.home)
        if row is not None and home is not None:
            homes[row] = home
    return homes


def _pairs_of(
    wanted: Sequence[Proposed], row_of: Mapping[frozenset[ChildRef], int], pool: Pool, pairs: AllowedPairs
) -> IntArray:
    found = set()
    for proposed in wanted:
        row, home = row_of.get(proposed.children), pool.row_of.get(proposed.home)
        pair = None if row is None or home is None else _pair(pairs, row, home)
        if pair is None:
            raise CannotPin("a pinned home is not allowed for its children; look at why-not for the rule")
        found.add(pair)
    return np.array(sorted(found), dtype=np.int64)


def _ruled_out(night: Night, row_of: Mapping[frozenset[ChildRef], int], pairs: AllowedPairs) -> IntArray:
    """Every pair of an excluded home and a party with one or more of the children for whom it is excluded.

    Who may not go there does not go there with a brother or sister either, nor without one.
    """
    rows: dict[ChildRef, list[int]] = {}
    for names, row in row_of.items() if night.excluded else ():
        for child in names:
            rows.setdefault(child, []).append(row)
    found = set[int | None]()
    for excluded in night.excluded:
        home = night.pool.row_of.get(excluded.home)
        own = [row for child in excluded.children for row in rows.get(child, ())]
        found.update(_pair(pairs, row, home) for row in own if home is not None)
    return np.array(sorted(pair for pair in found if pair is not None), dtype=np.int64)


def unless_pinned(declined: Iterable[Proposed], pinned: Sequence[Proposed]) -> tuple[Proposed, ...]:
    """What was declined, without what a person wants all the same."""
    return tuple(
        one for one in declined if not any(pin.home == one.home and one.children <= pin.children for pin in pinned)
    )


def was_declined(night: Night, proposed: Proposed) -> bool:
    """Whether this home was declined for all or some of these children."""
    return any(one.home == proposed.home and one.children <= proposed.children for one in night.declined)


def _declined(night: Night, row_of: Mapping[frozenset[ChildRef], int], pairs: AllowedPairs) -> IntArray:
    """Every pair of a home and a party with all of the children for whom it was declined.

    Who was refused alone goes there with nobody; who was refused together may still go there alone.
    """
    found = set[int | None]()
    for one in night.declined:
        home = night.pool.row_of.get(one.home)
        own = [row for names, row in row_of.items() if one.children <= names] if home is not None else []
        found.update(_pair(pairs, row, home) for row in own if home is not None)
    return np.array(sorted(pair for pair in found if pair is not None), dtype=np.int64)


def _pair(pairs: AllowedPairs, row: int, home: int) -> int | None:
    """The pair of a party and a home; None where the rules do not allow it."""
    start, stop = int(pairs.start[row]), int(pairs.start[row + 1])
    at = start + int(np.searchsorted(pairs.home[start:stop], home))
    return at if at < stop and pairs.home[at] == home else None
