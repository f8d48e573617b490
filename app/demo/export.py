"""The synthetic authority as JSON, in the forms in which referrals and homes come in over HTTP."""

from __future__ import annotations

import json
from typing import Any

from app.demo.authority import Authority
from app.demo.residents import PlacedChild
from app.documents.home_documents import write_home
from app.documents.referral_documents import write_referral
from app.geo.grid import Location


def authority_json(authority: Authority) -> dict[str, Any]:
    """Everything that was made. The same authority gives the same document; sets are in order."""
    return {
        "councils": list(authority.councils),
        "seed": authority.seed,
        "as_of": authority.as_of.isoformat(),
        "referrals": [write_referral(referral) for referral in authority.referrals],
        "homes": [write_home(home) for home in authority.homes],
        "caseload": [placed_json(child) for child in authority.caseload],
    }


def authority_bytes(authority: Authority) -> bytes:
    """The same as UTF-8 text."""
    return json.dumps(authority_json(authority), ensure_ascii=False, sort_keys=True, indent=1).encode()


def placed_json(child: PlacedChild) -> dict[str, Any]:
    """One row of the caseload."""
    born = child.date_of_birth
    return {
        "child": child.child,
        "home": child.home,
        "kind": child.kind,
        "route": child.route,
        "place_code": child.place_code,
        "location": _postcode(child.location),
        "family_home": _postcode(child.family_home),
        "weekly_fee_pence": child.weekly_fee_pence,
        "date_of_birth": None if born is None else born.isoformat(),
        "sex": child.sex,
        "siblings": sorted(child.siblings),
    }


def _postcode(place: Location | None) -> str | None:
    return None if place is None else place.postcode
