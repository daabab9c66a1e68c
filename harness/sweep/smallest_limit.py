"""The smallest limit that a setting survives, by bisection, several times over.

Each search is replayed from its probes, so that any participant can go on with it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.quantities import MIB
from harness.scenario import Scenario
from harness.sweep.trial import Task, Trial

SEARCHES = 3
RESOLUTION = 0.01
"""Of the limit: how finely it is searched."""
_FIRST_GUESS_BYTES = 128 * MIB
_MOST_PROBES = 30


@dataclass(frozen=True, slots=True)
class Bracket:
    """What one search knows: the largest limit that killed, the smallest that was survived."""

    killed_bytes: int | None = None
    survived_bytes: int | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether the answer is known to the resolution."""
        if self.killed_bytes is None or self.survived_bytes is None:
            return False
        return self.survived_bytes - self.killed_bytes <= resolution_bytes(self.survived_bytes)


def limit_tasks(
    scenario: Scenario, setting: Mapping[str, str], done: Sequence[Trial], peak_bytes: float | None
) -> list[Task]:
    """The next probe of each search that is not over; none once all of them are."""
    answers = answers_of(setting, done)
    guess = answers[0] if answers else int(peak_bytes or min(scenario.limit_bytes, _FIRST_GUESS_BYTES))
    tasks = []
    # The first search finds the neighbourhood, where the others begin.
    for number in range(SEARCHES if answers else 1):
        bracket, probes = bracket_of(setting, done, number)
        if not bracket.is_narrow and probes < _MOST_PROBES:
            step = 1.04 if answers else 1.15
            tasks.append(Task("limit", setting, number, next_probe(bracket, guess, step), whole=True))
    return tasks


def next_probe(bracket: Bracket, guess_bytes: int, step: float) -> int:
    """The limit to try next: outwards from the guess until it is between a kill and a survival, then in the middle."""
    killed, survived = bracket.killed_bytes, bracket.survived_bytes
    if killed is None and survived is None:
        return _rounded(guess_bytes)
    if survived is None:
        return _rounded((killed or 0) * step)
    if killed is None:
        return _rounded(survived / step)
    return _rounded(math.sqrt(killed * survived))


def bracket_of(setting: Mapping[str, str], done: Sequence[Trial], number: int) -> tuple[Bracket, int]:
    """What a search knows, and how many probes it took."""
    probes = [
        one for one in done if one.task.part == "limit" and one.task.setting == setting and one.task.repeat == number
    ]
    survived = [one.task.limit_bytes for one in probes if one.measured.end == "whole"]
    # A limit that killed once does not hold, even where it was survived by chance at a smaller one.
    killed = [one.task.limit_bytes for one in probes if one.measured.end != "whole"]
    above = [one for one in survived if one > max(killed, default=0)]
    return Bracket(max(killed, default=None), min(above, default=None)), len(probes)


def answers_of(setting: Mapping[str, str], done: Sequence[Trial]) -> tuple[int, ...]:
    """The answers of the searches that are over."""
    found = (bracket_of(setting, done, number)[0] for number in range(SEARCHES))
    return tuple(one.survived_bytes for one in found if one.is_narrow and one.survived_bytes is not None)


def resolution_bytes(limit_bytes: float) -> int:
    """How finely a limit is searched: a share of it, at least a megabyte."""
    return max(MIB, int(RESOLUTION * limit_bytes))


def _rounded(size: float) -> int:
    """A multiple of 256 kB: the kernel counts in pages, and people read megabytes."""
    return max(1, round(size / (MIB / 4))) * (MIB // 4)
