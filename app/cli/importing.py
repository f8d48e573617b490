"""`placement import`: homes from a JSON file, in the form of POST /homes/import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from app.cli.demo import settings_or_demo
from app.cli.desk import console, errors, gently, open_desk, read_file, reading_from, today
from app.documents.home_documents import read_homes
from app.documents.places import Note
from app.documents.strict_json import parse_json
from app.geo.postcodes import PostcodeDirectory
from app.imports.bringing import paths_of, save_all
from app.wording import counted

SHOWN = 20


class WrongFile(ValueError):
    """The file holds JSON, but no homes."""


def import_homes(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="JSON file of homes")],
    *,
    dry_run: Annotated[bool, typer.Option(help="Check the file and change nothing")] = False,
) -> None:
    """Store the homes of a file, all of them or, where one row is wrong, none."""
    with gently(), open_desk(settings_or_demo()) as desk, _progress() as progress:
        task = progress.add_task("Reading the file", total=3)
        with reading_from(file):
            rows = _rows(parse_json(read_file(file, desk.settings.inventory_limit_bytes)))
        progress.update(task, advance=1, description=f"Checking {counted(len(rows), 'home')}")
        found = read_homes(rows, PostcodeDirectory.open(desk.settings.postcodes), today())
        if found.problems:
            progress.stop()
            for problem in found.problems[:SHOWN]:
                errors.print(f"{problem.field}: {problem.problem} {problem.cure}", markup=False)
            errors.print(f"{found.rows_refused} of {len(rows)} rows are wrong, so nothing was stored.")
            raise typer.Exit(1)
        progress.update(task, advance=1, description="Storing")
        done, twins = None, list[Note]()
        if not dry_run:
            with desk.database.writing() as writing:
                done, twins = save_all(writing, desk.settings.authority, found.records, paths_of(rows))
        progress.update(task, advance=1, description="Done")
    for note in [*found.notes, *twins][:SHOWN]:
        console.print(f"{note.field}: {note.note}", markup=False)
    if done is None:
        console.print(f"{counted(len(rows), 'row')} checked, all good; nothing was stored (--dry-run).")
    else:
        console.print(f"{done.created} new, {done.changed} changed, {done.unchanged} as they were.")


def _rows(document: object) -> list[Any]:
    rows = document.get("homes") if isinstance(document, dict) and len(document) == 1 else document
    if not isinstance(rows, list):
        raise WrongFile(
            'The file must hold a list of homes, or an object with the list under "homes" and nothing else.'
        )
    return rows


def _progress() -> Progress:
    """Shown to a person alone: in a pipe or a file it would be a stray line."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    return Progress(*columns, console=console, disable=not console.is_terminal)
