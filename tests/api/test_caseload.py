"""The caseload over HTTP: child by child in versions, or imported as a whole; the target counts it."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from app.documents.examples import A_HOME, A_RESIDENT
from app.documents.placed_models import A_PLACED_CHILD
from app.imports.listing import MOST_TOLD, NOT_LISTED, NOT_STORED
from tests.api.desk import CASE_SYSTEM, CHILD, H1, OTHER_HOME, REASON, hold_first, take_step
from tests.api.service import send

REF = A_PLACED_CHILD["ref"]


def _child(ref: str = REF, **changes: Any) -> dict[str, Any]:
    return A_PLACED_CHILD | {"ref": ref} | changes


def test_a_child_of_the_caseload(client: TestClient) -> None:
    """Stored, read in the form in which it was sent, changed from a version, taken out."""
    made = send(client, "PUT", f"/caseload/{REF}", _child())
    assert (made.status_code, made.json()["ref"], made.json()["version"]) == (201, REF, 1)
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
    answer = send(lite, "PUT", f"/caseload/{REF}", _child(location="BT1 1AA", home=None))
    assert [note["field"] for note in answer.json()["notes"]] == ["location"]


def test_a_home_that_does_not_know_of_the_child(client: TestClient) -> None:
    """Its sender is told, of one child and of an import, until its home lists the child."""
    away, unlisted = _child("C-3", home=None, location="NG1 5DT"), _child("C-2")
    listed = _child(A_RESIDENT["ref"])
    assert send(client, "PUT", f"/homes/{A_HOME['ref']}", A_HOME).status_code == 201
    for child in (away, listed):
        assert send(client, "PUT", f"/caseload/{child['ref']}", child).json()["notes"] == []
    (note,) = send(client, "PUT", "/caseload/C-2", unlisted).json()["notes"]
    assert note == {"field": "home", "note": NOT_LISTED}
    assert all(word in NOT_LISTED for word in ("living apart", "brothers and sisters", "correct this record"))
    (note,) = send(client, "POST", "/caseload/import", {"children": [away, listed, unlisted]}).json()["notes"]
    assert note == {"field": "children[2].home", "note": NOT_LISTED}
    many = [_child(f"M-{n}") for n in range(MOST_TOLD + 2)]
    notes = send(client, "POST", "/caseload/import", {"children": many}).json()["notes"]
    assert [one["field"] for one in notes[-2:]] == [f"children[{MOST_TOLD - 1}].home", "children"]
    assert "2 more" in notes[-1]["note"]
    known = {**A_HOME, "residents": [A_RESIDENT | {"ref": "C-2"}]}
    assert send(client, "PUT", f"/homes/{A_HOME['ref']}", known, If_Match="*").status_code == 200
    assert send(client, "PUT", "/caseload/C-2", unlisted, If_Match="*").json()["notes"] == []


def test_a_home_that_is_not_stored(client: TestClient) -> None:
    """A slip of the pen in its reference would keep nobody apart: it is said, of one child and of an import."""
    slip = _child("C-3", home="EXAMPLE-H-1")
    (note,) = send(client, "PUT", "/caseload/C-3", slip).json()["notes"]
    assert note == {"field": "home", "note": NOT_STORED}
    (note,) = send(client, "POST", "/caseload/import", {"children": [_child("C-4", home=None), slip]}).json()["notes"]
    assert note == {"field": "children[1].home", "note": NOT_STORED}


def test_a_child_whom_a_placement_has_in_another_home(served: TestClient) -> None:
    """That placement is named, and nobody is asked to list the child twice; once it ended, the home should list it."""

    def noted(home: str) -> list[str]:
        body = {"ref": CHILD, "home": home, "kind": "foster"}
        is_there = served.get(f"/caseload/{CHILD}", headers=CASE_SYSTEM).status_code == 200
        match = {"If_Match": "*"} if is_there else {}
        answer = send(served, "PUT", f"/caseload/{CHILD}", body, **match, **CASE_SYSTEM)
        assert answer.status_code in (200, 201), answer.text
        return [note["note"] for note in answer.json()["notes"]]

    held = hold_first(served, H1, reason=REASON).json()
    (told,) = noted(OTHER_HOME["ref"])
    assert told == NOT_LISTED, "a place that only waits is no home"
    placed = take_step(served, take_step(served, held, "accept", {}).json(), "place", {"moved_in_on": "2026-03-02"})
    assert placed.status_code == 200, placed.text
    assert noted(H1) == []
    for home in (OTHER_HOME["ref"], "EXAMPLE-H-1"):
        told = noted(home)[0]
        assert (placed.json()["id"] in told, H1 in told, CHILD in told) == (True, True, False)
        assert NOT_LISTED not in told
    assert NOT_STORED in told
    over = {"ended_on": "2026-03-02", "planned": False, "reason": {"code": "CREQB"}}
    assert take_step(served, placed.json(), "end", over).status_code == 200
    assert noted(H1) == [NOT_LISTED], "the place that it had there is over"
