"""The end of a crash campaign in the terminal."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.crash_wording import crash_figures, crash_reasons, crash_subject, not_judged
from reports.hostile_text import printable
from reports.result import CrashResult, Verdict

_STYLES = {
    Verdict.PASS: "bold white on green4",
    Verdict.FAIL: "bold white on red3",
    Verdict.INVALID: "bold black on yellow3",
}
_LISTED_MOST = 12


def print_crash(result: CrashResult, console: Console, report: Path | None = None) -> None:
    """Print verdict, reasons, figures, failures with their replays, and where the report is."""
    verdict = result.header.verdict
    console.print()
    subject = printable(crash_subject(result))
    console.print(Text.assemble((f" {verdict} ", _STYLES[verdict]), " ", (subject, "dim")), soft_wrap=True)
    for sentence in crash_reasons(result)[:_LISTED_MOST]:
        console.print(Text(printable(sentence), style="bold"), soft_wrap=True)
    console.print()
    console.print(_figures(result))
    for failure in result.body.failures[:_LISTED_MOST]:
        console.print(Text(f"{failure.invariant} at {failure.point}: {printable(failure.detail)}"), soft_wrap=True)
        console.print(Text(f"  {printable(failure.replay, 400)}", style="dim"), soft_wrap=True)
    for line in (*result.body.not_exercised[:_LISTED_MOST],):
        console.print(Text(f"not exercised: {printable(line)}", style="yellow"), soft_wrap=True)
    for line in (*not_judged(result), *result.body.notes):
        console.print(Text(f"not judged: {printable(line)}", style="dim"), soft_wrap=True)
    if report is not None:
        console.print(Text(f"report: {report}"), soft_wrap=True)


def _figures(result: CrashResult) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", no_wrap=True, style="bold")
    table.add_column(style="dim", overflow="fold")
    for one in crash_figures(result):
        table.add_row(one.label, printable(one.value), printable(one.note))
    return table
