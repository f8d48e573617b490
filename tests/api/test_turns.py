"""Callers take turns: who asks much waits for its own, and nobody else for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from app.api.admission import LARGE_WAITING, Crowd, Door
from app.api.guard import Guard, Limits, _Turn
from app.errors import Overloaded

CALLERS = "abcd"


async def _let_in(crowd: Crowd, asked: str) -> tuple[list[str], list[str]]:
    """Who comes in and who is refused, in which order, when all of these ask while every turn is taken."""
    door, inside, refused = Door(crowd), [], []
    for _ in range(crowd.at_once):
        await door.enter()

    async def guest(name: str) -> None:
        try:
            await door.enter(lambda: name)
        except Overloaded:
            refused.append(name)
            return
        inside.append(name)
        await asyncio.sleep(0)
        door.leave()

    guests = []
    for name in asked:
        guests.append(asyncio.create_task(guest(name)))
        await asyncio.sleep(0)
    for _ in range(crowd.at_once):
        door.leave()
    await asyncio.gather(*guests)
    assert (door._inside, door._waiting, door._queues) == (0, 0, {})
    return inside, refused


def _in_turn(asked: Sequence[str]) -> list[str]:
    """By brute force: one of each caller, in the order in which they first came, again and again."""
    left, order = Counter(asked), []
    names = list(dict.fromkeys(asked))
    while sum(left.values()):
        for name in names:
            if left[name]:
                order.append(name)
                left[name] -= 1
    return order


@settings(max_examples=200, deadline=None)
@given(asked=st.text(alphabet=CALLERS, max_size=20))
def test_callers_are_let_in_in_turn(asked: str) -> None:
    """One after the other, whoever asks how much; a caller who is alone waits for nobody."""
    inside, refused = asyncio.run(_let_in(Crowd(at_once=1, waiting=100, wait_s=60), asked))
    assert (inside, refused) == (_in_turn(asked), [])


@settings(max_examples=200, deadline=None)
@given(asked=st.text(alphabet=CALLERS, max_size=30), waiting=st.integers(0, 8))
def test_whoever_takes_most_of_the_room_makes_room(asked: str, waiting: int) -> None:
    """As many are let in as there is room for, and nobody is refused while another has two more than they."""
    inside, refused = asyncio.run(_let_in(Crowd(at_once=1, waiting=waiting, wait_s=60), asked))
    assert len(inside) == min(waiting, len(asked))
    assert Counter(inside) + Counter(refused) == Counter(asked)
    let_in = Counter(inside)
    for name in set(refused):
        assert all(let_in[other] <= let_in[name] + 1 for other in let_in), (inside, refused)


def test_one_who_is_alone_has_every_turn() -> None:
    """Turns that nobody else wants are not kept free."""

    async def play() -> int:
        door = Door(Crowd(at_once=4, waiting=4, wait_s=60))
        for _ in range(4):
            await asyncio.wait_for(door.enter(lambda: "a"), 1)
        return door._inside

    assert asyncio.run(play()) == 4


def test_who_is_asked_only_where_there_is_a_queue() -> None:
    """While there is room nobody has to know whose request it is."""

    async def play() -> None:
        door = Door(Crowd(at_once=1, waiting=1, wait_s=0.01))
        asked = []

        def who() -> str:
            asked.append("a")
            return "a"

        await door.enter(who)
        assert not door.is_full(who)
        assert asked == []
        with pytest.raises(Overloaded):
            await door.enter(who)
        assert asked == ["a"]

    asyncio.run(play())


def test_large_bodies_never_have_every_turn() -> None:
    """However many come at once, some turns stay for others; small ones do not wait for them, and no turn is lost."""

    async def play() -> tuple[int, int, list[str]]:
        crowd = Crowd(at_once=3, waiting=64, wait_s=0.05, large_at_once=2)
        door, large_door = Door(crowd), Door(crowd.of_large())
        most, done = 0, []
        at_work = 0

        async def large(name: str) -> None:
            nonlocal most, at_work
            turn = _Turn(door, needed=True, who=lambda: "greedy", door_of_large=large_door)
            try:
                await turn.come(large=True)
            except Overloaded:
                done.append(f"{name} refused")
            else:
                at_work += 1
                most = max(most, at_work)
                await asyncio.sleep(0.2)
                at_work -= 1
            turn.end()

        many = [asyncio.create_task(large(str(n))) for n in range(2 + LARGE_WAITING + 2)]
        await asyncio.sleep(0.01)
        for n in range(5):
            turn = _Turn(door, needed=True, who=lambda: "other", door_of_large=large_door)
            await asyncio.wait_for(turn.come(), 0.01)
            turn.end()
            done.append(f"small {n}")
        await asyncio.gather(*many)
        return most, door._inside + large_door._inside, done

    most, left, done = asyncio.run(play())
    assert (most, left) == (2, 0)
    assert done[:2] == ["6 refused", "7 refused"]
    assert [name for name in done if name.startswith("small")] == [f"small {n}" for n in range(5)]


def test_a_large_request_that_is_refused_at_the_second_door_leaves_the_first() -> None:
    """Else the door of large ones would close for good, bit by bit."""

    async def play() -> int:
        crowd = Crowd(at_once=1, waiting=64, wait_s=0.01, large_at_once=1)
        door, large_door = Door(crowd), Door(crowd.of_large())
        await door.enter()
        turn = _Turn(door, needed=True, door_of_large=large_door)
        with pytest.raises(Overloaded):
            await turn.come(large=True)
        turn.end()
        return large_door._inside

    assert asyncio.run(play()) == 0


def test_a_large_body_goes_by_the_door_of_large_ones() -> None:
    """Of what comes in at the guard: one large body at a time is worked on, and a small one beside it."""
    limits = Limits(
        body_bytes=10,
        larger={"/import": 100},
        body_timeout_s=5,
        hosts=frozenset({"here"}),
        crowd=Crowd(at_once=3, waiting=5, wait_s=5, large_at_once=1),
    )

    async def play() -> tuple[list[str], list[str]]:
        at_work: list[str] = []
        go_on = asyncio.Event()

        async def work(scope: Scope, receive: Receive, _send: Send) -> None:
            await receive()
            at_work.append(scope["query_string"].decode())
            await go_on.wait()

        async def ignored(_message: Message) -> None:
            return

        def ask(name: str, size: int) -> asyncio.Task[None]:
            async def body() -> Message:
                return {"type": "http.request", "body": b"x" * size, "more_body": False}

            headers = [(b"host", b"here"), (b"content-length", str(size).encode())]
            told = {"type": "http", "method": "POST", "path": "/import", "query_string": name.encode()}
            return asyncio.create_task(guard({**told, "headers": headers}, body, ignored))

        guard = Guard(work, limits, lambda _scope: "somebody")
        asked = [ask("first large", 50), ask("second large", 50), ask("small", 5)]
        await asyncio.sleep(0.05)
        before = list(at_work)
        go_on.set()
        await asyncio.gather(*asked)
        return before, at_work

    before, after = asyncio.run(play())
    assert before == ["first large", "small"]
    assert after == ["first large", "small", "second large"]
