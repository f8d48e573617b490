"""Forgetting a child in what is stored as JSON: what is about the child goes, what is about others stays."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import orjson

from app.matching.home import Home, Resident
from app.matching.referral import Child, ChildRef, PlacedSibling, Referral
from app.store.codec import decoder, encoder
from app.store.run_records import GROUNDS

Names: TypeAlias = Mapping[str, str]
"""References that are erased, each with what stands in its place from now on."""

NOT_KNOWN: dict[str, Any] = {"date_of_birth": None, "sex": "U", "risks": {}, "vulnerabilities": None}
"""What is left of a resident: somebody lives there, of whom nothing is known; rules then refuse rather than guess."""

NOTHING_SAID: dict[str, Any] = {
    "first_home": "erased",
    "behind_first": 0,
    "because_of": [],
    "others_would_lose": None,
    "must_leave": 0,
    "besides": [],
    "unchanged": False,
    "rules": [],
    "changed": [],
    GROUNDS: None,
}
NOT_UNPLACED: dict[str, Any] = {
    "why": None,
    "homes_allowed": 0,
    "homes_excluded": 0,
    "homes_declined": [],
    "best_home": None,
    "free_home": None,
    "lost_to": [],
    "out_by_rule": {},
    "not_known_by_rule": {},
    "near_misses": [],
    "relaxations": [],
    "splits_if_parted": [],
    "homes_together": 0,
}


def swap(value: Any, names: Names) -> Any:
    """The value with every erased reference exchanged, as text, in lists and as a key."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [swap(each, names) for each in value]
    if isinstance(value, dict):
        return {names.get(key, key): swap(each, names) for key, each in value.items()}
    return value


def words_without(words: str, names: Names) -> str:
    """What somebody wrote, with every erased reference exchanged that stands in it as a word of its own."""
    for ref, name in names.items():
        words = re.sub(rf"(?<!\w)(?<!\w[.~-]){re.escape(ref)}(?!\w)(?![.~-]\w)", name, words)
    return words


def home_without(home: Home, names: Names) -> Home:
    """The home; where the child lives there, somebody of whom nothing is known does. Nobody lives there twice."""
    known = {resident.ref for resident in home.residents}
    residents = tuple(
        Resident(ChildRef(names[resident.ref]), None, vulnerabilities=None, fostered=resident.fostered)
        if resident.ref in names
        else resident
        for resident in home.residents
        if names.get(resident.ref) not in known
    )
    left: Home = decoder(Home)(swap(encoder(Home)(replace(home, residents=residents)), names))
    return left


def referral_without(referral: Referral, names: Names) -> Referral | None:
    """The referral of the other children; None where there are none."""
    children = tuple(
        replace(child, placed_siblings=tuple(_sibling(child, one, names) for one in child.placed_siblings))
        for child in referral.children
        if child.ref not in names
    )
    if not children:
        return None
    known: Referral = decoder(Referral)(swap(encoder(Referral)(replace(referral, children=children)), names))
    return known


def _sibling(child: Child, sibling: PlacedSibling, names: Names) -> PlacedSibling:
    """Of an erased one the home alone is left, and that only where the child must not live there with them."""
    if sibling.child not in names:
        return sibling
    home = sibling.home if sibling.child in child.live_apart_from else None
    return PlacedSibling(ChildRef(names[sibling.child]), home)


def snapshot_without(packed: bytes, names: Names) -> bytes | None:
    """What a run worked on, packed as it is stored, without the child; None where the child is not in it."""
    text = zlib.decompress(packed)
    if not any(b'"' + ref.encode() + b'"' in text for ref in names):
        return None
    document = orjson.loads(text)
    referrals = [
        {**referral, "children": [_child(child, names) for child in referral["children"] if child["ref"] not in names]}
        for referral in document["referrals"]
    ]
    document["referrals"] = [referral for referral in referrals if referral["children"]]
    left = {referral["ref"] for referral in document["referrals"]}
    if "siblings_at" in document:
        document["siblings_at"] = {ref: homes for ref, homes in document["siblings_at"].items() if ref in left}
    if "live_apart_at" in document:
        apart = document["live_apart_at"]
        document["live_apart_at"] = {child: homes for child, homes in apart.items() if child not in names}
    if "siblings_live_at" in document:
        document["siblings_live_at"] = _siblings_live_at(document["siblings_live_at"], names)
    for home in document["homes"]:
        home["residents"] = [_resident(resident, names) for resident in home.get("residents", ())]
    for pairs in ("last_proposals", "pinned", "excluded", "declined"):
        document[pairs] = [pair for pair in document.get(pairs, ()) if names.keys().isdisjoint(pair["children"])]
    document["under_way"] = [child for child in document.get("under_way", ()) if child not in names]
    written = orjson.dumps(swap(document, names), option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    return zlib.compress(written, 6)


def _siblings_live_at(theirs: dict[str, dict[str, Any]], names: Names) -> dict[str, dict[str, Any]]:
    left = {
        child: {sibling: homes for sibling, homes in at.items() if sibling not in names}
        for child, at in theirs.items()
        if child not in names
    }
    return {child: at for child, at in left.items() if at}


def _child(child: dict[str, Any], names: Names) -> dict[str, Any]:
    siblings = child.get("placed_siblings") or []
    left = [{"child": one["child"]} if one.get("child") in names else one for one in siblings]
    return {**child, "placed_siblings": left} if siblings else child


def _resident(resident: dict[str, Any], names: Names) -> dict[str, Any]:
    return {"ref": resident["ref"], **NOT_KNOWN} if resident["ref"] in names else resident


def explanation_without(explanation: dict[str, Any], names: Names, *, about: bool) -> dict[str, Any]:
    """Why a proposal was made: nothing is left where it is `about` the child; else without the references."""
    left: dict[str, Any] = swap(explanation, names)
    return {**left, **NOTHING_SAID} if about else left


def report_without(report: dict[str, Any], names: Names) -> dict[str, Any]:
    """The report of a run, without what it says of why the child has no proposal."""
    unplaced = [
        one if names.keys().isdisjoint(one["children"]) else {**one, **NOT_UNPLACED}
        for one in report.get("unplaced", ())
    ]
    left: dict[str, Any] = swap({**report, "unplaced": unplaced} if "unplaced" in report else report, names)
    return left
