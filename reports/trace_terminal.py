"""Where a run's memory was, in the terminal: the largest functions, and the account by kind."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.hostile_text import printable
from reports.quantities import format_bytes, format_share
from reports.trace import TraceBody
from reports.trace_wording import account_sentence, cost_sentence, kind_sums, share_sentence, trace_sentence

_SITES_MOST = 10


def print_trace(trace: TraceBody, peak_bytes: int | None, sampling_share: float | None, console: Console) -> None:
    """Print it; `peak_bytes` is that of the untraced run."""
    console.print()
    for sentence in (trace_sentence(trace), share_sentence(trace)):
        if sentence:
            console.print(Text(sentence), soft_wrap=True)
    console.print(_sites(trace))
    if trace.account:
        console.print()
        console.print(Text(account_sentence(trace.account, peak_bytes)), soft_wrap=True)
        console.print(_account(trace))
    console.print()
    console.print(Text(cost_sentence(trace.cost, sampling_share), style="dim"), soft_wrap=True)


def _sites(trace: TraceBody) -> Table:
    table = _table(("bytes", "of the heap"), ("function", "file"))
    for one in trace.top[:_SITES_MOST]:
        share = format_share(one.bytes, trace.heap_peak_bytes)
        table.add_row(format_bytes(one.bytes), share, printable(one.function), printable(f"{one.file}:{one.line}"))
    return table


def _account(trace: TraceBody) -> Table:
    table = _table(("bytes", "of the peak"), ("part",))
    if trace.account:
        for one in kind_sums(trace.account):
            table.add_row(format_bytes(one.bytes), format_share(one.bytes, trace.account.peak_bytes), one.name)
    return table


def _table(figures: tuple[str, ...], words: tuple[str, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in figures:
        table.add_column(f"\n{heading}", justify="right", no_wrap=True)
    for heading in words:
        table.add_column(f"\n{heading}", overflow="fold")
    return table
