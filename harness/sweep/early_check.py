"""What early stopping spared, and whether it would have said the same of the trials that were run whole."""

from collections.abc import Sequence
from statistics import fmean

from harness.sweep.trial import Trial
from reports.sweep_body import EarlyStopping


def check_early(trials: Sequence[Trial]) -> EarlyStopping:
    """Compare each whole trial with what stopping it at its plateau would have said; add up what was spared."""
    measured = [one.measured for one in trials if one.task.part in ("grid", "search")]
    stopped = [one for one in measured if one.end == "stopped_early"]
    whole = [one for one in measured if one.end == "whole"]
    checked = [one.measured for one in trials if one.measured.end == "whole" and one.measured.foreseen]
    peaks = [one.peak_bytes / one.foreseen.peak_bytes - 1 for one in checked if one.foreseen and one.peak_bytes]
    rates = [
        abs(one.foreseen.chunks_per_s / one.chunks_per_s - 1)
        for one in checked
        if one.foreseen and one.foreseen.chunks_per_s and one.chunks_per_s
    ]
    return EarlyStopping(
        stopped=len(stopped),
        whole=len(whole),
        spared_s=round(_spared_s(trials), 1),
        checked=len(checked),
        peak_error=max(peaks, default=None),
        rate_error=max(rates, default=None),
    )


def late_rise(trials: Sequence[Trial]) -> float:
    """By how much peaks rose after the plateau, at the most, where trials were run whole: at least 0."""
    return max(0.0, check_early(trials).peak_error or 0.0)


def _spared_s(trials: Sequence[Trial]) -> float:
    """What whole imports would have taken beyond what the stopped trials did; beside the import both take the same."""
    whole = [one.measured for one in trials if one.measured.end == "whole" and one.measured.import_s]
    overhead_s = fmean([max(0.0, one.duration_s - (one.import_s or 0.0)) for one in whole]) if whole else 0.0
    stopped = [one.measured for one in trials if one.measured.end == "stopped_early" and one.measured.import_s]
    return sum(max(0.0, (one.import_s or 0.0) + overhead_s - one.duration_s) for one in stopped)
