"""The maps of the project are whole: what is there stands in them, and what stands in them is there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from app.documents.strict_json import parse_json
from app.errors import JsonRefused

ROOT = Path(__file__).parents[2]
README, CONTRIBUTING = ROOT / "README.md", ROOT / "CONTRIBUTING.md"
PARTS = {
    path.name
    for path in (ROOT / "app").iterdir()
    if (path.is_dir() and (path / "__init__.py").exists()) or (path.suffix == ".py" and path.stem != "__init__")
}


def test_every_part_has_its_place_in_the_map() -> None:
    """CONTRIBUTING says of each part what it holds and what it may know, once, and of none that is gone."""
    rows = [line for line in CONTRIBUTING.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`app/([a-z_]+(?:\.py)?)`", row.split("|")[1])]
    assert sorted(named) == sorted(PARTS)


def test_every_folder_can_be_found_from_the_readme() -> None:
    """Where rules, the API or decisions stand is one look away."""
    tree = README.read_text(encoding="utf-8").partition("## Find your way")[2].split("```")[1]
    named = set(re.findall(r"\bapp/([a-z_]+)\b", tree))
    assert named == {part for part in PARTS if not part.endswith(".py")}


def test_the_declared_layers_name_parts_that_are_there() -> None:
    """A name that nothing has any more would be taken for a part that is guarded."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.search(r"^layers = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert layers is not None
    named = re.findall(r"\((\w+)\)", layers[1])
    exempt = re.findall(r'^  "(\w+)",  # ', text.partition("exhaustive_ignores = [")[2].partition("]")[0], re.MULTILINE)
    assert sorted([*named, *exempt]) == sorted(part.removesuffix(".py") for part in PARTS)


def test_every_page_is_in_the_table_of_contents() -> None:
    """Each page of docs, each record of a decision: in docs/README.md, to which the README leads."""
    docs = ROOT / "docs"
    linked = set(re.findall(r"\]\(([^)#]+\.md)\)", (docs / "README.md").read_text(encoding="utf-8")))
    there = {str(path.relative_to(docs)) for path in docs.rglob("*.md")} - {"README.md"}
    assert there <= linked
    assert "docs/README.md" in README.read_text(encoding="utf-8")


def test_what_the_commands_write_is_never_committed(tmp_path: Path) -> None:
    """Keys, heads, logs of erasures and copies of a database, under the names that the pages tell people to type."""
    page = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    named = re.findall(r"keygen ([\w./]+)|--file=([\w.]+)|--write-log ([\w.]+\.log)|[\" ](backup\.db)", page)
    files = {name for found in named for name in found if name}
    assert {"audit.key", "placement.dump", "backup.db"} <= files
    files |= {"audit.key.pub", "head-2026-11-21.txt", "erasures.log", "var/placement.db", "night.json", "homes.json"}
    shutil.copy(ROOT / ".gitignore", tmp_path)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    command = ["git", "-C", str(tmp_path), "check-ignore", "--no-index", *sorted(files)]
    ignored = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    assert set(ignored) == files


def test_the_example_of_an_error_is_what_is_answered() -> None:
    """What the README shows of a refusal is what the service says, to the letter."""
    [shown] = [json.loads(body) for body in re.findall(r"```json\n(.*?)```", README.read_text("utf-8"), re.DOTALL)]
    with pytest.raises(JsonRefused) as caught:
        parse_json(b'{"k": NaN}')
    assert shown["errors"] == [asdict(problem) for problem in caught.value.problems]
    assert (shown["title"], shown["detail"]) == (JsonRefused.title, JsonRefused.message())
