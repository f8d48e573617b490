"""Some three hundred bodies that nobody should send, made from a few kinds of mischief.

Each is a name and the bytes. What they have in common: the service must answer 4xx and repeat nothing.
`CANARY` stands wherever there is room for a value of the sender's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from app.documents.examples import A_CHILD, A_HOME, A_REFERRAL

CANARY = "Zzyzx-Quetzal"


def bodies() -> dict[str, tuple[str, bytes]]:
    """Every hostile body by its name: the address it goes to, and the bytes."""
    found: dict[str, tuple[str, bytes]] = {}
    for name, body in _not_json():
        for path in ("/match", f"/homes/{A_HOME['ref']}", f"/referrals/{A_REFERRAL['ref']}", "/homes/import"):
            found[f"{name} {path}"] = (path, body)
    for name, value in _shapes():
        found[f"shape {name}"] = ("/match", json.dumps(value).encode())
    for field, value in _child_values():
        child = _with(A_CHILD, field, value)
        body = _text(A_REFERRAL | {"children": [child]})
        found[f"child {field} {_short(value)}"] = (f"/referrals/{A_REFERRAL['ref']}", body)
    for field, value in _home_values():
        found[f"home {field} {_short(value)}"] = (f"/homes/{A_HOME['ref']}", _text(_with(A_HOME, field, value)))
    return found


def _not_json() -> Iterator[tuple[str, bytes]]:
    text = json.dumps(A_HOME)[1:-1].encode()
    canary = CANARY.encode()
    yield from [
        ("empty", b""),
        ("blank", b" \n\t "),
        ("a word", canary),
        ("single quotes", b"{'ref': '" + canary + b"'}"),
        ("cut short", b"{" + text[:50]),
        ("two documents", b"{" + text + b"}{}"),
        ("trailing comma", b"{" + text + b",}"),
        ("comment", b"{/* " + canary + b" */" + text + b"}"),
        ("NaN", b"{" + text.replace(b'"places": 2', b'"places": NaN') + b"}"),
        ("Infinity", b"{" + text.replace(b'"places": 2', b'"places": Infinity') + b"}"),
        ("-Infinity", b"{" + text.replace(b'"places": 2', b'"places": -Infinity') + b"}"),
        ("1e999", b"{" + text.replace(b'"places": 2', b'"places": 1e999') + b"}"),
        ("-1e999", b"{" + text.replace(b'"places": 2', b'"places": -1e999') + b"}"),
        ("a million digits", b"{" + text.replace(b'"places": 2', b'"places": ' + b"9" * 500_000) + b"}"),
        ("duplicate key", b"{" + text + b', "ref": "' + canary + b'"}'),
        ("duplicate key by escape", b"{" + text + b', "\\u0072ef": "' + canary + b'"}'),
        ("duplicate unknown key", b'{"' + canary + b'": 1, "' + canary + b'": 2}'),
        ("lone surrogate", b"{" + text + b', "lot": "' + canary + b'\\ud800"}'),
        ("lone surrogate key", b"{" + text + b', "\\udfff' + canary + b'": 1}'),
        ("NUL by escape", b"{" + text + b', "lot": "' + canary + b'\\u0000"}'),
        ("NUL in key", b"{" + text + b', "\\u0000": 1}'),
        ("raw NUL", b"{" + text + b', "lot": "\x00"}'),
        ("raw newline in text", b"{" + text + b', "lot": "\n"}'),
        ("Latin-1", b"{" + text + b', "lot": "caf\xe9 ' + canary + b'"}'),
        ("UTF-16", ("{" + text.decode() + "}").encode("utf-16")),
        ("overlong UTF-8", b"{" + text + b', "lot": "\xc0\x80"}'),
        ("deep lists", b"[" * 100_000),
        ("deep objects", b'{"a":' * 100_000),
        ("deep and closed", b"[" * 1_000 + b"]" * 1_000),
        ("deep in a field", b"{" + text + b', "lot": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
        ("escapes without end", b'{"' + b'\\"' * 200_000),
    ]


def _shapes() -> Iterator[tuple[str, Any]]:
    yield from [
        ("null", None),
        ("true", True),
        ("number", 1),
        ("text", CANARY),
        ("list", []),
        ("list of text", [CANARY]),
        ("unknown field", {CANARY: CANARY}),
        ("referral is text", {"referral": CANARY}),
        ("referral is a list", {"referral": [A_REFERRAL]}),
        ("both", {"referral": A_REFERRAL, "referral_ref": "R"}),
        ("homes is text", {"referral": A_REFERRAL, "homes": CANARY}),
        ("homes of text", {"referral": A_REFERRAL, "homes": [CANARY]}),
        ("homes of null", {"referral": A_REFERRAL, "homes": [None]}),
        ("k is huge", {"referral": A_REFERRAL, "k": 10**14}),
        ("k is a fraction", {"referral": A_REFERRAL, "k": 1.5}),
        ("k is true", {"referral": A_REFERRAL, "k": True}),
        ("policy is a path", {"referral": A_REFERRAL, "policy": f"../../{CANARY}"}),
        ("policy is a list", {"referral": A_REFERRAL, "policy": [CANARY]}),
        ("ref is SQL", {"referral_ref": f"' OR 1=1 -- {CANARY}"}),
        ("ref is a template", {"referral_ref": "{{7*7}}"}),
        ("ref is a script", {"referral_ref": f"<script>{CANARY}</script>"}),
        ("as_of is a number", {"referral": A_REFERRAL, "as_of": 20260302}),
        ("as_of is 0001", {"referral": A_REFERRAL, "as_of": "0001-01-01"}),
        ("as_of is 9999", {"referral": A_REFERRAL, "as_of": "9999-12-31"}),
    ]


_OF_ANY_FIELD: tuple[Any, ...] = (
    -1,
    10**14,
    1.5,
    True,
    CANARY * 30,
    f"\u202e{CANARY}",
    [[CANARY]],
    {CANARY: CANARY},
)


def _child_values() -> Iterator[tuple[str, Any]]:
    for field in ("ref", "date_of_birth", "sex", "languages", "needs", "risks", "school", "live_apart_from"):
        for value in _OF_ANY_FIELD:
            yield field, value
    yield from [
        ("date_of_birth", "2999-01-01"),
        ("date_of_birth", "2013-13-01"),
        ("date_of_birth", "1899-12-31"),
        ("date_of_birth", f"2013-05-10 {CANARY}"),
        ("sdq", 41),
        ("moves_last_year", 101),
        ("needs", {"education": 4}),
        ("needs", {"education": -1}),
        ("risks", {"riskMissing": CANARY}),
        ("school", "NG1 9ZZ"),
        ("school", "EC1A 1BBB"),
        ("school", {"easting": 10**9, "northing": 0}),
        ("zones_to_avoid", [{"circle": {"postcode": "BT1 1AA", "radius_m": 10}}]),
        ("zones_to_avoid", [{"circle": {"easting": 1, "northing": 1, "radius_miles": 10**6}}]),
        ("zones_to_avoid", [{"polygon": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}}]),
        ("zones_to_avoid", [{"polygon": {"type": CANARY}}]),
        ("zones_to_avoid", [{"polygon": {"type": "Polygon", "coordinates": CANARY}}]),
        ("zones_to_avoid", [{"polygon": {"type": "Polygon", "coordinates": [[["a", "b"]] * 5]}}]),
        ("zones_to_avoid", [{"polygon": {"type": "Polygon", "coordinates": [[[53, -1]] * 5]}}]),
        ("zones_to_avoid", [{"polygon": {"type": "FeatureCollection", "features": []}}]),
        ("live_apart_from", [A_CHILD["ref"]]),
        ("languages", ["en", "en"]),
        ("languages", ["klingon"]),
        ("disabilities", ["MOB", "MOB"]),
        ("package", "core"),
    ]


def _home_values() -> Iterator[tuple[str, Any]]:
    for field in ("kind", "places", "name", "location", "weekly_fee_pence", "terms", "residents", "judged_on"):
        for value in _OF_ANY_FIELD:
            yield field, value
    yield from [
        ("places", 201),
        ("places", "2"),
        ("void_fee_pence", -1),
        ("weekly_fee_pence", {"Core": -1}),
        ("weekly_fee_pence", {"Core": 10_000_001}),
        ("weekly_fee_pence", {"Core": 0.5}),
        ("place_code", "K3"),
        ("unplanned_endings", 13),
        ("unplanned_endings", -1),
        ("terms", {"age_min": 17, "age_max": 5}),
        ("terms", {"age_max": 22}),
        ("residents", [{"ref": "A", "date_of_birth": None}] * 2),
        ("residents", [{"ref": f"R{n}", "date_of_birth": None} for n in range(31)]),
        ("residents", [{"ref": CANARY, "date_of_birth": "2999-01-01"}]),
        ("confirmed_on", "2999-01-01"),
        ("registered_to", "2014-01-01"),
        ("location", "GIR 0AAA"),
        ("location", {"postcode": "NG1 5NH"}),
        ("name", "line\nline"),
        ("name", "bell\x07"),
    ]


def _with(document: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    return document | {field: value}


def _text(value: Any) -> bytes:
    return json.dumps(value).encode()


def _short(value: Any) -> str:
    return repr(value)[:40]
