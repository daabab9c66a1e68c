"""What a sweep's verdict says of trials that could not be made."""

from typing import Any, cast

from harness.sweep.campaign import Swept
from harness.sweep.outcome import verdict_of
from harness.sweep.trial import Trial
from reports.result import Verdict
from tests.unit.sweep.made_trials import LIFTED_BYTES, trial


def _swept(*trials: Trial, complete: bool = True) -> Swept:
    nothing = cast("Any", None)
    return Swept("study", "", nothing, LIFTED_BYTES, trials, complete, interrupted=False, held=nothing)


def test_a_claim_of_which_a_side_does_not_start_is_invalid() -> None:
    """Nothing was measured of a saving; a cell of a sweep is only told, since the others stand for themselves."""
    sides = [trial({"window": "800"}, 80.0), trial({"window": "x"}, None, end="not_started")]
    assert verdict_of(_swept(*sides))[0] is Verdict.PASS
    sides = [trial(dict(one.task.setting), 80.0, part="claim", end=one.measured.end) for one in sides]
    verdict, reasons = verdict_of(_swept(*sides))
    assert (verdict, reasons[0].code) == (Verdict.INVALID, "not_started")


def test_a_time_that_is_too_short_for_one_trial_is_named() -> None:
    """Nothing went wrong then."""
    verdict, reasons = verdict_of(_swept(complete=False))
    assert verdict is Verdict.INVALID
    assert "--for" in reasons[0].text
