"""Whether children are free for a place, and where one is not, by which placement and what can be done about that.

Whoever is told here may decide, and so may see the placements. A child is told by its place in the list, as everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from app.deciding import cures
from app.deciding.desk import Choice, Desk
from app.errors import ChildBeingPlaced, FieldProblem, ReferralAnswered
from app.matching.referral import ChildRef
from app.store import conflicts, load
from app.store.answered import Ended, ended_for
from app.store.placement_records import Placement, State
from app.store.session import Reading
from app.store.under_way import Place, places_of

CURES: Mapping[State, str] = {
    State.HELD: "Go on with that placement, or withdraw it first.",
    State.SENT: "Go on with that placement, or withdraw it first.",
    State.ACCEPTED: "Tell that the child moved in there, or withdraw that placement first.",
    State.PLACED: f"End that placement for the child, if it has left; for a move, have the referral sent again first, "
    f"{cures.A_MOVE}",
}
"""What can be done about a placement that a child has already."""


def require(reading: Reading, desk: Desk, choice: Choice, party: Sequence[ChildRef]) -> None:
    """Raise `ChildBeingPlaced` where one has a place, `ReferralAnswered` where one left care and was not sent anew."""
    places = {one.child: one for one in places_of(reading, desk.authority, party)}
    if places:
        raise ChildBeingPlaced(_each(reading, desk, choice, {child: _has(one) for child, one in places.items()}))
    left = {one.child: _left(one) for one in ended_for(reading, desk.authority, party) if one.left_care}
    if left:
        raise ReferralAnswered(_each(reading, desk, choice, left))


def require_left(reading: Reading, desk: Desk, placement: Placement) -> None:
    """Raise `ChildBeingPlaced` where a child of this placement still lives somewhere by another one."""
    lives = conflicts.lives_by(reading, desk.authority, placement.children, besides=placement.id)
    if lives:
        cure = (
            "End that placement first, with the day on which the child left; then tell of this move. Where brothers or"
            " sisters stay there, name in `children` of that end who left."
        )
        problems = [
            FieldProblem(
                f"children[{n}]", f"This child still lives elsewhere: placement {lives[child]} is placed.", cure
            )
            for n, child in enumerate(placement.children)
            if child in lives
        ]
        raise ChildBeingPlaced(problems)


def _has(place: Place) -> tuple[str, str]:
    if place.state is State.PLACED:
        cure = CURES[place.state].format(day=place.search_from)
        return f"This child lives by the placement {place.placement} ({place.state}).", cure
    return f"For this child the placement {place.placement} is under way ({place.state}).", CURES[place.state]


def _left(end: Ended) -> tuple[str, str]:
    said = (
        f"The child left care on {end.ended_on} ({end.reason}, placement {end.placement}), and since that was told the"
        " referral was not sent with a search that began after it."
    )
    return said, cures.SENT_AGAIN.format(day=end.search_from)


def _each(reading: Reading, desk: Desk, choice: Choice, told: Mapping[ChildRef, tuple[str, str]]) -> list[FieldProblem]:
    """A problem for each of these children, by its place in what was sent, or in the referral."""
    listed: Collection[ChildRef] = choice.children
    name = "children"
    if not listed:
        stored = load.referral(reading, desk.authority, choice.referral)
        listed = () if stored is None else tuple(child.ref for child in stored.record.children)
        name = "referral.children"
    return [FieldProblem(f"{name}[{n}]", *told[child]) for n, child in enumerate(listed) if child in told]
