"""A claim's two sides, and what their rounds say of it."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.scenario import Scenario
from harness.sweep.axes import needed_knobs
from harness.sweep.intervals import CONFIDENCE, Interval, mean_interval, repeats_for, spread
from harness.sweep.spec import ClaimSpec
from harness.sweep.trial import Trial
from reports.quantities import format_bytes
from reports.sweep_body import ClaimVerdict

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


def _median(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return statistics.median(known) if known else None
