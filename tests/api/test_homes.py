"""Homes over HTTP: stored, read, changed from a version, imported, taken away."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.documents.examples import A_HOME
from tests.api.service import send

REF = A_HOME["ref"]


def _home(ref: str = REF, **changes: Any) -> dict[str, Any]:
    return A_HOME | {"ref": ref} | changes


def test_a_home_is_stored_and_read(client: TestClient) -> None:
    """What is sent comes back in the same form, with every default written out and an ETag."""
    made = send(client, "PUT", f"/homes/{REF}", _home())
    assert (made.status_code, made.json()) == (201, {"ref": REF, "version": 1, "notes": []})
    assert made.headers["ETag"] == '"v1"'
    read = client.get(f"/homes/{REF}")
    assert read.status_code == 200
    assert read.headers["ETag"] == '"v1"'
    found = read.json()
    for name in set(A_HOME) - {"residents", "terms", "weekly_fee_pence", "capability"}:
        same = sorted if isinstance(A_HOME[name], list) else lambda value: value
        assert same(found[name]) == same(A_HOME[name]), name
    assert found["terms"] == A_HOME["terms"] | {"named_children": [], "exempt_children": []}
    again = send(client, "PUT", f"/homes/{REF}", read.json(), If_Match='"v1"')
    assert again.status_code == 200
    assert client.get(f"/homes/{REF}").json() == read.json()


def test_a_reader_who_has_it_is_told_so(client: TestClient) -> None:
    """If-None-Match with the present ETag answers 304 and no body."""
    send(client, "PUT", f"/homes/{REF}", _home())
    answer = client.get(f"/homes/{REF}", headers={"If-None-Match": 'W/"v1"'})
    assert (answer.status_code, answer.content) == (304, b"")
    assert client.get(f"/homes/{REF}", headers={"If-None-Match": '"v2"'}).status_code == 200


def test_a_change_needs_the_version_it_was_made_from(client: TestClient) -> None:
    """428 without If-Match, 412 with another version, 200 with the present one; the same for taking away."""
    send(client, "PUT", f"/homes/{REF}", _home())
    changed = _home(places=3)
    assert send(client, "PUT", f"/homes/{REF}", changed).status_code == 428
    assert send(client, "PUT", f"/homes/{REF}", changed, If_Match='"v9"').status_code == 412
    assert send(client, "PUT", f"/homes/{REF}", changed, If_Match='W/"v1"').status_code == 412
    assert send(client, "PUT", f"/homes/{REF}", changed, If_None_Match="*").status_code == 412
    assert send(client, "PUT", "/homes/NEW", _home("NEW"), If_Match="*").status_code == 412
    assert send(client, "PUT", f"/homes/{REF}", changed, If_Match='"other", "v1"').json()["version"] == 2
    assert send(client, "PUT", f"/homes/{REF}", changed, If_Match="*").json()["version"] == 3
    assert client.delete(f"/homes/{REF}").status_code == 428
    assert client.delete(f"/homes/{REF}", headers={"If-Match": '"v2"'}).status_code == 412
    assert client.delete(f"/homes/{REF}", headers={"If-Match": '"v3"'}).status_code == 204
    assert client.get(f"/homes/{REF}").status_code == 404
    assert client.delete(f"/homes/{REF}", headers={"If-Match": "*"}).status_code == 404
    assert send(client, "PUT", f"/homes/{REF}", _home()).json()["version"] == 4


@pytest.mark.parametrize("tag", ["v1", '"v1', '"v1" "v2"', ",", ""])
def test_an_etag_that_is_none_is_refused(lite: TestClient, tag: str) -> None:
    """If-Match that is not written as HTTP wants it is named, not taken for another version."""
    answer = send(lite, "PUT", f"/homes/{REF}", _home(), If_Match=tag)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "header.If-Match")


def test_the_address_and_the_body_name_one_home(lite: TestClient) -> None:
    """A body that speaks of another home than the address is refused."""
    answer = send(lite, "PUT", "/homes/OTHER", _home())
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "ref")


def test_a_note_comes_with_the_answer(lite: TestClient) -> None:
    """A postcode that is known but has no position is taken as not known, and the sender is told."""
    answer = send(lite, "PUT", f"/homes/{REF}", _home(location="BT1 1AA"))
    assert answer.status_code == 201
    assert answer.json()["notes"][0]["field"] == "location"
    assert lite.get(f"/homes/{REF}").json()["location"] is None


def test_a_write_sent_twice_counts_once(client: TestClient) -> None:
    """With the same key the same request gets the same answer, and another request is refused."""
    first = send(client, "PUT", f"/homes/{REF}", _home(), Idempotency_Key="k-1")
    second = send(client, "PUT", f"/homes/{REF}", _home(), Idempotency_Key="k-1")
    assert (first.status_code, first.content, first.headers["ETag"]) == (201, second.content, second.headers["ETag"])
    assert second.status_code == 201
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    other = send(client, "PUT", f"/homes/{REF}", _home(places=9), Idempotency_Key="k-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert client.get(f"/homes/{REF}").json()["places"] == A_HOME["places"]
    gone = client.delete(f"/homes/{REF}", headers={"If-Match": '"v1"', "Idempotency-Key": "k-2"})
    again = client.delete(f"/homes/{REF}", headers={"If-Match": '"v1"', "Idempotency-Key": "k-2"})
    assert (gone.status_code, again.status_code) == (204, 204)


def test_a_refused_write_may_be_sent_again_with_its_key(client: TestClient) -> None:
    """A write that was refused leaves its key free for the write that is right."""
    send(client, "PUT", f"/homes/{REF}", _home())
    refused = send(client, "PUT", f"/homes/{REF}", _home(places=3), If_Match='"v9"', Idempotency_Key="k")
    assert refused.status_code == 412
    taken = send(client, "PUT", f"/homes/{REF}", _home(places=3), If_Match='"v1"', Idempotency_Key="k")
    assert taken.status_code == 200


def test_pages_go_through_everything_once(client: TestClient) -> None:
    """Following `next` from page to page names each home once, in the order of the references."""
    refs = [f"H-{n:02}" for n in range(7)]
    send(client, "POST", "/homes/import", {"homes": [_home(ref) for ref in reversed(refs)]})
    seen, path = [], "/homes?limit=3"
    while path:
        page = client.get(path).json()
        seen += [item["home"]["ref"] for item in page["homes"]]
        path = page["next"] and f"/homes?limit=3&cursor={page['next']}"
    assert seen == refs


@pytest.mark.parametrize("query", ["cursor=%21", "cursor=AAAA", "cursor=", "limit=0", "limit=201", "limit=x", "page=2"])
def test_a_wrong_page_is_refused(lite: TestClient, query: str) -> None:
    """A cursor that is not ours, a limit out of range and an unknown parameter are refused."""
    assert lite.get(f"/homes?{query}").status_code == 422


def test_an_import_is_all_or_nothing(client: TestClient) -> None:
    """One wrong row refuses all, naming row and field; nothing is stored."""
    rows = [_home("A"), _home("B", places=-1), _home("C", location="NG1 9ZZ"), _home("A")]
    answer = send(client, "POST", "/homes/import", {"homes": rows})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [
        "homes[1].places",
        "homes[3].ref",
        "homes[2].location",
    ]
    assert client.get("/homes").json() == {"homes": [], "next": None}


def test_an_import_may_skip_wrong_rows(client: TestClient) -> None:
    """With `skip_row` the good rows are stored and the others named."""
    rows = [_home("A"), _home("B", places=-1), 5]
    answer = send(client, "POST", "/homes/import", {"homes": rows, "on_problem": "skip_row"}).json()
    assert (answer["created"], answer["refused"]) == (1, 2)
    assert [error["field"] for error in answer["errors"]] == ["homes[1].places", "homes[2]"]
    assert [item["home"]["ref"] for item in client.get("/homes").json()["homes"]] == ["A"]


def test_an_import_may_be_repeated(client: TestClient) -> None:
    """The same inventory again changes nothing; a changed row alone gets a new version."""
    rows = [_home("A"), _home("B")]
    assert send(client, "POST", "/homes/import", {"homes": rows}).json()["created"] == 2
    assert send(client, "POST", "/homes/import", {"homes": rows}).json()["unchanged"] == 2
    changed = send(client, "POST", "/homes/import", {"homes": [_home("A", places=9)]}).json()
    assert (changed["changed"], changed["created"], changed["unchanged"]) == (1, 0, 0)
    assert [item["version"] for item in client.get("/homes").json()["homes"]] == [2, 1]
