"""The caseload over HTTP: child by child in versions, or imported as a whole; the target counts it."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from app.documents.examples import A_HOME, A_RESIDENT
from app.documents.placed_models import A_PLACED_CHILD
from app.imports.listing import MOST_TOLD, NOT_LISTED
from tests.api.service import send

REF = A_PLACED_CHILD["ref"]


def _child(ref: str = REF, **changes: Any) -> dict[str, Any]:
    return A_PLACED_CHILD | {"ref": ref} | changes


def test_a_child_of_the_caseload(client: TestClient) -> None:
    """Stored, read in the form in which it was sent, changed from a version, taken out."""
    made = send(client, "PUT", f"/caseload/{REF}", _child())
    assert (made.status_code, made.json()) == (201, {"ref": REF, "version": 1, "notes": []})
    read = client.get(f"/caseload/{REF}")
    assert (read.json(), read.headers["ETag"]) == (_child(), '"v1"')
    assert client.get(f"/caseload/{REF}", headers={"If-None-Match": '"v1"'}).status_code == 304
    changed = _child(location="NG1 5NH", home=None)
    assert send(client, "PUT", f"/caseload/{REF}", changed).status_code == 428
    assert send(client, "PUT", f"/caseload/{REF}", changed, If_Match='"v9"').status_code == 412
    assert send(client, "PUT", f"/caseload/{REF}", changed, If_Match='"v1"').json()["version"] == 2
    assert client.get(f"/caseload/{REF}").json()["location"] == "NG1 5NH"
    assert client.get("/caseload").json()["children"] == [{"version": 2, "child": changed}]
    assert client.delete(f"/caseload/{REF}", headers={"If-Match": '"v2"'}).status_code == 204
    assert client.get(f"/caseload/{REF}").json()["code"] == "placed_child_not_found"
    assert send(client, "PUT", "/caseload/OTHER", _child()).status_code == 422


def test_an_import_is_all_or_nothing(client: TestClient) -> None:
    """One wrong row refuses all and is named; the same again changes nothing; `replace` takes the others out."""
    rows = [_child("A"), _child("B", weekly_fee_pence=-1), _child("C", family_home="NG1 9ZZ"), _child("A"), 5]
    answer = send(client, "POST", "/caseload/import", {"children": rows})
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {
        "children[1].weekly_fee_pence",
        "children[2].family_home",
        "children[3].ref",
        "children[4]",
    }
    assert client.get("/caseload").json() == {"children": [], "next": None}
    good = [_child("A"), _child("B")]
    assert send(client, "POST", "/caseload/import", {"children": good}).json()["created"] == 2
    assert send(client, "POST", "/caseload/import", {"children": good}).json()["unchanged"] == 2
    done = send(client, "POST", "/caseload/import", {"children": good[1:], "replace": True}).json()
    assert (done["unchanged"], done["removed"]) == (1, 1)


def test_pages(lite: TestClient) -> None:
    """Following `next` names each child once, in the order of the references."""
    refs = [f"P-{n}" for n in range(5)]
    send(lite, "POST", "/caseload/import", {"children": [_child(ref) for ref in reversed(refs)]})
    seen, path = [], "/caseload?limit=2"
    while path:
        page = lite.get(path).json()
        seen += [item["child"]["ref"] for item in page["children"]]
        path = page["next"] and f"/caseload?limit=2&cursor={page['next']}"
    assert seen == refs


def test_a_postcode_without_a_place(lite: TestClient) -> None:
    """It is taken as not known, and the sender is told."""
    answer = send(lite, "PUT", f"/caseload/{REF}", _child(location="BT1 1AA"))
    assert [note["field"] for note in answer.json()["notes"]] == ["location"]


def test_a_home_that_does_not_know_of_the_child(client: TestClient) -> None:
    """Its sender is told, of one child and of an import, until its home lists the child; a strange home is none."""
    away, unlisted = _child("C-3", home="ELSEWHERE"), _child("C-2")
    listed = _child(A_RESIDENT["ref"])
    assert send(client, "PUT", f"/homes/{A_HOME['ref']}", A_HOME).status_code == 201
    for child in (away, listed, _child("C-4", home=None, location="NG1 5DT")):
        assert send(client, "PUT", f"/caseload/{child['ref']}", child).json()["notes"] == []
    (note,) = send(client, "PUT", "/caseload/C-2", unlisted).json()["notes"]
    assert note == {"field": "home", "note": NOT_LISTED}
    (note,) = send(client, "POST", "/caseload/import", {"children": [away, listed, unlisted]}).json()["notes"]
    assert note == {"field": "children[2].home", "note": NOT_LISTED}
    many = [_child(f"M-{n}") for n in range(MOST_TOLD + 2)]
    notes = send(client, "POST", "/caseload/import", {"children": many}).json()["notes"]
    assert [one["field"] for one in notes[-2:]] == [f"children[{MOST_TOLD - 1}].home", "children"]
    assert "2 more" in notes[-1]["note"]
    known = {**A_HOME, "residents": [A_RESIDENT | {"ref": "C-2"}]}
    assert send(client, "PUT", f"/homes/{A_HOME['ref']}", known, If_Match="*").status_code == 200
    assert send(client, "PUT", "/caseload/C-2", unlisted, If_Match="*").json()["notes"] == []
