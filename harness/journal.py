"""The events of a run, one JSON line each, on the clock that its samples use."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds since the run started; samples and events share one."""

    started_s: float = field(default_factory=time.monotonic)

    def __call__(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started_s


@dataclass(frozen=True, slots=True)
class Journal:
    """Where events go; `write` may be called from any thread."""

    path: Path
    clock: Callable[[], float]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, kind: str, **fields: Any) -> None:
        """Append one event: its time, its kind, and what else is known of it."""
        line = json.dumps({"t": round(self.clock(), 4), "kind": kind, **fields}) + "\n"
        with self._lock, self.path.open("a", encoding="utf-8") as sink:
            sink.write(line)
