"""The cost model: peak = floor + what each knob costs, with intervals; or why there is none.

Forms are tried from the simplest on: a sum; a sum whose knobs multiply; a sum with a cost for each value; the largest
of several sums, for peaks that do not coincide and therefore do not add. A form is kept when it predicts trials that
were left out clearly better than the simpler ones. A fit that predicts them poorly is refused.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.sweep.cells import MEASURING
from harness.sweep.design import Column, columns_of, is_number, product
from harness.sweep.fits import Fit, Setting, Stage, chance_of, fit_largest, fit_sum
from harness.sweep.intervals import t_factor
from harness.sweep.trial import Trial
from reports.quantities import format_bytes
from reports.sweep_body import Coefficient, CostModel, Curve, CurvePoint

CLEARLY = 0.8
"""A product of knobs must bring the left-out error below this share of what it is without."""
BY_FAR = 0.5
"""Another form must bring it below this share of a simpler one's: many are tried, and one may fit by chance."""
POOR_ERROR = 0.05
"""Of the median peak: a left-out error beyond it is poor, unless nearly all of the differences are explained."""
GOOD_R2 = 0.9
KERNEL_SHARE = 0.005
"""Intervals are at least this wide on each side: page tables and the kernel's own rounding come on top of each byte."""
BY_CHANCE = 0.002
"""What an interaction, or a cost for each value, may owe to chance."""
_LARGEST = "largest"
_MOST_AXES_OF_STAGES = 5
_RESOLUTION_BYTES = 256 * 1024
"""What the kernel's counters may be off by: forms are not told apart below it."""


@dataclass(frozen=True, slots=True)
class Form:
    """One candidate: its name, and its fit."""

    name: str
    fit: Fit


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


def choose_form(settings: Sequence[Setting], peaks: Sequence[float], axes: Mapping[str, Sequence[str]]) -> Form | None:
    """The simplest form that no richer one clearly beats."""
    chosen: Form | None = None
    for form in _forms(settings, peaks, axes):
        if chosen is None or _is_preferred(form, chosen):
            chosen = form
    return chosen


def refusal(fit: Fit, peaks: Sequence[float]) -> str:
    """Why a fit is too poor to answer by; empty when it is not."""
    error, median, r2 = fit.left_out_error, float(np.median(peaks)), left_out_r2(fit, peaks)
    if error <= POOR_ERROR * median or (r2 >= GOOD_R2 and error <= 2 * POOR_ERROR * median):
        return ""
    return (
        f"a trial that is left out is missed by {format_bytes(error)} ({error / median:.0%} of the median peak), and "
        f"only {max(0.0, r2):.0%} of the differences are explained; the knobs do not act as a sum, or as the largest "
        "of sums"
    )


def left_out_r2(fit: Fit, peaks: Sequence[float]) -> float:
    """The share of the differences among peaks that predictions of left-out trials explain."""
    total = float(np.sum((np.asarray(peaks) - np.mean(peaks)) ** 2))
    return 1.0 - float(np.sum(fit.left_out**2)) / total if total else 0.0


def _forms(settings: Sequence[Setting], peaks: Sequence[float], axes: Mapping[str, Sequence[str]]) -> Iterator[Form]:
    """Candidates, the simplest first."""
    plain = {axis: columns_of(axis, values) for axis, values in axes.items()}
    columns = tuple(itertools.chain(*plain.values()))
    base = fit_sum(settings, peaks, columns)
    if base is not None:
        yield Form("sum", base)
        richer, names = _with_interactions(settings, peaks, columns, base)
        if names:
            yield Form("sum with interactions", richer)
    for stages in _partitions(plain):
        fit = fit_largest(settings, peaks, stages)
        if fit is not None and fit.settled:
            yield Form(f"{_LARGEST} of {len(stages)} peaks", fit)
    leveled = {
        axis: columns_of(axis, values, as_levels=len(values) > 2 and all(map(is_number, values)))
        for axis, values in axes.items()
    }
    if leveled != plain:
        fit = fit_sum(settings, peaks, tuple(itertools.chain(*leveled.values())))
        if fit is not None:
            yield Form("sum of a cost for each value", fit)


def _with_interactions(
    settings: Sequence[Setting], peaks: Sequence[float], columns: tuple[Column, ...], base: Fit
) -> tuple[Fit, list[str]]:
    """Add products of two columns, the best first, as long as each brings the left-out error clearly down."""
    fit, names = base, list[str]()
    pairs = [product(a, b) for a, b in itertools.combinations(columns, 2) if a.axes != b.axes]
    while pairs:
        tried = [(pair, fit_sum(settings, peaks, (*columns, pair))) for pair in pairs]
        better = [
            (pair, found)
            for pair, found in tried
            if found is not None and _beats(found, fit, CLEARLY) and chance_of(found, fit) < BY_CHANCE / len(pairs)
        ]
        if not better:
            break
        pair, fit = min(better, key=lambda one: one[1].left_out_error)
        columns, names = (*columns, pair), [*names, pair.knob]
        pairs.remove(pair)
    return fit, names


def _partitions(plain: Mapping[str, tuple[Column, ...]]) -> Iterator[list[tuple[Column, ...]]]:
    """Every way in which the knobs can belong to two peaks or three, and a peak that no knob moves."""
    axes = list(plain)
    if len(axes) > _MOST_AXES_OF_STAGES:
        return
    for count in (2, 3):
        for owners in itertools.product(range(count), repeat=len(axes)):
            if owners and _is_canonical(owners, count):
                yield [_stage(plain, axes, owners, place) for place in range(count)]


def _is_canonical(owners: Sequence[int], count: int) -> bool:
    """Each division once: stages are numbered as they first occur, and only the last one may be without a knob."""
    first_seen = list(dict.fromkeys(owners))
    return first_seen == list(range(len(first_seen))) and len(first_seen) >= count - 1


def _stage(
    plain: Mapping[str, tuple[Column, ...]], axes: Sequence[str], owners: Sequence[int], place: int
) -> tuple[Column, ...]:
    return tuple(column for axis, owner in zip(axes, owners, strict=True) if owner == place for column in plain[axis])


def _is_preferred(form: Form, chosen: Form) -> bool:
    """Forms of several peaks are no parts of each other, so that only how they predict tells."""
    if form.name.startswith(_LARGEST) or chosen.name.startswith(_LARGEST):
        return _beats(form.fit, chosen.fit, BY_FAR)
    return _beats(form.fit, chosen.fit, CLEARLY) and chance_of(form.fit, chosen.fit) < BY_CHANCE


def _beats(richer: Fit, simpler: Fit, share: float) -> bool:
    """Whether the left-out error is so much smaller, and more than what the kernel's counters may be off by."""
    before, after = simpler.left_out_error, richer.left_out_error
    return after < share * before and before > _RESOLUTION_BYTES


def _described(
    form: Form, peaks: Sequence[float], censored: int, axes: Mapping[str, Sequence[str]], around: Setting
) -> CostModel:
    fit, several = form.fit, len(form.fit.stages) > 1
    why = refusal(fit, peaks)
    if why:
        return CostModel(
            why=why, trials=len(peaks), censored=censored, left_out_error_bytes=fit.left_out_error,
            left_out_r2=left_out_r2(fit, peaks),
        )  # fmt: skip
    stages = [(place + 1 if several else 0, stage) for place, stage in enumerate(fit.stages)]
    return CostModel(
        fitted=True,
        form=form.name,
        why="The peaks do not coincide: savings of knobs of different peaks do not add up." if several else "",
        floors=tuple(_coefficient(stage, number, 0, fit) for number, stage in stages),
        coefficients=tuple(
            _coefficient(stage, number, place, fit) for number, stage in stages for place in range(1, len(stage.beta))
        ),
        left_out_error_bytes=fit.left_out_error,
        left_out_r2=left_out_r2(fit, peaks),
        trials=len(peaks),
        censored=censored,
        curves=tuple(_curves(fit, axes, around)),
    )


def _coefficient(stage: Stage, number: int, place: int, fit: Fit) -> Coefficient:
    value = float(stage.beta[place])
    half = t_factor(fit.degrees) * float(np.sqrt(max(0.0, stage.covariance[place, place]))) + KERNEL_SHARE * abs(value)
    column = stage.columns[place - 1] if place else None
    return Coefficient(
        knob=column.knob if column else "floor",
        level=column.level if column else "",
        stage=number,
        bytes_per_unit=value,
        interval_bytes=(value - half, value + half),
    )


def _curves(fit: Fit, axes: Mapping[str, Sequence[str]], around: Setting) -> Iterator[Curve]:
    """The fitted line over each axis, the others as the setting has them."""
    centre = {axis: around.get(axis, values[len(values) // 2]) for axis, values in axes.items()}
    for axis, values in axes.items():
        points = []
        for value in values:
            mean, half = fit.predict({**centre, axis: value})
            points.append(CurvePoint(value, mean, mean - half, mean + half))
        yield Curve(axis, {name: value for name, value in centre.items() if name != axis}, tuple(points))


def _present(values: Sequence[str], settings: Sequence[Setting], axis: str) -> list[str]:
    there = {one[axis] for one in settings}
    return [value for value in values if value in there]
