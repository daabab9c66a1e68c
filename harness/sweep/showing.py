"""What a sweep shows while it runs, on standard error: in place on a terminal, a line now and then anywhere else."""

import sys
import time
from typing import TextIO

from harness.sweep.participant import Standing
from reports.hostile_text import printable
from reports.progress import Progress
from reports.quantities import format_bytes, format_duration, plural

_LINE_EVERY_S = 10.0
_REDRAW_S = 0.3
_WIDTH = 200


class Shown:
    """Draws the standing of a study and the trial that runs; used by one thread."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._in_place = self._stream.isatty()
        self._standing: Standing | None = None
        self._told = ""
        self._drawn = ""
        self._shown_s = 0.0

    def standing(self, standing: Standing) -> None:
        """Take in how far the study is; a better answer than before is a line that stays."""
        self._standing = standing
        if standing.told and standing.told != self._told:
            self._told = standing.told
            self._line(f"so far: {standing.told}")
        if _words(standing) != self._drawn:
            self._drawn = _words(standing)
            self._draw(self._drawn)

    def trial(self, progress: Progress) -> None:
        """Take in how the trial that runs is doing."""
        now_s = time.monotonic()
        if self._standing is None or now_s - self._shown_s < (_REDRAW_S if self._in_place else _LINE_EVERY_S):
            return
        self._shown_s = now_s
        peak = f", peak {format_bytes(progress.peak_bytes)}" if progress.peak_bytes else ""
        self._draw(f"{_words(self._standing)}, {progress.phase}{peak}")

    def line(self, text: str) -> None:
        """Print a line that stays."""
        self._line(text)

    def _draw(self, text: str) -> None:
        if self._in_place:
            print(f"\r\x1b[K{printable(text, _WIDTH)}", end="", file=self._stream, flush=True)
        else:
            print(printable(text, _WIDTH * 3), file=self._stream, flush=True)

    def _line(self, text: str) -> None:
        start = "\r\x1b[K" if self._in_place else ""
        print(f"{start}{printable(text, _WIDTH * 4)}", file=self._stream, flush=True)


def _words(standing: Standing) -> str:
    left = f", about {format_duration(standing.left_s)} left" if standing.left_s is not None else ""
    return (
        f"{standing.phase}: {plural(standing.done, 'trial')} done, {standing.left} to go{left}; now {standing.running}"
    )
