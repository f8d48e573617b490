"""Whoever stores a home is told at once where a child who was given a place in it has none any more."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from app.access.principal import Role
from app.documents.examples import A_HOME
from tests.api.desk import CASE_SYSTEM, CHILD, H1, hold_first, take_step
from tests.api.service import send
from tests.support.access import bearer

LAST_PLACE = A_HOME | {"places": 1, "places_held": 0, "residents": []}
ANOTHER = A_HOME["residents"][0]


def _stored(client: TestClient, **changes: Any) -> list[dict[str, str]]:
    answer = send(client, "PUT", f"/homes/{H1}", LAST_PLACE | changes, If_Match="*", **CASE_SYSTEM)
    assert answer.status_code == 200, answer.text
    notes: list[dict[str, str]] = answer.json()["notes"]
    return notes


def _imported(client: TestClient, **changes: Any) -> list[dict[str, str]]:
    body = {"homes": [{"ref": "?"}, LAST_PLACE | changes], "on_problem": "skip_row"}
    answer = send(client, "POST", "/homes/import", body, **CASE_SYSTEM)
    assert answer.status_code == 200, answer.text
    notes: list[dict[str, str]] = answer.json()["notes"]
    return notes


def test_a_place_that_is_held_for_the_child_who_has_it(served: TestClient) -> None:
    """It counts twice, and may be somebody else's: nobody is accepted, it is said why, and how it is mended."""
    assert _stored(served) == []
    held = hold_first(served, H1, reason={"code": "other", "text": "The carers know this family well."}).json()
    sent = take_step(served, held, "send", {}).json()
    (note,) = _stored(served, places_held=1)
    assert note["field"] == "places"
    assert "(who lives here or is to: 1; places held: 1; places in all: 1)" in note["note"]
    assert "`places_held`" in note["note"]
    seen = served.get(f"/placements/{sent['id']}").json()["seen"]
    refused = take_step(served, sent, "accept", {"seen": seen})
    assert (refused.status_code, refused.json()["code"]) == (409, "rules_not_met")
    (problem,) = refused.json()["errors"]
    assert problem["field"] == "rules.usable_places"
    assert "`places_held`" in problem["cure"]
    assert _stored(served) == []
    seen = served.get(f"/placements/{sent['id']}").json()["seen"]
    assert take_step(served, sent, "accept", {"seen": seen}).status_code == 200


def test_another_child_in_the_last_place(here: TestClient) -> None:
    """Told of one home and of an inventory, by its row; not of the child itself, nor where there is room."""
    assert _stored(here) == []
    assert (
        hold_first(here, H1, reason={"code": "other", "text": "The carers know this family well."}).status_code == 201
    )
    (note,) = _stored(here, residents=[ANOTHER])
    assert "is to: 2;" in note["note"]
    assert "places_held" not in note["note"]
    assert [one["field"] for one in _imported(here, residents=[ANOTHER], places_held=1)] == ["homes[1].places"]
    assert _imported(here, residents=[ANOTHER | {"ref": CHILD}]) == []
    assert _stored(here, residents=[ANOTHER], places=2) == []


def test_a_home_that_comes_back_without_those_who_lived_there(lite: TestClient) -> None:
    """The case system took it away; a commissioner who stores it anew cannot say who lives there, and is told."""
    commissioner = bearer([Role.COMMISSIONER], subject="commissioner-1")
    plain = {name: value for name, value in A_HOME.items() if name != "residents"}
    first = send(lite, "PUT", f"/homes/{H1}", plain, **commissioner)
    assert (first.status_code, [note["field"] for note in first.json()["notes"]]) == (201, ["residents"])
    assert send(lite, "DELETE", f"/homes/{H1}", None, If_Match="*", **CASE_SYSTEM).status_code == 204
    back = send(lite, "PUT", f"/homes/{H1}", plain, **commissioner)
    assert (back.status_code, [note["field"] for note in back.json()["notes"]]) == (201, ["residents"])
