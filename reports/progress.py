"""The live display of a run: one panel that is redrawn on a terminal, a line now and then anywhere else."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from reports.hostile_text import printable
from reports.meter import Glyphs, glyphs_of, meter
from reports.quantities import format_bytes, format_count, format_duration, format_rate, format_share

REDRAW_S = 0.2
LINE_S = 5.0


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of a run at one moment; what is not is None."""

    phase: str
    """What halfgig does: `starting Postgres`, `import 1 of 2`, …"""
    elapsed_s: float
    stage: str | None = None
    """What the service does: `read`, `embed`, …"""
    documents_done: int | None = None
    documents_total: int | None = None
    chunks: int | None = None
    chunks_per_s: float | None = None
    memory_bytes: int | None = None
    """Unreclaimable memory now."""
    peak_bytes: int | None = None
    budget_bytes: int | None = None
    limit_bytes: int | None = None
    eta_s: float | None = None


class ProgressDisplay:
    """Shows `Progress` on a console, at most every `REDRAW_S` on a terminal and every `LINE_S` elsewhere.

    A context manager; `update` may be called as often as one likes, from one thread.
    """

    __slots__ = ("_console", "_live", "_now", "_phase", "_shown_at")

    def __init__(self, console: Console, now: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._now = now
        self._shown_at: float | None = None
        self._phase = ""
        self._live: Live | None = None
        if console.is_terminal and not console.is_dumb_terminal:
            self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def update(self, progress: Progress) -> None:
        """Show it, unless something was shown a moment ago; a new phase is shown at once."""
        now, every_s = self._now(), REDRAW_S if self._live else LINE_S
        if progress.phase == self._phase and self._shown_at is not None and now - self._shown_at < every_s:
            return
        self._phase, self._shown_at = progress.phase, now
        if self._live:
            self._live.update(render_panel(progress, self._console), refresh=True)
        else:
            self._console.print(Text(render_line(progress)), soft_wrap=True)


def render_panel(progress: Progress, console: Console) -> Group:
    """Draw three lines: phase and time, documents, memory against budget and limit."""
    lines = [_phase_line(progress)]
    width = max(min(40, console.width - 40), 8)
    if progress.documents_total:
        lines.append(_documents_line(progress, width, glyphs_of(console)))
    if progress.memory_bytes is not None:
        lines.append(_memory_line(progress, width, glyphs_of(console)))
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return Group(*lines)


def render_line(progress: Progress) -> str:
    """Say it in one plain line."""
    parts = [f"[{format_duration(progress.elapsed_s)}] {printable(progress.phase)}"]
    if progress.stage:
        parts.append(f"stage {printable(progress.stage)}")
    if progress.documents_total:
        parts.append(_documents(progress))
    if progress.memory_bytes is not None:
        parts.append(f"memory {_memory(progress)}")
    if progress.eta_s is not None:
        parts.append(f"{format_duration(progress.eta_s)} to go")
    return ", ".join(parts)


def _phase_line(progress: Progress) -> Text:
    text = Text.assemble((printable(progress.phase), "bold"), (f"  {format_duration(progress.elapsed_s)}", "dim"))
    if progress.stage:
        text.append(f"  stage {printable(progress.stage)}")
    if progress.eta_s is not None:
        text.append(f"  {format_duration(progress.eta_s)} to go", style="dim")
    return text


def _documents_line(progress: Progress, width: int, glyphs: Glyphs) -> Text:
    done, total = progress.documents_done or 0, progress.documents_total or 1
    filled = min(max(width * done // total, 0), width)
    bar = Text.assemble("  import  ", (glyphs.done * filled, "green"), (glyphs.todo * (width - filled), "dim"))
    return bar.append(f"  {_documents(progress)}")


def _memory_line(progress: Progress, width: int, glyphs: Glyphs) -> Text:
    text = Text("  memory ")
    held, limit = progress.memory_bytes or 0, progress.limit_bytes
    if limit:
        peak = progress.peak_bytes or held
        text.append(meter(held, peak, progress.budget_bytes, limit, width, glyphs))
    return text.append(f" {_memory(progress)}")


def _documents(progress: Progress) -> str:
    share = format_share(progress.documents_done, progress.documents_total)
    text = f"{format_count(progress.documents_done)} of {format_count(progress.documents_total)} documents ({share})"
    return text if progress.chunks_per_s is None else f"{text}, {format_rate(progress.chunks_per_s, 'chunks')}"


def _memory(progress: Progress) -> str:
    text = format_bytes(progress.memory_bytes)
    if progress.peak_bytes is not None:
        text += f", peak {format_bytes(progress.peak_bytes)}"
    return text if progress.limit_bytes is None else f"{text} of {format_bytes(progress.limit_bytes)}"
