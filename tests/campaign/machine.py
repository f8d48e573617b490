"""Random lives of placements against a small model of them, on both databases.

`python -m tests.campaign.machine`. The model is told what was done and says whether it must have worked; after each
step it and the database must agree on every state, every claim, and on who is seen in which home.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from app.deciding import seeing
from app.deciding.accepting import accept
from app.deciding.agreeing import send
from app.deciding.answering import decline, withdraw
from app.deciding.desk import Why
from app.deciding.expiring import expire_overdue
from app.deciding.holding import hold
from app.deciding.living import end, place
from app.errors import PlacementError
from app.matching.referral import ReferralRef
from app.matching.shortlist import shortlist
from app.store import load
from app.store.audit_tables import audit_entries
from app.store.follower import PoolFollower
from app.store.placement_records import CLAIMING, PURSUED, TEMPORARY, Placement, State
from app.store.placement_tables import decisions
from app.store.session import Database
from tests.campaign.copies import KINDS, Copies, copies
from tests.campaign.counts import Counts, run
from tests.campaign.unguarded import unguarded
from tests.support.builders import AS_OF, a_child, a_home, a_referral
from tests.support.deciding import BECAUSE, HERE, OFFICER, a_choice, a_desk, do, now, overdue, states
from tests.support.nights import store
from tests.support.postgres import Postgres

ROUNDS, STEPS = 1_000, 50
HOMES = {"A": 1, "B": 2}
REFERRALS = ("R1", "R2", "R3", "R4")
STEPS_TAKEN = ("accept", "accept", "place", "place", "send", "decline", "withdraw", "end")
CHILD = {ref: f"C{ref}" for ref in REFERRALS}


def fill(database: Database) -> None:
    """Four children, three places."""
    homes = [a_home(ref=ref, places=places) for ref, places in HOMES.items()]
    store(database, homes, [a_referral(a_child(ref=CHILD[ref]), ref=ref) for ref in REFERRALS])


@dataclass
class Look:
    """What was seen of a referral: its id, versions, the homes that it names, and the placements of others there.

    Also one with a free place that is out only because the child has a place there already: a rule of the policy.
    """

    id: str
    referral: str
    version: int
    homes: dict[str, int]
    company: dict[str, frozenset[str]]


@dataclass
class Model:
    """What must be so, in plain words: a list of placements, and versions of records."""

    places: dict[str, int] = field(default_factory=lambda: dict(HOMES))
    home_version: dict[str, int] = field(default_factory=lambda: dict.fromkeys(HOMES, 1))
    version: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REFERRALS, 1))
    sent_again: set[str] = field(default_factory=set)
    placements: list[dict[str, Any]] = field(default_factory=list)

    def claimed(self, home: str) -> int:
        """Places of the home that are taken: nobody is counted twice, though they may be pursued where they live."""
        return len({one["referral"] for one in self.placements if one["home"] == home and one["state"] in CLAIMING})

    def of(self, referral: str, *wanted: State) -> list[dict[str, Any]]:
        """The placements of a referral's child in these states."""
        return [one for one in self.placements if one["referral"] == referral and one["state"] in wanted]

    def company(self, home: str, referral: str) -> frozenset[str]:
        """The placements by which others than a referral's child have a place in the home."""
        others = (one for one in self.placements if one["home"] == home and one["referral"] != referral)
        return frozenset(one["record"].id for one in others if one["state"] in CLAIMING)

    def offered(self, referral: str) -> dict[str, int]:
        """The homes that a shortlist shows now, with their versions."""
        lives = {one["home"] for one in self.of(referral, *CLAIMING)}
        return {home: version for home, version in self.named().items() if home not in lives}

    def named(self) -> dict[str, int]:
        """The homes with a free place, with their versions."""
        return {home: self.home_version[home] for home in HOMES if self.claimed(home) < self.places[home]}

    def may_hold(self, look: Look, home: str) -> bool:
        """Whether a hold must work."""
        placed = self.of(look.referral, State.PLACED)
        waiting = not self.of(look.referral, *PURSUED) and (not placed or look.referral in self.sent_again)
        same = look.version == self.version[look.referral] and look.homes.get(home) == self.home_version[home]
        beside = self.company(home, look.referral) == look.company[home]
        return waiting and same and beside and home in self.offered(look.referral)

    def may_accept(self, one: dict[str, Any]) -> bool:
        """Whether an acceptance on the first look must work."""
        same = one["seen"] == (self.version[one["referral"]], self.home_version[one["home"]])
        beside = self.company(one["home"], one["referral"]) == one["beside"]
        return one["state"] in TEMPORARY and same and beside and self.claimed(one["home"]) <= self.places[one["home"]]


class Lives(RuleBasedStateMachine):
    """Everything that may happen to placements, in any order."""

    made: ClassVar[Copies]
    examples: ClassVar[int] = 0
    steps: ClassVar[int] = 0
    worked: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).examples += 1
        self.model, self.looks = Model(), list[Look]()
        self.stack = ExitStack()
        self.database = Database.open(self.stack.enter_context(self.made.copy()))
        self.stack.callback(self.database.close)
        self.follower = PoolFollower(self.database, HERE)

    def teardown(self) -> None:
        """The copy is gone."""
        self.stack.close()

    # ------------------------------------------------------------------------------------------- what is done

    @rule(ref=st.sampled_from(REFERRALS))
    def look(self, ref: str) -> None:
        """Somebody reads a shortlist."""
        desk, (seq, pool), (_, versions) = a_desk(), self.follower.at(), self.follower.with_versions()
        with self.database.reading() as reading:
            stored = load.referral(reading, HERE, ReferralRef(ref))
        assert stored is not None
        found = shortlist(stored.record, pool, desk.policies.pick(None, AS_OF), AS_OF)
        shown = self.database.transact(lambda w: seeing.show_shortlist(w, desk, OFFICER, stored, found, versions, seq))
        assert shown is not None
        offered = {str(option.explanation.home): versions[option.explanation.home] for option in found.options}
        assert offered == self.model.offered(ref)
        company = {home: self.model.company(home, ref) for home in HOMES}
        self.looks.append(Look(shown, ref, self.model.version[ref], self.model.named(), company))

    @rule(ref=st.sampled_from(REFERRALS), home=st.sampled_from(sorted(HOMES)))
    def look_and_hold(self, ref: str, home: str) -> None:
        """Somebody reads a shortlist and holds one of the homes."""
        self.look(ref)
        self._hold(self.looks[-1], home)

    @precondition(lambda self: self.looks)
    @rule(data=st.data(), home=st.sampled_from(sorted(HOMES)))
    def hold(self, data: st.DataObject, home: str) -> None:
        """Somebody holds a home of a list seen now or long ago."""
        self._hold(data.draw(st.sampled_from(self.looks[-6:])), home)

    def _hold(self, look: Look, home: str) -> None:
        choice = a_choice(look.id, look.referral, home, why=BECAUSE)
        wanted = self.model.may_hold(look, home)
        made = self._must(wanted, lambda: self.database.transact(lambda w: hold(w, a_desk(), OFFICER, choice)))
        if made is not None:
            seen = (look.version, self.model.home_version[home])
            one = {"referral": look.referral, "home": home, "state": State.HELD, "record": made, "seen": seen}
            self.model.placements.append(one | {"beside": look.company[home]})

    @precondition(lambda self: self.model.placements)
    @rule(data=st.data(), step=st.sampled_from(STEPS_TAKEN))
    def step(self, data: st.DataObject, step: str) -> None:
        """Somebody takes a step on a placement as it stands."""
        live = [one for one in self.model.placements if one["state"] in CLAIMING]
        one = data.draw(st.sampled_from(live + self.model.placements[-2:]))
        wanted, after, action = self._step(one, step)
        made = self._must(wanted, lambda: action(now(self.database, one["record"])))
        if made is not None:
            one["state"], one["record"] = after, made
            if after is State.PLACED:
                self.model.sent_again.discard(one["referral"])

    def _step(self, one: dict[str, Any], step: str) -> tuple[bool, State, Callable[[Placement], Placement]]:
        state, database = one["state"], self.database
        match step:
            case "send":
                return state is State.HELD, State.SENT, lambda p: do(database, send, OFFICER, p)
            case "accept":
                return self.model.may_accept(one), State.ACCEPTED, lambda p: do(database, accept, OFFICER, p)
            case "decline":
                why = Why("NEEDS")
                return (
                    state in TEMPORARY,
                    State.DECLINED,
                    lambda p: do(database, decline, OFFICER, p, why, by_provider=True),
                )
            case "withdraw":
                return state in PURSUED, State.WITHDRAWN, lambda p: do(database, withdraw, OFFICER, p, Why("PLANS"))
            case "place":
                free = not self.model.of(one["referral"], State.PLACED)
                room = self.model.claimed(one["home"]) <= self.model.places[one["home"]]
                may = state is State.ACCEPTED and free and room
                return may, State.PLACED, lambda p: do(database, place, OFFICER, p, AS_OF)
        over = Why("CARPL")
        return (
            state is State.PLACED,
            State.ENDED,
            lambda p: do(database, end, OFFICER, p, over, ended_on=AS_OF, planned=True),
        )

    @precondition(lambda self: any(one["state"] in TEMPORARY for one in self.model.placements))
    @rule(data=st.data())
    def time_passes(self, data: st.DataObject) -> None:
        """The time of one is over; nobody can accept it; the sweep ends it."""
        one = data.draw(st.sampled_from([one for one in self.model.placements if one["state"] in TEMPORARY]))
        overdue(self.database, one["record"])
        self._must(False, lambda: do(self.database, accept, OFFICER, now(self.database, one["record"])))
        assert expire_overdue(self.database, HERE) == 1
        one["state"] = State.EXPIRED

    @precondition(lambda self: self.model.placements)
    @rule(home=st.sampled_from(sorted(HOMES)), places=st.sampled_from([None, None, None, 0, 1, 2, 2]))
    def home_changes(self, home: str, places: int | None) -> None:
        """The provider sends the home anew, with other places; mostly they have nothing to tell."""
        if places is not None and places != self.model.places[home]:
            with self.database.reading() as reading:
                (stored,) = load.homes_named(reading, HERE, [home])
            store(self.database, [replace(stored.record, places=places)])
            self.model.places[home] = places
            self.model.home_version[home] += 1

    @rule(ref=st.sampled_from(REFERRALS), is_sent=st.sampled_from([False, False, True]))
    def referral_changes(self, ref: str, is_sent: bool) -> None:
        """The referral is sent anew: a child who was placed is looked for again."""
        if not is_sent:
            return
        with self.database.reading() as reading:
            stored = load.referral(reading, HERE, ReferralRef(ref))
        assert stored is not None
        store(self.database, [], [stored.record])
        self.model.version[ref] += 1
        self.model.sent_again.add(ref)

    def _must(self, wanted: bool, action: Callable[[], Placement]) -> Placement | None:
        """Do it, and compare whether it worked with what the model says."""
        made, refused = None, None
        try:
            made = action()
        except PlacementError as error:
            refused = error.code
        assert (refused is None) is wanted, f"{refused or 'done'}, against the model"
        type(self).worked += refused is None
        return made

    # --------------------------------------------------------------------------------------- what must be so

    @invariant()
    def the_same_states(self) -> None:
        """Every placement has the state that the model says."""
        type(self).steps += 1
        assert states(self.database) == [one["state"] for one in self.model.placements]

    @invariant()
    def the_same_residents(self) -> None:
        """Everybody with a place is seen in the home, nobody else, nobody twice."""
        pool = self.follower.pool()
        for home in HOMES:
            seen = [str(resident.ref) for resident in pool.record(home).residents]  # type: ignore[arg-type]
            wanted = {
                CHILD[one["referral"]]
                for one in self.model.placements
                if one["home"] == home and one["state"] in CLAIMING
            }
            assert sorted(seen) == sorted(wanted)

    @invariant()
    def everything_is_recorded(self) -> None:
        """There is an audit entry for every decision."""
        with self.database.reading() as reading:
            entries, made = (
                reading.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (audit_entries, decisions)
            )
        assert entries == made


def lives(made: Copies, examples: int, steps: int, *, random: bool = True) -> type[Lives]:
    """Run so many random lives of so many steps on copies of a database."""
    kind = type(f"Lives_{made.kind}", (Lives,), {"made": made, "examples": 0, "steps": 0, "worked": 0})
    run_state_machine_as_test(
        kind,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=not random,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    return kind


def main(rounds: int = ROUNDS, steps: int = STEPS, *, broken: bool = False, server: Postgres | None = None) -> Counts:
    """So many lives of so many steps, on each database."""
    counts = Counts("machine", promised=rounds * len(KINDS))
    for kind in KINDS:
        with copies(kind, fill, server) as made, unguarded(made if broken else None):
            try:
                found = lives(made, rounds, steps)
            except Exception as error:  # noqa: BLE001 - whatever the model did not expect
                counts.check(False, f"{kind}: {type(error).__name__}: {str(error)[:200]}")
            else:
                counts.done += found.examples
                counts.notes[f"steps_{kind}"] = found.steps
                counts.notes[f"worked_{kind}"] = found.worked
    return counts


if __name__ == "__main__":
    sys.exit(not run(main, ROUNDS, steps=STEPS)["is_whole"])
