"""The account of the machine under which PostgreSQL runs where root starts the tests: it refuses to be root's.

The package makes the account when it first needs it, by `useradd`. Two things can go wrong on a machine that has
no such account yet: several test processes make it at once, and all but one fail; and an environment whose PATH
leaves out the administrator's folders does not find the command.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fasteners

ADMINISTRATORS_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def with_administrators_folders(path: str) -> str:
    """The PATH with the administrator's folders at its end, each once."""
    folders = path.split(os.pathsep) if path else []
    return os.pathsep.join([*folders, *(folder for folder in ADMINISTRATORS_FOLDERS if folder not in folders)])


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process of this user make the account, with its command found, while the others wait."""
    before = os.environ.get("PATH")
    # One lock for each user: a file in the temporary folder belongs to whoever came first.
    with fasteners.InterProcessLock(Path(tempfile.gettempdir(), f"placement-postgres-{os.getuid()}.lock")):
        os.environ["PATH"] = with_administrators_folders(before or os.defpath)
        try:
            yield
        finally:
            if before is None:
                del os.environ["PATH"]
            else:
                os.environ["PATH"] = before
