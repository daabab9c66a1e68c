"""One threshold against what was measured: held, missed, or not to be told."""

import math
from dataclasses import replace

from harness.load.figures import NEVER, Spread, needed_samples
from harness.load.memory import MemorySeen
from harness.load.seen import LoadSeen
from harness.load.slope import Slope
from harness.load.thresholds import Threshold
from reports.load_body import ThresholdResult, ThresholdVerdict
from reports.load_quantities import show


def judge_threshold(threshold: Threshold, seen: LoadSeen) -> ThresholdResult:
    """PASS, FAIL, or INVALID where too little was measured."""
    if threshold.about_memory:
        return _memory(threshold, seen)
    found = seen.spread(threshold.scope, threshold.stage)
    needed = needed_samples(threshold.quantile, seen.plan.minimum_samples)
    if found.count < needed and threshold.metric not in ("rate", "count"):
        return _result(threshold, None, "INVALID", found.count, f"{found.count} requests, at least {needed} are needed")
    measured = _measured(threshold, found)
    holds = threshold.holds(measured)
    detail = _detail(threshold, found, measured)
    shown = None if math.isinf(measured) else measured
    return _result(threshold, shown, "PASS" if holds else "FAIL", found.count, detail)


def _measured(threshold: Threshold, found: Spread) -> float:
    if threshold.quantile is not None:
        return found.quantile(threshold.quantile)
    match threshold.metric:
        case "errors":
            return found.error_share
        case "rate":
            return found.rate_per_s
        case "count":
            return found.count
        case "mean":
            return found.mean()
        case _:
            return found.ordered_s[-1]


def _detail(threshold: Threshold, found: Spread, measured: float) -> str:
    if measured == NEVER:
        return f"{found.failed} of {found.count} failed, so that it falls on one that was never answered"
    counted = f"{found.failed} of {found.count} failed" if threshold.metric == "errors" else f"of {found.count}"
    return f"it was {show(measured, threshold.unit)} ({counted})"


def _memory(threshold: Threshold, seen: LoadSeen) -> ThresholdResult:
    memory = seen.memory
    if memory is None or not memory.samples:
        return _result(threshold, None, "INVALID", 0, "the memory was never sampled")
    found = _of_samples(threshold, memory, seen)
    if found.verdict == "PASS" and seen.unread is not None:  # what was not seen may have been more, never less
        return replace(found, verdict="INVALID", detail=seen.unread)
    return found


def _of_samples(threshold: Threshold, memory: MemorySeen, seen: LoadSeen) -> ThresholdResult:
    if threshold.metric == "slope":
        return _slope(threshold, memory.slope, memory.samples)
    if threshold.metric == "minutes":
        return _minutes(threshold, memory.slope, seen.limit_bytes, memory.samples)
    found = {"peak": memory.peak_bytes, "per_request": memory.per_request_bytes, "left": memory.growth_bytes}
    return _level(threshold, found[threshold.metric], seen, memory.samples)


def _level(threshold: Threshold, measured: float | None, seen: LoadSeen, samples: int) -> ThresholdResult:
    if measured is None:
        return _result(
            threshold, None, "INVALID", samples, "the memory before the load, or after its last import, is not known"
        )
    limit = threshold.limit
    if threshold.unit == "share of the limit":
        if not seen.limit_bytes:
            return _result(threshold, measured, "INVALID", samples, "the limit of the service's memory is not known")
        limit *= seen.limit_bytes
    share = f", {measured / seen.limit_bytes:.1%} of the limit" if seen.limit_bytes else ""
    holds = threshold.holds(measured if limit == threshold.limit else measured / (seen.limit_bytes or 1))
    detail = f"it was {show(measured, 'bytes')}{share}"
    return _result(threshold, measured, "PASS" if holds else "FAIL", samples, detail, limit)


def _slope(threshold: Threshold, slope: Slope | None, samples: int) -> ThresholdResult:
    """Held when even the upper end of the interval is below the limit; an interval wider than it tells nothing."""
    if slope is None:
        return _result(threshold, None, "INVALID", samples, "no stage was long enough to tell a slope")
    said = f"it was {_per_hour(slope.bytes_per_hour)} ({_per_hour(slope.low)} to {_per_hour(slope.high)})"
    if slope.low >= threshold.limit:
        return _result(threshold, slope.bytes_per_hour, "FAIL", samples, said)
    if slope.high - slope.low > threshold.limit:
        wide = f"{said}: the interval is wider than the limit; a longer stage makes it narrower"
        return _result(threshold, slope.bytes_per_hour, "INVALID", samples, wide)
    verdict: ThresholdVerdict = "PASS" if threshold.holds(slope.high) else "FAIL"
    return _result(threshold, slope.bytes_per_hour, verdict, samples, said)


def _minutes(threshold: Threshold, slope: Slope | None, limit_bytes: int | None, samples: int) -> ThresholdResult:
    if slope is None or not limit_bytes:
        return _result(threshold, None, "INVALID", samples, "neither a slope nor a limit is known")
    worst = slope.minutes_to(limit_bytes, slope.high)
    if worst is None:
        return _result(threshold, None, "PASS", samples, "memory does not rise")
    verdict: ThresholdVerdict = "PASS" if threshold.holds(worst) else "FAIL"
    return _result(threshold, worst, verdict, samples, f"{worst:,.0f} minutes at the upper end of the slope's interval")


def _per_hour(rate: float) -> str:
    return show(rate, "bytes/h")


def _result(
    threshold: Threshold, measured: float | None, verdict: ThresholdVerdict, samples: int, detail: str,
    limit: float | None = None,
) -> ThresholdResult:  # fmt: skip
    unit = "bytes" if threshold.unit == "share of the limit" and limit is not None else threshold.unit
    shown_limit = threshold.limit if limit is None else limit
    return ThresholdResult(threshold.name, threshold.sign, shown_limit, unit, measured, verdict, samples, detail)
