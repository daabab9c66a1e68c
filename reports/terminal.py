"""The end of a run in the terminal: the verdict in words and the figures; plain text where there is no terminal."""

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.hostile_text import printable
from reports.meter import glyphs_of, meter
from reports.quantities import format_bytes, format_count
from reports.result import Peak, Result, Verdict
from reports.trace_terminal import print_trace
from reports.wording import SIMULATED, figures, peak_rows, reason_sentences, sampling_words, subject

_STYLES = {
    Verdict.PASS: "bold white on green4",
    Verdict.FAIL: "bold white on red3",
    Verdict.INVALID: "bold black on yellow3",
}
_REASONS_MOST = 10
_IMPORTS_MOST = 20


def make_console(stream: TextIO | None = None) -> Console:
    """Give a console on `stream` (standard error by default) that takes words as they are: no markup, no emoji."""
    stream = stream or sys.stderr
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="replace")  # an encoding without `·` must not end a run with a traceback
    return Console(file=stream, markup=False, emoji=False, highlight=False)


def print_result(result: Result, console: Console, report: Path | None = None) -> None:
    """Print verdict, reasons, figures, peaks and imports, and where the report is."""
    _print_verdict(result, console)
    _print_meter(result, console)
    console.print(_figures(result))
    if result.body.peak != Peak():
        console.print(_peaks(result))
    else:
        console.print()
    if len(result.body.imports) > 1:
        console.print(_imports(result))
    if result.body.trace:
        sampling = result.body.sampling
        peak_bytes = result.body.peak.unreclaimable_bytes
        print_trace(result.body.trace, peak_bytes, sampling.cpu_share if sampling else None, console)
    _say(console, Text(sampling_words(result), style="dim"))
    for line in result.body.notes[:_REASONS_MOST]:
        _say(console, Text(f"note: {printable(line)}", style="dim"))
    if result.body.not_exercised:
        _say(console, Text("not exercised: " + printable(", ".join(result.body.not_exercised)), style="dim"))
    if report is not None:
        # A path is there to be copied: never broken into lines.
        console.print(Text(f"report: {report}"), soft_wrap=True)


def _print_verdict(result: Result, console: Console) -> None:
    verdict = result.header.verdict
    console.print()
    _say(console, Text.assemble((f" {verdict} ", _STYLES[verdict]), " ", (printable(subject(result)), "dim")))
    for sentence in reason_sentences(result)[:_REASONS_MOST]:
        _say(console, Text(printable(sentence), style="bold"))
    if result.header.simulated:
        _say(console, Text(SIMULATED, style="yellow"))
    console.print()


def _say(console: Console, sentence: Text) -> None:
    """Print it; in a pipe or a log it stays on its line, for whoever searches there."""
    console.print(sentence, soft_wrap=not console.is_terminal)


def _print_meter(result: Result, console: Console) -> None:
    head, peak = result.header, result.body.peak.unreclaimable_bytes
    if peak is None or head.limit_bytes is None:
        return
    width = min(48, console.width - 2)
    console.print(meter(peak, peak, head.budget_bytes, head.limit_bytes, width, glyphs_of(console)))
    budget, limit = format_bytes(head.budget_bytes), format_bytes(head.limit_bytes)
    console.print(Text(f"peak {format_bytes(peak)}, budget {budget} (|), limit {limit} (right end)\n"))


def _figures(result: Result) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", no_wrap=True, style="bold")
    table.add_column(style="dim", overflow="fold")
    for one in figures(result):
        table.add_row(one.label, printable(one.value), printable(one.note))
    return table


def _peaks(result: Result) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title_justify="left", pad_edge=False)
    for heading in ("\npeak", "\nbytes", "\nof the limit", "\nmeasured as"):
        table.add_column(heading, justify="left" if heading in ("\npeak", "\nmeasured as") else "right", no_wrap=True)
    for row in peak_rows(result):
        table.add_row(row.name, row.value, row.share, row.source)
    table.add_row()
    return table


def _imports(result: Result) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("import", "documents", "requests", "inputs billed", "unreclaimable after it"):
        table.add_column(heading, justify="right", no_wrap=True)
    for place, one in enumerate(result.body.imports[:_IMPORTS_MOST], 1):
        billed, after = format_count(one.provider.inputs), format_bytes(one.unreclaimable_after_bytes)
        table.add_row(str(place), format_count(one.documents), format_count(one.provider.requests), billed, after)
    if len(result.body.imports) > _IMPORTS_MOST:
        table.add_row("…")
    table.add_row()
    return table
