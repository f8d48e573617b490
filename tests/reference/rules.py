"""Every rule a second time, for one party and one home, in plain Python on the records.

Each function answers True where the rule is met, False where it is not, None where that is not known.
`CHILD_RULES` look at `pair.child`, `PARTY_RULES` at the whole `pair.party`. Written from what the law and
the rule's own description say, not from how the engine works it out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from app.matching.codes import (
    FOSTERING_KINDS,
    SUPPORTED_KINDS,
    Answer,
    HomeKind,
    Judgement,
    KeepTogether,
    NeedDomain,
    Pets,
    PlaceCode,
    Registration,
    Remand,
    Sex,
    SexAccepted,
    Suitability,
)
from app.matching.home import Resident
from app.matching.referral import Child, HomeRef, Referral
from tests.reference.basics import Maybe, Pair, age, all_of, any_of, in_zone, opposite, said
from tests.reference.living_together import living_companions, safe_for_residents, safe_from_residents

FOSTER_CARE = {PlaceCode.U1, PlaceCode.U2, PlaceCode.U3, PlaceCode.U4, PlaceCode.U5, PlaceCode.U6}


def registered(pair: Pair, _params: Any) -> Maybe:
    """Registered, from a day no later and to a day no earlier than the move; without a last day there is no end."""
    home = pair.home
    standing = None if home.registration is Registration.NOT_KNOWN else home.registration is Registration.REGISTERED
    begun = None if home.registered_from is None else home.registered_from <= pair.moves_in
    lasting = home.registered_to is None or pair.moves_in <= home.registered_to
    return all_of((standing, begun, lasting))


def approval_terms(pair: Pair, _params: Any) -> Maybe:
    """Children named in the approval, if it names any; for siblings only, two of them or one living there."""
    terms = pair.home.terms
    if terms.named_children:
        named: Maybe = all(child.ref in terms.named_children for child in pair.party)
    else:
        named = None if pair.home.kind is HomeKind.CONNECTED_PERSON else True
    has_sibling = len(pair.party) > 1 or any(_lives_with_sibling(child, pair) for child in pair.party)
    return all_of((named, any_of((opposite(said(terms.siblings_only)), has_sibling))))


def _lives_with_sibling(child: Child, pair: Pair) -> bool:
    return any(
        sibling.home == pair.home.ref or pair.home.ref in pair.inventory.living_at.get(sibling.child, ())
        for sibling in child.placed_siblings
    ) or any(
        pair.home.ref in pair.inventory.living_at.get(one.ref, ()) for one in pair.referral.children if one is not child
    )


def age_range(pair: Pair, _params: Any) -> Maybe:
    """The age on the day of moving in, both ends of the range included."""
    years, terms = age(pair.child, pair.moves_in), pair.home.terms
    if years is None:
        return None
    old_enough = None if terms.age_min is None else terms.age_min <= years
    young_enough = None if terms.age_max is None else years <= terms.age_max
    return all_of((old_enough, young_enough))


def sex(pair: Pair, _params: Any) -> Maybe:
    """A home for either takes every child."""
    accepted, child = pair.home.terms.sex, pair.child.sex
    if accepted is SexAccepted.ANY:
        return True
    if accepted is SexAccepted.NOT_KNOWN or child is Sex.UNKNOWN:
        return None
    return accepted.value == child.value


def supported_accommodation_age(pair: Pair, _params: Any) -> Maybe:
    """Sixteen and seventeen only."""
    if pair.home.kind not in SUPPORTED_KINDS:
        return True
    years = age(pair.child, pair.moves_in)
    return None if years is None else years in (16, 17)


def secure_home(pair: Pair, _params: Any) -> Maybe:
    """A secure home needs its legal basis, under 13 with approval; on remand to detention nothing else."""
    child, home = pair.child, pair.home
    detained = None if child.remand is Remand.NOT_KNOWN else child.remand is Remand.YOUTH_DETENTION
    if home.kind is not HomeKind.SECURE_HOME:
        return opposite(detained)
    basis = detained if home.place_code is PlaceCode.R5 else any_of((said(child.secure_order), detained))
    years = age(child, pair.moves_in)
    old_enough = None if years is None else years >= 13
    return all_of((basis, any_of((old_enough, said(child.secure_under_13_approval)))))


def deprivation_of_liberty(pair: Pair, _params: Any) -> Maybe:
    """Under such an order neither a secure home nor supported accommodation."""
    home = pair.home
    excluded = home.kind in SUPPORTED_KINDS or home.kind is HomeKind.SECURE_HOME
    if not excluded and home.place_code not in (PlaceCode.K1, PlaceCode.R5, PlaceCode.K3):
        return True
    return opposite(said(pair.child.deprivation_of_liberty))


def usable_places(pair: Pair, _params: Any) -> Maybe:
    """A place for every child, beside the residents and what is held."""
    home = pair.home
    return len(home.residents) + home.places_held + len(pair.party) <= home.places


def fostering_limit(pair: Pair, _params: Any) -> Maybe:
    """Three fostered children, unless all are siblings or an exemption names every one who comes."""
    home = pair.home
    if home.kind not in FOSTERING_KINDS and home.place_code not in FOSTER_CARE:
        return True
    comes = {child.ref for child in pair.party}
    fostered = [resident for resident in home.residents if resident.fostered and resident.ref not in comes]
    if len(fostered) + home.places_held + len(pair.party) <= 3 or len(fostered) + home.places_held == 0:
        return True
    if all(child.ref in home.terms.exempt_children for child in pair.party):
        return True
    return not home.places_held and all(_is_sibling(child, each, pair) for child in pair.party for each in fostered)


def _is_sibling(child: Child, resident: Resident, pair: Pair) -> bool:
    beside = [one.ref for one in pair.referral.children if one is not child]
    return resident.ref in [*beside, *(sibling.child for sibling in child.placed_siblings)]


def live_apart(pair: Pair, _params: Any) -> Maybe:
    """Neither anybody who lives there nor another child of the party is to be kept apart from a child of it."""
    residents = pair.home.residents
    for child in pair.party:
        if any(resident.ref in child.live_apart_from for resident in residents):
            return False
        if any(child.ref in resident.live_apart_from for resident in residents):
            return False
        if any(other.ref in child.live_apart_from for other in pair.party):
            return False
        if pair.home.ref in _told_elsewhere(child, pair.referral):
            return False
    return True


def _told_elsewhere(child: Child, referral: Referral) -> set[HomeRef | None]:
    """Where somebody lives from whom the child must be kept apart, as other records than the home's have it."""
    found: set[HomeRef | None] = set(getattr(child, "live_apart_at", ()))
    for one in referral.children:
        if one.ref in child.live_apart_from or child.ref in one.live_apart_from:
            found.add(one.current_home)
        for sibling in one.placed_siblings:
            if sibling.child in child.live_apart_from:
                found.add(sibling.home)
    return found - {None}


def siblings_together(pair: Pair, _params: Any) -> Maybe:
    """Where they must stay together, all of them or none."""
    if pair.referral.keep_together is not KeepTogether.REQUIRED:
        return True
    if len(pair.referral.children) == 1:
        homes = _homes_of_siblings(pair.child, pair)
        return not homes or homes == {pair.home.ref}
    others = [child for child in pair.referral.children if child not in pair.party]
    return all(_lives_in(child, pair) == {pair.home.ref} for child in others)


def _lives_in(child: Child, pair: Pair) -> set[HomeRef | None]:
    """The homes of the inventory where a child lives, by its own record or by theirs."""
    named = {child.current_home} & set(pair.inventory.homes)
    return named | set(pair.inventory.living_at.get(child.ref, ()))


def _homes_of_siblings(child: Child, pair: Pair) -> set[HomeRef]:
    """The homes of the inventory where brothers and sisters live who are placed, whoever says so."""
    found: set[HomeRef] = set()
    for sibling in child.placed_siblings:
        found |= set(pair.inventory.living_at.get(sibling.child, ()))
        if sibling.home is not None and sibling.home in pair.inventory.homes:
            found.add(sibling.home)
    return found


def exclusion_zone(pair: Pair, _params: Any) -> Maybe:
    """Outside every zone; its edge is inside."""
    zones, place = pair.child.zones_to_avoid, pair.home.location
    if not zones:
        return True
    return None if place is None else not any(in_zone(place, zone) for zone in zones)


def kind_allowed(pair: Pair, _params: Any) -> Maybe:
    """What the care plan says of this kind of home; it says nothing of secure homes."""
    child, home = pair.child, pair.home
    if home.kind is HomeKind.SECURE_HOME:
        return True
    if home.kind in SUPPORTED_KINDS:
        plan = child.supported_suitability
    elif home.place_code in FOSTER_CARE:
        plan = child.foster_suitability
    else:
        plan = child.residential_suitability
    return None if plan is Suitability.NOT_SPECIFIED else plan is not Suitability.UNSUITABLE


def parent_and_child(pair: Pair, _params: Any) -> Maybe:
    """A place for parent and child only for them; anywhere else they go only where the terms say so."""
    needs = said(pair.child.needs_parent_and_child)
    if pair.home.kind is HomeKind.PARENT_AND_CHILD:
        return needs
    return any_of((opposite(needs), said(pair.home.terms.parent_and_child)))


def new_home(pair: Pair, _params: Any) -> Maybe:
    """Not the home where the child lives now."""
    home, child = pair.home, pair.child
    return child.current_home != home.ref and all(resident.ref != child.ref for resident in home.residents)


def available_by(pair: Pair, params: Any) -> Maybe:
    """Free on the day of moving in, or so many days later."""
    free = pair.home.available_from
    return None if free is None else free <= pair.moves_in + timedelta(days=params.grace_days)


def vacancy_confirmed(pair: Pair, params: Any) -> Maybe:
    """Confirmed at most so many days ago; a day still to come tells nothing."""
    confirmed = pair.home.confirmed_on
    if confirmed is None or confirmed > pair.as_of:
        return None
    return pair.as_of - confirmed <= timedelta(days=params.max_age_days[pair.home.kind])


def adaptations(pair: Pair, _params: Any) -> Maybe:
    """The building has all that the child needs."""
    needs, has = pair.child.adaptations, pair.home.adaptations
    if needs is not None and has is not None:
        return needs <= has
    if needs is None:
        return True if has is not None and len(has) == 8 else None
    return None if needs else True


def essential_needs(pair: Pair, params: Any) -> Maybe:
    """In every domain capability falls short of need by no more than the policy allows."""
    return all_of(_reaches(pair, domain, params.max_shortfall[domain]) for domain in NeedDomain)


def _reaches(pair: Pair, domain: NeedDomain, allowed: int) -> Maybe:
    need, can = pair.child.needs.get(domain), pair.home.capability.get(domain)
    least_gap = (0 if need is None else need) - (3 if can is None else can)
    largest_gap = (3 if need is None else need) - (0 if can is None else can)
    if least_gap > allowed:
        return False
    return True if largest_gap <= allowed else None


def ofsted_gateway(pair: Pair, params: Any) -> Maybe:
    """Not a judgement that the policy refuses; not yet inspected is none, nor does a foster household have one."""
    if not params.refused:
        return True
    if pair.home.judgement is Judgement.NOT_JUDGED and pair.home.kind in FOSTERING_KINDS:
        return True
    if pair.home.judgement in (Judgement.NOT_JUDGED, Judgement.NOT_KNOWN):
        return None
    return pair.home.judgement not in params.refused


def pets(pair: Pair, _params: Any) -> Maybe:
    """Pets where the child must have them, none where the child cannot."""
    if pair.child.pets is Pets.CAN:
        return True
    if pair.child.pets is Pets.NOT_KNOWN or pair.home.pets is Answer.NOT_KNOWN:
        return None
    return (pair.home.pets is Answer.YES) == (pair.child.pets is Pets.MUST)


CHILD_RULES: dict[str, Callable[[Pair, Any], Maybe]] = {
    "registered": registered,
    "age_range": age_range,
    "sex": sex,
    "supported_accommodation_age": supported_accommodation_age,
    "secure_home": secure_home,
    "deprivation_of_liberty": deprivation_of_liberty,
    "exclusion_zone": exclusion_zone,
    "kind_allowed": kind_allowed,
    "parent_and_child": parent_and_child,
    "new_home": new_home,
    "available_by": available_by,
    "vacancy_confirmed": vacancy_confirmed,
    "living_companions": living_companions,
    "safe_for_residents": safe_for_residents,
    "safe_from_residents": safe_from_residents,
    "adaptations": adaptations,
    "essential_needs": essential_needs,
    "ofsted_gateway": ofsted_gateway,
    "pets": pets,
}

PARTY_RULES: dict[str, Callable[[Pair, Any], Maybe]] = {
    "approval_terms": approval_terms,
    "usable_places": usable_places,
    "fostering_limit": fostering_limit,
    "live_apart": live_apart,
    "siblings_together": siblings_together,
}
