"""`placement rematch` and `placement replay`: the night in the terminal, stored, kept in files, and made again."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from app.cli import night_tables, nights, rematching
from app.cli.desk import today
from app.cli.night_tables import print_night
from app.cli.price_tables import price_line
from app.matching.batch import Night, Proposed
from app.matching.codes import HomeKind
from app.matching.night_report import ScarceKind, Unplaced, WhyHere, WhyNone
from app.matching.recheck import Fallen, Verdict
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.matching.splits import Split, SplitPart
from app.night_wording import LIMIT, LIMIT_OF_EXCHANGE, WHY, Chosen, label, why_here
from app.rematch.faults import SolverHung
from app.rematch.process import SolverProcess
from app.rematch.run import Outcome, RunStatus, rematch
from app.rematch.target import FrontierPoint, TargetPrice
from app.store import save
from app.store.run_records import Run
from app.store.session import Database
from app.unplaced_wording import WHY_NONE, Waiting, why_none
from tests.cli.conftest import DAY as MADE_ON
from tests.cli.conftest import Terminal
from tests.rematch.conftest import solver
from tests.rematch.nights import a_night

__all__ = ["solver"]

NEAR_BY = HomeRef("H-near-1")

PARTED = Split(
    (SplitPart((ChildRef("C-1"),), NEAR_BY, 5), SplitPart((ChildRef("C-2"), ChildRef("C-3")), HomeRef("H-far-1"), 4)),
    9,
    2,
    1,
    (),
)
EXAMPLE = Path(__file__).parents[2] / "docs" / "snapshot.md"


@pytest.fixture
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Today is the day for which the authority was made."""
    monkeypatch.setattr(rematching, "today", lambda: MADE_ON)


def printed(outcome: Outcome, width: int = 80) -> str:
    """What the terminal shows."""
    out = io.StringIO()
    print_night(Console(file=out, width=width), outcome)
    return out.getvalue()


def in_one_line(text: str) -> str:
    """Without line breaks and frames."""
    return " ".join(text.translate(str.maketrans("", "", "│┃")).split())


@pytest.mark.usefixtures("on_the_day")
def test_rematch_stores_and_shows(terminal: Terminal) -> None:
    """The figures of the night, each proposal with why, and under which number it is stored."""
    result = terminal.run("rematch")
    assert result.exit_code == 0, result.output
    for words in ("Children placed", "Local share", "floor 80 %", "ambition 85 %", "Brothers and sisters"):
        assert words in result.output
    for words in ("Weekly cost", "Gap", "Proposals", "One more local child", "Stored as run 1"):
        assert words in result.output
    again = terminal.run("rematch")
    assert "Stored as run 2" in again.output
    assert "as proposed before" in in_one_line(again.output).lower()


@pytest.mark.usefixtures("on_the_day")
@pytest.mark.parametrize("count", [1, 2])
def test_what_was_dropped_is_listed_with_its_reason(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """While the run works, homes vanish: whoever was to go there is named after the tables, with why."""
    gone: list[HomeRef] = []

    def slow(*given: Any, **named: Any) -> Outcome:
        outcome = rematch(*given, **named)
        gone.extend(sorted({one.home for one in outcome.proposals})[:count])
        database = Database.open(f"sqlite:///{terminal.folder / 'cli.db'}")
        for ref in gone:
            home = outcome.night.pool.record(ref)
            with database.writing() as writing:
                save.import_homes(writing, "E06000018", [replace(home, terms=replace(home.terms, age_max=0))])
        database.close()
        return outcome

    monkeypatch.setattr(nights, "rematch", slow)
    result = terminal.run("rematch")
    assert result.exit_code == 0, result.output
    text = in_one_line(result.output.partition("Stored as run 1")[2])
    heading = "1 proposal listed above has become" if count == 1 else "2 proposals listed above have become"
    assert heading in text
    for ref in gone:
        assert f" to {ref}: rules not met (age range)" in text


@pytest.mark.usefixtures("on_the_day")
def test_one_proposal_stands(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """One stands, several stand."""
    shown = rematching.stored_night

    def one_alone(*given: Any) -> tuple[Outcome | None, Run]:
        outcome, run = shown(*given)
        return outcome, replace(run, proposed=1)

    assert "proposals stand." in terminal.run("rematch").output
    monkeypatch.setattr(rematching, "stored_night", one_alone)
    assert "1 proposal stands." in terminal.run("rematch").output


@pytest.mark.usefixtures("on_the_day")
def test_dry_run_snapshot_and_replay(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dry run stores nothing; its input, replayed without any database, gives the same bytes."""
    snapshot, out, again = (terminal.folder / name for name in ("night.json", "one.json", "two.json"))
    result = terminal.run("rematch", "--dry-run", "--frontier", "--snapshot", str(snapshot), "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "Nothing was stored" in result.output
    assert "What other shares of local children would cost" in result.output
    assert snapshot.stat().st_mode & 0o077 == 0
    monkeypatch.delenv("PLACEMENT_DATABASE_URL")
    monkeypatch.setenv("PLACEMENT_POSTCODES", "/nowhere")
    replayed = terminal.run("replay", str(snapshot), "--frontier", "--out", str(again))
    assert replayed.exit_code == 0, replayed.output
    assert out.read_bytes() == again.read_bytes()
    assert json.loads(out.read_bytes())["report"]["proposals"]


def test_a_past_day_is_not_stored(terminal: Terminal) -> None:
    """Proposals for a day that is over could only mislead."""
    refused = terminal.run("rematch", "--as-of", "2026-03-02")
    assert refused.exit_code == 1
    assert "--dry-run" in refused.output
    assert terminal.run("rematch", "--as-of", "2026-03-02", "--dry-run").exit_code == 0


@pytest.mark.parametrize("days", [15, 600])
def test_a_day_too_far_away_is_not_stored(terminal: Terminal, days: int) -> None:
    """The same days as over HTTP: beyond, most proposals would fall for want of records, and replace good ones."""
    day = (today() + timedelta(days=days)).isoformat()
    refused = terminal.run("rematch", "--as-of", day)
    assert refused.exit_code == 1
    assert "more than 14 days away" in in_one_line(refused.output)
    assert "Stored" not in refused.output


@pytest.mark.usefixtures("on_the_day")
@pytest.mark.parametrize("option", ["--snapshot", "--out"])
@pytest.mark.parametrize("where", ["nowhere/file.json", "."])
def test_a_file_that_cannot_be_written_is_found_out_first(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, option: str, where: str
) -> None:
    """Before anything is solved or stored."""
    monkeypatch.setattr(rematching, "stored_night", lambda *_given: pytest.fail("it began all the same"))
    result = terminal.run("rematch", option, str(terminal.folder / where))
    assert result.exit_code == 1
    assert "Nothing was done." in in_one_line(result.output)
    assert not list(terminal.folder.glob("**/*.part"))


def test_replay_tries_its_file_first(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """So does a replay."""
    monkeypatch.setattr(rematching, "solve_night", lambda *_given, **_named: pytest.fail("it began all the same"))
    file = terminal.folder / "hand.json"
    file.write_text("{}", encoding="utf-8")
    result = terminal.run("replay", str(file), "--out", str(terminal.folder / "nowhere" / "out.json"))
    assert result.exit_code == 1
    assert "Nothing was done." in in_one_line(result.output)


@pytest.mark.usefixtures("on_the_day")
def test_what_is_stored_is_said_before_what_may_fail(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full when the files are written: by then it has been said under which number the run is stored."""

    def full(*_given: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rematching, "_write", full)
    result = terminal.run("rematch", "--out", str(terminal.folder / "out.json"))
    assert result.exit_code == 1
    assert "Stored as run 1" in result.output


def test_the_documented_example_is_replayed(terminal: Terminal) -> None:
    """A file written by hand is solved, and why is said."""
    text = EXAMPLE.read_text(encoding="utf-8")
    file = terminal.folder / "hand.json"
    file.write_text(text.partition("```json snapshot\n")[2].partition("```")[0], encoding="utf-8")
    result = terminal.run("replay", str(file))
    assert result.exit_code == 0, result.output
    assert "3 of 3" in result.output
    assert "goes to R-2" in in_one_line(result.output)


def test_a_spoilt_file_ends_gently(terminal: Terminal) -> None:
    """The field and its cure, exit code 1, no stack trace."""
    file = terminal.folder / "spoilt.json"
    file.write_text('{"format": "placement-snapshot", "version": 1, "as_of": "soon", "policy": "x"}', encoding="utf-8")
    result = terminal.run("replay", str(file))
    assert result.exit_code == 1
    assert "as_of: This is not a date." in result.output
    assert "Traceback" not in result.output


def test_replay_reads_whole_files_alone(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device, a pipe that nobody writes to, a file larger than may be read: said at once, with what to do."""
    pipe, large = terminal.folder / "pipe", terminal.folder / "large.json"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        result = terminal.run("replay", str(path))
        assert result.exit_code == 1
        assert "copy it to one first" in in_one_line(result.output)
    large.write_text(" " * 1_001, encoding="utf-8")
    monkeypatch.setenv("PLACEMENT_INVENTORY_LIMIT_BYTES", "1000")
    result = terminal.run("replay", str(large))
    assert result.exit_code == 1
    assert "PLACEMENT_INVENTORY_LIMIT_BYTES says how many" in in_one_line(result.output)
    assert "Traceback" not in result.output


@pytest.fixture
def outcome(solver: SolverProcess) -> Outcome:
    """A small night with its frontier."""
    return rematch(a_night(), with_frontier=True, solver=solver)


@pytest.mark.parametrize("width", [44, 60, 69, 70, 80, 120])
def test_everything_fits(outcome: Outcome, width: int) -> None:
    """No line is longer than the terminal is wide, and nothing is cut off, however narrow."""
    text = printed(outcome, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert "Proven: nothing better exists" in in_one_line(text)


def test_what_is_scarce_is_explained(outcome: Outcome) -> None:
    """The price alone would say nothing to an officer: whose first choice a home is, and that it is no forecast."""
    report = outcome.report
    assert report is not None
    home = report.scarce[0].home
    first = {one.referral for one in report.proposals if one.first_home == home != one.home}
    first |= {one.referral for one in report.unplaced if one.best_home == home}
    [row] = [line for line in printed(outcome, 120).partition("Scarce")[2].splitlines() if home in line]
    assert int(row.split("│")[3]) == report.scarce[0].wanted_by >= len(first) > 0
    text = in_one_line(printed(outcome))
    assert "It is no forecast" in text
    assert "compare them within this night, not with another" in text


def test_kinds_of_home_are_shown_with_their_prices(outcome: Outcome) -> None:
    """The row of a kind holds how many homes are contested, the dearest place and the mean, and says what they are."""
    assert outcome.report is not None
    told = replace(outcome.report, scarce_kinds=(ScarceKind(HomeKind.FOSTER, 3, 1_900, 650),))
    text = printed(replace(outcome, report=told), 120).partition("Scarce tonight by kind")[2]
    [row] = [line for line in text.splitlines() if "1,900" in line]
    assert [cell.strip() for cell in row.split("│")[1:-1]] == ["foster home", "3", "1,900", "650"]
    assert "Mean: of the prices of a place in all scarce homes of the kind" in in_one_line(text)


def test_a_share_out_of_reach_is_said_to_be(outcome: Outcome) -> None:
    """In words, with whether that is certain; nothing of the kind beside a share that is reached."""
    point = FrontierPoint(
        900, reached=False, local=8, total=10, points=5, weekly_cost_pence=1, children_placed=3, gap=0
    )
    for one, words in (
        (replace(point, most_proven=True), "out of reach: proven, nothing comes nearer"),
        (point, "out of reach: not proven, nothing nearer was found"),
        (replace(point, reached=True), None),
    ):
        text = in_one_line(printed(replace(outcome, frontier=(one,)), 160))
        assert words in text if words else "out of reach" not in text.partition("What other shares")[2]


def test_brothers_and_sisters_who_are_parted_are_told_apart(outcome: Outcome) -> None:
    """Two rows of one referral say which child is which; a group that stays together is counted."""
    assert outcome.report is not None
    first = outcome.report.proposals[-1]
    assert first.referral == "R-4"
    for party, said in (((ChildRef("C-4"),), "R-4 C-4"), ((ChildRef("C-4"), ChildRef("C-5")), "R-4 2 children")):
        told = replace(outcome.report, proposals=(replace(first, children=party),))
        table = printed(replace(outcome, report=told), 120).partition("Proposals")[2].partition("└")[0]
        first_column = " ".join(line.split("│")[1].strip() for line in table.splitlines() if line.startswith("│"))
        assert said in " ".join(first_column.split())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: {"status": RunStatus.FALLBACK, "faults": (SolverHung().as_fault(),)}, "time was up"),
        (lambda o: {"report": replace(o.report, bound=o.report.bound + 5)}, "5 points (0.00"),
        (lambda _: {"most_local_proven": True}, "No choice comes nearer"),
        (lambda _: {"most_local_proven": False}, "No nearer choice was found"),
        (lambda _: {"frontier": (FrontierPoint(700, fault="solver_hung"),)}, "solver hung"),
    ],
)
def test_what_went_less_well_is_said(
    outcome: Outcome, change: Callable[[Outcome], dict[str, object]], words: str
) -> None:
    """A fallback, a gap, a target out of reach, a point that was not solved."""
    assert words in in_one_line(printed(replace(outcome, **change(outcome))))  # type: ignore[arg-type]


def test_no_proposals(outcome: Outcome) -> None:
    """Why there are none, and what of the last ones still stands."""
    one = Proposed(frozenset({ChildRef("C-1")}), HomeRef("H-gone"))
    none = Outcome(
        outcome.night,
        RunStatus.INFEASIBLE,
        contradictions=("home H-1 has more children than places",),
        fallen=(Verdict(one, Fallen.HOME_GONE),),
    )
    text = in_one_line(printed(none))
    assert "It cannot be: home H-1 has more children than places." in text
    assert "Of the last proposals 0 still keep every rule." in text
    assert "C-1 to H-gone: home gone." in text


def test_the_unplaced_are_explained(solver: SolverProcess) -> None:
    """Whom a home went to, or which rules are in the way and what would help."""
    night: Night = a_night()
    far = [home for home in night.pool.records if "near" not in home.ref]
    crowded = rematch(replace(night, pool=night.pool.changed((), [home.ref for home in far])), solver=solver)
    assert " to R-" in in_one_line(printed(crowded)).partition("Without a proposal")[2]
    closed = [replace(home, terms=replace(home.terms, age_max=3)) for home in night.pool.records]
    alone = in_one_line(printed(rematch(replace(night, pool=night.pool.changed(closed)), solver=solver)))
    assert "No home meets every rule." in alone
    assert "If only" in alone


def test_every_reason_has_a_sentence(outcome: Outcome) -> None:
    """None is forgotten, and each can be filled in."""
    assert outcome.report is not None
    assert set(WHY) | set(LIMIT) | {WhyHere.OPEN} == set(WhyHere)
    assert set(LIMIT) == set(LIMIT_OF_EXCHANGE)
    assert set(WHY_NONE) | {WhyNone.NO_HOME, WhyNone.PLACES, WhyNone.ARRIVALS, WhyNone.MAY_NOT_SHARE} == set(WhyNone)
    for why in WhyHere:
        for loss in (None, 0, 700):
            for others, leaving in product(range(4), range(4)):
                one = replace(
                    outcome.report.proposals[0],
                    why=why,
                    others_would_lose=loss,
                    because_of=tuple(ReferralRef(f"R-{n}") for n in range(others)),
                    must_leave=leaving,
                    unchanged=True,
                    behind_first=900,
                )
                assert "{" not in why_here(Chosen.of(one))


def test_why_nobody_could_be_proposed_is_said_in_words(outcome: Outcome) -> None:
    """Each reason as it is; only what is true of it: who got a home, what speaks against one that is free."""
    pool, near = outcome.night.pool, HomeRef("H-near-1")
    base = Unplaced(ReferralRef("R-9"), (), WhyNone.PLACES, 2, 0, near, None, (ReferralRef("R-1"),), {}, {}, (), ())
    free = replace(base, lost_to=(), free_home=near)
    for one, text in (
        (base, "The best of them go to R-1."),
        (replace(base, homes_allowed=1), "It goes to R-1."),
        (
            replace(base, why=WhyNone.ARRIVALS),
            "can welcome nobody more tonight. In the way there and at the next best: R-1.",
        ),
        (replace(base, why=WhyNone.MAY_NOT_SHARE), "not beside those who go there: they may not share it."),
        (replace(base, homes_allowed=1, why=WhyNone.ARRIVALS), "can welcome nobody more tonight: R-1 goes there."),
        (
            replace(base, homes_allowed=1, why=WhyNone.MAY_NOT_SHARE),
            "not together with R-1: they may not share a home.",
        ),
        (replace(base, why=WhyNone.SIBLINGS, lost_to=()), "the group cannot be made larger there."),
        (replace(free, why=WhyNone.BUDGET), "would overrun the weekly budget."),
        (replace(free, why=WhyNone.LOCAL_TARGET), "further from its local target."),
        (replace(free, why=WhyNone.RESERVED), "(reserve price)."),
        (replace(free, why=WhyNone.TRADE_OFF), "all children together would be no better off"),
        (replace(free, why=WhyNone.OPEN), "nothing speaks against it: please look at it by hand."),
        (replace(free, why=WhyNone.BUDGET, homes_excluded=1), "A person excluded 1 further home."),
        (replace(base, why=WhyNone.EXCLUDED, homes_allowed=0, homes_excluded=1), "but a person excluded it."),
        (replace(base, why=WhyNone.NO_HOME, homes_allowed=0), "There is no home on the list."),
        (replace(base, why=WhyNone.NO_HOME, homes_allowed=0, out_by_rule={"sex": 1}), "No home meets every rule."),
        (
            replace(base, why=WhyNone.NO_HOME, homes_allowed=0, out_by_rule={"places": 1, "live_apart": 6}),
            "Kept out by live apart (6 homes) and places (1 home).",
        ),
        (
            replace(base, why=WhyNone.NO_HOME, homes_allowed=0, out_by_rule={"sex": 1}, splits_if_parted=(PARTED,)),
            "may be parted, they could live by the rules: C-1 in H-near-1 and C-2 and C-3 in H-far-1.",
        ),
    ):
        said = " ".join(why_none(Waiting.of(one), partial(label, pool)))
        assert text in said, one.why
        assert ("R-1" in said) == bool(one.lost_to and one.homes_allowed), one.why
        assert ("worse off" in said, "{" in said) == (False, False)


@pytest.mark.parametrize(
    ("price", "words"),
    [
        (TargetPrice(8, 10, most_proven=True), "no choice with more than 8 local children exists"),
        (TargetPrice(8, 10), "no choice with more than 8 local children was found"),
        (TargetPrice(8, 10, fault="solver_hung"), "not worked out (solver hung)"),
        (TargetPrice(8, 10, 9, 10, 700, 5_000, 0, 0), "would cost 700 points and £50 more a week, with as many"),
        (TargetPrice(8, 10, 9, 11, -700, -5_000, 1, 0), "minus 700 points and £50 less a week, with 1 child more"),
        (TargetPrice(8, 10, 9, 8, 700, 0, -2, 50), "(perhaps up to 50 fewer)"),
    ],
)
def test_the_price_of_one_more(price: TargetPrice, words: str) -> None:
    """Its sentence in every case."""
    assert words in price_line(price).plain


def test_all_statuses_have_words() -> None:
    """None is forgotten."""
    assert set(night_tables.STATUS_WORDS) == set(RunStatus)
