"""`docs/add-a-rule.md` by the letter: its blocks put into a copy of the project, and judged there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/add-a-rule.md"
STEP = re.compile(r"^## \d\. (.*?)\n(.*?)(?=^## )", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _steps() -> dict[str, tuple[str, list[str]]]:
    """What each step is about: the file it names, and its blocks."""
    found = {}
    for title, text in STEP.findall(PAGE.read_text(encoding="utf-8")):
        what, _, file = title.partition(": ")
        found[what] = (file.strip("`"), BLOCK.findall(text))
    return found


def _put_in(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file.name}: {old!r}"
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project with every step of the page taken."""
    for name in ("app", "policies", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "var").symlink_to(ROOT / "var")
    steps = _steps()
    file, [rule] = steps["The file"]
    (tmp_path / file).write_text(rule, encoding="utf-8")
    name = Path(file).stem
    rules = tmp_path / steps["The line"][0]
    after = "from app.matching.rules.essential_needs import ESSENTIAL_NEEDS\n"
    _put_in(rules, after, f"from app.matching.rules.{name} import {name.upper()}\n{after}")
    _put_in(rules, "    PETS,\n)", f"    PETS,\n    {name.upper()},\n)")
    _file, [counts, counts_not] = steps["The policies"]
    for number, policy in enumerate(sorted((tmp_path / "policies").glob("*.toml"))):
        policy.write_text(policy.read_text(encoding="utf-8") + "\n" + (counts_not if number else counts), "utf-8")
    file, [test] = steps["The test"]
    (tmp_path / file).write_text(test, encoding="utf-8")
    file, [second, calm] = steps["The second opinion"]
    reference = tmp_path / file
    _put_in(reference, "\n\nCHILD_RULES:", f"\n\n{second}\n\nCHILD_RULES:")
    _put_in(reference, '    "pets": pets,\n', f'    "pets": pets,\n    "{name}": {name},\n')
    _put_in(reference, "    Answer,\n", "    Answer,\n    Disability,\n")
    homes = tmp_path / "tests/support/random_homes.py"
    [known] = re.findall(rf"^ +{calm.split('=')[0].strip()}=.*\n", homes.read_text(encoding="utf-8"), re.MULTILINE)
    _put_in(homes, known, calm)
    return tmp_path


def _run(copy: Path, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]


def test_the_page_by_the_letter_ends_green(copy: Path) -> None:
    """The rule is clean and judges as its test says; every policy names it; it reads nothing it may not."""
    folders = ("app/matching/rules", "tests/matching/rules", "tests/reference", "tests/support")
    _run(copy, "ruff", "check", "--no-cache", *folders)
    _run(copy, "ruff", "format", "--no-cache", "--check", *folders)
    _run(copy, "app.cli", "policy", "check")
    file, _blocks = _steps()["The test"]
    _run(copy, "pytest", "-q", "-p", "no:cacheprovider", file, "tests/laws/test_not_modelled.py")
