"""Intervals of means, by Student's t: what is known from a handful of runs, and how many more it would take."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean, and between what the true one lies; without bounds where a single value tells nothing of its spread."""

    mean: float
    low: float | None = None
    high: float | None = None


def mean_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """The interval of the mean of values that differ by chance."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return Interval(mean)
    half = t_factor(len(values) - 1, confidence) * spread(values) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half)


def spread(values: Sequence[float]) -> float:
    """The standard deviation of a sample; 0 of one value."""
    if len(values) < 2:
        return 0.0
    mean = sum(values) / len(values)
    return math.sqrt(sum((one - mean) ** 2 for one in values) / (len(values) - 1))


@dataclass(frozen=True, slots=True)
class PooledSpread:
    """The spread that groups of repeated measurements have in common, and how many repeats say so."""

    deviation: float
    degrees: int

    def interval(self, values: Sequence[float]) -> Interval:
        """The interval of one group's mean; a single value has one too, once other groups tell the spread."""
        mean = sum(values) / len(values)
        if not self.degrees:
            return Interval(mean)
        half = t_factor(self.degrees) * self.deviation / math.sqrt(len(values))
        return Interval(mean, mean - half, mean + half)


def pooled(groups: Sequence[Sequence[float]]) -> PooledSpread:
    """The common spread of several groups, each about its own mean."""
    repeated = [group for group in groups if len(group) > 1]
    degrees = sum(len(group) - 1 for group in repeated)
    squares = sum(spread(group) ** 2 * (len(group) - 1) for group in repeated)
    return PooledSpread(math.sqrt(squares / degrees) if degrees else 0.0, degrees)


def t_factor(degrees: int, confidence: float = CONFIDENCE) -> float:
    """Student's t, two-sided."""
    from scipy.stats import t  # a second of import that only a sweep needs

    return float(t.ppf((1 + confidence) / 2, degrees))


def repeats_for(deviation: float, half_width: float, most: int = 1000) -> int | None:
    """How many repeats make an interval of `half_width`; None where more than `most` would."""
    if half_width <= 0:
        return None
    for repeats in range(2, most + 1):
        if t_factor(repeats - 1) * deviation / math.sqrt(repeats) <= half_width:
            return repeats
    return None
