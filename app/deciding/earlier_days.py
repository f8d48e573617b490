"""What nobody can tell of days that are past, where children moved in on one of them: it is told, and must be seen.

Of placements the service knows who lived where on which day, and refuses what cannot have been (`true_day`). Of others
it does not: a provider says who lives in a home, and not since when; and of whoever left, the records go. Nobody is
wronged by the truth being told late; so it is not refused, but whoever tells it has looked at what it leaves open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from app.deciding import true_day
from app.deciding.agreed import AgreedOn
from app.deciding.desk import Desk
from app.deciding.judging import Facts
from app.errors import FieldProblem
from app.matching.home import Home
from app.matching.referral import ChildRef
from app.store import stays
from app.store.placement_records import Placement, Seen, SeenOption
from app.store.session import Reading
from app.store.stays import Stay

FIELD = "moved_in_on"

DAYS_BEFORE = 5
"""A child whom the duty team moves in on the evening before Easter is recorded when the office opens again.

No day is told that is further before the acceptance.
"""

SEE_IT = (
    "If the day is right, look at this placement again, and send `seen`; a move on {until} or later does not need it."
)
ASK_WHO = "Ask who knew them whether they could live beside each other. " + SEE_IT
ASK_HOME = "Ask the home who lived there then. " + SEE_IT


class Doubt(NamedTuple):
    """What nobody can tell of a move on a day before `until`. It names no child: it is kept with the look."""

    until: date
    said: str
    cure: str

    @property
    def problem(self) -> FieldProblem:
        """As it is told."""
        return FieldProblem(FIELD, self.said, self.cure.format(until=self.until))


def doubts(
    reading: Reading, desk: Desk, placement: Placement, found: Facts, then: AgreedOn | None, day: date | None = None
) -> list[FieldProblem]:
    """What is to be seen by whoever tells of a move on this day; on any before today where it is left out.

    `then`: what was accepted. It is said in the same words for every day that it is true of.
    """
    accepted_on = placement.made_at.date() if then is None else date.fromisoformat(then["as_of"])
    first, home = accepted_on - timedelta(days=DAYS_BEFORE), found.home.record
    lived = stays.in_home(reading, desk.authority, home.ref, first, placement.id)
    if (day or date.min) >= desk.today or all(one.ended_on is None for one in lived):
        return []
    left = true_day.gone(found, lived).values()
    told = [_forgotten(one) for one in left if true_day.known(reading, desk, one.child) is None]
    coming = stays.not_yet_there(reading, desk.authority, home.ref)
    told += _perhaps_full(home, lived, {child.ref for child in found.children}, coming, (first, desk.today))
    return [one.problem for one in told if day is None or day < one.until]


def shown(told: Iterable[FieldProblem]) -> list[str]:
    """What of all that was told at a look is kept with it."""
    return [one.problem for one in told if one.field == FIELD]


def unseen(told: Sequence[FieldProblem], look: Seen, option: SeenOption) -> list[FieldProblem]:
    """Of what must be seen that which this look did not tell. A rule was told that was in the way then."""
    kept = (look.was_so or {}).get(FIELD, ())
    rules = {f"rules.{code}" for code in option.rules}
    return [one for one in told if one.field not in rules and one.problem not in kept]


def _forgotten(stay: Stay) -> Doubt:
    until = stay.ended_on or date.max
    said = (
        f"Before {until} somebody lived there by placement {stay.placement} of whom no record is left: whether the"
        " children might live beside them (live_apart, living_companions, safe_for_residents, safe_from_residents)"
        " nobody can tell."
    )
    return Doubt(until, said, ASK_WHO)


def _perhaps_full(
    home: Home,
    lived: Sequence[Stay],
    party: Collection[ChildRef],
    coming: Collection[ChildRef],
    between: tuple[date, date],
) -> list[Doubt]:
    """Whether there was no place, if those were there already of whom nobody knows since when they are.

    Everybody is counted once: a provider lists those too who live there by a placement, and some who are yet to come,
    as the party is.
    """
    first, today = between
    others = [one for one in lived if one.child not in party]
    own = {one.ref for one in home.residents} - set(coming)

    def taken(day: date, there: Sequence[Stay], also: Collection[ChildRef], held: int) -> int:
        return len({one.child for one in there if one.nights(day)} | set(also)) + held + len(party)

    def for_certain(day: date) -> int:
        return taken(day, [one for one in others if one.end_is_known], (), 0)

    def perhaps(day: date) -> int:
        return taken(day, others, own, home.places_held)

    def in_doubt(day: date) -> bool:
        return for_certain(day) <= home.places < perhaps(day)

    turns = {one.moved_in_on for one in others} | {one.ended_on for one in others if one.ended_on is not None}
    begins = sorted({first, *(day for day in turns if first < day < today)})
    full = [(begin, end) for begin, end in zip(begins, [*begins[1:], today], strict=True) if in_doubt(begin)]
    if not full or in_doubt(today):
        return []  # where it is full today, that is refused
    begin, until = full[-1]
    since = perhaps(begin) - taken(begin, others, (), 0)
    by = ", ".join(sorted({f"{one.placement} until {one.ended_on}" for one in others if one.ended_on is not None}))
    taken_since = f", {since} are taken or held without a placement of this service, nobody knows since when, and"
    said = (
        f"Before {until} there may have been no place for them: of the {home.places} places of the home by its record"
        f" of today{taken_since if since else ' nobody knows which were free, as'} others lived there by placements:"
        f" {by}."
    )
    return [Doubt(until, said, ASK_HOME)]
