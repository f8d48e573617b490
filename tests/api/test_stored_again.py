"""What is removed and stored again is another: its versions go on, and nothing that was seen or read before fits it."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.documents.examples import A_REFERRAL
from app.store import removal_tables
from tests.api.desk import CHILD, R1, posted, shortlist_of
from tests.api.service import send

REFERRAL, PLACED = f"/referrals/{R1}", "/caseload/C-77"
NEWER: dict[str, Any] = {**A_REFERRAL, "keep_together": "not_required"}


def _etag(client: TestClient, path: str) -> str:
    return str(client.get(path).headers["ETag"])


def _gone(client: TestClient, path: str) -> None:
    assert client.delete(path, headers={"If-Match": _etag(client, path)}).status_code == 204


@pytest.mark.parametrize(
    ("path", "first", "other"),
    [
        (REFERRAL, A_REFERRAL, NEWER),
        (PLACED, {"ref": "C-77", "home": "H-1"}, {"ref": "C-77", "home": "H-2"}),
    ],
    ids=["referral", "caseload"],
)
def test_the_etag_of_what_is_gone_fits_nothing(
    here: TestClient, path: str, first: dict[str, Any], other: dict[str, Any]
) -> None:
    """Neither to change what is there now, nor to be told that it is known; again and again."""
    send(here, "PUT", path, first, If_Match="*") if path == REFERRAL else send(here, "PUT", path, first)
    known = set()
    for document in (other, first, other):
        before = _etag(here, path)
        assert before not in known
        known.add(before)
        _gone(here, path)
        assert send(here, "PUT", path, document).status_code == 201
        for old in known:
            assert send(here, "PUT", path, first, If_Match=old).status_code == 412
            assert here.get(path, headers={"If-None-Match": old}).status_code == 200


def test_an_import_that_replaces_is_no_way_around(lite: TestClient) -> None:
    """Whom a whole caseload leaves out, and a later one brings again, is at a version that there never was."""
    bring: dict[str, Any] = {"children": [{"ref": "C-77", "home": "H-1"}], "replace": True}
    nobody: dict[str, Any] = {"children": [], "replace": True}
    known = []
    for _ in range(3):
        assert send(lite, "POST", "/caseload/import", bring).status_code == 200
        known.append(_etag(lite, PLACED))
        send(lite, "POST", "/caseload/import", nobody)
    assert len(set(known)) == 3


def test_nobody_decides_on_what_was_seen_of_the_one_before(here: TestClient) -> None:
    """The referral was removed and stored again with other facts: a hold on the old look is told what changed."""
    shown = shortlist_of(here)
    _gone(here, REFERRAL)
    assert send(here, "PUT", REFERRAL, NEWER).status_code == 201
    body = {"referral": R1, "home": shown["options"][0]["home"], "seen": shown["seen"]}
    answer = posted(here, "/holds", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "facts_changed"), answer.text
    assert answer.json()["errors"][0]["field"] == "referral"


def test_what_is_kept_for_it_names_nobody(here: TestClient) -> None:
    """One number for each kind of record: nothing that an erasure would have to forget."""
    _gone(here, REFERRAL)
    with here.app.state.service.database.reading() as reading:  # type: ignore[attr-defined]
        rows = reading.execute(removal_tables.removed_versions.select()).all()
    assert {(row.kind, row.version) for row in rows} == {("referral", 1)}
    assert CHILD not in str(rows)
    assert R1 not in str(rows)
