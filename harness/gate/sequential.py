"""When to stop and what to say: three pairs of runs, more only while undecided, and a FAIL needs a fresh pair.

The chance of a false alarm is a budget of the whole command. It is spent in equal parts on every look at every metric
of every scenario, so by the union bound it holds however they depend on each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from statistics import median
from typing import Protocol

from harness.gate.metrics import Measured, Metric
from harness.memory.noise import POWER, Noise, combined, detectable, tolerance, within

FALSE_ALARMS = 0.01
"""How many of the commands on an unchanged commit may cry wolf, at most."""
FEWEST_PAIRS, MOST_PAIRS = 3, 7
CONFIRMING_SHARE = 0.5
"""How much of a growth the fresh pair alone must show."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One run of each side; a baseline that was recorded earlier has no run of its own."""

    base: Measured | None
    head: Measured


@dataclass(frozen=True, slots=True)
class Plan:
    """How the false alarms are spent, and how many pairs there may be, the confirming one included."""

    tests: int
    """Metrics of all scenarios of the command that are judged by their noise."""
    most_pairs: int = MOST_PAIRS

    @property
    def last_look(self) -> int:
        """Pairs at the last look: one is left to confirm what it sees."""
        return self.most_pairs - 1

    @property
    def alpha(self) -> float:
        """What one look at one metric may spend."""
        return FALSE_ALARMS / (max(self.tests, 1) * (self.last_look - FEWEST_PAIRS + 1))


@dataclass(frozen=True, slots=True)
class Before:
    """What is known before the first pair, by metric: the runs of a recorded baseline, and noise floors."""

    base: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    floors: Mapping[str, Noise] = field(default_factory=dict)


class State(StrEnum):
    """What a look says of a metric."""

    GROWN = "grown"
    NOT_GROWN = "not grown"
    UNDECIDED = "undecided"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Look:
    """One metric after some pairs; figures that are not known are None."""

    metric: Metric
    base: tuple[float, ...]
    head: tuple[float, ...]
    state: State
    delta: float | None = None
    tolerance: float | None = None
    """What noise alone may do."""
    noise: Noise | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """A scenario measured to its end, with the last look at each metric."""

    pairs: tuple[Pair, ...]
    looks: tuple[Look, ...]
    confirmed: frozenset[str] = frozenset()
    """Metrics whose growth a fresh pair confirmed."""
    refuted: frozenset[str] = frozenset()
    """Metrics that had grown at some look, which the fresh pair did not show."""
    out_of_time: bool = False


class Source(Protocol):
    """Where pairs come from: real runs, or in a test a pool of them."""

    def pair(self) -> Pair:
        """Measure both sides once more."""

    def has_time(self) -> bool:
        """Whether another pair may be begun."""


def judge_pairs(metrics: Sequence[Metric], source: Source, before: Before, plan: Plan) -> Course:
    """Take pairs until every metric is decided, or the time is up; the fewest, and one that confirms, always fit."""
    pairs: list[Pair] = []
    looks: tuple[Look, ...] = ()
    refuted: frozenset[str] = frozenset()
    while len(pairs) < FEWEST_PAIRS or (len(pairs) < plan.last_look and source.has_time()):
        pairs.append(source.pair())
        if len(pairs) < FEWEST_PAIRS:
            continue
        looks = look_at_all(metrics, pairs, before, plan)
        if grown := [one for one in looks if one.state is State.GROWN]:
            pairs.append(source.pair())
            looks = look_at_all(metrics, pairs, before, plan)
            confirmed = _confirmed(grown, looks, pairs[-1])
            if confirmed:
                return Course(tuple(pairs), looks, confirmed, refuted)
            refuted |= {one.metric.name for one in grown}
        elif not any(one.state is State.UNDECIDED for one in looks):
            return Course(tuple(pairs), looks, refuted=refuted)
    return Course(tuple(pairs), looks, refuted=refuted, out_of_time=len(pairs) < plan.last_look)


def look_at_all(metrics: Sequence[Metric], pairs: Sequence[Pair], before: Before, plan: Plan) -> tuple[Look, ...]:
    """Look at every metric of the pairs so far."""
    return tuple(_look(one, pairs, before, plan) for one in metrics)


def _look(metric: Metric, pairs: Sequence[Pair], before: Before, plan: Plan) -> Look:
    recorded = before.base.get(metric.name, ())
    base = recorded or _figures(metric, [one.base for one in pairs if one.base is not None])
    head = _figures(metric, [one.head for one in pairs])
    unknown = Look(metric, base, head, State.UNKNOWN)
    if not base or len(head) < len(pairs):
        return unknown
    if metric.resolution is None:
        delta = max(head) - max(base)
        return replace(unknown, state=State.GROWN if delta > 0 else State.NOT_GROWN, delta=delta, tolerance=0.0)
    noise = combined(before.floors.get(metric.name), within((base, head), metric.resolution))
    if noise is None:
        return unknown
    # What the runs to come will add is known already: how many they are.
    to_come = plan.last_look - len(head)
    later = replace(noise, degrees=noise.degrees + to_come * (1 if recorded else 2))
    seen = detectable(later, len(recorded) or plan.last_look, plan.last_look, plan.alpha)
    return _compared(unknown, noise, seen, plan.alpha)


def _compared(look: Look, noise: Noise, seen: float, alpha: float) -> Look:
    """Grown: more than noise does. Not grown: as much as the last look would see is ruled out already."""
    runs = len(look.base), len(look.head)
    delta, allowed = median(look.head) - median(look.base), tolerance(noise, *runs, alpha)
    if delta > allowed:
        state = State.GROWN
    elif delta + tolerance(noise, *runs, 1 - POWER) < seen:
        state = State.NOT_GROWN
    else:
        state = State.UNDECIDED
    return replace(look, state=state, delta=delta, tolerance=allowed, noise=noise)


def _figures(metric: Metric, runs: Sequence[Measured]) -> tuple[float, ...]:
    return tuple(figure for run in runs if (figure := run.get(metric.name)) is not None)


def _confirmed(grown: Sequence[Look], now: Sequence[Look], fresh: Pair) -> frozenset[str]:
    still = {one.metric.name for one in now if one.state is State.GROWN}
    return frozenset(one.metric.name for one in grown if one.metric.name in still and _shows(one, fresh))


def _shows(look: Look, fresh: Pair) -> bool:
    """Whether the fresh pair alone shows enough of the growth."""
    head, base = fresh.head.get(look.metric.name), (fresh.base or {}).get(look.metric.name)
    before = median(look.base) if base is None else base
    return head is not None and head > before and head - before >= CONFIRMING_SHARE * (look.delta or 0.0)
