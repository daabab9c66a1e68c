"""A trace in words that the terminal, Markdown and HTML share."""

from dataclasses import dataclass

from reports.quantities import format_bytes
from reports.trace import Account, TraceBody, TraceCost

MODES = {
    "cheap": "traced cheaply: the blocks that Python's allocator takes, not each object in them",
    "exact": "traced exactly: each Python object",
}
KINDS = {
    "interpreter": "interpreter",
    "tracing": "tracer",
    "imports": "imports",
    "heap": "heap",
    "allocator": "allocators",
    "children": "children",
    "shared": "shared",
    "kernel": "kernel",
    "unexplained": "not explained",
    "cache": "file cache",
}
"""How an account's kinds of rows are called, in their order."""


@dataclass(frozen=True, slots=True)
class KindSum:
    """All rows of one kind."""

    kind: str
    name: str
    bytes: int


def trace_sentence(trace: TraceBody) -> str:
    """How much of the memory is explained."""
    heap = f"The heap's peak was {format_bytes(trace.heap_peak_bytes)} ({MODES[trace.mode]})"
    return f"{heap}; {format_bytes(trace.unattributed_bytes)} of it was allocated outside of any Python function."


def share_sentence(trace: TraceBody) -> str:
    """What the attributed share is, with its figures; empty where it is not known."""
    found = trace.attributed
    if trace.attributed_share is None or found.anon_bytes is None or found.ready_bytes is None:
        return ""
    grown = format_bytes(found.anon_bytes - found.ready_bytes)
    return (
        f"Since the service was ready its anonymous memory grew by {grown}; named functions asked for "
        f"{format_bytes(found.named_bytes)} of the heap then, {100 * trace.attributed_share:.0f} % of that."
    )


def cost_sentence(cost: TraceCost, sampling_share: float | None) -> str:
    """What watching and tracing cost."""
    parts = []
    if cost.cpu_ratio is not None:
        parts.append(f"{cost.cpu_ratio:.2f} times the CPU time")
    extra = cost.ready_extra_bytes if cost.extra_bytes is None else cost.extra_bytes
    if extra is not None:
        when = "when the service was ready" if cost.extra_bytes is None else "at the peak"
        parts.append(f"{format_bytes(abs(extra))} {'less' if extra < 0 else 'more'} {when}")
    told = f"Tracing cost the service {' and '.join(parts)}." if parts else "What tracing cost is not known."
    if cost.cpu_ratio is None and parts:
        told += " Its CPU time does not compare: a kill cut a run short."
    if cost.hook_reason is not None:
        told += f" memray's own hook followed the stack, which takes more CPU time than lazy_stack: {cost.hook_reason}."
    if sampling_share is not None:
        told += f" Sampling the untraced run cost {100 * sampling_share:.1f} % of one CPU."
    return told


def account_sentence(account: Account, peak_bytes: int | None) -> str:
    """Which peak it is that adds up."""
    told = f"The rows add up to the traced run's peak of unreclaimable memory, {format_bytes(account.peak_bytes)}"
    untraced = f"; that of the untraced run, which decides, was {format_bytes(peak_bytes)}" if peak_bytes else ""
    return f"{told}{untraced}. {100 * account.named_share:.1f} % is explained."


def kind_sums(account: Account) -> tuple[KindSum, ...]:
    """The account, one row a kind, without those of nothing."""
    sums = ((kind, sum(row.bytes for row in account.rows if row.kind == kind)) for kind in KINDS)
    return tuple(KindSum(kind, KINDS[kind], count) for kind, count in sums if count)
