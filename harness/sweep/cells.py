"""Cells: the trials of one setting taken together, with intervals from the spread that all repeats have in common."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.sweep.early_check import late_rise
from harness.sweep.intervals import Interval, PooledSpread, pooled
from harness.sweep.trial import Measured, Trial, name_of

MEASURING = ("grid", "search")
UNKNOWN_SPREAD = 0.10
"""Taken for the spread of a peak, as a share, while no setting was repeated."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One setting, over its repeats; None where no trial gave a figure."""

    setting: Mapping[str, str]
    trials: tuple[Measured, ...]
    peak: Interval | None
    """Bytes."""
    rate: Interval | None
    """Chunks a second."""
    calls: float | None
    peak_most: float | None
    """The upper bound of the peak; what trials that were stopped early may have missed is added."""

    @property
    def killed(self) -> int:
        """Trials without a peak, because the kernel killed them."""
        return sum(one.end == "killed" for one in self.trials)

    def fits(self, budget_bytes: float) -> bool:
        """Whether the upper bound is within the budget, and nothing was killed even under the generous limit."""
        return self.peak_most is not None and self.peak_most <= budget_bytes and not self.killed

    def may_fit(self, budget_bytes: float) -> bool:
        """Whether the lower bound is."""
        if self.peak is None or self.killed:
            return False
        return (self.peak.low if self.peak.low is not None else self.peak.mean) <= budget_bytes


@dataclass(frozen=True, slots=True)
class Cells:
    """All settings that were measured, and the spread of repeats, relative to their means."""

    all: tuple[Cell, ...]
    peak_spread: PooledSpread
    rate_spread: PooledSpread


def cells_of(done: Sequence[Trial]) -> Cells:
    """The cells of the trials that measure, in the order in which they were first run."""
    groups: dict[str, list[Trial]] = {}
    for trial in done:
        if trial.task.part in MEASURING:
            groups.setdefault(name_of(trial.task.setting), []).append(trial)
    peaks = pooled([_relative(_peaks(group)) for group in groups.values()])
    rates = pooled([_relative(_rates(group)) for group in groups.values()])
    rise = late_rise(done)
    return Cells(tuple(_cell(group, peaks, rates, rise) for group in groups.values()), peaks, rates)


def settings_of(axes: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Every combination of the values."""
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def pareto(cells: Sequence[Cell]) -> list[Cell]:
    """Those that no other one beats in peak, rate and calls at once, the smallest peak first."""
    known = [one for one in cells if one.peak and one.rate and one.calls is not None and not one.killed]
    front = [one for one in known if not any(_beats(other, one) for other in known)]
    return sorted(front, key=lambda one: one.peak.mean if one.peak else 0.0)


def _beats(one: Cell, other: Cell) -> bool:
    mine, its = _figures(one), _figures(other)
    return all(a <= b for a, b in zip(mine, its, strict=True)) and mine != its


def _figures(cell: Cell) -> tuple[float, float, float]:
    return (cell.peak.mean if cell.peak else 0.0, -(cell.rate.mean if cell.rate else 0.0), cell.calls or 0.0)


def _cell(group: Sequence[Trial], peaks: PooledSpread, rates: PooledSpread, rise: float) -> Cell:
    calls = [one.measured.calls_per_1000_inputs for one in group if one.measured.calls_per_1000_inputs is not None]
    peak, rate = _interval(_peaks(group), peaks), _interval(_rates(group), rates)
    most = None
    if peak is not None:
        most = peak.high if peak.high is not None else peak.mean * (1 + UNKNOWN_SPREAD)
        if any(one.measured.end == "stopped_early" for one in group):
            most *= 1 + rise
    return Cell(
        group[0].task.setting,
        tuple(one.measured for one in group),
        peak,
        rate,
        sum(calls) / len(calls) if calls else None,
        most,
    )


def _interval(values: Sequence[float], spread: PooledSpread) -> Interval | None:
    """The interval of a mean by the common relative spread."""
    if not values:
        return None
    mean = sum(values) / len(values)
    found = spread.interval([one / mean for one in values])
    if found.low is None or found.high is None:
        return Interval(mean)
    return Interval(mean, max(0.0, mean * found.low), mean * found.high)


def _relative(values: Sequence[float]) -> list[float]:
    mean = sum(values) / len(values) if values else 0.0
    return [one / mean for one in values] if mean else []


def _peaks(group: Sequence[Trial]) -> list[float]:
    return [float(one.measured.peak_bytes) for one in group if one.measured.peak_bytes is not None]


def _rates(group: Sequence[Trial]) -> list[float]:
    return [one.measured.chunks_per_s for one in group if one.measured.chunks_per_s]
