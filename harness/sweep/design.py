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


def matrix_of(settings: Sequence[Mapping[str, str]], columns: Sequence[Column]) -> Matrix:
    """The rows, with a first column of ones for the floor."""
    rows = [[1.0, *(column.of(setting) for column in columns)] for setting in settings]
    return np.array(rows, dtype=np.float64).reshape(len(settings), 1 + len(columns))


def is_number(value: str) -> bool:
    """Whether a value is one."""
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False
