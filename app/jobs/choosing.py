"""Where an authority's work beside the requests is done, chosen once by the roots."""

from __future__ import annotations

from app.jobs import Jobs
from app.jobs.asking import AskingJobs
from app.jobs.duties import Duties
from app.jobs.threads import ThreadedJobs


def jobs_for(duties: Duties, queue_url: str | None) -> Jobs:
    """Workers do it, told through the queue of the database at an address; without one the service itself does."""
    if queue_url is None:
        return ThreadedJobs(duties)
    return AskingJobs(queue_url, duties.place.authority)
