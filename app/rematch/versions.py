"""What a result may depend on besides its input: the versions of the code and of what it stands on."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app.geo.postcodes import DEFAULT_FOLDER, DESCRIPTION

PACKAGES = ("numpy", "ortools", "scipy", "shapely", "pyproj")
DECIDING = ("geo", "matching", "rematch")
"""Parts of the code that a result depends on."""

SHOWN = 16


def versions(postcodes: Path = DEFAULT_FOLDER) -> Mapping[str, str]:
    """Versions by name. `code`: a hash of the deciding parts' own text. `postcodes`: of the directory, if any."""
    found = {"placement": _installed("placement-matching"), "code": _code(), "python": platform.python_version()}
    found |= {package: _installed(package) for package in PACKAGES}
    if (directory := _postcodes(postcodes)) is not None:
        found["postcodes"] = directory
    return found


def differing(made_with: Mapping[str, str]) -> tuple[str, ...]:
    """Names of what here is another version than a snapshot was made with."""
    here = versions()
    return tuple(sorted(name for name, value in made_with.items() if name in here and here[name] != value))


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


@cache
def _code() -> str:
    app = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(path for part in DECIDING for path in (app / part).rglob("*.py")):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(app).as_posix()} {len(text)}\n".encode() + text)
    return digest.hexdigest()[:SHOWN]


def _postcodes(folder: Path) -> str | None:
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        return str(description["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
