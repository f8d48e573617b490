"""A PostgreSQL database in which two authorities have a home each, to look over the wall between them."""

from __future__ import annotations

from app.matching.referral import HomeRef
from app.store import save
from app.store.session import Database
from app.store.versions import Precondition
from tests.support.builders import NOTTINGHAM, a_home
from tests.support.laid_out import lay_out
from tests.support.postgres import Postgres

DERBY = "E06000015"


def with_two_authorities(postgres: Postgres) -> str:
    """The name of a new database, laid out, with one home of each."""
    name = postgres.create()
    lay_out(postgres.url(name))
    opened = Database.open(postgres.url(name))
    for authority in (NOTTINGHAM, DERBY):
        with opened.writing() as writing:
            save.save_home(writing, authority, a_home(ref=HomeRef("H")), Precondition())
    opened.close()
    return name
