"""`python -m bench [CASE ...]`: how fast a shortlist and an assessment of all pairs are, on this machine."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable

from rich.console import Console

from bench import cases_http, cases_matching
from bench.report import Result, publish

COMMAND = "make bench"
CASES: tuple[Callable[[str], list[Result]], ...] = (
    cases_matching.one_in_process,
    cases_http.over_http_20000,
    cases_http.over_http_450,
    cases_matching.all_pairs,
    cases_matching.alone_and_in_a_crowd,
    cases_matching.against_a_loop,
)


def main(names: list[str]) -> int:
    """Every case, or those named, each in a process of its own, so that none warms up or fattens another."""
    results: list[Result] = []
    for case in CASES:
        if not names or case.__name__ in names:
            Console(stderr=True).print(f"[dim]{case.__doc__}[/]")
            with multiprocessing.get_context("spawn").Pool(1) as alone:
                results += alone.apply(case, (COMMAND,))
    publish("matching" if not names else "some", results)
    return 0 if all(result.met is not False for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
