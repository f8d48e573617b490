"""Company: which pairs of one home can be chosen together, and how much the dearest such choice counts."""

from __future__ import annotations

import numpy as np

from app.matching.problem import Flags, Int64s
from app.matching.terms import Terms, conflicting, party_of

MOST_LOOKS = 200_000
"""So many beginnings of a company are looked at; beyond, nothing is known."""

TOGETHER = 256
"""Parties that are compared with all others at once."""


class TooManyToSay(ValueError):
    """A set of rivals is too large to be looked through."""


def may_meet(terms: Terms, home: int, ones: Int64s, others: Int64s) -> Flags:
    """Which of some parties may live in this home together with which others, room apart; bool (ones, others)."""
    one, other = ones[:, None], others[None, :]
    apart = terms.referral[one] == terms.referral[other]
    together: Flags = ~(apart | conflicting(terms.problem, terms.edges, one, other, np.full(apart.shape, home)))
    return together


def get_on(terms: Terms, home: int, parties: Int64s) -> Flags:
    """Which of some parties may live in this home together, room apart; bool (n, n), False on the diagonal."""
    return may_meet(terms, home, parties, parties)


def heaviest_company(
    weight: Int64s, use: Int64s, together: Flags, room: int, guests: int, most_looks: int = MOST_LOOKS
) -> int:
    """The greatest total weight of guests who all get on, fit into the room and are not too many.

    weight (not negative), use: int64 (n). Raises `TooManyToSay` where there is too much to look through.
    """
    if room <= 0 or guests <= 0:
        return 0
    order = np.argsort(-weight, kind="stable")
    order = order[use[order] <= room]
    weight, use, together = weight[order], use[order], together[np.ix_(order, order)]
    if guests == 1 or room == 1:
        return int(weight.max(initial=0))
    looks = 0

    def fill(possible: Int64s, room: int, guests: int, least: int) -> int:
        """The best that those still possible add, if it is more than `least`."""
        nonlocal looks
        best = least
        for spot, guest in enumerate(possible.tolist()):
            if int(weight[guest]) * min(guests, possible.size - spot) <= best:
                break
            looks += 1
            if looks > most_looks:
                raise TooManyToSay("a set of rivals is too large")
            left, own = room - int(use[guest]), int(weight[guest])
            rest = possible[spot + 1 :]
            rest = rest[together[guest, rest] & (use[rest] <= left)]
            more = fill(rest, left, guests - 1, max(best - own, 0)) if rest.size and guests > 1 else 0
            best = max(best, own + more)
        return best

    return fill(np.arange(weight.size), room, guests, 0)


def counts_at_most(terms: Terms, pairs: Int64s, weights: Int64s, limit: int, most_looks: int = MOST_LOOKS) -> bool:
    """Whether the pairs are of one home, and no company of theirs weighs more than the limit.

    weights: of each pair, not negative; those of a pair that is listed twice are added. Where it would take more looks
    to say so, it is not said.
    """
    pair, place = np.unique(pairs, return_inverse=True)
    weight = np.zeros(pair.size, np.int64)
    np.add.at(weight, place, weights)
    homes = terms.problem.pairs.home[pair]
    if not pair.size or (homes != homes[0]).any():
        return not pair.size
    home, party = int(homes[0]), party_of(terms.problem, pair)
    use = np.minimum(terms.size[party], terms.full[home])
    room, guests = int(terms.capacity[home]), int(terms.arrivals[home])
    if limit == 1 or min(room, guests) <= 2:
        return int(weight.max()) <= limit and not _two_beyond(terms, home, party, (weight, use), limit)
    try:
        return heaviest_company(weight, use, get_on(terms, home, party), room, guests, most_looks) <= limit
    except TooManyToSay:
        return False


def _two_beyond(terms: Terms, home: int, party: Int64s, counted: tuple[Int64s, Int64s], limit: int) -> bool:
    """Whether two of them who can live in this home together count more than the limit.

    counted: what each counts, and the places that each takes.
    """
    weight, use = counted
    if int(terms.arrivals[home]) < 2 or int(terms.capacity[home]) < 2:
        return False
    order = np.argsort(-weight, kind="stable")
    party, weight, use = party[order], weight[order], use[order]
    for begin in range(0, int((2 * weight > limit).sum()), TOGETHER):
        some = slice(begin, begin + TOGETHER)
        others = slice(begin, int(np.searchsorted(-weight, weight[begin] - limit)))
        beyond = weight[some, None] + weight[None, others] > limit
        beyond &= use[some, None] + use[None, others] <= terms.capacity[home]
        if (beyond & may_meet(terms, home, party[some], party[others])).any():
            return True
    return False
