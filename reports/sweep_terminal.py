"""The end of a sweep in the terminal."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.hostile_text import printable
from reports.quantities import format_bytes, format_rate
from reports.result import SweepResult, Verdict
from reports.sweep_body import Claim, CostModel, Recommendation, SweepCell
from reports.sweep_wording import (
    calls_words,
    claimed_words,
    coefficient_name,
    cost_words,
    details_words,
    elsewhere_words,
    interval_words,
    model_words,
    peaks_words,
    saved_words,
    setting_words,
    survival_words,
    sweep_figures,
    sweep_reasons,
    sweep_subject,
    time_words,
)
from reports.wording import SIMULATED

_STYLES = {
    Verdict.PASS: "bold white on green4",
    Verdict.FAIL: "bold white on red3",
    Verdict.INVALID: "bold black on yellow3",
}
_CELLS_MOST = 16


def print_sweep(result: SweepResult, console: Console, report: Path | None = None) -> None:
    """Print verdict, answer, claims, model and cells, and where the report is."""
    verdict, body = result.header.verdict, result.body
    console.print()
    console.print(
        Text.assemble((f" {verdict} ", _STYLES[verdict]), " ", (printable(sweep_subject(result)), "dim")),
        soft_wrap=True,
    )
    for sentence in sweep_reasons(result):
        console.print(Text(printable(sentence, 1000), style="bold"), soft_wrap=True)
    if result.header.simulated:
        console.print(Text(SIMULATED, style="yellow"), soft_wrap=True)
    console.print()
    if body.recommendation:
        _print_recommendation(body.recommendation, console)
    if body.claims:
        _print_claims(body.claims, console)
    if body.model.fitted or body.model.why:
        _print_model(body.model, console)
    if body.cells:
        _print_cells(body.cells, console)
    console.print(_figures(result))
    for line in body.notes:
        console.print(Text(f"note: {printable(line, 500)}", style="dim"), soft_wrap=True)
    if report is not None:
        console.print(Text(f"report: {report}"), soft_wrap=True)


def _print_recommendation(found: Recommendation, console: Console) -> None:
    for line in found.environment:
        console.print(Text(printable(line)), soft_wrap=True)
    if found.neighbours:
        console.print(Text("neighbours on the Pareto front:", style="dim"))
        for one in found.neighbours:
            words = f"{format_bytes(one.peak_bytes)}, {format_rate(one.chunks_per_s, 'chunks')}"
            console.print(Text(printable(f"  {setting_words(one.knobs)}: {words}")), soft_wrap=True)
    console.print()


def _print_claims(claims: Sequence[Claim], console: Console) -> None:
    for one in claims:
        name = f"{one.name} ({one.on})" if one.on else one.name
        console.print(Text(f"{one.verdict:<9}  {printable(name)}", style="bold"), soft_wrap=True)
        lines = [
            details_words(one),
            f"claimed {claimed_words(one)}, measured {saved_words(one)}, {one.rounds} rounds; {peaks_words(one)}",
            f"calls {calls_words(one)}; time {time_words(one)}; survives the limit {survival_words(one)}",
        ]
        if one.elsewhere:
            lines.append(f"elsewhere: {elsewhere_words(one)} ({one.elsewhere.source})")
        for line in (*lines, one.why):
            if line:
                console.print(Text(f"           {printable(line, 500)}", style="dim"), soft_wrap=True)
    console.print()


def _print_model(model: CostModel, console: Console) -> None:
    console.print(Text(printable(model_words(model), 1000)), soft_wrap=True)
    if model.fitted:
        table = _table(("cost of one more", "", ""), "lrr")
        for one in (*model.floors, *model.coefficients):
            table.add_row(
                printable(coefficient_name(one)), cost_words(one.bytes_per_unit), interval_words(one.interval_bytes)
            )
        console.print(table)
    console.print()


def _print_cells(cells: Sequence[SweepCell], console: Console) -> None:
    """A line a cell, the fastest first; their intervals are in the report."""
    for one in sorted(cells, key=lambda one: -(one.chunks_per_s or 0.0))[:_CELLS_MOST]:
        marks = [word for word, holds in (("Pareto", one.pareto), ("over budget", one.within_budget is False)) if holds]
        marks += [f"{one.killed} killed"] if one.killed else []
        figures = f"{format_rate(one.chunks_per_s, 'chunks'):>14}  {format_bytes(one.peak_bytes):>9}"
        words = f"{figures}  {one.trials} x  {setting_words(one.setting)}  {', '.join(marks)}"
        console.print(Text(printable(words)), soft_wrap=True)
    if len(cells) > _CELLS_MOST:
        console.print(Text(f"and {len(cells) - _CELLS_MOST} more in the report", style="dim"))
    console.print()


def _figures(result: SweepResult) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", style="bold")
    table.add_column(style="dim", overflow="fold")
    for one in sweep_figures(result):
        table.add_row(one.label, printable(one.value), printable(one.note))
    return table


def _table(heads: Sequence[str], columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for head, letter in zip(heads, columns, strict=True):
        table.add_column(head, justify="right" if letter == "r" else "left", overflow="fold")
    return table
