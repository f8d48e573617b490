"""Nothing that anybody can send makes the service fail, or say again what was sent."""

from __future__ import annotations

import json
import logging

import pytest
from starlette.testclient import TestClient

from tests.api.hostile import CANARY, bodies


def test_hostile_bodies_are_refused(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """T-20: three hundred bodies, each a 4xx problem with a cure, nothing repeated, nothing logged, nothing stored."""
    corpus, wrong = bodies(), []
    assert len(corpus) >= 300
    with caplog.at_level(logging.DEBUG, logger="app"):
        for name, (path, body) in corpus.items():
            method = "PUT" if path.count("/") == 2 and not path.endswith("import") else "POST"
            answer = client.request(method, path, content=body, headers={"Content-Type": "application/json"})
            told = answer.text + str(answer.headers)
            problem = answer.json() if answer.status_code != 200 else {}
            if not 400 <= answer.status_code < 500 or CANARY in told or not problem.get("correlation_id"):
                wrong.append((name, answer.status_code, told[:200]))
            if problem.get("code") in {"invalid", "json_refused"} and not all(
                error["cure"] and error["problem"] for error in problem["errors"]
            ):
                wrong.append((name, "no cure", told[:200]))
    assert wrong == []
    assert CANARY not in caplog.text
    assert client.get("/homes").json()["homes"] == []
    assert client.get("/referrals").json()["referrals"] == []


def test_the_corpus_is_json_where_it_means_to_be() -> None:
    """The bodies that are about fields are JSON, so that it is the fields that are refused."""
    parsed = 0
    for name, (_, body) in bodies().items():
        if name.startswith(("child", "home", "shape")):
            json.loads(body)
            parsed += 1
    assert parsed > 150
