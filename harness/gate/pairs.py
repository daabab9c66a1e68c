"""Real pairs of runs: both sides of a scenario in turn, base first and head first alternately."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import KilledAtStartError, TargetError
from harness.gate.metrics import METRICS, Measured, measured
from harness.gate.sequential import Pair
from harness.run import Order, run
from harness.scenario import Scenario
from reports.progress import Progress
from reports.quantities import format_bytes
from reports.result import Reason, Result, Verdict

_MEANT_TO_BE_COMPARED = ("over_budget", "oom_killed")
"""A run that fails for these was still measured to its end, or to the kill that the gate is about."""


class Unusable(Exception):
    """A run from which nothing can be concluded; says whose run and why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Ground:
    """What all runs of a gate share."""

    run_dir: Path
    postgres_url: str
    command: str
    deadline_s: float
    """Of the monotonic clock: no pair is begun that would probably end after it."""
    tell: Callable[[str], None]


@dataclass(slots=True)
class Runs:
    """The runs of one scenario so far; a Source of pairs. `base` is None where the baseline was recorded earlier."""

    head: Scenario
    base: Scenario | None
    ground: Ground
    head_results: list[Result] = field(default_factory=list)
    base_results: list[Result] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    waiting: list[Pair] = field(default_factory=list)
    """Pairs that were measured already, to be handed out before new ones."""
    longest_s: float = 0.0

    def pair(self) -> Pair:
        """Measure both sides once more; Unusable where that cannot be compared."""
        if self.waiting:
            return self.waiting.pop(0)
        started_s = time.monotonic()
        self.pairs.append(self._measure())
        self.longest_s = max(self.longest_s, time.monotonic() - started_s)
        return self.pairs[-1]

    def has_time(self) -> bool:
        """Whether another pair would probably end in time."""
        return bool(self.waiting) or time.monotonic() + self.longest_s < self.ground.deadline_s

    def _measure(self) -> Pair:
        if self.base is None:
            return Pair(None, self._head())
        if len(self.pairs) % 2:
            head = self._head()
            return Pair(self._base(self.base), head)
        return Pair(self._base(self.base), self._head())

    def _head(self) -> Measured:
        try:
            result = self._run("head", self.head)
        except KilledAtStartError:
            return {one.name: None for one in METRICS} | {"oom_kills": 1.0}
        self.head_results.append(result)
        return measured(result)

    def _base(self, scenario: Scenario) -> Measured:
        try:
            result = self._run("base", scenario)
        except KilledAtStartError:
            raise Unusable(_base_killed(scenario)) from None
        self.base_results.append(result)
        if result.body.oom_kills:
            raise Unusable(_base_killed(scenario))
        return measured(result)

    def _run(self, side: str, scenario: Scenario) -> Result:
        number = len(self.pairs) + 1
        self.ground.tell(f"{scenario.name}: pair {number}, {side}")
        result = run_once(scenario, self.ground, f"{number:02d}-{side}")
        trouble = [one for one in result.header.reasons if one.code not in _MEANT_TO_BE_COMPARED]
        if result.header.verdict is Verdict.INVALID or (trouble and not result.body.oom_kills):
            said = trouble[0] if trouble else result.header.reasons[0]
            text = f"A run of the {side} of scenario {scenario.name} cannot be compared: {said.text}"
            raise Unusable(Reason(f"{side}_unusable", text))
        figures = measured(result)
        peak = format_bytes(figures["unreclaimable_peak_bytes"])
        self.ground.tell(f"{scenario.name}: pair {number}, {side}: peak {peak}")
        return result


def _base_killed(scenario: Scenario) -> Reason:
    text = f"The base itself is OOM-killed under {format_bytes(scenario.limit_bytes)}, so its peak is cut off"
    return Reason("base_killed", f"{text}: raise the limit of scenario {scenario.name}.")


def run_once(scenario: Scenario, ground: Ground, name: str) -> Result:
    """One run in its own folder of the gate's; Unusable where the service did not come up."""
    folder = ground.run_dir / "runs" / scenario.name / name
    folder.mkdir(parents=True)
    try:
        return run(Order(scenario, folder, ground.postgres_url, ground.command, _silent))
    except KilledAtStartError:
        raise
    except TargetError as error:
        raise Unusable(Reason("did_not_run", f"Run {name} of scenario {scenario.name}: {error}")) from None
    finally:
        shutil.rmtree(folder / "corpus", ignore_errors=True)  # cut from the corpus, and cut again when asked


def _silent(_: Progress) -> None:
    """A gate tells its runs, not what happens in each."""
