"""What one of Locust's processes holds: the errand, where its rows go, and which stage it is in."""

import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent
import orjson

from harness.load.errand import Errand
from scenarios.load.arrivals import Arrivals

Row = dict[str, Any]
_ERRAND_WITHIN_S = 10.0
BETWEEN = -1
"""The stage of a request that began while no stage was on."""


class Rows:
    """Rows that wait to be written, or to be sent to the process that writes them."""

    def __init__(self, send: Callable[[list[Row]], None]) -> None:
        self._waiting: list[Row] = []
        self._send = send

    def add(self, row: Row) -> None:
        """Keep a row until the next `flush`."""
        self._waiting.append(row)

    def flush(self) -> None:
        """Hand on what waits."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._send(waiting)


class RowFile:
    """The one file of all rows; used by the process that leads."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def write(self, rows: list[Row]) -> None:
        """Append whole lines."""
        self._file.write(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))


@dataclass(slots=True)
class Session:
    """Made once in a process; on a worker the errand comes from the process that leads."""

    rows: Rows
    worker: int = 0
    errand: Errand | None = None
    arrivals: Arrivals = field(default_factory=Arrivals)
    headers: dict[str, str] = field(default_factory=dict)
    uploads: int = 0
    people: int = 0
    has_platform: bool = False
    ready: bool = False
    """Whether the errand is there, and this process has signed in."""
    _began_s: list[float] = field(default_factory=list)
    _stages: list[int] = field(default_factory=list)

    @property
    def told(self) -> Errand:
        """The errand; no user starts before it is there."""
        if self.errand is None:
            raise RuntimeError("no errand was given to this worker")
        return self.errand

    def wait_for_errand(self) -> Errand:
        """The errand, which a worker may have to wait for a moment."""
        deadline_s = time.monotonic() + _ERRAND_WITHIN_S
        while not self.ready and time.monotonic() < deadline_s:
            gevent.sleep(0.05)
        return self.told

    def enter(self, stage: int, now_s: float) -> None:
        """From now on it is this stage; `BETWEEN` when one has ended."""
        self._began_s.append(now_s)
        self._stages.append(stage)

    def stage_at(self, now_s: float) -> int:
        """The stage that was on at that time."""
        place = bisect_right(self._began_s, now_s)
        return self._stages[place - 1] if place else BETWEEN

    def note(self, kind: str, **fields: Any) -> None:
        """A row that is not a request."""
        now_s = time.monotonic()
        stage = self.stage_at(now_s)
        self.rows.add({"kind": kind, "t": time.time(), "m": now_s, "stage": stage, "worker": self.worker, **fields})

    def next_upload_name(self) -> str | None:
        """A name that no other upload has; None once this worker has made its share of uploads."""
        errand = self.told
        if errand.uploads_most is not None and self.uploads >= self._share(errand.uploads_most, errand.workers):
            return None
        self.uploads += 1
        return f"{errand.prefix}-{self.worker}-{self.uploads}"

    def next_person(self) -> int:
        """A number that no other user of this worker has: with it the same seed makes the same choices."""
        self.people += 1
        return self.people

    def _share(self, most: int, workers: int) -> int:
        return most // workers + (1 if self.worker < most % workers else 0)
