"""What a load shows while it runs: its rows as they come, and a breach of a threshold that lasts."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.load.figures import of_name, spread
from harness.load.rows import BETWEEN, Notes, Request, RunClock, parse_line
from harness.load.thresholds import Threshold

PACE_OVER_S = 10.0
"""A rate is capped over so long: shorter bursts are what people do."""
_WINDOW_LEAST_S = 2.0
_LEAST = 5
"""Requests below which a window says nothing about a threshold."""


class RowTail:
    """Reads what has been added to the file of rows since the last look."""

    def __init__(self, path: Path) -> None:
        self._path, self._at, self._rest = path, 0, b""

    def read(self) -> list[Notes]:
        """The new whole rows."""
        if not self._path.is_file():
            return []
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = file.read()
        self._at += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [row for row in map(parse_line, lines) if row is not None]


@dataclass(slots=True)
class Now:
    """The state of a load as it goes; used by one thread."""

    stage: int = BETWEEN
    stage_began_s: float = 0.0
    stages_ended: int = 0
    users: int = 0
    requests: int = 0
    errors: int = 0
    unreached: bool = False

    def take(self, row: Notes, clock: RunClock) -> None:
        """One more row."""
        match row["kind"]:
            case "request":
                self.requests += 1
                self.errors += row["error"] is not None
            case "stage" if row["state"] == "begin":
                self.stage, self.stage_began_s, self.users = row["place"], clock.seconds(row, here=True), row["users"]
            case "stage":
                self.stage, self.unreached = BETWEEN, row["state"] == "unreached"
                self.stages_ended += row["state"] == "end"


class Pace:
    """How many requests a second there were over the last seconds."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque([(0.0, 0)])
        self._began_s: float | None = None

    def loaded_s(self, now_s: float) -> float:
        """How long ago the first request was seen; 0 where there was none."""
        return 0.0 if self._began_s is None else now_s - self._began_s

    def per_s(self, now_s: float, requests: int) -> float:
        """The rate up to now, when there have been so many in all."""
        while len(self._marks) > 1 and self._marks[1][0] <= now_s - PACE_OVER_S:
            self._marks.popleft()
        self._marks.append((now_s, requests))
        if self._began_s is None and requests:
            self._began_s = now_s
        began_s, before = self._marks[0]
        return (requests - before) / max(now_s - began_s, PACE_OVER_S)


class Breaches:
    """Which thresholds the last few seconds miss, and since when without a break."""

    def __init__(self, thresholds: Sequence[Threshold], lasting_s: float, limit_bytes: int | None) -> None:
        self._thresholds, self._lasting_s, self._limit_bytes = thresholds, lasting_s, limit_bytes
        # A window much shorter than what has to last: a breach that is over must not look as if it went on.
        self._window_s = max(lasting_s / 5, _WINDOW_LEAST_S)
        self._window: deque[Request] = deque()
        self._since_s: dict[str, float] = {}

    def add(self, requests: Sequence[Request]) -> None:
        """What has ended since the last time."""
        self._window.extend(requests)

    def lasting(self, now_s: float, stage: str | None, memory_bytes: int | None) -> str | None:
        """The threshold that has been missed for so long; None while there is none."""
        while self._window and self._window[0].end_s < now_s - self._window_s:
            self._window.popleft()
        for one in self._thresholds:
            if stage is not None and one.stage in (None, stage) and self._misses(one, memory_bytes):
                self._since_s.setdefault(one.text, now_s)
            else:
                self._since_s.pop(one.text, None)
        return next((text for text, since_s in self._since_s.items() if now_s - since_s >= self._lasting_s), None)

    def _misses(self, threshold: Threshold, memory_bytes: int | None) -> bool:
        if threshold.about_memory:
            return threshold.metric == "peak" and memory_bytes is not None and self._is_over(threshold, memory_bytes)
        found = spread(of_name(tuple(self._window), threshold.scope), self._window_s)
        if found.count < _LEAST:
            return False
        if threshold.quantile:
            return not threshold.holds(found.quantile(threshold.quantile))
        return threshold.metric == "errors" and not threshold.holds(found.error_share)

    def _is_over(self, threshold: Threshold, memory_bytes: int) -> bool:
        whole = self._limit_bytes if threshold.unit == "share of the limit" else 1
        return bool(whole) and not threshold.holds(memory_bytes / (whole or 1))
