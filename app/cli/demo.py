"""`placement demo`: make the synthetic authority, and show what the engine answers."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

from rich.rule import Rule

from app import placing
from app.cli.desk import Desk, console, gently, open_desk, today
from app.cli.night_tables import print_night
from app.cli.nights import stored_night
from app.cli.tables import print_shortlist
from app.demo.authority import DEMO_SEED, Sizes, synthetic_authority
from app.demo.residents import PlacedChild
from app.geo.bake import bake
from app.geo.postcodes import PostcodeDirectory
from app.matching.codes import KeepTogether
from app.matching.placed import Placed
from app.matching.referral import Referral
from app.secret_files import IN_A_FILE
from app.setting_words import PREFIX
from app.settings import PROJECT, Settings
from app.store import caseload, load, migrate, save
from app.store.run_records import RunKind, Wanted
from app.store.session import Database
from app.store.versions import Precondition

T = TypeVar("T")

FOLDER = PROJECT / "var" / "demo"
DEMO_DATABASE = f"sqlite:///{FOLDER / 'placement.db'}"
PROPOSALS_SHOWN = 12
EDITION = 3
"""Goes up when what is made changes, so that an older demo is made anew."""
DATABASE_VARIABLE = PREFIX + "DATABASE_URL"


def demo() -> None:
    """Make the synthetic authority; show a child's shortlist, a sibling group's, an emergency's, and the night."""
    with gently():
        began = time.perf_counter()
        make_demo()
        with open_desk(demo_settings()) as desk:
            _show(desk)
            _show_night(desk)
        console.print(Rule("What to do next"))
        console.print(
            "[bold]make serve[/] starts the service with this authority: the API is described at "
            "http://127.0.0.1:8000/docs.\n"
            "docs/deciding.md takes a decision with it, from a shortlist to the day a child moves out, line by line.\n"
            "[bold].venv/bin/placement rematch --frontier[/] shows all proposals, and what other local shares cost; "
            "[bold].venv/bin/placement why-not --help[/] explains any home for any child; "
            "[bold]make test[/] checks everything; README.md says the rest."
        )
        took = time.perf_counter() - began
        console.print(f"[dim]{took:.1f} s. Everybody here is invented; the postcodes are real.[/]")


def demo_settings() -> Settings:
    """The settings with the demo's database in place of the configured one."""
    return Settings.read().model_copy(update={"database_url": type(Settings().database_url)(DEMO_DATABASE)})


def is_configured() -> bool:
    """Whether the environment names a database."""
    return not {DATABASE_VARIABLE, DATABASE_VARIABLE + IN_A_FILE}.isdisjoint(name.upper() for name in os.environ)


def settings_or_demo() -> Settings:
    """The settings; where no database is configured those of the demo, which is made first if need be."""
    if is_configured():
        return Settings.read()
    make_demo()
    console.print(f"[dim]{DATABASE_VARIABLE} is not set: this is the synthetic authority of the demo.[/]")
    return demo_settings()


def configured_or_asked(*, demo: bool) -> Settings:
    """The settings for what must never quietly answer for another database: the configured one, or the demo's if asked.

    A job that has lost its environment would otherwise find the demo's trail whole every day, or erase nobody.
    Raises `ValueError` where no database is configured and the demo was not asked for.
    """
    if demo:
        make_demo()
        return demo_settings()
    if not is_configured():
        raise ValueError(
            f"No database is configured: set {DATABASE_VARIABLE} (or {DATABASE_VARIABLE}{IN_A_FILE}). "
            "For the demo's say so: --demo."
        )
    return Settings.read()


def make_demo() -> None:
    """Make the demo's database for today unless it is there already. Shows each step."""
    day = today()
    marker = FOLDER / "made.json"
    made = {"day": day.isoformat(), "seed": DEMO_SEED, "edition": EDITION, "layout": migrate.newest()}
    if _is_made(marker, made):
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    marker.unlink(missing_ok=True)
    settings = demo_settings()
    _step("Postcodes (once)", lambda: bake(settings.postcodes, say=lambda _text: None))
    database = _step("Database", _new_database)
    try:
        _step("Synthetic authority", lambda: _fill(database, settings, day))
    finally:
        database.close()
    marker.write_text(json.dumps(made), encoding="utf-8")


def _is_made(marker: Path, made: dict[str, object]) -> bool:
    try:
        same: bool = json.loads(marker.read_text(encoding="utf-8")) == made
    except (OSError, ValueError):
        return False
    return same and (FOLDER / "placement.db").exists()


def _step(name: str, work: Callable[[], T]) -> T:
    with console.status(f"{name} ..."):
        began = time.perf_counter()
        done = work()
    console.print(f"[green]done[/] {name} [dim]{time.perf_counter() - began:.1f} s[/]")
    return done


def _new_database() -> Database:
    for path in FOLDER.glob("placement.db*"):
        path.unlink()
    database = Database.open(DEMO_DATABASE)
    migrate.upgrade(database)
    return database


def _fill(database: Database, settings: Settings, day: date) -> None:
    made = synthetic_authority(Sizes(), DEMO_SEED, day, PostcodeDirectory.open(settings.postcodes))
    with database.writing() as writing:
        save.import_homes(writing, settings.authority, made.homes)
        for referral in made.referrals:
            save.save_referral(writing, settings.authority, referral, Precondition())
        caseload.import_caseload(writing, settings.authority, [_placed(child) for child in made.caseload])


def _placed(child: PlacedChild) -> Placed:
    return Placed(
        ref=child.child,
        home=child.home,
        kind=child.kind,
        location=child.location,
        family_home=child.family_home,
        weekly_fee_pence=child.weekly_fee_pence,
    )


def _show(desk: Desk) -> None:
    day, pool = today(), desk.pool()
    with desk.database.reading() as reading:
        referrals = [stored.record for stored in load.all_referrals(reading, desk.settings.authority)]
    console.print(
        f"\n[bold]{sum(len(referral.children) for referral in referrals)} children[/] wait in "
        f"{len(referrals)} referrals; [bold]{len(pool)} homes[/] are on the list.\n"
    )
    shown: set[str] = set()
    for title, fits in (
        ("One child", lambda r: len(r.children) == 1 and r.needed_by > day),
        ("A sibling group", lambda r: len(r.children) > 1 and r.keep_together is KeepTogether.PREFERRED),
        ("An emergency: a home is needed today", lambda r: len(r.children) == 1 and r.needed_by <= day),
    ):
        referral = _first(referrals, fits, shown)
        if referral is None:
            continue
        shown.add(referral.ref)
        version = "emergency" if referral.needed_by <= day else None
        found = placing.match(referral, pool, desk.policies, day, policy_version=version)
        console.print(Rule(title))
        print_shortlist(console, referral, found, pool)


def _show_night(desk: Desk) -> None:
    console.print(Rule("The night: all waiting children together"))
    outcome, run = stored_night(desk, Wanted(RunKind.MANUAL, today(), today()))
    if outcome is not None:
        print_night(console, outcome, PROPOSALS_SHOWN)
    if outcome is None or outcome.report is None:
        console.print(f"[bold red]The run failed[/] ({run.failure}).")


def _first(referrals: list[Referral], fits: Callable[[Referral], bool], shown: set[str]) -> Referral | None:
    return next((referral for referral in referrals if fits(referral) and referral.ref not in shown), None)
