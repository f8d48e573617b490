"""The Makefile's promises that can be kept or broken without a network."""

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _make(folder: Path, *arguments: str, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
    """Run make with a copy of the Makefile in a folder that is otherwise the test's own."""
    shutil.copy(ROOT / "Makefile", folder)
    environment = {"PATH": path, "HOME": str(folder)}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_is_the_default_and_lists_every_target(tmp_path: Path) -> None:
    """`make` alone says what there is; a target without its line of help is noticed."""
    [phony] = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    shown = _make(tmp_path).stdout
    assert set(re.findall(r"^  make ([a-z-]+)", shown, re.MULTILINE)) == set(phony.split())


def test_without_a_suitable_python_it_says_what_to_install(tmp_path: Path) -> None:
    """Where every Python is too old or only a stand-in, the answer is advice, not a stack trace."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("python3", "python3.11", "python3.12"):
        (tools / name).write_text("#!/bin/sh\nexit 127\n")
        (tools / name).chmod(0o755)
    for name in ("bash", "make", "sh"):
        source = next(Path(folder) / name for folder in os.defpath.split(":") if (Path(folder) / name).exists())
        (tools / name).symlink_to(source)
    answer = _make(tmp_path, ".venv/.made", path=str(tools))
    assert answer.returncode != 0
    assert "apt-get install python3 python3-venv" in answer.stdout
    assert not (tmp_path / ".venv").exists()


def _installed(folder: Path, **answers: int) -> None:
    """A folder in which everything is as if it were installed; each tool says that it ran, and ends so."""
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / "var/geo").mkdir(parents=True)
    (folder / "app/geo").mkdir(parents=True)
    for source in ("requirements.lock", "requirements-build.lock", "requirements-dev.lock", "pyproject.toml"):
        (folder / source).touch()
    for name in ("ruff", "mypy", "lint-imports", "python"):
        tool = folder / ".venv/bin" / name
        tool.write_text(f"#!/bin/sh\necho ran {name} $*\nexit {answers.get(name, 0)}\n")
        tool.chmod(0o755)
    for stamp in (".venv/.made", ".venv/.runtime-ready", ".venv/.dev-ready", "var/geo/.ready"):
        (folder / stamp).touch()


def test_a_failed_step_fails_the_whole_and_hides_no_later_one(tmp_path: Path) -> None:
    """`make test` goes on after a failed lint, and still ends in failure."""
    _installed(tmp_path, ruff=1)
    answer = _make(tmp_path, "test")
    for step in ("ran ruff check", "Not formatted", "ran mypy", "ran lint-imports", "ran python -m pytest"):
        assert step in answer.stdout
    assert answer.returncode != 0


def test_a_campaign_is_a_whole_one_unless_a_quick_one_is_asked_for(tmp_path: Path) -> None:
    """No name of the Makefile's own is taken for what was asked."""
    _installed(tmp_path)
    said = [_make(tmp_path, "campaign", *asked).stdout.split() for asked in ([], ["QUICK=1"], ["ONLY=kills"])]
    ran = ["ran", "python", "-m", "tests.campaign"]
    assert said == [ran, [*ran, "--quick"], [*ran, "--only", "kills"]]
