"""memray's own flame graph of the heap's peak, as a file beside the report."""

from pathlib import Path
from typing import Any


def write_flamegraph(path: Path, reader: Any) -> None:
    """Draw it as one file that fetches nothing; `reader` is the memray reader of the capture, which it goes through."""
    from memray.reporters.flamegraph import FlameGraphReporter

    records = reader.get_high_watermark_allocation_records(merge_threads=True)
    snapshots = tuple(reader.get_memory_snapshots())
    reporter = FlameGraphReporter.from_snapshot(records, memory_records=snapshots, native_traces=False)
    with path.open("w", encoding="utf-8", errors="replace") as file:
        reporter.render(file, reader.metadata, show_memory_leaks=False, merge_threads=True, inverted=False, no_web=True)
