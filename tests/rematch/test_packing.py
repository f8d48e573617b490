"""Files of arrays are whole or refused; problems and claims cross unchanged."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from app.matching.problem import Problem
from app.rematch.crossing import read_claim, read_problem, write_claim, write_problem
from app.rematch.packing import NotWhole, pack, unpack, unpack_file
from app.rematch.solving import solved
from tests.matching.solving.random_problems import random_problem

ARRAYS = {
    "long": np.arange(-3, 4, dtype=np.int64),
    "keys": np.array([0, (1 << 64) - 1], np.uint64),
    "table": np.arange(6, dtype=np.int32).reshape(2, 3),
    "flags": np.array([1, 2, 255], np.uint8),
    "none": np.zeros((0, 2), np.int32),
    "stepped": np.arange(10, dtype=np.int64)[::3],
}


@pytest.fixture
def packed(tmp_path: Path) -> bytes:
    """A small file."""
    pack(tmp_path / "some", {"a": 1, "b": None, "c": [2, "x"]}, ARRAYS)
    assert [path.name for path in tmp_path.iterdir()] == ["some"]
    return (tmp_path / "some").read_bytes()


def test_round_trip(packed: bytes, tmp_path: Path) -> None:
    """Values, types, shapes and contents come back; from memory or mapped from the file."""
    for read in (unpack(packed), unpack_file(tmp_path / "some")):
        assert read.values == {"a": 1, "b": None, "c": [2, "x"]}
        assert list(read.arrays) == list(ARRAYS)
        for name, array in ARRAYS.items():
            assert read.arrays[name].dtype == array.dtype
            assert np.array_equal(read.arrays[name], array)


def test_every_bit_counts(packed: bytes) -> None:
    """Whichever byte is changed, the file is refused."""
    for place in range(len(packed)):
        spoilt = bytearray(packed)
        spoilt[place] ^= 1 << (place % 8)
        with pytest.raises(NotWhole):
            unpack(bytes(spoilt))


def test_no_part_will_do(packed: bytes, tmp_path: Path) -> None:
    """A file cut anywhere, or with something behind it, is refused."""
    for size in range(len(packed)):
        with pytest.raises(NotWhole):
            unpack(packed[:size])
    with pytest.raises(NotWhole):
        unpack(packed + b"\x00")
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(NotWhole):
        unpack_file(tmp_path / "empty")


def test_only_known_types(tmp_path: Path) -> None:
    """Nothing but whole numbers crosses."""
    with pytest.raises(TypeError):
        pack(tmp_path / "float", {}, {"x": np.zeros(3)})


def equal(one: object, other: object) -> bool:
    """Whether two records hold the same, arrays included."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if hasattr(one, "__dataclass_fields__"):
        return all(equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(one) if f.compare)
    return bool(one == other)


def test_problems_and_claims_cross_unchanged(tmp_path: Path) -> None:
    """What is read is what was written, field by field; an answer to another problem is refused."""
    proofs = 0
    for seed in range(40):
        problem: Problem = random_problem(seed, 4, 4)
        write_problem(problem, tmp_path / "problem")
        crossed, digest = read_problem(tmp_path / "problem")
        assert equal(crossed, problem)
        claim = solved(problem)
        write_claim(claim, digest, tmp_path / "claim")
        data = (tmp_path / "claim").read_bytes()
        assert equal(read_claim(data, problem, digest), claim)
        proofs += claim.branches is not None
        with pytest.raises(NotWhole):
            read_claim(data, problem, digest[::-1])
    assert proofs >= 3
