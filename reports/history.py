"""What the raw files tell of a run over time, boiled down to what fits into a picture, however long the run was."""

from dataclasses import dataclass
from itertools import accumulate, groupby
from pathlib import Path

from reports.downsampling import downsample
from reports.observations import Event, Sample, read_events, read_samples
from reports.run_directory import EVENTS, SAMPLES

COLUMNS = 400
STAGES_MOST = 12
IMPORTS_MOST = 50
MARKS_MOST = 20
"""Most marks of one kind; the rest of a kill loop is counted, not drawn."""

_MARKED = ("oom_kill", "restart", "exit", "ready", "upload", "end")
_SAME_S = 1.0
"""An exit within this time of an OOM kill is that kill."""
_INTERRUPTING = ("oom_kill", "restart", "exit", "end")


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of time that was mostly spent in one stage."""

    start_s: float
    end_s: float
    name: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment worth a line in the picture."""

    t: float
    kind: str
    """`ready`, `upload`, `oom_kill`, `restart`, `exit`, `end`."""
    detail: str
    """Of an OOM kill, the progress at the time."""


@dataclass(frozen=True, slots=True)
class History:
    """A run over time; times are seconds since its start."""

    end_s: float
    start_s: float = 0.0
    """When the service was first there: what was set up before it needs no place in the picture."""
    samples: tuple[Sample, ...] = ()
    stages: tuple[Stage, ...] = ()
    progress: tuple[tuple[tuple[float, float], ...], ...] = ()
    """One curve an import: (time, share from 0 to 1)."""
    marks: tuple[Mark, ...] = ()
    marks_left_out: int = 0

    @property
    def peak(self) -> Sample | None:
        """The sample with the most unreclaimable memory."""
        return max(self.samples, key=lambda sample: sample.unreclaimable, default=None)


def load_history(directory: Path, duration_s: float | None) -> History:
    """Read a run directory's samples and events, in bounded memory; what is not there is empty."""
    samples = downsample(read_samples(directory / SAMPLES))
    columns = _columns(directory, duration_s, samples)
    stages, progress, marks = _Stages(columns), _Progress(columns), _Marks()
    for event in read_events(directory / EVENTS):
        stages.take(event)
        progress.take(event)
        marks.take(event)
    return History(
        columns.end_s, columns.start_s, samples, stages.all(), progress.curves(), marks.shown(), marks.left_out
    )


@dataclass(frozen=True, slots=True)
class _Columns:
    """The time of a picture, cut into columns."""

    start_s: float
    end_s: float

    @property
    def width_s(self) -> float:
        return (self.end_s - self.start_s) / COLUMNS or 1.0

    def edge(self, place: int) -> float:
        return self.start_s + place * self.width_s

    def place(self, t: float) -> int:
        return min(max(int((t - self.start_s) / self.width_s), 0), COLUMNS - 1)


def _columns(directory: Path, duration_s: float | None, samples: tuple[Sample, ...]) -> _Columns:
    end_s = max([duration_s or 0.0, *(sample.t for sample in samples[-1:])])
    if not end_s:
        end_s = max((event.t for event in read_events(directory / EVENTS)), default=0.0)
    starts = (event.t for event in read_events(directory / EVENTS) if event.kind == "start")
    start_s = min([next(starts, end_s), *(sample.t for sample in samples[:1])])
    return _Columns(start_s if start_s < end_s else 0.0, end_s)


class _Stages:
    """Gives each column to the stage that took most of it."""

    __slots__ = ("_columns", "_job", "_name", "_since", "_spent")

    def __init__(self, columns: _Columns) -> None:
        self._columns = columns
        self._spent: list[dict[str, float]] = [{} for _ in range(COLUMNS)]
        self._name, self._since, self._job = "", 0.0, None

    def take(self, event: Event) -> None:
        if event.kind == "end" and event.fields.get("job", self._job) != self._job:
            return  # another import's end, while this one goes on
        if event.kind == "stage" or event.kind in _INTERRUPTING:
            self._spend(event.t)
            self._name = str(event.fields.get("stage") or "") if event.kind == "stage" else ""
            self._since, self._job = event.t, event.fields.get("job")

    def all(self) -> tuple[Stage, ...]:
        self._spend(self._columns.end_s)
        names = [max(column, key=lambda stage: column[stage], default="") for column in self._spent]
        return _joined(names, self._columns)

    def _spend(self, stop_s: float) -> None:
        if not self._name:
            return
        edge = self._columns.edge
        for place in range(self._columns.place(self._since), self._columns.place(stop_s) + 1):
            column = self._spent[place]
            key = self._name if self._name in column or len(column) < STAGES_MOST else "other"
            inside = min(stop_s, edge(place + 1)) - max(self._since, edge(place))
            column[key] = column.get(key, 0.0) + max(inside, 0.0)


def _joined(names: list[str], columns: _Columns) -> tuple[Stage, ...]:
    runs = [(name, len(list(run))) for name, run in groupby(names)]
    ends = list(accumulate(length for _, length in runs))
    return tuple(
        Stage(columns.edge(end - length), columns.edge(end), name)
        for (name, length), end in zip(runs, ends, strict=True)
        if name
    )


class _Progress:
    """Keeps, of each import's curve, the last point in each column."""

    __slots__ = ("_columns", "_curves")

    def __init__(self, columns: _Columns) -> None:
        self._columns = columns
        self._curves: dict[str, dict[int, tuple[float, float]]] = {}

    def take(self, event: Event) -> None:
        share = event.fields.get("progress")
        if event.kind != "progress" or not isinstance(share, int | float):
            return
        name = str(event.fields.get("job"))
        if name in self._curves or len(self._curves) < IMPORTS_MOST:
            self._curves.setdefault(name, {})[self._columns.place(event.t)] = (
                event.t,
                min(max(float(share), 0.0), 1.0),
            )

    def curves(self) -> tuple[tuple[tuple[float, float], ...], ...]:
        return tuple(tuple(curve.values()) for curve in self._curves.values())


class _Marks:
    """Keeps the first marks of each kind, and counts the rest."""

    __slots__ = ("_kept", "_progress", "left_out")

    def __init__(self) -> None:
        self._kept: dict[str, list[Mark]] = {kind: [] for kind in _MARKED}
        self._progress: object = None
        self.left_out = 0

    def take(self, event: Event) -> None:
        self._progress = event.fields.get("progress", self._progress)
        kept = self._kept.get(event.kind)
        if kept is None:
            return
        if len(kept) < MARKS_MOST:
            kept.append(Mark(event.t, event.kind, _detail(event.kind, self._progress)))
        else:
            self.left_out += 1

    def shown(self) -> tuple[Mark, ...]:
        kills = self._kept["oom_kill"]
        marks = (mark for kind in self._kept.values() for mark in kind if not _part_of_a_kill(mark, kills))
        return tuple(sorted(marks, key=lambda mark: mark.t))


def _part_of_a_kill(mark: Mark, kills: list[Mark]) -> bool:
    return mark.kind == "exit" and any(abs(mark.t - kill.t) < _SAME_S for kill in kills)


def _detail(kind: str, progress: object) -> str:
    if kind != "oom_kill" or not isinstance(progress, int | float):
        return ""
    return f"at {100 * progress:.0f} %"
