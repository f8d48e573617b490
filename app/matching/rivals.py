"""Company: which pairs of one home can be chosen together, and how much the dearest such choice counts."""

from __future__ import annotations

import numpy as np

from app.matching.problem import Flags, Int64s
from app.matching.terms import Terms, conflicting, party_of

MOST_LOOKS = 200_000
"""So many beginnings of a company are looked at; beyond, nothing is known."""


class TooManyToSay(ValueError):
    """A set of rivals is too large to be looked through."""


def get_on(terms: Terms, home: int, parties: Int64s) -> Flags:
    """Which of some parties may live in this home together, room apart; bool (n, n), False on the diagonal."""
    one, other = np.triu_indices(parties.size, 1)
    apart = terms.referral[parties[one]] == terms.referral[parties[other]]
    apart |= conflicting(terms.problem, terms.edges, parties[one], parties[other], np.full(one.size, home))
    together = np.zeros((parties.size, parties.size), np.bool_)
    together[one, other] = ~apart
    return together | together.T


def heaviest_company(weight: Int64s, use: Int64s, together: Flags, room: int, guests: int) -> int:
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
            if looks > MOST_LOOKS:
                raise TooManyToSay("a set of rivals is too large")
            left, own = room - int(use[guest]), int(weight[guest])
            rest = possible[spot + 1 :]
            rest = rest[together[guest, rest] & (use[rest] <= left)]
            more = fill(rest, left, guests - 1, max(best - own, 0)) if rest.size and guests > 1 else 0
            best = max(best, own + more)
        return best

    return fill(np.arange(weight.size), room, guests, 0)


def counts_at_most(terms: Terms, pairs: Int64s, limit: int) -> bool:
    """Whether the pairs are of one home, and no company of theirs counts more than the limit.

    A pair counts as often as it is listed.
    """
    pair, weight = np.unique(pairs, return_counts=True)
    homes = terms.problem.pairs.home[pair]
    if not pair.size or (homes != homes[0]).any():
        return not pair.size
    home, party = int(homes[0]), party_of(terms.problem, pair)
    use = np.minimum(terms.size[party], terms.full[home])
    room, guests = int(terms.capacity[home]), int(terms.arrivals[home])
    try:
        return heaviest_company(weight.astype(np.int64), use, get_on(terms, home, party), room, guests) <= limit
    except TooManyToSay:
        return False
