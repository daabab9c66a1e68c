"""Forms that a cost model may have, and which of them the trials ask for.

Tried from the simplest on: a sum; a sum whose knobs multiply; the largest of several sums, for peaks that do not
coincide and therefore do not add; a sum with a cost for each value. A form is kept when it predicts trials that were
left out clearly better than the simpler ones.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.sweep.design import Column, Layout, columns_of, is_number, product
from harness.sweep.fits import Fit, Setting, chance_of, fit

CLEARLY = 0.8
"""A product of knobs must bring the left-out error below this share of what it is without."""
BY_FAR = 0.5
"""Another form must bring it below this share of a simpler one's: many are tried, and one may fit by chance."""
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


def choose_form(settings: Sequence[Setting], peaks: Sequence[float], axes: Mapping[str, Sequence[str]]) -> Form | None:
    """The simplest form that no richer one clearly beats."""
    chosen: Form | None = None
    for form in _forms(settings, peaks, axes):
        if chosen is None or _is_preferred(form, chosen):
            chosen = form
    return chosen


def _forms(settings: Sequence[Setting], peaks: Sequence[float], axes: Mapping[str, Sequence[str]]) -> Iterator[Form]:
    """Candidates, the simplest first."""
    plain = {axis: columns_of(axis, values) for axis, values in axes.items()}
    columns = tuple(itertools.chain(*plain.values()))
    base = fit(Layout((columns,)), settings, peaks)
    if base is not None:
        yield Form("sum", base)
        richer, names = _with_interactions(settings, peaks, columns, base)
        if names:
            yield Form("sum with interactions", richer)
    for layout in _layouts(plain):
        found = fit(layout, settings, peaks)
        if found is not None and found.settled:
            yield Form(f"{_LARGEST} of {len(layout.stages)} peaks", found)
    leveled = {
        axis: columns_of(axis, values, as_levels=len(values) > 2 and all(map(is_number, values)))
        for axis, values in axes.items()
    }
    if leveled != plain:
        found = fit(Layout((tuple(itertools.chain(*leveled.values())),)), settings, peaks)
        if found is not None:
            yield Form("sum of a cost for each value", found)


def _with_interactions(
    settings: Sequence[Setting], peaks: Sequence[float], columns: tuple[Column, ...], base: Fit
) -> tuple[Fit, list[str]]:
    """Add products of two columns, the best first, as long as each brings the left-out error clearly down."""
    best, names = base, list[str]()
    pairs = [product(a, b) for a, b in itertools.combinations(columns, 2) if a.axes != b.axes]
    while pairs:
        tried = [(pair, fit(Layout(((*columns, pair),)), settings, peaks)) for pair in pairs]
        better = [
            (pair, found)
            for pair, found in tried
            if found is not None and _beats(found, best, CLEARLY) and chance_of(found, best) < BY_CHANCE / len(pairs)
        ]
        if not better:
            break
        pair, best = min(better, key=lambda one: one[1].left_out_error)
        columns, names = (*columns, pair), [*names, pair.knob]
        pairs.remove(pair)
    return best, names


def _layouts(plain: Mapping[str, tuple[Column, ...]]) -> Iterator[Layout]:
    """Peaks that do not coincide: above one floor first, as of a process that gives back what it took, then apart."""
    divisions = [tuple(stages) for stages in _partitions(plain)]
    for stages in divisions:
        if all(stages):
            yield Layout(stages).levelled
    for stages in divisions:
        yield Layout(stages, tuple(range(len(stages))))


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
    """Forms of several peaks are no parts of each other, so that only how they predict tells; but for their floors."""
    if form.fit.layout.levelled == chosen.fit.layout:
        return form.fit.squares < chosen.fit.squares and chance_of(form.fit, chosen.fit) < BY_CHANCE
    if form.name.startswith(_LARGEST) or chosen.name.startswith(_LARGEST):
        return _beats(form.fit, chosen.fit, BY_FAR)
    return _beats(form.fit, chosen.fit, CLEARLY) and chance_of(form.fit, chosen.fit) < BY_CHANCE


def _beats(richer: Fit, simpler: Fit, share: float) -> bool:
    """Whether the left-out error is so much smaller, and more than what the kernel's counters may be off by."""
    before, after = simpler.left_out_error, richer.left_out_error
    return after < share * before and before > _RESOLUTION_BYTES
