"""Instants are written in one form everywhere: UTC, ending in `Z`."""

from __future__ import annotations

import re
from typing import Any

from starlette.testclient import TestClient

from app.access.principal import Role
from tests.api.desk import R1, hold_first, placement_of, run_to_its_end, take_step
from tests.support.access import bearer

EVERYTHING = bearer(list(Role), subject="everybody")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T[0-9:.]+(?P<zone>[^\"]*)\"")


def test_every_answer_has_instants_of_one_form(served: TestClient) -> None:
    """What is answered to a decision, and what is read of it, of runs and of the trail."""
    run = run_to_its_end(served)
    held = hold_first(served)
    sent = take_step(served, held.json(), "send", {"hours": 48})
    id_ = held.json()["id"]
    paths = (
        f"/runs/{run['id']}",
        "/runs",
        "/proposals",
        "/placements",
        f"/placements/{id_}",
        f"/placements/{id_}/history",
        "/audit",
        "/messages",
        f"/referrals/{R1}",
        "/health/ready",
    )
    answers = [held, sent, *(served.get(path, headers=EVERYTHING) for path in paths)]
    assert [answer.status_code for answer in answers[2:]] == [200] * len(paths)
    found = [match["zone"] for answer in answers for match in INSTANT.finditer(answer.text)]
    assert len(found) > 20
    assert set(found) == {"Z"}


def test_what_is_answered_is_what_is_read(served: TestClient) -> None:
    """Until when a place is held is the same text in the answer to the hold and in the placement."""
    held: dict[str, Any] = hold_first(served).json()
    assert placement_of(served, held)["held_until"] == held["held_until"]
