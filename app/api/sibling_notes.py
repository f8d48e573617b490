"""What a list should say of a child sent alone that must stay with brothers and sisters who are placed.

Of one whose home nobody knows the rule cannot speak; where they live in several homes, it is met in none.
"""

from __future__ import annotations

from app.documents.places import Note
from app.matching.child_columns import homes_of
from app.matching.codes import KeepTogether
from app.matching.pool import Pool
from app.matching.referral import Referral, Rest

FIELD = "referral.children[0].placed_siblings"

NOT_KNOWN = (
    "The child must stay with brothers and sisters who are placed, and of {count} of them nobody knows in which of the "
    "homes that are stored they live: siblings_together says nothing of those. Check it before you decide; have the "
    "referral sent with the `home` of each, or the caseload."
)
SEVERAL = (
    "The child must stay with brothers and sisters who are placed, and these live in several homes by the records: the "
    "rule siblings_together is met in none. Where one of the records is old, have it sent as it is now."
)


def sibling_notes(referral: Referral, pool: Pool) -> list[Note]:
    """Nothing of a referral of several children, of one left of several, or that may be parted."""
    alone = len(referral.children) == 1 and not isinstance(referral, Rest)
    if not alone or referral.keep_together is not KeepTogether.REQUIRED:
        return []
    (child,) = referral.children
    each_at = [homes_of(child, sibling, pool) for sibling in child.placed_siblings]
    said = [SEVERAL] if len(frozenset().union(*each_at)) > 1 else []
    missing = sum(not homes for homes in each_at)
    said += [NOT_KNOWN.format(count=missing)] if missing else []
    return [Note(FIELD, one) for one in said]
