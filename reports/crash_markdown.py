"""A crash result as a short Markdown summary."""

from reports.crash_wording import crash_figures, crash_reasons, crash_subject, not_judged
from reports.markdown import command_block, plain, table
from reports.result import CrashResult, Verdict

_SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INVALID: "❔"}
_LISTED_MOST = 20


def render_crash_markdown(result: CrashResult) -> str:
    """Give verdict, reasons, figures, failures and what was not judged; every text from outside is escaped."""
    verdict, body = result.header.verdict, result.body
    failures = [
        (one.invariant, plain(one.point), plain(one.detail), plain(one.replay)) for one in body.failures[:_LISTED_MOST]
    ]
    parts = [
        f"## {_SIGNS[verdict]} {verdict}: halfgig crash",
        "\n".join(f"- {plain(sentence)}" for sentence in crash_reasons(result)[:_LISTED_MOST]),
        plain(crash_subject(result)),
        table(("", "", ""), [(one.label, f"**{plain(one.value)}**", plain(one.note)) for one in crash_figures(result)]),
        table(("invariant", "crash point", "what was seen", "replay"), failures) if failures else "",
        "\n".join(f"- not exercised: {plain(one)}" for one in body.not_exercised[:_LISTED_MOST]),
        "\n".join(f"- not judged: {plain(one)}" for one in not_judged(result)),
        command_block(result.header.command),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
