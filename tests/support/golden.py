"""Reads the golden cases: small stories of children and homes, and who belongs where, in words an officer can check.

A case names only what matters to its story; everything else is as in `tests.support.builders`: a girl of 13
who fits everywhere, and an empty foster home that takes anybody.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from app.geo.grid import Location
from app.geo.zones import Zone, zone_from_json
from app.matching.codes import Code, HomeKind, RiskLevel
from app.matching.home import Home
from app.matching.policy import Policy, parse_policy
from app.matching.referral import Child, ChildRef, HomeRef, Referral, ReferralRef
from tests.support.builders import (
    AS_OF,
    CITY_CENTRE,
    NOTTINGHAM,
    NOTTINGHAMSHIRE,
    a_child,
    a_home,
    a_referral,
    a_resident,
    some_terms,
)

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "tests" / "golden").glob("*.toml"))
AUTHORITIES = {"Nottingham": NOTTINGHAM, "Nottinghamshire": NOTTINGHAMSHIRE, "Derby": "E06000015"}
PLACE = re.compile(r"([\d.]+) miles? (north|south|east|west), in (\w+)")
STEPS = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)}


@dataclass(frozen=True)
class Expected:
    """For one referral: the homes that may take it, best first, and the rules that keep each other home out."""

    order: tuple[HomeRef, ...]
    out: Mapping[HomeRef, frozenset[str]]
    to_check: Mapping[HomeRef, frozenset[str]]


@dataclass(frozen=True)
class Golden:
    """One case: its story, who waits, what there is, and what is right."""

    story: str
    policy: Policy
    as_of: date
    referrals: tuple[Referral, ...]
    homes: tuple[Home, ...]
    expected: Mapping[ReferralRef, Expected]


def golden(file: Path) -> Golden:
    """Read a case."""
    raw = tomllib.loads(file.read_text("utf-8"))
    as_of = raw.get("day", AS_OF)
    policy = (ROOT / "policies" / f"{raw.get('policy', 'nottingham-2023')}.toml").read_bytes()
    return Golden(
        story=raw["story"],
        policy=parse_policy(policy, file.name),
        as_of=as_of,
        referrals=tuple(_referrals(raw["children"], raw.get("groups", {}), as_of)),
        homes=tuple(_home(name, told, as_of) for name, told in raw["homes"].items()),
        expected={ReferralRef(name): _expected(told) for name, told in raw["expected"].items()},
    )


def _referrals(children: Mapping[str, Any], groups: Mapping[str, Any], as_of: date) -> list[Referral]:
    """A referral for each group, and one for each child of none."""
    read = {name: _child(name, told) for name, told in children.items()}
    grouped = {name for group in groups.values() for name in group["children"]}
    asked = {name: {"children": [name]} for name in children if name not in grouped} | dict(groups)
    referrals = []
    for name, told in asked.items():
        given = {key: _read(value, _hints(Referral)[key]) for key, value in told.items() if key != "children"}
        members = [read[child] for child in told["children"]]
        referrals.append(a_referral(*members, **{"ref": ReferralRef(name), "needed_by": as_of, **given}))
    return referrals


def _child(name: str, told: Mapping[str, Any]) -> Child:
    usual = a_child(ref=ChildRef(name))
    return _with(usual, told)


def _home(name: str, told: Mapping[str, Any], as_of: date) -> Home:
    told = dict(told)
    kind = HomeKind(told.pop("kind", "foster"))
    residents = tuple(_with(a_resident(ref=ChildRef(who)), facts) for who, facts in told.pop("residents", {}).items())
    terms = _with(some_terms(), told.pop("terms", {}))
    usual = a_home(ref=HomeRef(name), kind=kind, residents=residents, terms=terms)
    return _with(replace(usual, available_from=as_of, confirmed_on=as_of), told)


def _expected(told: Mapping[str, Any]) -> Expected:
    out = {HomeRef(home): frozenset(_list(codes)) for home, codes in told.get("out", {}).items()}
    check = {HomeRef(home): frozenset(_list(codes)) for home, codes in told.get("to_check", {}).items()}
    return Expected(tuple(HomeRef(home) for home in told.get("order", [])), out, check)


def _list(codes: str | list[str]) -> list[str]:
    return [codes] if isinstance(codes, str) else codes


# ------------------------------------------------------------------------------------- values as a person writes them


def _hints(record: type) -> dict[str, Any]:
    return get_type_hints(record)


def _with(record: Any, told: Mapping[str, Any]) -> Any:
    """The record with the fields that the case names."""
    hints = _hints(type(record))
    given = {}
    for name, value in told.items():
        if name == "risks":  # a case names the risks there are; the others are known not to be there
            given[name] = {**record.risks, **{risk: RiskLevel(level) for risk, level in value.items()}}
        elif name in ("needs", "capability"):
            levels = {**getattr(record, name), **_read(value, hints[name])}
            given[name] = {domain: level for domain, level in levels.items() if level != "not known"}
        else:
            given[name] = _read(value, hints[name])
    return replace(record, **given)


def _read(value: Any, hint: Any) -> Any:  # noqa: PLR0911  # one return a kind of value
    """A TOML value as the type that the record asks for; "not known" as None where None is allowed."""
    origin = get_origin(hint)
    if hint == Zone:
        return zone_from_json(_circle(value))
    if origin in (Union, UnionType):
        (inner,) = (each for each in get_args(hint) if each is not type(None))
        return None if value == "not known" else _read(value, inner)
    if origin in (tuple, frozenset):
        return origin(_read(item, get_args(hint)[0]) for item in value)
    if isinstance(value, dict) and origin is not None:
        key, item = get_args(hint)
        return {_read(k, key): _read(v, item) for k, v in value.items()}
    if hint is Location:
        return _place(value)
    if isinstance(hint, type) and issubclass(hint, Code):
        return hint(value)
    if isinstance(hint, type) and is_dataclass(hint):
        inner_hints = _hints(hint)
        told = {f.name: _read(value[f.name], inner_hints[f.name]) for f in fields(hint) if f.name in value}
        return hint(**told)
    return value


def _place(text: str) -> Location:
    """So far from the centre, in whole metres: 2 miles north, in Nottingham."""
    found = PLACE.fullmatch(text)
    assert found, f"a place reads '2 miles north, in Nottingham', not '{text}'"
    miles, direction, authority = found.groups()
    east, north = STEPS[direction]
    metres = round(float(miles) * 1609.344)
    return Location(CITY_CENTRE.easting + east * metres, CITY_CENTRE.northing + north * metres, AUTHORITIES[authority])


def _circle(told: Mapping[str, Any]) -> dict[str, Any]:
    centre = _place(told["centre"])
    radius = round(float(told["miles"]) * 1609.344)
    return {"type": "Circle", "easting": centre.easting, "northing": centre.northing, "radius_m": radius}
