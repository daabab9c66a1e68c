"""What the cells that were not run would probably give: a small Gaussian process over the cells that were.

Optuna's own needs a deep-learning library. This one has few points and few axes, so that it fits on a page.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Scale = Callable[[Sequence[float]], Sequence[float]]
_FAR = 3
_SCALES = (0.8, 2.0)
"""Of an axis: shorter ones see bumps where a dozen trials have only noise."""
_NOISE = 0.1
"""Of the spread around the plane: what a repeat would differ by."""
_HELD_BACK = 0.1


@dataclass(frozen=True, slots=True)
class Predicted:
    """What is expected of a setting, and how far it may be off (one standard deviation)."""

    mean: float
    deviation: float


def places_of(settings: Sequence[Mapping[str, str]], axes: Mapping[str, Sequence[str]]) -> Matrix:
    """Each setting as a point in the unit cube, where twice as much is as far anywhere: how rates go with knobs."""
    return _placed(settings, axes, _by_ratio)


def sizes_of(settings: Sequence[Mapping[str, str]], axes: Mapping[str, Sequence[str]]) -> Matrix:
    """Each setting as a point in the unit cube, where one more is as far anywhere: how peaks go with knobs."""
    return _placed(settings, axes, lambda sizes: sizes)


def predict(known: Matrix, values: Sequence[float], asked: Matrix) -> list[Predicted]:
    """Predict by a plane, and by what the neighbours are off it; the length scales are the likeliest ones."""
    observed = np.asarray(values, dtype=np.float64)
    plane = _plane(known, observed)
    off = observed - _with_one(known) @ plane
    size = float(off.std()) or 1.0
    scaled = off / size
    scales = max(itertools.product(_SCALES, repeat=known.shape[1]), key=lambda one: _likelihood(known, scaled, one))
    inverse = np.linalg.inv(_kernel(known, known, scales) + _NOISE**2 * np.eye(len(known)))
    across = _kernel(asked, known, scales)
    means = _with_one(asked) @ plane + size * (across @ inverse @ scaled)
    variances = np.clip(1.0 - np.einsum("ij,jk,ik->i", across, inverse, across), 0.0, None)
    return [
        Predicted(float(mean), float(size * np.sqrt(variance))) for mean, variance in zip(means, variances, strict=True)
    ]


def _plane(known: Matrix, observed: Matrix) -> Matrix:
    """A plane through the values, held back a little where there are few of them."""
    rows = _with_one(known - 0.5)
    held = _HELD_BACK * np.diag([0.0, *[1.0] * known.shape[1]])
    slopes = np.asarray(np.linalg.solve(rows.T @ rows + held, rows.T @ observed), dtype=np.float64)
    return np.array([slopes[0] - 0.5 * slopes[1:].sum(), *slopes[1:]])


def _with_one(places: Matrix) -> Matrix:
    return np.hstack([np.ones((len(places), 1)), places])


def _likelihood(known: Matrix, scaled: Matrix, scales: Sequence[float]) -> float:
    kernel = _kernel(known, known, scales) + _NOISE**2 * np.eye(len(known))
    sign, size = np.linalg.slogdet(kernel)
    return float(-0.5 * scaled @ np.linalg.solve(kernel, scaled) - 0.5 * size) if sign > 0 else -np.inf


def _kernel(one: Matrix, other: Matrix, scales: Sequence[float]) -> Matrix:
    differences = (one[:, None, :] - other[None, :, :]) / np.asarray(scales)
    squares: Matrix = (differences**2).sum(axis=2)
    kernel: Matrix = np.exp(-0.5 * squares)
    return kernel


def _placed(settings: Sequence[Mapping[str, str]], axes: Mapping[str, Sequence[str]], scale: Scale) -> Matrix:
    columns = {axis: _axis_places(values, scale) for axis, values in axes.items()}
    return np.array([[columns[axis][setting[axis]] for axis in axes] for setting in settings], dtype=np.float64)


def _axis_places(values: Sequence[str], scale: Scale) -> dict[str, float]:
    """Numbers where the scale has them, from 0 to 1; other values side by side."""
    numbers = [_number(value) for value in values]
    if None in numbers or len(values) == 1:
        return {value: place / max(1, len(values) - 1) for place, value in enumerate(values)}
    known = scale([one for one in numbers if one is not None])
    low, high = min(known), max(known)
    return {value: (one - low) / (high - low) for value, one in zip(values, known, strict=True)}


def _by_ratio(sizes: Sequence[float]) -> Sequence[float]:
    """Logarithms, where the sizes go far enough for that."""
    low, high = min(sizes), max(sizes)
    return [float(np.log(one)) for one in sizes] if low > 0 and high / low > _FAR else sizes


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
