"""How often the gate cries wolf, and whether it sees three megabytes: gates of recorded runs of one commit.

    python -m tests.benchmarks.gate_selftest [--pool FILE] [--runs 60] [--gates 30] [--seed 1]

Without --pool it records the runs first. Each gate draws its runs from the pool, none of them twice.
"""

import argparse
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.gate.baseline import Baseline, read_baseline
from harness.gate.metrics import METRICS, Measured
from harness.gate.sequential import MOST_PAIRS, Before, Pair, Plan, judge_pairs
from harness.quantities import MIB
from reports.quantities import format_bytes

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT / "build" / "gate-selftest"
MOST_FALSE_ALARMS = 1
PLANTED_BYTES = 3 * MIB
JUDGED = tuple(one for one in METRICS if one.resolution is not None)


@dataclass(slots=True)
class Pool:
    """A Source that hands out recorded runs in a drawn order, each once."""

    runs: list[Measured]
    planted_bytes: int

    def pair(self) -> Pair:
        """The next two runs, the second of which may be planted with a growth."""
        base, head = self.runs.pop(), dict(self.runs.pop())
        for name in ("unreclaimable_peak_bytes", "rss_peak_bytes"):
            head[name] = (head[name] or 0.0) + self.planted_bytes
        return Pair(base, head)

    def has_time(self) -> bool:
        """A pool is never late."""
        return True


def main() -> int:
    """Record, draw, count; the status is 1 where there are too many false alarms or too few findings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=Path, help="recorded runs, as `halfgig gate --noise N` writes them")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--gates", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    pool = read_baseline(arguments.pool or _record(arguments.runs))
    print(f"pool: {len(pool.runs)} runs of {pool.commit or 'no commit'}")
    for name, floor in pool.floors().items():
        print(f"  {name}: noise {format_bytes(floor.sd)}")
    right = True
    for words, before in (("with the pool's noise floor", Before(floors=pool.floors())), ("without a floor", Before())):
        alarms, pairs = _gates(pool, before, 0, arguments)
        seen, planted_pairs = _gates(pool, before, PLANTED_BYTES, arguments)
        right &= alarms <= MOST_FALSE_ALARMS and seen == arguments.gates
        print(f"{words}: {alarms} of {arguments.gates} unchanged gates FAIL ({pairs}); "
              f"{format_bytes(PLANTED_BYTES)} planted: {seen} of {arguments.gates} FAIL ({planted_pairs})")  # fmt: skip
    return 0 if right else 1


def _gates(pool: Baseline, before: Before, planted_bytes: int, arguments: argparse.Namespace) -> tuple[int, str]:
    rng = random.Random(arguments.seed)  # noqa: S311 - reproducible, not secret
    courses = [
        judge_pairs(METRICS, Pool(rng.sample(pool.runs, 2 * MOST_PAIRS), planted_bytes), before, Plan(len(JUDGED)))
        for _ in range(arguments.gates)
    ]
    pairs = [len(one.pairs) for one in courses]
    return sum(bool(one.confirmed) for one in courses), f"{min(pairs)} to {max(pairs)} runs of each side"


def _record(runs: int) -> Path:
    command = (sys.executable, "-m", "harness", "gate", "--noise", str(runs), "--baselines", str(RECORDED))
    subprocess.run(command, cwd=ROOT, check=True, timeout=120 * runs)
    return RECORDED / "gate.json"


if __name__ == "__main__":
    sys.exit(main())
