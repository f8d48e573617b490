"""Which search a place answers: every order of search, move, telling, end, and of sending it all once more.

Three children live by each placement: one stays, one leaves it for another home, one leaves care. What the night, the
page of referrals, the list and a decision say of each is compared with a model in plain words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

from sqlalchemy import select, update

from app.deciding import facts, free
from app.deciding.accepting import accept
from app.deciding.desk import Why
from app.deciding.holding import hold
from app.deciding.living import end, place
from app.errors import ChildBeingPlaced, ReferralAnswered
from app.matching.codes import KeepTogether
from app.matching.referral import ChildRef, HomeRef, Referral, ReferralRef
from app.runs.workplace import night_for
from app.store import answered, migrate
from app.store.answered import Ended
from app.store.clock import database_now
from app.store.placement_records import Placement, State
from app.store.placement_tables import place_claims
from app.store.run_records import RunOptions
from app.store.session import Database, Reading, Writing
from app.store.tables import referrals
from app.store.under_way import Place, asked_for, waiting_page, waiting_referral, with_a_place
from tests.deciding.conftest import REFERRAL
from tests.support.builders import AS_OF, a_child, a_home, a_referral
from tests.support.deciding import BECAUSE, HERE, OFFICER, a_choice, a_desk, do, held, look_at, moved_in, now, see
from tests.support.nights import a_workplace, store

ELSEWHERE, CARE = "CARPL", "E4A"
ENDS = ("", ELSEWHERE, CARE)
"""How it ends for each of the three, on `AS_OF`: not at all for the first."""


@dataclass
class Life:
    """What happens to three children, in days from `AS_OF`; what is known of it so far stands beneath.

    `search`: of the hold. `moved`: the day of the move. `known`: a search that is sent before the move is told,
    `sent`: one that is sent after that.
    """

    number: int
    search: int
    moved: int
    known: int | None
    sent: int | None

    since: date = AS_OF
    answers: date = AS_OF
    care_answers: date = AS_OF
    is_over: bool = False
    was_sent_after: bool = False
    placement: Placement | None = None

    @property
    def children(self) -> dict[ChildRef, str]:
        """Each child, with how it ends for that one."""
        return {ChildRef(f"L{self.number:02}-{n}"): code for n, code in enumerate(ENDS)}

    @property
    def referral(self) -> Referral:
        """The referral as it is sent now."""
        people = (a_child(ref=ref) for ref in self.children)
        asked = {"waiting_since": self.since, "keep_together": KeepTogether.NOT_REQUIRED}
        return a_referral(*people, ref=ReferralRef(f"RL{self.number:02}"), **asked)

    @property
    def home(self) -> HomeRef:
        """The home that is held for them."""
        return HomeRef(f"HL{self.number:02}")

    def has_left(self, code: str) -> bool:
        """Whether the one for whom it ends so has left there."""
        return self.is_over and code != ""

    def is_settled(self, code: str) -> bool:
        """Whether nobody looks for a home for the one for whom it ends so."""
        before_the_move, before_the_end = self.since < _day(self.moved), self.since < AS_OF
        if not self.has_left(code):
            return before_the_move or self.since <= self.answers
        if code == CARE:
            return before_the_end or self.since <= self.care_answers or not self.was_sent_after
        return before_the_move or (self.since <= self.answers and (before_the_end or not self.was_sent_after))

    def is_shut(self, code: str) -> bool:
        """Whether a person may hold no home for the one for whom it ends so."""
        if not self.has_left(code):
            return self.is_settled(code)
        # Who was back before it was told that they had left is held for, as soon as their search is sent again.
        return code == CARE and self.is_settled(code) and not (self.was_sent_after and self.since > AS_OF)


def _day(days: int) -> date:
    return AS_OF + timedelta(days=days)


def _lives() -> list[Life]:
    orders = product((-2, 0), (None, -1, 0), (None, -1, 0, 1))
    early = [(-3, *one) for one in orders if None in one[1:]]
    # Searches that began after the move, or on the day of it: what was sent before that day is older.
    late = [(-1, -2, None, None), (-1, -2, None, 0), *((0, *one) for one in product((-2, 0), (None, -1), (None, 1)))]
    return [Life(number, *one) for number, one in enumerate((*early, *late))]


def _send(database: Database, sent: Sequence[tuple[Life, int | None]], hours: int) -> None:
    """Each referral is sent with the search of this day; so many hours from now, as telling goes by the second."""
    lives = [(life, day) for life, day in sent if day is not None]
    for life, day in lives:
        life.since, life.was_sent_after = _day(day), life.is_over
    store(database, [], [life.referral for life, _ in lives])

    def moment(writing: Writing) -> None:
        writing.execute(update(referrals).values(changed_at=database_now(writing) + timedelta(hours=hours)))

    database.transact(moment)


def _agree(database: Database, lives: Sequence[Life], what: str) -> None:
    """Whoever asks, and however, is told what the model says of each child."""
    night = night_for(a_workplace(database), RunOptions(), AS_OF)
    by_night = {child.ref for referral in night.referrals for child in referral.children}
    with database.reading() as reading:
        page, placed, over = waiting_page(reading, HERE, "", 1_000)
        people = [ChildRef(child) for stored in page.documents for child in stored.people]
        listed = set(answered.still_wait(people, placed, over))
        for life in lives:
            told_of = _told_of(reading, life)
            for child, code in life.children.items():
                settled, told = life.is_settled(code), (what, life, code)
                assert (child not in by_night, child not in listed, child in told_of) == (settled,) * 3, told
                assert _is_refused(reading, life, child) == life.is_shut(code), told


def _told_of(reading: Reading, life: Life) -> set[ChildRef]:
    """Of whom the list says that nobody looks for a home for them: as the answer to whoever stores the referral."""
    found = waiting_referral(reading, HERE, life.referral.ref)
    assert found is not None
    assert asked_for(reading, HERE, life.referral.ref) == (found.places, found.moving, found.ended)
    assert all(not life.is_settled(life.children[one.child]) for one in found.moving)
    said: tuple[Place | Ended, ...] = (*found.places, *found.ended)
    for one in said:
        assert one.search_from is not None
        # Sent again with a search of that day the child is looked for, and with one of the day before it is not: where
        # nobody may hold for them, by a person at least.
        asks = Life.is_shut if isinstance(one, Ended) and one.left_care else Life.is_settled
        for back in (0, 1):
            again = replace(life, since=one.search_from - timedelta(days=back), was_sent_after=life.is_over)
            assert asks(again, life.children[one.child]) == (back == 1), (life, one)
    return {one.child for one in said}


def _is_refused(reading: Reading, life: Life, child: ChildRef) -> bool:
    expected = ReferralAnswered if life.has_left(life.children[child]) else ChildBeingPlaced
    try:
        free.require(reading, a_desk(), a_choice("", life.referral.ref, life.home), [child])
    except expected as refused:
        return "waiting_since" in refused.problems[0].cure
    return False


def _take_place(database: Database, lives: Sequence[Life]) -> None:
    for life in lives:
        life.since = life.answers = life.care_answers = _day(life.search)
    store(database, [a_home(ref=life.home, places=3) for life in lives], [life.referral for life in lives])
    for life in lives:
        ref = life.referral.ref
        choice = a_choice(see(database, ref), ref, life.home, why=BECAUSE)
        taken = database.transact(lambda writing, choice=choice: hold(writing, a_desk(), OFFICER, choice))  # type: ignore[misc]
        life.placement = do(database, accept, OFFICER, taken)


def _move(database: Database, lives: Sequence[Life]) -> None:
    for life in lives:
        assert life.placement is not None
        seen = None if life.known is None else look_at(database, life.placement)
        why = "Moved in by night, with the duty team." if life.moved < 0 else None
        life.placement = do(database, place, OFFICER, life.placement, _day(life.moved), seen, why)
        if life.answers < life.since <= _day(life.moved):
            life.answers = life.care_answers = life.since


def _end(database: Database, lives: Sequence[Life]) -> None:
    for life in lives:
        for child, code in life.children.items():
            if code:
                assert life.placement is not None
                gone = {"ended_on": AS_OF, "planned": True, "children": [child]}
                life.placement = do(database, end, OFFICER, life.placement, Why(code), **gone)
        life.is_over, life.care_answers = True, max(life.care_answers, life.since)


def test_every_order(lite: Database) -> None:
    """Search, move, telling, end; and the same once more, as every night; and another one at last."""
    lives = _lives()
    _take_place(lite, lives)
    _send(lite, [(life, life.known) for life in lives], hours=-2)
    _move(lite, lives)
    _agree(lite, lives, "told of the move")
    _send(lite, [(life, life.sent) for life in lives], hours=-1)
    _agree(lite, lives, "sent after it")
    _end(lite, lives)
    _agree(lite, lives, "told of the end")
    _send(lite, [(life, (life.since - AS_OF).days) for life in lives], hours=1)
    _agree(lite, lives, "the same once more")
    _send(lite, [(life, -1) for life in lives], hours=1)
    _agree(lite, lives, "of the day before the end")
    _send(lite, [(life, 0) for life in lives], hours=1)
    _agree(lite, lives, "of the day of the end")
    _send(lite, [(life, 2) for life in lives], hours=1)
    _agree(lite, lives, "another one")
    assert not any(life.is_settled(code) for life in lives for code in ENDS)


def _answered(database: Database) -> dict[str, date | None]:
    with database.reading() as reading:
        return {row.child_ref: row.searched_since for row in reading.execute(select(place_claims))}


def test_rows_from_before(database: Database, address: str) -> None:
    """They are told what a release before held of them; down and up again, and whoever is settled stays so."""
    lives = [Life(number, search=-3, moved=0, known=None, sent=1 if number else None) for number in (0, 1)]
    pursued = held(database, "R2", "H2")
    _take_place(database, lives)
    _send(database, [(life, -3) for life in lives], hours=-1)
    _move(database, lives)
    _end(database, lives)
    _send(database, [(lives[1], 1)], hours=1)
    database.transact(lambda w: w.execute(update(referrals).where(OF_THE_FIRST).values(changed_at=LONG_AGO)))
    wanted = _answered(database)
    assert {since for child, since in wanted.items() if child != "C2"} == {_day(-3)}
    owner = Database.open(address)
    migrate.downgrade(owner, "0016")
    migrate.upgrade(owner)
    owner.close()
    assert _answered(database) == wanted | dict.fromkeys(lives[1].children)
    assert (now(database, pursued).state, wanted["C2"]) == (State.HELD, REFERRAL.waiting_since)
    with database.reading() as reading:
        assert set(lives[0].children) <= {*with_a_place(reading, HERE), *answered.after_the_end(reading, HERE)}


def test_an_end_of_care_told_by_a_release_before(database: Database) -> None:
    """It knew of no search to keep: what was sent before the end asks for nothing, whatever day it is of."""
    life = Life(0, search=-3, moved=0, known=None, sent=1)
    _take_place(database, [life])
    _move(database, [life])
    _send(database, [(life, 1)], hours=-1)
    _end(database, [life])
    database.transact(lambda writing: writing.execute(update(place_claims).values(searched_since=None)))
    with database.reading() as reading:
        (left,) = answered.ended_for(reading, HERE, list(life.children))
    assert (left.reason, left.search_from) == (CARE, AS_OF)


OF_THE_FIRST = referrals.c.ref == "RL00"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def test_who_left_care_keeps_nobody_out(database: Database) -> None:
    """A brother whose placement broke down is looked for alone, where his sister lives or she went home as well."""
    for number in (0, 1):
        life = Life(number, search=-3, moved=0, known=None, sent=None)
        together = replace(life.referral, waiting_since=_day(-3), keep_together=KeepTogether.REQUIRED)
        store(database, [a_home(ref=life.home, places=3), a_home(ref=HomeRef("H8"), places=1)], [together])
        one, brother, sister = life.children
        placed = moved_in(database, held(database, together.ref, life.home))
        for child, code in ((one, CARE), (brother, "CREQB"), (sister, CARE if number else "")):
            if code:
                gone = {"ended_on": AS_OF, "planned": False, "children": [child]}
                placed = do(database, end, OFFICER, placed, Why(code if code != CARE else "E4B"), **gone)
        with database.reading() as reading:
            found = waiting_referral(reading, HERE, together.ref)
            judged = facts.waiting_referral(reading, a_desk(), together.ref)
        assert found is not None
        assert found.referral == judged
        (left,) = judged.record.children
        there = {sibling.child for sibling in left.placed_siblings}
        assert (left.ref, there) == (brother, set() if number else {sister})
