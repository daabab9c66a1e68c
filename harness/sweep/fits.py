"""Least squares with intervals: one sum of costs, or the largest of several sums whose peaks do not coincide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.sweep.design import Column, Matrix, matrix_of
from harness.sweep.intervals import t_factor

Setting = Mapping[str, str]
_ROUNDS = 60
_STARTS = 12


@dataclass(frozen=True, slots=True)
class Stage:
    """One sum: a floor and the cost of its columns, and how far they may be off together."""

    columns: tuple[Column, ...]
    beta: Matrix
    """Floor first."""
    covariance: Matrix


@dataclass(frozen=True, slots=True)
class Fit:
    """The largest of its stages, fitted to trials; one stage is a plain sum."""

    stages: tuple[Stage, ...]
    degrees: int
    """Of freedom: trials beyond what the coefficients need."""
    left_out: Matrix
    """For each trial, how far it is off what the others predict."""
    squares: float
    """Sum of the squared residuals."""
    settled: bool
    """Each stage has trials enough of its own."""

    @property
    def parameters(self) -> int:
        """Coefficients, floors included."""
        return sum(len(one.beta) for one in self.stages)

    @property
    def left_out_error(self) -> float:
        """Root mean square of what is off."""
        return float(np.sqrt(np.mean(self.left_out**2)))

    def predict(self, setting: Setting) -> tuple[float, float]:
        """What a setting gives, and the half width of the interval of that mean."""
        rows = [matrix_of([setting], one.columns)[0] for one in self.stages]
        sums = [float(row @ one.beta) for row, one in zip(rows, self.stages, strict=True)]
        top = int(np.argmax(sums))
        row, stage = rows[top], self.stages[top]
        half = t_factor(self.degrees) * float(np.sqrt(max(0.0, row @ stage.covariance @ row)))
        return sums[top], half


def chance_of(richer: Fit, simpler: Fit) -> float:
    """How likely so much less would be left by chance, where the simpler sum is a part of the richer one (F test)."""
    from scipy.stats import f  # a second of import that only a sweep needs

    more = simpler.degrees - richer.degrees
    if more <= 0 or not richer.squares:
        return 0.0 if more > 0 else 1.0
    ratio = (simpler.squares - richer.squares) / more / (richer.squares / richer.degrees)
    return float(f.sf(ratio, more, richer.degrees))


def fit_sum(settings: Sequence[Setting], peaks: Sequence[float], columns: Sequence[Column]) -> Fit | None:
    """Fit one sum; None where the trials do not tell its columns apart."""
    return fit_largest(settings, peaks, [tuple(columns)])


def fit_largest(
    settings: Sequence[Setting], peaks: Sequence[float], stages: Sequence[tuple[Column, ...]], seed: int = 0
) -> Fit | None:
    """Fit the largest of several sums: each trial is a trial of the stage that is the largest there."""
    matrices = [matrix_of(settings, columns) for columns in stages]
    observed = np.asarray(peaks, dtype=np.float64)
    degrees = len(observed) - sum(matrix.shape[1] for matrix in matrices)
    if degrees < 2:
        return None
    betas = _best_betas(matrices, observed, seed)
    if betas is None:
        return None
    owners = _owners(matrices, betas)
    residuals = observed - _largest(matrices, betas)
    variance = float(residuals @ residuals) / degrees
    covariances = [_covariance(matrix[owners == place], variance) for place, matrix in enumerate(matrices)]
    if any(one is None for one in covariances):
        return None
    settled = all((owners == place).sum() > matrix.shape[1] for place, matrix in enumerate(matrices))
    return Fit(
        tuple(
            Stage(columns, beta, covariance)
            for columns, beta, covariance in zip(stages, betas, covariances, strict=True)
            if covariance is not None
        ),
        degrees,
        _left_out(matrices, observed, betas, owners, residuals),
        float(residuals @ residuals),
        settled,
    )


def _best_betas(matrices: Sequence[Matrix], observed: Matrix, seed: int) -> list[Matrix] | None:
    """Alternate between who owns which trial and what each one costs, from several starts."""
    if len(matrices) == 1:
        beta = _solve(matrices[0], observed)
        return None if beta is None else [beta]
    rng = np.random.default_rng(seed)
    found: list[tuple[float, list[Matrix]]] = []
    for start in range(_STARTS):
        owners = _first_owners(matrices, observed, rng, start)
        betas = _alternate(matrices, observed, owners)
        if betas is not None:
            residuals = observed - _largest(matrices, betas)
            found.append((float(residuals @ residuals), betas))
    return min(found, key=lambda one: one[0])[1] if found else None


def _first_owners(
    matrices: Sequence[Matrix], observed: Matrix, rng: np.random.Generator, start: int
) -> NDArray[np.int64]:
    """First guesses: the stage whose own knobs stand highest there, later ones with chance in it."""
    heights = []
    for matrix in matrices:
        spans = np.ptp(matrix, axis=0)
        scaled = (matrix - matrix.min(axis=0)) / np.where(spans > 0, spans, 1.0)
        weights = rng.uniform(0.2, 1.0, matrix.shape[1]) if start else np.ones(matrix.shape[1])
        heights.append(scaled @ weights / max(1, matrix.shape[1] - 1) + (rng.normal(0, 0.2) if start else 0.0))
    del observed
    return np.asarray(np.argmax(np.array(heights), axis=0), dtype=np.int64)


def _alternate(matrices: Sequence[Matrix], observed: Matrix, owners: NDArray[np.int64]) -> list[Matrix] | None:
    betas: list[Matrix] | None = None
    for _ in range(_ROUNDS):
        solved = [_solve(matrix[owners == place], observed[owners == place]) for place, matrix in enumerate(matrices)]
        betas = [one for one in solved if one is not None]
        if len(betas) < len(matrices):
            return None
        after = _owners(matrices, betas)
        if np.array_equal(after, owners):
            return betas
        owners = after
    return betas


def _solve(matrix: Matrix, observed: Matrix) -> Matrix | None:
    if len(matrix) < matrix.shape[1] or np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        return None
    return np.asarray(np.linalg.lstsq(matrix, observed, rcond=None)[0], dtype=np.float64)


def _owners(matrices: Sequence[Matrix], betas: Sequence[Matrix]) -> NDArray[np.int64]:
    values = np.array([matrix @ beta for matrix, beta in zip(matrices, betas, strict=True)])
    return np.asarray(np.argmax(values, axis=0), dtype=np.int64)


def _largest(matrices: Sequence[Matrix], betas: Sequence[Matrix]) -> Matrix:
    largest: Matrix = np.max(np.array([matrix @ beta for matrix, beta in zip(matrices, betas, strict=True)]), axis=0)
    return largest


def _covariance(matrix: Matrix, variance: float) -> Matrix | None:
    if len(matrix) < matrix.shape[1] or np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        return None
    return np.asarray(variance * np.linalg.inv(matrix.T @ matrix), dtype=np.float64)


def _left_out(
    matrices: Sequence[Matrix],
    observed: Matrix,
    betas: Sequence[Matrix],
    owners: NDArray[np.int64],
    residuals: Matrix,
) -> Matrix:
    """Leave each trial out: of its own stage, refitted without it, and of the largest of all stages then."""
    off = np.empty_like(observed)
    for place in range(len(observed)):
        own = int(owners[place])
        others = (owners == own) & (np.arange(len(observed)) != place)
        beta = _solve(matrices[own][others], observed[others])
        if beta is None:
            # Without it the stage cannot be told at all: it is as far off as the whole spread.
            off[place] = float(np.ptp(observed)) or residuals[place]
            continue
        without = [beta if stage == own else one for stage, one in enumerate(betas)]
        rows = [matrix[place : place + 1] for matrix in matrices]
        off[place] = observed[place] - float(_largest(rows, without)[0])
    return off
