"""`report.html` of a crash campaign: figures, the matrix of points and faults, and the messages around each failure."""

from collections.abc import Sequence
from importlib import resources

from reports.crash_body import CrashCell, CrashFailure
from reports.crash_wording import (
    crash_figures,
    crash_reasons,
    crash_subject,
    matrix_columns,
    matrix_rows,
    not_judged,
)
from reports.markup import Markup, join, tag
from reports.result import CrashResult, Verdict

_SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INVALID: "?"}
_CELL_SIGNS = {"PASS": "✓", "FAIL": "✗", "INVALID": "?"}
_NOTHING = join([])
_FAILURES_MOST = 100


def render_crash(result: CrashResult) -> str:
    """Give the whole page; it fetches nothing and runs nothing."""
    body = tag(
        "main",
        _banner(result),
        _summary(result),
        _failures(result.body.failures),
        _matrix(result.body.cells),
        _invariants(result),
        _listing("Not exercised", result.body.not_exercised),
        _listing("Not judged", (*not_judged(result), *result.body.notes)),
        _time(result),
        _command(result),
    )
    return "<!doctype html>\n" + tag("html", _head(result), tag("body", body), lang="en").text + "\n"


def _head(result: CrashResult) -> Markup:
    styles = [
        resources.files("reports").joinpath(name).read_text(encoding="utf-8") for name in ("style.css", "crash.css")
    ]
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{result.header.verdict}: {result.header.scenario}, halfgig crash"),
        tag("style", Markup("\n".join(styles))),
    )


def _banner(result: CrashResult) -> Markup:
    verdict = result.header.verdict
    first, *rest = crash_reasons(result)
    why = [tag("h1", first), tag("ul", *(tag("li", one) for one in rest[:20])) if rest else _NOTHING]
    return tag(
        "section",
        tag("div", f"{_SIGNS[verdict]} {verdict}", class_="verdict"),
        tag("div", *why, tag("p", crash_subject(result), class_="muted")),
        class_=f"banner {verdict.lower()}",
    )


def _summary(result: CrashResult) -> Markup:
    terms = [
        tag(
            "div",
            tag("dt", one.label),
            tag("dd", tag("div", one.value, class_="value"), tag("div", one.note, class_="note")),
        )
        for one in crash_figures(result)
    ]
    return tag("section", tag("dl", *terms, class_="figures"))


def _failures(failures: Sequence[CrashFailure]) -> Markup:
    if not failures:
        return _NOTHING
    shown = [_failure(one) for one in failures[:_FAILURES_MOST]]
    return tag("section", tag("h2", f"{len(failures)} failures"), *shown)


def _failure(one: CrashFailure) -> Markup:
    lines = [tag("div", line, class_="at" if line.startswith(">") else None) for line in one.around]
    return tag(
        "article",
        tag("h3", f"{one.invariant} at {one.point}"),
        tag("p", one.detail),
        tag("pre", tag("code", one.replay)),
        tag("pre", *lines, class_="messages") if lines else _NOTHING,
        class_="failure",
    )


def _matrix(cells: Sequence[CrashCell]) -> Markup:
    """A row a message, a column a fault and edge; a cell is coloured by its worst verdict, and says why."""
    if not cells:
        return _NOTHING
    columns = matrix_columns(cells)
    found: dict[tuple[str, str, str, str], CrashCell] = {}
    for one in cells:
        key = (one.turn, one.message, one.fault, one.edge)
        if key not in found or found[key].verdict == "PASS":
            found[key] = one
    head = tag("tr", tag("th", "message"), *(tag("th", tag("span", f"{fault} @{edge}")) for fault, edge in columns))
    rows, before = [], ""
    for turn, message in matrix_rows(cells):
        if turn != before:
            rows.append(tag("tr", tag("th", turn, colspan=str(len(columns) + 1), class_="turn")))
            before = turn
        row = [_cell(found.get((turn, message, fault, edge))) for fault, edge in columns]
        rows.append(tag("tr", tag("th", message), *row))
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="matrix")
    return tag("section", tag("h2", "Crash points and faults"), tag("div", table, class_="scroll"))


def _cell(one: CrashCell | None) -> Markup:
    if one is None:
        return tag("td")
    title = f"{one.message}@{one.edge}/{one.fault}: {one.verdict} {one.detail}".strip()
    return tag("td", _CELL_SIGNS[one.verdict], class_=one.verdict.lower(), title=title)


def _invariants(result: CrashResult) -> Markup:
    head = tag("tr", *(tag("th", one) for one in ("invariant", "held", "broken", "not judged", "what it says")))
    rows = [
        tag(
            "tr",
            tag("td", tag("code", one.name)),
            *(tag("td", str(count), class_="n") for count in (one.held, one.broken, one.not_judged)),
            tag("td", one.sentence),
            class_="broken" if one.broken else None,
        )
        for one in result.body.invariants
    ]
    table = tag("table", tag("thead", head), tag("tbody", *rows))
    return tag("section", tag("h2", "Invariants"), tag("div", table, class_="scroll"))


def _time(result: CrashResult) -> Markup:
    rows = [tag("li", f"{phase}: {seconds:.2f} s") for phase, seconds in result.body.seconds.items()]
    return tag("section", tag("h2", "Where a cycle's time goes, on average"), tag("ul", *rows)) if rows else _NOTHING


def _listing(heading: str, lines: Sequence[str]) -> Markup:
    return tag("section", tag("h2", heading), tag("ul", *(tag("li", line) for line in lines))) if lines else _NOTHING


def _command(result: CrashResult) -> Markup:
    command = result.header.command
    return tag("section", tag("h2", "Command"), tag("pre", tag("code", command))) if command else _NOTHING
