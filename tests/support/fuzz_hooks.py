"""Makes random requests that fit the schema sensible too, so that they reach what lies behind the checks.

Loaded by Schemathesis. Only requests that are meant to be right are mended; wrong ones stay as they are.
"""

from __future__ import annotations

import zlib
from typing import Any

import schemathesis

from app.matching.codes import PLACE_CODES_OF_KIND, HomeKind

POSTCODES = ("NG1 5NH", "NG7 2RD", "NG2 5FB", "DE1 1AA", "BT1 1AA")
PLACES = {"school", "location", "family_home", "postcode"}
PAST = {"waiting_since", "judged_on", "confirmed_on", "registered_from", "needed_by", "as_of", "available_from"}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Mend the body of a request that is meant to be right."""
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if not positive or not isinstance(case.body, dict):
        return
    ref = (case.path_parameters or {}).get("ref")
    if ref is not None and "ref" in case.body:
        case.body["ref"] = ref
    if "referral" in case.body and case.body.get("referral") is not None:
        case.body.pop("referral_ref", None)
    if case.body.get("policy") is not None:
        case.body["policy"] = "need-first"
    mend(case.body)


def mend(value: Any) -> None:
    """Put what could be true in the place of what could not, all the way down."""
    if isinstance(value, list):
        for n, each in enumerate(value):
            if isinstance(each, dict) and isinstance(each.get("ref"), str):
                each["ref"] = f"{each['ref'][:50]}-{n}"
            mend(each)
    if not isinstance(value, dict):
        return
    for name, each in value.items():
        if isinstance(each, str):
            value[name] = _sensible(name, each)
        mend(each)
    _agree(value)


def _sensible(name: str, text: str) -> str:
    draw = zlib.crc32(text.encode())
    if name in PLACES:
        return POSTCODES[draw % len(POSTCODES)]
    if name == "date_of_birth":
        return f"{2006 + draw % 20}-0{1 + draw % 9}-1{draw % 10}"
    if name in PAST:
        return f"2026-0{1 + draw % 2}-{10 + draw % 19}"
    return "preferred" if name == "keep_together" else text


def _agree(value: dict[str, Any]) -> None:
    """Fields that must go together."""
    if value.get("kind") in set(HomeKind):
        value["place_code"] = min(PLACE_CODES_OF_KIND[HomeKind(value["kind"])])
        value["registered_to"] = None
        value["unplanned_endings"] = None
    if "age_min" in value:
        value["age_max"] = None
    if isinstance(value.get("circle"), dict) or isinstance(value.get("polygon"), dict):
        value.pop("polygon", None)
        value["circle"] = {"postcode": POSTCODES[0], "radius_m": 500}
    if isinstance(value.get("residents"), list):
        value["residents"] = value["residents"][:3]
