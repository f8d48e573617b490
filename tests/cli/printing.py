"""What the terminal shows of a night, as tests read it."""

from __future__ import annotations

import io

from rich.console import Console

from app.cli.night_tables import print_night
from app.rematch.run import Outcome


def printed(outcome: Outcome, width: int = 80) -> str:
    """What the terminal shows."""
    out = io.StringIO()
    print_night(Console(file=out, width=width), outcome)
    return out.getvalue()


def in_one_line(text: str) -> str:
    """Without line breaks and frames."""
    return " ".join(text.translate(str.maketrans("", "", "│┃")).split())
