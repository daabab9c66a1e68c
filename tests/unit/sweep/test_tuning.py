"""Tuning: what is wanted next, by the trials that are there; the answer is verified before it is one."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from harness.sweep.answers import environment_of, recommendation, sweep_cells
from harness.sweep.cells import cells_of
from harness.sweep.trial import Foreseen, Task, Trial
from harness.sweep.tuning import TuningStrategy

from .made_trials import LIFTED_BYTES, MB, scenario, trial

AXES = {"window": ("64", "256", "1024"), "openai_batch_size": ("20", "96")}
LIMIT_BYTES = 512 * MB
Run = Callable[[Task], Trial]


def _run(task: Task) -> Trial:
    window, batch = float(task.setting["window"]), float(task.setting["openai_batch_size"])
    wobble = 1 + 0.003 * ((task.repeat * 7 + 3) % 3 - 1)
    made = trial(
        task.setting, (75 + 0.02 * window) * wobble, min(2 * batch, window / 2) / (0.3 + batch / 1000) * wobble
    )
    return replace(made, task=task)


def _all(strategy: TuningStrategy, run: Run = _run, most: int = 60) -> list[Trial]:
    done: list[Trial] = []
    while tasks := strategy.wanted(done, None).tasks:
        assert len(done) < most
        done.append(replace(run(tasks[0]), number=len(done)))
    return done


def test_a_grid_is_measured_chosen_and_verified() -> None:
    """Every cell, some again, then three whole runs of the best one under the real limit."""
    strategy = TuningStrategy(scenario(axes=AXES), LIFTED_BYTES)
    done = _all(strategy)
    measured = [one for one in done if one.task.part == "grid"]
    verified = [one for one in done if one.task.part == "verify"]
    assert {tuple(one.task.setting.values()) for one in measured} == {
        (w, b) for w in AXES["window"] for b in AXES["openai_batch_size"]
    }
    assert [(one.task.limit_bytes, one.task.whole) for one in verified] == [(LIMIT_BYTES, True)] * 3
    assert verified[0].task.setting == {"window": "1024", "openai_batch_size": "96"}
    found = recommendation(scenario(axes=AXES), strategy, done)
    assert found is not None
    assert (found.decision, found.verified_runs) == ("DECIDED", 3)
    assert found.environment == (
        "export IMPORTER_EMBEDDING_PROVIDER=openai",
        "export IMPORTER_WINDOW=1024",
        "export IMPORTER_OPENAI_BATCH_SIZE=96",
    )


def test_whole_runs_under_the_limit_check_those_that_were_stopped_early() -> None:
    """What the plateau of the answer has missed is added to every upper bound, and the answer is chosen anew."""

    def run(task: Task) -> Trial:
        made = _run(task)
        if not task.whole:
            return replace(made, measured=replace(made.measured, end="stopped_early"))
        early = made.measured.peak_bytes or 0
        peak = int(1.5 * early)
        seen = replace(made.measured, peak_bytes=peak, passed=peak <= base.budget_bytes)
        return replace(made, measured=replace(seen, foreseen=Foreseen(0.1, early, 100.0)))

    base = replace(scenario(axes=AXES), budget_bytes=140 * MB)
    strategy = TuningStrategy(base, LIFTED_BYTES)
    done = _all(strategy, run)
    assert not any(one.task.whole for one in done if one.task.part == "grid")
    verified = [one.task.setting["window"] for one in done if one.task.part == "verify"]
    assert verified == ["1024", "256", "256", "256"]
    found = recommendation(base, strategy, done)
    assert found is not None
    assert (found.knobs["window"], found.decision) == ("256", "DECIDED")
    fitting = {one.setting["window"] for one in sweep_cells(cells_of(done), base.budget_bytes) if one.within_budget}
    assert fitting == {"64", "256"}


def test_an_interval_is_to_be_had_early() -> None:
    """The first cell comes again among the first five trials, twice."""
    tasks = TuningStrategy(scenario(axes=AXES), LIFTED_BYTES).wanted([], None).tasks
    assert [one.setting for one in tasks[:5]].count(tasks[0].setting) == 3


def test_a_setting_that_fails_under_the_limit_is_not_recommended() -> None:
    """The next best one is verified instead."""

    def run(task: Task) -> Trial:
        made = _run(task)
        if task.part == "verify" and task.setting["window"] == "1024":
            return replace(made, measured=replace(made.measured, end="killed", passed=False, peak_bytes=None))
        return made

    base = scenario(axes=AXES)
    strategy = TuningStrategy(base, LIFTED_BYTES)
    found = recommendation(base, strategy, _all(strategy, run))
    assert found is not None
    assert found.knobs["window"] == "256"
    assert found.decision == "DECIDED"


def test_time_is_kept_back_for_verification() -> None:
    """With the time nearly over the best so far is verified, and what was not run is left open."""
    base = scenario(axes=AXES, for_s=120.0)
    strategy = TuningStrategy(base, LIFTED_BYTES)
    done: list[Trial] = []
    left_s, phases = 120.0, []
    while (wanted := strategy.wanted(done, left_s)).tasks and left_s > 0:
        phases.append(wanted.phase)
        done.append(replace(_run(wanted.tasks[0]), number=len(done)))
        left_s -= 12.0
    assert phases.index("verifying") < len(phases) == phases.count("measuring") + phases.count("verifying")
    assert left_s >= -12
    found = recommendation(base, strategy, done)
    assert found is not None
    assert found.decision == "UNDECIDED" or found.verified_runs == 3


def test_undecided_says_what_more_time_would_buy() -> None:
    """Two settings too close to be told apart yet."""
    base = scenario(axes={"window": ("64", "256")})
    trials = [
        trial({"window": window}, 80 + n * 0.2, rate, repeat=n, number=n)
        for window, rates in (("64", (198, 208)), ("256", (205, 215)))
        for n, rate in enumerate(rates)
    ]
    found = recommendation(base, TuningStrategy(base, LIFTED_BYTES), trials)
    assert found is not None
    assert found.decision == "UNDECIDED"
    assert "window=64 may still be faster" in found.text
    assert "more trials" in found.text


def test_without_a_setting_that_fits_there_is_no_recommendation() -> None:
    """All of them are over the budget."""
    base = scenario(axes={"window": ("64", "256")})
    trials = [trial({"window": w}, 480, 200, repeat=n) for w in ("64", "256") for n in (0, 1)]
    assert recommendation(base, TuningStrategy(base, LIFTED_BYTES), trials) is None
    assert [one.within_budget for one in sweep_cells(cells_of(trials), base.budget_bytes)] == [False, False]


def test_the_smallest_limit_comes_last() -> None:
    """After the verification, for the setting that was chosen."""

    def run(task: Task) -> Trial:
        made = _run(task)
        if task.part == "limit" and task.limit_bytes < 90 * MB:
            return replace(made, measured=replace(made.measured, end="killed", peak_bytes=None))
        return made

    strategy = TuningStrategy(scenario(axes=AXES, smallest_limit=True), LIFTED_BYTES)
    done = _all(strategy, run)
    parts = [one.task.part for one in done]
    assert parts.index("limit") > max(place for place, part in enumerate(parts) if part == "verify")
    assert {one.task.setting["window"] for one in done if one.task.part == "limit"} == {"1024"}


def test_what_is_no_knob_is_in_no_environment() -> None:
    """Documents are not set by a variable; words are quoted."""
    setting: Mapping[str, str] = {"documents": "3", "window": "a b"}
    assert environment_of(scenario(), setting) == ("export IMPORTER_WINDOW='a b'",)
