"""`placement rematch` and `placement replay`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.text import Text

from app.api import moving_notes
from app.cli.demo import settings_or_demo
from app.cli.desk import Desk, console, errors, gently, open_desk, read_file, reading_from, today
from app.cli.matching import AsOf, Version, day_to_judge
from app.cli.night_tables import print_night
from app.cli.nights import progress, stored_night, tried_night
from app.rematch.reading import load_snapshot
from app.rematch.result import result_bytes
from app.rematch.run import Outcome
from app.rematch.run import rematch as solve_night
from app.rematch.snapshot import Snapshot, snapshot_bytes, snapshot_of
from app.rematch.versions import differing
from app.runs.workplace import DAYS_AHEAD
from app.setting_words import PREFIX
from app.settings import Settings
from app.store import moving_siblings, proposals
from app.store.lived_in import by_placement
from app.store.run_records import NewProposal, Run, RunKind, RunOptions, RunStatus, Wanted
from app.wording import counted, joined, words

Frontier = Annotated[bool, typer.Option("--frontier", help="Also: what 70 % to 95 % local would cost, each solved")]
Out = Annotated[Path | None, typer.Option("--out", help="Write the result to this file, as JSON")]
SnapshotFile = Annotated[Path | None, typer.Option("--snapshot", help="Write the run's whole input to this file")]
NOTES_SHOWN = 20
MORE_BYTES = f"{PREFIX}INVENTORY_LIMIT_BYTES says how many may be read."


class WrongDay(ValueError):
    """Somebody wanted to store proposals for a day that is over, or too far away."""


class NotWritable(ValueError):
    """A file that the result is to go to cannot be written."""


def rematch(
    snapshot: SnapshotFile = None,
    out: Out = None,
    policy: Version = None,
    as_of: AsOf = None,
    *,
    frontier: Frontier = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the proposals and store nothing")] = False,
) -> None:
    """The best proposal for all waiting children together: made, checked, stored and shown.

    Without a configured database: for the synthetic authority of the demo.
    """
    with gently(), open_desk(settings_or_demo()) as desk:
        day = day_to_judge(desk, as_of, policy, today())
        if not dry_run:
            _check_day(day)
        _try_paths(snapshot, out)
        options = RunOptions(policy=policy, frontier=frontier)
        wanted = Wanted(RunKind.MANUAL, today(), day, options)
        outcome, run = (tried_night(desk, wanted), None) if dry_run else stored_night(desk, wanted)
        _say_stored(run)
        if outcome is not None:
            waiting = {child.ref for referral in outcome.night.referrals for child in referral.children}
            desk.saw("run.read", "run", run.id if run else "tried", waiting, to_file=bool(snapshot or out))
            print_night(console, outcome)
            _say_moves(desk, outcome)
            _say_dropped(_dropped(desk, run))
            _write_files(snapshot_of(outcome.night, desk.settings.policies), outcome, snapshot, out)
        if outcome is None or outcome.report is None or (run and run.status is not RunStatus.PUBLISHED):
            raise typer.Exit(1)


def replay(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A snapshot file")],
    out: Out = None,
    *,
    frontier: Frontier = False,
) -> None:
    """Solve the night of a snapshot file, made by `rematch` or by hand; needs no database. See docs/snapshot.md."""
    with gently():
        _try_paths(out)
        settings = Settings.read()
        data = read_file(file, settings.inventory_limit_bytes, MORE_BYTES)
        with reading_from(file):
            snapshot = load_snapshot(data, settings.policies, settings.postcodes)
        for note in snapshot.notes[:NOTES_SHOWN]:
            console.print(f"{note.field}: {note.note}", markup=False)
        if others := differing(snapshot.made_with):
            console.print(f"[yellow]Made with other versions of {', '.join(others)}: the result may differ.[/]")
        with progress() as tell:
            outcome = solve_night(
                snapshot.night, snapshot.limits, strength=snapshot.strength, with_frontier=frontier, tell=tell
            )
        print_night(console, outcome)
        _write_files(snapshot, outcome, None, out)
        if outcome.report is None:
            raise typer.Exit(1)


def _dropped(desk: Desk, run: Run | None) -> list[NewProposal]:
    """The proposals of a published run that were impossible by the time it was published."""
    if run is None or not run.dropped:
        return []
    with desk.database.reading() as reading:
        every = proposals.of_run(reading, desk.settings.authority, run.id)
    return [stored.proposal for stored in every if stored.proposal.dropped_because is not None]


def _check_day(day: date) -> None:
    """The same days as over HTTP. Raises `WrongDay`."""
    if day < today():
        raise WrongDay("Proposals for a day that is over can be looked at, not stored: add --dry-run.")
    if day > today() + timedelta(days=DAYS_AHEAD):
        said = f"Proposals for a day more than {DAYS_AHEAD} days away can be looked at, not stored: add --dry-run."
        raise WrongDay(said)


def _try_paths(*paths: Path | None) -> None:
    """Before any work is done: whether the files that are wanted can be written. Raises `NotWritable`."""
    for path in paths:
        if path is None:
            continue
        if path.is_dir():
            raise NotWritable(f"{path} is a folder. Name a file in it. Nothing was done.")
        try:
            _beside(path).close()
        except OSError as error:
            raise NotWritable(f"{path} cannot be written ({error.strerror}). Nothing was done.") from None
        path.with_name(path.name + ".part").unlink()


def _say_stored(run: Run | None) -> None:
    """Said at once: whatever goes wrong after it, what was stored is stored."""
    if run is None:
        console.print("[dim]Nothing was stored (--dry-run).[/]")
    elif run.status is RunStatus.PUBLISHED:
        stand = f"{counted(run.proposed or 0, 'proposal')} {'stands' if run.proposed == 1 else 'stand'}"
        console.print(f"Stored as run {run.number}: {stand}.")
    else:
        errors.print(f"[bold red]Run {run.number} {words(run.status)}[/] ({words(run.failure)}). The last ones stand.")


def _say_moves(desk: Desk, outcome: Outcome) -> None:
    """For whom a proposal is a move, and from where: they live there by a placement; and who leaves its home."""
    proposed = () if outcome.report is None else outcome.report.proposals
    with desk.database.reading() as reading:
        everybody = [child for one in proposed for child in one.children]
        lives = by_placement(reading, desk.settings.authority, everybody)
        leaving = moving_siblings.of_children(reading, desk.settings.authority, everybody)
    for one in proposed:
        moves = moving_notes.notes_of(one.children, one.home, lives)
        for note in (*moves, *moving_notes.leaving_notes(one.children, one.home, leaving)):
            console.print(Text(f"{one.referral} to {one.home}: {note.note}", style="yellow"))


def _say_dropped(dropped: Sequence[NewProposal]) -> None:
    if dropped:
        console.print(f"[bold yellow]{_dropped_heading(len(dropped))}[/]")
    for one in dropped:
        console.print(_dropped_line(one), markup=False)


def _dropped_heading(count: int) -> str:
    was = "has become impossible since the run read the records and was dropped"
    were = "have become impossible since the run read the records and were dropped"
    return f"{counted(count, 'proposal')} listed above {was if count == 1 else were}:"


def _dropped_line(one: NewProposal) -> str:
    rules = ", ".join(words(rule) for rule in one.explanation.get("rules", ()))
    why = f"{words(one.dropped_because)}{f' ({rules})' if rules else ''}"
    return f"{one.referral} ({joined(one.children)}) to {one.home}: {why}"


def _write_files(snapshot: Snapshot, outcome: Outcome, snapshot_file: Path | None, out: Path | None) -> None:
    """Both files hold data about children: nobody else may read them."""
    if snapshot_file is not None:
        _write(snapshot_file, snapshot_bytes(snapshot))
        console.print(f"Input written to {snapshot_file}: SHA-256 {snapshot.sha256}", soft_wrap=True, markup=False)
    if out is not None:
        _write(out, result_bytes(snapshot, outcome))
        console.print(f"Result written to {out}.", soft_wrap=True, markup=False)


def _write(path: Path, data: bytes) -> None:
    with _beside(path) as file:
        file.write(data)
    path.with_name(path.name + ".part").replace(path)


def _beside(path: Path) -> BinaryIO:
    """A new file beside it, open for writing, which takes its place once it is whole."""
    beside = path.with_name(path.name + ".part")
    beside.unlink(missing_ok=True)
    return os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
