"""The end of a load run in the terminal."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.hostile_text import printable
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
from reports.result import LoadResult, Verdict

_STYLES = {
    Verdict.PASS: "bold white on green4",
    Verdict.FAIL: "bold white on red3",
    Verdict.INVALID: "bold black on yellow3",
}
_WORDS = {"PASS": "green4", "FAIL": "red3", "INVALID": "yellow3"}
_LISTED_MOST = 12


def print_load(result: LoadResult, console: Console, report: Path | None = None) -> None:
    """Print verdict, reasons, figures, thresholds, requests, and where the report is."""
    verdict = result.header.verdict
    console.print()
    head = Text.assemble((f" {verdict} ", _STYLES[verdict]), " ", (printable(load_subject(result)), "dim"))
    console.print(head, soft_wrap=True)
    for sentence in load_reasons(result)[:_LISTED_MOST]:
        console.print(Text(printable(sentence), style="bold"), soft_wrap=True)
    for sentence in gap_sentences(result.body):
        console.print(Text(printable(sentence)), soft_wrap=True)
    console.print()
    console.print(_figures(result))
    if result.body.thresholds:
        console.print(_table(THRESHOLD_HEADS, threshold_rows(result.body.thresholds), verdict_at=3))
    overall = tuple(one for one in result.body.by_request if one.stage is None)
    if overall:
        console.print(_table(REQUEST_HEADS, request_rows(overall)))
    if result.body.invariants:
        console.print(_table(("invariant", "", ""), invariant_rows(result.body)))
    for one in result.body.error_counts[:_LISTED_MOST]:
        console.print(Text(printable(f"{one.count} x {one.name}: {one.error}"), style="red3"), soft_wrap=True)
    for line in (*result.body.notes, *result.body.not_exercised):
        console.print(Text(printable(line), style="dim"), soft_wrap=True)
    if report is not None:
        console.print(Text(f"report: {report}"), soft_wrap=True)


def _figures(result: LoadResult) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", no_wrap=True, style="bold")
    table.add_column(style="dim", overflow="fold")
    for one in load_figures(result):
        table.add_row(one.label, printable(one.value), printable(one.note))
    return table


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]], verdict_at: int = -1) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place == 0 or verdict_at >= 0 else "right", overflow="fold")
    for row in rows:
        cells = [Text(printable(cell)) for cell in row]
        if verdict_at >= 0:
            cells[verdict_at].stylize(_WORDS.get(row[verdict_at], ""))
        table.add_row(*cells)
    return table
