"""The page of a sweep's report, section by section; a section that has nothing to say is empty."""

import base64
from collections.abc import Sequence
from importlib import resources

from reports.markup import Child, Markup, join, tag
from reports.quantities import UNKNOWN, format_bytes, format_count, format_duration, format_rate
from reports.result import SweepResult, Verdict
from reports.sweep_body import Claim, SweepTrial
from reports.sweep_charts import draw_claims, draw_knobs, draw_pareto
from reports.sweep_heat import draw_heat_maps
from reports.sweep_tables import tables_of
from reports.sweep_wording import (
    ENDS,
    calls_words,
    claimed_words,
    coefficient_name,
    cost_words,
    details_words,
    early_words,
    elsewhere_words,
    interval_words,
    model_words,
    peaks_words,
    saved_words,
    setting_words,
    size_words,
    survival_words,
    sweep_figures,
    sweep_reasons,
    sweep_subject,
    time_words,
)
from reports.wording import SIMULATED

_SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INVALID: "?"}
_NOTHING = join([])
_TRIALS_MOST = 2000


def render_sweep(result: SweepResult) -> str:
    """Give the whole page; it fetches nothing and runs nothing."""
    body = tag(
        "main",
        _banner(result),
        tag("section", SIMULATED, class_="simulated") if result.header.simulated else _NOTHING,
        _summary(result),
        _recommendation(result),
        _claims(result.body.claims),
        _model(result),
        _pareto(result),
        _heat(result),
        _limit(result),
        _plans(result),
        _trials(result),
        _downloads(result),
        _notes(result),
        _fingerprint(result),
        _command(result),
    )
    return "<!doctype html>\n" + tag("html", _head(result), tag("body", body), lang="en").text + "\n"


def _head(result: SweepResult) -> Markup:
    styles = [
        resources.files("reports").joinpath(name).read_text(encoding="utf-8") for name in ("style.css", "sweep.css")
    ]
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{result.header.verdict}: {result.header.scenario}, halfgig sweep"),
        tag("style", Markup("\n".join(styles))),
    )


def _banner(result: SweepResult) -> Markup:
    verdict = result.header.verdict
    first, *rest = sweep_reasons(result) or ("Nothing was said.",)
    why = [tag("h1", first), tag("ul", *(tag("li", one) for one in rest)) if rest else _NOTHING]
    return tag(
        "section",
        tag("div", f"{_SIGNS[verdict]} {verdict}", class_="verdict"),
        tag("div", *why, tag("p", sweep_subject(result), class_="muted")),
        class_=f"banner {verdict.lower()}",
    )


def _summary(result: SweepResult) -> Markup:
    terms = [
        tag(
            "div",
            tag("dt", one.label),
            tag("dd", tag("div", one.value, class_="value"), tag("div", one.note, class_="note")),
        )
        for one in sweep_figures(result)
    ]
    return tag("section", tag("dl", *terms, class_="figures"))


def _recommendation(result: SweepResult) -> Markup:
    found = result.body.recommendation
    if found is None:
        return _NOTHING
    rows = [
        (
            setting_words(one.knobs),
            format_bytes(one.peak_bytes),
            format_rate(one.chunks_per_s),
            format_count(one.calls_per_1000_inputs),
        )
        for one in found.neighbours
    ]
    heads = ("neighbour on the Pareto front", "peak", "chunks/s", "calls per 1,000 inputs")
    return _section(
        "Recommended" if found.decision == "DECIDED" else "Best so far, undecided",
        tag("p", f"{found.text} Verified in {found.verified_runs} of {found.verify_runs} runs under the limit."),
        _lines(found.environment) if found.environment else _NOTHING,
        _table(heads, rows, "-nnn") if rows else _NOTHING,
    )


def _lines(lines: Sequence[str]) -> Markup:
    """Lines to be copied; each is escaped by itself, as a line's end inside of one would be told, not made."""
    return tag("pre", *(join([tag("code", line), Markup("\n")]) for line in lines), class_="command")


def _claims(claims: Sequence[Claim]) -> Markup:
    if not claims:
        return _NOTHING
    rows = [
        (
            join([one.name, tag("div", details_words(one), class_="muted")]),
            one.on,
            claimed_words(one),
            join([saved_words(one), tag("div", peaks_words(one), class_="muted")]),
            tag("span", one.verdict, class_=f"verdict-word {one.verdict.lower()}", title=one.why),
            calls_words(one),
            time_words(one),
            survival_words(one),
            elsewhere_words(one),
        )
        for one in claims
    ]
    heads = ("claim", "on", "claimed", "measured saving", "verdict", "calls", "time", "survives the limit", "elsewhere")
    sources = sorted({one.elsewhere.source for one in claims if one.elsewhere})
    return _section(
        "Claims",
        _claims_legend(claims),
        draw_claims(claims),
        _filled_table(heads, rows),
        tag("p", f"Elsewhere: {'; '.join(sources)}.", class_="muted") if sources else _NOTHING,
        tag(
            "p",
            "A claim is CONFIRMED when the lower bound of what is saved is at least 0.75 of the claim, REFUTED when "
            "the upper bound is below that. A claim without a size: at least 1 % of the peak. Both sides ran in turn "
            "with the limit lifted; survival was tried under the limit.",
            class_="muted",
        ),
    )


def _claims_legend(claims: Sequence[Claim]) -> Markup:
    words = [("claimed", "claimed"), ("measured", "measured here, with its interval")]
    words += [("elsewhere", "measured on the other code")] if any(one.elsewhere for one in claims) else []
    return tag("div", *(tag("span", tag("i", class_=name), text) for name, text in words), class_="legend")


def _model(result: SweepResult) -> Markup:
    model, charts = result.body.model, draw_knobs(result)
    if not (model.fitted or model.why or charts):
        return _NOTHING
    rows = [
        (
            coefficient_name(one),
            cost_words(one.bytes_per_unit),
            interval_words(one.interval_bytes),
        )
        for one in (*model.floors, *model.coefficients)
    ]
    return _section(
        "What each knob costs",
        tag("p", model_words(model)),
        _table(("peak", "for one more", "95 % interval"), rows, "-nn") if rows else _NOTHING,
        tag("div", *charts, class_="charts"),
        tag(
            "p",
            "Filled dots: the other knobs as the line has them. A cross at the top: killed, so without a peak.",
            class_="muted",
        ),
    )


def _pareto(result: SweepResult) -> Markup:
    chart = draw_pareto(result)
    if chart is None:
        return _NOTHING
    words = "Filled dots are on the front, the ring is the answer; a dashed line, where it is in sight, is the budget."
    return _section("Fast against small", chart, tag("p", words, class_="muted"))


def _heat(result: SweepResult) -> Markup:
    maps = draw_heat_maps(result)
    return _section("Two knobs at a time", tag("div", *maps, class_="charts")) if maps else _NOTHING


def _limit(result: SweepResult) -> Markup:
    found = result.body.smallest_limit
    if found is None:
        return _NOTHING
    probes = sorted(
        (one for one in result.body.trials if one.part == "limit"), key=lambda one: (one.repeat, one.number)
    )
    rows = [
        (
            str(one.repeat + 1),
            format_bytes(one.limit_bytes),
            "survived" if one.end == "whole" else ENDS[one.end],
            _timeline(one),
        )
        for one in probes
    ]
    answers = ", ".join(format_bytes(one) for one in found.answers_bytes)
    size = format_bytes(found.bytes)
    text = f"{setting_words(found.knobs)}: {size}, the largest of {answers}, in {found.probes} probes."
    return _section("Smallest limit", tag("p", text), _table(("search", "limit", "end", "timeline"), rows, "-n--"))


def _plans(result: SweepResult) -> Markup:
    found = result.body.plans
    if found is None:
        return _NOTHING
    rows = [
        (
            join([one.name, " ←" if one.name == found.chosen else ""]),
            format_bytes(one.memory_bytes),
            UNKNOWN if one.cpus is None else f"{one.cpus:g}",
            f"{one.usd_a_month:g} USD",
            one.dated,
            "yes" if one.holds else "no",
        )
        for one in found.plans
    ]
    heads = ("plan", "memory", "CPU", "a month", "price read", "holds it")
    return _section("Plans", tag("p", found.text), _table(heads, rows, "-nnn--"))


def _trials(result: SweepResult) -> Markup:
    rows = [
        (
            str(one.number),
            one.part,
            setting_words(one.setting),
            format_bytes(one.limit_bytes),
            ENDS[one.end],
            size_words(one.peak_bytes, (0, 0)).partition(" (")[0],
            format_rate(one.chunks_per_s),
            format_count(one.requests),
            format_duration(one.duration_s),
            _timeline(one),
        )
        for one in result.body.trials[:_TRIALS_MOST]
    ]
    heads = ("trial", "for", "setting", "limit", "end", "peak", "chunks/s", "calls", "took", "timeline")
    early = early_words(result.body.early_stopping)
    spared = f"Early stopping spared {format_duration(result.body.early_stopping.spared_s)} {early}." if early else ""
    return _section("Trials", tag("p", spared, class_="muted"), _table(heads, rows, "n-wn-nnnn-"))


def _timeline(one: SweepTrial) -> Markup:
    if not one.directory or one.end == "not_started":
        return _NOTHING
    return tag("a", "open", href=f"{one.directory}/report.html", title=one.why or None)


def _downloads(result: SweepResult) -> Markup:
    links = [
        tag("a", name, href=f"data:text/csv;base64,{base64.b64encode(text.encode()).decode()}", download=name)
        for name, text in tables_of(result).items()
    ]
    return _section("Tables", tag("p", *(join([link, " "]) for link in links)), class_="downloads")


def _notes(result: SweepResult) -> Markup:
    lines = result.body.notes
    return _section("Notes", tag("ul", *(tag("li", one) for one in lines), class_="plain")) if lines else _NOTHING


def _fingerprint(result: SweepResult) -> Markup:
    found = result.header.fingerprint
    rows = [
        (name, "not set" if value in (None, "") else str(value))
        for name, value in (*found.binding.items(), *found.informing.items())
    ]
    rows += [(name, f"{value:g}") for name, value in result.body.provider.items() if value]
    return _section("What it holds for", _table((), rows, "-w"))


def _command(result: SweepResult) -> Markup:
    command = result.header.command
    return _section("Run it again", tag("pre", tag("code", command), class_="command")) if command else _NOTHING


def _section(title: str, *children: Child, class_: str | None = None) -> Markup:
    return tag("section", tag("h2", title), *children, class_=class_)


def _table(heads: Sequence[str], rows: Sequence[Sequence[Child]], columns: str) -> Markup:
    """Lay out rows; `columns` has a letter a column: `n` for figures, `w` for text that may break anywhere."""
    head = _row("th", heads, columns) if heads else _NOTHING
    return tag("div", tag("table", head, *(_row("td", row, columns) for row in rows)), class_="scroll")


def _filled_table(heads: Sequence[str], rows: Sequence[Sequence[Child]]) -> Markup:
    """Lay out rows of text, without the columns that have none."""
    kept = [place for place in range(len(heads)) if any(row[place] != "" for row in rows)]
    return _table([heads[place] for place in kept], [[row[place] for place in kept] for row in rows], "-" * len(kept))


def _row(cell: str, values: Sequence[Child], columns: str) -> Markup:
    classes = {"n": "n", "w": "wrap"}
    cells = (tag(cell, one, class_=classes.get(letter)) for one, letter in zip(values, columns, strict=True))
    return tag("tr", *cells)
