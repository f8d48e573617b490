"""What is noted of each request: one line, some figures, and nothing of what was asked."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from prometheus_client import generate_latest
from starlette.testclient import TestClient

from app.api import guard
from app.api.admission import MOST_ASIDE, Crowd, Door, waits
from app.api.guard import _Turn
from app.documents.examples import A_HOME
from app.errors import Overloaded
from app.observing import metrics
from app.store import load
from tests.api.service import send
from tests.support.logs import logs_as_in_production, told

CANARY = "Zzyzx-Quetzal"
OURS = "0123456789abcdef0123456789abcdef"


def test_one_line_a_request(lite: TestClient) -> None:
    """Method, template, status, milliseconds and the number; neither the path nor the query."""
    with logs_as_in_production() as written:
        lite.get(f"/homes/{CANARY}?x={CANARY}", headers={"X-Correlation-Id": OURS})
        lite.get(f"/{CANARY}")
        lite.request(CANARY.upper(), "/homes")
    lines = [line for line in told(written) if line["event"] == "request"]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("GET", "/homes/{ref}", 422),
        ("GET", "unmatched", 404),
        ("other", "/homes", 405),
    ]
    assert lines[0]["correlation"] == OURS
    assert all(line["ms"] >= 0 for line in lines)
    assert CANARY.lower() not in written.getvalue().lower()


def test_a_number_of_the_caller_is_used_if_it_is_one(lite: TestClient) -> None:
    """The answer and its problem carry the caller's number; what is none is replaced and not repeated."""
    answer = lite.get("/homes/none", headers={"X-Correlation-Id": OURS})
    assert (answer.headers["X-Correlation-Id"], answer.json()["correlation_id"]) == (OURS, OURS)
    other = lite.get("/homes/none", headers={"X-Correlation-Id": CANARY})
    assert CANARY not in other.text + str(other.headers)
    assert len(other.headers["X-Correlation-Id"]) == 32


def test_what_fails_is_found_by_its_number(lite: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line about a mistake of ours has the number of the answer, from a thread of the request too."""

    def broken(*_arguments: Any) -> Any:
        raise ValueError(CANARY)

    monkeypatch.setattr(load, "home_document", broken)
    with logs_as_in_production() as written:
        answer = lite.get(f"/homes/{CANARY}")
    failed, request = told(written)
    assert failed["correlation"] == request["correlation"] == answer.json()["correlation_id"]
    assert (failed["error"], failed["frames"][0].split()[0], request["status"]) == ("ValueError", "broken", 500)
    assert CANARY not in written.getvalue()


def test_figures_have_few_labels(lite: TestClient) -> None:
    """However many addresses are asked for, there is one row for each route."""
    for number in range(30):
        lite.get(f"/homes/{CANARY}-{number}")
        lite.get(f"/{CANARY}/{number}")
        lite.request(f"MADEUP{number}", "/homes")
    written = generate_latest(metrics.OWN).decode()
    assert 'placement_requests_total{method="GET",route="/homes/{ref}",status="404"}' in written
    assert 'route="unmatched"' in written
    assert "MADEUP" not in written
    assert CANARY not in written


def test_what_is_in_work_is_counted_down_again(lite: TestClient) -> None:
    """After every end, good or bad, nothing is left in work."""
    lite.get("/health/live")
    send(lite, "PUT", "/homes/x", {})
    lite.get("/homes", headers={"Host": "evil.example"})
    assert metrics.IN_WORK._value.get() == 0


def test_the_door_lets_in_by_turns() -> None:
    """So many at once, so many waiting in order, and the next is told to come back at once."""

    async def play() -> list[str]:
        door, order = Door(Crowd(at_once=1, waiting=2, wait_s=5)), []

        async def guest(name: str) -> None:
            try:
                await door.enter()
            except Overloaded:
                order.append(f"{name} refused")
                return
            order.append(name)
            await asyncio.sleep(0.01)
            door.leave()

        await asyncio.gather(*(guest(name) for name in "abcd"))
        await guest("e")
        return order

    assert asyncio.run(play()) == ["a", "d refused", "b", "c", "e"]


def test_nobody_waits_for_ever_and_no_turn_is_lost() -> None:
    """Who waited too long is told so; who gave up takes no turn from the others."""

    async def play() -> int:
        door = Door(Crowd(at_once=1, waiting=10, wait_s=0.02))
        await door.enter()
        with pytest.raises(Overloaded):
            await door.enter()
        gone = asyncio.create_task(door.enter())
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        door.leave()
        await door.enter()
        door.leave()
        return door._inside

    assert asyncio.run(play()) == 0


def test_a_turn_that_comes_while_giving_up_is_passed_on() -> None:
    """The next gets it: otherwise the door would close for good, bit by bit."""

    async def play() -> int:
        door = Door(Crowd(at_once=1, waiting=10, wait_s=5))
        await door.enter()
        gone = asyncio.create_task(door.enter())
        await asyncio.sleep(0)
        door.leave()
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        await door.enter()
        door.leave()
        return door._inside

    assert asyncio.run(play()) == 0


def test_who_only_waits_for_others_lets_the_next_in() -> None:
    """So many may, and no more; each turn is used once, however its request ends."""

    async def play() -> tuple[list[bool], list[bool], int, int]:
        door = Door(Crowd(at_once=1, waiting=MOST_ASIDE + 1, wait_s=5))
        aside, entered = [], []
        turns = [_Turn(door, needed=True) for _ in range(MOST_ASIDE + 1)]
        for turn in turns:
            coming = asyncio.create_task(turn.come())
            await asyncio.sleep(0)
            entered.append(coming.done())
            await asyncio.to_thread(turn.step_aside)
            await asyncio.sleep(0)
            aside.append(turn._is_aside)
        for turn in [*turns, *turns]:
            turn.end()
            turn.step_aside()
        await asyncio.sleep(0)
        return entered, aside, door._inside, door._aside

    entered, aside, inside, left = asyncio.run(play())
    assert (all(entered), aside) == (True, [True] * MOST_ASIDE + [False])
    assert (inside, left) == (0, 0)


def test_who_takes_long_lets_the_next_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that waits for a lock, or judges a country, holds up nobody; and every turn is given back once."""
    monkeypatch.setattr(guard, "PATIENCE_S", 0.02)

    async def play() -> tuple[bool, int, int]:
        door = Door(Crowd(at_once=1, waiting=5, wait_s=5))
        slow, quick, last = (_Turn(door, needed=True) for _ in range(3))
        await slow.come()
        await asyncio.wait_for(quick.come(), 1)
        quick.end()
        slow.end()
        await last.come()
        last.end()
        await asyncio.sleep(0.05)  # whoever has ended is not made to stand aside afterwards
        return slow._is_aside, door._inside, door._aside

    assert asyncio.run(play()) == (False, 0, 0)


def test_those_who_look_after_the_service_do_not_wait() -> None:
    """Health and metrics are answered when nothing else is."""
    assert [waits(path) for path in ("/health/live", "/health/ready", "/metrics", "/match", "/healthy")] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_refused_requests_say_when_to_come_back(lite: TestClient) -> None:
    """503 with Retry-After, a problem, no line of an error in the log, and a count."""
    guard: Any = lite.app.middleware_stack  # type: ignore[attr-defined]
    while not hasattr(guard, "_door"):
        guard = guard.app
    before = metrics.TURNED_AWAY._value.get()
    guard._door = Door(Crowd(at_once=0, waiting=0))
    with logs_as_in_production() as written:
        read = lite.get("/homes")
        stored = send(lite, "PUT", f"/homes/{A_HOME['ref']}", A_HOME)
        alive = lite.get("/health/live")
    assert [(a.status_code, a.json()["code"], a.headers["Retry-After"]) for a in (read, stored)] == [
        (503, "overloaded", "1"),
        (503, "overloaded", "1"),
    ]
    assert alive.status_code == 200
    assert metrics.TURNED_AWAY._value.get() - before == 2
    assert {line["level"] for line in told(written)} == {"info"}
    assert json.loads(read.text)["correlation_id"]
