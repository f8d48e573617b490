"""Signing in with a browser, against a small provider on this machine; sessions from their first to their last."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from app.access.principal import Kind, Role
from app.documents.examples import A_HOME
from app.main import create_app
from app.store import sessions as stored
from app.store.access_tables import sessions
from app.store.audit_tables import audit_entries
from app.store.session import Database
from tests.api.service import TODAY, send, settings_for
from tests.support.access import client_of
from tests.support.oidc_provider import CLIENT, SECRET, OidcProvider, new_key, running_provider

PUBLIC = "http://127.0.0.1:8000"
COOKIE, ATTEMPT = "placement", "placement-signin"
HOME = f"/homes/{A_HOME['ref']}"


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    """A provider that knows the service."""
    with running_provider() as running:
        running.redirect_uris.add(f"{PUBLIC}/signin/back")
        yield running


def with_provider(provider: OidcProvider, url: str, **changes: Any) -> TestClient:
    """A service that trusts the provider, and a browser that has not signed in."""
    options: dict[str, Any] = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_roles": {"Placements Officers": Role.OFFICER, "Auditors": Role.AUDITOR},
        "public_url": PUBLIC,
    }
    return client_of(create_app(settings_for(url, **options | changes), lambda: TODAY), {})


@pytest.fixture
def browser(provider: OidcProvider, sqlite_url: str) -> Iterator[TestClient]:
    """A browser on SQLite."""
    with with_provider(provider, sqlite_url) as client:
        yield client


def begin(browser: TestClient) -> str:
    """Ask to sign in, let the provider do its part, and give the address it sends the browser back to."""
    sent = browser.get("/signin", follow_redirects=False)
    assert sent.status_code == 303, sent.text
    back = httpx.get(sent.headers["Location"], follow_redirects=False, trust_env=False)
    assert back.status_code == 302, sent.headers["Location"]
    return back.headers["Location"].removeprefix(PUBLIC)


def sign_in(browser: TestClient) -> httpx.Response:
    """Sign in to the end."""
    return browser.get(begin(browser), follow_redirects=False)


def database_of(browser: TestClient) -> Database:
    """The database of the service."""
    found: Database = browser.app.state.service.database  # type: ignore[attr-defined]
    return found


def rows(browser: TestClient) -> list[Any]:
    """All stored sessions."""
    with database_of(browser).reading() as reading:
        return list(reading.execute(select(sessions)))


def test_an_officer_signs_in_works_and_leaves(provider: OidcProvider, database_url: str) -> None:
    """From the first page to the last, on both databases: a person with the mapped roles, until the session ends."""
    with with_provider(provider, database_url) as browser:
        assert browser.get("/me").status_code == 401
        answer = sign_in(browser)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/me")
        me = browser.get("/me").json()
        assert (me["subject"], me["kind"], me["roles"]) == ("ann", "person", ["officer"])
        csrf = {"X-CSRF-Token": me["csrf_token"]}
        assert send(browser, "PUT", HOME, A_HOME, **csrf).status_code == 201
        secret = browser.cookies[COOKIE]
        assert browser.post("/signout", headers=csrf).status_code == 204
        assert COOKIE not in browser.cookies
        for kept in ({}, {"Cookie": f"{COOKIE}={secret}"}):
            assert browser.get("/me", headers=kept).status_code == 401
        assert rows(browser) == []
        with database_of(browser).reading() as reading:
            entries = reading.execute(select(audit_entries.c.actor, audit_entries.c.action)).all()
        assert [row for row in entries if "session" in row.action] == [("ann", "session.begin"), ("ann", "session.end")]


def test_what_is_stored_opens_nothing(browser: TestClient) -> None:
    """The database has the hash of the secret, and no token of the provider."""
    sign_in(browser)
    (row,) = rows(browser)
    secret = browser.cookies[COOKIE]
    assert secret not in str(row)
    assert len(secret) >= 43
    assert browser.get("/me", headers={"Cookie": f"{COOKIE}={row.id}"}).status_code == 401


def test_the_cookies_are_for_nobody_else(provider: OidcProvider, sqlite_url: str) -> None:
    """Not for scripts, not for other sites; over HTTPS not without it, and not from another host."""
    with with_provider(provider, sqlite_url) as plain:
        first, last = plain.get("/signin", follow_redirects=False), sign_in(plain)
        for answer in (first, last):
            for cookie in answer.headers.get_list("set-cookie"):
                assert "HttpOnly" in cookie
                assert "SameSite=lax" in cookie
                assert "Path=/;" in cookie
                assert "Domain" not in cookie
                assert "Secure" not in cookie
    with with_provider(provider, sqlite_url, public_url="https://placements.example") as secure:
        (cookie,) = secure.get("/signin", follow_redirects=False).headers.get_list("set-cookie")
        assert cookie.startswith("__Host-placement-signin=")
        assert "Secure" in cookie


def test_a_change_needs_the_session_s_own_token(browser: TestClient, provider: OidcProvider) -> None:
    """A page elsewhere can make the browser send the cookie, and nothing else."""
    sign_in(browser)
    good = browser.get("/me").json()["csrf_token"]
    old_cookie = browser.cookies[COOKIE]
    for token in (None, "", "x", good[:-1], good.upper(), good + "0", old_cookie):
        headers = {} if token is None else {"X-CSRF-Token": token}
        for method, path in (("PUT", HOME), ("DELETE", "/referrals/R"), ("POST", "/match"), ("POST", "/signout")):
            answer = send(browser, method, path, A_HOME, **headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf_missing"), (method, path, token)
    assert browser.get("/homes").status_code == 200
    sign_in(browser)
    assert send(browser, "PUT", HOME, A_HOME, X_CSRF_Token=good).status_code == 403, "the token of another session"
    fresh = browser.get("/me").json()["csrf_token"]
    assert fresh != good
    assert send(browser, "PUT", HOME, A_HOME, X_CSRF_Token=fresh).status_code == 201


def test_signing_in_again_ends_the_session_before(browser: TestClient) -> None:
    """A secret that somebody may have planted is worth nothing afterwards."""
    sign_in(browser)
    before = browser.cookies[COOKIE]
    sign_in(browser)
    assert browser.cookies[COOKIE] != before
    assert len(rows(browser)) == 1
    browser.cookies.clear()
    answer = browser.get("/me", headers={"Cookie": f"{COOKIE}={before}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "session_over")


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"last_used_at": 31}, 401), ({"last_used_at": 29}, 200), ({"expires_at": 601}, 401)],
)
def test_a_session_ends_by_itself(browser: TestClient, changes: dict[str, int], status: int) -> None:
    """After half an hour without use, and after ten hours whatever is done; by the database's clock."""
    sign_in(browser)
    ((name, minutes),) = changes.items()
    with database_of(browser).writing() as writing:
        earlier = sessions.c[name] if name == "last_used_at" else sessions.c.began_at
        (moment,) = writing.execute(select(earlier)).one()
        moment -= timedelta(minutes=minutes if name == "last_used_at" else 1)
        writing.execute(update(sessions).values({name: moment}))
    assert browser.get("/me").status_code == status
    if status == 200:
        (row,) = rows(browser)
        assert row.last_used_at > moment + timedelta(minutes=20), "its use was written down"


def test_a_revoked_officer_is_out_at_once(browser: TestClient) -> None:
    """Between one request and the next: roles are read for each, and an ended session is none."""
    sign_in(browser)
    assert browser.get("/referrals").status_code == 200
    with database_of(browser).writing() as writing:
        writing.execute(update(sessions).values(roles=["commissioner"]))
    assert browser.get("/referrals").status_code == 403
    assert browser.get("/homes").status_code == 200
    with database_of(browser).writing() as writing:
        assert stored.end_all(writing, "E06000018", ["bob"]) == 0
        assert stored.end_all(writing, "E06000018", ["ann"]) == 1
    assert browser.get("/homes").status_code == 401


def test_nobody_ends_what_another_browser_began(browser: TestClient) -> None:
    """State, nonce and verifier belong to one browser: another's address signs nobody in."""
    address = begin(browser)
    mine = browser.cookies[ATTEMPT]
    for cookie in ("", "x", "a.b.c", ".".join(["A" * 43] * 3)):
        browser.cookies.clear()
        headers = {"Cookie": f"{ATTEMPT}={cookie}"}
        assert browser.get(address, headers=headers, follow_redirects=False).status_code == 400
    state, nonce, verifier = mine.split(".")
    for parts in ((state, nonce, "B" * 43), (state, "B" * 43, verifier)):
        browser.cookies.clear()
        headers = {"Cookie": f"{ATTEMPT}={'.'.join(parts)}"}
        assert browser.get(begin(browser), headers=headers, follow_redirects=False).status_code == 400
    assert rows(browser) == []


def test_a_state_that_is_not_this_attempt_s(browser: TestClient) -> None:
    """A good code with another state was not asked for by this browser."""
    address = begin(browser)
    state = browser.cookies[ATTEMPT].split(".")[0]
    assert state in address
    for other in ("", "x", state[:-1], state.swapcase()):
        answer = browser.get(address.replace(state, other), follow_redirects=False)
        assert (answer.status_code, answer.json()["code"]) == (400, "sign_in_failed"), other
    assert browser.get(address, follow_redirects=False).status_code == 303


def test_a_code_is_good_once(browser: TestClient) -> None:
    """The same address a second time signs nobody in."""
    address = begin(browser)
    attempt = browser.cookies[ATTEMPT]
    assert browser.get(address, follow_redirects=False).status_code == 303
    browser.cookies.set(ATTEMPT, attempt)
    assert browser.get(address, follow_redirects=False).status_code == 400


WRONG_ID_TOKENS: list[dict[str, Any]] = [
    {"iss": "https://evil.example"},
    {"aud": "another-client"},
    {"aud": [CLIENT, "another-client"]},
    {"aud": [CLIENT, "another-client"], "azp": "another-client"},
    {"nonce": "another"},
    {"nonce": None},
    {"exp": 1},
    {"exp": None},
    {"sub": None},
    {"sub": "line\nline"},
    {"exp": 10**400},
    {"nbf": 10**400},
    {"nonce": "\ud800"},
    {"nonce": ["another"]},
    {"azp": [], "aud": [CLIENT, "another-client"]},
]


def test_an_id_token_that_is_not_for_this_attempt(browser: TestClient, provider: OidcProvider) -> None:
    """Whatever is wrong with it: nobody is signed in, and the answer is always the same."""
    for changes in WRONG_ID_TOKENS:
        provider.id_token_changes = changes
        answer = sign_in(browser)
        assert (answer.status_code, answer.json()["code"]) == (400, "sign_in_failed"), changes
    assert rows(browser) == []


WRONG_ANSWERS = [
    (500, b""),
    (200, b"<html>"),
    (200, b"[]"),
    (200, b'{"id_token": 7}'),
    (200, b'{"id_token": "a.b.c"}'),
    (200, b'{"id_token": "' + b"x" * 300_000 + b'"}'),
    (302, b""),
]


def test_a_provider_that_answers_otherwise(browser: TestClient, provider: OidcProvider) -> None:
    """An error, a page, too much, or no token: nobody is signed in, and nothing of it is repeated."""
    for instead in WRONG_ANSWERS:
        address = begin(browser)
        provider.broken = {"/token": instead}
        answer = browser.get(address, follow_redirects=False)
        assert (answer.status_code, answer.json()["code"]) == (400, "sign_in_failed"), instead


def test_a_refusal_of_the_provider(browser: TestClient) -> None:
    """Somebody who gives up, or may not, comes back with an error and no code."""
    browser.get("/signin", follow_redirects=False)
    for query in ("error=access_denied&state=x", "", "code=x", "state=x", "code=x&state=" + "y" * 600):
        answer = browser.get(f"/signin/back?{query}", follow_redirects=False)
        assert answer.status_code in {400, 422}, query


def test_another_issuer_s_answer_is_none(browser: TestClient) -> None:
    """An answer that names another issuer is a mix-up attack (RFC 9207)."""
    address = begin(browser)
    assert "iss=" in address
    mixed = address.replace("iss=", "iss=https%3A%2F%2Fevil.example%2F&x=")
    assert browser.get(mixed, follow_redirects=False).status_code == 400


def test_a_provider_that_is_away(provider: OidcProvider, sqlite_url: str) -> None:
    """Told to come back, by page and by token; once it answers, all works without a restart."""
    provider.broken = dict.fromkeys(("/.well-known/openid-configuration", "/keys"), (503, b""))
    with with_provider(provider, sqlite_url) as browser:
        assert browser.get("/signin", follow_redirects=False).status_code == 503
        bearer = {"Authorization": f"Bearer {provider.access_token()}"}
        answer = browser.get("/me", headers=bearer)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert browser.get("/health/live").status_code == 200
        provider.broken = {}
        browser.app.state.access.entry.callers.tokens.keys._tried_at = None  # type: ignore[attr-defined]
        assert browser.get("/me", headers=bearer).status_code == 403
        assert sign_in(browser).status_code == 303


def test_a_new_key_is_found(browser: TestClient, provider: OidcProvider) -> None:
    """A provider that changes its key needs no restart of the service; an unknown key is asked for seldom."""
    assert browser.get("/me", headers={"Authorization": f"Bearer {provider.access_token()}"}).status_code == 403
    keys = browser.app.state.access.entry.callers.tokens.keys  # type: ignore[attr-defined]
    provider.key = new_key("second")
    headers = {"Authorization": f"Bearer {provider.access_token()}"}
    asked = provider.asked.count("/keys")
    assert [browser.get("/me", headers=headers).status_code for _ in range(5)] == [401] * 5
    assert provider.asked.count("/keys") == asked, "half a minute has not passed"
    keys._tried_at -= 31
    assert browser.get("/me", headers=headers).status_code == 403
    assert provider.asked.count("/keys") == asked + 1


KINDS: list[tuple[dict[str, Any], Kind]] = [
    ({"idtyp": "user", "sub": "ann"}, Kind.PERSON),
    ({"idtyp": "app", "sub": "case-system"}, Kind.SYSTEM),
    ({"sub": "ann"}, Kind.SYSTEM),
    ({"idtyp": True, "sub": "ann"}, Kind.SYSTEM),
    ({"idtyp": ["user"], "sub": "ann"}, Kind.SYSTEM),
    ({"idtyp": "user", "sub": "client", "azp": "client"}, Kind.SYSTEM),
    ({"idtyp": "user", "sub": "client", "client_id": "client"}, Kind.SYSTEM),
]


def test_nobody_is_taken_for_a_person(provider: OidcProvider, sqlite_url: str) -> None:
    """A bearer token is a person's only where the provider says so; a client's own token never is."""
    options: dict[str, Any] = {"oidc_person_claim": "idtyp", "oidc_person_values": ("user",), "oidc_client_id": None}
    with with_provider(provider, sqlite_url, **options) as client:
        for claims, kind in KINDS:
            token = provider.access_token(roles=["Auditors"], **claims)
            me = client.get("/me", headers={"Authorization": f"Bearer {token}"})
            assert me.json()["kind"] == kind, claims


def test_without_a_setting_every_bearer_token_is_a_system_s(browser: TestClient, provider: OidcProvider) -> None:
    """However much it looks like a person's."""
    token = provider.access_token(roles="Auditors other", kind="person", idtyp="user", name="Ann")
    me = browser.get("/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["kind"], me["roles"]) == ("system", ["auditor"])


def test_words_that_are_not_mapped_give_no_role(browser: TestClient, provider: OidcProvider) -> None:
    """Our own names for roles mean nothing in the tokens of a provider unless it is said that they do."""
    for roles in (None, "officer", ["officer"], ["OFFICER"], [["officer"]], 7, {"officer": True}):
        token = provider.access_token(roles=roles)
        answer = browser.get("/me", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted"), roles


def test_one_person_is_one_subject_by_both_ways(provider: OidcProvider, sqlite_url: str) -> None:
    """Some providers give each client a `sub` of its own for the same person, and name the person by another claim."""
    person: dict[str, Any] = {"oid": "7f3c", "idtyp": "user", "roles": ["Auditors"]}
    provider.id_token_changes = {"sub": "pairwise-web", **person}
    settings: dict[str, Any] = {
        "oidc_subject_claim": "oid",
        "oidc_person_claim": "idtyp",
        "oidc_person_values": ("user",),
    }
    with with_provider(provider, sqlite_url, **settings) as client:
        sign_in(client)
        by_browser = client.get("/me").json()
        headers = {"Authorization": f"Bearer {provider.access_token(sub='pairwise-api', **person)}"}
        by_token = client.get("/me", headers=headers).json()
        own = provider.access_token(sub="x", azp="7f3c", **person)
        without = provider.access_token(sub="pairwise-api", **(person | {"oid": None}))
        assert client.get("/me", headers={"Authorization": f"Bearer {own}"}).json()["kind"] == "system"
        assert client.get("/me", headers={"Authorization": f"Bearer {without}"}).status_code == 401
    assert {(me["subject"], me["kind"]) for me in (by_browser, by_token)} == {("7f3c", "person")}


def test_roles_deep_in_a_token(provider: OidcProvider, sqlite_url: str) -> None:
    """Some providers put them within another claim, some under a name that is an address."""
    for claim, said in (
        ("realm_access.roles", {"realm_access": {"roles": ["Auditors"]}}),
        ("https://council.example/roles", {"https://council.example/roles": ["Auditors"]}),
    ):
        with with_provider(provider, sqlite_url, oidc_roles_claim=claim, oidc_client_id=None) as client:
            headers = {"Authorization": f"Bearer {provider.access_token(**said)}"}
            assert client.get("/me", headers=headers).json()["roles"] == ["auditor"]


def test_nothing_of_it_is_in_a_log(browser: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """No code, state, token, secret or cookie."""
    with caplog.at_level(logging.DEBUG, logger="app"):
        address = begin(browser)
        attempt = browser.cookies[ATTEMPT]
        browser.get(address, follow_redirects=False)
        browser.get("/me")
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    logged = "".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    for secret in (query["code"], query["state"], *attempt.split("."), browser.cookies[COOKIE], SECRET):
        assert secret not in logged
