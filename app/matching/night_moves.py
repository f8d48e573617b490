"""Why a proposal is not the party's own first choice, by trying it: who would have to leave, and where they could go.

The party is moved to its first choice, given where everybody else goes. Where there is room, a limit of the night
speaks against it. Where there is none, whoever is in the way is moved to the best other home with room: either they
lose at least what the party gains, or again a limit speaks against the exchange, and then the limit is the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product

import numpy as np

from app.matching.night_limits import Move, against, gain
from app.matching.night_reading import Tonight
from app.matching.night_report import WhyHere

MOST_LEAVING = 3
"""Where more others would have to leave at once, that is the reason."""
MOST_WAYS = 8
"""So many of the best ways for the others to go elsewhere are asked which limit speaks against them."""


@dataclass(frozen=True, slots=True)
class Why:
    """The reason: the first limit or what is in the way; further limits that bind as well; who, by position.

    loss: the least points that those who must leave would give up together; None: there is no room for them.
    """

    code: WhyHere
    besides: tuple[WhyHere, ...] = ()
    others: tuple[int, ...] = ()
    must_leave: int = 0
    loss: int | None = None


@dataclass(frozen=True, slots=True)
class _Way:
    """An exchange: who leaves, by position, where to, and what they lose by it."""

    who: tuple[int, ...]
    loss: int | None
    move: Move


def why_here(tonight: Tonight, i: int, first: int) -> Why:
    """What stands between a chosen pair, by position, and the party's first choice."""
    pair = int(tonight.solution.chosen[i])
    if pair in tonight.pinned:
        return Why(WhyHere.PINNED)
    if first == pair:
        return Why(WhyHere.FIRST_CHOICE)
    if tonight.problem.excluded.size and tonight.excluded(np.array([first]))[0]:
        return Why(WhyHere.EXCLUDED)
    bar = tonight.bar(int(tonight.party[i]), int(tonight.problem.pairs.home[first]), (i,))
    if bar is None:
        return _by_limit(tonight, [_Way((), None, Move((i,), (first,)))])
    return _others(tonight, i, first, bar[0])


def _others(tonight: Tonight, i: int, first: int, code: WhyHere) -> Why:
    """The first choice has no room: what speaks against an exchange with those who are in the way."""
    party, home = int(tonight.party[i]), int(tonight.problem.pairs.home[first])
    leaving = _must_leave(tonight, party, home)
    if not leaving:
        guests = tonight.guests.get(home, ())
        return Why(WhyHere.TRADE_OFF if guests else code, (), guests, min(len(guests), MOST_LEAVING + 1))
    ways = [way for who in leaving for way in _ways(tonight, i, first, who)]
    paying = [way for way in ways if gain(tonight, way.move) > 0]
    paying += [way for way in _together(tonight, i, home) if gain(tonight, way.move) > 0]
    if paying:
        return _by_limit(tonight, paying)
    best = min(ways, key=lambda way: way.loss or 0, default=None)
    others = tuple(sorted({j for who in leaving for j in who}))
    least = min(map(len, leaving)) if best is None else len(best.who)
    return Why(code, (), others, least, None if best is None else best.loss)


def _by_limit(tonight: Tonight, ways: Sequence[_Way]) -> Why:
    """Of the ways that would gain points: the one that the fewest limits speak against."""
    found = [(against(tonight, way.move), way) for way in ways]
    limits, way = min(found, key=lambda each: (len(each[0]), each[1].loss or 0))
    code, *besides = limits or (WhyHere.OPEN,)
    return Why(code, tuple(besides), way.who, len(way.who), way.loss)


def _must_leave(tonight: Tonight, party: int, home: int) -> list[tuple[int, ...]]:
    """The smallest sets of guests without whom there is room for the party; none: it would take too many."""
    guests = tonight.guests.get(home, ())
    found: list[tuple[int, ...]] = []
    for count in range(1, min(len(guests), MOST_LEAVING) + 1):
        for who in combinations(guests, count):
            if any(set(smaller) <= set(who) for smaller in found):
                continue
            stay = [int(tonight.party[j]) for j in guests if j not in who]
            if tonight.fit(home, [party, *stay]):
                found.append(who)
    return found


def _ways(tonight: Tonight, i: int, first: int, who: tuple[int, ...]) -> Iterator[_Way]:
    """How those who must leave could go elsewhere, the place counted in that the party would leave to them.

    No two of them need more choices each than there are of them, so the way with the least loss is always among these.
    """
    pairs, gone = tonight.problem.pairs, (i, *who)
    each = MOST_WAYS if len(who) == 1 else len(who) + 1
    elsewhere = [list(islice(_elsewhere(tonight, j, gone), each)) for j in who]
    now = sum(int(pairs.points[tonight.solution.chosen[j]]) for j in who)
    for come in product(*elsewhere):
        if _fit_together(tonight, come, gone):
            loss = now - sum(int(pairs.points[pair]) for pair in come)
            yield _Way(who, loss, Move(gone, (first, *come)))


def _elsewhere(tonight: Tonight, j: int, gone: tuple[int, ...]) -> Iterator[int]:
    """Other homes with room for a guest, the most points first."""
    pairs, own = tonight.problem.pairs, tonight.own_pairs(int(tonight.party[j]))
    own = own[pairs.home[own] != tonight.home[j]]
    return tonight.with_room(own[np.argsort(-pairs.points[own], kind="stable")], gone)


def _fit_together(tonight: Tonight, come: Sequence[int], gone: tuple[int, ...]) -> bool:
    """Whether several can go where each of them could go alone."""
    homes = [int(tonight.problem.pairs.home[pair]) for pair in come]
    for home in {home for home in homes if homes.count(home) > 1}:
        there = [int(tonight.party[j]) for j in tonight.guests.get(home, ()) if j not in gone]
        coming = [tonight.party_of(pair) for pair, where in zip(come, homes, strict=True) if where == home]
        if not tonight.fit(home, there + coming):
            return False
    return True


def _together(tonight: Tonight, i: int, home: int) -> Iterator[_Way]:
    """Where brothers and sisters go to the first choice: that the party goes along with them, and nobody leaves."""
    party, problem = int(tonight.party[i]), tonight.problem
    for j in tonight.guests.get(home, ()):
        guest = int(tonight.party[j])
        if not tonight.siblings(party, guest) or int(tonight.solution.chosen[j]) in tonight.pinned:
            continue
        whole = tonight.joined(party, guest)
        own = np.zeros(0, dtype=np.int64) if whole is None else tonight.own_pairs(whole)
        for pair in own[problem.pairs.home[own] == home].tolist():
            there = [int(tonight.party[k]) for k in tonight.guests[home] if k != j]
            if whole is not None and tonight.fit(home, [whole, *there]):
                yield _Way((), None, Move((i, j), (pair,)))
