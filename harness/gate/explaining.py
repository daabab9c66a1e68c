"""Why it grew: one exactly traced run of each side, and what each function held more."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HalfgigError
from harness.gate.pairs import Ground
from harness.memory.diff import FLOOR_BYTES, site_diff
from harness.memory.tracing import traced_run
from harness.run import Order
from harness.scenario import Scenario
from reports.gate_body import SiteGrowth
from reports.progress import Progress
from reports.trace import Trace

_GREW_MOST, _SHRANK_MOST = 40, 10
_SMALL_BYTES = FLOOR_BYTES // 2
"""Two traces of one commit differ by less than this in any function."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What grew in a scenario, or why that is not known."""

    diff: tuple[SiteGrowth, ...] = ()
    notes: tuple[str, ...] = ()


def explain(base: Scenario, head: Scenario, ground: Ground) -> Explained:
    """Trace both sides once and compare what their functions held; a trace that fails is told, not raised."""
    try:
        before, now = (_trace(side, name, ground) for side, name in ((base, "traced-base"), (head, "traced-head")))
    except HalfgigError as error:
        return Explained(notes=(f"What grew in {head.name} is not known: tracing did not work ({error}).",))
    rows = [SiteGrowth(head.name, one.function, one.file, one.delta_bytes) for one in site_diff(before, now)]
    if any(one.delta_bytes > 0 for one in rows):
        return Explained(_most_telling(rows))
    small = tuple(one for one in _all_changes(head.name, before, now) if one.delta_bytes > _SMALL_BYTES)
    note = f"No function of {head.name} held more than the noise of a trace; the rows below that are told instead."
    return Explained(_most_telling(small), (note,))


def _all_changes(scenario: str, before: Trace, now: Trace) -> tuple[SiteGrowth, ...]:
    """Every function's change of what it held on average, however small."""
    old, new = ({(one.function, one.file): one.held_bytes for one in trace.sites} for trace in (before, now))
    return tuple(SiteGrowth(scenario, *key, new.get(key, 0) - old.get(key, 0)) for key in old | new)


def _most_telling(rows: Sequence[SiteGrowth]) -> tuple[SiteGrowth, ...]:
    """The largest growths first, and the largest shrinkings last."""
    grew = sorted((one for one in rows if one.delta_bytes > 0), key=lambda one: -one.delta_bytes)
    shrank = sorted((one for one in rows if one.delta_bytes < 0), key=lambda one: one.delta_bytes)
    return (*grew[:_GREW_MOST], *shrank[:_SHRANK_MOST])


def _trace(scenario: Scenario, name: str, ground: Ground) -> Trace:
    folder: Path = ground.run_dir / "runs" / scenario.name / name
    folder.mkdir(parents=True)
    ground.tell(f"{scenario.name}: {name.replace('-', ' ')} run")
    return traced_run(Order(scenario, folder, ground.postgres_url, ground.command, _silent), "exact")


def _silent(_: Progress) -> None:
    """A gate tells its runs, not what happens in each."""
