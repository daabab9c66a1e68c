"""Puts together what was seen of a load run, judges it, and lays the result out."""

from collections.abc import Sequence
from dataclasses import replace

from harness.load.during import Course
from harness.load.judged_thresholds import judge_threshold
from harness.load.judgement import judge_load
from harness.load.memory import MemorySeen, Moments, memory_seen, plateau_of
from harness.load.order import LoadOrder, run_clock
from harness.load.outcome import load_body
from harness.load.rows import ROWS, Rows, read_rows
from harness.load.seen import LoadSeen
from reports.observations import read_samples
from reports.result import Header, LoadResult
from reports.run_directory import SAMPLES


def rows_of(order: LoadOrder) -> Rows:
    """The raw rows so far, on the clock of the run."""
    return read_rows(order.run_dir / ROWS, run_clock(order))


def seen_of(order: LoadOrder, course: Course, rows: Rows, limit_bytes: int | None) -> LoadSeen:
    """What the course and the rows tell."""
    return LoadSeen(
        plan=order.plan,
        rows=rows,
        workers=order.workers.count,
        crashes=tuple(course.crashes),
        aborted=course.aborted,
        stopped=course.stopped,
        lost=course.lost,
        gone=course.gone,
        hung=course.hung,
        unreached=course.now.unreached,
        broke_at=course.broke_at,
        limit_bytes=limit_bytes,
        judged_stages=_judged_stages(order, course),
    )


def memory_of(order: LoadOrder, seen: LoadSeen, moments: Moments, source: str) -> MemorySeen:
    """The figures of memory, from the samples of the run directory."""
    gaps = [(one.start_s, one.ready_s or moments.end_s) for one in seen.crashes]
    samples = list(read_samples(order.run_dir / SAMPLES))
    return memory_seen(source, samples, moments, plateau_of(seen.stages_seen(), gaps), seen.rows.requests)


def misses(order: LoadOrder, place: int) -> bool:
    """Whether one stage by itself misses a threshold."""
    seen = LoadSeen(order.plan, rows_of(order), order.workers.count)
    name = order.plan.stages[place].name
    own = [replace(one, stage=name) for one in order.plan.thresholds if not one.about_memory and one.stage is None]
    return any(judge_threshold(one, seen).verdict == "FAIL" for one in own)


def result_of(order: LoadOrder, seen: LoadSeen, header: Header, host: str | None, notes: Sequence[str]) -> LoadResult:
    """Judge what was seen and lay it out."""
    verdict, reasons, thresholds = judge_load(seen)
    judged = replace(header, verdict=verdict, reasons=reasons, duration_s=round(order.clock(), 3))
    return LoadResult(judged, replace(load_body(seen, thresholds, host), notes=tuple(notes)))


def _judged_stages(order: LoadOrder, course: Course) -> int | None:
    """Of a load that broke, those before the break; the first one is judged in any case."""
    places = [place for place, stage in enumerate(order.plan.stages) if stage.counted]
    broke = next((place for place in places if order.plan.stages[place].name == course.broke_at), None)
    return None if broke is None else max(places.index(broke), 1)
