"""Which records a page consists of: a condition that everything asked for beside the page shares with it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, Select, Table, bindparam, select


def next_refs(table: Table) -> Select[Any]:
    """References of the first `most` records behind the reference `after`, of one authority."""
    one = table.alias()
    behind = one.c.authority == bindparam("authority"), one.c.ref > bindparam("after")
    return select(one.c.ref).where(*behind).order_by(one.c.ref).limit(bindparam("most", type_=Integer))
