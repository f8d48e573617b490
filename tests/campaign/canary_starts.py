"""Commands that cannot start, with secrets in what they were given: what they say on the terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.campaign.canary_requests import NAME, REF

ROOT = Path(__file__).parents[2]
WHERE = f"postgresql+psycopg://{NAME}:{REF}@127.0.0.1:1/{NAME}"


def starts() -> Iterator[tuple[str, str]]:
    """What was tried, and all that was said."""
    with tempfile.TemporaryDirectory(prefix="placement-starts-") as name:
        folder = Path(name)
        (folder / "url").write_text(WHERE)
        (folder / "wrong").write_bytes(b"{" + NAME.encode())
        (folder / "not-a-database").write_text(f"{NAME} {REF}" * 100)
        cases = {
            "no such server": {"PLACEMENT_DATABASE_URL": WHERE},
            "no such server, by file": {"PLACEMENT_DATABASE_URL_FILE": str(folder / "url")},
            "given twice": {"PLACEMENT_DATABASE_URL_FILE": str(folder / "url"), "PLACEMENT_DATABASE_URL": WHERE},
            "a file that holds none": {"PLACEMENT_DATABASE_URL_FILE": str(folder / "wrong")},
            "no database": {"PLACEMENT_DATABASE_URL": f"sqlite:///{folder / 'not-a-database'}"},
            "no address": {"PLACEMENT_DATABASE_URL": f"{NAME}://{REF}"},
            "no secret of a provider": {"PLACEMENT_OIDC_CLIENT_SECRET": NAME},
        }
        for what, given in cases.items():
            for command in (["serve", "--no-demo"], ["serve", "--no-demo", "--workers", "2"], ["migrate"], ["worker"]):
                done = subprocess.run(
                    [sys.executable, "-m", "app.cli", *command],
                    env={**os.environ, "PLACEMENT_PORT": "1", **given},
                    cwd=ROOT,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=60,
                )
                if done.returncode == 0:
                    raise AssertionError(f"{what}: it started")
                yield f"{what}: {' '.join(command)}", done.stdout + done.stderr
