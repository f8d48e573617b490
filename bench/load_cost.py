"""`python -m bench.load_cost [KIND ...]`: what one request of each kind costs the processor, service and PostgreSQL.

Time of the processor (user and system), not of the wall: it says how many requests two cores can bear, and hardly
depends on who else uses them. Eight callers at once, each asking again as soon as it is answered.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import uvloop
from rich.console import Console

from app.demo.authority import Authority
from bench.cases_matching import nottingham
from bench.load_requests import SHARES, Requests, matches, mixed, of_kind
from bench.load_service import Running, running

CALLERS = 8
WARM = 150
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of the processor a request."""

    service_ms: float
    postgres_ms: float

    @property
    def both_ms(self) -> float:
        """All that a request costs beside whoever asks."""
        return self.service_ms + self.postgres_ms


def cost(service: Running, request: Requests, count: int) -> Cost:
    """What so many requests cost, each; the first few, which make connections and fill caches, are not counted."""
    uvloop.run(_ask(service.port, request, 0, WARM))
    before = _spent(service)
    uvloop.run(_ask(service.port, request, WARM, count))
    after = _spent(service)
    ours, theirs = ((late - early) / count for early, late in zip(before, after, strict=True))
    return Cost(ours, theirs)


def kinds(made: Authority, service: Running) -> dict[str, Requests]:
    """Each kind of request, the mixed load, and the match that the case management system asks for."""
    each = {kind: of_kind(kind, made, service.officer()) for kind, _ in SHARES}
    return {"match": matches(made, service.case_system()), "mixed": mixed(made, service.officer()), **each}


async def _ask(port: int, request: Callable[[int], bytes], first: int, count: int) -> None:
    left = iter(range(first, first + count))
    await asyncio.gather(*(_caller(port, request, left) for _ in range(CALLERS)))


async def _caller(port: int, request: Callable[[int], bytes], left: Iterable[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in left:
        writer.write(request(number))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        at = head.find(b"content-length:")
        if at >= 0:
            await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]))
        if not head.startswith(b"http/1.1 2"):
            raise RuntimeError(f"answered {head[9:12].decode()}")
    writer.close()


def _spent(service: Running) -> tuple[float, float]:
    """Milliseconds that the service's processes and those of PostgreSQL have used so far."""
    if service.process is None:
        raise RuntimeError("the service does not run")
    seen = sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    parents = {pid: stat[1] for pid in seen if (stat := _stat(pid)) is not None}
    return _used(_family(service.process.pid, parents)), _used(_family(service.postgres.process, parents))


def _family(first: int, parents: Mapping[int, int]) -> set[int]:
    """A process and all that came from it."""
    found = {first}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _used(family: Iterable[int]) -> float:
    stats = [stat for pid in family if (stat := _stat(pid)) is not None]
    return sum(sum(stat[11:15]) for stat in stats) * TICK_MS


def _stat(pid: int) -> list[int] | None:
    """What the kernel says of a process, from its state on, numbers alone; its children that ended are counted in."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return [int(word) if word.lstrip("-").isdecimal() else 0 for word in text.rpartition(")")[2].split()]


def main(given: list[str]) -> int:
    """Print the costs of every kind, or of those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", help=", ".join(["match", "mixed", *(kind for kind, _ in SHARES)]))
    parser.add_argument("--requests", type=int, default=1_000, help="of each kind")
    parser.add_argument("--workers", type=int, default=2, help="processes of the service")
    chosen = parser.parse_args(given)
    made, console = nottingham(), Console()
    with running(made, chosen.workers) as service:
        known = kinds(made, service)
        if unknown := set(chosen.kinds) - set(known):
            parser.error(f"no such kind: {', '.join(sorted(unknown))}")
        console.print(f"{'ms of the processor':20}{'service':>10}{'PostgreSQL':>12}{'both':>8}")
        for kind in chosen.kinds or known:
            found = cost(service, known[kind], chosen.requests)
            console.print(f"{kind:20}{found.service_ms:10.2f}{found.postgres_ms:12.2f}{found.both_ms:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
