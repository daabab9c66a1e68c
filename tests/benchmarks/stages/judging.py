"""Holds the sessions of now against the recorded ones: a stage is slower, or larger, when noise does not explain it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from harness.gate.baseline import differences
from harness.gate.sequential import FALSE_ALARMS
from harness.memory.noise import tolerance, within

SMALLEST_TIME_SHARE = 0.05
"""A processor's clock alone makes such differences from one session to the next."""
SMALLEST_PEAK_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Pass:
    """One of the two passes: the figure that it judges, and the halves of a fingerprint that must be equal."""

    name: str
    figure: str
    needs: tuple[str, ...]


TIMES = Pass("times", "min", ("binding", "informing"))
PEAKS = Pass("peaks", "max", ("binding",))


@dataclass(frozen=True, slots=True)
class Compared:
    """One stage before and now, in seconds or bytes."""

    stage: str
    before: float
    now: float
    allowed: float

    @property
    def grown(self) -> bool:
        """Whether it is more than noise explains."""
        return self.now - self.before > self.allowed


def sessions_in(folder: Path) -> tuple[Mapping[str, Any], ...]:
    """Every session that pytest-benchmark saved below the folder."""
    return tuple(json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.json")))


def obstacles(part: Pass, before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Why the sessions cannot be compared; empty where they can."""
    if not before:
        return ("nothing is recorded",)
    old, new = (sessions[0]["machine_info"]["fingerprint"] for sessions in (before, now))
    return tuple(one for half in part.needs for one in differences(old[half], new[half]))


def compare(part: Pass, before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> Iterator[Compared]:
    """Every stage that both have; false alarms are shared by the stages."""
    old, new = _figures(part, before), _figures(part, now)
    stages = [name for name in old if name in new]
    for stage in stages:
        middle = median(old[stage])
        smallest = SMALLEST_TIME_SHARE * middle if part is TIMES else SMALLEST_PEAK_BYTES
        noise = within((old[stage], new[stage]), smallest)
        if noise is not None:
            allowed = tolerance(noise, len(old[stage]), len(new[stage]), FALSE_ALARMS / len(stages))
            yield Compared(stage, middle, median(new[stage]), allowed)


def _figures(part: Pass, sessions: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for session in sessions:
        for one in session["benchmarks"]:
            found.setdefault(one["param"], []).append(one["stats"][part.figure])
    return found
