"""The day on which children really move in, or did: whatever was planned, the law holds for that one.

A hold and an acceptance judge for the day by which a home is needed. Children come earlier, and a duty team that moved
one in by night is recorded days later. So at the door every rule is judged for the true day too, with whoever lived in
the home then; and nobody is recorded in two homes at once, nor a home with more children than places.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date

from app.deciding import cures
from app.deciding.desk import Desk
from app.deciding.facts import rule_problem
from app.deciding.judging import Facts, judge_pursued, with_what_else_refuses
from app.errors import FieldProblem, Invalid
from app.matching.home import Home, Resident
from app.matching.referral import ChildRef, HomeRef
from app.store import load, stays
from app.store.claims import as_resident
from app.store.placement_records import Placement
from app.store.session import Reading
from app.store.stays import Stay

ABOUT_EACH_OTHER = frozenset({"live_apart", "living_companions", "safe_for_residents", "safe_from_residents"})
"""Rules about beside whom a child lives, which somebody who has left since counts for. Places are counted by day."""

OF_THE_DAY = frozenset({"age_range", "registered", "supported_accommodation_age"})
"""Rules about the day on which a child is placed. Where children have moved in, that day alone answers them."""

OTHER_DAY = "Check the day: they may move in on one on which the rule is met."
RECORDED_OTHERWISE = (
    "If it is right, withdraw this placement, and let the case system send the caseload and the home with the child"
    " among its residents."
)
CAME_BEFORE = (
    "If they moved in on a day before today on which it was met, look at this placement, and tell that day with `seen`."
)
AGAINST_IT_NOW = (
    "It is law, and the children live there now: see to it that this is put right. To tell that they moved in, look at"
    " this placement again, and send `seen`."
)


def judged(
    reading: Reading, desk: Desk, found: Facts, day: date, placement_id: str, answered: Collection[str] = ()
) -> Facts:
    """The facts of now with every rule that is in the way of moving in on this day, and the approval as it is.

    `answered`: rules that are not asked of it.
    """
    record = found.referral.record
    if day == max(record.needed_by, desk.today):
        return found  # they were judged for it
    party = [child.ref for child in found.children]
    referral = replace(found.referral, record=replace(record, needed_by=day))

    def then(home: Home) -> Facts:
        there = replace(found.home, record=home)
        return judge_pursued(reading, desk, referral, there, party, found.policy, placement_id, day)

    alone = then(found.home.record)
    told = _refusing(_by_that_day(found, alone) if day < desk.today else found, alone, without=answered)
    gone = _who_left(reading, desk, found, day, placement_id)
    if not gone:
        return told
    home = replace(found.home.record, residents=(*found.home.record.residents, *gone))
    return _refusing(told, then(home), alone=ABOUT_EACH_OTHER)


def missing(
    desk: Desk, placement: Placement, found: Facts, moving: Facts, day: date, asked: Collection[str]
) -> tuple[FieldProblem, ...]:
    """What is to be said of each of these rules that is in the way and not overridden, which law never is.

    `found`: the facts of now; `moving`: the same as `judged` for this day.
    """
    return tuple(
        _not_now(code, found, day, desk.today)
        if code in found.blocked_by
        else _on_that_day(code, moving, day, desk.today)
        for code in moving.blocked_by
        if code in asked and (code not in placement.overridden or code in moving.statutory)
    )


def lapsed(desk: Desk, found: Facts, moving: Facts, day: date) -> list[FieldProblem]:
    """The rules of the day that were met on this one, and are not any more: whoever tells the move must have seen it.

    `found`: the facts of now; `moving`: the same as `judged` for this day.
    """
    later = max(found.referral.record.needed_by, desk.today)
    return [
        FieldProblem(
            f"rules.{code}",
            f"The rule {code} was met for a move on {day}, and is not met for one on {later}.",
            AGAINST_IT_NOW,
        )
        for code in found.blocked_by
        if code not in moving.blocked_by
    ]


def _by_that_day(found: Facts, then: Facts) -> Facts:
    """The facts of now without those rules of the day that were met then."""
    met = OF_THE_DAY - set(then.blocked_by)
    return replace(found, blocked_by=tuple(code for code in found.blocked_by if code not in met))


def _not_now(code: str, found: Facts, day: date, today: date) -> FieldProblem:
    told = rule_problem(code, found, cures.NOT_ANY_MORE)
    if day < today:
        return replace(told, cure=f"{told.cure} {RECORDED_OTHERWISE}")
    return replace(told, cure=f"{told.cure} {CAME_BEFORE}") if code in OF_THE_DAY else told


def _on_that_day(code: str, found: Facts, day: date, today: date) -> FieldProblem:
    told = rule_problem(code, found, f"is not met for a move on {day}")
    cure = f"{OTHER_DAY} {RECORDED_OTHERWISE}" if day < today else OTHER_DAY
    return replace(told, cure=f"{told.cure} {cure}")


def require_free(reading: Reading, desk: Desk, placement: Placement, day: date) -> None:
    """Raise `Invalid` where a child lived elsewhere after this day, or the home was full on it or on one since."""
    if day >= desk.today:
        return  # what is live on this day the database counts
    elsewhere = stays.of_children(reading, desk.authority, placement.children, day, placement.id)
    problems = [_elsewhere(one, placement.home) for one in elsewhere if one.ended_on is not None]
    home = load.home(reading, desk.authority, placement.home)
    if not problems and home is not None:
        problems = _too_many(reading, desk, placement, home.record.places, day)
    if problems:
        raise Invalid(problems)


def _elsewhere(stay: Stay, home: HomeRef) -> FieldProblem:
    where = "in this same home" if stay.home == home else "elsewhere"
    said = f"A child of this placement lived {where} until {stay.ended_on}: placement {stay.placement}."
    cure = f"Check the day: this move can be on {stay.ended_on} or later. {RECORDED_OTHERWISE}"
    return FieldProblem("moved_in_on", said, cure)


def _too_many(reading: Reading, desk: Desk, placement: Placement, places: int, day: date) -> list[FieldProblem]:
    """Of the days since the move, on which others came or went, the first on which more lived there than can."""
    lived = stays.in_home(reading, desk.authority, placement.home, day, placement.id)
    others = [one for one in lived if one.end_is_known]
    came = sorted({day, *(one.moved_in_on for one in others if one.moved_in_on > day)})
    full = [each for each in came if _on(others, each) + len(placement.children) > places]
    if not full:
        return []
    left = sorted({one.ended_on for one in others if one.ended_on is not None and one.ended_on > full[-1]})
    first = next((each for each in left if _on(others, each) + len(placement.children) <= places), desk.today)
    then = [one for one in others if one.nights(full[0])]
    by = ", ".join(sorted({f"{one.placement} until {one.ended_on or 'now'}" for one in then}))
    said = (
        f"By its record of today the home has {places} places. On {full[0]} that is too few for them and for others,"
        f" who lived there by placements: {by}."
    )
    cure = f"Check the day: this move can be on {first} or later. {RECORDED_OTHERWISE}"
    return [FieldProblem("moved_in_on", said, cure)]


def _on(others: Iterable[Stay], day: date) -> int:
    return sum(one.nights(day) for one in others)


def _who_left(reading: Reading, desk: Desk, found: Facts, day: date, placement_id: str) -> Sequence[Resident]:
    """Who lived in the home by a placement on this day or since, and does no more: as they are known."""
    if day >= desk.today:
        return ()
    lived = stays.in_home(reading, desk.authority, found.home.record.ref, day, placement_id)
    left = gone(found, lived)
    return [known(reading, desk, child) or Resident(child, None, vulnerabilities=None) for child in left]


def gone(found: Facts, lived: Iterable[Stay]) -> dict[ChildRef, Stay]:
    """Of those who lived in the home whoever does no more: the last stay of each."""
    there = {one.ref for one in found.lived_in.residents} | {child.ref for child in found.children}
    return {one.child: one for one in lived if one.ended_on is not None and one.child not in there}


def known(reading: Reading, desk: Desk, child: ChildRef) -> Resident | None:
    """What is known of somebody who left: with the claim what it kept went, so it is what is on record of them since.

    That is a place that they have elsewhere, or the referral in which they stand.
    """
    elsewhere = stays.kept_of(reading, desk.authority, child)
    if elsewhere is not None:
        return elsewhere
    ref = stays.referral_of(reading, desk.authority, child)
    stored = None if ref is None else load.referral(reading, desk.authority, ref)
    people = () if stored is None else stored.record.children
    return next((as_resident(one) for one in people if one.ref == child), None)


def _refusing(found: Facts, then: Facts, without: Collection[str] = (), alone: Collection[str] | None = None) -> Facts:
    """The facts with these rules of another day, where they are in the way of it."""
    codes = [code for code in then.blocked_by if code not in without and (alone is None or code in alone)]
    return with_what_else_refuses(found, replace(then, blocked_by=tuple(codes)))
