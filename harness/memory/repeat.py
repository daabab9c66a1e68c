"""The exact trace of a run that was done before: what is kept of it, else the run repeated as its result tells it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.gate.revision import find_revision, laid_out, repository_of, started_in
from harness.memory.diff import DiffError
from harness.memory.explanation import Seen, explain
from harness.memory.tracing import traced_run
from harness.provenance import revision_of
from harness.run import Order
from harness.scenario import Scenario
from reports.progress import Progress
from reports.result import Result, Scalar, read_result
from reports.run_directory import RESULT
from reports.trace import TRACE, Trace, read_trace

EXACT = "exact"
"""The folder of the repeated run, inside that of the run."""
_CHANGED = "+"


@dataclass(frozen=True, slots=True)
class Found:
    """An exact trace, what it is called, and what is to be known of it."""

    name: str
    trace: Trace
    notes: tuple[str, ...] = ()
    binding: Mapping[str, Scalar] | None = None
    """What binds the run's result; None of a file."""


@dataclass(frozen=True, slots=True)
class Repeating:
    """How a run is done once more."""

    scenario_of: Callable[[Result], Scenario]
    """From a result to the scenario that it was of."""
    postgres_url: str | None
    show: Callable[[Progress], None]


def trace_in(path: Path) -> Trace:
    """The trace of a file: a `trace.json`, or a capture of this memray."""
    return read_trace(path) if path.suffix == ".json" else explain(path, Seen(), None)


def trace_of_run(run_dir: Path, repeating: Repeating) -> Found:
    """The exact trace of a run directory; the run is repeated where none is kept there."""
    for kept in (run_dir / TRACE, run_dir / EXACT / TRACE):
        if kept.is_file():
            trace = read_trace(kept)
            if trace.mode == "exact":
                return Found(run_dir.name, trace, binding=_run_of(run_dir).header.fingerprint.binding)
    return _repeat(run_dir, repeating)


def _repeat(run_dir: Path, repeating: Repeating) -> Found:
    result = _run_of(run_dir)
    scenario, exact_dir = repeating.scenario_of(result), run_dir / EXACT
    notes = _notes(run_dir.name, result, scenario)
    exact_dir.mkdir(exist_ok=True)
    with _code_of(result, scenario, exact_dir) as started:
        command = result.header.command or ""
        trace = traced_run(Order(started, exact_dir, repeating.postgres_url, command, repeating.show), "exact")
    _refuse_another(run_dir.name, result, exact_dir)
    return Found(run_dir.name, trace, notes, result.header.fingerprint.binding)


def _run_of(run_dir: Path) -> Result:
    result = read_result(run_dir / RESULT)
    if isinstance(result, Result):
        return result
    raise DiffError(f"{run_dir} is of kind {result.kind}; what can be compared are runs of `halfgig run`")


@contextmanager
def _code_of(result: Result, scenario: Scenario, exact_dir: Path) -> Iterator[Scenario]:
    """The scenario with the target started from the code that the result was of."""
    then, now = result.body.revision, revision_of(scenario)
    if then is None or then == now:
        yield scenario
        return
    if then.endswith(_CHANGED):
        raise DiffError(
            f"{exact_dir.parent.name} was of {then[:10]} with changes that were not committed, and they are gone: "
            "trace a run with --trace exact while its code is there"
        )
    repository = repository_of(scenario)
    with laid_out(find_revision(repository, then), exact_dir / "tree") as tree:
        yield started_in(scenario, repository, tree)


def _notes(name: str, result: Result, scenario: Scenario) -> tuple[str, ...]:
    then = result.body.revision
    if then is None:
        return (f"{name} tells no git revision: it was repeated with the code as it is now.",)
    if then.endswith(_CHANGED) and then == revision_of(scenario):
        return (f"{name} was of {then[:10]} with uncommitted changes: it was repeated with them as they are now.",)
    return ()


def _refuse_another(name: str, result: Result, exact_dir: Path) -> None:
    """What bound the result must bind its repetition too, or it is not the same run."""
    repeated = read_result(exact_dir / RESULT)
    differences = differing(result.header.fingerprint.binding, repeated.header.fingerprint.binding)
    if differences:
        (exact_dir / TRACE).unlink()
        raise DiffError(f"{name} cannot be repeated here as it was: {', '.join(differences)} differ now")


def differing(one: Mapping[str, Scalar], other: Mapping[str, Scalar]) -> tuple[str, ...]:
    """The names under which two fingerprints do not say the same."""
    return tuple(sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key)))
