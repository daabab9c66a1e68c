"""Once the load is gone: every import that was acknowledged is followed to its end, and then memory may settle."""

import time
from collections.abc import Sequence

import httpx

from harness import client as contract
from harness.client import Client, JobStatus
from harness.errors import HalfgigError, UnknownJobError
from harness.load.rows import ImportSeen
from harness.load.seen import JobEnd

POLL_S = 0.2
SETTLE_S = 3.0
"""Time for buffers and connections to be given back."""


def drain(client: Client, imports: Sequence[ImportSeen], within_s: float) -> tuple[tuple[JobEnd, ...], bool]:
    """What became of each import, and whether all of them were over in time; interrupted ones are resumed."""
    deadline_s = time.monotonic() + within_s
    last: dict[str, JobStatus | None] = {}
    waiting = [one.job_id for one in imports]
    while waiting and time.monotonic() < deadline_s:
        # What cannot be asked any more in time counts as still under way.
        waiting = [job for job in waiting if time.monotonic() > deadline_s or _is_under_way(client, job, last)]
        if waiting:
            time.sleep(POLL_S)
    ends = tuple(_end(one, last[one.job_id]) if one.job_id in last else _unasked(one) for one in imports)
    return ends, not waiting


def _is_under_way(client: Client, job_id: str, last: dict[str, JobStatus | None]) -> bool:
    try:
        told = last[job_id] = contract.status(client, job_id)
        if told.state == "interrupted":
            contract.resume(client, job_id)
    except UnknownJobError:
        last[job_id] = None
        return False
    except (httpx.HTTPError, HalfgigError):
        return True  # an answer that says nothing of the import is no loss of it
    return not told.finished


def _unasked(one: ImportSeen) -> JobEnd:
    return JobEnd(one.job_id, one.documents, None, None, told=False)


def _end(one: ImportSeen, told: JobStatus | None) -> JobEnd:
    if told is None:
        return JobEnd(one.job_id, one.documents, None, None)
    settled = None
    if told.documents_done is not None:
        settled = told.documents_done + (told.documents_failed or 0)
    return JobEnd(one.job_id, one.documents, told.state, settled, told.chunks_stored or 0, told.duplicates or 0)
