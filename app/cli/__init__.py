"""The `placement` command: thin, one use case a command."""

from __future__ import annotations

import logging

import typer

from app.cli.auditing import audit, erase
from app.cli.demo import demo
from app.cli.importing import import_homes
from app.cli.matching import match, why_not
from app.cli.placements import placements
from app.cli.policies import check
from app.cli.rematching import rematch, replay
from app.cli.serving import migrate, serve
from app.cli.tokens import end_sessions, token
from app.cli.working import worker

app = typer.Typer(
    name="placement",
    help="Find the right home for a child: ranked, with reasons. It proposes; a person decides.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def begin() -> None:
    """What comes before every command.

    Where no log is kept, a refusal of the database is told by the command itself, in words: the line that would be
    logged beside it says nothing more to a person. What is wrong with the database itself is still shown.
    """
    if logging.lastResort is not None:
        logging.lastResort.setLevel(logging.ERROR)


policy = typer.Typer(help="The policy documents.", no_args_is_help=True)
policy.command("check")(check)

app.command("match")(match)
app.command("why-not")(why_not)
app.command("rematch")(rematch)
app.command("replay")(replay)
app.command("demo")(demo)
app.command("serve")(serve)
app.command("worker")(worker)
app.command("placements")(placements)
app.command("import")(import_homes)
app.command("migrate")(migrate)
app.command("token")(token)
app.command("end-sessions")(end_sessions)
app.command("erase")(erase)
app.add_typer(audit, name="audit")
app.add_typer(policy, name="policy")
