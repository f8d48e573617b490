"""What is read from a solver's folder is an ordinary file of a limited size, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rematch import scratch
from app.rematch.packing import NotWhole
from app.rematch.scratch import new_folder, whole_file


@given(size=st.integers(0, 50), most=st.integers(0, 50))
def test_a_file_is_read_whole_or_refused(size: int, most: int) -> None:
    """Up to the limit and no byte further, however large the pieces are in which it is read."""
    with pytest.MonkeyPatch.context() as patch, new_folder() as folder:
        patch.setattr(scratch, "PIECE", 7)
        path = Path(folder) / "answer"
        path.write_bytes(bytes(range(size)))
        if size > most:
            with pytest.raises(NotWhole, match="too large"):
                whole_file(path, most)
        else:
            assert whole_file(path, most) == bytes(range(size))


def test_a_device_is_no_answer() -> None:
    """It would give bytes for ever, or wait for ever."""
    with pytest.raises(NotWhole, match="no ordinary file"):
        whole_file(Path("/dev/zero"), 100)


def test_a_pipe_is_no_answer(tmp_path: Path) -> None:
    """Nobody waits for someone to write into it."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotWhole, match="no ordinary file"):
        whole_file(tmp_path / "pipe", 100)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """It could lead anywhere, to the records of another night for one."""
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(OSError, match="symbolic links"):
        whole_file(tmp_path / "link", 100)
