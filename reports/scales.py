"""Where a time and a number of bytes stand in the timeline, and where its axes are marked."""

from dataclasses import dataclass
from math import ceil

from reports.history import History
from reports.quantities import MIB, format_clock

_TICK_SECONDS = (
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    14400,
    43200,
    86400,
)
_LIMIT_IN_SIGHT = 12
"""A limit further above the memory than this many times is named, not drawn: the areas would be a flat line."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Size of the picture and its margins, in pixels of its own system of coordinates."""

    name: str
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    time_ticks: int
    """About how many marks fit on the time axis."""


WIDE = Geometry("wide", 960, 400, 64, 48, 46, 62, 10)
NARROW = Geometry("narrow", 400, 360, 56, 46, 46, 62, 4)


@dataclass(frozen=True, slots=True)
class Scales:
    """From seconds and bytes to pixels."""

    geometry: Geometry
    start_s: float
    end_s: float
    top_bytes: float

    @property
    def right(self) -> float:
        """The right edge of the plot."""
        return self.geometry.width - self.geometry.right

    @property
    def floor(self) -> float:
        """The line of no bytes."""
        return self.geometry.height - self.geometry.bottom

    def x(self, t: float) -> float:
        """Where `t` seconds are."""
        share = (t - self.start_s) / (self.end_s - self.start_s)
        return self.geometry.left + (self.right - self.geometry.left) * min(max(share, 0.0), 1.0)

    def y(self, count: float) -> float:
        """Where `count` bytes are."""
        return self.floor - (self.floor - self.geometry.top) * min(count / self.top_bytes, 1.0)


def make_scales(geometry: Geometry, history: History, limit_bytes: int | None, budget_bytes: int | None) -> Scales:
    """Fit everything that was sampled, and the limit and the budget where they are not out of all proportion."""
    used = max((sample.total for sample in history.samples), default=0)
    lines = [line for line in (limit_bytes, budget_bytes) if line and (not used or line <= _LIMIT_IN_SIGHT * used)]
    end_s = history.end_s if history.end_s > history.start_s else history.start_s + 1.0
    return Scales(geometry, history.start_s, end_s, 1.06 * max([used, *lines], default=0) or MIB)


def byte_ticks(top_bytes: float) -> list[float]:
    """Round numbers of MB (powers of two apart, as memory is sold), at most six."""
    step = MIB / 1024
    while top_bytes / step > 6:
        step *= 2
    return [step * place for place in range(int(top_bytes / step) + 1)]


def time_ticks(start_s: float, end_s: float, about: int) -> list[tuple[float, str]]:
    """Round times and how they are written."""
    span = end_s - start_s
    step = next((one for one in _TICK_SECONDS if span / one <= about), 86400 * max(1, int(span / 86400 / about)))
    places = [step * place for place in range(ceil(start_s / step), int(end_s / step) + 1)]
    return [(t, format_clock(t) if end_s > 120 else f"{t:g} s") for t in places]
