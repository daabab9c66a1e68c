"""The one place where a result's kind decides how it is drawn."""

from pathlib import Path

from rich.console import Console

from reports import html
from reports.crash_html import render_crash
from reports.crash_markdown import render_crash_markdown
from reports.crash_terminal import print_crash
from reports.gate_html import render_gate
from reports.gate_markdown import render_gate_markdown
from reports.gate_terminal import print_gate
from reports.load_html import write_load_report
from reports.load_markdown import render_load_markdown
from reports.load_terminal import print_load
from reports.markdown import render_markdown
from reports.result import AnyResult, CrashResult, GateResult, LoadResult, Result, SweepResult, read_result
from reports.run_directory import REPORT, RESULT
from reports.sweep_html import write_sweep_report
from reports.sweep_markdown import render_sweep_markdown
from reports.sweep_terminal import print_sweep
from reports.terminal import print_result


def write_any_report(directory: Path) -> Path:
    """Draw `report.html` of a run directory and say where it is; ResultError where it has no usable result."""
    match read_result(directory / RESULT):
        case Result():
            return html.write_report(directory)
        case CrashResult() as result:
            path = directory / REPORT
            path.write_text(render_crash(result), encoding="utf-8")
            return path
        case LoadResult() as result:
            return write_load_report(directory, result)
        case SweepResult() as result:
            return write_sweep_report(directory, result)
        case GateResult() as result:
            path = directory / REPORT
            path.write_text(render_gate(result), encoding="utf-8")
            return path


def print_any(result: AnyResult, console: Console, report: Path | None = None) -> None:
    """Print the end of whatever it was."""
    match result:
        case Result():
            print_result(result, console, report)
        case CrashResult():
            print_crash(result, console, report)
        case LoadResult():
            print_load(result, console, report)
        case SweepResult():
            print_sweep(result, console, report)
        case GateResult():
            print_gate(result, console, report)


def markdown_of(result: AnyResult) -> str:
    """A short summary in Markdown."""
    match result:
        case Result():
            return render_markdown(result)
        case CrashResult():
            return render_crash_markdown(result)
        case LoadResult():
            return render_load_markdown(result)
        case SweepResult():
            return render_sweep_markdown(result)
        case GateResult():
            return render_gate_markdown(result)
