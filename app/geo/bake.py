"""Make the postcode directory: `python -m app.geo.bake [--out var/geo] [--force]`.

Writes one array and one description. The array's file name holds its hash, and the description, which names
it, is replaced last and in one step: a reader sees the old directory or the new one, never a mixture. Where
the folder already holds this very source, whole, nothing is done.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from app.geo.cells import Cells
from app.geo.ons import BakeError, Columns, Say, Source, codes, packaged_source, read_columns
from app.geo.postcodes import ABSENT, DEFAULT_FOLDER, DESCRIPTION, FORMAT

DISK_NEEDED = 200_000_000
"""Bytes that must be free: the array is about 60 MB, and for a moment the old and the new stand together."""

ATTRIBUTION = (
    "Source: Office for National Statistics licensed under the Open Government Licence v.3.0",
    "Contains OS data © Crown copyright and database right {year}",
    "Contains Royal Mail data © Royal Mail copyright and database right {year}",
    "Contains GeoPlace data © Local Government Information House Limited copyright and database right {year}",
)
"""What the licence asks every user of the data to show. No Northern Ireland positions are kept."""


def bake(
    out: Path = DEFAULT_FOLDER,
    source: Source | None = None,
    *,
    force: bool = False,
    say: Say = lambda _: None,
) -> bool:
    """Make the directory in `out`; False where it was already up to date. Raises `BakeError`.

    Two bakes of one folder wait for each other, so any number of processes may call this.
    """
    source = source or packaged_source()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with _alone(out):
            if not force and _up_to_date(out, source.fingerprint()):
                return False
            free = shutil.disk_usage(out).free
            if free < DISK_NEEDED:
                raise BakeError(
                    f"The bake needs {DISK_NEEDED // 1_000_000} MB of free disk and there are "
                    f"{free // 1_000_000} MB: make room, or choose another folder with --out."
                )
            columns, counts = read_columns(source, say)
            _write(out, columns, counts, source)
            return True
    except OSError as error:
        raise BakeError(f"Cannot write the postcode directory: {error.strerror or error}.") from error


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    with (out / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file closes, also by a crash
        yield


def _up_to_date(out: Path, fingerprint: str) -> bool:
    """Whether the folder holds this very source, whole."""
    try:
        description = json.loads((out / DESCRIPTION).read_text(encoding="utf-8"))
        if description["format"] != FORMAT or description["fingerprint"] != fingerprint:
            return False
        with (out / description["data"]).open("rb") as data:
            return bool(hashlib.file_digest(data, "sha256").hexdigest() == description["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write(out: Path, columns: Columns, counts: dict[str, int], source: Source) -> None:
    on_grid = np.flatnonzero(columns.eastings != ABSENT).astype(np.uint32)
    cells = Cells.of(columns.eastings[on_grid], columns.northings[on_grid], on_grid)
    parts = (columns.numbers, columns.eastings, columns.northings, columns.authorities)
    flat = np.concatenate([*parts, cells.order, cells.starts])
    draft = out / f"draft-{os.getpid()}.npy"
    try:
        np.save(draft, flat)
        with draft.open("rb") as data:
            sha256 = hashlib.file_digest(data, "sha256").hexdigest()
            os.fsync(data.fileno())
        data_name = f"postcodes-{sha256[:16]}.npy"
        draft.replace(out / data_name)
        description = {
            "format": FORMAT,
            "version": source.version,
            "attribution": [line.format(year=source.year) for line in ATTRIBUTION],
            "fingerprint": source.fingerprint(),
            "data": data_name,
            "sha256": sha256,
            "rows": len(columns.numbers),
            "rows_on_grid": len(on_grid),
            "counts": counts,
            "authorities": codes(),
        }
        draft.write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        draft.replace(out / DESCRIPTION)
    finally:
        draft.unlink(missing_ok=True)
    for old in {*out.glob("postcodes-*.npy"), *out.glob("draft-*.npy")} - {out / data_name}:
        old.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Exit status 0 when the directory stands, 1 with one line of advice when it cannot."""
    parser = argparse.ArgumentParser(prog="python -m app.geo.bake", description="Make the postcode directory.")
    parser.add_argument("--out", type=Path, default=DEFAULT_FOLDER, help="folder (default: var/geo)")
    parser.add_argument("--force", action="store_true", help="make it again even if it is up to date")
    options = parser.parse_args(arguments)
    try:
        made = bake(options.out, force=options.force, say=_progress)
    except BakeError as error:
        _progress("")
        sys.stderr.write(f"{error}\n")
        return 1
    _progress("")
    sys.stderr.write("Postcode directory made.\n" if made else "Postcode directory is up to date.\n")
    return 0


def _progress(text: str) -> None:
    """Show a line in place of the one before; a file or a pipe gets none, where they would run into one another."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text:<70}\r")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
