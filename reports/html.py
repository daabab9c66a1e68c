"""`report.html`: one self-contained file, drawn from the result and the raw files of a run directory alone."""

import base64
import hashlib
import json
from importlib import resources
from pathlib import Path

from reports import html_sections as sections
from reports.downsampling import downsample
from reports.errors import ResultError
from reports.failures import FailureSummary, summarise_failures
from reports.history import History, load_history
from reports.markup import Markup, tag
from reports.observations import Sample, read_failures
from reports.quantities import KIB
from reports.result import Result, read_result
from reports.run_directory import FAILURES, REPORT, RESULT
from reports.trace_html import trace_sections, trace_style

_HOVER_COLUMNS = 300


def write_report(directory: Path) -> Path:
    """Draw the run directory's report again and say where it is; ResultError where it has no usable result."""
    result = read_result(directory / RESULT)
    if not isinstance(result, Result):
        raise ResultError(f"{directory / RESULT}: a result of kind {result.kind} is not drawn as a run")
    history = load_history(directory, result.header.duration_s)
    page = render_report(result, history, summarise_failures(read_failures(directory / FAILURES)))
    path = directory / REPORT
    path.write_text(page, encoding="utf-8")
    return path


def render_report(result: Result, history: History, failures: FailureSummary) -> str:
    """Give the whole page."""
    body = (
        sections.banner(result),
        sections.simulated(result),
        sections.summary(result),
        sections.timeline(result, history),
        sections.imports(result),
        sections.peaks(result),
        trace_sections(result),
        sections.failed_documents(failures),
        tag("div", sections.knobs(result), sections.provider(result), class_="pair"),
        sections.fingerprint(result),
        sections.not_exercised(result),
        sections.notes(result),
        sections.command(result),
        sections.colophon(result),
    )
    script = resources.files("reports").joinpath("hover.js").read_text(encoding="utf-8")
    data = tag("script", _embedded(history.samples), id="samples", type="application/json")
    return (
        "<!doctype html>\n"
        + tag("html", _head(result, script), tag("body", tag("main", *body), data, _script(script)), lang="en").text
        + "\n"
    )


def _head(result: Result, script: str) -> Markup:
    style = resources.files("reports").joinpath("style.css").read_text(encoding="utf-8")
    # Should anything ever slip through the escaping, the browser still runs no script but ours and fetches nothing.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{result.header.verdict}: {result.header.scenario}, halfgig {result.kind}"),
        tag("style", Markup(f"{style}\n{trace_style()}" if result.body.trace else style)),
    )


def _script(source: str) -> Markup:
    return Markup(f"<script>{source}</script>")


def _embedded(samples: tuple[Sample, ...]) -> Markup:
    """Lay out the rows that the pointer reads: time, then anon, shared, kernel and total in kB; numbers only."""
    rows = [
        (round(one.t, 3), one.anon // KIB, one.shmem // KIB, one.kernel // KIB, one.total // KIB)
        for one in downsample(samples, _HOVER_COLUMNS)
    ]
    return Markup(json.dumps(rows, separators=(",", ":")))
