"""The end of a gate in the terminal."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.gate_body import Comparison, SiteGrowth
from reports.gate_wording import change, figure, gate_reasons, gate_subject, sight_sentences, title, trust_sentence
from reports.hostile_text import printable
from reports.quantities import format_bytes
from reports.result import GateResult, Verdict

_STYLES = {
    Verdict.PASS: "bold white on green4",
    Verdict.FAIL: "bold white on red3",
    Verdict.INVALID: "bold black on yellow3",
}
_SITES_MOST = 12
_LISTED_MOST = 20


def print_gate(result: GateResult, console: Console, report: Path | None = None) -> None:
    """Print verdict, reasons, every metric before and now, what grew by function, and where the report is."""
    verdict, body = result.header.verdict, result.body
    console.print()
    subject = printable(gate_subject(result))
    console.print(Text.assemble((f" {verdict} ", _STYLES[verdict]), " ", (subject, "dim")), soft_wrap=True)
    for sentence in gate_reasons(result)[:_LISTED_MOST]:
        console.print(Text(printable(sentence), style="bold"), soft_wrap=True)
    console.print()
    console.print(_comparisons(body.comparisons))
    for row in body.comparisons:
        if row.note:
            console.print(Text(printable(f"{row.scenario}, {title(row.metric)}: {row.note}")), soft_wrap=True)
    console.print()
    if body.diff:
        console.print(_sites(body.diff))
    quiet = (*sight_sentences(body), *((trust_sentence(body),) if body.comparisons else ()))
    for line in (*quiet, *body.notes, *(f"not exercised: {one}" for one in body.not_exercised)):
        console.print(Text(printable(line), style="dim"), soft_wrap=True)
    if report is not None:
        console.print(Text(f"report: {report}"), soft_wrap=True)


def _comparisons(rows: tuple[Comparison, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("metric", no_wrap=True)
    for heading in ("before", "now", "change", "threshold"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    several = len({row.scenario for row in rows}) > 1
    for row in rows:
        name = f"{printable(row.scenario)}: {title(row.metric)}" if several else title(row.metric)
        medians = (figure(row, one) for one in (row.baseline, row.measured))
        style = "bold" if row.verdict == "FAIL" else None
        table.add_row(name, *medians, change(row), figure(row, row.threshold), row.verdict, style=style)
    return table


def _sites(diff: tuple[SiteGrowth, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, title_justify="left")
    for heading in ("\nheap grew by", "\nfunction", "\nfile"):
        table.add_column(heading, justify="right" if "by" in heading else "left", no_wrap=True)
    for one in diff[:_SITES_MOST]:
        sign = "+" if one.delta_bytes > 0 else ""
        table.add_row(f"{sign}{format_bytes(one.delta_bytes)}", printable(one.function), printable(one.file))
    table.add_row()
    return table
