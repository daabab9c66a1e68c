"""Two load runs beside each other: what got slower, what failed more, what took more memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reports.errors import ResultError
from reports.load_body import RequestFigures
from reports.load_quantities import show
from reports.markdown import plain, table
from reports.quantities import UNKNOWN
from reports.result import LoadResult, Scalar

_SHOWN_MOST, _SHOWN_BEFORE = 80, 20
LOAD_DIFF_HEADS = ("figure", "before", "after", "change")


@dataclass(frozen=True, slots=True)
class Change:
    """One figure of both runs; None where a run does not know it."""

    name: str
    unit: str
    before: float | None
    after: float | None

    @property
    def share(self) -> float | None:
        """The change as a share of what was before; None where that is nothing, or not known."""
        if self.before is None or self.after is None or not self.before:
            return None
        return (self.after - self.before) / abs(self.before)


@dataclass(frozen=True, slots=True)
class LoadDiff:
    """Every figure that both runs may have, the most telling first."""

    before: str
    after: str
    changes: tuple[Change, ...]


def diff_loads(before: LoadResult, after: LoadResult) -> LoadDiff:
    """Compare them; ResultError where they do not hold for the same environment, and says in what they differ."""
    differing = sorted(_differing(before.header.fingerprint.binding, after.header.fingerprint.binding))
    if differing:
        raise ResultError(f"the two loads cannot be compared: {'; '.join(differing)}")
    changes = (*_requests(before, after), *_whole(before, after))
    return LoadDiff(before.header.started_at, after.header.started_at, tuple(changes))


def load_diff_rows(diff: LoadDiff) -> list[tuple[str, ...]]:
    """One row a figure, as the terminal and Markdown show it."""
    return [
        (one.name, show(one.before, one.unit), show(one.after, one.unit), _change(one))
        for one in diff.changes
        if one.before is not None or one.after is not None
    ]


def render_load_diff(diff: LoadDiff) -> str:
    """The comparison in Markdown."""
    rows = [tuple(plain(cell) for cell in row) for row in load_diff_rows(diff)]
    return f"{plain(diff.before)} → {plain(diff.after)}\n\n{table(LOAD_DIFF_HEADS, rows)}\n"


def _differing(before: Mapping[str, Scalar], after: Mapping[str, Scalar]) -> Iterator[str]:
    for name in before.keys() | after.keys():
        if before.get(name) != after.get(name):
            then, now = _apart(*(str(side.get(name, UNKNOWN)) for side in (before, after)))
            yield f"{name} is {now!r}, and was {then!r}"


def _apart(one: str, other: str) -> tuple[str, str]:
    """Both from shortly before where they begin to differ, so that what differs is seen."""
    pairs = enumerate(zip(one, other, strict=False))
    same = next((place for place, (first, second) in pairs if first != second), min(len(one), len(other)))
    start = 0 if max(len(one), len(other)) <= _SHOWN_MOST else max(same - _SHOWN_BEFORE, 0)
    shown_one, shown_other = (f"{'…' if start else ''}{text[start : start + _SHOWN_MOST]}" for text in (one, other))
    return shown_one, shown_other


def _requests(before: LoadResult, after: LoadResult) -> Iterator[Change]:
    then, now = _by_name(before), _by_name(after)
    for name in sorted(then.keys() | now.keys()):
        one, other = then.get(name), now.get(name)
        for figure in ("p50_s", "p95_s", "p99_s"):
            label = f"{name}.{figure.removesuffix('_s')}"
            yield Change(label, "s", getattr(one, figure, None), getattr(other, figure, None))
        yield Change(f"{name}.errors", "share", _errors(one), _errors(other))
        yield Change(f"{name}.rate", "1/s", getattr(one, "rate_per_s", None), getattr(other, "rate_per_s", None))


def _by_name(result: LoadResult) -> Mapping[str, RequestFigures]:
    return {one.name: one for one in result.body.by_request if one.stage is None}


def _errors(one: RequestFigures | None) -> float | None:
    return None if one is None or not one.requests else one.errors / one.requests


def _whole(before: LoadResult, after: LoadResult) -> Iterator[Change]:
    then, now = before.body, after.body
    yield Change("rate", "1/s", then.rate_achieved_per_s, now.rate_achieved_per_s)
    for name, unit in (
        ("peak_bytes", "bytes"), ("left_bytes", "bytes"), ("per_request_bytes", "bytes"),
        ("slope_bytes_per_hour", "bytes/h"),
    ):  # fmt: skip
        label = name.removesuffix("_bytes").removesuffix("_bytes_per_hour")
        yield Change(f"memory.{label}", unit, getattr(then.memory, name), getattr(now.memory, name))


def _change(one: Change) -> str:
    if one.share is not None:
        return f"{100 * one.share:+.1f} %"
    if one.before is None or one.after is None:
        return UNKNOWN
    return "from nothing" if one.after else "+0.0 %"
