"""Hypothesis strategies for whole records: any home and any referral that could be, on 2 March 2026."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import strategies as st

from app.geo.grid import Location
from app.geo.zones import Circle, zone_from_json
from app.matching.codes import (
    FOUR_GRADES,
    PLACE_CODES_OF_KIND,
    THREE_OUTCOMES,
    Judgement,
    KeepTogether,
    LivingCompanions,
    NeedDomain,
    Package,
    Risk,
    RiskLevel,
    VisitFrequency,
    scale_of,
)
from app.matching.home import Home, Resident, Terms
from app.matching.languages import LANGUAGES
from app.matching.referral import Child, ContactPlace, PlacedSibling, Referral

TRIANGLE = zone_from_json(
    {"type": "Polygon", "coordinates": [[[-1.2, 52.9], [-1.1, 52.9], [-1.1, 53.0], [-1.2, 52.9]]]}
)

refs = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
few_refs = st.frozensets(refs, max_size=3)
days = st.dates(date(2005, 1, 1), date(2026, 3, 2))
near_days = st.dates(date(2025, 1, 1), date(2026, 3, 2))
spans = st.tuples(st.none() | days, st.none() | days).map(
    lambda span: span if None in span else tuple(sorted(span))  # type: ignore[type-var]
)
levels = st.dictionaries(st.sampled_from(NeedDomain), st.integers(0, 3))
risks = st.dictionaries(st.sampled_from(Risk), st.sampled_from(RiskLevel))
grid = st.integers(0, 700_000)
locations = st.builds(
    Location,
    grid,
    grid,
    st.sampled_from([None, "E06000018", "E10000024"]),
    st.sampled_from([None, "NG1 5DT", "NG2 3AA"]),
)
zones = st.one_of(st.builds(Circle, grid, grid, st.integers(1, 50_000)), st.just(TRIANGLE))
text = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


def homes(places: st.SearchStrategy[Location] = locations) -> st.SearchStrategy[Home]:
    """Any home; where its place comes from can be chosen."""
    residents = st.lists(
        st.builds(
            Resident,
            ref=refs,
            date_of_birth=st.none() | days,
            risks=risks,
            live_apart_from=few_refs,
        ),
        max_size=3,
        unique_by=lambda resident: resident.ref,
    ).map(tuple)
    terms = st.builds(
        Terms,
        age_min=st.none() | st.integers(0, 10),
        age_max=st.none() | st.integers(10, 21),
        named_children=few_refs,
        exempt_children=few_refs,
    )
    usual = st.builds(
        Home,
        ref=refs,
        urn=st.none() | refs,
        location=st.none() | places,
        places=st.integers(0, 100),
        places_held=st.integers(0, 100),
        name=text,
        terms=terms,
        tier=st.none() | st.integers(1, 9),
        lot=st.none() | text,
        weekly_fee_pence=st.dictionaries(st.sampled_from(Package), st.integers(0, 10_000_000)),
        void_fee_pence=st.none() | st.integers(0, 10_000_000),
        residents=residents,
        judged_on=st.none() | days,
        capability=levels,
        languages=st.none() | st.frozensets(st.sampled_from(LANGUAGES), max_size=3),
        available_from=st.none() | days,
        confirmed_on=st.none() | days,
        ended_placements=st.none() | st.integers(50, 99),
        unplanned_endings=st.none() | st.integers(0, 50),
    )

    def fitting(home: Home, code: int, span: tuple[date | None, date | None]) -> Home:
        codes = sorted(PLACE_CODES_OF_KIND[home.kind])
        fitted = replace(home, place_code=codes[code % len(codes)], registered_from=span[0], registered_to=span[1])
        graded = fitted.judgement in FOUR_GRADES | THREE_OUTCOMES
        if graded and fitted.judgement not in scale_of(fitted.kind):
            return replace(fitted, judgement=sorted(scale_of(fitted.kind))[code % 3])
        return replace(fitted, judged_on=None) if fitted.judgement is Judgement.NOT_YET_INSPECTED else fitted

    return st.builds(fitting, usual, st.integers(0, 9), spans)


def referrals(places: st.SearchStrategy[Location] = locations) -> st.SearchStrategy[Referral]:
    """Any referral of up to three children; where its places come from can be chosen."""
    siblings = st.lists(
        st.builds(PlacedSibling, child=refs, home=st.none() | refs, location=st.none() | places), max_size=2
    ).map(tuple)
    children = st.builds(
        Child,
        ref=refs,
        date_of_birth=st.none() | days,
        languages=st.lists(st.sampled_from(LANGUAGES), max_size=3, unique=True).map(tuple),
        sdq=st.none() | st.integers(0, 40),
        needs=levels,
        risks=risks,
        live_apart_from=few_refs,
        zones_to_avoid=st.lists(zones, max_size=2).map(tuple),
        school=st.none() | places,
        current_home=st.none() | refs,
        moves_last_year=st.integers(0, 50),
        placed_siblings=siblings,
    )
    contacts = st.builds(ContactPlace, st.none() | places, st.sampled_from(VisitFrequency))
    usual = st.builds(
        Referral,
        ref=refs,
        children=st.lists(children, min_size=1, max_size=3, unique_by=lambda child: child.ref).map(tuple),
        needed_by=near_days,
        waiting_since=near_days,
        family_home=st.none() | places,
        contact_places=st.lists(contacts, max_size=2).map(tuple),
    )
    return usual.filter(_could_be)


def _could_be(referral: Referral) -> bool:
    own = {child.ref for child in referral.children}
    together = referral.keep_together is KeepTogether.REQUIRED and len(own) > 1
    return not any(
        child.ref in child.live_apart_from
        or own & {sibling.child for sibling in child.placed_siblings}
        or (together and (own & child.live_apart_from or child.living_companions is LivingCompanions.SOLO))
        for child in referral.children
    )
