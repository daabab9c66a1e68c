"""A load run as SVG: latency, rate with errors, and memory over one time axis, with stages and crashes marked."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from reports.load_body import Gap, LoadBody
from reports.load_history import LoadHistory
from reports.load_quantities import format_seconds
from reports.markup import Attribute, Markup, element, join, number, tag
from reports.quantities import format_bytes, format_duration
from reports.scales import byte_ticks, time_ticks

WIDTH, LEFT, RIGHT = 960.0, 74.0, 24.0
TOP, PANEL, BETWEEN_PANELS, BOTTOM = 40.0, 120.0, 26.0, 34.0
_GAP_S = 3.0
_LETTER_WIDTH = 6.4
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
Points = Sequence[tuple[float, float | None]]


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot: where it is, what stands on its axis, and how high it reaches."""

    title: str
    top: float
    highest: float
    ticks: tuple[tuple[float, str], ...]

    @property
    def floor(self) -> float:
        """The line of nothing."""
        return self.top + PANEL

    def y(self, value: float) -> float:
        """Where a value stands."""
        return self.floor - PANEL * min(value / self.highest, 1.0)


def draw_load(history: LoadHistory, body: LoadBody, limit_bytes: int | None, budget_bytes: int | None) -> Markup:
    """Draw all three panels over one axis; colours come from the style sheets."""
    height = TOP + 3 * PANEL + 2 * BETWEEN_PANELS + BOTTOM
    x = _x_of(history)
    latency, rate, memory = _panels(history, limit_bytes)
    attributes: dict[str, Attribute] = {
        "class": "timeline load", "viewBox": f"0 0 {number(WIDTH)} {number(height)}", "role": "img",
        "aria-labelledby": "load-title load-desc", "xmlns": "http://www.w3.org/2000/svg",
    }  # fmt: skip
    return element(
        "svg",
        attributes,
        tag("title", "Latency, rate and memory under load over time", id="load-title"),
        tag("desc", describe_load(history, body), id="load-desc"),
        _stages(body, x, memory.floor),
        *(_axis(panel) for panel in (latency, rate, memory)),
        _times(history, x, memory.floor),
        _curve([(one.t, one.slowest_s) for one in history.buckets], x, latency, "slowest"),
        _curve([(one.t, one.p95_s) for one in history.buckets], x, latency, "p95"),
        _curve([(one.t, one.p50_s) for one in history.buckets], x, latency, "p50"),
        _curve([(one.t, one.requests_per_s) for one in history.buckets], x, rate, "rate"),
        _errors(history, x, rate),
        _curve([(one.t, one.unreclaimable) for one in history.samples], x, memory, "held"),
        _rule(memory, "limit", limit_bytes),
        _rule(memory, "budget", budget_bytes),
        _gaps(body.gaps, x, memory.floor),
        _legend(latency),
    )


def describe_load(history: LoadHistory, body: LoadBody) -> str:
    """Tell the picture in words, for who cannot see it."""
    stages = "; ".join(
        f"{one.name} from {format_duration(one.begin_s)} with {one.users} users"
        for one in body.stages
        if one.begin_s is not None
    )
    gaps = "; ".join(f"the service was gone at {format_duration(one.start_s)}" for one in body.gaps)
    peak = max((one.unreclaimable for one in history.samples), default=None)
    return (
        f"Over {format_duration(history.end_s)}: at most {history.busiest_per_s:.0f} requests a second, "
        f"p95 at most {format_seconds(history.slowest_s)}, memory at most {format_bytes(peak)}. "
        f"Stages: {stages or 'none'}.{f' {gaps}.' if gaps else ''}"
    )


def _x_of(history: LoadHistory) -> Callable[[float], float]:
    span = history.end_s - history.start_s
    return lambda t: LEFT + (WIDTH - LEFT - RIGHT) * min(max((t - history.start_s) / span, 0.0), 1.0)


def _panels(history: LoadHistory, limit_bytes: int | None) -> tuple[Panel, Panel, Panel]:
    held = max((one.unreclaimable for one in history.samples), default=0)
    top_bytes = 1.08 * max(held, limit_bytes if limit_bytes and limit_bytes < 12 * held else 0, 1)
    slowest, busiest = 1.15 * max(history.slowest_s, 0.001), 1.15 * max(history.busiest_per_s, 1.0)
    tops = [TOP + place * (PANEL + BETWEEN_PANELS) for place in range(3)]
    return (
        Panel("latency:", tops[0], slowest, tuple((v, format_seconds(v)) for v in _nice(slowest))),
        Panel("requests a second, errors", tops[1], busiest, tuple((v, f"{v:g}") for v in _nice(busiest))),
        Panel("unreclaimable memory", tops[2], top_bytes, tuple((v, format_bytes(v)) for v in byte_ticks(top_bytes))),
    )


def _nice(highest: float, about: int = 4) -> Iterator[float]:
    """Round numbers from zero up."""
    scale = 10.0 ** _magnitude(highest / about)
    step = next((one * scale for one in _NICE if highest / (one * scale) <= about), 10 * scale)
    place = 0
    while place * step <= highest:
        yield round(place * step, 9)
        place += 1


def _magnitude(value: float) -> int:
    power = 0
    while value >= 10.0 ** (power + 1):
        power += 1
    while value < 10.0**power:
        power -= 1
    return power


def _axis(panel: Panel) -> Markup:
    lines = [
        join(
            [
                tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=panel.y(value), y2=panel.y(value), class_="grid"),
                tag("text", text, x=LEFT - 7, y=panel.y(value) + 4, class_="tick end"),
            ]
        )
        for value, text in panel.ticks
    ]
    return tag("g", *lines, tag("text", panel.title, x=LEFT, y=panel.top - 6, class_="panel-name"))


def _legend(panel: Panel) -> Markup:
    """Which line is which, in its own colour, beside the panel's name."""
    names = [tag("tspan", f"  {name}", class_=f"name {name}") for name in ("p50", "p95", "slowest")]
    return tag("text", *names, x=LEFT + 60, y=panel.top - 6, class_="panel-name")


def _times(history: LoadHistory, x: Callable[[float], float], floor: float) -> Markup:
    ticks = time_ticks(history.start_s, history.end_s, 10)
    return tag(
        "g",
        *(tag("line", x1=x(t), x2=x(t), y1=floor, y2=floor + 5, class_="grid") for t, _ in ticks),
        *(tag("text", text, x=x(t), y=floor + 20, class_="tick middle") for t, text in ticks),
    )


def _curve(points: Points, x: Callable[[float], float], panel: Panel, name: str) -> Markup:
    """A line that is broken where nothing is known."""
    path = "".join(
        "M" + "L".join(f"{number(x(t))} {number(panel.y(value))}" for t, value in stretch)
        for stretch in _stretches(points)
    )
    return tag("path", d=path, class_=f"curve {name}") if path else join([])


def _stretches(points: Points) -> Iterator[list[tuple[float, float]]]:
    stretch: list[tuple[float, float]] = []
    for t, value in points:
        if stretch and (value is None or t - stretch[-1][0] > _GAP_S + 0.02 * (points[-1][0] - points[0][0])):
            yield stretch
            stretch = []
        if value is not None:
            stretch.append((t, value))
    if stretch:
        yield stretch


def _errors(history: LoadHistory, x: Callable[[float], float], panel: Panel) -> Markup:
    bars = [
        tag("line", x1=x(one.t), x2=x(one.t), y1=panel.floor, y2=panel.y(one.errors_per_s), class_="errors")
        for one in history.buckets
        if one.errors_per_s
    ]
    return tag("g", *bars)


def _rule(panel: Panel, name: str, count: int | None) -> Markup:
    if count is None or count > panel.highest:
        return join([])
    y, text = panel.y(count), f"{name} {format_bytes(count)}"
    line = tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_=f"rule {name}")
    return tag("g", line, tag("text", text, x=WIDTH - RIGHT, y=y - 4, class_=f"rule-name end {name}-name"))


def _stages(body: LoadBody, x: Callable[[float], float], floor: float) -> Markup:
    """Bands behind all panels; a stage that is not counted is hatched by its class alone."""
    bands = []
    for place, one in enumerate(body.stages):
        if one.begin_s is None:
            continue
        start, end = x(one.begin_s), x(one.end_s if one.end_s is not None else one.begin_s)
        kind = f"s{place % 6}" if one.counted else "uncounted"
        box = tag("rect", x=start, y=14, width=max(end - start, 0.5), height=floor - 14, class_=f"band {kind}")
        hint = tag("title", f"{one.name}, {one.users} users{'' if one.counted else ', not counted'}")
        fits = end - start > _LETTER_WIDTH * len(one.name) + 6
        label = [tag("text", one.name, x=(start + end) / 2, y=11, class_="stage-name middle")] if fits else []
        bands.append(tag("g", hint, box, *label))
    return tag("g", *bands)


def _gaps(gaps: Iterable[Gap], x: Callable[[float], float], floor: float) -> Markup:
    parts = []
    for one in gaps:
        start, end = x(one.start_s), x(one.end_s if one.end_s is not None else one.start_s)
        box = tag("rect", x=start, y=14, width=max(end - start, 2.0), height=floor - 14, class_="gap")
        name = {"oom": "OOM kill", "sigkill": "SIGKILL"}.get(one.kind, "ended")
        label = tag("text", name, x=end + 4, y=TOP + 14, class_="mark-name oom_kill-name")
        parts.append(tag("g", tag("title", f"{name}, {format_duration(one.start_s)}"), box, label))
    return tag("g", *parts)
