"""A result in words: what the terminal, Markdown and HTML all say the same way."""

from dataclasses import dataclass, fields

from reports.quantities import UNKNOWN, format_bytes, format_count, format_duration, format_rate, format_share, plural
from reports.result import Documents, Exit, Peak, Result, Verdict

SIMULATED = "The limit was simulated: a watchdog polled the memory and killed; the kernel did not enforce it."

_PEAKS = {
    "unreclaimable_bytes": (
        "unreclaimable",
        "anonymous, shared and kernel memory: what the OOM killer acts on",
    ),
    "anon_bytes": ("anon", "its largest part: heap and stacks"),
    "working_set_bytes": ("working set", "usage less inactive file cache: what dashboards show"),
    "cgroup_bytes": ("cgroup", "everything charged, page cache included"),
    "rss_bytes": ("rss", "VmHWM of the main process, mapped library pages included"),
}
_SOURCES = {"kernel": "the kernel's own mark", "samples": "maximum of samples", None: UNKNOWN}


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a summary."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class PeakRow:
    """One peak, where it comes from and what it means."""

    name: str
    value: str
    share: str
    """Of the limit."""
    source: str
    meaning: str


def reason_sentences(result: Result) -> tuple[str, ...]:
    """Say why the verdict is what it is, in one sentence or more."""
    if result.header.reasons:
        return tuple(_sentence(reason.text or reason.code) for reason in result.header.reasons)
    if result.header.verdict is Verdict.PASS:
        return (f"Every document is accounted for, nothing was OOM-killed, and {_peak_in_words(result)}.",)
    return ("No reason was recorded.",)


def _peak_in_words(result: Result) -> str:
    peak, budget = result.body.peak.unreclaimable_bytes, result.header.budget_bytes
    if peak is None or budget is None:
        return "the peak of memory was within the budget"
    return f"the peak of {format_bytes(peak)} stayed {format_bytes(budget - peak)} under the budget"


def subject(result: Result) -> str:
    """What was run, where, under what."""
    head = result.header
    return (
        f"{head.scenario} · {head.target} · {head.backend}{' (simulated)' if head.simulated else ''} · "
        f"limit {format_bytes(head.limit_bytes)} · budget {format_bytes(head.budget_bytes)}"
    )


def figures(result: Result) -> tuple[Figure, ...]:
    """The figures that matter, most important first; a note is empty where nothing is known."""
    head, body = result.header, result.body
    documents, provider = body.documents, body.provider
    return (
        Figure("peak unreclaimable", format_bytes(body.peak.unreclaimable_bytes), _peak_note(result)),
        Figure("OOM kills", format_count(body.oom_kills), _killed(result)),
        Figure("documents stored", _stored(documents), _documents_note(documents)),
        Figure("chunks a second", format_rate(body.chunks_per_s), _counted(body.chunks_stored, "chunk", "stored")),
        Figure("inputs billed", format_count(provider.inputs), _counted(provider.requests, "request")),
        Figure("inputs billed twice", format_count(provider.inputs_billed_twice)),
        Figure("duration", format_duration(head.duration_s), _cpu(body.cpu_s)),
        Figure("restarts", format_count(body.restarts), exit_words(body.exit)),
    )


def _peak_note(result: Result) -> str:
    head, peak = result.header, result.body.peak.unreclaimable_bytes
    shares = ((head.budget_bytes, "budget"), (head.limit_bytes, "limit"))
    return ", ".join(f"{format_share(peak, whole)} of {name}" for whole, name in shares if whole and peak is not None)


def _stored(documents: Documents) -> str:
    if documents.total is None:
        return format_count(documents.stored)
    return f"{format_count(documents.stored)} of {format_count(documents.total)}"


def _documents_note(documents: Documents) -> str:
    notes = (_counted(documents.failed, "failed", "", "failed"), _counted(documents.duplicates, "duplicate"))
    return ", ".join(note for note in notes if note)


def _counted(count: int | None, one: str, after: str = "", many: str = "") -> str:
    return "" if count is None else f"{plural(count, one, many)} {after}".rstrip()


def _cpu(cpu_s: float | None) -> str:
    return "" if cpu_s is None else f"{format_duration(cpu_s)} of CPU"


def _killed(result: Result) -> str:
    return f"killed: {result.body.killed}" if result.body.killed else ""


def exit_words(exit_: Exit | None) -> str:
    """How the service ended, where it did not wait for the harness to end it."""
    if exit_ is None:
        return ""
    if exit_.signal:
        return f"ended by {exit_.signal}"
    return f"exit status {UNKNOWN if exit_.status is None else exit_.status}"


def peak_rows(result: Result) -> tuple[PeakRow, ...]:
    """Every peak with its provenance, the one that decides first."""
    peak, sources, limit = result.body.peak, result.body.peak_sources, result.header.limit_bytes
    rows = []
    for one in fields(Peak):
        name, meaning = _PEAKS[one.name]
        count, source = getattr(peak, one.name), _SOURCES[getattr(sources, one.name)]
        rows.append(PeakRow(name, format_bytes(count), format_share(count, limit), source, meaning))
    return tuple(rows)


def sampling_words(result: Result) -> str:
    """How well the memory was watched."""
    sampling = result.body.sampling
    if sampling is None:
        return "Memory was not sampled."
    return (
        f"{plural(sampling.samples, 'sample')}, one every {sampling.interval_ms:g} ms, "
        f"{format_count(sampling.late)} of them late by more than that{_sampling_cost(sampling.cpu_share)}."
    )


def _sampling_cost(share: float | None) -> str:
    return "" if share is None else f", for {100 * share:.1f} % of one CPU"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else text + "."
