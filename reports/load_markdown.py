"""A load result as a short Markdown summary."""

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
from reports.markdown import command_block, plain, table
from reports.result import LoadResult, Verdict

_SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INVALID: "❔"}
_LISTED_MOST = 20


def render_load_markdown(result: LoadResult) -> str:
    """Give verdict, reasons, thresholds, figures and requests; every text from outside is escaped."""
    verdict, body = result.header.verdict, result.body
    parts = [
        f"## {_SIGNS[verdict]} {verdict}: halfgig load",
        "\n".join(f"- {plain(sentence)}" for sentence in load_reasons(result)[:_LISTED_MOST]),
        plain(load_subject(result)),
        _table(THRESHOLD_HEADS, threshold_rows(body.thresholds)),
        table(("", "", ""), [(one.label, f"**{plain(one.value)}**", plain(one.note)) for one in load_figures(result)]),
        _table(REQUEST_HEADS, request_rows(body.by_request)),
        "\n".join(f"- {plain(sentence)}" for sentence in gap_sentences(body)),
        _table(("invariant", "", ""), invariant_rows(body)),
        "\n".join(f"- not exercised: {plain(one)}" for one in body.not_exercised),
        command_block(result.header.command),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return table(heads, [tuple(plain(cell) for cell in row) for row in rows]) if rows else ""
