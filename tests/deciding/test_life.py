"""The table of a placement's life: what it must say whatever else changes."""

from dataclasses import replace

from app.access.permissions import PERMISSIONS
from app.access.principal import Kind, Principal, Role
from app.deciding.life import LIFE, Claims, is_for, is_open, moves
from app.store.outbox import TOPICS
from app.store.placement_records import CLAIMING, MOVES, PURSUED, STEPS_OF_SYSTEMS, State, Step

NOBODY = Principal("nobody", Kind.PERSON, "E06000018")


def test_the_database_lists_the_same_moves() -> None:
    """What the code allows and what the database allows are one list."""
    assert moves() == frozenset(MOVES)
    assert len(MOVES) == len(set(MOVES))


def test_only_a_person_accepts_holds_or_places() -> None:
    """No system may take a step that begins a placement or carries it on."""
    of_systems = {step for step, move in LIFE.items() if Kind.SYSTEM in move.kinds}
    assert of_systems == {Step(step) for step in STEPS_OF_SYSTEMS}
    begins = {step for step, move in LIFE.items() if move.after in (State.HELD, State.ACCEPTED, State.PLACED)}
    assert begins.isdisjoint(of_systems)


def test_every_state_is_reached_and_the_last_ones_are_final() -> None:
    """Each state but the first has a way to it; from declined, withdrawn, expired and ended none leads on."""
    reached = {move.after for move in LIFE.values()}
    assert set(State) - {State.PROPOSED} <= reached
    final = {state for state in State if not any(is_open(step, state) for step in Step)}
    assert final == {State.DECLINED, State.WITHDRAWN, State.EXPIRED, State.ENDED}


def test_places_are_taken_and_given_back() -> None:
    """A step into a claiming state from none takes places; a step out of one gives them back."""
    for step, move in LIFE.items():
        for before in move.before:
            after = move.after or before
            if after in CLAIMING and before not in CLAIMING:
                assert move.claims is Claims.TAKE, step
            if after not in CLAIMING:
                assert move.claims is (Claims.MOVE_OUT if before is State.PLACED else Claims.RELEASE), step
            if before in PURSUED and after is State.PLACED:
                assert move.claims is Claims.LIVE_IN


def test_what_ends_a_placement_says_why() -> None:
    """Every end but that by the clock needs a reason code; so does what differs from the first choice."""
    for step, move in LIFE.items():
        if move.claims in (Claims.RELEASE, Claims.MOVE_OUT) and step is not Step.EXPIRE:
            assert move.reason is not None, step
            assert move.reason_needed, step
    assert LIFE[Step.HOLD].reason is LIFE[Step.ACCEPT].reason is not None


def test_nobody_may_do_anything_without_a_role() -> None:
    """Without a role no step is open, and nobody at all is the clock."""
    assert not any(is_for(step, NOBODY) for step in Step)
    everything = Principal("all", Kind.SYSTEM, "E06000018", frozenset(Role))
    assert not is_for(Step.EXPIRE, everything)
    assert {step for step in Step if is_for(step, everything)} == {Step.DECLINE, Step.LEAVE, Step.END}


def test_every_change_of_state_is_told() -> None:
    """Each step that changes the state, or gives a place back, has a topic that there is; no two have the same."""
    for step, move in LIFE.items():
        is_told = move.after is not None or move.claims is not Claims.KEEP
        assert (move.topic in TOPICS) if is_told else (move.topic is None), step
    topics = [move.topic for move in LIFE.values() if move.topic]
    assert len(topics) == len(set(topics))


def test_some_leave_as_all_do() -> None:
    """Whoever may tell of the end may tell that some left, for the same reasons: it is one request."""
    some, everybody = LIFE[Step.LEAVE], LIFE[Step.END]
    assert replace(some, after=everybody.after, topic=everybody.topic) == everybody


ADDRESSES = {
    Step.HOLD: ("POST /holds",),
    Step.SEND: ("POST /placements/{id}/send",),
    Step.SECOND: ("POST /placements/{id}/second",),
    Step.APPROVE: ("POST /placements/{id}/approve",),
    Step.ACCEPT: ("POST /placements/{id}/accept", "POST /proposals/{id}/accept"),
    Step.DECLINE: ("POST /placements/{id}/decline",),
    Step.WITHDRAW: ("POST /placements/{id}/withdraw", "DELETE /holds/{id}"),
    Step.PLACE: ("POST /placements/{id}/place",),
    Step.LEAVE: ("POST /placements/{id}/end",),
    Step.END: ("POST /placements/{id}/end",),
}


def test_the_table_of_who_may_do_what_says_the_same() -> None:
    """Whom the door lets in to an address is who may take its step, no more and no fewer."""
    assert set(ADDRESSES) == set(Step) - {Step.EXPIRE}
    for step, addresses in ADDRESSES.items():
        for address in addresses:
            method, path = address.split()
            permission = PERMISSIONS[method, path]
            assert permission.roles == LIFE[step].roles, address
            assert permission.persons_only == (Kind.SYSTEM not in LIFE[step].kinds), address
