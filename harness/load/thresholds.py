"""Thresholds as a scenario writes them: `search.p95 < 500ms`, `upload.errors < 0.1%`, `memory.slope < 20MB/h`.

`search@spike.p95` is about one stage, `all.errors` about every request.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from harness import tables
from harness.errors import ScenarioError
from harness.load.errand import ALL
from harness.quantities import parse_bytes, parse_seconds

MEMORY = "memory"
REQUEST_METRICS = ("median", "mean", "max", "errors", "rate", "count")
MEMORY_METRICS = ("peak", "slope", "per_request", "left", "minutes")
Unit = Literal["s", "share", "1/s", "count", "bytes", "share of the limit", "bytes/h", "min"]
_PARTS = re.compile(
    r"\s*(?P<scope>\S.*?)(?:@(?P<stage>[^.@]+))?\.(?P<metric>p\d{1,2}(?:\.\d+)?|[a-z_]+)"
    r"\s*(?P<sign><=|>=|<|>)\s*(?P<limit>\S.*?)\s*"
)
_UNITS: dict[str, Unit] = {
    "errors": "share", "rate": "1/s", "count": "count", "peak": "bytes", "slope": "bytes/h", "per_request": "bytes",
    "left": "bytes", "minutes": "min",
}  # fmt: skip
_WRONG_WAY = {"slope": ">", "minutes": "<"}
"""They are judged by the worse end of an interval, which is the other one for the other sign."""
_EXAMPLES = "search.p95 < 500ms, upload.errors < 0.1%, search.rate > 5/s, memory.peak < 65%, memory.slope < 20MB/h"


@dataclass(frozen=True, slots=True)
class Threshold:
    """One sentence that a run has to make true."""

    text: str
    scope: str
    """The name of a request, `all`, or `memory`."""
    stage: str | None
    metric: str
    sign: str
    limit: float
    unit: Unit

    @property
    def name(self) -> str:
        """The left side: `search@spike.p95`."""
        return f"{self.scope}{f'@{self.stage}' if self.stage else ''}.{self.metric}"

    @property
    def about_memory(self) -> bool:
        """Whether it is judged by samples of memory, not by requests."""
        return self.scope == MEMORY

    @property
    def quantile(self) -> str | None:
        """The percentile that it is about, as it is written (`99.9`)."""
        return "50" if self.metric == "median" else self.metric[1:] if self.metric[1:2].isdigit() else None

    def holds(self, measured: float) -> bool:
        """Whether the measured value makes it true."""
        return {
            "<": measured < self.limit,
            "<=": measured <= self.limit,
            ">": measured > self.limit,
            ">=": measured >= self.limit,
        }[self.sign]


def parse_thresholds(texts: Sequence[str], where: str) -> tuple[Threshold, ...]:
    """Read them; ScenarioError says which is not one, and how to write it."""
    return tuple(_parse(text, where) for text in texts)


def check_names(thresholds: Sequence[Threshold], names: Collection[str], stages: Collection[str], where: str) -> None:
    """Refuse a threshold about a request that nobody makes, or about a stage that there is not."""
    for one in thresholds:
        if one.about_memory:
            continue
        if one.scope not in (*names, ALL):
            known = tables.suggestion(one.scope, sorted({*names, ALL, MEMORY}))
            raise ScenarioError(f"{where}: the threshold {one.text!r} is about a request that nobody makes{known}")
        if one.stage is not None and one.stage not in stages:
            known = tables.suggestion(one.stage, sorted(stages))
            raise ScenarioError(
                f"{where}: {one.text!r} is about a stage that there is not, or that is not counted{known}"
            )


def _parse(text: str, where: str) -> Threshold:
    found = _PARTS.fullmatch(text)
    if found is None:
        raise ScenarioError(f"{where}: {text!r} is not a threshold; write it like {_EXAMPLES}")
    scope, metric = found["scope"], found["metric"]
    known = MEMORY_METRICS if scope == MEMORY else REQUEST_METRICS
    if metric not in known and (scope == MEMORY or not metric[1:2].isdigit()):
        names = sorted(known) if scope == MEMORY else [*sorted(known), "p50", "p95", "p99", "p99.9"]
        known_names = "" if scope == MEMORY or metric not in MEMORY_METRICS else f"; {MEMORY}.{metric} is one"
        raise ScenarioError(
            f"{where}: {text!r}: there is no {metric!r} of {scope}{known_names or tables.suggestion(metric, names)}"
        )
    if scope == MEMORY and found["stage"]:
        raise ScenarioError(f"{where}: {text!r}: memory is judged over the whole run, not in one stage")
    wrong = _WRONG_WAY.get(metric, "") if scope == MEMORY else ""
    if wrong and found["sign"].startswith(wrong):
        raise ScenarioError(f"{where}: {text!r} would hold for memory that grows, and is not judged; turn the sign")
    limit, unit = _limit(found["limit"], _UNITS.get(metric, "s"), f"{where}: {text!r}")
    return Threshold(text.strip(), scope, found["stage"], metric, found["sign"], limit, unit)


def _limit(text: str, unit: Unit, where: str) -> tuple[float, Unit]:
    if unit == "s":
        return parse_seconds(text, where), unit
    if unit in ("bytes", "bytes/h") and not text.endswith("%"):
        return _size(text, unit.removeprefix("bytes"), where), unit
    if unit == "bytes":
        return _number(text, "%", where) / 100, "share of the limit"
    suffix, scale = {"share": ("%", 100), "1/s": ("/s", 1)}.get(unit, ("", 1))
    return _number(text, suffix, where) / scale, unit


def _size(text: str, suffix: str, where: str) -> float:
    if not text.endswith(suffix):
        raise ScenarioError(f"{where}: {text!r} is not a size{suffix}; write it like 20MB{suffix}")
    return float(parse_bytes(text.removesuffix(suffix), where))


def _number(text: str, suffix: str, where: str) -> float:
    found = re.fullmatch(rf"(\d+(?:\.\d+)?)\s*{re.escape(suffix)}", text)
    if found is None:
        raise ScenarioError(f"{where}: {text!r} is not a number{f' with {suffix}' if suffix else ''}")
    return float(found[1])
