"""Statements that are compiled once, for what is asked all the time.

SQLAlchemy builds, looks up and wraps a statement each time it is executed, which costs several times what PostgreSQL
takes to answer a small one. A prepared statement keeps its text, and goes to the driver as it is: same connection,
same transaction, same text, values of the types that it gives them. Errors come as SQLAlchemy's. On SQLite, and where
somebody listens to the statements of an engine (traces do), it goes the ordinary way, with the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Dialect, String, any_, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.base import Executable

from app.store.driving import Rows, Said, put_off, run, run_all, speaks_directly
from app.store.session import Reading, Writing

Values: TypeAlias = Mapping[str, Any]
Convert: TypeAlias = Callable[[Any], Any] | None
T = TypeVar("T")
IsOne: TypeAlias = Callable[[ColumnElement[str]], ColumnElement[bool]]


_VALUE = re.compile(r"%\((\w+)\)s")
"""Where SQLAlchemy puts a value in the text for this driver."""

FEW = 8
"""Rows that go directly."""


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
        return ready.named(run(reading, ready.said(values)))

    def column(self, reading: Reading, **values: Any) -> Sequence[Any]:
        """The first value of each row."""
        if not speaks_directly(reading.engine):
            return reading.execute(self._statement, values).scalars().all()
        return [row[0] for row in self._for(reading.dialect).run(reading, values)]

    def one(self, reading: Reading, **values: Any) -> Any:
        """The first value of the first row, or None where there is no row."""
        found = self.column(reading, **values)
        return found[0] if found else None

    def do(self, writing: Writing, values: Values) -> None:
        """Execute it for its effect."""
        if speaks_directly(writing.engine):
            self._for(writing.dialect).run(writing, values)
        else:
            writing.execute(self._statement, dict(values))

    def put_off(self, writing: Writing, values: Values) -> None:
        """Execute it for its effect before the next statement or, at the latest, before the transaction ends."""
        if speaks_directly(writing.engine):
            put_off(writing, self._for(writing.dialect).said(values))
        else:
            writing.execute(self._statement, dict(values))

    def do_each(self, writing: Writing, rows: Sequence[Values]) -> None:
        """Execute it for each of the rows, few of them with one wait; many go faster the ordinary way."""
        if len(rows) <= FEW and speaks_directly(writing.engine):
            for row in rows[:-1]:
                self.put_off(writing, row)
            for row in rows[-1:]:
                self.do(writing, row)
        elif rows:
            writing.execute(self._statement, [dict(row) for row in rows])

    def put_off_each(self, writing: Writing, rows: Sequence[Values]) -> None:
        """As `put_off` for each of the rows; many go at once."""
        if len(rows) <= FEW:
            for row in rows:
                self.put_off(writing, row)
        else:
            self.do_each(writing, rows)

    def for_driver(self, reading: Reading) -> _Ready:
        """The statement as the driver takes it."""
        return self._for(reading.dialect)

    def _for(self, dialect: Dialect) -> _Ready:
        if self._ready is None:
            self._ready = _Ready(self._direct, dialect, self._names)
        return self._ready


@dataclass(frozen=True, slots=True)
class Wanted(Generic[T]):
    """Something to be read with one statement, wherever it is asked for: alone, or beside others.

    `told`: what the rows mean.
    """

    statement: Prepared
    values: Values
    told: Callable[[Sequence[Mapping[Any, Any]]], T]

    def read(self, reading: Reading) -> T:
        """Ask for it alone."""
        return self.told(self.statement.rows(reading, **self.values))

    @property
    def asked(self) -> tuple[Prepared, Values]:
        """As `rows_of_all` takes it."""
        return self.statement, self.values


def rows_of_all(reading: Reading, asked: Sequence[tuple[Prepared, Values]]) -> Sequence[Sequence[Mapping[Any, Any]]]:
    """The rows of each of several statements, none of which needs to know what another finds: one wait for all."""
    if not speaks_directly(reading.engine):
        return [statement.rows(reading, **values) for statement, values in asked]
    ready = [(statement.for_driver(reading), values) for statement, values in asked]
    found = run_all(reading, [one.said(values) for one, values in ready])
    return [one.named(rows) for (one, _), rows in zip(ready, found, strict=True)]


def of_refs(build: Callable[[IsOne], Executable]) -> Prepared:
    """A statement with a list of references, the value `refs`: one text for lists of every length."""
    listed: BindParameter[str] = bindparam("refs", expanding=True)
    array: BindParameter[Any] = bindparam("refs", type_=ARRAY(String))
    return Prepared(build(lambda column: column.in_(listed)), direct=build(lambda column: column == any_(array)))


class _Ready:
    """A statement as PostgreSQL takes it: its text, how its values go in and how those of its rows come out."""

    def __init__(self, statement: Executable, dialect: Dialect, names: list[str] | None) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=names)  # type: ignore[attr-defined]
        self._given: Values = compiled.construct_params(_check=False)
        self._names: list[str] = []
        self._text = _VALUE.sub(self._numbered, compiled.string).replace("%%", "%")
        into = {name: _into(bound.type, dialect) for bound, name in compiled.bind_names.items()}
        self._into = [into[name] for name in self._names]
        shown = getattr(statement, "exported_columns", ())
        self.columns: tuple[str, ...] = tuple(column.key for column in shown)
        out = [(at, _out_of(column.type, dialect)) for at, column in enumerate(shown)]
        self._out = [(at, convert) for at, convert in out if convert is not None]

    def said(self, values: Values) -> Said:
        """Its text with these values."""
        given = {**self._given, **values}
        bound = [
            given[name] if convert is None else convert(given[name])
            for name, convert in zip(self._names, self._into, strict=True)
        ]
        return self._text, bound

    def run(self, reading: Reading, values: Values) -> Sequence[Sequence[Any]]:
        """Its rows, as they are meant."""
        return self.read(run(reading, self.said(values)))

    def named(self, found: Rows) -> list[dict[str, Any]]:
        """Rows of the driver, each as a mapping of column name to value."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.read(found)]

    def _numbered(self, found: re.Match[str]) -> str:
        """The place of a value by its number, the same for each place of one value."""
        name = found[1]
        if name not in self._names:
            self._names.append(name)
        return f"${self._names.index(name) + 1}"

    def read(self, found: Rows) -> Sequence[Sequence[Any]]:
        """Rows of the driver, as they are meant."""
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
