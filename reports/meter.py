"""A bar of memory against its limit, in characters."""

from dataclasses import dataclass
from itertools import groupby

from rich.console import Console
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What bars are made of."""

    held: str
    peak: str
    free: str
    done: str
    todo: str


UNICODE = Glyphs("█", "▒", "·", "━", "─")
ASCII = Glyphs("#", "=", ".", "#", ".")


def glyphs_of(console: Console) -> Glyphs:
    """Choose what the console can show."""
    return ASCII if console.options.ascii_only else UNICODE


def meter(
    held_bytes: float, peak_bytes: float, budget_bytes: float | None, limit_bytes: float, width: int, glyphs: Glyphs
) -> Text:
    """Draw `width` cells that stand for the limit: what is held, what was held at the peak, and the budget's mark."""
    held, peak = _cells(held_bytes, limit_bytes, width), _cells(peak_bytes, limit_bytes, width)
    mark = min(_cells(budget_bytes, limit_bytes, width), width - 1) if budget_bytes else None
    style = "red" if budget_bytes is not None and peak_bytes > budget_bytes else "blue"
    cells = [(glyphs.held, style)] * held + [(glyphs.peak, style)] * max(peak - held, 0)
    cells += [(glyphs.free, "dim")] * (width - len(cells))
    if mark is not None:
        cells[mark] = ("|", "bold yellow")
    runs = (list(run) for _, run in groupby(cells))
    return Text.assemble("[", *(("".join(glyph for glyph, _ in run), run[0][1]) for run in runs), "]")


def _cells(count: float, limit_bytes: float, width: int) -> int:
    return min(max(round(width * count / limit_bytes), 0), width) if limit_bytes > 0 else 0
