"""What is no good token opens no route, and the answer helps nobody who forges one."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.access.principal import Kind, Role
from app.access.tokens import Verifier
from app.api.permitting import addresses
from app.errors import NotSignedIn, TokenExpired, TokenRefused
from app.main import create_app
from tests.api.service import TODAY, settings_for
from tests.support.access import bearer, client_of, local_issuer
from tests.support.access_matrix import table
from tests.support.forged import forged, signed

ONE_OF_EACH = (
    "expired",
    "alg none",
    "HS256 with the public key",
    "wrong audience",
    "wrong issuer",
    "another signature",
    "garbage",
    "oversized",
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """One service for all: nothing here gets as far as changing anything."""
    folder = tmp_path_factory.mktemp("tokens")
    return create_app(settings_for(f"sqlite:///{folder / 'tokens.db'}"), lambda: TODAY)


@pytest.fixture(scope="module")
def bare(app: FastAPI) -> Iterator[TestClient]:
    """A client that carries nothing by itself."""
    with client_of(app, {}) as client:
        yield client


def _closed(app: FastAPI) -> list[tuple[str, str]]:
    lines = table()
    return [address for address in addresses(app.routes) if not lines[address].is_open]


def _path(template: str) -> str:
    return template.replace("{", "").replace("}", "")


def test_every_route_by_every_kind_of_bad_token(app: FastAPI, bare: TestClient) -> None:
    """No route that is not open answers anything but 401 to no token or to a bad one."""
    corpus = forged(local_issuer())
    tokens = {"none": None, **{name: corpus[name] for name in ONE_OF_EACH}}
    done = 0
    for method, template in _closed(app):
        for name, token in tokens.items():
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            answer = bare.request(method, _path(template), headers=headers)
            assert answer.status_code == 401, (method, template, name)
            done += 1
    assert done == len(_closed(app)) * len(tokens) >= 250


@pytest.mark.parametrize("name", sorted(forged(local_issuer())))
def test_a_forged_token_is_refused(bare: TestClient, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each of them: 401, a challenge, one of two texts, and nothing of the token in answer or log."""
    token = forged(local_issuer())[name]
    with caplog.at_level(logging.DEBUG, logger="app"):
        answer = bare.get("/homes", headers={b"Authorization": b"Bearer " + token.encode("latin-1")})
    kind = TokenExpired if name == "expired" else TokenRefused
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["detail"]) == (401, kind.code, kind.message())
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="placement", error="invalid_token"'
    assert len(token) < 8 or token not in answer.text + str(answer.headers) + caplog.text
    assert "forger" not in answer.text + caplog.text


def test_a_good_token_is_taken(bare: TestClient) -> None:
    """What the others were made from is let in: it is what is wrong with them that keeps them out."""
    issuer = local_issuer()
    for token in (
        signed(issuer),
        signed(issuer, {"typ": "at+jwt"}),
        signed(issuer, {"typ": None}),
        signed(issuer, {"kid": None}),
        signed(issuer, {"more": "unknown"}),
        signed(issuer, aud=["another", "placement"]),
    ):
        answer = bare.get("/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["subject"] == "forger"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Token x"},
        {"Cookie": "placement=x"},
        {"Cookie": "__Host-placement=x"},
        {"X-Authorization": "Bearer x"},
    ],
)
def test_no_token_at_all(bare: TestClient, headers: dict[str, str]) -> None:
    """Told to bring one, and how."""
    answer = bare.get("/homes", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, NotSignedIn.code)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="placement"'


def test_two_tokens_are_none(bare: TestClient) -> None:
    """Where two are sent nobody can say whose request it is."""
    (value,) = bearer().values()
    assert bare.get("/me", headers=[("Authorization", value), ("Authorization", value)]).status_code == 401
    assert bare.get("/me", params={"access_token": value.removeprefix("Bearer ")}).status_code == 401


def test_the_scheme_in_any_letters(bare: TestClient) -> None:
    """HTTP does not tell `bearer` from `Bearer`."""
    (value,) = bearer().values()
    for scheme in ("bearer", "BEARER", "Bearer "):
        headers = {"Authorization": value.replace("Bearer", scheme)}
        assert bare.get("/me", headers=headers).status_code == 200


def test_addresses_that_are_not_there_ask_for_a_token_first(bare: TestClient) -> None:
    """Without a token nobody learns which addresses and methods there are."""
    for method, path in (("GET", "/nowhere"), ("POST", "/homes"), ("GET", "/homes/"), ("TRACE", "/homes")):
        assert bare.request(method, path).status_code == 401
        assert bare.request(method, path, headers=bearer()).status_code in {404, 405}


def test_me_says_who(bare: TestClient) -> None:
    """A person and a system are told for whom the service takes them."""
    headers = bearer([Role.OFFICER, Role.AUDITOR], subject="ann")
    assert bare.get("/me", headers=headers).json() == {
        "subject": "ann",
        "kind": "person",
        "authority": "E06000018",
        "roles": ["auditor", "officer"],
        "csrf_token": None,
    }
    assert bare.get("/me", headers=bearer(kind=Kind.SYSTEM)).json()["kind"] == "system"


def test_a_token_that_is_known_is_not_verified_again(
    app: FastAPI, bare: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second request with a token costs a look into memory; one whose keys were taken back is looked at anew."""
    asked: list[str] = []
    verify = Verifier.claims

    def counted(self: Verifier, token: str) -> object:
        asked.append(token)
        return verify(self, token)

    monkeypatch.setattr(Verifier, "claims", counted)
    headers = bearer(subject="once")
    assert [bare.get("/me", headers=headers).status_code for _ in range(3)] == [200, 200, 200]
    assert len(asked) == 1
    app.state.access.entry.callers.tokens.keys.edition += 1
    assert bare.get("/me", headers=headers).status_code == 200
    assert len(asked) == 2


def test_nothing_of_a_body_is_read_before(bare: TestClient) -> None:
    """Who is not let in is told so whatever the body is: not JSON, far too large, or of the wrong kind."""
    for body, kind in ((b"{" * 10_000, "application/json"), (b"x" * 2_000_000, "application/json"), (b"a=b", "text/x")):
        answer = bare.put("/homes/H", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 401
        headers = {"Content-Type": kind, **bearer([Role.AUDITOR])}
        assert bare.put("/homes/H", content=body, headers=headers).status_code == 403


def test_openapi_says_where_a_token_is_needed(app: FastAPI) -> None:
    """The description agrees with the table, so that the page can authorise."""
    schema, lines = app.openapi(), table()
    assert schema["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            is_open = lines[method.upper(), path].is_open
            assert operation["security"] == ([] if is_open else [{"bearer": []}])
            assert ({"401", "403", "429"} <= set(operation["responses"])) is not is_open
