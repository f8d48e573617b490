"""`python -m app.cli` is `placement`."""

from __future__ import annotations

from app.cli import app

app()
