"""Made load runs for tests: a plan, rows, and what is built from them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.load.errand import Habit, Stage
from harness.load.order import LoadOrder
from harness.load.plan import LoadPlan
from harness.load.rows import Arrival, Generator, Request, Rows, StageSeen
from harness.load.seen import JobEnd, LoadSeen, Provided
from harness.load.thresholds import parse_thresholds
from harness.scenario import Overrides, load_scenario
from reports.observations import Sample

MIB = 2**20
HOLD_S = 20.0


def plan(*thresholds: str, rate_per_s: float | None = None, users: int = 10) -> LoadPlan:
    """A warm-up and one stage that counts."""
    return LoadPlan(
        shape="smoke",
        stages=(
            Stage("warm-up", users, 5.0, counted=False, rate_per_s=rate_per_s),
            Stage("hold", users, HOLD_S, rate_per_s=rate_per_s),
        ),
        habits=(Habit("import", 1.0, (1.0, 1.0)), Habit("search", 2.0, (1.0, 1.0))),
        thresholds=parse_thresholds(thresholds, "test"),
        minimum_samples=20,
        spawn_per_s=20.0,
        ready_within_s=30.0,
        abort_after_s=None,
        health_every_s=5.0,
        request_timeout_s=30.0,
        import_timeout_s=60.0,
        drain_s=30.0,
        patience_s=5.0,
        reimport=False,
        requests=(),
        locustfile=None,
        kills=(),
        seed=1,
        uploads_most=None,
    )


def load_order(run_dir: Path, of: LoadPlan) -> LoadOrder:
    """An order of this plan, whose files go there."""
    return LoadOrder(load_scenario("smoke", Overrides()), of, run_dir, None, "halfgig load", lambda _: None)


def requests(name: str, seconds: Sequence[float], error: str | None = None, stage: int = 1) -> list[Request]:
    """Requests of one name, evenly spread over the stage that counts."""
    step = HOLD_S / max(len(seconds), 1)
    return [Request(5.0 + place * step, name, one, 10, error, stage, 0) for place, one in enumerate(seconds)]


def stages() -> list[StageSeen]:
    """Both stages, as they were wished for."""
    return [StageSeen(0, "warm-up", 10, 0.0, 5.0), StageSeen(1, "hold", 10, 5.0, 25.0)]


def generators(cpu_share: float = 0.1, lag_s: float = 0.001, worker: int = 0) -> list[Generator]:
    """A process of the generator in each second of the stage that counts."""
    return [Generator(5.0 + second, worker, 1, cpu_share, lag_s, 10, 0) for second in range(int(HOLD_S))]


def arrivals(rate_per_s: float, ok: float = 1.0, turned_away: float = 0.0, late_s: float = 0.0) -> list[Arrival]:
    """So many a second over the stage that counts; of them these shares were done well, and turned away."""
    count = int(rate_per_s * HOLD_S)
    found = []
    for place in range(count):
        away, good = place < turned_away * count, place < ok * count
        seconds = None if away else 0.1
        found.append(Arrival(5.0 + place / rate_per_s, away, late_s, seconds, good and not away))
    return found


def seen(of: LoadPlan, made: Sequence[Request]) -> LoadSeen:
    """A run in which nothing else went wrong."""
    rows = Rows(requests=list(made), generators=generators(), stages=stages())
    ends = (JobEnd("a", 2, "completed", 2, 16), JobEnd("b", 1, "completed", 1, 8))
    return LoadSeen(of, rows, workers=1, limit_bytes=512 * MIB, ends=ends, provided=Provided(24))


def with_rows(base: LoadSeen, **changes: object) -> LoadSeen:
    """The same run with other rows."""
    return replace(base, rows=replace(base.rows, **changes))  # type: ignore[arg-type]


def samples(seconds: float, start_bytes: float, bytes_per_s: float = 0.0, every_s: float = 0.5) -> list[Sample]:
    """Memory that rises evenly."""
    return [
        Sample(place * every_s, level, 0, 0, level, level)
        for place in range(int(seconds / every_s) + 1)
        for level in [int(start_bytes + bytes_per_s * place * every_s)]
    ]
