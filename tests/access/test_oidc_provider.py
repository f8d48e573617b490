"""The provider of the tests is as strict as a real one, so that what passes with it means something."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.oidc_provider import CLIENT, SECRET, OidcProvider, running_provider

BACK = "http://127.0.0.1:8000/signin/back"
VERIFIER = "v" * 43
ASKED = {
    "response_type": "code",
    "client_id": CLIENT,
    "redirect_uri": BACK,
    "scope": "openid",
    "state": "s",
    "nonce": "n",
    "code_challenge": urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode(),
    "code_challenge_method": "S256",
}


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    """A provider that knows one service."""
    with running_provider() as running:
        running.redirect_uris.add(BACK)
        yield running


def _code(provider: OidcProvider) -> str:
    sent = httpx.get(f"{provider.issuer}/authorize", params=ASKED, trust_env=False)
    assert sent.status_code == 302
    return parse_qs(urlsplit(sent.headers["Location"]).query)["code"][0]


def _exchange(provider: OidcProvider, code: str, auth: tuple[str, str] = (CLIENT, SECRET), **changes: str) -> int:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return httpx.post(f"{provider.issuer}/token", data=form | changes, auth=auth, trust_env=False).status_code


@pytest.mark.parametrize("name", sorted(ASKED))
def test_it_asks_for_everything(provider: OidcProvider, name: str) -> None:
    """Without one of the parameters, or with another value of a fixed one, there is no code."""
    for value in (None, "wrong") if name not in {"state", "nonce", "code_challenge"} else (None,):
        asked = {**ASKED, name: value}
        params = {key: said for key, said in asked.items() if said is not None}
        assert httpx.get(f"{provider.issuer}/authorize", params=params, trust_env=False).status_code == 400


def test_a_code_is_good_once_and_for_its_own_client(provider: OidcProvider) -> None:
    """Another verifier, address, client, secret or grant gets no token; the right one gets it once."""
    for changes in ({"code_verifier": "x" * 43}, {"redirect_uri": "http://evil.example"}, {"grant_type": "password"}):
        assert _exchange(provider, _code(provider), **changes) == 400
    assert _exchange(provider, _code(provider), (CLIENT, "wrong")) == 401
    assert _exchange(provider, "made-up") == 400
    code = _code(provider)
    assert [_exchange(provider, code), _exchange(provider, code)] == [200, 400]
