"""The one place where a result's kind decides how it is drawn."""

from pathlib import Path

from rich.console import Console

from reports import html
from reports.crash_html import render_crash
from reports.crash_markdown import render_crash_markdown
from reports.crash_terminal import print_crash
from reports.markdown import render_markdown
from reports.result import AnyResult, CrashResult, Result, read_result
from reports.run_directory import REPORT, RESULT
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


def print_any(result: AnyResult, console: Console, report: Path | None = None) -> None:
    """Print the end of whatever it was."""
    match result:
        case Result():
            print_result(result, console, report)
        case CrashResult():
            print_crash(result, console, report)


def markdown_of(result: AnyResult) -> str:
    """A short summary in Markdown."""
    match result:
        case Result():
            return render_markdown(result)
        case CrashResult():
            return render_crash_markdown(result)
