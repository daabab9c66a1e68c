"""Heat maps of a sweep: two axes at a time, the others as the answer has them."""

import itertools
from collections.abc import Callable, Mapping, Sequence

from reports.markup import Markup, join, tag
from reports.quantities import format_bytes, format_rate
from reports.result import SweepResult
from reports.sweep_body import SweepCell
from reports.sweep_wording import setting_words

_MOST = 6
Figure = Callable[[SweepCell], float | None]


def draw_heat_maps(result: SweepResult) -> list[Markup]:
    """For each pair of axes a map of peaks and one of rates."""
    axes = [one for one in result.body.axes if len(one.values) > 1]
    best = result.body.recommendation.knobs if result.body.recommendation else {}
    maps = []
    for down, across in list(itertools.combinations(axes, 2))[:_MOST]:
        others = {one.name: best.get(one.name, one.values[0]) for one in result.body.axes if one not in (down, across)}
        pair = (down.name, down.values), (across.name, across.values)
        for name, figure, form in (("peak", _peak, format_bytes), ("chunks a second", _rate, format_rate)):
            maps.append(_map(result.body.cells, pair, others, name, figure, form))
    return maps


def _map(
    cells: Sequence[SweepCell],
    pair: tuple[tuple[str, Sequence[str]], tuple[str, Sequence[str]]],
    others: Mapping[str, str],
    name: str,
    figure: Figure,
    form: Callable[[float | None], str],
) -> Markup:
    (down, rows), (across, columns) = pair
    found = {
        (one.setting[down], one.setting[across]): one
        for one in cells
        if all(one.setting.get(axis) == value for axis, value in others.items())
    }
    known = [value for one in found.values() if (value := figure(one)) is not None]
    if not known:
        return join([])
    head = tag("tr", tag("th", f"{down} ↓ {across} →"), *(tag("th", value, class_="n") for value in columns))
    body = [
        tag("tr", tag("th", row), *(_cell(found.get((row, column)), figure, form, known) for column in columns))
        for row in rows
    ]
    fixed = f", at {setting_words(others)}" if others else ""
    return tag("figure", tag("figcaption", f"{name}{fixed}"), tag("table", head, *body), class_="heat")


def _cell(one: SweepCell | None, figure: Figure, form: Callable[[float | None], str], known: Sequence[float]) -> Markup:
    if one is None:
        return tag("td", "·", class_="n", title="not run")
    value = figure(one)
    if value is None:
        return tag("td", "killed" if one.killed else "no figure", class_="n killed-cell" if one.killed else "n muted")
    share = (value - min(known)) / (max(known) - min(known)) if max(known) > min(known) else 0.5
    over = tag("span", " over budget", class_="muted") if one.within_budget is False else join([])
    # The colour says what the figure says: nothing is told by it alone.
    return tag("td", form(value), over, class_="n heat-cell", style=f"--heat:{share:.2f}")


def _peak(one: SweepCell) -> float | None:
    return one.peak_bytes


def _rate(one: SweepCell) -> float | None:
    return one.chunks_per_s
