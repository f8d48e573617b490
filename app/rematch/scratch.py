"""The folders in which problems and answers lie while a solver works, and what is read from there.

Whatever the solver's process has left in its folder may be anything: a pipe that nobody writes to, a link to a device,
a file without an end. Only an ordinary file is opened, without following a link or waiting, and read up to a limit.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from app.rematch.packing import NotWhole

PREFIX = "placement-solver-"
OLD_S = 24 * 60 * 60
"""A folder that nothing was written into for so long belongs to nobody who is still at work."""

PIECE = 1 << 20


def new_folder() -> tempfile.TemporaryDirectory[str]:
    """An empty folder of our own; it goes when it is cleaned up, whatever lies in it. Raises `OSError`."""
    return tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)


def clear_old() -> None:
    """Remove our folders that were left behind: whoever made them was killed before clearing up."""
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            with suppress(OSError):
                about = folder.lstat()
                is_ours = stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid()
                if is_ours and time.time() - about.st_mtime > OLD_S:
                    shutil.rmtree(folder, ignore_errors=True)


def whole_file(path: Path, most: int) -> bytes:
    """The bytes of an ordinary file of at most so many. Raises `NotWhole` for anything else, and `OSError`."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NotWhole("the answer is no ordinary file")
        read = bytearray()
        while piece := file.read(PIECE):
            read += piece
            if len(read) > most:
                raise NotWhole("the file is far too large")
    return bytes(read)
