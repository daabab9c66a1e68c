"""`make trace-cost`: what tracing costs the importer, and what sampling costs the machine.

Each round has an untraced and a traced run of the same import in either mode, one after the other, as
`halfgig run --trace` makes them. Medians are told, since CPU time moves with whatever else the machine does.

memray follows the stack by the interpreter's profile hook, so what it costs depends on how much of the target's work
is Python: an import with concepts spends most of its time in the provider's SDK, one without them in decoding and COPY.
"""

import statistics
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.memory.beside import trace_beside
from harness.run import Order, run
from harness.scenario import Overrides, load_scenario
from reports.quantities import format_bytes
from reports.result import RunBody
from reports.trace import Mode

ROUNDS = 3
CORPUS = "synthetic:2500"
WORKLOADS: Mapping[str, tuple[str, ...]] = {"with concepts": (), "embeddings alone": ("extraction=false",)}
"""What is imported, by the knobs that it is imported with."""
WISHED_RATIO = {"cheap": 1.3, "exact": 2.0}
WISHED_EXTRA_BYTES = 10 * 2**20
WISHED_SAMPLING_SHARE = 0.01


Case = tuple[str, Mode]
"""A workload, and how it is traced."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One pair of runs: the traced one's CPU time over the untraced one's, and how much higher its peak of anon was."""

    ratio: float
    extra_bytes: int
    sampling_share: float
    """CPU seconds of the sampler a second."""


def main() -> int:
    """Measure, print, and exit 1 where the wished figures were not reached."""
    modes: tuple[Mode, ...] = ("cheap", "exact")
    found: dict[Case, list[Cost]] = {(workload, mode): [] for workload in WORKLOADS for mode in modes}
    for number in range(ROUNDS):
        for case, costs in found.items():
            costs.append(_pair(case))
            told = f"{costs[-1].ratio:.2f} x CPU, {format_bytes(costs[-1].extra_bytes)} more"
            print(f"round {number + 1}, {', '.join(case)}: {told}", flush=True)
    return 0 if all([*(_tell(case, costs) for case, costs in found.items()), _tell_sampling(found)]) else 1


def _tell(case: Case, costs: list[Cost]) -> bool:
    _, mode = case
    ratio = statistics.median(one.ratio for one in costs)
    extra_bytes = statistics.median(one.extra_bytes for one in costs)
    wished = f"wished at most {WISHED_RATIO[mode]} x"
    if mode == "cheap":
        wished += f" and {format_bytes(WISHED_EXTRA_BYTES)}"
    print(f"{', '.join(case)}: {ratio:.2f} x CPU, {format_bytes(int(extra_bytes))} more at the peak ({wished})")
    return ratio <= WISHED_RATIO[mode] and (mode == "exact" or extra_bytes <= WISHED_EXTRA_BYTES)


def _tell_sampling(found: Mapping[Case, list[Cost]]) -> bool:
    share = statistics.median(one.sampling_share for costs in found.values() for one in costs)
    print(f"sampling: {100 * share:.2f} % of one CPU (wished at most {100 * WISHED_SAMPLING_SHARE:.0f} %)")
    return share <= WISHED_SAMPLING_SHARE


def _pair(case: Case) -> Cost:
    workload, mode = case
    scenario = load_scenario("default", Overrides(corpus=CORPUS, knobs=WORKLOADS[workload]))
    with tempfile.TemporaryDirectory(dir="/var/tmp") as run_dir:
        order = Order(scenario, Path(run_dir), None, "make trace-cost", lambda _: None)
        result = trace_beside(order, run(order), mode)
    assert isinstance(result.body, RunBody)
    trace, sampling = result.body.trace, result.body.sampling
    assert trace is not None, result.body.notes
    assert sampling is not None
    assert sampling.cpu_share is not None
    assert trace.cost.cpu_ratio is not None, "a run did not come to its end"
    assert trace.cost.extra_bytes is not None
    return Cost(trace.cost.cpu_ratio, trace.cost.extra_bytes, sampling.cpu_share)


if __name__ == "__main__":
    sys.exit(main())
