"""Tables for the terminal: nothing in them is ever cut off."""

from __future__ import annotations

from typing import Any

from rich.table import Table

NARROW = 70
"""Terminals of fewer columns get tables of fewer columns."""


def framed(title: str, *headings: str, right: tuple[str, ...] = (), whole: tuple[str, ...] = (), **how: Any) -> Table:
    """A table whose cells fold; `right`: headings of figures, `whole`: those never folded.

    Further arguments as for `Table`.
    """
    table = Table(title=title, title_justify="left", **how)
    for heading in headings:
        table.add_column(
            heading,
            justify="right" if heading in right else "left",
            no_wrap=heading in whole,
            overflow="fold",
        )
    return table
