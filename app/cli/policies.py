"""`placement policy check`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.cli.desk import console, errors, gently
from app.geo.authorities import adjoining
from app.matching.policy import Policy, parse_policy
from app.matching.policy_values import PolicyError
from app.settings import Settings
from app.store.policies import MOST_BYTES, load_policies

CURE = (
    "Every document names every rule and criterion: docs/add-a-rule.md shows what is said of one, also to leave it out."
)


def check(
    folder: Annotated[Path | None, typer.Argument(help="Folder of policy documents; else the settings'")] = None,
) -> None:
    """Read every policy document and say whether it can be used, and what it weighs."""
    with gently():
        folder = folder or Settings.read().policies
        _require_folder(folder)
        if wrong := list(_wrong(folder)):
            for error in wrong:
                errors.print(str(error), markup=False, soft_wrap=True)
            errors.print(CURE)
            raise typer.Exit(1)
        book = load_policies(folder)
        for policy in book.policies.values():
            console.print(_weights(policy))
            if (derived := adjoining(policy.local.authority)) != policy.local.adjoining:
                console.print(
                    f"[yellow]{escape(policy.version)} names {_codes(policy.local.adjoining)} as adjoining; "
                    f"derived from postcodes are {_codes(derived)}. Check which is right.[/]"
                )
        console.print(f"{len(book.policies)} policies are complete and can be used.")


def _require_folder(folder: Path) -> None:
    if folder.is_file():
        raise ValueError(f"{folder} is a file: name the folder that it stands in. All of its documents are read.")
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}.")


def _wrong(folder: Path) -> Iterator[PolicyError]:
    """The first thing that is wrong with each document, so that one look is enough to mend all of them."""
    for path in sorted(folder.glob("*.toml")):
        if path.is_file() and path.stat().st_size <= MOST_BYTES:
            try:
                parse_policy(path.read_bytes(), path.name)
            except PolicyError as error:
                yield error


def _weights(policy: Policy) -> Table:
    table = Table(
        title=f"{escape(policy.version)}, from {policy.effective_from:%-d %B %Y} ({policy.sha256[:12]})",
        title_justify="left",
    )
    table.add_column("criterion")
    table.add_column("weight", justify="right")
    table.add_column("because")
    for setting in policy.criteria:
        weight = str(setting.weight) if setting.enabled else "off"
        table.add_row(setting.criterion.code, weight, escape(setting.because))
    off = [setting.rule.code for setting in policy.rules if not setting.enabled]
    table.caption = f"rules in use: {len(policy.rules) - len(off)}; off: {', '.join(off) or 'none'}"
    return table


def _codes(codes: frozenset[str]) -> str:
    return ", ".join(sorted(codes)) or "none"
