"""Children with names found nowhere else, through every route: in no log, URL, header, error or metric."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from app.api.permitting import addresses
from app.documents.examples import A_CHILD, A_HOME, A_REFERRAL, A_RESIDENT
from app.documents.placed_models import A_PLACED_CHILD
from app.main import create_app
from app.store import load
from tests.api.service import TODAY, send, settings_for
from tests.support.access import bearer, client_of, local_issuer
from tests.support.access_matrix import WITHOUT_A_BODY

CANARY = "Zzyzx"
"""In every name and reference that is sent; no part of ours contains it."""

POSTCODE = "NG5 2NW"


def canary(kind: str) -> str:
    """A reference that stands for one kind of thing."""
    return f"{CANARY}-{kind}"


CHILD = A_CHILD | {"ref": canary("child")}
REFERRAL = A_REFERRAL | {"ref": canary("referral"), "children": [CHILD]}
HOME = A_HOME | {"ref": canary("home"), "name": canary("name"), "residents": [A_RESIDENT | {"ref": canary("resident")}]}
PLACED = A_PLACED_CHILD | {"ref": canary("placed")}


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture) -> Iterator[io.StringIO]:
    """Everything that any logger says, at its most talkative, with every field of its own."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Everything())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the client of the tests writes down what it asks
    yield stream
    root.setLevel(before)
    root.removeHandler(handler)


class Everything(logging.Formatter):
    """A record with its message, its arguments, its trace and every field of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """All of it."""
        return f"{super().format(record)} {record.__dict__}"


def _bodies() -> list[Any]:
    """What is sent to every address that takes a body: right for one of them, wrong for all others."""
    odd = {
        "ref": canary("odd"),
        canary("field"): canary("value"),
        CANARY.lower(): 1,
        "children": [CHILD],
        "name": [canary("name")],
    }
    return [REFERRAL, {"referral": REFERRAL, "homes": [HOME]}, {"homes": [HOME, HOME]}, odd]


def _paths(template: str) -> list[str]:
    """With references that are there and that are not."""
    own = {"referrals": "referral", "homes": "home", "caseload": "placed"}.get(template.split("/")[1], "other")
    return [
        template.replace("{home}", canary("home")).replace("{" + name + "}", said)
        for name in ("ref", "id", "version", "name")
        for said in (canary(own), canary("none"), f"{canary('long')}{'x' * 80}")
        if "{" + name + "}" in template
    ] or [template]


def _answers(client: TestClient, routes: list[tuple[str, str]]) -> Iterator[Any]:
    """Of every route, right and wrong, by those who may and those who may not."""
    odd = {"If-Match": f'"{CANARY}"', "X-Correlation-Id": CANARY, "Idempotency-Key": CANARY}
    for method, template in routes:
        for path in _paths(template):
            for body in [None] if method in WITHOUT_A_BODY else _bodies():
                yield client.request(method, path, json=body, headers=bearer() | odd, follow_redirects=False)
            yield client.request(method, path, headers=bearer(()))
        for token in forged_tokens():
            yield client.request(method, path, headers={"Authorization": f"Bearer {token}"})
        for name in (CANARY, CANARY.lower()):
            yield client.request(method, f"{_paths(template)[0]}?{name}={name}", headers=bearer())


def forged_tokens() -> Iterator[str]:
    """Tokens that name the canary and are refused."""
    yield from (CANARY, f"{CANARY}.{CANARY}.{CANARY}", local_issuer().token(canary("subject"), (), exp=1))


def test_no_canary_leaves(database_url: str, written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """T-23: only the answer to somebody who may see it holds a canary; no refusal, header, log line or metric does."""
    app = create_app(settings_for(database_url), lambda: TODAY)
    seen, refused, wrong = 0, 0, []
    with client_of(app, {}, raise_server_exceptions=False) as client:
        client.headers.update(bearer())
        assert send(client, "PUT", f"/homes/{HOME['ref']}", HOME).status_code == 201
        assert send(client, "PUT", f"/referrals/{REFERRAL['ref']}", REFERRAL).status_code == 201
        assert send(client, "PUT", f"/caseload/{PLACED['ref']}", PLACED).status_code == 201
        del client.headers["Authorization"]
        for answer in _answers(client, addresses(app.routes)):
            may_hold = answer.status_code < 300
            seen += CANARY in answer.text and may_hold
            refused += answer.status_code >= 400
            told = "" if may_hold else answer.text
            if CANARY.lower() in (told + unquote(str(answer.headers))).lower():
                wrong.append(f"{answer.request.method} {answer.status_code}: {told[:200]} {answer.headers}")
        monkeypatch.setattr(load, "homes_page", _broken)
        wrong += [answer.text for answer in [client.get("/homes", headers=bearer())] if CANARY in answer.text]
        figures = client.get("/metrics", headers=bearer()).text
    assert wrong == []
    assert seen >= 5, "the canaries are really there"
    assert refused >= 300
    assert CANARY not in figures
    assert "ValueError" in written.getvalue(), "what broke was written down"
    assert CANARY not in written.getvalue()


def _broken(*_arguments: Any) -> Any:
    raise ValueError(f"{canary('child')} could not be read")
