"""What a run's proposals rest on, kept so that whoever decides is told by name what is another since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from app.deciding import kept
from app.matching.assess import Question
from app.matching.batch import Night
from app.matching.child_columns import ChildTable
from app.matching.explain import explain
from app.matching.home import Home
from app.matching.night_report import Proposal
from app.matching.party_columns import Party, PartyTable
from app.matching.referral import ChildRef
from app.store.proposals import proposal_id

Grounds: TypeAlias = dict[tuple[ChildRef, ...], dict[str, Any]]
"""By the children of a proposal."""


def grounds_of(run_id: str, night: Night, made: Sequence[Proposal]) -> Grounds:
    """What was so of each of these proposals of a night, as the run read it: `app.deciding.kept`, one by one."""
    if not made:
        return {}
    waiting = {referral.ref: referral for referral in night.referrals}
    mine = {proposal.referral: waiting[proposal.referral] for proposal in made}
    table = ChildTable.build(tuple(mine.values()), night.pool, night.as_of)
    row_of = {entry.child.ref: row for row, entry in enumerate(table.entries)}
    parties = [Party(mine[one.referral], tuple(sorted(row_of[child] for child in one.children))) for one in made]
    question = Question(table, PartyTable.build(parties, table), night.pool, night.policy)
    found: Grounds = {}
    for n, one in enumerate(made):
        (told,) = explain(question, n, np.array([night.pool.row_of[one.home]]))
        referral, home = mine[one.referral], _beside(night.pool.record(one.home), one)
        people = [child for child in referral.children if child.ref in one.children]
        salt = proposal_id(run_id, one.children)
        found[one.children] = kept.was_so(salt, night.as_of, home, referral, people, told)
    return found


def _beside(home: Home, proposal: Proposal) -> Home:
    """The home with everybody else: a provider may list children before they are there."""
    others = tuple(resident for resident in home.residents if resident.ref not in proposal.children)
    return replace(home, residents=others)
