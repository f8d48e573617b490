"""An end to every request, though what it began cannot always be stopped."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from app.api import guard
from app.main import create_app
from app.store import load
from tests.api.service import TODAY, settings_for
from tests.support.access import client_of


def test_who_waits_too_long_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In time, while the work goes on; it is counted as work until it has really ended, and nothing else suffers."""
    go, begun = threading.Event(), threading.Event()
    page = load.homes_page

    def slow(*arguments: Any) -> Any:
        begun.set()
        assert go.wait(30)
        return page(*arguments)

    settings = settings_for(
        f"sqlite:///{tmp_path / 'time.db'}",
        request_timeout_s=1,
        requests_at_once=1,
        requests_waiting=1,
        request_wait_ms=100,
    )
    app = create_app(settings, lambda: TODAY)
    with client_of(app) as client:
        monkeypatch.setattr(load, "homes_page", slow)
        monkeypatch.setattr(guard, "PATIENCE_S", 60)  # else the next would be let in
        answer = client.get("/homes")
        assert (answer.status_code, answer.json()["code"]) == (503, "work_too_long")
        assert answer.headers["Retry-After"] == "5"
        assert begun.is_set()
        assert client.get("/policies").json()["code"] == "overloaded", "its place is still taken"
        assert client.get("/health/live").status_code == 200
        go.set()
        monkeypatch.setattr(load, "homes_page", page)
        assert any(client.get("/policies").status_code == 200 for _ in range(100)), "its place was given back"
        assert client.get("/homes").status_code == 200
