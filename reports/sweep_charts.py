"""The charts of a sweep: peak against each knob, the Pareto front, claims against what was measured."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from reports.chart_axes import Frame, Scale, area, draw_chart, make_frame, polyline, round_marks
from reports.markup import Attribute, Markup, element, join, tag
from reports.quantities import MIB, format_bytes, format_rate
from reports.result import SweepResult
from reports.sweep_body import Claim, Curve, SweepCell, SweepTrial
from reports.sweep_wording import claimed_words, saved_words, setting_words

WIDTH, HEIGHT = 460.0, 300.0
_CLAIM_WIDTH, _ROW, _NAMES = 920.0, 54.0, 330.0
MEASURING = ("grid", "search")


def draw_knobs(result: SweepResult) -> list[Markup]:
    """Peak against each axis: every trial, the fitted line with its interval, killed trials at the top."""
    trials = [one for one in result.body.trials if one.part in MEASURING]
    curves = {one.knob: one for one in result.body.model.curves}
    return [
        chart for axis in result.body.axes if len(axis.values) > 1
        for chart in _knob(axis.name, axis.values, trials, curves.get(axis.name), result.header.budget_bytes)
    ]  # fmt: skip


def draw_pareto(result: SweepResult) -> Markup | None:
    """Chunks a second against peak: every cell, the front, the budget, the answer."""
    cells = [one for one in result.body.cells if one.peak_bytes and one.chunks_per_s]
    if len(cells) < 2:
        return None
    budget = result.header.budget_bytes or 0
    peaks = [one.peak_bytes or 0.0 for one in cells]
    across = [*peaks, *([budget] if budget < 2 * max(peaks) else [])]
    frame = make_frame(WIDTH * 2, HEIGHT * 1.2, across, [0, *_rates(cells)], (MIB, 1.0))
    front = sorted((one for one in cells if one.pareto), key=lambda one: one.peak_bytes or 0)
    best = result.body.recommendation.knobs if result.body.recommendation else None
    inside = [
        *_budget(frame, budget, across=True),
        polyline([_place(frame, one) for one in front], "front") if len(front) > 1 else join([]),
        *(_cell_dot(frame, one, is_best=one.setting == best) for one in cells),
    ]
    return draw_chart(frame, "Chunks a second against the peak", ("peak", "chunks/s"), (_mb, _rate), *inside)


def draw_claims(claims: Sequence[Claim]) -> Markup:
    """One row a claim: what was claimed, what was measured, what it gave on other code."""
    most = max([MIB, *(value for one in claims for value in _claim_values(one))])
    least = min([0.0, *(value for one in claims for value in _claim_values(one))])
    height = _ROW * len(claims) + 46
    scale = Scale(least, most * 1.04, _NAMES, _CLAIM_WIDTH - 20)
    attributes: dict[str, Attribute] = {
        "class": "chart claims", "viewBox": f"0 0 {_CLAIM_WIDTH:g} {height:g}", "role": "img",
        "xmlns": "http://www.w3.org/2000/svg",
    }  # fmt: skip
    floor = height - 34
    grid = [
        join([
            tag("line", x1=scale(mark), x2=scale(mark), y1=8, y2=floor, class_="grid"),
            tag("text", _mb(mark), x=scale(mark), y=floor + 18, class_="tick middle"),
        ])
        for mark in round_marks(least / MIB, most / MIB, 8) for mark in [mark * MIB]
    ]  # fmt: skip
    rows = [_claim_row(one, scale, 8 + _ROW * place) for place, one in enumerate(claims)]
    title = tag("title", "Claimed and measured savings")
    return element("svg", attributes, title, *grid, *rows)


def _claim_row(one: Claim, scale: Scale, y: float) -> Markup:
    middle = y + _ROW / 2
    parts = [
        tag("text", f"{one.name}{f' · {one.on}' if one.on else ''}", x=8, y=middle - 4, class_="label"),
        tag("text", one.verdict, x=8, y=middle + 13, class_=f"verdict-word {one.verdict.lower()}"),
    ]
    sizes = _sizes(one)
    if sizes:
        start, end = scale(0), scale(sizes[-1])
        parts.append(tag("rect", x=start, y=middle - 15, width=max(1.0, end - start), height=11, class_="claimed"))
    if one.measured_bytes is not None:
        left, right = sorted((scale(0), scale(one.measured_bytes)))
        parts.append(tag("rect", x=left, y=middle, width=max(1.0, right - left), height=11, class_="measured"))
    if len(one.interval_bytes) == 2:
        low, high = (scale(end) for end in one.interval_bytes)
        parts.append(
            tag(
                "path",
                d=f"M{low:.1f} {middle + 5.5}H{high:.1f}M{low:.1f} {middle + 1}v9M{high:.1f} {middle + 1}v9",
                class_="whisker",
            )
        )
    if one.elsewhere and one.elsewhere.saved_bytes is not None:
        x = scale(one.elsewhere.saved_bytes)
        parts.append(tag("path", d=f"M{x:.1f} {middle - 16}l6 6l-6 6l-6 -6Z", class_="elsewhere"))
    words = f"{one.name}: claimed {claimed_words(one)}, measured {saved_words(one)}: {one.verdict}"
    return tag("g", tag("title", words), *parts)


def _claim_values(one: Claim) -> Iterator[float]:
    yield from _sizes(one)
    yield from one.interval_bytes
    if one.measured_bytes is not None:
        yield one.measured_bytes
    if one.elsewhere and one.elsewhere.saved_bytes is not None:
        yield one.elsewhere.saved_bytes


def _sizes(one: Claim) -> tuple[float, ...]:
    if one.claimed_bytes is None:
        return ()
    return (one.claimed_bytes,) if isinstance(one.claimed_bytes, int) else one.claimed_bytes


def _knob(
    axis: str, values: Sequence[str], trials: Sequence[SweepTrial], curve: Curve | None, budget: int | None
) -> list[Markup]:
    seen = [one for one in trials if axis in one.setting]
    peaks = [float(one.peak_bytes) for one in seen if one.peak_bytes is not None]
    if not peaks:
        return []
    places = _places(values)
    bounds = [bound for point in curve.points for bound in (point.low_bytes, point.high_bytes)] if curve else []
    frame = make_frame(WIDTH, HEIGHT, list(places.values()), [*peaks, *bounds], (1.0, MIB))
    inside = [
        *(_band(frame, places, curve) if curve else []),
        *_budget(frame, budget or 0, across=False),
        *(_dot(frame, places[one.setting[axis]], one, curve) for one in seen),
    ]
    names = {place: value for value, place in places.items()}
    words = (
        f"Peak against {axis}; the line is the model, the others at {setting_words(curve.others)}" if curve else axis
    )
    name = f"{axis}, at {setting_words(curve.others)}" if curve and curve.others else axis
    return [
        draw_chart(frame, words, (name, "peak"), (lambda x: names.get(x, f"{x:g}"), _mb), *inside, marks=list(names))
    ]


def _places(values: Sequence[str]) -> dict[str, float]:
    """Numbers where they are, where they do not lie on top of each other; other values side by side."""
    try:
        numbers = {value: float(value) for value in values}
    except ValueError:
        numbers = {}
    ordered = sorted(numbers.values())
    gaps = [b - a for a, b in pairwise(ordered)]
    if numbers and gaps and min(gaps) > 0.06 * (ordered[-1] - ordered[0]):
        return numbers
    return {value: float(place) for place, value in enumerate(values)}


def _band(frame: Frame, places: dict[str, float], curve: Curve) -> list[Markup]:
    points = sorted(curve.points, key=lambda one: places[one.value])
    across = [frame.x(places[one.value]) for one in points]
    high = [(x, frame.y(one.high_bytes)) for x, one in zip(across, points, strict=True)]
    low = [(x, frame.y(one.low_bytes)) for x, one in zip(across, points, strict=True)]
    line = [(x, frame.y(one.peak_bytes)) for x, one in zip(across, points, strict=True)]
    return [area(high, low, "band"), polyline(line, "fit")]


def _dot(frame: Frame, place: float, one: SweepTrial, curve: Curve | None) -> Markup:
    x, title = frame.x(place), tag("title", f"{setting_words(one.setting)}: {_trial_words(one)}")
    if one.peak_bytes is None:
        y = frame.y(frame.y.high) + 6
        return tag("path", title, d=f"M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10", class_="killed")
    beside = curve is None or all(one.setting.get(axis) == value for axis, value in curve.others.items())
    return tag("circle", title, cx=x, cy=frame.y(one.peak_bytes), r=3.6, class_="dot" if beside else "dot other")


def _trial_words(one: SweepTrial) -> str:
    return f"peak {format_bytes(one.peak_bytes)}" if one.peak_bytes is not None else "no peak: " + one.end


def _cell_dot(frame: Frame, one: SweepCell, *, is_best: bool) -> Markup:
    x, y = _place(frame, one)
    words = f"{setting_words(one.setting)}: {format_rate(one.chunks_per_s, 'chunks')}, {format_bytes(one.peak_bytes)}"
    name = "best" if is_best else ("dot" if one.pareto else "dot other")
    return tag("circle", tag("title", words), cx=x, cy=y, r=7 if is_best else 4, class_=name)


def _place(frame: Frame, one: SweepCell) -> tuple[float, float]:
    return frame.x(one.peak_bytes or 0), frame.y(one.chunks_per_s or 0)


def _budget(frame: Frame, budget: int, *, across: bool) -> list[Markup]:
    scale = frame.x if across else frame.y
    if not scale.low <= budget <= scale.high:
        return []
    place = scale(budget)
    if across:
        return [tag("line", x1=place, x2=place, y1=frame.y.end, y2=frame.y.start, class_="budget-line")]
    return [tag("line", x1=frame.x.start, x2=frame.x.end, y1=place, y2=place, class_="budget-line")]


def _rates(cells: Sequence[SweepCell]) -> list[float]:
    return [one.chunks_per_s or 0.0 for one in cells]


def _mb(size: float) -> str:
    return f"{size / MIB:,.4g} MB" if size else "0"


def _rate(rate: float) -> str:
    return f"{rate:,.4g}"
