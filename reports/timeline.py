"""The memory timeline as SVG: what the service held, layer by layer, against limit and budget, and what happened."""

from collections.abc import Iterator

from reports.downsampling import COLUMNS
from reports.history import History, Mark
from reports.markup import Attribute, Markup, element, join, number, tag
from reports.observations import Sample
from reports.quantities import format_bytes, format_duration
from reports.scales import Geometry, Scales, byte_ticks, make_scales, time_ticks

LAYERS = {
    "file": "reclaimable: file cache",
    "kernel": "kernel, not reclaimable",
    "shmem": "shared memory and tmpfs",
    "anon": "anonymous",
}
"""Drawn in this order, each from the floor up to the sum of itself and those after it, so that these cover the rest."""

MARK_WORDS = {
    "ready": "ready",
    "upload": "upload",
    "oom_kill": "OOM kill",
    "restart": "restart",
    "exit": "exit",
    "end": "import ends",
}
_GAP_S = 1.0
_LABEL_ROWS, _ROW_HEIGHT, _LETTER_WIDTH = 3, 14.0, 6.4


def draw_timeline(history: History, limit_bytes: int | None, budget_bytes: int | None, geometry: Geometry) -> Markup:
    """Draw the run; its colours come from style.css, its size from the width of what it stands in."""
    scales = make_scales(geometry, history, limit_bytes, budget_bytes)
    attributes: dict[str, Attribute] = {
        "class": f"timeline {geometry.name}",
        "viewBox": f"0 0 {number(geometry.width)} {number(geometry.height)}",
        "role": "img",
        "aria-labelledby": f"{geometry.name}-title {geometry.name}-desc",
        "data-left": number(geometry.left),
        "data-right": number(scales.right),
        "data-start": repr(scales.start_s),
        "data-end": repr(scales.end_s),
        "xmlns": "http://www.w3.org/2000/svg",
    }
    return element(
        "svg",
        attributes,
        tag("title", "Memory of the service over time", id=f"{geometry.name}-title"),
        tag("desc", describe(history, limit_bytes, budget_bytes), id=f"{geometry.name}-desc"),
        _hatching(geometry),
        _axes(scales),
        _layers(scales, history),
        _stages(scales, history),
        _progress(scales, history),
        _marks(scales, history.marks),
        _lines(scales, limit_bytes, budget_bytes),
        _peak(scales, history, limit_bytes),
        _cursor(scales),
    )


def describe(history: History, limit_bytes: int | None, budget_bytes: int | None) -> str:
    """Tell the picture in words, for who cannot see it."""
    peak = history.peak
    if peak is None:
        return "No memory samples were taken."
    marks = "; ".join(f"{_label(mark)} at {format_duration(mark.t)}" for mark in history.marks[:12])
    return (
        f"Over {format_duration(history.end_s)}, unreclaimable memory peaks at {format_bytes(peak.unreclaimable)} "
        f"after {format_duration(peak.t)}; the limit is {format_bytes(limit_bytes)}, the budget "
        f"{format_bytes(budget_bytes)}.{f' Marked: {marks}.' if marks else ''}"
    )


def _hatching(geometry: Geometry) -> Markup:
    line = tag("path", d="M0 6L6 0M-1 1L1 -1M5 7L7 5", class_="hatch")
    pattern: dict[str, Attribute] = {
        "id": f"{geometry.name}-hatch",
        "width": 6,
        "height": 6,
        "patternUnits": "userSpaceOnUse",
    }
    return tag("defs", element("pattern", pattern, tag("rect", width=6, height=6, class_="hatch-ground"), line))


def _axes(scales: Scales) -> Markup:
    left, right, floor = scales.geometry.left, scales.right, scales.floor
    parts: list[Markup] = []
    for count in byte_ticks(scales.top_bytes):
        y = scales.y(count)
        parts.append(tag("line", x1=left, x2=right, y1=y, y2=y, class_="grid"))
        parts.append(tag("text", format_bytes(count) if count else "0", x=left - 7, y=y + 4, class_="tick end"))
    for t, text in time_ticks(scales.start_s, scales.end_s, scales.geometry.time_ticks):
        x = scales.x(t)
        parts.append(tag("line", x1=x, x2=x, y1=floor, y2=floor + 5, class_="grid"))
        parts.append(tag("text", text, x=x, y=floor + 18, class_="tick middle"))
    return tag("g", *parts)


def _layers(scales: Scales, history: History) -> Markup:
    stretches = list(_stretches(history))
    if not stretches:
        middle = (scales.geometry.left + scales.right) / 2
        return tag("text", "no memory samples were taken", x=middle, y=scales.floor / 2 + 20, class_="nothing middle")
    parts = []
    for name in LAYERS:
        path = "".join(_area(scales, [(one.t, _height(one, name)) for one in stretch]) for stretch in stretches)
        fill = f"url(#{scales.geometry.name}-hatch)" if name == "file" else None
        parts.append(tag("path", d=path, fill=fill, class_=f"layer {name}"))
    top = "".join(_line(scales, [(sample.t, sample.unreclaimable) for sample in stretch]) for stretch in stretches)
    return tag("g", *parts, tag("path", d=top, class_="outline"))


def _height(sample: Sample, layer: str) -> int:
    heights = {"file": sample.total, "kernel": sample.unreclaimable, "shmem": sample.anon + sample.shmem}
    return heights.get(layer, sample.anon)


def _stretches(history: History) -> Iterator[list[Sample]]:
    """Runs of samples without a hole; across a hole nothing is drawn, since nothing is known."""
    gap_s = max(_GAP_S, 4 * (history.end_s - history.start_s) / COLUMNS)
    stretch: list[Sample] = []
    for sample in history.samples:
        if stretch and sample.t - stretch[-1].t > gap_s:
            yield stretch
            stretch = []
        stretch.append(sample)
    if stretch:
        yield stretch


def _line(scales: Scales, points: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{number(scales.x(t))} {number(scales.y(count))}" for t, count in points)


def _area(scales: Scales, points: list[tuple[float, float]]) -> str:
    first, last, floor = points[0][0], points[-1][0], number(scales.floor)
    return f"{_line(scales, points)}L{number(scales.x(last))} {floor}L{number(scales.x(first))} {floor}Z"


def _stages(scales: Scales, history: History) -> Markup:
    """A strip under the time axis; a stage keeps its tint throughout."""
    names = list(dict.fromkeys(stage.name for stage in history.stages))
    parts = [tag("text", "stage", x=scales.geometry.left - 7, y=scales.floor + 41, class_="tick end")] if names else []
    for stage in history.stages:
        start, end, tint = scales.x(stage.start_s), scales.x(stage.end_s), names.index(stage.name) % 6
        box = tag("rect", x=start, y=scales.floor + 28, width=max(end - start, 0.5), height=18, class_=f"stage s{tint}")
        hint = tag("title", f"{stage.name}, {format_duration(stage.start_s)} to {format_duration(stage.end_s)}")
        label = _stage_label(scales, stage.name, start, end)
        parts.append(tag("g", hint, box, *label))
    return tag("g", *parts)


def _stage_label(scales: Scales, name: str, start: float, end: float) -> list[Markup]:
    if end - start < _LETTER_WIDTH * len(name) + 6:
        return []
    return [tag("text", name, x=(start + end) / 2, y=scales.floor + 41, class_="stage-name middle")]


def _progress(scales: Scales, history: History) -> Markup:
    """A second, thin curve, from 0 % at the floor to 100 % at the top of the plot."""
    if not any(history.progress):
        return join([])
    height = scales.top_bytes
    curves = [
        tag("path", d=_line(scales, [(t, share * height) for t, share in curve]), class_=f"progress {side}")
        for side in ("halo", "ink")
        for curve in history.progress
        if curve
    ]
    ticks = [
        tag("text", f"{share} %", x=scales.right + 6, y=scales.y(height * share / 100) + 4, class_="tick progress-tick")
        for share in (0, 50, 100)
    ]
    return tag("g", *curves, *ticks)


def _lines(scales: Scales, limit_bytes: int | None, budget_bytes: int | None) -> Markup:
    if limit_bytes is not None and limit_bytes == budget_bytes:
        return _rule(scales, "limit", limit_bytes, "limit and budget", -6)
    close = limit_bytes and budget_bytes and abs(scales.y(limit_bytes) - scales.y(budget_bytes)) < 18
    return tag(
        "g",
        _rule(scales, "budget", budget_bytes, "budget", 15 if close else -6),
        _rule(scales, "limit", limit_bytes, "limit", -6),
    )


def _rule(scales: Scales, name: str, count: int | None, word: str, above: float) -> Markup:
    if count is None:
        return join([])
    x, text = scales.geometry.left + 7, f"{word} {format_bytes(count)}"
    if count > scales.top_bytes:
        shift = 14 if name == "limit" else 30
        return tag("text", f"↑ {text}", x=x, y=scales.geometry.top + shift, class_=f"rule-name {name}-name")
    y = scales.y(count)
    line = tag("line", x1=scales.geometry.left, x2=scales.right, y1=y, y2=y, class_=f"rule {name}")
    return tag("g", line, tag("text", text, x=x, y=y + above, class_=f"rule-name {name}-name"))


def _marks(scales: Scales, marks: tuple[Mark, ...]) -> Markup:
    """Vertical lines; the labels stand in rows above the plot, those of kills first, and give way where it is full."""
    taken: list[list[tuple[float, float]]] = [[] for _ in range(_LABEL_ROWS)]
    order = list(MARK_WORDS)
    urgent = ("oom_kill", "restart")
    parts = []
    for mark in sorted(marks, key=lambda mark: (mark.kind not in urgent, order.index(mark.kind), mark.t)):
        x = scales.x(mark.t)
        line = tag("line", x1=x, x2=x, y1=scales.geometry.top, y2=scales.floor, class_=f"mark {mark.kind}")
        hint = tag("title", f"{_label(mark)}, {format_duration(mark.t)}")
        parts.append(tag("g", hint, line, *_mark_label(scales, mark, taken)))
    return tag("g", *parts)


def _mark_label(scales: Scales, mark: Mark, taken: list[list[tuple[float, float]]]) -> list[Markup]:
    text, x = _label(mark), scales.x(mark.t)
    width = _LETTER_WIDTH * len(text) + 4
    turned = x + width > scales.right
    start, end = (x - width, x + 2) if turned else (x - 2, x + width)
    for row, spans in enumerate(taken):
        if all(end <= left or right <= start for left, right in spans):
            spans.append((start, end))
            y = scales.geometry.top - 5 - _ROW_HEIGHT * row
            shown = tag("text", text, x=x, y=y, class_=f"mark-name {'end ' if turned else ''}{mark.kind}-name")
            return [shown]
    return []


def _label(mark: Mark) -> str:
    return f"{MARK_WORDS[mark.kind]} {mark.detail}".rstrip()


def _peak(scales: Scales, history: History, limit_bytes: int | None) -> Markup:
    peak = history.peak
    if peak is None:
        return join([])
    x, y = scales.x(peak.t), scales.y(peak.unreclaimable)
    text = f"peak {format_bytes(peak.unreclaimable)}"
    turned = x + _LETTER_WIDTH * len(text) + 12 > scales.right
    below = limit_bytes is not None and abs(y - scales.y(limit_bytes)) < 24
    place = {"x": x - 8 if turned else x + 8, "y": y + 20 if below else y - 7}
    label = tag("text", text, class_=f"peak-name {'end' if turned else ''}".rstrip(), **place)
    return tag("g", tag("circle", cx=x, cy=y, r=3.5, class_="peak"), label)


def _cursor(scales: Scales) -> Markup:
    x = scales.geometry.left
    return tag("line", x1=x, x2=x, y1=scales.geometry.top, y2=scales.floor, class_="cursor")
