"""The sections of `report.html`, one function each; a section that has nothing to say is empty."""

from collections.abc import Mapping, Sequence

from reports.failures import FailureSummary
from reports.history import History
from reports.markup import Child, Markup, join, tag
from reports.observations import Failure
from reports.quantities import format_bytes, format_count, format_duration, plural
from reports.result import Result, Scalar, Verdict
from reports.scales import NARROW, WIDE
from reports.timeline import LAYERS, describe, draw_timeline
from reports.wording import SIMULATED, figures, peak_rows, reason_sentences, sampling_words, subject

NOTHING = join([])
_FAILURES_OPEN = 12
_SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INVALID: "?"}


def banner(result: Result) -> Markup:
    """Say the verdict, and why."""
    verdict = result.header.verdict
    return tag(
        "section",
        tag("div", f"{_SIGNS[verdict]} {verdict}", class_="verdict"),
        tag("div", _why(result), tag("p", subject(result), class_="muted")),
        class_=f"banner {verdict.lower()}",
    )


def _why(result: Result) -> Markup:
    first, *rest = reason_sentences(result)
    items = [tag("li", sentence) for sentence in rest[:20]]
    return join([tag("h1", first), tag("ul", *items) if items else NOTHING])


def simulated(result: Result) -> Markup:
    """Say so where no kernel enforced the limit."""
    return tag("section", SIMULATED, class_="simulated") if result.header.simulated else NOTHING


def summary(result: Result) -> Markup:
    """Show the peak against budget and limit, and the figures that matter."""
    terms = [
        tag(
            "div",
            tag("dt", one.label),
            tag("dd", tag("div", one.value, class_="value"), tag("div", one.note, class_="note")),
        )
        for one in figures(result)
    ]
    return tag("section", tag("h2", "Peak against budget and limit"), _bar(result), tag("dl", *terms, class_="figures"))


def _bar(result: Result) -> Markup:
    head, peak = result.header, result.body.peak.unreclaimable_bytes or 0
    whole = max(head.limit_bytes or 0, head.budget_bytes or 0, peak)
    if not whole:
        return NOTHING
    over = head.budget_bytes is not None and peak > head.budget_bytes
    share = 100 * peak / whole
    label = tag("span", f"peak {format_bytes(result.body.peak.unreclaimable_bytes)}")
    held = tag("div", label, style=f"width:{share:.2f}%", class_=f"held {'inside' if share > 40 else 'beside'}")
    marks = [
        _bar_mark(name, count, whole)
        for name, count in (("budget", head.budget_bytes), ("limit", head.limit_bytes))
        if count is not None
    ]
    words = (
        f"peak {format_bytes(result.body.peak.unreclaimable_bytes)}, budget {format_bytes(head.budget_bytes)}, "
        f"limit {format_bytes(head.limit_bytes)}"
    )
    return tag("div", held, *marks, class_=f"bar {'over' if over else 'within'}", role="img", aria_label=words)


def _bar_mark(name: str, count: int, whole: int) -> Markup:
    place = 100 * count / whole
    label = tag("span", f"{name} {format_bytes(count)}")
    return tag("div", label, style=f"left:{place:.2f}%", class_=f"at {name} {'low' if place < 30 else ''}".rstrip())


def timeline(result: Result, history: History) -> Markup:
    """Draw memory over time, wide and narrow; the window's width says which is shown."""
    limit, budget = result.header.limit_bytes, result.header.budget_bytes
    pictures = (draw_timeline(history, limit, budget, geometry) for geometry in (WIDE, NARROW))
    left_out = f" {plural(history.marks_left_out, 'mark')} left out." if history.marks_left_out else ""
    return tag(
        "section",
        tag("h2", "Memory over time"),
        _legend(history),
        *pictures,
        tag("p", describe(history, limit, budget), id="readout", class_="readout"),
        tag("p", sampling_words(result) + left_out, class_="muted"),
    )


def _legend(history: History) -> Markup:
    areas = [tag("span", tag("i", class_=name), words) for name, words in reversed(LAYERS.items())]
    lines = [tag("span", tag("i", class_=f"line {name}"), name) for name in ("limit", "budget")]
    if any(history.progress):
        lines.append(tag("span", tag("i", class_="line progress"), "progress of the import (right axis)"))
    return tag("div", *areas, *lines, class_="legend")


def imports(result: Result) -> Markup:
    """List what each import cost, and what it left in memory."""
    rows = [
        (
            str(place),
            format_count(one.documents),
            format_count(one.provider.requests),
            format_count(one.provider.inputs),
            format_bytes(one.unreclaimable_after_bytes),
        )
        for place, one in enumerate(result.body.imports[:1000], 1)
    ]
    heads = ("import", "documents", "requests", "inputs billed", "unreclaimable after it")
    return _section("Imports", _table(heads, rows, "nnnnn")) if rows else NOTHING


def peaks(result: Result) -> Markup:
    """List every peak with where it comes from."""
    rows = [
        (join([one.name, tag("div", one.meaning, class_="muted")]), one.value, one.share, one.source)
        for one in peak_rows(result)
    ]
    return _section("Peaks", _table(("peak", "bytes", "of the limit", "measured as"), rows, "-nn-"))


def failed_documents(failures: FailureSummary) -> Markup:
    """List the first documents that failed, with their reasons."""
    if not failures.total:
        return NOTHING
    counts = ", ".join(f"{format_count(count)} {reason or 'without a reason'}" for reason, count in failures.reasons)
    rest = failures.first[_FAILURES_OPEN:]
    more = f"the next {len(rest)} of {format_count(failures.total)}; all are in failures.jsonl"
    return _section(
        f"{plural(failures.total, 'document')} failed",
        tag("p", f"{counts}.", class_="muted"),
        _failure_table(failures.first[:_FAILURES_OPEN]),
        tag("details", tag("summary", more, class_="muted"), _failure_table(rest)) if rest else NOTHING,
    )


def _failure_table(failures: Sequence[Failure]) -> Markup:
    rows = [(tag("bdi", one.name), one.reason, one.detail) for one in failures]
    return _table(("document", "reason", "detail"), rows, "w-w")


def knobs(result: Result) -> Markup:
    """List the knobs as they were set."""
    return _section("Knobs", _pairs(result.header.knobs, "No knob was set: the target's own defaults."))


def provider(result: Result) -> Markup:
    """Show what the provider was asked for, and what is stored."""
    figures_ = result.body.provider
    rows = {
        "requests": format_count(figures_.requests),
        "inputs billed": format_count(figures_.inputs),
        "inputs billed twice": format_count(figures_.inputs_billed_twice),
        "digest of what is stored": result.body.digest or "unknown",
    }
    return _section("Provider and store", _pairs(rows, ""))


def fingerprint(result: Result) -> Markup:
    """Show the environment that the result holds for."""
    found = result.header.fingerprint
    return tag(
        "div",
        _section("Fingerprint: binding", _pairs(found.binding, "Nothing was recorded.")),
        _section("Fingerprint: informing", _pairs(found.informing, "Nothing was recorded.")),
        class_="pair",
    )


def not_exercised(result: Result) -> Markup:
    """Say what this run does not tell anything about."""
    return _listing("Not exercised", result.body.not_exercised)


def notes(result: Result) -> Markup:
    """Say what else was seen."""
    return _listing("Notes", result.body.notes)


def command(result: Result) -> Markup:
    """Give the command that repeats the run."""
    if not result.header.command:
        return NOTHING
    return _section("Run it again", tag("pre", tag("code", result.header.command), class_="command"))


def colophon(result: Result) -> Markup:
    """Say when and how long."""
    head = result.header
    took = f"started {head.started_at}, took {format_duration(head.duration_s)}"
    return tag("footer", f"halfgig {result.kind}, {took}. MB is 2^20 bytes.", class_="muted")


def _section(title: str, *children: Child) -> Markup:
    return tag("section", tag("h2", title), *children)


def _listing(title: str, lines: Sequence[str]) -> Markup:
    return _section(title, tag("ul", *(tag("li", line) for line in lines[:200]), class_="plain")) if lines else NOTHING


def _pairs(pairs: Mapping[str, Scalar], nothing: str) -> Markup:
    if not pairs:
        return tag("p", nothing, class_="muted")
    rows = [(name, _scalar(value)) for name, value in list(pairs.items())[:500]]
    return _table((), rows, "-w")


def _scalar(value: Scalar) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "unknown" if value is None else str(value) or "not set"


def _table(heads: Sequence[str], rows: Sequence[Sequence[Child]], columns: str) -> Markup:
    """Lay out rows; `columns` has a letter a column: `n` for figures, `w` for text that may break anywhere."""
    head = _row("th", heads, columns) if heads else NOTHING
    return tag("div", tag("table", head, *(_row("td", row, columns) for row in rows)), class_="scroll")


def _row(cell: str, values: Sequence[Child], columns: str) -> Markup:
    classes = {"n": "n", "w": "wrap"}
    cells = (tag(cell, one, class_=classes.get(letter)) for one, letter in zip(values, columns, strict=True))
    return tag("tr", *cells)
