"""Recorded runs of one commit: what later runs are compared with, and how much runs differ anyway."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.errors import GateError
from harness.gate.metrics import METRICS, Measured, measured
from harness.memory.noise import Noise, floor_of
from reports.decoding import decode
from reports.errors import ResultError
from reports.result import Fingerprint, Result, Scalar, from_json

BASELINE_SCHEMA = 1
FEWEST_FOR_A_FLOOR = 8
"""Fewer runs say too little of how far runs spread."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Runs of one commit under one fingerprint; `reports/baselines/<scenario>.json`."""

    schema: int
    kind: str
    scenario: str
    target: str
    commit: str
    """Empty where it is not known."""
    recorded_at: str
    fingerprint: Fingerprint
    runs: tuple[Mapping[str, float | None], ...]

    def figures(self) -> dict[str, tuple[float, ...]]:
        """Every metric's figure in each run that told it."""
        told = {one.name: [run.get(one.name) for run in self.runs] for one in METRICS}
        return {name: tuple(figure for figure in row if figure is not None) for name, row in told.items()}

    def floors(self) -> dict[str, Noise]:
        """The noise floor of each metric that was told often enough."""
        figures = self.figures()
        return {
            one.name: floor_of(figures[one.name], one.resolution)
            for one in METRICS
            if one.resolution is not None and len(figures[one.name]) >= FEWEST_FOR_A_FLOOR
        }


def baseline_of(results: Sequence[Result], commit: str) -> Baseline:
    """What is recorded of these runs of one commit."""
    first = results[0].header
    runs: tuple[Measured, ...] = tuple(measured(one) for one in results)
    return Baseline(
        BASELINE_SCHEMA, "baseline", first.scenario, first.target, commit, first.started_at, first.fingerprint, runs
    )


def read_baseline(path: Path) -> Baseline:
    """Read a recorded baseline, or take the result of a single run for one."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(value, dict) and value.get("kind") == "run":
            result = from_json(value, str(path))
            return baseline_of([result] if isinstance(result, Result) else [], "")
        baseline = decode(Baseline, value, str(path))
    except OSError as error:
        raise GateError(f"{path}: the baseline cannot be read ({error.strerror}); --noise N records one") from None
    except (ValueError, ResultError) as error:
        raise GateError(f"{path}: neither a baseline nor the result of a run ({error})") from None
    if baseline.schema != BASELINE_SCHEMA or baseline.kind != "baseline" or not baseline.runs:
        raise GateError(f"{path}: not a baseline of schema {BASELINE_SCHEMA} with at least one run")
    return baseline


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write it in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".partial")
    beside.write_text(json.dumps(asdict(baseline), indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


def differences(before: Mapping[str, Scalar], now: Mapping[str, Scalar]) -> tuple[str, ...]:
    """What differs between two halves of a fingerprint, one sentence part each; of a list only what is not in both."""
    names = [name for name in dict.fromkeys((*before, *now)) if before.get(name) != now.get(name)]
    return tuple(_difference(name, before.get(name), now.get(name)) for name in names)


def _difference(name: str, before: Scalar, now: Scalar) -> str:
    if isinstance(before, str) and isinstance(now, str) and ("=" in before or "=" in now):
        was, become = before.split(), now.split()
        before = " ".join(one for one in was if one not in become) or "not set"
        now = " ".join(one for one in become if one not in was) or "not set"
    return f"{name}: {_shown(before)} before, {_shown(now)} now"


def _shown(value: Scalar) -> str:
    text = "none" if value is None or value == "" else str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
