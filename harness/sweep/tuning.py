"""Tuning: cells are measured by a grid or a search, the best is chosen, and verified by runs under the real limit."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.scenario import Scenario
from harness.sweep.cells import MEASURING, Cells, cells_of, settings_of
from harness.sweep.choosing import Choice, choose_cell, contenders
from harness.sweep.participant import Wanted, typical_s
from harness.sweep.search import search_size, search_tasks
from harness.sweep.smallest_limit import limit_tasks
from harness.sweep.trial import Task, Trial, name_of
from reports.quantities import format_bytes, format_rate

_SMALL_GRID = 12
"""Cells of a grid that is run twice as a whole; of a larger one only those that matter are."""
_MOST_REPEATS = 5
_MOST_REPEATS_IN_TIME = 40
_ANCHORS = (2, 4)
"""After how many trials the first cell is run again: an interval is to be had early."""
_BESIDE_S = 4.0
"""What a trial takes beside its import, at the least."""
_VERIFY_SHARE = 0.35
"""Of the time that a sweep has: the most that is kept back for the runs that verify."""


@dataclass(frozen=True, slots=True)
class Verified:
    """How a setting did in whole runs under the real limit."""

    passed: int
    failed: int


@dataclass(frozen=True, slots=True)
class TuningStrategy:
    """What is wanted of a sweep of axes; pure, so that all participants agree."""

    scenario: Scenario
    lifted_bytes: int

    def wanted(self, done: Sequence[Trial], left_s: float | None) -> Wanted:
        """Cells first; then, in the time kept back for it, the runs that verify the choice; then the smallest limit."""
        plan, reserve_s = self.scenario.sweep, self._reserve_s(done)
        keys = {one.task.key for one in done}
        measuring = self._measuring(done, timed=left_s is not None)
        open_tasks = [one for one in measuring if one.key not in keys]
        if open_tasks and (left_s is None or left_s > reserve_s + typical_s(done)):
            return Wanted(open_tasks, plan.verify, "measuring")
        verifying = [one for one in self._verifying(done) if one.key not in keys]
        if verifying and (left_s is None or left_s > self._whole_s(done)):
            return Wanted(verifying, len(open_tasks), "verifying")
        if plan.smallest_limit and not verifying:
            probes = limit_tasks(self.scenario, self._setting(done), done, self._need_bytes(done))
            if probes:
                return Wanted(probes, 8, "looking for the smallest limit")
        return Wanted([], len(open_tasks) + len(verifying), "")

    def told(self, done: Sequence[Trial]) -> str:
        """The best answer so far."""
        best = self.choice(done).best
        if best is None or best.peak is None or best.rate is None:
            return ""
        rate = _range(best.rate.mean, best.rate.low, best.rate.high, format_rate)
        peak = _range(best.peak.mean, best.peak.low, best.peak.high, format_bytes)
        return f"{name_of(best.setting)}: {rate} chunks, peak {peak}"

    def choice(self, done: Sequence[Trial]) -> Choice:
        """The choice by what is known now; a setting that failed a run under the limit is out."""
        return choose_cell(cells_of(done), self.scenario.budget_bytes, self._struck(done))

    def verified(self, done: Sequence[Trial], setting: Mapping[str, str]) -> Verified:
        """How a setting did under the real limit."""
        runs = [one.measured for one in done if one.task.part == "verify" and one.task.setting == setting]
        return Verified(sum(one.passed for one in runs), sum(not one.passed for one in runs))

    def _measuring(self, done: Sequence[Trial], *, timed: bool) -> list[Task]:
        plan, settings = self.scenario.sweep, settings_of(self.scenario.sweep.axes)
        if plan.mode == "search" and len(settings) > search_size(len(settings)):
            return search_tasks(self.scenario, done, self.lifted_bytes)
        order = list(settings)
        random.Random(plan.seed).shuffle(order)  # noqa: S311 - reproducible, not secret
        tasks = self._first_pass(order)
        if {one.key for one in tasks} - {one.task.key for one in done}:
            return tasks
        return tasks + self._repeats(order, cells_of(done), done, timed=timed)

    def _first_pass(self, order: Sequence[Mapping[str, str]]) -> list[Task]:
        """Every cell once; the first one again now and then, because its spread is everybody's interval."""
        tasks = [self._task(setting, 0) for setting in order]
        for number, place in enumerate(_ANCHORS, 1):
            if len(order) > 1:
                tasks.insert(place, self._task(order[0], number))
        return tasks

    def _repeats(
        self, order: Sequence[Mapping[str, str]], cells: Cells, done: Sequence[Trial], *, timed: bool
    ) -> list[Task]:
        plan = self.scenario.sweep
        everywhere = plan.repeats or (2 if len(order) <= _SMALL_GRID else 1)
        again = [self._task(setting, number) for number in range(everywhere) for setting in _turned(order, number)]
        if plan.repeats or {one.key for one in again} - {one.task.key for one in done}:
            return again
        most = _MOST_REPEATS_IN_TIME if timed else _MOST_REPEATS
        choice = choose_cell(cells, self.scenario.budget_bytes, self._struck(done))
        return again + [self._task(one.setting, self._next(done, one.setting)) for one in contenders(choice, most)]

    def _next(self, done: Sequence[Trial], setting: Mapping[str, str]) -> int:
        """The number of the next repeat of a setting."""
        known = [one.task.repeat for one in done if one.task.part in MEASURING and one.task.setting == setting]
        return max(known, default=-1) + 1

    def _task(self, setting: Mapping[str, str], repeat: int) -> Task:
        return Task("grid", setting, repeat, self.lifted_bytes, whole=False)

    def _verifying(self, done: Sequence[Trial]) -> list[Task]:
        best, limit_bytes = self.choice(done).best, self.scenario.limit_bytes
        if best is None:
            return []
        # Whole, so that they also tell whether stopping early has said the truth.
        return [Task("verify", best.setting, n, limit_bytes, whole=True) for n in range(self.scenario.sweep.verify)]

    def _struck(self, done: Sequence[Trial]) -> list[Mapping[str, str]]:
        return [one.task.setting for one in done if one.task.part == "verify" and not one.measured.passed]

    def _setting(self, done: Sequence[Trial]) -> Mapping[str, str]:
        best = self.choice(done).best
        return best.setting if best else {}

    def _need_bytes(self, done: Sequence[Trial]) -> float | None:
        best = self.choice(done).best
        return best.peak.mean if best and best.peak else None

    def _reserve_s(self, done: Sequence[Trial]) -> float:
        plan = self.scenario.sweep
        wished_s = plan.verify * self._whole_s(done) * 1.1
        return wished_s if plan.for_s is None else min(wished_s, _VERIFY_SHARE * plan.for_s)

    def _whole_s(self, done: Sequence[Trial]) -> float:
        """How long a whole run of the choice takes: as long as its import, and what a trial takes beside it."""
        best = self.choice(done).best
        if best is None:
            return typical_s(done)
        imports = [one.import_s for one in best.trials if one.import_s]
        beside = [max(0.0, one.measured.duration_s - (one.measured.import_s or 0)) for one in done[-10:]]
        return max(imports, default=0.0) + max([*beside, _BESIDE_S])


def _turned(order: Sequence[Mapping[str, str]], number: int) -> Sequence[Mapping[str, str]]:
    """Every other round runs backwards, so that what drifts does not favour the same cells."""
    return order if number % 2 == 0 else order[::-1]


def _range(mean: float, low: float | None, high: float | None, form) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return f"{form(mean)} ({form(low)} to {form(high)})" if low is not None and high is not None else form(mean)
