"""Referrals over HTTP."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from app.documents.examples import A_CHILD, A_REFERRAL
from tests.api.service import send

REF = A_REFERRAL["ref"]


def _referral(ref: str = REF, child: str = "C", **changes: Any) -> dict[str, Any]:
    return A_REFERRAL | {"ref": ref, "children": [A_CHILD | {"ref": child}]} | changes


def test_a_referral_is_stored_read_changed_and_withdrawn(client: TestClient) -> None:
    """The whole life of a referral, each step from the version before."""
    made = send(client, "PUT", f"/referrals/{REF}", _referral())
    assert (made.status_code, made.headers["ETag"]) == (201, '"v1"')
    read = client.get(f"/referrals/{REF}")
    assert read.json()["children"][0]["school"] == A_CHILD["school"]
    assert read.json()["needed_by"] == A_REFERRAL["needed_by"]
    changed = read.json() | {"keep_together": "required"}
    assert send(client, "PUT", f"/referrals/{REF}", changed).status_code == 428
    assert send(client, "PUT", f"/referrals/{REF}", changed, If_Match='"v1"').json()["version"] == 2
    assert client.get(f"/referrals/{REF}").json() == changed
    assert client.get(f"/referrals/{REF}", headers={"If-None-Match": '"v2"'}).status_code == 304
    assert client.delete(f"/referrals/{REF}").status_code == 428
    assert client.delete(f"/referrals/{REF}", headers={"If-Match": '"v2"'}).status_code == 204
    assert client.get(f"/referrals/{REF}").status_code == 404
    assert client.delete(f"/referrals/{REF}", headers={"If-Match": "*"}).status_code == 404


def test_a_child_waits_only_once(client: TestClient) -> None:
    """A child that waits in another referral is a conflict, and nothing of the second is stored."""
    assert send(client, "PUT", "/referrals/R-1", _referral("R-1")).status_code == 201
    second = send(client, "PUT", "/referrals/R-2", _referral("R-2"))
    assert (second.status_code, second.json()["code"]) == (409, "child_already_waiting")
    assert client.get("/referrals/R-2").status_code == 404


def test_referrals_come_in_pages(client: TestClient) -> None:
    """Following `next` names each referral once, in order."""
    for n in range(5):
        send(client, "PUT", f"/referrals/R-{n}", _referral(f"R-{n}", f"C-{n}"))
    first = client.get("/referrals?limit=3").json()
    second = client.get(f"/referrals?limit=3&cursor={first['next']}").json()
    refs = [item["referral"]["ref"] for page in (first, second) for item in page["referrals"]]
    assert refs == [f"R-{n}" for n in range(5)]
    assert second["next"] is None
