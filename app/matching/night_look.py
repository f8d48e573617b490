"""Proposals looked up in the records, and their pairs with the homes, for whoever checks them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.matching.batch import Night, Proposed
from app.matching.child_columns import ChildTable
from app.matching.columns import IntArray
from app.matching.home import Home
from app.matching.pairs import ChildPairs, PartyPairs, child_list, party_list
from app.matching.party_columns import Party, PartyTable
from app.matching.referral import Child, ChildRef, Referral


@dataclass(frozen=True, slots=True)
class Guest:
    """One proposal with its records."""

    referral: Referral
    children: tuple[Child, ...]
    home: Home


@dataclass(frozen=True, slots=True)
class GuestPairs:
    """Each child, and each party, of some guests with the home proposed; `offsets[i]`: the first child of guest i."""

    children: ChildPairs
    parties: PartyPairs
    offsets: IntArray


def guests_of(night: Night, proposals: Sequence[Proposed]) -> list[Guest]:
    """The records of each proposal. Raises `LookupError` saying which are not there."""
    waiting = {child.ref: referral for referral in night.referrals for child in referral.children}
    return [_look_up(night, waiting, proposed) for proposed in proposals]


def _look_up(night: Night, waiting: Mapping[ChildRef, Referral], proposed: Proposed) -> Guest:
    referral = waiting.get(min(proposed.children, default=ChildRef("")))
    if referral is None:
        raise LookupError(f"{_named(proposed)} names children who are not waiting")
    children = tuple(child for child in referral.children if child.ref in proposed.children)
    if len(children) != len(proposed.children):
        raise LookupError(f"{_named(proposed)} names children of more than one referral")
    if proposed.home not in night.pool.row_of:
        raise LookupError(f"{_named(proposed)} names a home that is not in the pool")
    return Guest(referral, children, night.pool.record(proposed.home))


def _named(proposed: Proposed) -> str:
    return f"the pair of {', '.join(sorted(proposed.children)) or 'nobody'} and home {proposed.home}"


def pairs_of(night: Night, guests: Sequence[Guest]) -> GuestPairs:
    """These pairs and no others; there must be a guest."""
    referrals = {guest.referral.ref: guest.referral for guest in guests}
    children = ChildTable.build(tuple(referrals.values()), night.pool, night.as_of)
    row_of = {entry.child.ref: row for row, entry in enumerate(children.entries)}
    parties = PartyTable.build(
        [Party(guest.referral, tuple(row_of[child.ref] for child in guest.children)) for guest in guests], children
    )
    homes = np.array([night.pool.row_of[guest.home.ref] for guest in guests])
    everyone = np.repeat(homes, np.diff(parties.offsets))
    local = night.policy.local
    return GuestPairs(
        child_list(children, night.pool, local, parties.member_rows, everyone),
        party_list(parties, night.pool, local, np.arange(len(guests)), homes),
        parties.offsets,
    )
