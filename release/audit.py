"""`python -m release.audit LOCK`: are weaknesses known of what is locked? Asks by `pip-audit`.

Exit code 0: every package was looked up and nothing is known. 1: something is known. 2: it could not be found out,
for want of a network or of the service; which is no answer, and never taken for one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CLEAN, KNOWN, NOT_FOUND_OUT = 0, 1, 2

OFFLINE = (
    "The vulnerability service of the package index could not be asked{of}, so nothing is known either way. "
    "This needs a network that reaches it; run it again there."
)


def audit(lock: Path) -> tuple[int, str]:
    """Exit code, and what to say."""
    command = [
        "pip-audit",
        "-r",
        str(lock),
        "--disable-pip",
        "--require-hashes",
        "--progress-spinner=off",
        "-f",
        "json",
    ]
    program = str(Path(sys.executable).with_name(command[0]))
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return NOT_FOUND_OUT, OFFLINE.format(of="")
    return verdict(found)


def verdict(found: list[dict[str, Any]]) -> tuple[int, str]:
    """What comes of the answers, package by package."""
    known = [
        f"{one['name']} {one['version']}: {weakness['id']}" + _mended(weakness)
        for one in found
        for weakness in one.get("vulns", [])
    ]
    if known:
        return KNOWN, "\n".join(["Weaknesses are known:", *known])
    skipped = [one["name"] for one in found if "skip_reason" in one]
    if skipped or not found:
        return NOT_FOUND_OUT, OFFLINE.format(of=f" about {len(skipped)} of {len(found)} packages")
    return CLEAN, f"{len(found)} packages, no weakness known."


def _mended(weakness: dict[str, Any]) -> str:
    versions = ", ".join(weakness.get("fix_versions", []))
    return f" (mended in {versions})" if versions else ""


if __name__ == "__main__":
    code, said = audit(Path(sys.argv[1]))
    sys.stdout.write(said + "\n")
    sys.exit(code)
