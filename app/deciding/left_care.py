"""Whose time in care ended while a place was pursued for them: nobody goes on with it before they are sent again.

A move is begun while the child lives elsewhere. Where that placement then ends with leaving care (the child is at home,
or has died), the old referral asks for nothing any more, however often it is sent; only another search does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.deciding import cures
from app.deciding.desk import Desk
from app.errors import FieldProblem, ReferralAnswered
from app.matching.referral import ChildRef
from app.store.answered import Ended, ended_for
from app.store.placement_records import Placement
from app.store.session import Reading
from app.store.stays import left_without_referral

LEFT = (
    "Placement {end.placement} of this child ended on {end.ended_on} with leaving care ({end.reason}), and since that"
    " was told the referral was not sent with a search that began after it."
)


def of_party(party: Sequence[ChildRef], ended: Iterable[Ended], cure: str) -> list[FieldProblem]:
    """A problem for each of them who left care. `ended`: the placements that answered the referral and have ended."""
    left = {one.child: one for one in ended if one.left_care}
    return [
        FieldProblem(f"children[{n}]", LEFT.format(end=left[child]), cure.format(day=left[child].search_from))
        for n, child in enumerate(party)
        if child in left
    ]


def of_placement(reading: Reading, desk: Desk, placement: Placement) -> list[FieldProblem]:
    """The same of a placement that is pursued, also where its referral is gone."""
    party = placement.children
    ended = ended_for(reading, desk.authority, party)
    gone = left_without_referral(reading, desk.authority, party, placement.made_at)
    return of_party(party, (*ended, *gone), cures.BACK_IN_CARE)


def require_none(reading: Reading, desk: Desk, placement: Placement) -> None:
    """Raise `ReferralAnswered` where a child of this placement left care, and no other search was sent since."""
    problems = of_placement(reading, desk, placement)
    if problems:
        raise ReferralAnswered(problems)
