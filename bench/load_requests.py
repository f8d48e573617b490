"""What the load consists of: requests as the case management system and officers send them, made beforehand."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from app.demo.authority import Authority
from app.documents.home_documents import write_home
from app.documents.referral_documents import write_referral
from bench.load_generator import http

Requests = Callable[[int], bytes]

SEED = 20_231_101
DRAWN = 5_000
"""Requests that are drawn; then they come again from the first."""

SHARES = (
    ("referral", 24),
    ("home", 20),
    ("homes", 8),
    ("referrals", 6),
    ("shortlist", 8),
    ("why_not", 4),
    ("proposals", 4),
    ("runs", 3),
    ("me", 3),
    ("put_home", 10),
    ("put_referral", 10),
)
"""Of a hundred requests: eighty readings, twenty changes."""


def matches(made: Authority, token: dict[str, str]) -> Requests:
    """Matches of the stored referrals, one after the other."""
    asked = [
        http("POST", "/match", token, json.dumps({"referral_ref": referral.ref}).encode())
        for referral in made.referrals
    ]
    return lambda number: asked[number % len(asked)]


def mixed(made: Authority, token: dict[str, str]) -> Requests:
    """A day's requests in random order."""
    draw = random.Random(SEED)
    kinds = [kind for kind, share in SHARES for _ in range(share)]
    drawn = [_one(draw.choice(kinds), draw, made, token) for _ in range(DRAWN)]
    return lambda number: drawn[number % DRAWN]


def of_kind(kind: str, made: Authority, token: dict[str, str]) -> Requests:
    """Requests of one kind alone."""
    draw = random.Random(SEED)
    drawn = [_one(kind, draw, made, token) for _ in range(DRAWN)]
    return lambda number: drawn[number % DRAWN]


def _one(kind: str, draw: random.Random, made: Authority, token: dict[str, str]) -> bytes:
    home, referral = draw.choice(made.homes), draw.choice(made.referrals)
    match kind:
        case "put_home":
            document = write_home(home) | {"name": f"Home {draw.randrange(1_000)}"}
            return http("PUT", f"/homes/{home.ref}", token | {"If-Match": "*"}, json.dumps(document).encode())
        case "put_referral":
            document = write_referral(referral)
            return http("PUT", f"/referrals/{referral.ref}", token | {"If-Match": "*"}, json.dumps(document).encode())
    paths = {
        "referral": f"/referrals/{referral.ref}",
        "home": f"/homes/{home.ref}",
        "homes": "/homes?limit=20",
        "referrals": "/referrals?limit=20",
        "shortlist": f"/referrals/{referral.ref}/shortlist",
        "why_not": f"/referrals/{referral.ref}/why-not/{home.ref}",
        "proposals": "/proposals",
        "runs": "/runs",
        "me": "/me",
    }
    return http("GET", paths[kind], token)


def writes(made: Authority, token: dict[str, str], named: str) -> Requests:
    """New homes, each with a reference of its own: what was acknowledged can be looked for afterwards."""
    document = write_home(made.homes[0])

    def request(number: int) -> bytes:
        ref = f"{named}-{number}"
        body = json.dumps(document | {"ref": ref}).encode()
        return http("PUT", f"/homes/{ref}", token | {"Idempotency-Key": ref}, body)

    return request
