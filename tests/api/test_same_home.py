"""A home that is stored a second time under another reference is told of: nobody would see who lives in the first."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.access.principal import Role
from app.documents.examples import A_HOME
from app.imports.same_home import MOST_TOLD
from tests.api.service import send
from tests.support.access import bearer

COMMISSIONER = bearer([Role.COMMISSIONER])


def _stored(client: TestClient, *, again: bool = False, **changes: Any) -> list[str]:
    """What is told beside a home that is stored, whoever asked for a list meanwhile or not."""
    home = {**A_HOME, **changes}
    answer = send(client, "PUT", f"/homes/{home['ref']}", home, **({"If_Match": "*"} if again else {}))
    assert answer.status_code in (200, 201), answer.text
    return [note["note"] for note in answer.json()["notes"]]


def test_the_same_home_by_another_reference_is_named(lite: TestClient) -> None:
    """By its URN or by its name, at the same place; a home elsewhere, of another kind or stored again is none."""
    assert _stored(lite) == []
    (told,) = _stored(lite, ref="AGAIN-1", name="Another name")
    assert A_HOME["ref"] in told
    assert "offered twice" in told
    (told,) = _stored(lite, ref="AGAIN-2", urn="SC999999")
    assert A_HOME["ref"] in told
    assert _stored(lite, ref="ELSEWHERE", location="DE1 2QY") == []
    assert _stored(lite, ref="ANOTHER", urn="SC888888", name="Third name") == []
    assert _stored(lite, again=True, places=3) == []


def test_capitals_and_blanks_make_no_other_home(lite: TestClient) -> None:
    """In a name or a number; where there is neither, nothing is told."""
    _stored(lite)
    (told,) = _stored(lite, ref="AGAIN-1", urn=None, name=f" {A_HOME['name'].upper()}".replace(" ", "  "))
    assert A_HOME["ref"] in told
    (told,) = _stored(lite, ref="AGAIN-2", urn=A_HOME["urn"].lower(), name="Another name")
    assert A_HOME["ref"] in told
    for n in (1, 2):
        assert _stored(lite, ref=f"NAMELESS-{n}", urn=None, name="") == []


@pytest.mark.parametrize(
    ("kind", "urn", "told"),
    [("childrens_home", "SC123456", 1), ("childrens_home", "XXXXXXX", 0), ("foster", "SC123456", 0)],
)
def test_a_number_that_is_one_home_alone(lite: TestClient, kind: str, urn: str, told: int) -> None:
    """It is that home wherever its postcode puts it; an agency's is that of its households, and so is no number."""
    code = "K2" if kind == "childrens_home" else A_HOME["place_code"]
    one = {"kind": kind, "place_code": code, "urn": urn}
    assert _stored(lite, ref="ONE", **one) == []
    assert len(_stored(lite, ref="AGAIN", location="DE1 2QY", name="Another name", **one)) == told


def test_an_import_says_which_homes_it_brings_twice(client: TestClient) -> None:
    """A twin of a home that is stored, and two of each other; once all are there it has nothing new to say."""
    assert _stored(client) == []
    new = {"location": "DE1 2QY", "urn": "SC777777"}
    homes = [
        {**A_HOME, "ref": "TWIN-0"},
        {**A_HOME, **new, "ref": "TWIN-1"},
        {**A_HOME, **new, "ref": "TWIN-2", "name": "Second name"},
        {**A_HOME, "ref": "ALONE", "urn": "SC666666", "name": "Third name"},
    ]
    notes = send(client, "POST", "/homes/import", {"homes": homes}).json()["notes"]
    assert [note["field"] for note in notes] == ["homes[0].ref", "homes[1].ref", "homes[2].ref"]
    for ref, note in zip((A_HOME["ref"], "TWIN-2", "TWIN-1"), notes, strict=True):
        assert ref in note["note"]
    assert send(client, "POST", "/homes/import", {"homes": homes}).json()["notes"] == []
    many = [{**A_HOME, "ref": f"MANY-{n}"} for n in range(MOST_TOLD + 2)]
    notes = send(client, "POST", "/homes/import", {"homes": many}).json()["notes"]
    assert (len(notes), "2 more" in notes[-1]["note"]) == (MOST_TOLD + 1, True)


def test_a_commissioner_is_told_that_nobody_is_on_record_in_a_new_home(lite: TestClient) -> None:
    """Whoever gives a home a new reference cannot say who lives there; until somebody does, it looks empty."""
    new = {name: value for name, value in A_HOME.items() if name != "residents"}
    answer = send(lite, "PUT", f"/homes/{A_HOME['ref']}", new, **COMMISSIONER)
    assert answer.status_code == 201, answer.text
    (told,) = answer.json()["notes"]
    assert (told["field"], "Nobody is on record" in told["note"]) == ("residents", True)
