"""A gate's result in words: what the terminal, Markdown, HTML and JUnit all say the same way."""

from collections.abc import Iterator

from reports.gate_body import Comparison, GateBody
from reports.quantities import UNKNOWN, format_bytes, format_count, plural
from reports.result import GateResult, Verdict

TITLES = {
    "unreclaimable_peak_bytes": "peak unreclaimable",
    "rss_peak_bytes": "VmHWM",
    "growth_bytes_per_10000_chunks": "growth a 10,000 chunks",
    "oom_kills": "OOM kills",
}


def title(metric: str) -> str:
    """What a metric is called."""
    return TITLES.get(metric, metric)


def figure(row: Comparison, value: float | None) -> str:
    """A value in the unit of its row."""
    return format_bytes(value) if row.unit.startswith("bytes") else format_count(value)


def change(row: Comparison) -> str:
    """How much more (`+3.1 MB`) or less it is now."""
    if row.baseline is None or row.measured is None:
        return UNKNOWN
    difference = row.measured - row.baseline
    return f"{'+' if difference > 0 else ''}{figure(row, difference)}"


def grown_sentence(row: Comparison) -> str:
    """What grew, by how much, and how much of that noise could be."""
    before, now = (figure(row, one) for one in (row.baseline, row.measured))
    start = f"{row.scenario}: {title(row.metric)} went from {before} to {now}"
    if row.threshold is None or row.baseline is None or row.noise is None:
        return f"{start}."
    return f"{start}; noise explains {figure(row, row.threshold - row.baseline)} of {change(row)}."


def gate_reasons(result: GateResult) -> tuple[str, ...]:
    """Why the verdict is what it is."""
    told = tuple(one.text or one.code for one in result.header.reasons)
    if told or result.header.verdict is not Verdict.PASS:
        return told or ("No reason was recorded.",)
    accepted = len(result.body.accepted)
    meant = f"; {plural(accepted, 'growth')} that was meant and accepted" if accepted else ""
    return (f"No metric grew beyond its noise{meant}.",)


def gate_subject(result: GateResult) -> str:
    """What was compared with what, and where."""
    head = result.header
    against = f" against {result.body.against}" if result.body.against else ""
    return f"{head.scenario}{against} · {head.target} · {head.backend}{' (simulated)' if head.simulated else ''}"


def sight_sentences(body: GateBody) -> Iterator[str]:
    """How small a growth each scenario's runs see, and what a wished one would take; by the metric that decides."""
    for row in body.comparisons:
        if row.metric != "unreclaimable_peak_bytes" or row.sees is None:
            continue
        runs = plural(len(row.measured_runs), "run")
        text = f"{row.scenario}: {runs} of each side see a growth of {format_bytes(row.sees)}"
        if row.wished is not None:
            needed = f"takes {row.wished_runs}" if row.wished_runs else "takes more than 1,000"
            text += f"; one of {format_bytes(row.wished)} {needed}"
        yield f"{text} (noise {format_bytes(row.noise)})."


def trust_sentence(body: GateBody) -> str:
    """How often an unchanged commit fails."""
    rate = f"{100 * body.false_alarm_rate:g} in 100"
    return f"Of the gates of an unchanged commit at most {rate} fail, over all metrics, scenarios and looks."
