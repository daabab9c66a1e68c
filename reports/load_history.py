"""What the raw rows of a load run tell over time, boiled down to what fits into a picture."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.downsampling import downsample
from reports.load_body import LoadBody
from reports.observations import Sample, read_samples
from reports.run_directory import SAMPLES

ROWS = "rows.jsonl"
COLUMNS = 240
_SHORTEST_S = 1.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """The requests that began in one stretch of time; times are of the good ones, None where there is none."""

    t: float
    requests_per_s: float
    errors_per_s: float
    p50_s: float | None
    p95_s: float | None
    slowest_s: float | None


@dataclass(frozen=True, slots=True)
class LoadHistory:
    """A load run over time; seconds since the run's start."""

    start_s: float
    end_s: float
    buckets: tuple[Bucket, ...] = ()
    samples: tuple[Sample, ...] = ()

    @property
    def slowest_s(self) -> float:
        """The highest time that is drawn."""
        return max((one.p95_s or 0.0 for one in self.buckets), default=0.0)

    @property
    def busiest_per_s(self) -> float:
        """The highest rate."""
        return max((one.requests_per_s for one in self.buckets), default=0.0)


def load_load_history(directory: Path, body: LoadBody, duration_s: float | None) -> LoadHistory:
    """Read a run directory's rows and samples; what is not there is empty."""
    samples = downsample(read_samples(directory / SAMPLES))
    begun = {one.name: one.begin_s for one in body.stages if one.begin_s is not None}
    rows = list(_rows(directory / ROWS, begun))
    end_s = max([duration_s or 0.0, *(t for t, _, _ in rows), *(one.t for one in samples[-1:])], default=1.0)
    start_s = min([end_s, *(t for t, _, _ in rows), *(one.t for one in samples[:1])])
    end_s = max(end_s, start_s + _SHORTEST_S)
    return LoadHistory(start_s, end_s, tuple(_buckets(rows, start_s, end_s)), samples)


def _rows(path: Path, begun: Mapping[str, float]) -> Iterator[tuple[float, float, bool]]:
    """Start, seconds and success of each request, on the run's clock: a stage's begin is known on both clocks."""
    raw = list(_objects(path))
    shifts = [
        one["t"] - begun[one["name"]]
        for one in raw
        if one["kind"] == "stage" and one.get("state") == "begin" and one["name"] in begun
    ]
    if not shifts:
        return
    for one in raw:
        if one["kind"] == "request" and one["name"] != "import":
            yield one["t"] - shifts[0], one["ms"] / 1000, one["error"] is None


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                one = json.loads(line)
            except ValueError:
                continue  # a kill leaves a last line cut off
            if isinstance(one, dict) and {"kind", "t"} <= one.keys():
                yield one


def _buckets(rows: list[tuple[float, float, bool]], start_s: float, end_s: float) -> Iterator[Bucket]:
    width_s = max((end_s - start_s) / COLUMNS, _SHORTEST_S)
    found: dict[int, list[tuple[float, bool]]] = {}
    for t, seconds, ok in rows:
        found.setdefault(int((t - start_s) / width_s), []).append((seconds, ok))
    for place in range(math.ceil((end_s - start_s) / width_s)):
        inside = found.get(place, [])
        good = sorted(seconds for seconds, ok in inside if ok)
        yield Bucket(
            start_s + (place + 0.5) * width_s,
            len(inside) / width_s,
            (len(inside) - len(good)) / width_s,
            _rank(good, 0.5),
            _rank(good, 0.95),
            good[-1] if good else None,
        )


def _rank(ordered: list[float], share: float) -> float | None:
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else None
