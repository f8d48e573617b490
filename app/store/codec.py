"""Records as JSON-ready values and back, read off their type hints.

A field that is added to a record is stored from then on without a line here. Everything is written out,
defaults too: a default that changes later must not change what was stored before. A field that a stored
record lacks (it was stored before the field existed) takes the record's default.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache, partial
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from app.geo.zones import Zone, zone_from_json, zone_to_json

Hint: TypeAlias = Any
"""A type as a type hint has it."""

Convert: TypeAlias = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


@cache
def hints(record: Hint) -> dict[str, Any]:
    """The type of each field of a record."""
    found = get_type_hints(record)
    return {field.name: found[field.name] for field in fields(record)}


@cache
def encoder(hint: Hint) -> Convert:  # noqa: PLR0911 - one return for each shape of type
    """How to make a value of this type plain."""
    if hint == Zone:
        return zone_to_json
    base, arguments = _taken_apart(hint)
    if base is types.NoneType:
        inner = encoder(arguments[0])
        return lambda value: None if value is None else inner(value)
    if base is frozenset:
        inner = encoder(arguments[0])
        return lambda value: sorted(inner(each) for each in value)
    if base is tuple:
        inner = encoder(arguments[0])
        return lambda value: [inner(each) for each in value]
    if base is Mapping:
        to_key, to_value = encoder(arguments[0]), encoder(arguments[1])
        return lambda value: {to_key(key): to_value(each) for key, each in value.items()}
    if isinstance(base, type) and is_dataclass(base):
        parts = {name: encoder(part) for name, part in hints(base).items()}
        return lambda value: {name: part(getattr(value, name)) for name, part in parts.items()}
    if base is date:
        return date.isoformat
    return _scalar(base, str)


@cache
def decoder(hint: Hint) -> Convert:  # noqa: PLR0911 - one return for each shape of type
    """How to make a value of this type out of the plain one."""
    if hint == Zone:
        return zone_from_json
    base, arguments = _taken_apart(hint)
    if base is types.NoneType:
        inner = decoder(arguments[0])
        return lambda value: None if value is None else inner(value)
    if base in (frozenset, tuple):
        inner = decoder(arguments[0])
        return lambda value: base(inner(each) for each in value)
    if base is Mapping:
        to_key, to_value = decoder(arguments[0]), decoder(arguments[1])
        return lambda value: {to_key(key): to_value(each) for key, each in value.items()}
    if isinstance(base, type) and is_dataclass(base):
        parts = {name: decoder(part) for name, part in hints(base).items()}
        return lambda value: base(**{name: parts[name](each) for name, each in value.items()})
    if base is date:
        return date.fromisoformat
    return _scalar(base, base)


@cache
def rewriter(hint: Hint) -> Convert | None:
    """What makes a stored value of this type what `encoder` would write for it; None where it is that already.

    What was written by another version of a record comes in today's order and with today's defaults.
    """
    if hint == Zone:
        return lambda value: zone_to_json(zone_from_json(value))
    base, arguments = _taken_apart(hint)
    if isinstance(base, type) and is_dataclass(base):
        return partial(_rewritten, base)
    parts = tuple(part for part in arguments if part is not Ellipsis)
    inner = rewriter(parts[-1]) if parts else None
    if inner is None:
        return None
    if base is types.NoneType:
        return lambda value: None if value is None else inner(value)
    if base is tuple:
        return lambda value: [inner(each) for each in value]
    read, write = decoder(hint), encoder(hint)
    return lambda value: write(read(value))


def _rewritten(record: Hint, value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: default_of(record, name) if name not in value else value[name] if again is None else again(value[name])
        for name, again in rewriters(record).items()
    }


@cache
def rewriters(record: Hint) -> dict[str, Convert | None]:
    """The `rewriter` of each field of a record, in their order."""
    return {name: rewriter(hint) for name, hint in hints(record).items()}


def default_of(record: Hint, name: str) -> Any:
    """The default of a field, plain. Raises `LookupError` where it has none."""
    (field,) = (field for field in fields(record) if field.name == name)
    if field.default is MISSING and field.default_factory is MISSING:
        raise LookupError(f"{record.__name__}.{name} is not stored and has no default")
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return encoder(hints(record)[name])(default)


def _scalar(base: Hint, convert: Convert) -> Convert:
    if base in (bool, int, str):
        return _same
    if isinstance(base, type) and issubclass(base, Enum):
        return convert if convert is str else {str(member): member for member in base}.__getitem__
    raise TypeError(f"cannot store a field of type {base}")


def _taken_apart(hint: Hint) -> tuple[Hint, tuple[Hint, ...]]:
    """A type and its arguments. `X | None` gives `NoneType` and `(X,)`; an id gives what it is made of."""
    hint = getattr(hint, "__supertype__", hint)
    base: Hint = get_origin(hint)
    arguments = get_args(hint)
    if base in (Union, types.UnionType):
        known = tuple(part for part in arguments if part is not types.NoneType)
        if len(known) != 1 or len(known) == len(arguments):
            raise TypeError(f"cannot store a field of type {hint}")
        return types.NoneType, known
    if base is None:
        return hint, ()
    return base, arguments
