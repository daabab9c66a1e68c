"""Trials that were never run: enough for whatever judges them."""

from collections.abc import Mapping
from dataclasses import replace

from harness.scenario import Overrides, Scenario, load_scenario
from harness.sweep.spec import SweepPlan
from harness.sweep.trial import End, Measured, Part, Task, Trial

MB = 2**20
LIFTED_BYTES = 2048 * MB


def scenario(**plan: object) -> Scenario:
    """The importer with the default of 512 MB and a budget of 65 %, and this sweep."""
    return replace(load_scenario("sweep", Overrides()), sweep=SweepPlan(**plan))  # type: ignore[arg-type]


def trial(
    setting: Mapping[str, str], peak_mb: float | None, rate: float | None = 100.0, *, part: Part = "grid",
    repeat: int = 0, end: End = "whole", limit_bytes: int = LIFTED_BYTES, number: int = 0, requests: int = 100,
    calls: float = 50.0,
) -> Trial:  # fmt: skip
    """One trial of a setting with this peak and rate."""
    measured = Measured(
        end=end,
        passed=end in ("whole", "stopped_early"),
        peak_bytes=None if peak_mb is None else int(peak_mb * MB),
        chunks_per_s=rate,
        import_s=10.0,
        requests=requests,
        calls_per_1000_inputs=calls,
        duration_s=12.0,
    )
    return Trial(number, "one", Task(part, setting, repeat, limit_bytes, whole=end == "whole"), measured)


def repeated(setting: Mapping[str, str], peaks: list[float], rates: list[float]) -> list[Trial]:
    """Several trials of one setting."""
    pairs = zip(peaks, rates, strict=True)
    return [trial(setting, peak, rate, repeat=place) for place, (peak, rate) in enumerate(pairs)]
