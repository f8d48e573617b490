"""The release gate is in `make test`: each of its proofs by its number, on both databases where there is one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.support.release_gate import GATE, numbers

TESTS = Path(__file__).parents[1]
BOTH = {"sqlite", "postgresql"}

WITHOUT_A_DATABASE = {2, 3, 4, 5, 17}
"""The solver's answers, snapshots and the solver's process: no database has a part in them."""


@dataclass(frozen=True)
class Proof:
    """A test whose docstring names a number of the gate."""

    file: Path
    test: ast.FunctionDef

    @property
    def where(self) -> str:
        """For a message."""
        return f"{self.file.relative_to(TESTS)}::{self.test.name}"


@cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _functions(file: Path) -> list[ast.FunctionDef]:
    return [node for node in _parsed(file).body if isinstance(node, ast.FunctionDef)] if file.exists() else []


def _proofs() -> Iterator[tuple[int, Proof]]:
    for file in sorted(TESTS.rglob("test_*.py")):
        for function in _functions(file):
            if function.name.startswith("test_"):
                for number in numbers(ast.get_docstring(function)):
                    yield number, Proof(file, function)


def _texts(*nodes: ast.AST) -> set[str]:
    """Every text that stands in these."""
    found = (node for each in nodes for node in ast.walk(each) if isinstance(node, ast.Constant))
    return {node.value for node in found if isinstance(node.value, str)}


def _words(function: ast.FunctionDef) -> set[str]:
    """Every text in the decorators of a test or fixture."""
    return _texts(*function.decorator_list)


def _named_decorators(proof: Proof) -> set[str]:
    """The same of a mark that has a name in the file of the test."""
    names = {node.id for node in proof.test.decorator_list if isinstance(node, ast.Name)}
    given = [node for node in _parsed(proof.file).body if isinstance(node, ast.Assign)]
    return _texts(*(node.value for node in given if {t.id for t in node.targets if isinstance(t, ast.Name)} & names))


def _fixture(name: str, near: Path) -> tuple[ast.FunctionDef, Path] | None:
    """The fixture of this name that a test in this file is given: its own file's, or that of the nearest folder."""
    for file in (near, *(folder / "conftest.py" for folder in near.parents if TESTS in (folder, *folder.parents))):
        for function in _functions(file):
            if function.name == name and function.decorator_list:
                return function, file
    return None


def _is_on_both(function: ast.FunctionDef, file: Path, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a fixture on the way from the test is there once for each database."""
    for argument in function.args.args:
        found = None if argument.arg in seen else _fixture(argument.arg, file)
        if found is not None:
            fixture, where = found
            if _words(fixture) >= BOTH or _is_on_both(fixture, where, seen | {argument.arg}):
                return True
    return False


def on_both(proof: Proof) -> bool:
    """Whether the test is made for each database: by a mark of its own, or by what it is given."""
    words = _words(proof.test) | _named_decorators(proof)
    by_ways = {"backup_api", "pg_dump"} <= words  # a way of backing up belongs to one kind of database
    return words >= BOTH or by_ways or _is_on_both(proof.test, proof.file)


RESTS_ON = {1: "at_once", 6: "at_once", 7: "histories", 8: "live", 9: "officer_and_run", 11: "at_once", 22: "tried"}
"""By what a proof is made, where it is many at the same moment, a model, or every cell of a matrix."""


def _does(function: ast.FunctionDef, file: Path) -> set[str]:
    """Every name that a test uses, and those that functions use which it calls in its own file."""
    names, known = set[str](), {each.name: each for each in _functions(file)}
    left = [function]
    while left:
        found = {node.id for node in ast.walk(left.pop()) if isinstance(node, ast.Name)} - names
        names |= found
        left += [known[name] for name in found if name in known]
    return names


def checks_something(proof: Proof) -> bool:
    """Whether the test, or what it calls in its own file, asserts anything or wants something to be refused."""
    names = _does(proof.test, proof.file)
    own = [each for each in _functions(proof.file) if each.name in names or each is proof.test]
    found = [node for each in own for node in ast.walk(each)]
    wants = any(isinstance(node, ast.Attribute) and node.attr == "raises" for node in found)
    return wants or any(isinstance(node, ast.Assert) for node in found)


@pytest.mark.parametrize("number", sorted(GATE), ids=lambda number: f"T-{number:02}")
def test_each_proof_is_there(number: int) -> None:
    """By its number in the docstring of a test that checks something, and by what it is made of.

    Where a database has a part in it, for each of the two.
    """
    proofs = [proof for found, proof in _proofs() if found == number]
    assert proofs, f"no test names T-{number:02} in its docstring"
    assert all(checks_something(proof) for proof in proofs), [proof.where for proof in proofs]
    proofs = [proof for proof in proofs if RESTS_ON.get(number, "") in {"", *_does(proof.test, proof.file)}]
    assert proofs, f"no test of T-{number:02} is made with {RESTS_ON[number]}"
    if number not in WITHOUT_A_DATABASE:
        assert any(on_both(proof) for proof in proofs), [proof.where for proof in proofs]


def test_a_number_alone_is_no_proof(tmp_path: Path) -> None:
    """A test that names a number and looks at nothing does not count; one that asserts by a function it calls does."""
    file = tmp_path / "test_some.py"
    says = 'def test_a():\n    """T-01."""\n    found()\n\ndef test_b():\n    """T-01."""\n    whole()\n\n'
    file.write_text(says + "def whole():\n    assert True\n", encoding="utf-8")
    made = {function.name: Proof(file, function) for function in _functions(file)}
    assert not checks_something(made["test_a"])
    assert checks_something(made["test_b"])


def test_one_database_alone_is_found() -> None:
    """A test that is given one kind alone does not count; one that is given both does."""
    file = TESTS / "store" / "test_audit.py"
    made = {function.name: Proof(file, function) for function in _functions(file)}
    assert on_both(made["test_an_entry_is_stored_with_what_it_tells"])
    assert not on_both(made["test_a_child_needs_to_be_named"])
