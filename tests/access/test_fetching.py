"""A provider is asked over HTTPS or on this machine, and what it answers has an end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.access import fetching
from app.access.fetching import NotAnswered, fetch, is_trusted_address
from app.access.provider import Provider, reads_keys
from tests.support.oidc_provider import OidcProvider, running_provider


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    """A provider on this machine."""
    with running_provider() as running:
        yield running


@pytest.mark.parametrize(
    ("address", "is_good"),
    [
        ("https://id.example/keys", True),
        ("http://127.0.0.1:8080/keys", True),
        ("http://localhost/keys", True),
        ("http://[::1]/keys", True),
        ("http://id.example/keys", False),
        ("http://127.0.0.1.evil.example/", False),
        ("https://user:secret@id.example/", False),
        ("https:///keys", False),
        ("file:///etc/passwd", False),
        ("ftp://id.example/", False),
        ("id.example", False),
        ("", False),
    ],
)
def test_which_addresses_may_be_asked(address: str, monkeypatch: pytest.MonkeyPatch, *, is_good: bool) -> None:
    """HTTPS, or plain HTTP that does not leave the machine; of any other not even a connection is tried."""
    monkeypatch.setattr(fetching.httpx, "Client", _nobody)
    assert is_trusted_address(address) is is_good
    if not is_good:
        with pytest.raises(NotAnswered):
            fetch(address)


@pytest.mark.parametrize(
    "instead",
    [(404, b"{}"), (500, b"{}"), (301, b"{}"), (200, b""), (200, b"[]"), (200, b"{"), (200, b"[" * 100_000)],
)
def test_what_is_no_answer(provider: OidcProvider, instead: tuple[int, bytes]) -> None:
    """Errors, redirects, and what is no JSON object."""
    provider.broken = {"/keys": instead}
    with pytest.raises(NotAnswered):
        fetch(f"{provider.issuer}/keys")


def test_an_answer_without_end_is_given_up(provider: OidcProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its size, and by the time it takes."""
    provider.broken = {"/keys": (200, b'{"keys": []' + b" " * 2_000_000 + b"}")}
    with pytest.raises(NotAnswered):
        fetch(f"{provider.issuer}/keys")
    provider.broken = {}
    assert fetch(f"{provider.issuer}/keys")["keys"]
    monkeypatch.setattr(fetching.time, "monotonic", iter(range(0, 1_000, 10)).__next__)
    with pytest.raises(NotAnswered):
        fetching._read(_Slow(), 5.0)  # type: ignore[arg-type]


def _nobody(**_options: object) -> None:
    raise AssertionError("nobody was to be asked")


class _Slow:
    """An answer that comes drop by drop."""

    def iter_bytes(self) -> Iterator[bytes]:
        """One drop after the other."""
        yield from (b"x" for _ in range(100))


def test_a_provider_says_where_it_is_asked(provider: OidcProvider) -> None:
    """Once, then it is remembered; and the keys come from where it says."""
    ours = Provider(provider.issuer)
    assert ours.endpoints().token == f"{provider.issuer}/token"
    ours.endpoints()
    assert provider.asked.count("/.well-known/openid-configuration") == 1
    assert reads_keys(ours, None)()["keys"]
    assert reads_keys(ours, f"{provider.issuer}/keys")()["keys"]


def test_a_provider_that_is_another_is_not_believed(provider: OidcProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """It must call itself as the settings do, and name addresses that can be trusted."""
    good = provider.discovery()
    for changes in (
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": 7},
    ):
        monkeypatch.setattr(provider, "discovery", lambda changes=changes: good | changes)
        with pytest.raises(NotAnswered):
            Provider(provider.issuer).endpoints()
