"""Whatever a token or a query says, the caller is answered: let in, refused, or told what is wrong with it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.access.claims import Claims
from app.access.principal import Kind, Role
from app.errors import TokenExpired, TokenRefused
from app.main import create_app
from tests.api.service import TODAY, settings_for
from tests.support.access import bearer, client_of, local_issuer
from tests.support.forged import claims, sign, signed

HUGE = 10**400

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([HUGE, -HUGE, 10**19, -1])
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["ES256", "none", "JWT", "at+jwt", "placement", "E06000018", "person", "\ud800", "\x00"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
HEADERS = st.dictionaries(
    st.sampled_from(["alg", "typ", "kid", "crit", "b64", "jwk", "jku", "x5c", "cty", "enc", "zip", "more"]),
    VALUES,
    max_size=4,
)
CLAIMS = st.dictionaries(
    st.sampled_from(
        ["iss", "aud", "sub", "exp", "nbf", "iat", "azp", "client_id", "kind", "roles", "authority", "nonce", "jti"]
    ),
    VALUES,
    max_size=4,
)
MEMBERS = st.one_of(HEADERS, VALUES)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service, and a client that carries nothing by itself and would raise what the service did not expect."""
    folder = tmp_path_factory.mktemp("strange")
    app: FastAPI = create_app(settings_for(f"sqlite:///{folder / 'strange.db'}"), lambda: TODAY)
    with client_of(app, {}) as client:
        yield client


def _status(bare: TestClient, token: str) -> int:
    status: int = bare.get("/me", headers={"Authorization": f"Bearer {token}"}).status_code
    return status


def _encoded(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@settings(max_examples=150, deadline=None)
@given(header=MEMBERS, body=MEMBERS)
@example(header={"alg": "ES256", "typ": []}, body={})
@example(header={"alg": "ES256", "typ": {}}, body={})
def test_a_header_that_anybody_writes(bare: TestClient, header: Any, body: Any) -> None:
    """Nobody signed it, so nobody is let in; and nothing that it says is more than the service can bear."""
    assert _status(bare, f"{_encoded(header)}.{_encoded(body)}.AA") == 401
    if isinstance(header, dict):
        usual = {"alg": "ES256", "kid": local_issuer().key.thumbprint()}
        assert _status(bare, f"{_encoded(usual | header)}.{_encoded(body)}.AA") == 401


@settings(max_examples=150, deadline=None)
@given(said=CLAIMS)
@example(said={"exp": HUGE})
@example(said={"nbf": HUGE})
@example(said={"nbf": -HUGE})
@example(said={"sub": ["a"]})
@example(said={"azp": []})
@example(said={"client_id": {}})
def test_claims_that_a_provider_might_sign(bare: TestClient, said: dict[str, Any]) -> None:
    """Signed well, and strange: good for somebody or for nobody."""
    issuer = local_issuer()
    header = {"alg": "ES256", "kid": issuer.key.thumbprint()}
    assert _status(bare, sign(header, claims() | said, issuer.key)) in {200, 401, 403}


@settings(max_examples=100, deadline=None)
@given(header=HEADERS)
def test_a_strange_header_that_a_provider_might_sign(bare: TestClient, header: dict[str, Any]) -> None:
    """What the signature covers may still be more than is understood here."""
    assert _status(bare, signed(local_issuer(), header)) in {200, 401}


@settings(max_examples=100, deadline=None)
@given(said=CLAIMS)
def test_claims_are_read_or_refused(said: dict[str, Any]) -> None:
    """Read by every setting there is, also as an ID token's: a principal or a refusal, and nothing else."""
    reading = Claims("https://id.example", "placement", "E06000018", {"Officers": Role.OFFICER})
    deep = Claims(
        "https://id.example",
        "placement",
        "E06000018",
        {"Officers": Role.OFFICER},
        roles_claim="roles.a",
        authority_claim="authority.a",
        person_claim="kind",
        person_values=frozenset({"person"}),
        subject_claim="jti",
    )
    good = claims() | {"iss": "https://id.example"} | said
    for how in (reading, deep):
        try:
            how.check(good, claims()["iat"], "placement")
            who = {how.principal(good, claims()["iat"]), how.person(good)}
        except (TokenRefused, TokenExpired):
            continue
        assert all(one.kind in set(Kind) for one in who)


@settings(max_examples=150, deadline=None)
@given(
    path=st.sampled_from(["/audit", "/homes", "/placements", "/referrals/R-1/shortlist", "/webhooks/x/messages"]),
    query=st.dictionaries(
        st.sampled_from(["actor", "child", "limit", "cursor", "state", "as_of", "policy", "referral", "home"]),
        st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(["\x00", "a\x00b"]),
        max_size=3,
    ),
)
@example(path="/audit", query={"actor": "\x00"})
@example(path="/audit", query={"actor": "a\x00b"})
def test_a_strange_query(bare: TestClient, path: str, query: dict[str, str]) -> None:
    """Answered, or 422: never an error of ours."""
    asked = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    answer = bare.get(f"{path}?{asked}", headers=bearer())
    assert answer.status_code in {200, 404, 422}, answer.text
    if any("\x00" in value for value in query.values()):
        assert answer.status_code in {404, 422}
