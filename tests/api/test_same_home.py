"""A home that is stored a second time under another reference is told of: nobody would see who lives in the first."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from app.access.principal import Role
from app.documents.examples import A_HOME
from tests.api.service import send
from tests.support.access import bearer

COMMISSIONER = bearer([Role.COMMISSIONER])


def _stored(client: TestClient, *, again: bool = False, **changes: Any) -> list[str]:
    """What is told beside a home that is stored; then the inventory in memory follows, as with any list."""
    home = {**A_HOME, **changes}
    answer = send(client, "PUT", f"/homes/{home['ref']}", home, **({"If_Match": "*"} if again else {}))
    assert answer.status_code in (200, 201), answer.text
    client.app.state.service.inventory.pool()  # type: ignore[attr-defined] - the application's own
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


def test_a_commissioner_is_told_that_nobody_is_on_record_in_a_new_home(lite: TestClient) -> None:
    """Whoever gives a home a new reference cannot say who lives there; until somebody does, it looks empty."""
    new = {name: value for name, value in A_HOME.items() if name != "residents"}
    answer = send(lite, "PUT", f"/homes/{A_HOME['ref']}", new, **COMMISSIONER)
    assert answer.status_code == 201, answer.text
    (told,) = answer.json()["notes"]
    assert (told["field"], "Nobody is on record" in told["note"]) == ("residents", True)
