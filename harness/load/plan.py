"""The `[load]` section of a scenario as one frozen object."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, cast

from harness import tables
from harness.errors import ScenarioError
from harness.load.errand import BEHAVIOURS, Habit, Stage
from harness.load.shapes import parse_shape
from harness.load.thresholds import Threshold, parse_thresholds
from harness.quantities import parse_seconds

_KEYS = (
    "shape", "people", "thresholds", "minimum_samples", "spawn_per_s", "ready_within", "abort_after", "health_every",
    "request_timeout", "import_timeout", "drain", "patience", "reimport", "requests", "locustfile", "kill", "seed",
    "uploads_most",
)  # fmt: skip
_HABIT_KEYS = ("weight", "think", "documents", "watch")
_KILL_KEYS = ("how", "stage", "after", "down")
KILLS = ("oom", "sigkill")


@dataclass(frozen=True, slots=True)
class Kill:
    """The service is killed while the load runs, and started again."""

    how: str
    """`oom`: by the kernel, for memory; `sigkill`: by us."""
    stage: str
    after_s: float
    """So long after the stage has begun."""
    down_s: float
    """How long nobody starts it again."""


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What users do, how many of them come when, and what has to hold."""

    shape: str
    stages: tuple[Stage, ...]
    habits: tuple[Habit, ...]
    thresholds: tuple[Threshold, ...]
    minimum_samples: int
    """Requests that a threshold needs to be judged by."""
    spawn_per_s: float
    ready_within_s: float
    abort_after_s: float | None
    """A threshold that is missed for so long ends the run."""
    health_every_s: float
    request_timeout_s: float
    import_timeout_s: float
    drain_s: float
    """How long imports that are under way when the load ends may take."""
    patience_s: float
    """A pool of users for a constant rate is large enough when it holds so many seconds of arrivals."""
    reimport: bool
    """Whether the same texts are uploaded again and again."""
    requests: tuple[str, ...]
    """Names of requests that somebody's own locustfile makes."""
    locustfile: str | None
    kills: tuple[Kill, ...]
    seed: int
    uploads_most: int | None

    @property
    def users_most(self) -> int:
        """The most users of any stage."""
        return max(one.users for one in self.stages)

    @property
    def rate_most_per_s(self) -> float | None:
        """The highest rate of arrivals; None where users wait for their answers."""
        return max((one.rate_per_s for one in self.stages if one.rate_per_s), default=None)

    @property
    def seconds(self) -> float:
        """How long all stages take, their gathering of users apart."""
        return sum(one.hold_s for one in self.stages)

    @property
    def gathering_s(self) -> float:
        """How long the users of all stages take to come and go, where nothing holds them up."""
        users = [0, *(one.users for one in self.stages)]
        return sum(abs(after - before) for before, after in pairwise(users)) / self.spawn_per_s

    @property
    def summary(self) -> str:
        """What makes two loads the same, in one line."""
        stages = " ".join(
            f"{one.name}={one.users}x{one.hold_s:g}s{f'@{one.rate_per_s:g}/s' if one.rate_per_s else ''}"
            for one in self.stages
        )
        people = " ".join(map(_in_words, self.habits))
        kills = "".join(f"; {one.how} in {one.stage} after {one.after_s:g}s down {one.down_s:g}s" for one in self.kills)
        return f"{self.shape}: {stages}; {people or 'a locustfile'}{'; reimport' if self.reimport else ''}{kills}"

    @property
    def imports(self) -> bool:
        """Whether users upload anything."""
        return any(one.does == "import" for one in self.habits)


def with_locustfile(plan: LoadPlan, path: str) -> LoadPlan:
    """The same load made by somebody's own users; ours do nothing then."""
    return replace(plan, locustfile=path, habits=())


def parse_load(table: Mapping[str, Any], where: str, beside: Path) -> LoadPlan | None:
    """The plan of a scenario, whose locustfile is looked for `beside` it; None where it has no `[load]`."""
    if "load" not in table:
        return None
    where = f"{where} [load]"
    inner = tables.value(table, "load", dict, None, where)
    tables.refuse_unknown(inner, _KEYS, where)
    shape, stages = parse_shape(tables.value(inner, "shape", dict, None, where), f"{where} shape")

    def seconds(key: str, default: str) -> float:
        return parse_seconds(tables.value(inner, key, str, default, where), f"{where}: {key}")

    def some_seconds(key: str, default: str) -> float:
        return _above_zero(seconds(key, default), key, where)

    habits = _habits(tables.value(inner, "people", dict, {}, where), f"{where} people")
    locustfile = tables.value(inner, "locustfile", str, "", where)
    if habits and locustfile:
        raise ScenarioError(f"{where}: people and locustfile are two kinds of users; leave one of them out")
    return LoadPlan(
        shape=shape,
        stages=stages,
        habits=habits,
        thresholds=parse_thresholds(_texts(inner, "thresholds", where), where),
        minimum_samples=_at_least_one(inner, "minimum_samples", 20, where),
        spawn_per_s=_above_zero(tables.value(inner, "spawn_per_s", float, 20.0, where), "spawn_per_s", where),
        ready_within_s=some_seconds("ready_within", "60s"),
        abort_after_s=seconds("abort_after", "0s") or None,
        health_every_s=seconds("health_every", "5s"),
        request_timeout_s=some_seconds("request_timeout", "30s"),
        import_timeout_s=some_seconds("import_timeout", "120s"),
        drain_s=seconds("drain", "60s"),
        patience_s=some_seconds("patience", "5s"),
        reimport=tables.value(inner, "reimport", bool, False, where),
        requests=_texts(inner, "requests", where),
        locustfile=str(beside / locustfile) if locustfile else None,
        kills=_kills(inner, stages, where),
        seed=tables.value(inner, "seed", int, 1, where),
        uploads_most=_at_least_one(inner, "uploads_most", 1, where) if "uploads_most" in inner else None,
    )


def _in_words(habit: Habit) -> str:
    """`import*1 1-3 documents mixed think 1s-3s`: all that the habit of one is compared by with that of another."""
    think = "-".join(f"{seconds:g}s" for seconds in habit.think_s)
    size = f" {habit.documents[0]}-{habit.documents[1]} documents {habit.watch}" if habit.does == "import" else ""
    return f"{habit.does}*{habit.weight:g}{size} think {think}"


def _habits(people: Mapping[str, Any], where: str) -> tuple[Habit, ...]:
    tables.refuse_unknown(people, BEHAVIOURS, where, "behaviour")
    return tuple(_habit(does, tables.value(people, does, dict, None, where), f"{where}.{does}") for does in people)


def _habit(does: str, table: Mapping[str, Any], where: str) -> Habit:
    tables.refuse_unknown(table, _HABIT_KEYS, where)
    weight = tables.value(table, "weight", float, 1.0, where)
    watch = tables.value(table, "watch", str, "mixed", where)
    if weight <= 0:
        raise ScenarioError(f"{where}: weight = {weight:g} is not above zero; leave the behaviour out")
    if watch not in ("events", "polling", "mixed"):
        raise ScenarioError(f"{where}: watch = {watch!r}; it is one of events, polling, mixed")
    return Habit(
        does,
        weight,
        _range_s(tables.value(table, "think", str, "1s", where), where),
        _counts(table.get("documents", 1), where),
        cast("Literal['events', 'polling', 'mixed']", watch),
    )


def _range_s(text: str, where: str) -> tuple[float, float]:
    """`1s` or `500ms-2s`."""
    first, _, last = text.partition("-")
    low = parse_seconds(first, f"{where}: think")
    high = parse_seconds(last, f"{where}: think") if last else low
    if high < low:
        raise ScenarioError(f"{where}: think = {text!r} ends before it begins")
    return low, high


def _counts(found: Any, where: str) -> tuple[int, int]:
    """`2` or `[1, 4]`."""
    pair = found if isinstance(found, list) else [found, found]
    if len(pair) != 2 or not all(isinstance(one, int) and one >= 1 for one in pair) or pair[1] < pair[0]:
        raise ScenarioError(f"{where}: documents = {found!r}; write it like 2, or [1, 4] for between one and four")
    return pair[0], pair[1]


def _kills(inner: Mapping[str, Any], stages: tuple[Stage, ...], where: str) -> tuple[Kill, ...]:
    found = inner.get("kill", [])
    return tuple(_kill(one, stages, f"{where} kill") for one in (found if isinstance(found, list) else [found]))


def _kill(table: Any, stages: tuple[Stage, ...], where: str) -> Kill:
    if not isinstance(table, dict):
        raise ScenarioError(f'{where}: write it like kill = {{ how = "oom", stage = "hold", after = "5s" }}')
    tables.refuse_unknown(table, _KILL_KEYS, where)
    how = tables.value(table, "how", str, "oom", where)
    stage = tables.value(table, "stage", str, "hold", where)
    names = [one.name for one in stages]
    if how not in KILLS:
        raise ScenarioError(f"{where}: how = {how!r}; it is one of {', '.join(KILLS)}")
    if stage not in names:
        raise ScenarioError(f"{where}: there is no stage {stage!r}{tables.suggestion(stage, names)}")
    after_s = parse_seconds(tables.value(table, "after", str, "5s", where), f"{where}: after")
    if after_s >= stages[names.index(stage)].hold_s:
        raise ScenarioError(f"{where}: after = {after_s:g} s is not within the stage {stage!r}")
    return Kill(how, stage, after_s, parse_seconds(tables.value(table, "down", str, "0s", where), f"{where}: down"))


def _texts(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    found = tables.value(table, key, list, [], where)
    if not all(isinstance(one, str) for one in found):
        raise ScenarioError(f"{where}: {key} must be a list of texts")
    return tuple(found)


def _at_least_one(table: Mapping[str, Any], key: str, default: int, where: str) -> int:
    found = tables.value(table, key, int, default, where)
    if found < 1:
        raise ScenarioError(f"{where}: {key} = {found}: at least 1")
    return found


def _above_zero(found: float, key: str, where: str) -> float:
    if found <= 0:
        raise ScenarioError(f"{where}: {key} = {found:g} is not above zero")
    return found
