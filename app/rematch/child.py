"""The solver's own process: `python -m app.rematch.child MEMORY_MB NICENESS`.

Reads jobs from standard input, one JSON object a line, and says on standard output when it is ready, when it begins
and when an answer is written. Everything that matters crosses in files with a checksum. It limits itself as far as
the system can: memory, processor time, size of files. When whoever started it is gone, it ends.
"""

from __future__ import annotations

import json
import os
import queue
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

MEGABYTE = 1 << 20
BESIDES_MB = 2_048
"""Address space besides data: programs, stacks, and the problem's file, which is mapped and not copied."""

LARGEST_FILE_MB = 1_024
OUT_OF_MEMORY = 77
"""Exit code."""

READY, BEGUN, DONE = "ready", "begun", "done"


def limit_memory(memory_mb: int) -> None:
    """From here on allocations beyond this fail. Where the system has no such limit, the parent watches."""
    _limit(resource.RLIMIT_DATA, memory_mb * MEGABYTE)
    _limit(resource.RLIMIT_AS, (memory_mb + BESIDES_MB) * MEGABYTE)


def limit_processor(seconds: int) -> None:
    """The process is ended when it has used so many more seconds of processor time, should nobody else do it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + seconds)


def give_way(niceness: int) -> None:
    """Others go first, for processor time and when memory runs out altogether."""
    with suppress(OSError):
        os.nice(niceness)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _limit(what: int, most: int) -> None:
    with suppress(OSError, ValueError):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def main() -> None:
    """Work until standard input ends."""
    memory_mb, niceness = map(int, sys.argv[1:3])
    say = _channel()
    give_way(niceness)
    limit_memory(memory_mb)
    _limit(resource.RLIMIT_FSIZE, LARGEST_FILE_MB * MEGABYTE)
    _limit(resource.RLIMIT_CORE, 0)
    try:
        _work(say)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _channel() -> TextIO:
    """Standard output for us alone: whatever a library prints goes nowhere."""
    own = os.fdopen(os.dup(1), "w", buffering=1, encoding="ascii")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return own


def _work(say: TextIO) -> None:
    from app.rematch.solving import answer  # noqa: PLC0415 - half a second, after the limits and before the first job

    print(READY, file=say)
    for job in _jobs():
        limit_processor(job["processor_s"])
        print(BEGUN, file=say)
        answer(Path(job["problem"]), Path(job["solution"]), job["effort"])
        print(f"{DONE} {job['number']}", file=say)


def _jobs() -> Iterator[dict[str, Any]]:
    """Jobs as they come. At the end of the input the process ends, in the middle of a job too."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            waiting.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        yield json.loads(waiting.get())


if __name__ == "__main__":
    main()
