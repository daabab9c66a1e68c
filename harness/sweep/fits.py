"""Least squares with intervals: one sum of costs, or the largest of several sums whose peaks do not coincide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.sweep.design import Layout, Matrix
from harness.sweep.intervals import t_factor

Setting = Mapping[str, str]
Owners = NDArray[np.int64]
"""For each trial the stage that is the largest there."""
_ROUNDS = 60
_STARTS = 16
_UNEVEN = 2.0
"""How far first guesses go in weighing one stage against another, as a power of e."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The largest of the stages of a layout, fitted to trials; one stage is a plain sum."""

    layout: Layout
    beta: Matrix
    """Floors first, then the costs of each stage."""
    covariance: Matrix
    """How far they may be off together."""
    degrees: int
    """Of freedom: trials beyond what the coefficients need."""
    left_out: Matrix
    """For each trial, how far it is off what the others predict."""
    squares: float
    """Sum of the squared residuals."""
    settled: bool
    """No coefficient hangs on a single trial."""

    @property
    def left_out_error(self) -> float:
        """Root mean square of what is off."""
        return float(np.sqrt(np.mean(self.left_out**2)))

    def predict(self, setting: Setting) -> tuple[float, float]:
        """What a setting gives, and the half width of the interval of that mean."""
        rows = np.vstack([table[0] for table in _tables(self.layout, [setting])])
        sums = rows @ self.beta
        row = rows[int(np.argmax(sums))]
        half = t_factor(self.degrees) * float(np.sqrt(max(0.0, row @ self.covariance @ row)))
        return float(sums.max()), half


def chance_of(richer: Fit, simpler: Fit) -> float:
    """How likely so much less would be left by chance, where the simpler sum is a part of the richer one (F test)."""
    from scipy.stats import f  # a second of import that only a sweep needs

    more = simpler.degrees - richer.degrees
    if more <= 0 or not richer.squares:
        return 0.0 if more > 0 else 1.0
    ratio = (simpler.squares - richer.squares) / more / (richer.squares / richer.degrees)
    return float(f.sf(ratio, more, richer.degrees))


def fit(layout: Layout, settings: Sequence[Setting], peaks: Sequence[float], seed: int = 0) -> Fit | None:
    """Fit a layout, each trial as one of the stage that is the largest there; None where trials do not tell it."""
    tables, observed = _tables(layout, settings), np.asarray(peaks, dtype=np.float64)
    degrees = len(observed) - layout.parameters
    owners = _best_owners(tables, observed, seed) if degrees >= 2 else None
    design = None if owners is None else _owned(tables, owners)
    beta = None if design is None else _solve(design, observed)
    if owners is None or design is None or beta is None:
        return None
    residuals = observed - _largest(tables, beta)
    squares = float(residuals @ residuals)
    level = _tables(layout.levelled, settings)
    left_out, settled = _left_out((tables, level), owners, observed)
    covariance = np.asarray(squares / degrees * np.linalg.inv(design.T @ design), dtype=np.float64)
    return Fit(layout, beta, covariance, degrees, left_out, squares, settled)


def _tables(layout: Layout, settings: Sequence[Setting]) -> list[Matrix]:
    """For each stage what every setting would be as a trial of it."""
    return [layout.rows(stage, settings) for stage in range(len(layout.stages))]


def _owned(tables: Sequence[Matrix], owners: Owners) -> Matrix:
    """Each trial as one of the stage that owns it."""
    return np.asarray(np.stack(tables)[owners, np.arange(len(owners))], dtype=np.float64)


def _best_owners(tables: Sequence[Matrix], observed: Matrix, seed: int) -> Owners | None:
    """Who owns which trial where the least is left, from several first guesses."""
    rng = np.random.default_rng(seed)
    found: list[tuple[float, Owners]] = []
    for _ in range(_STARTS if len(tables) > 1 else 1):
        owners = _alternate(tables, observed, _first_owners(tables, rng))
        beta = None if owners is None else _solve(_owned(tables, owners), observed)
        if owners is not None and beta is not None:
            found.append((float(((observed - _largest(tables, beta)) ** 2).sum()), owners))
    return min(found, key=lambda one: one[0])[1] if found else None


def _first_owners(tables: Sequence[Matrix], rng: np.random.Generator) -> Owners:
    """A guess: the stage whose own columns stand the highest, weighed by chance."""
    heights = []
    for table in tables:
        spans = np.ptp(table, axis=0)
        scaled = (table - table.min(axis=0)) / np.where(spans > 0, spans, 1.0)
        heights.append(scaled.sum(axis=1) * np.exp(rng.uniform(-_UNEVEN, _UNEVEN)) + rng.uniform(0, 0.2))
    return np.asarray(np.argmax(np.array(heights), axis=0), dtype=np.int64)


def _alternate(tables: Sequence[Matrix], observed: Matrix, owners: Owners) -> Owners | None:
    """Solve for who owns which trial, and see who does then, until that stays; None where it does not."""
    for _ in range(_ROUNDS):
        beta = _solve(_owned(tables, owners), observed)
        if beta is None:
            return None
        after = np.asarray(np.argmax(np.stack(tables) @ beta, axis=0), dtype=np.int64)
        if np.array_equal(after, owners):
            return owners
        owners = after
    return None


def _solve(design: Matrix, observed: Matrix) -> Matrix | None:
    if len(design) < design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    return np.asarray(np.linalg.lstsq(design, observed, rcond=None)[0], dtype=np.float64)


def _largest(tables: Sequence[Matrix], beta: Matrix) -> Matrix:
    return np.asarray((np.stack(tables) @ beta).max(axis=0), dtype=np.float64)


def _left_out(layouts: Sequence[Sequence[Matrix]], owners: Owners, observed: Matrix) -> tuple[Matrix, bool]:
    """How far each trial is off what is fitted without it, and whether that can be said of all of them.

    Where the others do not tell a layout, the next one is taken.
    """
    # Where none can be told without it, it is as far off as the whole spread.
    off, settled = np.full(len(observed), np.ptp(observed)), True
    for place in range(len(observed)):
        others = np.arange(len(observed)) != place
        tried = ((tables, _solve(_owned(tables, owners)[others], observed[others])) for tables in layouts)
        found = next(((tables, beta) for tables, beta in tried if beta is not None), None)
        if found is None:
            settled = False
            continue
        tables, beta = found
        off[place] = observed[place] - _largest([table[place : place + 1] for table in tables], beta)[0]
    return off, settled
