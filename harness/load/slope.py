"""How fast memory grows while the load does not change, and how sure that is.

The slope is that of Theil and Sen (the median over all pairs of moments), which a few outliers do not move. Its
interval comes from a moving-block bootstrap of the residuals: blocks keep what one moment has of the one before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.observations import Sample

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
BINS_MOST = 240
BINS_LEAST = 15
RESAMPLES = 400
SHARE = 0.95
_SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Slope:
    """Bytes an hour: the estimate and its interval; `level_bytes` is where the line ends."""

    bytes_per_hour: float
    low: float
    high: float
    over_s: float
    level_bytes: float

    def minutes_to(self, limit_bytes: float, bytes_per_hour: float) -> float | None:
        """How long until the line is at the limit; None when it does not get there."""
        if bytes_per_hour <= 0:
            return None
        return max(limit_bytes - self.level_bytes, 0.0) / bytes_per_hour * 60


def slope_of(samples: Sequence[Sample], seed: int = 1) -> Slope | None:
    """The slope over these samples; None where they are too few to tell."""
    times, levels = _bins(samples)
    if len(times) < BINS_LEAST:
        return None
    estimate = _theil_sen(times, levels[None, :])[0]
    line = np.median(levels - estimate * times) + estimate * times
    low, high = _interval(times, line, levels - line, seed)
    per_hour = _SECONDS_PER_HOUR
    return Slope(
        float(estimate * per_hour), low * per_hour, high * per_hour, float(times[-1] - times[0]), float(line[-1])
    )


def _bins(samples: Sequence[Sample]) -> tuple[Array, Array]:
    """Medians of equal stretches of time: at least a second each."""
    if not samples:
        return np.empty(0), np.empty(0)
    t = np.array([one.t for one in samples])
    levels = np.array([one.unreclaimable for one in samples], dtype=float)
    span_s = float(t[-1] - t[0])
    count = int(min(max(span_s, 1.0), BINS_MOST))
    place = np.minimum(((t - t[0]) / max(span_s, 1e-9) * count).astype(int), count - 1)
    there = np.unique(place)
    middles = np.array([t[place == one].mean() for one in there])
    return middles, np.array([np.median(levels[place == one]) for one in there])


def _theil_sen(times: Array, rows: Array) -> Array:
    """The slope of each row of levels."""
    first, second = np.triu_indices(len(times), 1)
    rises = (rows[:, second] - rows[:, first]) / (times[second] - times[first])
    found: Array = np.median(rises, axis=1)
    return found


def _interval(times: Array, line: Array, residuals: Array, seed: int) -> tuple[float, float]:
    rng, count = np.random.default_rng(seed), len(times)
    length = max(count // 10, round(count ** (1 / 2)))
    blocks = -(-count // length)
    slopes = []
    for _ in range(RESAMPLES):
        starts = rng.integers(0, count - length + 1, blocks)
        drawn = np.concatenate([residuals[start : start + length] for start in starts])[:count]
        slopes.append(_theil_sen(times, (line + drawn)[None, :])[0])
    low, high = np.quantile(slopes, [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return float(low), float(high)
