"""Somebody who was erased is named again by the case system: the rule that keeps a child from them goes on."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from time import sleep
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.access.principal import Role
from app.documents.examples import A_HOME, A_REFERRAL, A_RESIDENT
from app.store import erased_named
from app.store.erasure import MARK
from app.store.session import Database, Writing
from tests.api.desk import CASE_SYSTEM, H1, OTHER_HOME, R1
from tests.api.service import send
from tests.support.access import AUTHORITY, bearer
from tests.support.erased import erase_as_before

FEARED = "ZQ-FEARED"
LIVES = A_RESIDENT | {"ref": FEARED}
BESIDE = A_HOME | {"places": 3, "residents": [LIVES]}
AFRAID = A_REFERRAL | {"children": [A_REFERRAL["children"][0] | {"live_apart_from": ["ZQ-STRANGER", FEARED]}]}


def _put(client: TestClient, path: str, body: Any) -> dict[str, Any]:
    answer = send(client, "PUT", path, body, If_Match="*", **CASE_SYSTEM)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _apart(client: TestClient, home: str) -> bool:
    """Whether the rule keeps the child out of a home."""
    rules = client.get(f"/referrals/{R1}/why-not/{home}").json()["rules"]
    (found,) = [rule for rule in rules if rule["code"] == "live_apart"]
    return bool(found["blocks"])


def _list(client: TestClient) -> list[str]:
    names: list[str] = client.get(f"/referrals/{R1}").json()["children"][0]["live_apart_from"]
    return names


@pytest.fixture
def erased(served: TestClient) -> TestClient:
    """Somebody lives in the home from whom the child must live apart, and was erased by a release before."""
    _put(served, f"/homes/{H1}", BESIDE)
    stranger = {"ref": "ZQ-STRANGER", "location": "NG1 5DT"}
    assert send(served, "PUT", "/caseload/ZQ-STRANGER", stranger, **CASE_SYSTEM).status_code == 201
    assert _put(served, f"/referrals/{R1}", AFRAID)["notes"] == []
    assert _apart(served, H1)
    database: Database = served.app.state.service.database  # type: ignore[attr-defined]
    erase_as_before(database, AUTHORITY, FEARED)
    assert _apart(served, H1)
    return served


def test_the_rule_goes_on_when_the_referral_is_sent_again(erased: TestClient) -> None:
    """As the case system has it, day after day: whoever is left in the home is who is meant, and that is said."""
    for _ in range(2):
        (note,) = _put(erased, f"/referrals/{R1}", AFRAID)["notes"]
        assert note["field"] == "children[0].live_apart_from[1]"
        assert FEARED not in note["note"]
        assert _apart(erased, H1)
        assert not _apart(erased, OTHER_HOME["ref"])
        assert FEARED not in _list(erased)
        assert "ZQ-STRANGER" in _list(erased)


def _offered(client: TestClient, body: dict[str, Any]) -> tuple[set[str], list[str]]:
    """Which homes a match offers, and what it says something of."""
    answer = send(client, "POST", "/match", body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert not any(FEARED in note["note"] for note in found["notes"])
    return {option["home"] for option in found["options"]}, [note["field"] for note in found["notes"]]


def test_a_referral_that_is_sent_along_to_be_matched_is_judged_alike(erased: TestClient) -> None:
    """It names them by their reference, and a home has the word; or the word is stored, and a home names them."""
    note = "referral.children[0].live_apart_from[1]"
    assert _offered(erased, {"referral": AFRAID}) == ({OTHER_HOME["ref"]}, [note])
    assert _offered(erased, {"referral": AFRAID, "homes": [BESIDE, OTHER_HOME]}) == ({OTHER_HOME["ref"]}, [note])
    _put(erased, f"/referrals/{R1}", AFRAID)
    assert _offered(erased, {"referral_ref": R1})[0] == {OTHER_HOME["ref"]}
    assert _offered(erased, {"referral_ref": R1, "homes": [BESIDE, OTHER_HOME]})[0] == {OTHER_HOME["ref"]}


@pytest.mark.parametrize("how", ["put", "caseload", "caseload import"])
def test_whoever_comes_back_in_the_caseload_is_known_too(erased: TestClient, how: str) -> None:
    """Where a child of the caseload lives counts as well, so the list names them as the caseload does."""
    _put(erased, f"/referrals/{R1}", AFRAID)
    if how == "put":
        _put(erased, f"/homes/{H1}", BESIDE)
    else:
        placed = {"ref": FEARED, "home": H1, "kind": "foster", "weekly_fee_pence": 90_000}
        path, body = (
            (f"/caseload/{FEARED}", placed) if how == "caseload" else ("/caseload/import", {"children": [placed]})
        )
        method = "PUT" if how == "caseload" else "POST"
        assert send(erased, method, path, body, **CASE_SYSTEM).status_code in (200, 201)
    assert sorted(_list(erased)) == [FEARED, "ZQ-STRANGER"]
    assert _put(erased, f"/referrals/{R1}", AFRAID)["notes"] == []
    assert sorted(_list(erased)) == [FEARED, "ZQ-STRANGER"]


@pytest.mark.parametrize("how", ["put", "import", "referral"])
def test_the_rule_finds_whoever_comes_back(erased: TestClient, how: str) -> None:
    """By the home that names them again, by an inventory, or as a child who needs a home: one person, one name."""
    _put(erased, f"/referrals/{R1}", AFRAID)
    elsewhere = OTHER_HOME | {"residents": [LIVES]}
    if how == "put":
        _put(erased, f"/homes/{OTHER_HOME['ref']}", elsewhere)
    elif how == "import":
        brought = send(erased, "POST", "/homes/import", {"homes": [elsewhere]}, **CASE_SYSTEM)
        assert brought.status_code == 200, brought.text
    else:
        again = A_REFERRAL | {"ref": "R-FEARED", "children": [A_REFERRAL["children"][0] | {"ref": FEARED}]}
        assert send(erased, "PUT", "/referrals/R-FEARED", again, **CASE_SYSTEM).status_code == 201
    assert sorted(_list(erased)) == [FEARED, "ZQ-STRANGER"]
    assert _apart(erased, H1)
    assert _apart(erased, OTHER_HOME["ref"]) == (how != "referral")
    assert _put(erased, f"/referrals/{R1}", AFRAID)["notes"] == []
    _put(erased, f"/homes/{H1}", BESIDE | {"residents": []})
    assert not _apart(erased, H1)
    assert _apart(erased, OTHER_HOME["ref"]) == (how != "referral")


@pytest.mark.parametrize("how", ["put", "import"])
def test_nobody_lives_in_a_home_under_two_names(erased: TestClient, how: str) -> None:
    """The home is sent as it was read, with the word, and with the person themselves: they are one."""
    home = erased.get(f"/homes/{H1}").json()
    (word,) = [one["ref"] for one in home["residents"]]
    assert word.startswith(MARK)
    twice = home | {"residents": [*home["residents"], LIVES]}
    if how == "put":
        version = _put(erased, f"/homes/{H1}", twice)["version"]
        assert erased.get(f"/homes/{H1}").headers["ETag"] == f'"v{version}"'
    else:
        brought = send(erased, "POST", "/homes/import", {"homes": [twice]}, **CASE_SYSTEM)
        assert (brought.status_code, brought.json()["changed"]) == (200, 1), brought.text
    (lives,) = erased.get(f"/homes/{H1}").json()["residents"]
    assert (lives["ref"], lives["date_of_birth"]) == (FEARED, LIVES["date_of_birth"])
    assert sorted(_list(erased)) == [FEARED, "ZQ-STRANGER"]
    assert _apart(erased, H1)


def test_that_records_of_others_change_by_it_stands_in_the_trail(erased: TestClient) -> None:
    """By an entry about the person, before that of the change that brought them back; none where nobody came back."""
    auditor = bearer([Role.AUDITOR], subject="auditor-1")

    def told() -> list[str]:
        entries = erased.get("/audit?limit=2", headers=auditor).json()["entries"]
        return [entry["action"] for entry in entries if entry["children"] in ([], [FEARED])]

    _put(erased, f"/homes/{OTHER_HOME['ref']}", OTHER_HOME)
    assert told()[0] == "home.write"
    _put(erased, f"/homes/{OTHER_HOME['ref']}", OTHER_HOME | {"residents": [LIVES]})
    assert told() == ["home.write", "personal_data.known_again"]


def _meanwhile(monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]) -> list[Any]:
    """Do it beside the next referral that is stored, once it is read who of those it names was erased."""
    as_kept, answers = erased_named.as_kept, list[Any]()
    beside = Thread(target=lambda: answers.append(work()))

    def slowly(writing: Writing, authority: str, referral: Any) -> Any:
        found = as_kept(writing, authority, referral)
        if writing.dialect.name == "postgresql" and not beside.is_alive() and not answers:
            beside.start()
            beside.join(0.5)
        return found

    monkeypatch.setattr(erased_named, "as_kept", slowly)
    return answers


@pytest.mark.parametrize("which", ["comes back", "is erased"])
def test_who_is_erased_or_comes_back_meanwhile_is_known_by_one_name(
    served: TestClient, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    """A referral that names somebody is stored in the same moment: whichever is first, the rule is not missed."""
    database: Database = served.app.state.service.database  # type: ignore[attr-defined]
    if database.engine.dialect.name != "postgresql":
        pytest.skip("one writer at a time")
    _put(served, f"/homes/{H1}", BESIDE)
    if which == "is erased":
        answers = _meanwhile(monkeypatch, lambda: erase_as_before(database, AUTHORITY, FEARED))
    else:
        erase_as_before(database, AUTHORITY, FEARED)
        elsewhere = OTHER_HOME | {"residents": [LIVES], "places": 3}
        answers = _meanwhile(monkeypatch, lambda: _put(served, f"/homes/{OTHER_HOME['ref']}", elsewhere))
    _put(served, f"/referrals/{R1}", AFRAID)
    while not answers:
        sleep(0.02)
    assert _apart(served, H1)
    assert _apart(served, OTHER_HOME["ref"]) == (which == "comes back")
    assert (FEARED in _list(served)) == (which == "comes back")


@pytest.mark.parametrize("how", ["referral", "caseload"])
def test_who_comes_back_while_they_are_erased_is_known_by_one_name(
    served: TestClient, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The erasure ends between the question who was erased and the record of the change: it is done once more."""
    database: Database = served.app.state.service.database  # type: ignore[attr-defined]
    if database.engine.dialect.name != "postgresql":
        pytest.skip("one writer at a time")
    again = A_REFERRAL | {"ref": "R-FEARED", "children": [A_REFERRAL["children"][0] | {"ref": FEARED}]}
    assert send(served, "PUT", "/referrals/R-FEARED", again, **CASE_SYSTEM).status_code == 201
    _put(served, f"/referrals/{R1}", AFRAID)
    gone = served.delete("/referrals/R-FEARED", headers=CASE_SYSTEM | {"If-Match": "*"})
    assert gone.status_code == 204, gone.text
    told_and_known, words = erased_named.told_and_known, list[str]()

    def slowly(writing: Writing, authority: str, refs: Any) -> Any:
        found = told_and_known(writing, authority, refs)
        if not words:
            words.append(erase_as_before(database, AUTHORITY, FEARED))
        return found

    monkeypatch.setattr(erased_named, "told_and_known", slowly)
    placed = {"ref": FEARED, "home": H1, "kind": "foster", "weekly_fee_pence": 90_000}
    path, body = (f"/caseload/{FEARED}", placed) if how == "caseload" else ("/referrals/R-FEARED", again)
    assert send(served, "PUT", path, body, **CASE_SYSTEM).status_code == 201
    assert sorted(_list(served)) == [FEARED, "ZQ-STRANGER"]
