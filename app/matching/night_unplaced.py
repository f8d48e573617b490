"""Why children have no proposal tonight: no home by the rules, homes that others fill, or a limit of the night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from app.matching.columns import IntArray
from app.matching.listed import Shortlist
from app.matching.night_limits import target_of
from app.matching.night_reading import Reading
from app.matching.night_report import Unplaced, WhyHere, WhyNone
from app.matching.referral import HomeRef, Referral, ReferralRef
from app.matching.shortlist import shortlist

LOST_AMONG = 3
"""Of so many of the best homes it is told who got them."""
FREE_AMONG = 100
"""So many of the best homes with room are asked what speaks against them."""

_BARRED = {
    WhyHere.PLACES: WhyNone.PLACES,
    WhyHere.ARRIVALS: WhyNone.ARRIVALS,
    WhyHere.MAY_NOT_SHARE: WhyNone.MAY_NOT_SHARE,
    WhyHere.SIBLINGS: WhyNone.SIBLINGS,
}
NOBODY = -1
_Reason = tuple[WhyNone, int | None, list[int]]
"""Why; the home with room, if there is one; the chosen pairs that are in the way."""


@dataclass(frozen=True, slots=True)
class _Group:
    """A referral with children who wait: every party of it by its members, and who waits."""

    parties: Mapping[frozenset[int], int]
    waiting: frozenset[int]


def unplaced(reading: Reading) -> tuple[Unplaced, ...]:
    """Everybody without a proposal, by referral."""
    parties = reading.batch.question.parties.parties
    placed = {row for party in reading.party for row in parties[int(party)].members}
    missing: dict[ReferralRef, list[int]] = {}
    for row, entry in enumerate(reading.batch.question.children.entries):
        if row not in placed:
            missing.setdefault(entry.referral.ref, []).append(row)
    groups: dict[ReferralRef, dict[frozenset[int], int]] = {}
    for party, record in enumerate(parties):
        if record.referral.ref in missing:
            groups.setdefault(record.referral.ref, {})[frozenset(record.members)] = party
    return tuple(_one(reading, rows, groups[ref]) for ref, rows in sorted(missing.items()))


def _one(reading: Reading, rows: Sequence[int], groups: Mapping[frozenset[int], int]) -> Unplaced:
    """`groups`: every party of the referral by its members."""
    batch, pairs = reading.batch, reading.batch.problem.pairs
    referral = batch.question.children.entries[rows[0]].referral
    none = np.zeros(0, dtype=np.int64)
    every = np.concatenate([none, *(reading.by_rules(party) for who, party in groups.items() if who <= set(rows))])
    own = every[~reading.excluded(every)]
    own = own[np.argsort(-pairs.points[own], kind="stable")]
    allowed = np.unique(pairs.home[own])
    out = np.setdiff1d(pairs.home[every], allowed)
    declined = np.intersect1d(out, pairs.home[every[reading.declined(every)]])
    barred = WhyNone.DECLINED if len(declined) == len(out) else WhyNone.EXCLUDED
    why, free, others = _reason(
        reading, own, barred if len(every) else WhyNone.NO_HOME, _Group(groups, frozenset(rows))
    )
    stuck = None if len(every) else _stuck(reading, referral, rows)
    return Unplaced(
        referral=referral.ref,
        children=tuple(batch.question.children.entries[row].child.ref for row in rows),
        why=why,
        homes_allowed=len(allowed),
        homes_excluded=len(out) - len(declined),
        best_home=_named(reading, int(pairs.home[own[0]]) if len(own) else None),
        free_home=_named(reading, free),
        lost_to=_winners(reading, own, others, referral.ref),
        out_by_rule=stuck.out_by_rule if stuck else {},
        not_known_by_rule=stuck.not_known_by_rule if stuck else {},
        near_misses=stuck.near_misses if stuck else (),
        relaxations=stuck.relaxations if stuck else (),
        splits_if_parted=stuck.splits_if_parted if stuck else (),
        homes_together=int((_parties(reading, own) == groups.get(frozenset(rows), NOBODY)).sum()),
        homes_declined=tuple(sorted(reading.home_ref(int(home)) for home in declined)),
    )


def _stuck(reading: Reading, referral: Referral, rows: Sequence[int]) -> Shortlist:
    """What keeps every home from them; brothers and sisters who have a proposal need no home any more.

    They are taken by reference, so that their order in the referral makes no other report.
    """
    night, entries = reading.batch.night, reading.batch.question.children.entries
    children = sorted((entries[row].child for row in rows), key=lambda child: child.ref)
    left = replace(referral, children=tuple(children))
    return shortlist(left, night.pool, night.policy, night.as_of, k=1)


def _named(reading: Reading, home: int | None) -> HomeRef | None:
    return None if home is None else reading.home_ref(home)


def _reason(reading: Reading, own: IntArray, barred: WhyNone, group: _Group) -> _Reason:
    """A home with room is what an officer would ask about first, before all that of brothers and sisters.

    Only then who is in the way at the best home. `barred`: why it is, where no pair is open to them.
    """
    if not len(own):
        return barred, None, []
    free = np.fromiter(islice(reading.with_room(own), FREE_AMONG), dtype=np.int64)
    beside = _along(reading, group)
    if beside is not None and (not len(free) or _gain(reading, *beside) >= int(_worth(reading, free).max())):
        return _limit(reading, np.array([beside[0]], dtype=np.int64), beside[1])
    if len(free):
        return _limit(reading, free, None)
    problem = reading.batch.problem
    party, home = _party(reading, int(own[0])), int(problem.pairs.home[own[0]])
    bar = reading.bar(party, home)
    if bar is None:
        return _limit(reading, own[:1], None)
    why, others = bar
    return (
        _beside_siblings(reading, party, others[0], group.parties)
        if why is WhyHere.SIBLINGS
        else (_BARRED[why], None, others)
    )


def _along(reading: Reading, group: _Group) -> tuple[int, int] | None:
    """The best pair with room in which some who wait go along with brothers and sisters, and whose place that is."""
    problem, found = reading.problem, []
    for whole, party in group.parties.items():
        left = whole - group.waiting
        guest = group.parties.get(left)
        j = reading.place_of.get(guest) if guest is not None and left != whole else None
        if j is None:
            continue
        own = reading.own_pairs(party)
        if int(reading.solution.chosen[j]) not in reading.pinned:
            own = own[problem.pairs.home[own] == reading.home[j]]
            found += [(int(pair), j) for pair in reading.with_room(own, (j,))]
    return max(found, key=lambda each: _gain(reading, *each), default=None)


def _gain(reading: Reading, pair: int, j: int) -> int:
    """What a pair is worth more than a chosen one whose children it takes in, before reserve prices and the target."""
    both = _worth(reading, np.array([pair, reading.solution.chosen[j]], dtype=np.int64))
    return int(both[0] - both[1])


def _beside_siblings(reading: Reading, party: int, there: int, groups: Mapping[frozenset[int], int]) -> _Reason:
    """Brothers and sisters go to the best home: what keeps the party from going along with them."""
    problem, parties = reading.batch.problem, reading.batch.question.parties.parties
    home, guest = int(reading.home[there]), int(reading.party[there])
    together = groups.get(frozenset(parties[party].members) | frozenset(parties[guest].members))
    every = np.zeros(0, dtype=np.int64) if together is None else reading.by_rules(together)
    pair = every[problem.pairs.home[every] == home]
    if together is None or not len(pair) or int(reading.solution.chosen[there]) in problem.pinned:
        return WhyNone.SIBLINGS, None, []
    if reading.excluded(pair).any():
        return WhyNone.DECLINED if reading.declined(pair).any() else WhyNone.EXCLUDED, None, []
    bar = reading.bar(together, home, (there,))
    if bar is None:
        return _limit(reading, pair, there)
    why, others = bar
    return _BARRED[why], None, [] if why is WhyHere.SIBLINGS else others


def _limit(reading: Reading, free: IntArray, leaving: int | None) -> _Reason:
    """What speaks against pairs with room, the best first; `leaving`: a chosen pair that each would take in."""
    codes = _limits(reading, free, leaving)
    at = codes.index(WhyNone.OPEN) if WhyNone.OPEN in codes else 0
    return codes[at], int(reading.batch.problem.pairs.home[free[at]]), []


def _limits(reading: Reading, free: IntArray, leaving: int | None) -> list[WhyNone]:
    """For each pair with room: what would happen to the night if it were chosen as well.

    The worth, the budget and the local target are those of `problem`, of one more pair.
    """
    problem = reading.batch.problem
    pairs, gone = problem.pairs, np.array([] if leaving is None else [reading.solution.chosen[leaving]], dtype=np.int64)
    size = np.diff(problem.party_start)
    more = size[_parties(reading, free)] - size[_parties(reading, gone)].sum()
    local = pairs.local_children[free].astype(np.int64) - pairs.local_children[gone].sum(dtype=np.int64)
    worth = _worth(reading, free) - _worth(reading, gone).sum()
    price = more * problem.home_price[pairs.home[free]]
    missed, toll = target_of(reading, local, more)
    over = np.zeros(len(free), dtype=np.bool_)
    if problem.weekly_budget_pence is not None:
        kept = reading.spent - pairs.weekly_fee_pence[gone].sum(dtype=np.int64)
        over = kept + pairs.weekly_fee_pence[free] > problem.weekly_budget_pence
    order = (WhyNone.BUDGET, WhyNone.LOCAL_TARGET, WhyNone.OPEN, WhyNone.LOCAL_TARGET, WhyNone.RESERVED)
    tests = (over, missed, worth - price - toll > 0, worth - price > 0, worth > 0)
    return [
        next((why for why, test in zip(order, tests, strict=True) if test[at]), WhyNone.TRADE_OFF)
        for at in range(len(free))
    ]


def _worth(reading: Reading, pairs: IntArray) -> IntArray:
    """Worth of each pair before reserve prices and the local target."""
    problem, terms = reading.batch.problem, reading.terms
    again = problem.unchanged_points * np.isin(pairs, terms.unchanged)
    worth: IntArray = terms.base[_parties(reading, pairs)] + problem.pairs.points[pairs] + again
    return worth


def _winners(reading: Reading, own: IntArray, others: Sequence[int], ref: ReferralRef) -> tuple[ReferralRef, ...]:
    """Of other referrals: whoever keeps the party out of one of the best homes."""
    found = set(others)
    for pair in own[:LOST_AMONG].tolist():
        bar = reading.bar(_party(reading, pair), int(reading.batch.problem.pairs.home[pair]))
        found.update(bar[1] if bar else ())
    return tuple(sorted({reading.referral(int(reading.party[j])) for j in found} - {ref}))


def _parties(reading: Reading, pairs: IntArray) -> IntArray:
    party: IntArray = np.searchsorted(reading.batch.problem.pairs.start, pairs, side="right") - 1
    return party


def _party(reading: Reading, pair: int) -> int:
    return int(np.searchsorted(reading.batch.problem.pairs.start, pair, side="right")) - 1
