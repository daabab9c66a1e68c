"""`report.html` of a gate: every metric before and now with each of its runs, and what grew by function."""

from collections.abc import Sequence
from importlib import resources

from reports.gate_body import Comparison, SiteGrowth
from reports.gate_wording import change, figure, gate_reasons, gate_subject, sight_sentences, title, trust_sentence
from reports.markup import Child, Markup, join, tag
from reports.quantities import format_bytes, format_duration, plural
from reports.result import GateResult, Verdict

_SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INVALID: "?"}
_NOTHING = join([])
_SITES_MOST = 200
_LISTED_MOST = 100


def render_gate(result: GateResult) -> str:
    """Give the whole page; it fetches nothing and runs nothing."""
    body = result.body
    sight = (*sight_sentences(body), *((trust_sentence(body),) if body.comparisons else ()))
    page = tag(
        "main",
        _banner(result),
        _metrics(body.comparisons),
        _sites(body.diff),
        _listing("How far this sees", sight),
        _scenarios(result),
        _listing(
            "Accepted growth",
            [f"{one.metric} of {one.scenario}: {one.reason} ({one.who}, until {one.until})" for one in body.accepted],
        ),
        _listing("Not exercised", body.not_exercised),
        _listing("Notes", body.notes),
        _fingerprint(result),
        _command(result),
    )
    return "<!doctype html>\n" + tag("html", _head(result), tag("body", page), lang="en").text + "\n"


def _head(result: GateResult) -> Markup:
    style = resources.files("reports").joinpath("style.css").read_text(encoding="utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{result.header.verdict}: {result.header.scenario}, halfgig gate"),
        tag("style", Markup(style)),
    )


def _banner(result: GateResult) -> Markup:
    verdict = result.header.verdict
    first, *rest = gate_reasons(result)
    why = [tag("h1", first), tag("ul", *(tag("li", one) for one in rest[:20])) if rest else _NOTHING]
    return tag(
        "section",
        tag("div", f"{_SIGNS[verdict]} {verdict}", class_="verdict"),
        tag("div", *why, tag("p", gate_subject(result), class_="muted")),
        class_=f"banner {verdict.lower()}",
    )


def _metrics(rows: Sequence[Comparison]) -> Markup:
    heads = ("scenario", "metric", "before", "now", "change", "threshold", "verdict", "every run, before and now")
    return _section("Before and now", _table(heads, [_metric(row) for row in rows], "--nnnn-w")) if rows else _NOTHING


def _metric(row: Comparison) -> tuple[Child, ...]:
    note = tag("div", row.note, class_="muted") if row.note else _NOTHING
    runs = " | ".join(", ".join(figure(row, one) for one in side) for side in (row.baseline_runs, row.measured_runs))
    name = join([title(row.metric), note])
    medians = (figure(row, one) for one in (row.baseline, row.measured))
    return (row.scenario, name, *medians, change(row), figure(row, row.threshold), row.verdict, runs)


def _sites(diff: Sequence[SiteGrowth]) -> Markup:
    if not diff:
        return _NOTHING
    rows = [(one.scenario, format_bytes(one.delta_bytes), one.function, one.file) for one in diff[:_SITES_MOST]]
    intro = tag("p", "One traced run of each side, every Python allocation recorded; at the peak of the heap.")
    return _section(
        "What grew, by function", intro, _table(("scenario", "heap grew by", "function", "file"), rows, "-nww")
    )


def _scenarios(result: GateResult) -> Markup:
    rows = [
        (one.scenario, one.verdict, plural(one.pairs, "pair"), format_duration(one.duration_s), one.noise_from)
        for one in result.body.scenarios
    ]
    return _section("Scenarios", _table(("scenario", "verdict", "runs", "time", "noise from"), rows, "--nn-"))


def _fingerprint(result: GateResult) -> Markup:
    found = result.header.fingerprint
    rows = [(name, str(value)) for half in (found.binding, found.informing) for name, value in half.items()]
    return _section("Fingerprint", _table((), rows, "-w")) if rows else _NOTHING


def _command(result: GateResult) -> Markup:
    command = result.header.command
    return _section("Run it again", tag("pre", tag("code", command), class_="command")) if command else _NOTHING


def _listing(heading: str, lines: Sequence[str]) -> Markup:
    return _section(heading, tag("ul", *(tag("li", line) for line in lines[:_LISTED_MOST]))) if lines else _NOTHING


def _section(heading: str, *children: Child) -> Markup:
    return tag("section", tag("h2", heading), *children)


def _table(heads: Sequence[str], rows: Sequence[Sequence[Child]], columns: str) -> Markup:
    """Lay out rows; `columns` has a letter a column: `n` for figures, `w` for text that may break anywhere."""
    head = [_row("th", heads, columns)] if heads else []
    return tag("div", tag("table", *head, *(_row("td", row, columns) for row in rows)), class_="scroll")


def _row(cell: str, values: Sequence[Child], columns: str) -> Markup:
    classes = {"n": "n", "w": "wrap"}
    cells = (tag(cell, one, class_=classes.get(letter)) for one, letter in zip(values, columns, strict=True))
    return tag("tr", *cells)
