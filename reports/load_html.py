"""`report.html` of a load run: verdict, thresholds, the picture over time, requests, imports, and who measured."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from reports.load_history import LoadHistory, load_load_history
from reports.load_timeline import draw_load
from reports.load_wording import (
    REQUEST_HEADS,
    THRESHOLD_HEADS,
    gap_sentences,
    invariant_rows,
    load_figures,
    load_reasons,
    load_subject,
    request_rows,
    threshold_rows,
)
from reports.markup import Markup, join, tag
from reports.result import LoadResult, Verdict
from reports.run_directory import REPORT
from reports.wording import SIMULATED

_SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INVALID: "?"}
_NOTHING = join([])
_VERDICT_AT = 3


def write_load_report(directory: Path, result: LoadResult) -> Path:
    """Draw `report.html` of a run directory from its result and its raw rows."""
    history = load_load_history(directory, result.body, result.header.duration_s)
    path = directory / REPORT
    path.write_text(render_load(result, history), encoding="utf-8")
    return path


def render_load(result: LoadResult, history: LoadHistory) -> str:
    """Give the whole page; it fetches nothing and runs nothing."""
    body = result.body
    errors = [(str(one.count), one.name, one.error) for one in body.error_counts]
    main = tag(
        "main",
        _banner(result),
        tag("section", SIMULATED, class_="simulated") if result.header.simulated else _NOTHING,
        _table("Thresholds", THRESHOLD_HEADS, threshold_rows(body.thresholds)),
        _figures(result),
        _timeline(result, history),
        _table("Requests", REQUEST_HEADS, request_rows(body.by_request)),
        _table("Errors", ("times", "request", "error"), errors),
        _table("Invariants", ("invariant", "", ""), invariant_rows(body)),
        _listing("Not exercised", body.not_exercised),
        _listing("Notes", body.notes),
        _fingerprint(result),
        _command(result),
    )
    return "<!doctype html>\n" + tag("html", _head(result), tag("body", main), lang="en").text + "\n"


def _head(result: LoadResult) -> Markup:
    styles = [
        resources.files("reports").joinpath(name).read_text(encoding="utf-8") for name in ("style.css", "load.css")
    ]
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{result.header.verdict}: {result.header.scenario}, halfgig load"),
        tag("style", Markup("\n".join(styles))),
    )


def _banner(result: LoadResult) -> Markup:
    verdict = result.header.verdict
    first, *rest = load_reasons(result)
    why = [tag("h1", first), tag("ul", *(tag("li", one) for one in rest[:20])) if rest else _NOTHING]
    return tag(
        "section",
        tag("div", f"{_SIGNS[verdict]} {verdict}", class_="verdict"),
        tag("div", *why, tag("p", load_subject(result), class_="muted")),
        class_=f"banner {verdict.lower()}",
    )


def _figures(result: LoadResult) -> Markup:
    terms = [
        tag(
            "div",
            tag("dt", one.label),
            tag("dd", tag("div", one.value, class_="value"), tag("div", one.note, class_="note")),
        )
        for one in load_figures(result)
    ]
    return tag("section", tag("dl", *terms, class_="figures"))


def _timeline(result: LoadResult, history: LoadHistory) -> Markup:
    head = result.header
    picture = draw_load(history, result.body, head.limit_bytes, head.budget_bytes)
    gaps = [tag("li", one) for one in gap_sentences(result.body)]
    return tag("section", tag("h2", "Over time"), picture, tag("ul", *gaps) if gaps else _NOTHING)


def _table(heading: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Markup:
    if not rows:
        return _NOTHING
    numbers = heading == "Requests"
    head = tag("tr", *(tag("th", one, class_="n" if numbers and place else None) for place, one in enumerate(heads)))
    lines = [tag("tr", *(_cell(heading, place, text) for place, text in enumerate(row))) for row in rows]
    table = tag("table", tag("thead", head), tag("tbody", *lines))
    return tag("section", tag("h2", heading), tag("div", table, class_="scroll"))


def _cell(heading: str, place: int, text: str) -> Markup:
    judged = heading == "Thresholds" and place == _VERDICT_AT
    return tag("td", text, class_=text if judged else "n" if heading == "Requests" and place else None)


def _listing(heading: str, lines: Sequence[str]) -> Markup:
    return tag("section", tag("h2", heading), tag("ul", *(tag("li", line) for line in lines))) if lines else _NOTHING


def _fingerprint(result: LoadResult) -> Markup:
    told = {**result.header.fingerprint.binding, **result.header.fingerprint.informing}
    rows = [(name, str(value)) for name, value in told.items() if value not in (None, "")]
    return _table("Environment", ("", ""), rows)


def _command(result: LoadResult) -> Markup:
    command = result.header.command
    return tag("section", tag("h2", "Command"), tag("pre", tag("code", command))) if command else _NOTHING
