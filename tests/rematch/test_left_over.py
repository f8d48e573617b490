"""Who is left of a referral whose children must stay together is proposed to the home of the others, or to none."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from pathlib import Path

from app.matching.batch import Night, Proposed, batch
from app.matching.codes import KeepTogether
from app.matching.living_apart import with_homes, with_known
from app.matching.night_check import check_night
from app.matching.night_explained import proposed, report
from app.matching.night_report import WhyNone
from app.matching.recheck import Fallen, recheck
from app.matching.referral import ChildRef, HomeRef, PlacedSibling
from app.matching.solve import solve
from app.matching.under_way import all_still_waiting
from app.rematch.reading import load_snapshot
from app.rematch.snapshot import Snapshot, snapshot_bytes, snapshot_of
from app.store.erasure_forgetting import snapshot_without
from app.unplaced_wording import Waiting, why_none
from tests.rematch.nights import PROJECT, a_night

C5 = frozenset({ChildRef("C-5")})
THERE, ELSEWHERE = HomeRef("H-near-2"), HomeRef("H-far-1")


def _night(home: str, keep_together: KeepTogether = KeepTogether.REQUIRED) -> Night:
    """One of two sisters has a place, and the other one alone is looked for."""
    night = a_night()
    group = next(replace(one, keep_together=keep_together) for one in night.referrals if len(one.children) > 1)
    left = all_still_waiting([group], {ChildRef("C-4"): HomeRef(home)})
    return replace(night, referrals=left, under_way=frozenset({ChildRef("C-4")}))


def _proposed(night: Night) -> tuple[Proposed, ...]:
    posed = batch(night)
    made = proposed(posed, solve(posed.problem))
    assert not check_night(night, made)
    return made


def test_she_goes_to_her_sister_or_nowhere() -> None:
    """Wherever the sister has her place; without such a home she is told as unplaced, with the rule."""
    assert _proposed(_night(THERE)) == (Proposed(C5, THERE),)
    assert _proposed(_night(ELSEWHERE)) == (Proposed(C5, ELSEWHERE),)
    assert len(_proposed(_night("H-gone", KeepTogether.PREFERRED))) == 1
    night = _night("H-gone")
    assert _proposed(night) == ()
    posed = batch(night)
    (missing,) = report(posed, solve(posed.problem)).unplaced
    assert (missing.why, missing.out_by_rule) == (WhyNone.NO_HOME, {"siblings_together": 4})
    assert "'Brothers and sisters who must stay together do' (policy)" in " ".join(why_none(Waiting.of(missing)))


def test_nobody_else_lets_her_go_elsewhere() -> None:
    """The checker, which rests on no rule's arrays, and the check before a proposal is published."""
    night, made = _night(THERE), [Proposed(C5, ELSEWHERE)]
    (verdict,) = recheck(night, made)
    assert (verdict.fallen, verdict.rules) == (Fallen.RULES_NOT_MET, ("siblings_together",))
    said = "referral R-4 must stay together, and others of it have a place elsewhere"
    assert said in check_night(night, made)
    assert not check_night(night, [Proposed(C5, THERE)])
    assert not check_night(_night(THERE, KeepTogether.PREFERRED), made)


def test_a_child_sent_alone_goes_to_those_with_whom_it_must_stay() -> None:
    """It is the same where the others were placed long before: by the run and by its checker."""
    night = a_night()
    one = next(referral for referral in night.referrals if referral.ref == "R-1")
    sister = PlacedSibling(ChildRef("C-99"), ELSEWHERE)
    alone = replace(one.children[0], placed_siblings=(sister,))
    asked = replace(one, children=(alone,), keep_together=KeepTogether.REQUIRED)
    night = replace(night, referrals=(asked,))
    assert [made.home for made in _proposed(night)] in ([ELSEWHERE], [])
    wrong = [Proposed(frozenset({alone.ref}), THERE)]
    assert "referral R-1 must stay together, and others of it have a place elsewhere" in check_night(night, wrong)
    (verdict,) = recheck(night, wrong)
    assert "siblings_together" in verdict.rules


def test_the_input_of_the_run_says_so() -> None:
    """It is written and read back, whatever else; an input of before, or of a whole group, is as it was."""
    night = _night(THERE)
    written = snapshot_bytes(_snapshot(night))
    again = load_snapshot(written, PROJECT / "policies", Path("/nowhere"))
    assert again.night.referrals == night.referrals
    assert not again.notes
    assert snapshot_bytes(again) == written
    assert b"siblings_at" not in snapshot_bytes(_snapshot(a_night()))
    stranger = written.replace(b'"siblings_at":{"R-4":', b'"siblings_at":{"R-5":')
    (note,) = load_snapshot(stranger, PROJECT / "policies", Path("/nowhere")).notes
    assert note.field == "siblings_at"


def test_who_is_erased_leaves_no_referral_behind() -> None:
    """An input without the child speaks of her referral no more."""
    left = snapshot_without(zlib.compress(snapshot_bytes(_snapshot(_night(THERE)))), {ChildRef("C-5"): "erased-1"})
    assert left is not None
    assert b"R-4" not in zlib.decompress(left)


def test_who_must_live_apart_is_kept_from_where_others_know_them_to_live() -> None:
    """By the run and by its checker; it is written and read back, and goes with the child it is said of."""
    night, near = a_night(), HomeRef("H-near-1")
    one = next(referral for referral in night.referrals if referral.ref == "R-1")
    afraid = replace(one, children=(replace(one.children[0], live_apart_from=frozenset({ChildRef("C-9")})),))
    alone = replace(night, referrals=with_homes([afraid], {ChildRef("C-9"): {near, THERE}}))
    (made,) = _proposed(alone)
    assert made.home in (ELSEWHERE, HomeRef("H-far-2"))
    wrong = [Proposed(made.children, near)]
    assert "home H-near-1 is not allowed for referral R-1: live_apart" in check_night(alone, wrong)
    (verdict,) = recheck(alone, wrong)
    assert (verdict.fallen, verdict.rules) == (Fallen.RULES_NOT_MET, ("live_apart",))
    written = snapshot_bytes(_snapshot(alone))
    again = load_snapshot(written, PROJECT / "policies", Path("/nowhere"))
    assert (again.night.referrals, again.notes) == (alone.referrals, ())
    assert snapshot_bytes(again) == written
    assert b"live_apart_at" not in snapshot_bytes(_snapshot(replace(night, referrals=(afraid,))))
    stranger = written.replace(b'"live_apart_at":{"C-1":', b'"live_apart_at":{"C-8":')
    (note,) = load_snapshot(stranger, PROJECT / "policies", Path("/nowhere")).notes
    assert note.field == "live_apart_at"
    left = snapshot_without(zlib.compress(written), {ChildRef("C-1"): "erased-1"})
    assert left is not None
    assert b"C-1" not in zlib.decompress(left)


def test_who_must_stay_with_one_who_moved_goes_to_where_that_one_lives_now() -> None:
    """By the run, by its checks, and when it is replayed; and it goes with the child and with its sister."""
    night, near, sister = a_night(), HomeRef("H-near-1"), ChildRef("C-99")
    one = next(referral for referral in night.referrals if referral.ref == "R-1")
    alone = replace(one.children[0], placed_siblings=(PlacedSibling(sister, near),))
    asked = replace(one, children=(alone,), keep_together=KeepTogether.REQUIRED)
    night = replace(night, referrals=with_known([asked], {}, {alone.ref: {sister: [ELSEWHERE]}}))
    written = snapshot_bytes(_snapshot(night))
    again = load_snapshot(written, PROJECT / "policies", Path("/nowhere"))
    assert (again.night.referrals, again.notes) == (night.referrals, ())
    assert snapshot_bytes(again) == written
    to = {home: [Proposed(frozenset({alone.ref}), home)] for home in (near, ELSEWHERE)}
    for seen in (night, again.night):
        assert _proposed(seen) == tuple(to[ELSEWHERE])
        assert not check_night(seen, to[ELSEWHERE])
        assert "referral R-1 must stay together, and others of it have a place elsewhere" in check_night(seen, to[near])
        assert [verdict.rules for verdict in recheck(seen, to[near])] == [("siblings_together",)]
    assert b"siblings_live_at" not in snapshot_bytes(_snapshot(replace(night, referrals=(asked,))))
    stranger = written.replace(b'"siblings_live_at":{"C-1":', b'"siblings_live_at":{"C-8":')
    (note,) = load_snapshot(stranger, PROJECT / "policies", Path("/nowhere")).notes
    assert note.field == "siblings_live_at"
    for erased in (alone.ref, sister):
        left = snapshot_without(zlib.compress(written), {erased: "erased-1"})
        assert left is not None
        found = json.loads(zlib.decompress(left))
        assert found["siblings_live_at"] == {}
        assert erased.encode() not in zlib.decompress(left)


def _snapshot(night: Night) -> Snapshot:
    return snapshot_of(night, PROJECT / "policies")
