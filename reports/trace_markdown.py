"""Where a run's memory was, as Markdown."""

from reports.markdown import plain, table
from reports.quantities import format_bytes, format_share
from reports.trace import TraceBody
from reports.trace_wording import account_sentence, cost_sentence, kind_sums, share_sentence, trace_sentence

_SITES_MOST = 10


def render_trace_markdown(trace: TraceBody, peak_bytes: int | None, sampling_share: float | None) -> str:
    """Give the largest functions and the account by kind; every text from outside is escaped."""
    sites = [
        (
            format_bytes(one.bytes),
            format_share(one.bytes, trace.heap_peak_bytes),
            plain(one.function),
            plain(f"{one.file}:{one.line}"),
        )
        for one in trace.top[:_SITES_MOST]
    ]
    parts = [
        "### Where the memory is",
        f"{trace_sentence(trace)} {share_sentence(trace)}".strip(),
        table(("bytes", "of the heap", "function", "file"), sites) if sites else "",
        *_account(trace, peak_bytes),
        cost_sentence(trace.cost, sampling_share),
    ]
    return "\n\n".join(part for part in parts if part)


def _account(trace: TraceBody, peak_bytes: int | None) -> tuple[str, ...]:
    account = trace.account
    if account is None:
        return ()
    rows = [
        (format_bytes(one.bytes), format_share(one.bytes, account.peak_bytes), one.name) for one in kind_sums(account)
    ]
    return (account_sentence(account, peak_bytes), table(("bytes", "of the peak", "part"), rows))
