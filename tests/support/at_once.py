"""Many at the same moment: threads that begin together, and what became of each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any


def at_once(actions: Sequence[Callable[[], Any]], timeout_s: float = 120) -> list[Any]:
    """Do all of these at the same moment; what each gave, or the exception it raised."""
    start, found = threading.Barrier(len(actions)), [None] * len(actions)

    def run(number: int, action: Callable[[], Any]) -> None:
        start.wait(timeout_s)
        try:
            found[number] = action()
        except Exception as error:  # noqa: BLE001 - it is what became of it
            found[number] = error

    threads = [threading.Thread(target=run, args=(n, action), daemon=True) for n, action in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout_s)
    if any(thread.is_alive() for thread in threads):
        raise AssertionError("somebody waits for ever")
    return found


def until_let_in(ask: Callable[[], Any], attempts: int = 1_000) -> Any:
    """The answer, asked for again as long as the service has too much to do, which it says of a slow machine too."""
    for _ in range(attempts):
        answer = ask()
        if answer.status_code != TOO_MUCH_TO_DO:
            return answer
        assert answer.headers["Retry-After"]
        time.sleep(0.05)
    raise AssertionError("the service never has time")


TOO_MUCH_TO_DO = 503
