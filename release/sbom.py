"""`python -m release.sbom LOCK OUT`: what the service is made of, as CycloneDX, from the lock file alone.

Needs no network. Every package is named with its version and the SHA-256 of each file that may be installed for it,
and the licence that the installed package declares. The same lock gives the same bytes.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?==(?P<version>[^ ;\\]+)\s*(;(?P<marker>[^\\]*))?")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Pin:
    """A line of the lock: what is installed, and where (`marker`, empty for everywhere)."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def pins(lock: str) -> Iterator[Pin]:
    """Every package of a lock file. Raises `ValueError` for one without a hash: it could be anything."""
    for block in re.split(r"\n(?=\S)", lock.replace("\\\n", " ")):
        found = _PIN.match(block)
        if found is None:
            continue
        hashes = tuple(sorted(_HASH.findall(block)))
        if not hashes:
            raise ValueError(f"{found['name']} has no hash in the lock.")
        marker = re.sub(_HASH, "", found["marker"] or "").strip()
        yield Pin(found["name"].lower(), found["version"], marker, hashes)


def bill(lock: str, name: str, version: str) -> str:
    """The bill of materials as JSON."""
    made = Bom(serial_number=uuid5(NAMESPACE_URL, f"{name}/{version}/{lock}"))
    made.metadata.timestamp = None  # type: ignore[assignment]
    ours = Component(name=name, version=version, type=ComponentType.APPLICATION, bom_ref=name)
    made.metadata.component = ours
    parts = [_component(pin) for pin in sorted(pins(lock), key=lambda pin: pin.name)]
    made.components.update(parts)
    made.register_dependency(ours, parts)
    return JsonV1Dot6(made).output_as_string(indent=2)


def _component(pin: Pin) -> Component:
    purl = PackageURL("pypi", name=pin.name, version=pin.version)
    about = [Property(name="placement:sha256", value=value) for value in pin.hashes]
    about += [Property(name="placement:only-if", value=pin.marker)] if pin.marker else []
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        purl=purl,
        bom_ref=purl.to_string(),
        properties=about,
        licenses=_licences(pin),
    )


def _licences(pin: Pin) -> list[DisjunctiveLicense]:
    """What the installed package says of itself; nothing where it is not installed here."""
    try:
        told = metadata.metadata(pin.name)
    except metadata.PackageNotFoundError:
        return []
    expression = told.get("License-Expression")
    lines = told.get_all("Classifier", [])
    names = [expression] if expression else [line.rpartition(" :: ")[2] for line in lines if line[:10] == "License ::"]
    return [DisjunctiveLicense(name=name) for name in dict.fromkeys(names)]


def main(lock: Path, out: Path) -> None:
    """Write the file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    out.parent.mkdir(parents=True, exist_ok=True)
    written = bill(lock.read_text(encoding="utf-8"), project["name"], project["version"])
    out.write_text(written + "\n", encoding="utf-8")
    sys.stdout.write(f"{out}: {len(list(pins(lock.read_text(encoding='utf-8'))))} packages\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
