"""Removes from a host exactly what a load created there: imports that it was given ids for, or whose name it chose."""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from harness.client import Client
from harness.errors import HalfgigError

_PAGES_MOST = 50
_WITHIN_S = 60.0
_AGAIN_EVERY_S = 0.5
_GONE = (200, 202, 204, 404, 410)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was removed, and what could not be."""

    removed: int
    left: tuple[str, ...]


def clean_up(client: Client, acknowledged: Collection[str], prefix: str) -> Cleaned:
    """Delete each of them; one that is still running is cancelled first."""
    jobs = sorted({*acknowledged, *_named(client, prefix)})
    waiting, deadline_s = list(jobs), time.monotonic() + _WITHIN_S
    while waiting and time.monotonic() < deadline_s:
        waiting = [job for job in waiting if not _delete(client, job)]
        if waiting:
            time.sleep(_AGAIN_EVERY_S)
    return Cleaned(len(jobs) - len(waiting), tuple(waiting))


def _delete(client: Client, job_id: str) -> bool:
    path, cancel = client.contract.delete, client.contract.cancel
    if path is None:
        return False
    try:
        if client.http.delete(path.format(job_id=job_id)).status_code in _GONE:
            return True
        if cancel is not None:
            client.http.post(cancel.format(job_id=job_id))
    except (httpx.HTTPError, HalfgigError):  # somebody whose sign-in fails is asked again, too
        return False
    return False


def _named(client: Client, prefix: str) -> Iterator[str]:
    """Imports whose upload was never answered: their name, which we chose, tells them."""
    path = client.contract.jobs
    if path is None:
        return
    url = httpx.URL(path)
    for page in range(_PAGES_MOST):
        rows = _rows(client, url.copy_merge_params({"limit": "100", "offset": str(100 * page)}))
        for row in rows:
            if any(isinstance(value, str) and value.startswith(prefix) for value in row.values()):
                yield str(row.get(client.contract.fields["job_id"]))
        if len(rows) < 100:
            return


def _rows(client: Client, url: httpx.URL) -> list[dict[str, Any]]:
    try:
        answer = client.http.get(url)
        told = answer.json() if answer.status_code == 200 else []
    except (httpx.HTTPError, HalfgigError, ValueError):
        return []
    found = told if isinstance(told, list) else next((one for one in told.values() if isinstance(one, list)), [])
    return [one for one in found if isinstance(one, dict)]
