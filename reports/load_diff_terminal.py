"""Two load runs beside each other, in the terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.hostile_text import printable
from reports.load_diff import LOAD_DIFF_HEADS, LoadDiff, load_diff_rows


def print_load_diff(diff: LoadDiff, console: Console) -> None:
    """Print when both were, and one row a figure."""
    console.print(Text(printable(f"{diff.before} → {diff.after}"), style="dim"), soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for place, head in enumerate(LOAD_DIFF_HEADS):
        table.add_column(head, justify="right" if place else "left", overflow="fold")
    for row in load_diff_rows(diff):
        table.add_row(*(Text(printable(cell)) for cell in row))
    console.print(table)
