"""Making very many records at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def keeping_all() -> Iterator[None]:
    """While a whole inventory is read, the garbage collector rests.

    All that is made is kept, so it would look at hundreds of thousands of records time and again and find
    nothing: that is more than half of the time an inventory takes. Threads may be in here together.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
