"""What a run's proposals rest on, kept so that whoever decides is told by name what is another since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, TypeAlias

import numpy as np

from app.deciding import kept
from app.matching.assess import judge_rules
from app.matching.batch import Night
from app.matching.child_columns import ChildTable
from app.matching.explain import Outcome, PairExplanation, RuleFinding
from app.matching.home import Home
from app.matching.night_report import Proposal
from app.matching.pairs import child_list, party_list
from app.matching.party_columns import Party, PartyTable
from app.matching.policy import Policy
from app.matching.referral import ChildRef
from app.matching.unit import Level
from app.store.proposals import proposal_id

Grounds: TypeAlias = dict[tuple[ChildRef, ...], dict[str, Any]]
"""By the children of a proposal."""


def grounds_of(run_id: str, night: Night, made: Sequence[Proposal]) -> Grounds:
    """What was so of each of these proposals of a night, as the run read it: `app.deciding.kept`, one by one."""
    waiting = {referral.ref: referral for referral in night.referrals}
    found: Grounds = {}
    for one, rules in zip(made, _answers(night, made), strict=True):
        referral, home = waiting[one.referral], _beside(night.pool.record(one.home), one)
        people = [child for child in referral.children if child.ref in one.children]
        told = PairExplanation(one.home, one.children, tuple(rules), ())
        was_so = kept.was_so(proposal_id(run_id, one.children), night.as_of, home, referral, people, told)
        found[one.children] = was_so | {"points": one.points}
    return found


def _beside(home: Home, proposal: Proposal) -> Home:
    """The home with everybody else: a provider may list children before they are there."""
    others = tuple(resident for resident in home.residents if resident.ref not in proposal.children)
    return replace(home, residents=others)


def _answers(night: Night, made: Sequence[Proposal]) -> list[list[RuleFinding]]:
    """What each rule answers of each of them, of several children the worst; without the facts. All at once."""
    if not made:
        return []
    waiting = {referral.ref: referral for referral in night.referrals}
    mine = {proposal.referral: waiting[proposal.referral] for proposal in made}
    table = ChildTable.build(tuple(mine.values()), night.pool, night.as_of)
    row_of = {entry.child.ref: row for row, entry in enumerate(table.entries)}
    groups = [tuple(sorted(row_of[child] for child in one.children)) for one in made]
    groups_of = [Party(mine[one.referral], rows) for one, rows in zip(made, groups, strict=True)]
    parties, policy, pool = PartyTable.build(groups_of, table), night.policy, night.pool
    homes = np.array([pool.row_of[one.home] for one in made])
    sizes, starts = np.diff(parties.offsets), parties.offsets[:-1]
    members = np.array(list(chain.from_iterable(groups)))
    pairs = child_list(table, pool, policy.local, members, np.repeat(homes, sizes))
    whole = party_list(parties, pool, policy.local, np.arange(len(made)), homes)
    of_child, of_party = (
        judge_rules(asked, policy.rules_of(level)) for asked, level in ((pairs, Level.CHILD), (whole, Level.PARTY))
    )
    failed, not_known = (
        np.bitwise_or.reduceat(child, starts) | party for child, party in zip(of_child, of_party, strict=True)
    )
    return [list(_found(policy, int(out), int(open_))) for out, open_ in zip(failed, not_known, strict=True)]


def _found(policy: Policy, failed: int, not_known: int) -> Iterable[RuleFinding]:
    for setting in policy.rules:
        said = Outcome.MET if setting.enabled else Outcome.OFF
        if setting.bit & failed:
            said = Outcome.NOT_MET
        elif setting.bit & not_known:
            said = Outcome.NOT_KNOWN
        yield RuleFinding(setting.rule.code, said, False, setting.rule.statutory, None, {})
