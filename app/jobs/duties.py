"""What there is to do beside the requests, each thing whole and safe to do twice or in two places at once.

The database decides who may: one run at work and one nightly run a business date by unique indexes, a run's
right to publish by its fence, a message by its lease. So whoever calls a duty needs no lock of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time

from app.deciding.expiring import expire_overdue, forget_unseen
from app.errors import PlacementError
from app.geo.postcodes import PostcodeDirectory
from app.imports.working import Unloading
from app.messages.delivering import Sender
from app.messages.options import MessageOptions
from app.nightly import ask_if_owed
from app.observing import faults
from app.runs.working import STOPPED, Stopping, never, work
from app.runs.workplace import Workplace
from app.store import runs
from app.store.handing_back import ask_again
from app.store.run_records import Run

log = logging.getLogger(__name__)

Sweep = Callable[[], object]
"""Something to look after now and then: holds that ran out, messages that are due."""


def now_utc() -> datetime:
    """This instant."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Duties:
    """What one authority has to be done.

    `nightly_at`: time of day in England, None for no nightly run. `sweeps`: what else is done at every look.
    `send`: sends messages that are due; asked now and then whether to stop. `imports`: does those that were asked
    for; None where nobody can ask. `hands_back`: a run that was
    interrupted is asked for anew, for others to take up; otherwise whoever wants it asks again.
    """

    place: Workplace
    nightly_at: time | None = None
    clock: Callable[[], datetime] = now_utc
    sweeps: tuple[Sweep, ...] = ()
    send: Callable[[Stopping], object] | None = None
    hands_back: bool = False
    imports: Unloading | None = None

    @classmethod
    def of(
        cls,
        place: Workplace,
        nightly_at: time | None,
        *,
        messages: MessageOptions | None = None,
        postcodes: PostcodeDirectory | None = None,
        hands_back: bool = False,
    ) -> Duties:
        """All that there is to do for an authority."""
        return cls(
            place,
            nightly_at,
            send=None if messages is None else Sender(place.database, place.authority, messages).deliver_due,
            sweeps=(
                lambda: expire_overdue(place.database, place.authority),
                lambda: forget_unseen(place.database, place.authority),
            ),
            hands_back=hands_back,
            imports=None if postcodes is None else Unloading(place.authority, place.database, postcodes),
        )

    def look(self) -> bool:
        """Look at the clock, at holds, and at runs whose worker may have died; whether a run waits now."""
        place = self.place
        for run_id in place.database.transact(lambda writing: runs.recover(writing, place.authority)):
            log.warning("a run was given up: its worker was silent for too long", extra={"run": run_id})
            self._hand_back(run_id)
        if self.imports is not None:
            calmly(self.imports.recover)
        if self.nightly_at is not None:
            ask_if_owed(place, self.nightly_at, self.clock())
        for sweep in self.sweeps:
            calmly(sweep)
        return self.is_waiting()

    def is_waiting(self) -> bool:
        """Whether a run waits to be taken up."""
        with self.place.database.reading() as reading:
            return runs.is_waiting(reading, self.place.authority)

    def make_run(self, stopping: Stopping = never) -> Run | None:
        """Take up the run that waits and do it; None where none waits."""
        place = self.place
        if not self.is_waiting():
            return None
        run = place.database.transact(lambda writing: runs.take_up(writing, place.authority))
        if run is None:
            return None
        made = work(place, run, stopping)
        if made.failure == STOPPED:
            self._hand_back(made.id)
        return made

    def is_import_waiting(self) -> bool:
        """Whether an import waits to be taken up."""
        return self.imports is not None and self.imports.is_waiting()

    def do_imports(self, stopping: Stopping = never) -> bool:
        """Do the imports that are due; False where one did not work and has to be tried again."""
        if self.imports is None or not self.imports.is_waiting():
            return True
        done = self.imports.work_all(stopping)
        self.place.inventory.pool()  # read now what came, so that the next match need not wait for it
        return done

    def send_messages(self, stopping: Stopping = never) -> None:
        """Send what is due."""
        if self.send is not None:
            self.send(stopping)

    def _hand_back(self, run_id: str) -> None:
        if not self.hands_back:
            return
        place = self.place
        again = place.database.transact(lambda writing: ask_again(writing, place.authority, run_id))
        if again is not None:
            log.warning("an interrupted run is asked for anew", extra={"run": again.id, "run_number": again.number})


def calmly(action: Callable[[], object]) -> bool:
    """Whatever goes wrong is said in the log, and work goes on; whether all went well."""
    try:
        action()
    except PlacementError as error:
        log.warning("background work failed", extra={"code": error.code})
    except Exception as error:  # noqa: BLE001 - the text may hold data
        log.error("background work failed", extra=faults.told(error))  # noqa: TRY400
    else:
        return True
    return False
