"""What `sweep` and `claim` ask for: which strategies follow each other, and what is made of the trials."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from harness.errors import ScenarioError
from harness.scenario import Scenario
from harness.sweep.answers import recommendation, smallest_limit, sweep_cells
from harness.sweep.axes import check_axes, check_claim
from harness.sweep.campaign import Swept
from harness.sweep.cells import cells_of
from harness.sweep.claims import ClaimsStrategy
from harness.sweep.command import Answered, Asked, carry_out
from harness.sweep.cost_model import model_of
from harness.sweep.findings import Findings
from harness.sweep.participant import Strategy, Wanted
from harness.sweep.plans import load_plans
from harness.sweep.trial import Trial, name_of
from harness.sweep.tuning import TuningStrategy
from harness.sweep.upgrade import plan_answer


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """Where a study is kept, and what its trials run on."""

    runs_dir: Path
    postgres_url: str | None
    storage: str | None
    fresh: bool
    command: str
    plans: Path | None = None


@dataclass(frozen=True, slots=True)
class OneAfterAnother:
    """Strategies in turn: what the first one wants is run first."""

    strategies: tuple[Strategy, ...]

    def wanted(self, done: Sequence[Trial], left_s: float | None) -> Wanted:
        """What the first strategy wants that wants anything."""
        later = 0
        for place, one in enumerate(self.strategies):
            found = one.wanted(done, left_s)
            if found.tasks:
                rest = [other.wanted(done, left_s) for other in self.strategies[place + 1 :]]
                return Wanted(found.tasks, found.later + sum(len(each.tasks) for each in rest), found.phase)
            later += found.later
        return Wanted([], later, "")

    def told(self, done: Sequence[Trial]) -> str:
        """What each has found so far."""
        return "; ".join(filter(None, (one.told(done) for one in self.strategies)))


def ask(scenario: Scenario, options: StudyOptions) -> Answered:
    """Check what is asked for, run it, and give the answer."""
    plan = scenario.sweep
    if not plan.axes and not plan.claims and not plan.smallest_limit:
        raise ScenarioError(
            "nothing is to be varied: give --knob window=200,800, or a scenario with [sweep] or claims; knobs of "
            f"{scenario.target.name} are {', '.join(sorted(scenario.target.knobs))}"
        )
    check_axes(scenario)
    load_plans(options.plans)  # refused now, and not when all trials are done
    for knobs in plan.claims_on.values():
        for claim in plan.claims:
            check_claim(scenario, claim, knobs)
    mode: Literal["grid", "search", "claims"] = plan.mode if plan.axes or plan.smallest_limit else "claims"
    return carry_out(
        Asked(
            scenario=scenario,
            mode=mode,
            axes=_all_values(scenario),
            strategy=_strategy(scenario),
            findings=lambda swept: find(scenario, swept, options),
            runs_dir=options.runs_dir,
            postgres_url=options.postgres_url,
            storage=options.storage,
            fresh=options.fresh,
            command=options.command,
        )
    )


def find(scenario: Scenario, swept: Swept, options: StudyOptions) -> Findings:
    """Everything that the trials say."""
    trials, plan = swept.trials, scenario.sweep
    claims = ClaimsStrategy(scenario, swept.lifted_bytes).judged(trials)
    if not plan.axes and not plan.smallest_limit:
        return Findings(claims=claims)
    tuning = TuningStrategy(scenario, swept.lifted_bytes)
    cells, best = cells_of(trials), tuning.choice(trials).best
    found = recommendation(scenario, tuning, trials) if plan.axes else None
    return Findings(
        claims=claims,
        cells=sweep_cells(cells, scenario.budget_bytes),
        model=model_of(trials, plan.axes, best.setting if best else {}) if plan.axes else Findings().model,
        recommendation=found,
        smallest_limit=smallest_limit(best.setting if best else {}, trials) if plan.smallest_limit else None,
        plans=plan_answer(scenario, cells.all, best, load_plans(options.plans)),
        notes=(*_beside(scenario), *_untried(scenario, trials)),
    )


def _beside(scenario: Scenario) -> tuple[str, ...]:
    if scenario.sweep.parallel == 1:
        return ()
    return (f"{scenario.sweep.parallel} trials ran beside each other: peaks are true, rates are lower than alone.",)


def _untried(scenario: Scenario, trials: Sequence[Trial]) -> tuple[str, ...]:
    """The settings of a grid that the time did not suffice for."""
    plan = scenario.sweep
    if plan.mode != "grid":
        return ()
    tried = [one.task.setting for one in trials]
    settings = [dict(zip(plan.axes, values, strict=True)) for values in product(*plan.axes.values())]
    left = [name_of(one) for one in settings if one not in tried]
    return (f"{len(left)} of {len(settings)} settings were not tried: {', '.join(left)}.",) if left else ()


def _strategy(scenario: Scenario) -> Callable[[int], Strategy]:
    def make(lifted_bytes: int) -> Strategy:
        claims: list[Strategy] = [ClaimsStrategy(scenario, lifted_bytes)] if scenario.sweep.claims else []
        wants_tuning = scenario.sweep.axes or scenario.sweep.smallest_limit
        tuning: list[Strategy] = [TuningStrategy(scenario, lifted_bytes)] if wants_tuning else []
        return OneAfterAnother((*claims, *tuning))

    return make


def _all_values(scenario: Scenario) -> Mapping[str, Sequence[str]]:
    """Every axis and knob that any trial sets, with all of its values, as Optuna wants to know them beforehand."""
    found: dict[str, list[str]] = {axis: list(values) for axis, values in scenario.sweep.axes.items()}
    claims = ClaimsStrategy(scenario, 0).settings()
    for setting in claims:
        for knob, value in setting.items():
            values = found.setdefault(knob, [])
            if value not in values:
                values.append(value)
    return found
