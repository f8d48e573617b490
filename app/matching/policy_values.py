"""Strict reading of one section of a policy document: every key is asked for once, none is left over."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from app.geo.zones import Polygon, ZoneError, zone_from_json
from app.matching.codes import Code

AnyCode = TypeVar("AnyCode", bound=Code)

_GSS = re.compile(r"[EWSN]\d{8}")

MOST_POINTS = 100_000_000
"""Most points that one price or worth may have: ten times all that the criteria can give a child.

With it every sum of a night stays exact in 64 bits, for a million children and more. What is to outweigh everything
needs no larger number: a hard target is written as such, and a rule is a rule.
"""

MOST_OF_ANYTHING = 1_000_000_000
"""Bound on every other number: miles, days, pence, metres. None that is meant comes near it."""


class PolicyError(ValueError):
    """A policy document is wrong: which one, at which key, and what would be right."""

    def __init__(self, document: str, key: str, problem: str) -> None:
        self.document = document
        self.key = key
        self.problem = problem
        where = f"policy {document}" + (f", key {key}" if key else "")
        super().__init__(f"{where}: {problem}")


class Section:
    """One table of the document. Remembers which keys were asked for, so that `finish` finds strays."""

    def __init__(self, values: Mapping[str, Any], document: str, path: str) -> None:
        self._values = values
        self._document = document
        self._path = path
        self._read: set[str] = set()

    def wrong(self, key: str, problem: str) -> PolicyError:
        """An error at a key of this section."""
        return PolicyError(self._document, f"{self._path}.{key}".lstrip("."), problem)

    def finish(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in sorted(set(self._values) - self._read):
            known = ", ".join(sorted(self._read))
            raise self.wrong(key, f"is not known here; known are: {known}")

    def section(self, key: str) -> Section:
        """A table inside this one."""
        return Section(self._table(self._take(key), key), self._document, f"{self._path}.{key}".lstrip("."))

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self._take(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "must be a text that is not empty")
        return value

    def truth(self, key: str, *, default: bool) -> bool:
        """A boolean that may be left out."""
        if key not in self._values:
            self._read.add(key)
            return default
        return bool(self._convert(self._take(key), bool, key))

    def count(self, key: str, most: int) -> int:
        """A whole number from 0 to `most`."""
        value = self._take(key)
        if type(value) is not int or not 0 <= value <= most:
            raise self.wrong(key, f"must be a whole number from 0 to {most}")
        return value

    def points(self, key: str) -> int:
        """A price or worth in points."""
        return self.count(key, MOST_POINTS)

    def points_or_hard(self, key: str) -> tuple[int, bool]:
        """A price in points, or the word "hard": 0 and True, as what must be met has no price."""
        if self._values.get(key) == "hard":
            self._read.add(key)
            return 0, True
        try:
            return self.points(key), False
        except PolicyError as error:
            raise self.wrong(key, f'{error.problem}; or "hard", where the floor must be met') from None

    def even_points(self, key: str) -> int:
        """A price in points that two children bear in equal parts: nothing is rounded, so it has two equal parts."""
        value = self.points(key)
        if value % 2:
            raise self.wrong(key, "must be even, as each of two children bears half of it")
        return value

    def only(self, key: str, read: Callable[[Section, str], int]) -> int:
        """The single value of a section that has just the one."""
        value = read(self, key)
        self.finish()
        return value

    def counts(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        value = self._take(key)
        if not isinstance(value, list) or any(type(n) is not int or not 0 <= n <= MOST_OF_ANYTHING for n in value):
            raise self.wrong(key, f"must be a list of whole numbers from 0 to {MOST_OF_ANYTHING}")
        return tuple(value)

    def decimal(self, key: str) -> Decimal:
        """A number greater than nothing."""
        value = self._convert(self._take(key), Decimal, key)
        if not value > 0:
            raise self.wrong(key, "must be more than 0")
        return Decimal(value)

    def permille(self, key: str) -> int:
        """A share from 0 to 1 with at most three decimals, as whole per mille."""
        value = self._convert(self._take(key), Decimal, key)
        if not 0 <= value <= 1 or value * 1000 != int(value * 1000):
            raise self.wrong(key, "must be a share from 0 to 1 with at most three decimals, such as 0.85")
        return int(value * 1000)

    def day(self, key: str) -> date:
        """A date such as 2023-11-01."""
        value = self._take(key)
        if type(value) is not date:
            raise self.wrong(key, "must be a date such as 2023-11-01, without quotation marks")
        return value

    def code(self, key: str, codes: type[AnyCode]) -> AnyCode:
        """One word of a code list."""
        value = self._take(key)
        if value not in list(codes):
            raise self.wrong(key, "must be one of: " + ", ".join(codes))
        return codes(value)

    def gss(self, key: str) -> str:
        """A GSS code of an authority, such as E06000018."""
        return self._gss(self._take(key), key)

    def gss_list(self, key: str) -> tuple[str, ...]:
        """GSS codes of authorities."""
        value = self._take(key)
        if not isinstance(value, list):
            raise self.wrong(key, "must be a list of authority codes")
        return tuple(self._gss(item, key) for item in value)

    def outline(self, key: str) -> Polygon | None:
        """A GeoJSON geometry as text; None where the key is left out."""
        if key not in self._values:
            self._read.add(key)
            return None
        try:
            zone = zone_from_json(json.loads(self.text(key)))
        except (ZoneError, ValueError) as error:
            raise self.wrong(key, f"is not a usable GeoJSON polygon ({error})") from error
        if not isinstance(zone, Polygon):
            raise self.wrong(key, "must be a polygon")
        return zone

    def params(self, declared: type[Any]) -> Any:
        """The parameters a unit declares, every one of them given here."""
        if not is_dataclass(declared):
            raise TypeError(f"{declared} must be a dataclass")
        hints = get_type_hints(declared)
        values = {f.name: self._convert(self._take(f.name), hints[f.name], f.name) for f in fields(declared)}
        try:
            return declared(**values)
        except ValueError as error:
            raise self.wrong("", str(error)) from error

    def _take(self, key: str) -> Any:
        self._read.add(key)
        if key not in self._values:
            raise self.wrong(key, "is missing")
        return self._values[key]

    def _table(self, value: Any, key: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self.wrong(key, "must be a table")
        return value

    def _gss(self, value: Any, key: str) -> str:
        if not isinstance(value, str) or not _GSS.fullmatch(value):
            raise self.wrong(key, "must be an authority code such as E06000018")
        return value

    def _convert(self, value: Any, hint: Any, key: str) -> Any:
        """The value as the type asked for, or an error that says what was expected."""
        origin = get_origin(hint)
        if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
            of_key, of_value = get_args(hint)
            return {
                self._convert(name, of_key, key): self._convert(item, of_value, f"{key}.{name}")
                for name, item in self._table(value, key).items()
            }
        if origin in (tuple, frozenset, list):
            if not isinstance(value, list):
                raise self.wrong(key, "must be a list")
            return origin(self._convert(item, get_args(hint)[0], key) for item in value)
        return self._scalar(value, hint, key)

    def _scalar(self, value: Any, hint: Any, key: str) -> Any:
        if isinstance(hint, type) and issubclass(hint, Code):
            if value not in list(hint):
                raise self.wrong(key, "must be one of: " + ", ".join(hint))
            return hint(value)
        is_number = hint in (int, Decimal) and type(value) in (int, Decimal) and Decimal(value).is_finite()
        if is_number and abs(value) > MOST_OF_ANYTHING:
            raise self.wrong(key, f"must not be larger than {MOST_OF_ANYTHING}")
        if hint is Decimal and is_number:
            return Decimal(value)
        if hint in (int, bool, str) and type(value) is hint:
            return value
        raise self.wrong(key, f"must be a {_NAMES.get(hint, str(hint))}")


_NAMES: Mapping[Any, str] = types.MappingProxyType(
    {int: "whole number", bool: "true or false", str: "text", Decimal: "number"}
)
