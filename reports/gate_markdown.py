"""A gate's result as Markdown for a job's page: one row a scenario, the rest folded, never too long."""

from collections.abc import Sequence

from reports.gate_body import Comparison, GateBody, GatedScenario, SiteGrowth
from reports.gate_wording import (
    TITLES,
    change,
    figure,
    gate_reasons,
    gate_subject,
    sight_sentences,
    title,
    trust_sentence,
)
from reports.markdown import command_block, plain, table
from reports.quantities import format_bytes, format_duration
from reports.result import GateResult, Verdict

MOST_BYTES = 2**20
"""What GitHub takes of a step's summary."""
_SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INVALID: "❔"}
_LISTED_MOST = 50
_SCENARIOS_MOST = 200
_CELL_MOST = 200


def render_gate_markdown(result: GateResult) -> str:
    """Give verdict, reasons, a row a scenario, and folded: every metric, and what grew by function."""
    verdict, body = result.header.verdict, result.body
    parts = [
        f"## {_SIGNS[verdict]} {verdict}: halfgig gate",
        _list(gate_reasons(result)),
        _short(gate_subject(result)),
        _scenarios(body),
        _folded("What grew, by function", _sites(body.diff)) if body.diff else "",
        _folded("Every metric", _metrics(body.comparisons)) if body.comparisons else "",
        _list((*sight_sentences(body), trust_sentence(body))) if body.comparisons else "",
        _list((*body.notes, *(f"not exercised: {one}" for one in body.not_exercised))),
        command_block(result.header.command),
    ]
    text = "\n\n".join(part for part in parts if part) + "\n"
    return text if len(text.encode()) < MOST_BYTES else "\n\n".join(parts[:3]) + "\n"


def _scenarios(body: GateBody) -> str:
    heads = ("scenario", "verdict", *TITLES.values(), "pairs", "time")
    return table(heads, [_scenario(one, body) for one in body.scenarios[:_SCENARIOS_MOST]]) if body.scenarios else ""


def _scenario(one: GatedScenario, body: GateBody) -> tuple[str, ...]:
    rows = {row.metric: row for row in body.comparisons if row.scenario == one.scenario}
    cells = (_cell(rows.get(metric)) for metric in TITLES)
    return (_short(one.scenario), one.verdict, *cells, str(one.pairs), format_duration(one.duration_s))


def _cell(row: Comparison | None) -> str:
    if row is None:
        return "not measured"
    text = f"{figure(row, row.baseline)} → {figure(row, row.measured)}"
    return f"**{text}**" if row.verdict == "FAIL" else text


def _metrics(rows: Sequence[Comparison]) -> str:
    heads = ("scenario", "metric", "before", "now", "change", "threshold", "verdict", "note")
    return table(
        heads,
        [
            (
                _short(row.scenario),
                title(row.metric),
                *(figure(row, one) for one in (row.baseline, row.measured)),
                change(row),
                figure(row, row.threshold),
                row.verdict,
                _short(row.note or ""),
            )
            for row in rows[: 4 * _SCENARIOS_MOST]
        ],
    )


def _sites(diff: Sequence[SiteGrowth]) -> str:
    rows = [
        (_short(one.scenario), format_bytes(one.delta_bytes), _short(one.function), _short(one.file))
        for one in diff[:_LISTED_MOST]
    ]
    return table(("scenario", "heap grew by", "function", "file"), rows)


def _folded(summary: str, inner: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{inner}\n\n</details>"


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {_short(line, 2 * _CELL_MOST)}" for line in lines[:_LISTED_MOST])


def _short(text: str, most: int = _CELL_MOST) -> str:
    return plain(text if len(text) <= most else text[: most - 1] + "…")
