"""Claims: a change that is said to save memory, measured side by side with the limit lifted, and judged."""

import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.scenario import Scenario
from harness.sweep.axes import needed_knobs
from harness.sweep.intervals import CONFIDENCE, Interval, mean_interval, repeats_for, spread
from harness.sweep.participant import Wanted
from harness.sweep.spec import ClaimSpec, SweepPlan
from harness.sweep.trial import Task, Trial, name_of
from reports.quantities import format_bytes

ClaimVerdict = Literal["CONFIRMED", "REFUTED", "UNDECIDED"]
SHARE_OF_CLAIM = 0.75
"""A claim holds when this much of it is surely saved."""
WORTH_THE_NAME = 0.01
"""A claim without a size holds when this share of the peak is surely saved."""


@dataclass(frozen=True, slots=True)
class Sides:
    """A claim on one of what claims are measured on: its two settings."""

    claim: ClaimSpec
    on: str
    before: Mapping[str, str]
    after: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Side:
    """One setting, over its rounds: medians, and whether it survives the scenario's limit (None: not tried)."""

    peak_bytes: float | None
    requests: float | None
    embedding_requests: float | None
    import_s: float | None
    killed: int
    survives: bool | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim as it was found to be."""

    sides: Sides
    verdict: ClaimVerdict
    saved: Interval | None
    """Bytes; None where no round has a peak of both sides."""
    threshold_bytes: float
    """What the saving is held against."""
    rounds: int
    before: Side
    after: Side
    why: str


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
        """The rest of the round's settings; then the runs under the limit."""
        del left_s
        keys = {one.task.key for one in done}
        open_sides = self._sides()
        for look, rounds in enumerate(self.plan.rounds):
            tasks = [one for one in self._round_tasks(open_sides, rounds) if one.key not in keys]
            if tasks:
                later = 2 * len(open_sides) if look + 1 < len(self.plan.rounds) else 0
                return Wanted(tasks, later + len(self._survival(keys)), f"claims, round {tasks[0].repeat + 1}")
            undecided = [one.sides for one in self.judged(done) if one.verdict == "UNDECIDED"]
            open_sides = [one for one in open_sides if one in undecided]
        return Wanted(self._survival(keys), 0, "claims, under the limit")

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


def sides_of(claim: ClaimSpec, on: str, knobs: Mapping[str, str], scenario: Scenario) -> Sides:
    """The two settings of a claim, without what the scenario has anyway: claims then share the sides they can."""
    given = {**knobs, **claim.given}
    sides = []
    for values in (claim.before, claim.after):
        setting = {**given, **dict(zip(claim.knobs, values, strict=True))}
        full = {**needed_knobs(scenario, setting), **setting}
        sides.append({knob: full[knob] for knob in sorted(full) if scenario.knobs.get(knob) != full[knob]})
    return Sides(claim, on, *sides)


def judge(
    sides: Sides, done: Sequence[Trial], lifted_bytes: int, limit_bytes: int, confidence: float = CONFIDENCE
) -> Judged:
    """What the rounds say, as the differences of sides that ran in the same round."""
    before, after = (_rounds(setting, done, lifted_bytes) for setting in (sides.before, sides.after))
    peaks = [
        (one.measured.peak_bytes, after[number].measured.peak_bytes)
        for number, one in before.items()
        if number in after
    ]
    savings = [float(a - b) for a, b in peaks if a is not None and b is not None]
    seen = [_side(setting, done, lifted_bytes, limit_bytes) for setting in (sides.before, sides.after)]
    threshold = _threshold(sides.claim, seen[0])
    saved = mean_interval(savings, confidence) if savings else None
    verdict = _verdict(saved, threshold)
    why = _why(saved, savings, threshold, verdict, len(peaks) - len(savings))
    return Judged(sides, verdict, saved, threshold, len(savings), seen[0], seen[1], why)


def _verdict(saved: Interval | None, threshold: float) -> ClaimVerdict:
    if saved is None or saved.low is None or saved.high is None:
        return "UNDECIDED"
    if saved.low >= threshold:
        return "CONFIRMED"
    return "REFUTED" if saved.high < threshold else "UNDECIDED"


def _threshold(claim: ClaimSpec, before: Side) -> float:
    if claim.saves_bytes is not None:
        return SHARE_OF_CLAIM * claim.saves_bytes[0]
    return WORTH_THE_NAME * (before.peak_bytes or 0)


def _why(saved: Interval | None, savings: Sequence[float], threshold: float, verdict: str, censored: int) -> str:
    if verdict != "UNDECIDED":
        return ""
    if censored:
        return f"In {censored} rounds a side was killed or failed even with the limit lifted, so that it has no peak."
    if saved is None or len(savings) < 2:
        return "Too few rounds were run for an interval."
    repeats = repeats_for(spread(savings), abs(saved.mean - threshold))
    more = f"about {repeats} rounds in all would decide it" if repeats else "more rounds would hardly decide it"
    return f"The interval holds the threshold of {format_bytes(threshold)}; {more}."


def _side(setting: Mapping[str, str], done: Sequence[Trial], lifted_bytes: int, limit_bytes: int) -> Side:
    rounds = [one.measured for one in _rounds(setting, done, lifted_bytes).values()]
    tried = [
        one.measured
        for one in done
        if one.task.part == "survival" and one.task.setting == setting and one.task.limit_bytes == limit_bytes
    ]
    return Side(
        _median([one.peak_bytes for one in rounds]),
        _median([one.requests for one in rounds if one.end == "whole"]),
        _median([one.embedding_requests for one in rounds if one.end == "whole"]),
        _median([one.import_s for one in rounds if one.end == "whole"]),
        sum(one.end == "killed" for one in rounds),
        all(one.end == "whole" for one in tried) if tried else None,
    )


def _rounds(setting: Mapping[str, str], done: Sequence[Trial], lifted_bytes: int) -> dict[int, Trial]:
    return {
        one.task.repeat: one
        for one in done
        if one.task.part == "claim" and one.task.setting == setting and one.task.limit_bytes == lifted_bytes
    }


def _settings(sides: Sequence[Sides]) -> list[Mapping[str, str]]:
    """The settings of both sides, each once."""
    return list({name_of(one): one for each in sides for one in (each.before, each.after)}.values())


def _median(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return statistics.median(known) if known else None


def _named(sides: Sides) -> str:
    return f"{sides.claim.name} ({sides.on})" if sides.on else sides.claim.name


def _words(saved: Interval) -> str:
    if saved.low is None or saved.high is None:
        return format_bytes(saved.mean)
    return f"{format_bytes(saved.mean)} ({format_bytes(saved.low)} to {format_bytes(saved.high)})"
