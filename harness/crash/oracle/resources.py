"""Invariants of what is used: nothing left behind, and never more memory than the limit."""

from collections.abc import Iterator

from harness.crash.evidence import Evidence, Leaks
from harness.crash.oracle.facts import finished, violations
from harness.crash.oracle.judgement import Invariant, Judgement, held_unless, not_judged
from reports.quantities import format_bytes

SPARE_CONNECTIONS = 4
"""Connections of an idle target beyond the uncrashed run's: a pool that has grown in an outage shrinks slowly."""
OOM_FAULTS = "oom"
"""How the names of faults begin that kill for memory on purpose."""


def no_leaks(evidence: Evidence) -> Judgement:
    """No connection, lock, temporary file, child process or row without an owner stays."""
    if evidence.leaks is None:
        return not_judged("nobody looked for what was left behind")
    snapshot = finished(evidence)
    rows = violations(snapshot, "leftovers") if snapshot else ()
    return held_unless([*_left(evidence.leaks, evidence.baseline.connections_idle), *rows])


def memory_bounded(evidence: Evidence) -> Judgement:
    """No start of the target, the resumed ones included, goes over the limit or is killed for it."""
    limit = evidence.limit_bytes
    peaks = [one for one in evidence.starts if one.peak_bytes]
    if limit is None or not peaks:
        return not_judged("there was no limit, or memory was not sampled")
    provoked = sum(one.point.fault.startswith(OOM_FAULTS) and one.ended_process for one in evidence.disruptions)
    found = [
        f"start {number} of instance {one.instance} took {format_bytes(one.peak_bytes)} of {format_bytes(limit)}"
        for number, one in enumerate(peaks, 1)
        if one.peak_bytes > limit
    ]
    if evidence.oom_kills > provoked:
        found.append(f"{evidence.oom_kills} kills for memory, of which {provoked} were provoked")
    return held_unless(found)


def _left(leaks: Leaks, usual_connections: int) -> Iterator[str]:
    if leaks.connections_idle > usual_connections + SPARE_CONNECTIONS:
        yield f"{leaks.connections_idle} connections are open while it is idle, usually {usual_connections}"
    counts = {
        "open transactions while it is idle": leaks.open_transactions,
        "connections after its end": leaks.connections_after,
        "locks after its end": leaks.locks_after,
    }
    yield from (f"{count} {what}" for what, count in counts.items() if count)
    yield from (f"the child process {name} lives on" for name in leaks.child_processes)
    yield from (f"the temporary file {name} is left" for name in leaks.temporary_files)


RESOURCES = (
    Invariant(
        "no_leaks",
        "No connection, lock, temporary file, child process or orphaned row is left.",
        frozenset(),
        no_leaks,
    ),
    Invariant(
        "memory_bounded",
        "Memory stays under the limit, in the resumed runs too.",
        frozenset({"memory"}),
        memory_bounded,
    ),
)
"""Invariants of what is used."""
