"""Statements that are compiled once, for what is asked all the time.

SQLAlchemy builds, looks up and wraps a statement each time it is executed, which costs several times what PostgreSQL
takes to answer a small one. A prepared statement keeps its text, and goes to the driver as it is: same connection,
same transaction, same text, same types. Errors come as SQLAlchemy's. On SQLite, and where somebody listens to the
statements of an engine (traces do), it goes the ordinary way, with the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import psycopg
from sqlalchemy import BindParameter, ColumnElement, Dialect, String, any_, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.base import Executable

from app.store.driving import driver_of, speaks_directly, wrapped
from app.store.session import Reading, Writing

Values: TypeAlias = Mapping[str, Any]
Convert: TypeAlias = Callable[[Any], Any] | None
IsOne: TypeAlias = Callable[[ColumnElement[str]], ColumnElement[bool]]


FEW = 8
"""Rows that are sent one by one."""


class Prepared:
    """A statement whose values have names (`bindparam`), none of them a list for IN (see `of_refs`).

    `names`: of an INSERT or UPDATE, the columns that its values are for, beside those that are named in it.
    `direct`: the same statement in PostgreSQL's own words, where it has better ones.
    """

    def __init__(
        self, statement: Executable, names: Sequence[str] | None = None, direct: Executable | None = None
    ) -> None:
        self._statement = statement
        self._direct = statement if direct is None else direct
        self._names = None if names is None else list(names)
        self._ready: _Ready | None = None

    def rows(self, reading: Reading, **values: Any) -> Sequence[Mapping[Any, Any]]:
        """The rows, each as a mapping of column name to value."""
        if not speaks_directly(reading.engine):
            return reading.execute(self._statement, values).mappings().all()
        ready = self._for(reading.dialect)
        found = self._execute(reading, ready, values).fetchall()
        return [dict(zip(ready.columns, row, strict=True)) for row in ready.read(found)]

    def column(self, reading: Reading, **values: Any) -> Sequence[Any]:
        """The first value of each row."""
        if not speaks_directly(reading.engine):
            return reading.execute(self._statement, values).scalars().all()
        ready = self._for(reading.dialect)
        return [row[0] for row in ready.read(self._execute(reading, ready, values).fetchall())]

    def one(self, reading: Reading, **values: Any) -> Any:
        """The first value of the first row, or None where there is no row."""
        found = self.column(reading, **values)
        return found[0] if found else None

    def do(self, writing: Writing, values: Values) -> None:
        """Execute it for its effect."""
        if speaks_directly(writing.engine):
            self._execute(writing, self._for(writing.dialect), values)
        else:
            writing.execute(self._statement, dict(values))

    def do_each(self, writing: Writing, rows: Sequence[Values]) -> None:
        """Execute it for each of the rows; many go faster the ordinary way."""
        if len(rows) <= FEW and speaks_directly(writing.engine):
            for row in rows:
                self.do(writing, row)
        elif rows:
            writing.execute(self._statement, [dict(row) for row in rows])

    def _for(self, dialect: Dialect) -> _Ready:
        if self._ready is None:
            self._ready = _Ready(self._direct, dialect, self._names)
        return self._ready

    def _execute(self, reading: Reading, ready: _Ready, values: Values) -> psycopg.Cursor[Any]:
        try:
            return driver_of(reading).cursor().execute(ready.text, ready.bound(values))
        except psycopg.Error as error:
            raise wrapped(reading, error) from error


def of_refs(build: Callable[[IsOne], Executable]) -> Prepared:
    """A statement with a list of references, the value `refs`: one text for lists of every length."""
    listed: BindParameter[str] = bindparam("refs", expanding=True)
    array: BindParameter[Any] = bindparam("refs", type_=ARRAY(String))
    return Prepared(build(lambda column: column.in_(listed)), direct=build(lambda column: column == any_(array)))


class _Ready:
    """A statement as PostgreSQL takes it: its text, how its values go in and how those of its rows come out."""

    def __init__(self, statement: Executable, dialect: Dialect, names: list[str] | None) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=names)  # type: ignore[attr-defined]
        self.text: str = compiled.string
        self._given: Values = compiled.construct_params(_check=False)
        into = {name: _into(bound.type, dialect) for bound, name in compiled.bind_names.items()}
        self._into = {name: convert for name, convert in into.items() if convert is not None}
        shown = getattr(statement, "exported_columns", ())
        self.columns: tuple[str, ...] = tuple(column.key for column in shown)
        out = [(at, _out_of(column.type, dialect)) for at, column in enumerate(shown)]
        self._out = [(at, convert) for at, convert in out if convert is not None]

    def bound(self, values: Values) -> dict[str, Any]:
        """The values as the driver takes them."""
        given = {**self._given, **values}
        for name, convert in self._into.items():
            given[name] = convert(given[name])
        return given

    def read(self, found: list[Any]) -> Sequence[Sequence[Any]]:
        """Rows as they are meant."""
        if not self._out:
            return found
        rows = [list(row) for row in found]
        for row in rows:
            for at, convert in self._out:
                row[at] = convert(row[at])
        return rows


def _into(kind: Any, dialect: Dialect) -> Convert:
    return kind.dialect_impl(dialect).bind_processor(dialect)  # type: ignore[no-any-return]


def _out_of(kind: Any, dialect: Dialect) -> Convert:
    return kind.dialect_impl(dialect).result_processor(dialect, None)  # type: ignore[no-any-return]
