"""Settings as the rows of a linear model: a number is a column, another value a column of its own, pairs products."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the product of its factors; a factor is an axis, and a level where the axis is no number."""

    factors: tuple[tuple[str, str], ...]

    @property
    def axes(self) -> frozenset[str]:
        """The axes that it takes in."""
        return frozenset(axis for axis, _ in self.factors)

    @property
    def knob(self) -> str:
        """How the report calls it."""
        return " x ".join(axis for axis, _ in self.factors)

    @property
    def level(self) -> str:
        """The values of those of its axes that are no numbers."""
        return " x ".join(level for _, level in self.factors if level)

    def of(self, setting: Mapping[str, str]) -> float:
        """Its entry for a setting."""
        value = 1.0
        for axis, level in self.factors:
            value *= float(setting[axis] == level) if level else float(setting[axis])
        return value


def columns_of(axis: str, values: Sequence[str], *, as_levels: bool = False) -> tuple[Column, ...]:
    """One column for numbers; else one for each value but the first, which belongs to the floor."""
    if not as_levels and all(is_number(value) for value in values):
        return (Column(((axis, ""),)),)
    return tuple(Column(((axis, value),)) for value in values[1:])


def product(one: Column, other: Column) -> Column:
    """The interaction of two columns."""
    return Column((*one.factors, *other.factors))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each coefficient stands: the floors first, then the columns of each stage.

    A stage is one sum; peaks that do not coincide are several of them, above one floor or each above its own.
    """

    stages: tuple[tuple[Column, ...], ...]
    floors: tuple[int, ...] = (0,)
    """For each stage the number of its floor."""

    @property
    def levelled(self) -> "Layout":
        """The same stages above one floor."""
        return Layout(self.stages, (0,) * len(self.stages))

    @property
    def parameters(self) -> int:
        """Coefficients, floors included."""
        return self.first(len(self.stages))

    def first(self, stage: int) -> int:
        """Where the columns of a stage begin."""
        return 1 + max(self.floors) + sum(len(one) for one in self.stages[:stage])

    def rows(self, stage: int, settings: Sequence[Mapping[str, str]]) -> Matrix:
        """Settings as rows of a stage: ones for its floor, its columns, nothing of other stages."""
        found = np.zeros((len(settings), self.parameters), dtype=np.float64)
        found[:, self.floors[stage]] = 1.0
        for place, column in enumerate(self.stages[stage], self.first(stage)):
            found[:, place] = [column.of(setting) for setting in settings]
        return found


def is_number(value: str) -> bool:
    """Whether a value is one."""
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False
