"""Random lives of placements against a small model of them, on both databases.

`python -m tests.campaign.machine`. The model is told what was done and says whether it must have worked; after each
step it and the database must agree on every state, every claim, and on who is seen in which home.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from app.deciding import seeing
from app.deciding.accepting import accept
from app.deciding.agreeing import approve, second, send
from app.deciding.answering import decline, withdraw
from app.deciding.desk import Why
from app.deciding.expiring import expire_overdue
from app.deciding.holding import hold
from app.deciding.life import UNTIL_THE_MOVE
from app.deciding.living import end, place
from app.errors import PlacementError
from app.matching.approval import Approval
from app.matching.home import Location
from app.matching.referral import ReferralRef
from app.matching.shortlist import shortlist
from app.store import load
from app.store.audit_tables import audit_entries
from app.store.follower import PoolFollower
from app.store.placement_records import CLAIMING, PURSUED, TEMPORARY, Placement, State
from app.store.placement_tables import decisions
from app.store.placement_tables import placements as placement_rows
from app.store.session import Database
from tests.campaign.copies import KINDS, Copies, copies
from tests.campaign.counts import ALL, Counts, run
from tests.campaign.model import CHILD, HOMES, LATE, REFERRALS, RULE, Look, Model
from tests.campaign.processes import in_processes
from tests.campaign.unguarded import ALONE, unguarded
from tests.support.builders import AS_OF, a_child, a_home, a_referral
from tests.support.deciding import (
    APPROVER,
    BECAUSE,
    DIRECTOR,
    HERE,
    OFFICER,
    a_choice,
    a_desk,
    do,
    look_at,
    now,
    overdue,
)
from tests.support.nights import store
from tests.support.postgres import Postgres

ROUNDS, STEPS = 1_000, 50
AGREEING = ("second", "approve")
STEPS_TAKEN = ("accept", "place", "send", "send", "second", "approve", "decline", "withdraw", "withdraw", "end")
FORWARD = ("second", "approve", "accept", "place", "place", "end")
"""Steps by which a life goes on, once it may take them."""

REACHED = (State.SENT, State.PLACED, State.ENDED, State.DECLINED, State.WITHDRAWN, State.EXPIRED)
"""States that lives must have come to, each by one life in so many."""

ONE_IN = 50
DERBY = "E06000015"


def fill(database: Database) -> None:
    """Four children; three places, and two more for which others must agree."""
    late = {"location": Location(430_000, 420_000, DERBY), "available_from": AS_OF + timedelta(days=60)}
    homes = [a_home(ref=ref, places=places, **(late if ref == LATE else {})) for ref, places in HOMES.items()]
    store(database, homes, [a_referral(a_child(ref=CHILD[ref]), ref=ref) for ref in REFERRALS])


def _some_live(lives: Lives) -> bool:
    return any(one["state"] in CLAIMING for one in lives.model.placements)


class Lives(RuleBasedStateMachine):
    """Everything that may happen to placements, in any order."""

    made: ClassVar[Copies]
    examples: ClassVar[int] = 0
    steps: ClassVar[int] = 0
    worked: ClassVar[int] = 0
    reached: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        type(self).examples += 1
        type(self).steps -= 1  # what must be so is looked at once before the first step
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
        desk, (seq, pool, versions) = a_desk(), self.follower.at()
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
        rule_of_it = {"override": (RULE,)} if home == LATE else {}
        choice = a_choice(look.id, look.referral, home, why=BECAUSE, **rule_of_it)
        wanted = self.model.may_hold(look, home)
        made = self._must(wanted, lambda: self.database.transact(lambda w: hold(w, a_desk(), OFFICER, choice)))
        if made is not None:
            seen = (look.version, self.model.home_version[home])
            one = {"referral": look.referral, "home": home, "state": State.HELD, "record": made, "seen": seen}
            more = {"beside": look.company[home], "agreed": {}, "search": self.model.search[look.referral]}
            self.model.placements.append(one | more)

    @precondition(lambda self: self.model.placements)
    @rule(data=st.data(), step=st.sampled_from(STEPS_TAKEN))
    def step(self, data: st.DataObject, step: str) -> None:
        """Somebody takes a step on a placement as it stands, whether it may be taken or not."""
        live = [one for one in self.model.placements if one["state"] in CLAIMING]
        self._take(data.draw(st.sampled_from(live + self.model.placements[-2:])), step)

    def _go_on(self, data: st.DataObject) -> None:
        """A life goes on by the first step that it may take."""
        one = data.draw(st.sampled_from([one for one in self.model.placements if one["state"] in CLAIMING]))
        open_to_it = [step for step in FORWARD if step not in one["agreed"] and self._open(one, step)[0] is not False]
        if open_to_it:
            self._take(one, open_to_it[0])

    lives_on = precondition(_some_live)(rule(data=st.data())(_go_on))
    lives_on_too = precondition(_some_live)(rule(data=st.data())(_go_on))
    lives_on_also = precondition(_some_live)(rule(data=st.data())(_go_on))

    def _take(self, one: dict[str, Any], step: str) -> None:
        wanted, after = self._open(one, step)
        made = self._must(wanted, lambda: self._done(now(self.database, one["record"]), step))
        if made is not None:
            type(self).reached[step if after is one["state"] else str(after)] += 1
            one["state"], one["record"] = after, made
            if step in AGREEING:
                one["agreed"][step] = self.model.facts(one)

    def _open(self, one: dict[str, Any], step: str) -> tuple[bool | None, State]:
        """Whether a step must work (None: it may), and the state after it."""
        state, model = one["state"], self.model
        free = not model.of(one["referral"], State.PLACED) and model.claimed(one["home"]) <= model.places[one["home"]]
        agrees = None if state in UNTIL_THE_MOVE and one["home"] == LATE else False
        found: dict[str, tuple[bool | None, State]] = {
            "second": (agrees, state),
            "approve": (agrees, state),
            "send": (state is State.HELD, State.SENT),
            "accept": (model.may_accept(one), State.ACCEPTED),
            "decline": (state in TEMPORARY, State.DECLINED),
            "withdraw": (state in PURSUED, State.WITHDRAWN),
            "place": (state is State.ACCEPTED and free, State.PLACED),
            "end": (state is State.PLACED, State.ENDED),
        }
        return found[step]

    def _done(self, placement: Placement, step: str) -> Placement:
        """Take a step as whoever takes it."""
        database, officer = self.database, OFFICER
        match step:
            case "second":
                return do(database, second, APPROVER, placement, look_at(database, placement, APPROVER))
            case "approve":
                seen = look_at(database, placement, DIRECTOR)
                return do(database, approve, DIRECTOR, placement, Approval.DIRECTOR, seen)
            case "place":
                seen = look_at(database, placement) if placement.state is State.ACCEPTED else None
                return do(database, place, officer, placement, AS_OF, seen)
            case "decline":
                return do(database, decline, officer, placement, Why("NEEDS"), by_provider=True)
            case "end":
                return do(database, end, officer, placement, Why("CARPL"), ended_on=AS_OF, planned=True)
        plain: dict[str, tuple[Callable[..., Placement], tuple[Any, ...]]] = {
            "send": (send, ()),
            "accept": (accept, ()),
            "withdraw": (withdraw, (Why("PLANS"),)),
        }
        taken, given = plain[step]
        return do(database, taken, officer, placement, *given)

    @precondition(lambda self: self.model.placements)
    @rule(data=st.data(), what=st.sampled_from(["time", "time", "home", "home", "referral"]))
    def something_happens(self, data: st.DataObject, what: str) -> None:
        """Nobody decides anything, and yet it changes what may be decided."""
        temporary = [one for one in self.model.placements if one["state"] in TEMPORARY]
        if what == "home":
            self._home_changes(data.draw(st.sampled_from(sorted(HOMES))), data.draw(st.integers(1, 2)))
        elif what == "time" and temporary:
            self._time_passes(data.draw(st.sampled_from(temporary)))
        else:
            self._referral_changes(data.draw(st.sampled_from(REFERRALS)))

    def _time_passes(self, one: dict[str, Any]) -> None:
        """The time of one is over; nobody can accept it; the sweep ends it."""
        overdue(self.database, one["record"])
        self._must(False, lambda: do(self.database, accept, OFFICER, now(self.database, one["record"])))
        assert expire_overdue(self.database, HERE) == 1
        one["state"] = State.EXPIRED
        type(self).reached[str(State.EXPIRED)] += 1

    def _home_changes(self, home: str, more: int) -> None:
        """The provider sends the home anew, with other places than it had."""
        with self.database.reading() as reading:
            (stored,) = load.homes_named(reading, HERE, [home])
        places = (self.model.places[home] + more) % 3
        store(self.database, [replace(stored.record, places=places)])
        self.model.places[home] = places
        self.model.home_version[home] += 1

    def _referral_changes(self, ref: str) -> None:
        """The referral is sent anew, with a search of its own: a child placed by one before is looked for again."""
        with self.database.reading() as reading:
            stored = load.referral(reading, HERE, ReferralRef(ref))
        assert stored is not None
        self.model.version[ref] += 1
        self.model.search[ref] += 1
        another = AS_OF + timedelta(days=self.model.search[ref])
        store(self.database, [], [replace(stored.record, waiting_since=another)])

    def _must(self, wanted: bool | None, action: Callable[[], Placement]) -> Placement | None:
        """Do it, and compare whether it worked with what the model says."""
        made, refused = None, None
        try:
            made = action()
        except PlacementError as error:
            refused = error.code
        assert wanted is None or (refused is None) is wanted, f"{refused or 'done'}, against the model"
        type(self).worked += refused is None
        return made

    # --------------------------------------------------------------------------------------- what must be so

    @invariant()
    def model_and_database_agree(self) -> None:
        """Every placement has its state, every decision its audit entry, and who has a place is seen in the home."""
        type(self).steps += 1
        with self.database.reading() as reading:
            stored = [State(state) for state in reading.execute(STATES).scalars()]
            entries, made = reading.execute(COUNTS).one()
        assert stored == [one["state"] for one in self.model.placements]
        assert entries == made
        pool = self.follower.pool()
        for home in HOMES:
            seen = [str(resident.ref) for resident in pool.record(home).residents]  # type: ignore[arg-type]
            live = [one for one in self.model.placements if one["home"] == home and one["state"] in CLAIMING]
            assert sorted(seen) == sorted({CHILD[one["referral"]] for one in live})


STATES = select(placement_rows.c.state).where(placement_rows.c.authority == HERE).order_by(placement_rows.c.number)
COUNTS = select(*(select(func.count()).select_from(t).scalar_subquery() for t in (audit_entries, decisions)))


def lives_of(made: Copies) -> type[Lives]:
    """Lives on copies of a database, none of them lived yet."""
    new = {"made": made, "examples": 0, "steps": 0, "worked": 0, "reached": Counter()}
    return type(f"Lives_{made.kind}", (Lives,), new)


def live(kind: type[Lives], examples: int, steps: int, number: int | None = None) -> None:
    """So many random lives of so many steps. Raises what the model did not expect. `number`: the same ones again."""
    run_state_machine_as_test(
        kind if number is None else seed(number)(kind),
        _min_steps=steps,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=False,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


def main(
    rounds: int = ROUNDS,
    steps: int = STEPS,
    *,
    broken: bool = False,
    without: str = ALL,
    server: Postgres | None = None,
    kinds: Sequence[str] = KINDS,
) -> Counts:
    """So many lives on each database, and so many times `steps` steps in all of them. Both databases at a time."""
    counts, gone = Counts("machine", promised=rounds * steps * len(kinds)), without if broken else None
    for said in in_processes([partial(_on, kind, rounds, steps, gone, server) for kind in kinds]):
        counts.done += said.done
        counts.failures += said.failures
        counts.notes |= said.notes
    return counts


def _on(kind: str, rounds: int, steps: int, gone: str | None, server: Postgres | None) -> Counts:
    """The lives on one database. `gone`: the guard that is taken away."""
    counts = Counts("machine", promised=rounds * steps)
    with copies(kind, fill, server) as made, unguarded(None if gone is None else made, gone or ALL):
        found = lives_of(made)
        try:
            while found.steps < rounds * steps or found.examples < rounds:
                live(found, max(1, min(rounds, (rounds * steps - found.steps) // steps + 1)), steps)
        except Exception as error:  # noqa: BLE001 - whatever the model did not expect
            counts.check(False, f"{kind}: {type(error).__name__}: {str(error)[:200]}")
    counts.done = found.steps
    for state in () if counts.failures else (*REACHED, *AGREEING):
        told = f"{kind}: {found.examples} lives, and {found.reached[state]} times {state}"
        counts.check(found.reached[state] >= rounds // ONE_IN, told)
    counts.notes = {f"lives_{kind}": found.examples, f"steps_{kind}": found.steps, f"worked_{kind}": found.worked}
    counts.notes[f"reached_{kind}"] = dict(found.reached)
    return counts


if __name__ == "__main__":
    sys.exit(not run(main, ROUNDS, guards=ALONE["machine"], steps=STEPS)["is_whole"])
