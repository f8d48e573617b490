"""Whether the home is suitable for the child's disabilities and ways of communicating."""

from __future__ import annotations

import numpy as np

from app.matching.codes import Communication, Disability
from app.matching.criteria.ranges import between
from app.matching.finding import FULL, Facts, Score, code_set
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion, NoParams


def judge(pairs: ChildPairs, _params: NoParams) -> Score:
    """The share of the child's disability and communication codes that the home supports.

    What a home that says nothing of disabilities supports is not known. A child whose own disabilities are
    not known has a share that is not known.
    """
    child, home = pairs.child, pairs.home
    needed = np.bitwise_count(child.disabilities) + np.bitwise_count(child.communication)
    applies = (needed > 0) | ~child.disabilities_known
    met = np.bitwise_count(child.disabilities & home.disabilities)
    could_meet = np.where(home.disabilities_known, met, np.bitwise_count(child.disabilities))
    understood = np.bitwise_count(child.communication & home.communication)
    whole = np.maximum(needed, 1).astype(np.int32)
    least = (met + understood).astype(np.int32) * FULL // whole
    most = (could_meet + understood).astype(np.int32) * FULL // whole

    def facts() -> Facts:
        said = child.disabilities_known & home.disabilities_known
        return {
            "disabilities": code_set(child.disabilities, Disability),
            "communication": code_set(child.communication, Communication),
            "unmet": code_set(np.where(said, child.disabilities & ~home.disabilities, 0), Disability),
            "unmet_communication": code_set(child.communication & ~home.communication, Communication),
            "not_known": code_set(np.where(said, 0, child.disabilities), Disability),
        }

    return between(
        np.where(child.disabilities_known, least, np.int32(0)),
        np.where(child.disabilities_known, most, np.int32(FULL)),
        applies=applies,
        facts=facts,
    )


DISABILITY = Criterion(
    code="disability",
    says="Suitable for the child's disabilities and ways of communicating",
    because="The child's disabilities: {disabilities:list}[; ways of communicating: {communication:list}]"
    "[; not supported: {unmet:list}][; ways of communicating not supported: {unmet_communication:list}]"
    "[; not known whether supported: {not_known:list}]",
    source="Children Act 1989 s22C(8)(d); Equality Act 2010 s149",
    when_full="Supports every disability and way of communicating that is named",
    judge=judge,
    statutory=True,
)
