"""Work beside the requests: the one place that decides where and when it is done.

What is to be done stands in tables of ours, never in a queue alone: a run is asked for by a row, a message waits
in the outbox. `duties` does it, the same everywhere. On SQLite, and where one process is to do everything,
`threads` calls the duties from threads of the service. On PostgreSQL the service only says that there is work
(`asking`), and `worker` does it on as many machines as wanted, through the queue that `queue` describes.
"""

from __future__ import annotations

from typing import Protocol


class Jobs(Protocol):
    """What the service knows of work beside the requests."""

    def start(self) -> None:
        """Begin to work, or to pass work on."""

    def wake(self) -> None:
        """There is something to be done. Never waits and never fails: who looks now and then finds it too."""

    def stop(self) -> None:
        """Give up what is under way, cleanly, and wait until it is."""
