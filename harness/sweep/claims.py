"""Claims: changes that are said to save memory, measured side by side with the limit lifted."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.scenario import Scenario
from harness.sweep.intervals import CONFIDENCE, Interval
from harness.sweep.judging import Judged, Sides, judge, sides_of
from harness.sweep.participant import Wanted, typical_s
from harness.sweep.spec import SweepPlan
from harness.sweep.trial import Task, Trial, name_of
from reports.quantities import format_bytes


@dataclass(frozen=True, slots=True)
class ClaimsStrategy:
    """All settings of all claims in rounds, in an order that spreads drift; claims share the sides they have in common.

    After each number of rounds that the plan names, decided claims get no more; survival is tried at the end.
    """

    scenario: Scenario
    lifted_bytes: int

    @property
    def plan(self) -> SweepPlan:
        """What the scenario asks for."""
        return self.scenario.sweep

    def wanted(self, done: Sequence[Trial], left_s: float | None) -> Wanted:
        """The rest of the round's settings; then, or in the time kept back for them, the runs under the limit."""
        keys = {one.task.key for one in done}
        rounds, survival = self._rounds(done, keys), self._survival(keys)
        late = left_s is not None and left_s < (len(survival) + 1) * typical_s(done) and self._have_intervals(done)
        if rounds.tasks and not (survival and late):
            return replace(rounds, later=rounds.later + len(survival))
        if survival:
            return Wanted(survival, len(rounds.tasks) + rounds.later, "claims, under the limit")
        return rounds

    def told(self, done: Sequence[Trial]) -> str:
        """How many claims are decided, and the first of them."""
        judged = [one for one in self.judged(done) if one.saved is not None]
        shown = [f"{_named(one.sides)}: {one.verdict}, saves {_words(one.saved)}" for one in judged if one.saved]
        return "; ".join(shown[:3]) + (f"; and {len(shown) - 3} more" if len(shown) > 3 else "")

    def judged(self, done: Sequence[Trial]) -> tuple[Judged, ...]:
        """Every claim, by what is known now."""
        confidence = 1 - (1 - CONFIDENCE) / len(self.plan.rounds)
        limits = self.lifted_bytes, self.scenario.limit_bytes
        return tuple(judge(sides, done, *limits, confidence) for sides in self._sides())

    def settings(self) -> list[Mapping[str, str]]:
        """Every setting of a side."""
        return _settings(self._sides())

    def _rounds(self, done: Sequence[Trial], keys: set[str]) -> Wanted:
        """What is left of the rounds up to the next look."""
        open_sides = self._sides()
        for look, rounds in enumerate(self.plan.rounds):
            tasks = [one for one in self._round_tasks(open_sides, rounds) if one.key not in keys]
            if tasks:
                later = 2 * len(open_sides) if look + 1 < len(self.plan.rounds) else 0
                return Wanted(tasks, later, f"claims, round {tasks[0].repeat + 1}")
            undecided = [one.sides for one in self.judged(done) if one.verdict == "UNDECIDED"]
            open_sides = [one for one in open_sides if one in undecided]
        return Wanted([])

    def _have_intervals(self, done: Sequence[Trial]) -> bool:
        """Whether every claim was measured in two rounds: before that nothing can be said of it."""
        return all(one.rounds >= 2 for one in self.judged(done))

    def _sides(self) -> list[Sides]:
        return [
            sides_of(claim, on, knobs, self.scenario)
            for on, knobs in self.plan.claims_on.items()
            for claim in self.plan.claims
        ]

    def _round_tasks(self, open_sides: Sequence[Sides], rounds: int) -> list[Task]:
        tasks: list[Task] = []
        for number in range(rounds):
            settings = _settings(open_sides)
            random.Random(f"{self.plan.seed} {number}").shuffle(settings)  # noqa: S311 - reproducible, not secret
            tasks += [Task("claim", setting, number, self.lifted_bytes, whole=True) for setting in settings]
        return tasks

    def _survival(self, keys: set[str]) -> list[Task]:
        limit_bytes = self.scenario.limit_bytes
        tasks = [Task("survival", one, 0, limit_bytes, whole=True) for one in _settings(self._sides())]
        return [one for one in tasks if one.key not in keys]


def _settings(sides: Sequence[Sides]) -> list[Mapping[str, str]]:
    """The settings of both sides, each once."""
    return list({name_of(one): one for each in sides for one in (each.before, each.after)}.values())


def _named(sides: Sides) -> str:
    return f"{sides.claim.name} ({sides.on})" if sides.on else sides.claim.name


def _words(saved: Interval) -> str:
    if saved.low is None or saved.high is None:
        return format_bytes(saved.mean)
    return f"{format_bytes(saved.mean)} ({format_bytes(saved.low)} to {format_bytes(saved.high)})"
