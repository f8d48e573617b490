"""Parties as columns: children of one referral who would live in the same home.

Children are judged one by one; on the party only what concerns it as a whole is judged.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from app.matching.child_columns import NOWHERE, ChildTable
from app.matching.codes import KeepTogether
from app.matching.columns import BoolArray, IntArray, Table, column
from app.matching.referral import ChildRef, Referral


@dataclass(frozen=True, slots=True)
class Party:
    """Which children (rows of the `ChildTable`, ascending) of which referral."""

    referral: Referral
    members: tuple[int, ...]


@dataclass(frozen=True)
class Parties(Table):
    """Columns of n parties."""

    size: IntArray = column(np.int16, lambda p: len(p.members))
    is_whole: BoolArray = column(np.bool_, lambda p: len(p.members) == len(p.referral.children))
    keep_together: IntArray = column(np.uint8, lambda p: p.referral.keep_together.position)
    has_siblings: BoolArray = column(np.bool_, lambda p: len(p.referral.children) > 1)


@dataclass(frozen=True, slots=True)
class PartyLists:
    """What concerns the party as a whole: rows of homes, and whether its children must part.

    `exempt_rows`: an exemption names every child of the party. `all_sibling_rows`: everybody
    fostered there is a brother or sister of every child of the party. `family_rows`: a brother or sister lives there.
    `named_rows`: the approval names every child of the party. `apart_rows`: somebody lives there from whom
    a child of the party must live apart. `is_rest`: brothers and sisters with whom they are to stay have a place
    already; `together_rows`: all of them have it there. `others_rows`: where all children of the referral live who must
    stay with the party and are not of it, and those have their place who are in it no more. `must_part`: two children
    of the party must live apart. `fostered_here`: by child of the party, where it is among those who are fostered
    there already; who is nowhere is left out.
    """

    exempt_rows: IntArray
    all_sibling_rows: IntArray
    family_rows: IntArray
    named_rows: IntArray
    apart_rows: IntArray
    is_rest: bool
    together_rows: IntArray
    others_rows: IntArray
    must_part: bool
    fostered_here: tuple[IntArray, ...]


@dataclass(frozen=True, slots=True)
class PartyTable:
    """n parties ready to be judged. `member_rows[offsets[i]:offsets[i + 1]]` are the children of party i."""

    parties: tuple[Party, ...]
    columns: Parties
    lists: tuple[PartyLists, ...]
    member_rows: IntArray
    offsets: IntArray

    @classmethod
    def build(cls, parties: Sequence[Party], children: ChildTable) -> PartyTable:
        """A table of these parties, in the order given."""
        sizes = [len(party.members) for party in parties]
        return cls(
            parties=tuple(parties),
            columns=Parties.from_records(parties),
            lists=tuple(_lists(party, children) for party in parties),
            member_rows=np.array([row for party in parties for row in party.members], dtype=np.int64),
            offsets=np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64),
        )

    def __len__(self) -> int:
        return len(self.parties)


def whole_parties(children: ChildTable) -> tuple[Party, ...]:
    """One party a referral: all of its children together."""
    parties: list[Party] = []
    start = 0
    while start < len(children.entries):
        referral = children.entries[start].referral
        stop = start + len(referral.children)
        parties.append(Party(referral, tuple(range(start, stop))))
        start = stop
    return tuple(parties)


def named_parties(children: ChildTable, named: Collection[ChildRef] | None) -> tuple[Party, ...]:
    """One party a referral: those of its children who are named, or all of them where nobody is."""
    whole = whole_parties(children)
    if named is None:
        return whole
    of = [tuple(row for row in party.members if children.entries[row].child.ref in named) for party in whole]
    return tuple(Party(party.referral, members) for party, members in zip(whole, of, strict=True) if members)


def parts(party: Party) -> tuple[Party, ...]:
    """Every part of a party, itself included: every set of its children that is not empty."""
    n = len(party.members)
    return tuple(
        Party(party.referral, tuple(m for i, m in enumerate(party.members) if chosen >> i & 1))
        for chosen in range(1, 1 << n)
    )


def must_stay_together(party: Party) -> bool:
    """Whether the referral forbids to part its children."""
    return party.referral.keep_together is KeepTogether.REQUIRED


def _lists(party: Party, children: ChildTable) -> PartyLists:
    own = [children.lists[row] for row in party.members]
    people = [children.entries[row].child for row in party.members]
    return PartyLists(
        exempt_rows=reduce(np.intersect1d, [child.exempt_rows for child in own]),
        all_sibling_rows=reduce(np.intersect1d, [child.all_sibling_rows for child in own]),
        family_rows=reduce(np.union1d, [child.family_rows for child in own]),
        named_rows=reduce(np.intersect1d, [child.named_rows for child in own]),
        apart_rows=reduce(np.union1d, [child.apart_rows for child in own]),
        is_rest=own[0].is_rest,
        together_rows=own[0].together_rows,
        others_rows=others_rows(party, children) if must_stay_together(party) else NOWHERE,
        must_part=any(a.ref in b.live_apart_from for a in people for b in people),
        fostered_here=tuple(child.fostered_rows for child in own if len(child.fostered_rows)),
    )


def others_rows(party: Party, children: ChildTable) -> IntArray:
    """The home where all the others of the referral live; nowhere where there are none, or one may live elsewhere.

    Nor where brothers and sisters who are in the referral no more have a place elsewhere.
    """
    everybody = party.referral.children
    if len(party.members) == len(everybody):
        return NOWHERE
    refs = [child.ref for child in everybody]
    start = party.members[0] - refs.index(children.entries[party.members[0]].child.ref)
    rows = set(range(start, start + len(refs))) - set(party.members)
    lived_in = [children.lists[row].current_rows for row in rows]
    if {tuple(at) for at in lived_in} != {tuple(lived_in[0][:1])}:
        return NOWHERE
    own = children.lists[party.members[0]]
    return np.intersect1d(lived_in[0], own.together_rows) if own.is_rest else lived_in[0]
