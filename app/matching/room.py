"""How far a home is from having room: what the rule about free places alone does not tell."""

from __future__ import annotations

import numpy as np

from app.matching.assess import Question
from app.matching.columns import BoolArray, IntArray
from app.matching.policy import Policy
from app.matching.rules.usable_places import USABLE_PLACES


def more_places_missing(question: Question, bits: IntArray) -> IntArray:
    """Places missing for the first party beyond the first, where the rule about places is one of those in the way.

    `bits`: the mask of the rules that keep each home out.
    """
    homes = question.pool.columns
    free = homes.places.astype(np.int64) - homes.residents - homes.places_held
    missing = int(question.parties.columns.size[0]) - free
    more: IntArray = np.where(_out_by_places(question.policy, bits), np.maximum(missing - 1, 0), 0)
    return more


def never_large_enough(question: Question, bits: IntArray) -> BoolArray:
    """Homes out by the rule about places that would be so even if nobody lived there: registered for too few."""
    too_small: BoolArray = question.pool.columns.places < question.parties.columns.size[0]
    return too_small & _out_by_places(question.policy, bits)


def _out_by_places(policy: Policy, bits: IntArray) -> BoolArray:
    bit = sum(setting.bit for setting in policy.rules if setting.rule is USABLE_PLACES)
    there: BoolArray = (bits & np.uint32(bit)) != 0
    return there
