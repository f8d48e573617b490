"""`docs/add-a-rule.md` and `docs/add-a-criterion.md` by the letter: their blocks put into a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULE = ROOT / "docs/add-a-rule.md"
CRITERION = ROOT / "docs/add-a-criterion.md"
STEP = re.compile(r"^## \d\. (.*?)\n(.*?)(?=^## )", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _steps(page: Path) -> dict[str, tuple[str, list[str]]]:
    """What each step is about: the file it names, and its blocks."""
    found = {}
    for title, text in STEP.findall(page.read_text(encoding="utf-8")):
        what, _, file = title.partition(": ")
        found[what] = (file.strip("`"), BLOCK.findall(text))
    return found


def _put_in(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file.name}: {old!r}"
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project, to be changed."""
    for name in ("app", "policies", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "var").symlink_to(ROOT / "var")
    return tmp_path


def _begun(copy: Path, page: Path, imported: str, last: str) -> tuple[str, dict[str, tuple[str, list[str]]]]:
    """The steps that both pages share are taken: file, line, policies, test. The code, and what each step says."""
    steps = _steps(page)
    file, [made] = steps["The file"]
    (copy / file).write_text(made, encoding="utf-8")
    name = Path(file).stem
    listed = copy / steps["The line"][0]
    module = ".".join(Path(file).with_suffix("").parts)
    _put_in(listed, imported, f"from {module} import {name.upper()}\n{imported}")
    _put_in(listed, f"    {last},\n)", f"    {last},\n    {name.upper()},\n)")
    _file, [counts, counts_not] = steps["The policies"]
    for number, policy in enumerate(sorted((copy / "policies").glob("*.toml"))):
        policy.write_text(policy.read_text(encoding="utf-8") + "\n" + (counts_not if number else counts), "utf-8")
    file, [test] = steps["The test"]
    (copy / file).write_text(test, encoding="utf-8")
    return name, steps


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


def test_a_rule_by_the_letter_ends_green(copy: Path) -> None:
    """The rule is clean and judges as its test says; every policy names it; it reads nothing it may not."""
    after = "from app.matching.rules.essential_needs import ESSENTIAL_NEEDS\n"
    name, steps = _begun(copy, RULE, after, "PETS")
    file, [second, calm] = steps["The second opinion"]
    reference = copy / file
    _put_in(reference, "\n\nCHILD_RULES:", f"\n\n{second}\n\nCHILD_RULES:")
    _put_in(reference, '    "pets": pets,\n', f'    "pets": pets,\n    "{name}": {name},\n')
    _put_in(reference, "    Answer,\n", "    Answer,\n    Disability,\n")
    homes = copy / "tests/support/random_homes.py"
    [known] = re.findall(rf"^ +{calm.split('=')[0].strip()}=.*\n", homes.read_text(encoding="utf-8"), re.MULTILINE)
    _put_in(homes, known, calm)
    folders = ("app/matching/rules", "tests/matching/rules", "tests/reference", "tests/support")
    _run(copy, "ruff", "check", "--no-cache", *folders)
    _run(copy, "ruff", "format", "--no-cache", "--check", *folders)
    _run(copy, "app.cli", "policy", "check")
    _run(copy, "pytest", "-q", "-p", "no:cacheprovider", steps["The test"][0], "tests/laws/test_not_modelled.py")


@pytest.mark.slow
def test_a_criterion_by_the_letter_ends_green(copy: Path) -> None:
    """Clean, named by every policy; its test, what holds of every criterion, and the second opinion all agree."""
    name, steps = _begun(copy, CRITERION, "from app.matching.criteria.identity import IDENTITY\n", "FEE")
    file, [second, kinds] = steps["The second opinion"]
    reference = copy / file
    _put_in(reference, "\n\nCRITERIA:", f"\n\n{second}\n\nCRITERIA:")
    _put_in(reference, '    "fee": fee,\n', f'    "fee": fee,\n    "{name}": {name},\n')
    every, agrees = "tests/matching/criteria/test_every_criterion.py", "tests/laws/test_reference_agrees.py"
    for line in kinds.splitlines():
        which = line.partition(" = ")[0]
        [before] = re.findall(rf"^{which} = .*$", (copy / agrees).read_text(encoding="utf-8"), re.MULTILINE)
        _put_in(copy / agrees, before, line)
    folders = ("app/matching/criteria", "tests/matching/criteria", "tests/reference", agrees)
    _run(copy, "ruff", "check", "--no-cache", *folders)
    _run(copy, "ruff", "format", "--no-cache", "--check", *folders)
    _run(copy, "app.cli", "policy", "check")
    ours = f"{name} or fewer or pairs[0]"
    _run(
        copy,
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not slow",
        "-k",
        ours,
        steps["The test"][0],
        every,
        agrees,
    )
