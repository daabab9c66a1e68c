"""The cost model: peak = floor + what each knob costs, with intervals; or why there is none.

A fit that predicts trials that were left out poorly is refused.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from harness.sweep.cells import MEASURING
from harness.sweep.fits import Fit, Setting
from harness.sweep.forms import Form, choose_form
from harness.sweep.intervals import t_factor
from harness.sweep.trial import Trial
from reports.quantities import format_bytes
from reports.sweep_body import Coefficient, CostModel, Curve, CurvePoint

POOR_ERROR = 0.05
"""Of the median peak: a left-out error beyond it is poor, unless nearly all of the differences are explained."""
GOOD_R2 = 0.9
KERNEL_SHARE = 0.005
"""Intervals are at least this wide on each side: page tables and the kernel's own rounding come on top of each byte."""


def model_of(done: Sequence[Trial], axes: Mapping[str, Sequence[str]], around: Setting) -> CostModel:
    """The model of the trials that measure; killed ones are censored. Curves are drawn around a setting."""
    trials = [one for one in done if one.task.part in MEASURING]
    known = [one for one in trials if one.measured.peak_bytes is not None]
    censored = sum(one.measured.end == "killed" for one in trials)
    settings = [one.task.setting for one in known]
    varied = {axis: values for axis, values in axes.items() if len({one[axis] for one in settings}) > 1}
    peaks = [float(one.measured.peak_bytes or 0) for one in known]
    if not varied:
        return CostModel(why="nothing was varied, or all of it was killed", trials=len(known), censored=censored)
    form = choose_form(settings, peaks, {axis: _present(values, settings, axis) for axis, values in varied.items()})
    if form is None:
        why = f"{len(known)} trials do not tell the knobs apart; more settings or repeats are needed"
        return CostModel(why=why, trials=len(known), censored=censored)
    return _described(form, peaks, censored, varied, around)


def refusal(found: Fit, peaks: Sequence[float]) -> str:
    """Why a fit is too poor to answer by; empty when it is not."""
    error, median, r2 = found.left_out_error, float(np.median(peaks)), left_out_r2(found, peaks)
    if error <= POOR_ERROR * median or (r2 >= GOOD_R2 and error <= 2 * POOR_ERROR * median):
        return ""
    return (
        f"a trial that is left out is missed by {format_bytes(error)} ({error / median:.0%} of the median peak), and "
        f"only {max(0.0, r2):.0%} of the differences are explained; the knobs do not act as a sum, or as the largest "
        "of sums"
    )


def left_out_r2(found: Fit, peaks: Sequence[float]) -> float:
    """The share of the differences among peaks that predictions of left-out trials explain."""
    total = float(np.sum((np.asarray(peaks) - np.mean(peaks)) ** 2))
    return 1.0 - float(np.sum(found.left_out**2)) / total if total else 0.0


def _described(
    form: Form, peaks: Sequence[float], censored: int, axes: Mapping[str, Sequence[str]], around: Setting
) -> CostModel:
    found, several = form.fit, len(form.fit.layout.stages) > 1
    why = refusal(found, peaks)
    if why:
        return CostModel(
            why=why, trials=len(peaks), censored=censored, left_out_error_bytes=found.left_out_error,
            left_out_r2=left_out_r2(found, peaks),
        )  # fmt: skip
    return CostModel(
        fitted=True,
        form=form.name,
        why="The peaks do not coincide: savings of knobs of different peaks do not add up." if several else "",
        floors=tuple(_floors(found)),
        coefficients=tuple(_costs(found)),
        left_out_error_bytes=found.left_out_error,
        left_out_r2=left_out_r2(found, peaks),
        trials=len(peaks),
        censored=censored,
        curves=tuple(_curves(found, axes, around)),
    )


def _floors(found: Fit) -> Iterator[Coefficient]:
    floors = sorted(set(found.layout.floors))
    for number in floors:
        value, interval = _value(found, number)
        yield Coefficient("floor", "", number + 1 if len(floors) > 1 else 0, value, interval)


def _costs(found: Fit) -> Iterator[Coefficient]:
    stages = found.layout.stages
    for number, columns in enumerate(stages):
        for place, column in enumerate(columns, found.layout.first(number)):
            value, interval = _value(found, place)
            yield Coefficient(column.knob, column.level, number + 1 if len(stages) > 1 else 0, value, interval)


def _value(found: Fit, place: int) -> tuple[float, tuple[float, float]]:
    """A coefficient with its interval."""
    value, variance = float(found.beta[place]), max(0.0, float(found.covariance[place, place]))
    half = t_factor(found.degrees) * variance**0.5 + KERNEL_SHARE * abs(value)
    return value, (value - half, value + half)


def _curves(found: Fit, axes: Mapping[str, Sequence[str]], around: Setting) -> Iterator[Curve]:
    """The fitted line over each axis, the others as the setting has them."""
    centre = {axis: around.get(axis, values[len(values) // 2]) for axis, values in axes.items()}
    for axis, values in axes.items():
        points = []
        for value in values:
            mean, half = found.predict({**centre, axis: value})
            points.append(CurvePoint(value, mean, mean - half, mean + half))
        yield Curve(axis, {name: value for name, value in centre.items() if name != axis}, tuple(points))


def _present(values: Sequence[str], settings: Sequence[Setting], axis: str) -> list[str]:
    there = {one[axis] for one in settings}
    return [value for value in values if value in there]
