"""The garbage collector rests while an inventory is read, and always comes back."""

import gc
from threading import Barrier, Thread

import pytest

from app.store.bulk import keeping_all


def test_it_rests_and_comes_back() -> None:
    """Off inside, on again afterwards, also after an error."""
    with keeping_all():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), keeping_all():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_threads_may_overlap() -> None:
    """However threads come and go, in the end it is on."""
    together = Barrier(8)

    def work() -> None:
        together.wait()
        for _ in range(200):
            with keeping_all():
                pass

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gc.isenabled()
