"""What grew and shrank, in the terminal."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.hostile_text import printable
from reports.trace_diff import PackageChange, SiteChange, TraceDiff
from reports.trace_diff_wording import cells, floor_sentence, sides, verdict_sentence

_SITES_MOST, _PACKAGES_MOST = 25, 12


def print_diff(diff: TraceDiff, console: Console, page: Path | None = None) -> None:
    """Print both sides, what changed by site and by package, and where the page is."""
    for line in sides(diff):
        console.print(Text(printable(line)), soft_wrap=True)
    console.print()
    console.print(Text(printable(verdict_sentence(diff)), style="bold"), soft_wrap=True)
    if diff.sites:
        console.print(_table(("function", "file"), diff.sites[:_SITES_MOST]))
    if diff.packages:
        console.print(_table(("package",), diff.packages[:_PACKAGES_MOST]))
    console.print()
    console.print(Text(floor_sentence(diff), style="dim"), soft_wrap=True)
    for note in diff.notes:
        console.print(Text(f"note: {printable(note)}", style="yellow"), soft_wrap=True)
    if page is not None:
        console.print(Text(f"page: {page}"), soft_wrap=True)


def _table(names: tuple[str, ...], changes: Sequence[SiteChange | PackageChange]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("change", "before", "after"):
        table.add_column(f"\n{heading}", justify="right", no_wrap=True)
    for heading in names:
        table.add_column(f"\n{heading}", overflow="fold")
    for one in changes:
        change, *sizes = cells(one)
        style = "red" if one.delta_bytes > 0 else "green"
        table.add_row(Text(change, style=style), *sizes, *(printable(getattr(one, name)) for name in names))
    return table
