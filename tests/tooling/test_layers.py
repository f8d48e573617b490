"""The declared layers refuse what they are there to refuse, tried on a project of empty modules."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = (
    "main cli settings errors placing "
    "api.match demo.authority store.load rematch.run "
    "matching.assess matching.solve matching.rules.age geo.grid geo.zones"
).split()


def _lint(folder: Path, imports: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the import linter, with the project contracts, on empty modules some of which import something."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "app").mkdir()
    for module in MODULES:
        file = folder.joinpath("app", *module.split(".")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    for package in [folder / "app", *(path for path in folder.glob("app/**/*") if path.is_dir())]:
        (package / "__init__.py").touch()
    for module, imported in imports.items():
        folder.joinpath("app", *module.split(".")).with_suffix(".py").write_text(f"import {imported}\n")
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_intended_directions_pass(tmp_path: Path) -> None:
    """Each layer may use the next, reads may skip layers, and the two libraries have their one place."""
    answer = _lint(
        tmp_path,
        {
            "cli": "app.main",
            "main": "app.settings",
            "api.match": "app.placing",
            "demo.authority": "app.store.load",
            "placing": "app.store.load",
            "store.load": "sqlalchemy",
            "matching.rules.age": "app.geo.grid",
            "matching.solve": "ortools",
            "geo.zones": "shapely",
        },
    )
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("geo.grid", "app.matching.assess"),
        ("matching.assess", "app.store.load"),
        ("store.load", "app.placing"),
        ("placing", "app.api.match"),
        ("api.match", "app.demo.authority"),
        ("demo.authority", "app.cli"),
        ("matching.assess", "pydantic"),
        ("geo.grid", "fastapi"),
        ("matching.assess", "ortools"),
        ("placing", "ortools"),
        ("matching.assess", "shapely"),
        ("matching.assess", "app.settings"),
        ("store.load", "app.settings"),
    ],
)
def test_a_forbidden_import_is_refused(tmp_path: Path, module: str, imported: str) -> None:
    """One import against the design turns the check red and is named in its answer."""
    answer = _lint(tmp_path, {module: imported})
    assert answer.returncode == 1
    assert "BROKEN" in answer.stdout
    assert f"app.{module} -> {imported}" in answer.stdout


def test_a_module_outside_the_layers_is_refused(tmp_path: Path) -> None:
    """A new part of the application must be given its place before it is used."""
    answer = _lint(tmp_path, {"helpers": "json"})
    assert answer.returncode == 1
    assert "app.helpers" in answer.stdout
