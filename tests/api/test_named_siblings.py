"""A brother or sister who is placed, named for one child of a referral and not for another: the sender is told."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from app.documents.examples import A_CHILD, A_REFERRAL
from tests.api.service import send

PLACED = {"child": "ZQ-PLACED", "home": None, "location": "NG1 5DT"}
OTHER = {"child": "ZQ-OTHER", "home": None, "location": "NG1 5DT"}


def _noted(client: TestClient, *siblings: list[dict[str, Any]]) -> list[str]:
    children = [{**A_CHILD, "ref": f"C-{n}", "placed_siblings": named} for n, named in enumerate(siblings)]
    answer = send(client, "PUT", "/referrals/R-S", {**A_REFERRAL, "ref": "R-S", "children": children}, If_Match="*")
    if answer.status_code == 412:
        answer = send(client, "PUT", "/referrals/R-S", {**A_REFERRAL, "ref": "R-S", "children": children})
    assert answer.status_code in (200, 201), answer.text
    assert "ZQ-" not in answer.text
    return [note["field"] for note in answer.json()["notes"]]


def test_each_child_names_its_own(lite: TestClient) -> None:
    """Where one child lacks what another names it is said at that child, and nowhere else; no name is repeated."""
    assert _noted(lite, [], []) == []
    assert _noted(lite, [PLACED]) == []
    assert _noted(lite, [PLACED], [PLACED]) == []
    assert _noted(lite, [PLACED], [], [PLACED]) == ["children[1].placed_siblings"]
    assert _noted(lite, [PLACED], [OTHER]) == ["children[0].placed_siblings", "children[1].placed_siblings"]
