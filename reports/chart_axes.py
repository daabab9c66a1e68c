"""Axes of a small chart: where a value stands, round marks, and the frame around them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reports.markup import Attribute, Markup, element, join, tag

LEFT, RIGHT, TOP, BOTTOM = 76.0, 18.0, 14.0, 46.0
_MARKS = 5


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to pixels; marks are round numbers of `unit`."""

    low: float
    high: float
    start: float
    end: float
    unit: float = 1.0

    def __call__(self, value: float) -> float:
        """Where a value stands."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.start + (self.end - self.start) * share


@dataclass(frozen=True, slots=True)
class Frame:
    """A chart's size and its two scales."""

    width: float
    height: float
    x: Scale
    y: Scale


def make_frame(
    width: float, height: float, across: Sequence[float], up: Sequence[float], units: tuple[float, float] = (1.0, 1.0)
) -> Frame:
    """A frame that all values fit in, with some room around them."""
    x, y = _padded(across), _padded(up)
    low = max(0.0, y[0]) if min(up) >= 0 else y[0]
    return Frame(
        width,
        height,
        Scale(*x, LEFT, width - RIGHT, units[0]),
        Scale(low, y[1], height - BOTTOM, TOP, units[1]),
    )


def draw_chart(
    frame: Frame, title: str, names: tuple[str, str], forms: tuple[Callable[[float], str], Callable[[float], str]],
    *inside: Markup, marks: Sequence[float] | None = None,
) -> Markup:  # fmt: skip
    """The chart as SVG: what is inside of its axes, with a title for those who cannot see it."""
    attributes: dict[str, Attribute] = {
        "class": "chart",
        "viewBox": f"0 0 {frame.width:g} {frame.height:g}",
        "role": "img",
        "xmlns": "http://www.w3.org/2000/svg",
    }
    return element("svg", attributes, tag("title", title), _axes(frame, names, forms, marks), *inside)


def round_marks(low: float, high: float, about: int = _MARKS, unit: float = 1.0) -> list[float]:
    """Round values between two others: one, two or five of a power of ten apart, in a unit."""
    if unit != 1.0:
        return [unit * mark for mark in round_marks(low / unit, high / unit, about)]
    if high <= low:
        return [low]
    raw = (high - low) / about
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= raw)
    first = math.ceil(low / step)
    return [step * place for place in range(first, int(high / step) + 1)]


def polyline(points: Sequence[tuple[float, float]], name: str) -> Markup:
    """A line through pixels."""
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return tag("path", d=path, class_=name, fill="none")


def area(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]], name: str) -> Markup:
    """What lies between two lines."""
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (*upper, *reversed(lower))) + "Z"
    return tag("path", d=path, class_=name)


def _axes(
    frame: Frame, names: tuple[str, str], forms: tuple[Callable[[float], str], Callable[[float], str]],
    marks: Sequence[float] | None,
) -> Markup:  # fmt: skip
    bottom, left = frame.height - BOTTOM, LEFT
    parts: list[Markup] = []
    for value in round_marks(frame.y.low, frame.y.high, unit=frame.y.unit):
        y = frame.y(value)
        parts.append(tag("line", x1=left, x2=frame.width - RIGHT, y1=y, y2=y, class_="grid"))
        parts.append(tag("text", forms[1](value), x=left - 7, y=y + 4, class_="tick end"))
    for value in round_marks(frame.x.low, frame.x.high, unit=frame.x.unit) if marks is None else marks:
        x = frame.x(value)
        parts.append(tag("line", x1=x, x2=x, y1=bottom, y2=bottom + 5, class_="grid"))
        parts.append(tag("text", forms[0](value), x=x, y=bottom + 18, class_="tick middle"))
    middle = (left + frame.width - RIGHT) / 2
    parts.append(tag("text", names[0], x=middle, y=frame.height - 8, class_="middle name"))
    parts.append(tag("text", names[1], x=left, y=TOP - 3, class_="middle name"))
    return join(parts)


def _padded(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
    return low - room, high + room
