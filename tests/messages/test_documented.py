"""What docs/webhooks.md tells receivers works as it stands."""

import re
import time
from pathlib import Path
from typing import Any

from app.messages.signing import signature
from app.store.outbox import TOPICS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")


def test_the_example_takes_what_is_signed_and_nothing_else() -> None:
    """Two keys while one is changed, another body, another key, an old time."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    made: dict[str, Any] = {}
    exec(code, made)  # noqa: S102 - our own document
    is_genuine, now = made["is_genuine"], int(time.time())
    new, old, body = b"n" * 32, b"o" * 32, b'{"id":"1"}'
    header = signature([new, old], now, body)
    assert is_genuine(header, body, [new])
    assert is_genuine(header, body, [old])
    assert not is_genuine(header, body + b" ", [new])
    assert not is_genuine(header, body, [b"x" * 32])
    assert not is_genuine(signature([new], now - 400, body), body, [new])
    assert not is_genuine("", body, [new])


def test_every_topic_is_described() -> None:
    """By its whole name, or behind the dot."""
    for topic in TOPICS:
        assert topic in DOCUMENT or f"`.{topic.partition('.')[2]}`" in DOCUMENT, topic
