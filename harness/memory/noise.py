"""How much runs of one commit differ from each other, and what a comparison can therefore see.

Everything is said of medians of runs, because one odd run in three does not move a median.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, stdev

from scipy import special

POWER = 0.95
"""How surely a regression is seen that is called detectable."""
_MOST_RUNS = 1000
_STALE_BELOW = 0.01
"""Below this chance that a recorded floor fits, it is not the floor of what was measured now."""
_NORMAL_MAD, _NORMAL_P90 = 1.4826, 3.2897
_ODD_BEYOND = 4.0
"""Standard deviations from the middle beyond which a run is an odd one."""
_MEDIAN_ERRORS = (1.0, 0.7071, 0.6698, 0.5457, 0.5356, 0.4634, 0.4587)
"""Standard error of the median of 1, 2, … normal figures, in standard deviations."""


@dataclass(frozen=True, slots=True)
class Noise:
    """The spread of a metric over runs of one commit: a standard deviation, and how many free deviations say so."""

    sd: float
    degrees: int


def floor_of(figures: Sequence[float], resolution: float) -> Noise:
    """The noise floor that many runs of one commit show; never below what can be resolved at all.

    An odd run far out counts as one just outside of the rest. A second cluster is no odd run: the middle nine tenths
    reach into it where the middle half does not, so that it counts in full.
    """
    middle = median(figures)
    bulk = _NORMAL_MAD * median(abs(one - middle) for one in figures)
    ordered = sorted(figures)
    wide = (_quantile(ordered, 0.95) - _quantile(ordered, 0.05)) / _NORMAL_P90
    reach = _ODD_BEYOND * max(bulk, wide)
    clipped = [min(max(one, middle - reach), middle + reach) for one in figures]
    return Noise(max(stdev(clipped), bulk, wide, resolution), len(figures) - 1)


def within(sides: Sequence[Sequence[float]], resolution: float) -> Noise | None:
    """The spread inside of each side, pooled; None as long as no side has two runs."""
    degrees = sum(len(side) - 1 for side in sides)
    if degrees < 1:
        return None
    squares = sum((one - sum(side) / len(side)) ** 2 for side in sides for one in side)
    return Noise(max(math.sqrt(squares / degrees), resolution), degrees)


def combined(floor: Noise | None, now: Noise | None) -> Noise | None:
    """The recorded floor and what the runs of now scatter, weighed by their degrees of freedom.

    Runs that scatter far more than the floor does say that it was recorded on a quieter machine: then they count alone.
    """
    if floor is None or now is None:
        return floor or now
    if is_stale(floor, now):
        return now
    degrees = floor.degrees + now.degrees
    return Noise(math.sqrt((floor.degrees * floor.sd**2 + now.degrees * now.sd**2) / degrees), degrees)


def is_stale(floor: Noise, now: Noise) -> bool:
    """Whether what was measured now scatters more than a recorded floor can explain."""
    return bool(special.fdtrc(now.degrees, floor.degrees, (now.sd / floor.sd) ** 2) < _STALE_BELOW)


def tolerance(noise: Noise, base_runs: int, head_runs: int, alpha: float) -> float:
    """The difference of the two medians that noise alone exceeds with the chance `alpha`."""
    return float(special.stdtrit(noise.degrees, 1 - alpha)) * _difference_error(noise, base_runs, head_runs)


def detectable(noise: Noise, base_runs: int, head_runs: int, alpha: float) -> float:
    """The smallest true growth that so many runs see with the chance `POWER`."""
    return tolerance(noise, base_runs, head_runs, alpha) + tolerance(noise, base_runs, head_runs, 1 - POWER)


def runs_needed(noise: Noise, growth: float, alpha: float) -> int | None:
    """Runs of each side that see a true growth of this size; None where a thousand do not."""
    return next((n for n in range(2, _MOST_RUNS) if detectable(noise, n, n, alpha) <= growth), None)


def _difference_error(noise: Noise, base_runs: int, head_runs: int) -> float:
    return noise.sd * math.hypot(_median_error(base_runs), _median_error(head_runs))


def _median_error(runs: int) -> float:
    return _MEDIAN_ERRORS[runs - 1] if runs <= len(_MEDIAN_ERRORS) else 1.2533 / math.sqrt(runs)


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = min(int(place), len(ordered) - 2)
    before, after = list(pairwise(ordered))[low]
    return before + (place - low) * (after - before)
