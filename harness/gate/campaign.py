"""The whole gate: every scenario against the same other side, and what grew where one failed."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from harness.environment import open_server
from harness.errors import GateError
from harness.gate.acceptance import FILE, read_acceptances
from harness.gate.baseline import read_baseline
from harness.gate.compiling import compile_tracked
from harness.gate.explaining import Explained, explain
from harness.gate.gating import Against, Gated, gate_scenario
from harness.gate.metrics import METRICS
from harness.gate.outcome import Asked, gate_result, with_diff
from harness.gate.pairs import Ground
from harness.gate.revision import Revision, find_revision, laid_out, repository_of, started_in
from harness.gate.sequential import Plan
from harness.scenario import Scenario
from reports.result import GateResult


@dataclass(frozen=True, slots=True)
class GateOrder:
    """One gate that was asked for."""

    scenarios: tuple[Scenario, ...]
    revision: Revision | None
    """Compared with this; else with recorded runs."""
    baseline: Path | None
    """Recorded runs of the one scenario, where they are not in `baselines`."""
    baselines: Path
    for_s: float
    most_pairs: int
    wished_bytes: float
    run_dir: Path
    postgres_url: str | None
    command: str
    tell: Callable[[str], None]


def run_gate(order: GateOrder) -> GateResult:
    """Gate every scenario, trace both sides of those that failed, and give the result."""
    started_at, started_s = datetime.now(UTC), time.monotonic()
    judged = sum(one.resolution is not None for one in METRICS)
    asked = Asked(
        against=_against_words(order),
        base_commit=order.revision.commit if order.revision else None,
        command=order.command,
        started_at=started_at,
        wished_bytes=order.wished_bytes,
        plan=Plan(judged * len(order.scenarios), order.most_pairs),
        accepted=read_acceptances(order.baselines / FILE),
        today=datetime.now().astimezone().date(),
    )
    with ExitStack() as stack:
        server = stack.enter_context(open_server(order.postgres_url))
        base = stack.enter_context(_other_side(order))
        ground = Ground(order.run_dir, server.url, order.command, 0.0, order.tell)
        gated = tuple(_gated(order, base, ground, asked.plan, started_s))
        result = gate_result(asked, gated, time.monotonic() - started_s)
        explained = [_explained(one, ground, stack) for one in gated if _failed(one, result)]
    diff = tuple(row for one in explained for row in one.diff)
    return with_diff(result, diff, tuple(note for one in explained for note in one.notes))


def _gated(
    order: GateOrder, base: Mapping[str, Scenario], ground: Ground, plan: Plan, started_s: float
) -> Iterator[Gated]:
    for place, scenario in enumerate(order.scenarios, 1):
        path = order.baseline or order.baselines / f"{scenario.name}.json"
        recorded = read_baseline(path) if order.baseline or path.exists() else None
        against = Against(base.get(scenario.name), recorded, path)
        share = replace(ground, deadline_s=started_s + order.for_s * place / len(order.scenarios))
        yield gate_scenario(scenario, against, share, plan)


@contextmanager
def _other_side(order: GateOrder) -> Iterator[Mapping[str, Scenario]]:
    """Each scenario with its target started in the other revision's tree, for as long as the block lasts."""
    if order.revision is None:
        yield {}
        return
    order.tell(f"laying out {order.revision}")
    with laid_out(order.revision, order.run_dir / "base") as tree:
        compile_tracked(order.revision.repository, (order.revision.repository, tree))
        yield {one.name: started_in(one, order.revision.repository, tree) for one in order.scenarios}


def _failed(gated: Gated, result: GateResult) -> bool:
    return any(row.scenario == gated.scenario.name and row.verdict == "FAIL" for row in result.body.comparisons)


def _explained(gated: Gated, ground: Ground, stack: ExitStack) -> Explained:
    """The sites that grew; against recorded runs their commit is laid out for it, where it is to be had."""
    base = gated.against.base
    if base is None:
        commit = gated.against.recorded.commit.rstrip("+") if gated.against.recorded else ""
        try:
            repository = repository_of(gated.scenario)
            revision = find_revision(repository, commit or "the baseline's commit")
        except GateError as error:
            return Explained(notes=(f"What grew is not known: the baseline's code cannot be had ({error}).",))
        tree = stack.enter_context(laid_out(revision, ground.run_dir / "base"))
        base = started_in(gated.scenario, repository, tree)
    return explain(base, gated.scenario, ground)


def _against_words(order: GateOrder) -> str:
    return str(order.revision or order.baseline or order.baselines)
