"""`report.html` of a sweep: the answer, claims, cost model, heat maps, Pareto front, trials; self-contained."""

from pathlib import Path

from reports.result import SweepResult
from reports.run_directory import REPORT
from reports.sweep_page import render_sweep
from reports.sweep_tables import write_tables


def write_sweep_report(directory: Path, result: SweepResult) -> Path:
    """Draw the report and write the tables as CSV beside it; says where the report is."""
    write_tables(directory, result)
    path = directory / REPORT
    path.write_text(render_sweep(result), encoding="utf-8")
    return path
