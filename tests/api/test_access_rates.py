"""Budgets of callers: each has its own, for each kind of request its own, and is told when to come back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.access.principal import Role
from app.api.callers import address_of
from app.main import create_app
from tests.api.service import TODAY, settings_for
from tests.support.access import bearer, client_of

BUDGETS = {"reads_per_10_s": 5, "writes_per_10_s": 3, "matches_per_10_s": 2, "open_per_10_s": 4}


class Clock:
    """The clock by which budgets are counted, which tests turn."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        """Seconds since 1970."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still."""
    turned = Clock()
    for module in ("limits.aio.storage.memory", "limits.aio.strategies", "app.api.rate"):
        monkeypatch.setattr(f"{module}.time", turned)
    return turned


@pytest.fixture
def narrow(tmp_path: Path, clock: Clock) -> Iterator[TestClient]:
    """A service with small budgets."""
    settings = settings_for(f"sqlite:///{tmp_path / 'rates.db'}", **BUDGETS)
    with client_of(create_app(settings, lambda: TODAY), {}) as client:
        yield client


def statuses(client: TestClient, method: str, path: str, times: int, headers: dict[str, str]) -> list[int]:
    """Of so many requests."""
    return [client.request(method, path, headers=headers).status_code for _ in range(times)]


def test_a_budget_is_a_caller_s_own(narrow: TestClient, clock: Clock) -> None:
    """One who asks too much is told to wait; nobody else is, nor is the same caller for another kind of request."""
    clock.now = 1_000_000.0
    ann, bob = bearer(subject="ann"), bearer(subject="bob")
    assert statuses(narrow, "GET", "/homes", 7, ann) == [200] * 5 + [429] * 2
    assert statuses(narrow, "GET", "/policies", 1, ann) == [429], "all reads are one budget"
    assert statuses(narrow, "GET", "/homes", 5, bob) == [200] * 5
    assert statuses(narrow, "POST", "/match", 3, ann) == [415, 415, 429]
    assert statuses(narrow, "PUT", "/homes/H", 4, ann) == [415, 415, 415, 429]
    answer = narrow.get("/homes", headers=ann)
    assert answer.json()["code"] == "too_many_requests"
    assert 1 <= int(answer.headers["Retry-After"]) <= 10
    clock.now += 21
    assert statuses(narrow, "GET", "/homes", 1, ann) == [200]


def test_another_token_is_no_other_budget(narrow: TestClient) -> None:
    """Who has a new token made, or other roles, is still the same caller."""
    assert statuses(narrow, "GET", "/homes", 5, bearer(subject="ann")) == [200] * 5
    for headers in (bearer(subject="ann", jti="2"), bearer([Role.OFFICER], subject="ann")):
        assert statuses(narrow, "GET", "/homes", 1, headers) == [429]


def test_refused_and_unknown_addresses_count_too(narrow: TestClient) -> None:
    """Guessing at addresses and rights uses up the budget for reads and changes."""
    ann = bearer([Role.ADMIN], subject="ann")
    assert statuses(narrow, "GET", "/referrals/R", 3, ann) == [403] * 3
    assert statuses(narrow, "GET", "/nowhere", 3, ann) == [404, 404, 429]


def test_health_is_never_counted(narrow: TestClient) -> None:
    """However often somebody looks."""
    assert set(statuses(narrow, "GET", "/health/live", 20, {})) == {200}
    assert set(statuses(narrow, "GET", "/health/ready", 20, {})) == {200}


def test_refused_tokens_have_an_end(narrow: TestClient) -> None:
    """Whoever guesses is told to wait; neither open pages nor those who are let in are any the worse for it."""
    bad = {"Authorization": "Bearer a.b.c"}
    assert statuses(narrow, "GET", "/homes", 6, bad) == [401] * 4 + [429] * 2
    assert statuses(narrow, "GET", "/homes", 1, {}) == [429], "no token at all is no good one either"
    assert statuses(narrow, "GET", "/docs", 1, {}) == [200]
    assert statuses(narrow, "GET", "/homes", 1, bearer()) == [200]


@pytest.mark.parametrize(
    ("host", "of"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("not:an:address", "not:an:address"),
    ],
)
def test_an_address_is_a_caller_s_own(host: str, of: str) -> None:
    """Of IPv6 whoever has one address has very many: they are one caller."""
    assert address_of({"client": (host, 1)}) == of
    assert address_of({"client": None}) == "nowhere"


def test_open_pages_are_counted_by_address(narrow: TestClient) -> None:
    """Where nobody is signed in."""
    assert statuses(narrow, "GET", "/docs", 5, {}) == [200] * 4 + [429]
    assert statuses(narrow, "GET", "/homes", 1, bearer()) == [200]
