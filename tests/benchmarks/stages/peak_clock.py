"""A clock for pytest-benchmark that tells bytes: the peak of what was allocated between two looks at it."""

import tempfile
from pathlib import Path

import memray


class PeakClock:
    """Looked at for the first time it begins to trace, for the second it ends and tells the peak, and so on."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._tracker: memray.Tracker | None = None

    def __call__(self) -> float:
        """0 at the start of a measurement, the peak in bytes at its end."""
        if self._tracker is None or self._folder is None:
            self._folder = tempfile.TemporaryDirectory()
            self._tracker = memray.Tracker(Path(self._folder.name) / "capture.bin", trace_python_allocators=True)
            self._tracker.__enter__()
            return 0.0
        self._tracker.__exit__(None, None, None)
        peak_bytes = memray.FileReader(Path(self._folder.name) / "capture.bin").metadata.peak_memory
        self._folder.cleanup()
        self._tracker = self._folder = None
        return float(peak_bytes)
