"""What the documentation promises of sweeps of the importer, measured: an hour of trials, outside of `make test`."""

import logging
import statistics
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness.dependencies.postgres import PostgresServer
from harness.scenario import Overrides, Scenario, load_scenario
from harness.sweep.asking import StudyOptions, ask
from harness.sweep.axes import surroundings_of
from harness.sweep.ground import open_ground
from harness.sweep.running import Settings, run_trial
from harness.sweep.trial import Measured, Task
from reports.sweep_body import SweepBody, SweepCell

pytestmark = pytest.mark.sweep
_LOG = logging.getLogger(__name__)

MB = 2**20
AXES = {
    "openai_batch_size": ("10", "20", "46", "96"),
    "embed_concurrency": ("1", "2", "4", "8"),
    "window": ("64", "256", "1024"),
}


def _scenario(limit: str, corpus: str, **plan: object) -> Scenario:
    loaded = load_scenario("sweep", Overrides(limit=limit, corpus=corpus, knobs=("extraction=false",)))
    return replace(loaded, sweep=replace(loaded.sweep, **plan))  # type: ignore[arg-type]


def _ask(scenario: Scenario, folder: Path, postgres: PostgresServer) -> tuple[SweepBody, float]:
    started_s = time.monotonic()
    answered = ask(scenario, StudyOptions(folder, postgres.url, None, fresh=False, command="test"))
    return answered.result.body, time.monotonic() - started_s


def _runs(
    scenario: Scenario, settings: list[dict[str, str]], times: int, folder: Path, postgres: PostgresServer
) -> list[list[Measured]]:
    """Whole runs of settings in turn, under the scenario's limit."""
    found: list[list[Measured]] = [[] for _ in settings]
    folder.mkdir(parents=True)
    with open_ground(scenario, folder, postgres.url) as ground:
        common = Settings(scenario, ground, "test", early_stopping=False, show=lambda _: None)
        for number in range(times):
            for place, setting in enumerate(settings):
                task = Task("verify", setting, number, scenario.limit_bytes, whole=True)
                found[place].append(run_trial(common, task, folder / f"{number}-{place}", lambda: False))
    return found


def _rate(runs: list[Measured]) -> float:
    return statistics.median(one.chunks_per_s or 0.0 for one in runs)


def _fastest_within(cells: tuple[SweepCell, ...]) -> dict[str, str]:
    fitting = [one for one in cells if one.within_budget]
    return dict(max(fitting, key=lambda one: one.chunks_per_s or 0.0).setting)


def test_a_search_is_as_good_as_a_grid_at_a_quarter_of_its_cost(tmp_path: Path, postgres: PostgresServer) -> None:
    """48 cells: 95 % of the best throughput within the budget, by medians of five runs in turn; verified 10 of 10."""
    base = _scenario("145MB", "synthetic:300", axes=AXES, verify=1)
    grid, grid_s = _ask(base, tmp_path / "grid", postgres)
    searching = replace(base, sweep=replace(base.sweep, mode="search"))
    search, search_s = _ask(searching, tmp_path / "search", postgres)
    assert search.recommendation is not None
    best, found = _fastest_within(grid.cells), dict(search.recommendation.knobs)
    best_runs, found_runs = _runs(base, [best, found], 5, tmp_path / "again", postgres)
    spent = [sum(one.duration_s for one in body.trials if one.part in ("grid", "search")) for body in (grid, search)]
    _LOG.info(
        f"grid {grid_s:.0f} s, search {search_s:.0f} s; trials {spent}; best {best} {_rate(best_runs):.0f}/s; "
        f"found {found} {_rate(found_runs):.0f}/s"
    )
    assert _rate(found_runs) >= 0.95 * _rate(best_runs)
    assert spent[1] <= spent[0] / 4
    (verified,) = _runs(base, [found], 10, tmp_path / "verified", postgres)
    assert [one.passed for one in verified] == [True] * 10


def test_the_smallest_limit_is_narrow_and_a_little_more_always_holds(tmp_path: Path, postgres: PostgresServer) -> None:
    """Three searches within 5 %; 10 % above the answer 20 of 20 imports survive."""
    base = _scenario("512MB", "synthetic:100", axes={"window": ("256",)}, smallest_limit=True, verify=1)
    body, seconds = _ask(base, tmp_path / "limit", postgres)
    assert body.smallest_limit is not None
    answers = body.smallest_limit.answers_bytes
    _LOG.info(f"{[one / MB for one in answers]} MB, {body.smallest_limit.probes} probes, {seconds:.0f} s")
    assert len(answers) == 3
    assert max(answers) <= 1.05 * min(answers)
    above = replace(
        base, limit_bytes=int(1.1 * body.smallest_limit.bytes), budget_bytes=int(1.1 * body.smallest_limit.bytes)
    )
    (runs,) = _runs(above, [{"window": "256"}], 20, tmp_path / "above", postgres)
    assert [one.end for one in runs] == ["whole"] * 20


def test_early_stopping_halves_the_time_and_changes_no_answer(tmp_path: Path, postgres: PostgresServer) -> None:
    """The same study without it: the same setting is recommended, the same cells fit, in twice the time or more."""
    axes = {"openai_batch_size": ("20", "96"), "window": ("200", "800")}
    base = _scenario("145MB", "synthetic:800", axes=axes, verify=1, repeats=2)
    short, short_s = _ask(base, tmp_path / "short", postgres)
    whole_scenario = replace(base, sweep=replace(base.sweep, early_stopping=False))
    whole, whole_s = _ask(whole_scenario, tmp_path / "whole", postgres)
    _LOG.info(f"{short_s:.0f} s instead of {whole_s:.0f} s; {short.early_stopping}")
    assert short.recommendation is not None
    assert whole.recommendation is not None
    assert short.recommendation.knobs == whole.recommendation.knobs
    assert _fitting(short) == _fitting(whole)
    assert short.early_stopping.stopped > 0
    assert short_s <= 0.5 * whole_s


def _fitting(body: SweepBody) -> set[str]:
    return {str(sorted(one.setting.items())) for one in body.cells if one.within_budget}


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ("documents", ("20", "60")), ("upload_size", ("1MB", "20MB")), ("chunks_per_document", ("4", "16")),
        ("concepts_per_document", ("3", "9")), ("concurrent_imports", ("1", "3")),
        ("provider_latency_ms", ("10", "300")),
        ("llm_latency_ms", ("0", "200")), ("rate_limit", ("20", "0")), ("database_latency_ms", ("0", "10")),
        ("cpus", ("0.3", "1")), ("extraction", ("true", "false")),
    ],
)  # fmt: skip
def test_every_axis_can_be_swept(axis: str, values: tuple[str, str], tmp_path: Path, postgres: PostgresServer) -> None:
    """Both values are measured, and what should be slower is."""
    loaded = load_scenario("sweep", Overrides(corpus="synthetic:30"))
    base = replace(loaded, sweep=replace(loaded.sweep, axes={axis: values}, repeats=1, verify=1))
    surroundings_of(base, {axis: values[0]})
    body, _ = _ask(base, tmp_path / axis, postgres)
    assert all(one.end in ("whole", "stopped_early") for one in body.trials), [one.why for one in body.trials]
    rates = {one.setting[axis]: one.chunks_per_s or 0.0 for one in body.cells}
    if axis in ("provider_latency_ms", "database_latency_ms"):
        assert rates[values[0]] > rates[values[1]]
    if axis in ("rate_limit", "cpus"):
        assert rates[values[0]] < rates[values[1]]
