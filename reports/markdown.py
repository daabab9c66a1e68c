"""A result as a short Markdown summary, for a pull request or a job's page."""

import re
from collections.abc import Sequence

from reports.hostile_text import printable
from reports.result import Result, Verdict
from reports.wording import SIMULATED, figures, peak_rows, reason_sentences, subject

_ACTING = re.compile(r"([\\`*_\[\]<>|#!~&@$])")
_SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INVALID: "❔"}
_LISTED_MOST = 20


def render_markdown(result: Result) -> str:
    """Give verdict, reasons, figures and peaks; every text from outside is escaped."""
    verdict = result.header.verdict
    parts = [
        f"## {_SIGNS[verdict]} {verdict}: halfgig {result.kind}",
        "\n".join(f"- {plain(sentence)}" for sentence in reason_sentences(result)[:_LISTED_MOST]),
        plain(subject(result)),
        f"**{SIMULATED}**" if result.header.simulated else "",
        table(("", "", ""), [(one.label, f"**{plain(one.value)}**", plain(one.note)) for one in figures(result)]),
        table(
            ("peak", "bytes", "of the limit", "measured as"),
            [(one.name, one.value, one.share, one.source) for one in peak_rows(result)],
        ),
        _trace(result),
        _not_exercised(result),
        command_block(result.header.command),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _not_exercised(result: Result) -> str:
    lines = result.body.not_exercised[:_LISTED_MOST]
    return "Not exercised: " + plain(", ".join(lines)) + "." if lines else ""


def _trace(result: Result) -> str:
    from reports.trace_markdown import render_trace_markdown  # it uses the tables of this module

    body = result.body
    share = body.sampling.cpu_share if body.sampling else None
    return render_trace_markdown(body.trace, body.peak.unreclaimable_bytes, share) if body.trace else ""


def command_block(command: str | None) -> str:
    """The command that repeats a result, in a fence."""
    if not command:
        return ""
    shown = printable(command)
    # A fence longer than any run of backticks inside cannot be closed from within.
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{fence}sh\n{shown}\n{fence}"


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table; the cells are Markdown already."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def plain(text: str) -> str:
    """Escape what would act."""
    return _ACTING.sub(r"\\\1", printable(text))
