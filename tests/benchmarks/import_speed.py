"""`make bench`: chunks a second of the service against the bare ceiling, growth, and a small limit; one setting.

One interleaved run: in each round the ceiling, the service at 20,000 chunks and the service at 100,000 chunks take
turns on the same embedded Postgres settings and the same provider stub: 1,536 dimensions, zero latency, extraction
off. The setting is scenarios/small.toml.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from harness.corpora.sources import load_corpus
from harness.environment import open_environment
from harness.run import Order, run
from harness.scenario import Overrides, Scenario, load_scenario
from reports.quantities import format_bytes
from reports.result import RunBody, Verdict

ROUNDS = 3
FEW, MANY = "synthetic:2500", "synthetic:12500"
WISHED_SHARE, WISHED_GROWTH_MB = 0.6, 0.5
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Measured:
    """One import of the service."""

    chunks: int
    chunks_per_s: float
    peak_bytes: int
    verdict: Verdict


def main() -> int:
    """Measure, print the table, and exit 1 where the wished figures were not reached."""
    scenario = load_scenario("small", Overrides())
    ceilings: list[float] = []
    few: list[Measured] = []
    many: list[Measured] = []
    for number in range(ROUNDS):
        ceilings.append(_ceiling(scenario, MANY))
        few.append(_service(scenario, FEW))
        many.append(_service(scenario, MANY))
        print(
            f"round {number + 1}: ceiling {ceilings[-1]:,.0f} chunks/s; service {many[-1].chunks_per_s:,.0f} chunks/s, "
            f"peak {format_bytes(few[-1].peak_bytes)} at {few[-1].chunks:,} chunks, "
            f"{format_bytes(many[-1].peak_bytes)} at {many[-1].chunks:,}, {many[-1].verdict}",
            flush=True,
        )
    return _tell(scenario, ceilings, few, many)


def _tell(scenario: Scenario, ceilings: list[float], few: list[Measured], many: list[Measured]) -> int:
    share = statistics.median(one.chunks_per_s / top for one, top in zip(many, ceilings, strict=True))
    growth = statistics.median(
        (b.peak_bytes - a.peak_bytes) / MIB / ((b.chunks - a.chunks) / 10_000) for a, b in zip(few, many, strict=True)
    )
    survived = all(one.verdict is Verdict.PASS for one in (*few, *many))
    knobs = " ".join(f"{knob}={text}" for knob, text in scenario.knobs.items())
    print(f"setting: scenarios/small.toml, limit {format_bytes(scenario.limit_bytes)}, {knobs}")
    print(f"share of the ceiling: {share:.2f} (median of {ROUNDS} pairs; wished {WISHED_SHARE})")
    print(f"growth: {growth:.2f} MB per 10,000 chunks (wished at most {WISHED_GROWTH_MB})")
    print(f"survived {format_bytes(scenario.limit_bytes)}: {'yes' if survived else 'NO'}")
    return 0 if share >= WISHED_SHARE and growth <= WISHED_GROWTH_MB and survived else 1


def _service(scenario: Scenario, corpus: str) -> Measured:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as run_dir:
        result = run(Order(replace(scenario, corpus=corpus), Path(run_dir), None, "make bench", lambda _: None))
    assert isinstance(result.body, RunBody)
    body = result.body
    return Measured(
        body.chunks_stored or 0, body.chunks_per_s or 0.0, body.peak.unreclaimable_bytes or 0, result.header.verdict
    )


def _ceiling(scenario: Scenario, corpus: str) -> float:
    path = load_corpus(corpus).files[0].path
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as run_dir,
        open_environment(scenario.provider, Path(run_dir), None) as environment,
    ):
        command = [sys.executable, "-m", "tests.benchmarks.ceiling", str(path), environment.provider.url]
        done = subprocess.run([*command, environment.database_url], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    return float(told["chunks"] / told["seconds"])


if __name__ == "__main__":
    sys.exit(main())
