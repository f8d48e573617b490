"""What no single field shows: dates that cannot be, and answers that contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.documents.fields import OLDEST_YEARS
from app.documents.home_models import HomeIn
from app.documents.places import Found
from app.documents.referral_models import ReferralIn
from app.matching.codes import (
    FOUR_GRADES,
    PLACE_CODES_OF_KIND,
    THREE_OUTCOMES,
    Judgement,
    KeepTogether,
    LivingCompanions,
    scale_of,
)

YEARS_AROUND_TODAY = 5
"""How far from today a home may be needed, or be available."""

FIRST_YEAR = 1900
"""No registration or judgement is older."""


def check_referral(document: ReferralIn, today: date, found: Found, at: str) -> None:
    """Everything about a referral that takes more than one field, or today's date, to see."""
    _around_today(document.needed_by, today, f"{at}needed_by", found)
    _around_today(document.waiting_since, today, f"{at}waiting_since", found)
    _not_after(document.waiting_since, today, f"{at}waiting_since", found)
    refs = [child.ref for child in document.children]
    _once(refs, f"{at}children", found)
    together = document.keep_together is KeepTogether.REQUIRED and len(refs) > 1
    for n, child in enumerate(document.children):
        path = f"{at}children[{n}]"
        _born(child.date_of_birth, today, f"{path}.date_of_birth", found)
        if child.ref in child.live_apart_from:
            cure = "Take the child's own reference out of the list."
            found.problem(f"{path}.live_apart_from", "A child cannot live apart from itself.", cure)
        if {sibling.child for sibling in child.placed_siblings} & set(refs):
            problem = "A child of this referral is also given as already placed."
            found.problem(f"{path}.placed_siblings", problem, "List a child in one of the two places only.")
        if together and (set(child.live_apart_from) - {child.ref}) & set(refs):
            problem = "The children must share a home and must live apart from each other."
            found.problem(f"{path}.live_apart_from", problem, "Change keep_together, or this list.")
        if together and child.living_companions is LivingCompanions.SOLO:
            problem = "A child for whom living alone is recommended is in a group that must share a home."
            found.problem(f"{path}.living_companions", problem, "Change keep_together, or this answer.")


def check_home(document: HomeIn, today: date, found: Found, at: str) -> None:
    """Everything about a home that takes more than one field, or today's date, to see."""
    if document.place_code not in PLACE_CODES_OF_KIND[document.kind]:
        codes = ", ".join(sorted(PLACE_CODES_OF_KIND[document.kind]))
        cure = f"For this kind of home it is one of: {codes}."
        found.problem(f"{at}place_code", "The place code does not belong to the kind of home.", cure)
    _judged(document, at, found)
    for name in ("judged_on", "confirmed_on"):
        _not_after(getattr(document, name), today, f"{at}{name}", found)
    for name in ("judged_on", "confirmed_on", "registered_from", "registered_to", "available_from"):
        _sensible(getattr(document, name), today, f"{at}{name}", found)
    _in_order(document.registered_from, document.registered_to, f"{at}registered_to", found)
    _in_order(document.unplanned_endings, document.ended_placements, f"{at}unplanned_endings", found)
    _in_order(document.terms.age_min, document.terms.age_max, f"{at}terms.age_max", found)
    _once([resident.ref for resident in document.residents], f"{at}residents", found)
    for n, resident in enumerate(document.residents):
        _born(resident.date_of_birth, today, f"{at}residents[{n}].date_of_birth", found)


def _judged(document: HomeIn, at: str, found: Found) -> None:
    """The judgement is of the scale of this kind of home, and has a day only where there was an inspection.

    What is not judged, or not known, may have the day of the inspection: the published files have such rows.
    """
    scale = scale_of(document.kind)
    if document.judgement in (FOUR_GRADES | THREE_OUTCOMES) - scale:
        words = ", ".join(word for word in Judgement if word in scale)
        cure = f"For this kind it is one of: {words}; or Not yet inspected, Not judged, Not known."
        found.problem(f"{at}judgement", "The judgement is of another scale than Ofsted uses for this kind.", cure)
    if document.judgement is Judgement.NOT_YET_INSPECTED and document.judged_on is not None:
        problem = "A home that was not yet inspected has no day of a judgement."
        found.problem(f"{at}judged_on", problem, "Send null here, or the judgement that was made on that day.")


def _born(day: date | None, today: date, path: str, found: Found) -> None:
    if day is None:
        return
    if day > today:
        found.problem(path, "The date of birth is in the future.", "Check the date, or send null.")
    elif (today.year - day.year) - ((today.month, today.day) < (day.month, day.day)) > OLDEST_YEARS:
        problem = f"Nobody here is older than {OLDEST_YEARS}."
        found.problem(path, problem, "Check the year of birth, or send null.")


def _around_today(day: date, today: date, path: str, found: Found) -> None:
    if abs(day.year - today.year) > YEARS_AROUND_TODAY:
        problem = f"The date is more than {YEARS_AROUND_TODAY} years from today."
        found.problem(path, problem, "Check the year.")


def _sensible(day: date | None, today: date, path: str, found: Found) -> None:
    if day is not None and not FIRST_YEAR <= day.year <= today.year + 50:
        found.problem(path, "The date is too far from today to be right.", "Check the year, or send null.")


def _not_after(day: date | None, today: date, path: str, found: Found) -> None:
    if day is not None and day > today:
        found.problem(path, "The date is in the future.", "Check the date.")


def _in_order(first: date | int | None, second: date | int | None, path: str, found: Found) -> None:
    if first is not None and second is not None and first > second:  # type: ignore[operator]
        problem = {
            "registered_to": "The registration ends before it begins.",
            "unplanned_endings": "There are more unplanned endings than placements that ended.",
            "age_max": "The upper age is below the lower one.",
        }[path.rpartition(".")[2]]
        found.problem(path, problem, "Check both fields.")


def _once(refs: Sequence[str], path: str, found: Found) -> None:
    seen: dict[str, int] = {}
    for n, ref in enumerate(refs):
        if ref in seen:
            problem = f"The reference is the same as that of entry {seen[ref]}."
            found.problem(f"{path}[{n}].ref", problem, "Give each child a reference of its own.")
        seen.setdefault(ref, n)
