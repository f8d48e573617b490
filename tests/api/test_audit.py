"""Every look at a child's record and every change to one is in the trail: once, with who and whom."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from starlette.testclient import TestClient

from app.access.principal import Kind, Role
from app.api.audit import AuditOut, HeadOut
from app.documents.examples import A_CHILD, A_HOME, A_REFERRAL, A_RESIDENT
from tests.api.desk import run_to_its_end
from tests.api.service import send
from tests.support.access import bearer

CHILD, RESIDENT = A_CHILD["ref"], A_RESIDENT["ref"]
REFERRAL, HOME = A_REFERRAL["ref"], A_HOME["ref"]
AUDITOR = bearer([Role.AUDITOR], subject="auditor-1")
READER = bearer(subject="reader-1")


def _entries(client: TestClient, **which: Any) -> list[dict[str, Any]]:
    answer = client.get("/audit", params={"limit": 200, **which}, headers=AUDITOR)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    TypeAdapter(AuditOut).validate_python(page)
    found: list[dict[str, Any]] = page["entries"]
    return found


def _by(client: TestClient, actor: str) -> list[dict[str, Any]]:
    return _entries(client, actor=actor)


def test_every_look_is_one_entry(lite: TestClient) -> None:
    """Also where the answer is that nothing changed; none where there was nothing to see."""
    send(lite, "PUT", f"/homes/{HOME}", A_HOME)
    send(lite, "PUT", f"/referrals/{REFERRAL}", A_REFERRAL)
    send(lite, "PUT", f"/caseload/{CHILD}", {"ref": CHILD, "home": HOME})
    run = _run_once(lite)
    looks = {
        f"/referrals/{REFERRAL}": {CHILD},
        "/referrals": {CHILD},
        f"/referrals/{REFERRAL}/shortlist": {CHILD},
        f"/referrals/{REFERRAL}/why-not/{HOME}": {CHILD},
        f"/homes/{HOME}": {RESIDENT},
        "/homes": {RESIDENT},
        f"/caseload/{CHILD}": {CHILD},
        "/caseload": {CHILD},
        "/proposals": {CHILD},
        f"/runs/{run}/proposals": {CHILD},
        f"/runs/{run}/unplaced": set(),
        f"/runs/{run}/snapshot": {CHILD, RESIDENT},
        f"/children/{CHILD}/personal-data": {CHILD},
    }
    for path, whom in looks.items():
        before = len(_by(lite, "reader-1"))
        answer = lite.get(path, headers=READER)
        assert answer.status_code == 200, path
        after = _by(lite, "reader-1")
        assert (len(after), set(after[0]["children"])) == (before + 1, whom), path
        if "ETag" in answer.headers:
            same = lite.get(path, headers={**READER, "If-None-Match": answer.headers["ETag"]})
            assert (same.status_code, len(_by(lite, "reader-1"))) == (304, before + 2), path
    before = len(_by(lite, "reader-1"))
    assert lite.get("/referrals/nobody", headers=READER).status_code == 404
    assert len(_by(lite, "reader-1")) == before


def _run_once(client: TestClient) -> str:
    found: str = run_to_its_end(client)["id"]
    return found


def test_every_change_is_one_entry_and_a_repeated_one_none(client: TestClient) -> None:
    """In the transaction of the change: what was refused, or sent again with its key, is not there twice."""
    system = bearer([Role.CASE_SYSTEM], kind=Kind.SYSTEM, subject="cases")
    key = {"Idempotency_Key": "k1", **system}
    for _ in range(2):
        assert send(client, "PUT", f"/referrals/{REFERRAL}", A_REFERRAL, **key).status_code == 201
    assert send(client, "PUT", f"/referrals/{REFERRAL}", A_REFERRAL, **system).status_code == 428
    assert send(client, "PUT", f"/homes/{HOME}", A_HOME, **system).status_code == 201
    assert send(client, "POST", "/match", {"referral_ref": REFERRAL}, **system).status_code == 200
    assert send(client, "POST", "/match", {"referral": A_REFERRAL}, **system).status_code == 200
    assert client.delete(f"/referrals/{REFERRAL}", headers={"If-Match": '"v1"', **system}).status_code == 204
    found = _by(client, "cases")[::-1]
    actions = [(entry["action"], entry["object_ref"], entry["children"]) for entry in found]
    assert actions == [
        ("referral.write", REFERRAL, [CHILD]),
        ("home.write", HOME, [RESIDENT]),
        ("match", REFERRAL, [CHILD]),
        ("match", "sent along", []),
        ("referral.delete", REFERRAL, [CHILD]),
    ]
    assert {entry["actor_kind"] for entry in found} == {"system"}
    assert {entry["seq"] for entry in _entries(client, child=CHILD)} >= {found[0]["seq"], found[2]["seq"]}


def test_the_trail_is_paged_and_its_end_told(lite: TestClient) -> None:
    """The newest first; looking at the trail is an entry itself, the head is none."""
    for _ in range(5):
        lite.get("/homes")
    first = lite.get("/audit", params={"limit": 2}, headers=AUDITOR).json()
    second = lite.get("/audit", params={"limit": 2, "cursor": first["next"]}, headers=AUDITOR).json()
    assert [entry["seq"] for entry in first["entries"] + second["entries"]] == [5, 4, 3, 2]
    head = lite.get("/audit/head", headers=AUDITOR).json()
    TypeAdapter(HeadOut).validate_python(head)
    assert head["entries"] == 7
    assert head["hash"] == _entries(lite)[0]["hash"]


def test_only_an_auditor_reads_the_trail(lite: TestClient) -> None:
    """Nobody else, whatever else they may do."""
    others = [role for role in Role if role is not Role.AUDITOR]
    assert lite.get("/audit", headers=bearer(others)).status_code == 403


def test_an_entry_that_cannot_be_stored_answers_nothing(lite: TestClient) -> None:
    """No look without its entry: where the trail does not take it, the record is not shown."""
    send(lite, "PUT", f"/referrals/{REFERRAL}", A_REFERRAL)

    def refuses(_work: Any) -> None:
        raise OSError(28)

    trail = lite.app.state.service.trail  # type: ignore[attr-defined]
    trail._database = type("Full", (), {"transact": staticmethod(refuses)})()
    answer = lite.get(f"/referrals/{REFERRAL}")
    assert answer.status_code == 500
    assert CHILD not in answer.text
