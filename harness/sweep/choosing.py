"""The choice among cells: the fastest setting whose upper bound is within the budget, and who could still beat it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.sweep.cells import Cell, Cells
from harness.sweep.intervals import repeats_for
from harness.sweep.trial import name_of

AS_FAST = 0.03
"""A rival that may be faster by no more than this is not worth another trial."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The best setting so far, and the rivals that are not yet known to be worse."""

    best: Cell | None
    rivals: tuple[Cell, ...]

    @property
    def is_decided(self) -> bool:
        """Whether nobody could still beat it, as far as repeats have told the spread."""
        return (
            self.best is not None and not self.rivals and self.best.rate is not None and self.best.rate.low is not None
        )


def choose_cell(cells: Cells, budget_bytes: float, struck: Sequence[Mapping[str, str]] = ()) -> Choice:
    """The choice by what is known now; `struck` settings did not stand the runs under the limit."""
    left = [one for one in cells.all if one.rate is not None and one.setting not in struck]
    fitting = [one for one in left if one.fits(budget_bytes)]
    best = max(fitting, key=_mean_rate, default=None)
    rivals = [one for one in left if one is not best and one.may_fit(budget_bytes) and _may_beat(one, best)]
    return Choice(best, tuple(sorted(rivals, key=lambda one: -_mean_rate(one))))


def contenders(choice: Choice, most_trials: int) -> list[Cell]:
    """The cells that are worth another trial, those with the fewest first."""
    asked = [one for one in (choice.best, *choice.rivals) if one is not None and len(one.trials) < most_trials]
    return sorted(asked, key=lambda one: len(one.trials)) if not choice.is_decided else []


def more_trials_words(choice: Choice, cells: Cells, trial_s: float) -> str:
    """What more time would buy: which rival is open, and about how many trials would settle it."""
    best, deviation = choice.best, cells.rate_spread.deviation
    if best is None or best.rate is None:
        return "no setting is known to stay within the budget"
    if not cells.rate_spread.degrees:
        return "no setting was repeated, so that nothing is known of the spread"
    if not choice.rivals:
        return ""
    rival = choice.rivals[0]
    gap = abs(_mean_rate(rival) / best.rate.mean - 1 - AS_FAST)
    repeats = repeats_for(deviation * 2**0.5, gap, most=50)
    missing = 0 if repeats is None else max(1, repeats - len(rival.trials)) + max(1, repeats - len(best.trials))
    settled = (
        f"about {missing} more trials ({missing * trial_s / 60:.1f} min) would settle it"
        if repeats
        else ("the two are too close for any reasonable number of trials to part them")
    )
    return f"{name_of(rival.setting)} may still be faster; {settled}"


def _may_beat(one: Cell, best: Cell | None) -> bool:
    if best is None or best.rate is None or one.rate is None:
        return True
    high = one.rate.high if one.rate.high is not None else one.rate.mean
    return high > best.rate.mean * (1 + AS_FAST)


def _mean_rate(one: Cell) -> float:
    return one.rate.mean if one.rate else 0.0
