"""`docs/deciding.md`: the service takes each of its requests, from who sends it; its table is the code's."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from app.access.permissions import PERMISSIONS, Permission
from app.access.principal import Role
from app.cli.importing import _rows
from app.deciding.life import LIFE
from app.documents import decision_models as models
from app.documents.home_documents import read_homes
from app.documents.referral_documents import read_referral
from app.documents.referral_models import ReferralIn
from app.documents.strict_json import parse_json
from app.store.placement_records import State, Step
from tests.support.builders import AS_OF
from tests.support.geo import baked_directory

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/deciding.md"
OPERATING = ROOT / "docs/operating.md"
AN_ID = models.AN_ID

STAND_INS = f"""
curl() {{ printf '%s\\0' "$@" >> "$CALLS"; printf 'END\\0' >> "$CALLS"; echo '{{"id":"{AN_ID}","seen":"{AN_ID}",\
"referral":"R-1","home":"H-1","decisions":[]}}'; }}
placement() {{ echo "$@"; }}
sleep() {{ :; }}
"""
"""What the lines of the page meet instead of a service: each request is written down, none is sent."""

BODIES = {
    ("POST", "/holds"): models.HoldIn,
    ("POST", "/placements/{id}/send"): models.SendIn,
    ("POST", "/placements/{id}/second"): models.SecondIn,
    ("POST", "/placements/{id}/approve"): models.ApproveIn,
    ("POST", "/placements/{id}/accept"): models.AcceptIn,
    ("POST", "/placements/{id}/withdraw"): models.WithdrawIn,
    ("POST", "/placements/{id}/place"): models.PlaceIn,
    ("POST", "/placements/{id}/end"): models.EndIn,
    ("POST", "/proposals/{id}/accept"): models.ProposalAcceptIn,
}
"""Every request of the page that decides something, and what it sends."""


@dataclass(frozen=True)
class Asked:
    """A request as the page sends it. `route` as the table of permissions writes it."""

    method: str
    route: str
    headers: dict[str, str]
    body: str | None

    @property
    def permission(self) -> Permission:
        """Who may send it."""
        return PERMISSIONS[self.method, self.route]


@cache
def _asked(page: Path, folder: Path) -> tuple[Asked, ...]:
    """Every request of the page, its lines run as they stand."""
    calls = folder / "calls"
    blocks = re.findall(r"^```bash\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).replace(".venv/bin/placement", "placement")
    done = subprocess.run(
        ["bash", "-c", STAND_INS + lines],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "CALLS": str(calls)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stderr == ""
    return tuple(map(_read, calls.read_text(encoding="utf-8").split("END\0")[:-1]))


def _read(call: str) -> Asked:
    words = call.split("\0")[:-1]
    given = {
        option: [words[at + 1] for at, word in enumerate(words) if word == option] for option in ("-X", "-H", "-d")
    }
    [address] = [word for word in words if word.startswith("http://127.0.0.1:8000/")]
    path = address.removeprefix("http://127.0.0.1:8000").partition("?")[0]
    method = (given["-X"] or ["GET"])[0]
    fits = [
        route
        for told, route in PERMISSIONS
        if told == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route), path)
    ]
    assert fits, f"{method} {path}"
    headers = dict(header.split(": ", 1) for header in given["-H"])
    return Asked(method, min(fits, key=lambda route: route.count("{")), headers, (given["-d"] or [None])[0])


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Asked, ...]:
    """All requests of the page."""
    return _asked(PAGE, tmp_path_factory.mktemp("page"))


def test_each_request_is_sent_by_whom_it_is_for(asked: tuple[Asked, ...]) -> None:
    """By somebody with a role that may; a decision by a person."""
    for one in asked:
        if one.permission.is_open:
            continue
        token = one.headers["Authorization"].removeprefix("Bearer ").split()
        role = Role(token[token.index("--role") + 1])
        assert role in one.permission.roles, one
        assert "--system" not in token or not one.permission.persons_only


def test_each_decision_says_what_it_must(asked: tuple[Asked, ...]) -> None:
    """Its body fits, with a key of its own; a step on a placement that exists names the version that was read."""
    decided = [one for one in asked if one.permission.persons_only or one.route.endswith("/end")]
    keys = [one.headers["Idempotency-Key"] for one in decided]
    assert len(set(keys)) == len(keys)
    for one in decided:
        assert one.headers["Content-Type"] == "application/json"
        BODIES[one.method, one.route].model_validate_json(one.body or "")
        assert ("If-Match" in one.headers) == one.route.startswith("/placements/")
        assert re.fullmatch(r'"v\d"', one.headers.get("If-Match", '"v1"'))
    assert {(one.method, one.route) for one in decided} == set(BODIES)


def test_the_table_of_steps_is_that_of_the_code() -> None:
    """From where, to where, by whom: of every step that there is."""
    rows = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in PAGE.read_text(encoding="utf-8").partition("## Every step")[2].splitlines()
        if line.startswith("| ")
    ]
    told = {row[0]: row for row in rows[1:]}
    assert set(told) == set(map(str, Step))
    for step, move in LIFE.items():
        _step, request, before, after, roles, also = told[step]
        assert set(before.split(", ")) == set(map(str, move.before))
        assert after == (str(move.after) if move.after else "as it was")
        assert {role for role in Role if re.search(rf"\b{role}\b", roles)} == move.roles
        assert ("`reason`" in also) == (move.reason is not None and step is not Step.ACCEPT)
        for method, route in re.findall(r"`(\w+) (/\S+)`", request):
            assert (method, route) in PERMISSIONS
    assert set(State) >= {told[step][3] for step in told} - {"as it was"}


def test_the_first_homes_can_be_imported() -> None:
    """The file that the operators' page shows is taken as it stands, without a remark."""
    [text] = re.findall(r"^```json homes\n(.*?)^```", OPERATING.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    found = read_homes(_rows(parse_json(text.encode())), baked_directory(), AS_OF)
    assert (len(found.records), found.problems) == (1, ())


def test_the_first_referral_is_one_that_is_taken() -> None:
    """Its body is JSON whose fields the service knows."""
    page = OPERATING.read_text(encoding="utf-8")
    [body] = re.findall(r"-d '(\{\"ref\": \"R-1\".*?)'\nplacement match R-1", page, re.DOTALL)
    given = json.loads(body.replace("'$(date +%F)'", "2026-03-02"))
    assert read_referral(ReferralIn.model_validate_json(json.dumps(given)), baked_directory(), AS_OF)
