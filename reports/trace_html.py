"""The sections of a run's report that tell where its memory was."""

from collections.abc import Sequence
from importlib import resources

from reports.markup import Child, Markup, join, tag
from reports.quantities import format_bytes, format_share
from reports.result import Result
from reports.trace import FLAMEGRAPH, TRACE, Account, AccountRow, PackageBytes, StageHeap, TopSite, TraceBody
from reports.trace_wording import KINDS, account_sentence, cost_sentence, share_sentence, trace_sentence

_NOTHING = join([])
_OPEN = 12


def trace_style() -> str:
    """What these sections need beyond the report's own style."""
    return resources.files("reports").joinpath("trace.css").read_text(encoding="utf-8")


def trace_sections(result: Result) -> Markup:
    """Show top sites, packages, stages and the account; empty where the run was not traced."""
    trace = result.body.trace
    if trace is None:
        return _NOTHING
    sampling = result.body.sampling
    return join(
        [
            _where(trace, sampling.cpu_share if sampling else None),
            _stages(trace.by_stage),
            _account(trace.account, result.body.peak.unreclaimable_bytes),
        ]
    )


def _where(trace: TraceBody, sampling_share: float | None) -> Markup:
    links = (tag("a", text, href=href) for text, href in ((FLAMEGRAPH, FLAMEGRAPH), (TRACE, TRACE)))
    flame, data = links
    return tag(
        "section",
        tag("h2", "Where the memory is: functions at the heap's peak"),
        tag("p", trace_sentence(trace), " ", share_sentence(trace)),
        _sites(trace.top, trace.heap_peak_bytes),
        tag("h3", "By package of the function"),
        _packages(trace.by_package, trace.heap_peak_bytes),
        tag("p", "memray's flame graph: ", flame, ". Every function, with who called it: ", data, "."),
        tag("p", cost_sentence(trace.cost, sampling_share), class_="muted"),
    )


def _sites(sites: Sequence[TopSite], whole: int) -> Markup:
    rows = [
        _row("heap", one.bytes, whole, sites[0].bytes, tag("code", one.function), f"{one.file}:{one.line}")
        for one in sites
    ]
    heads, rest = ("bytes", "share", "", "function", "file"), rows[_OPEN:]
    more = tag("details", tag("summary", f"the next {len(rest)}", class_="muted"), _table(heads, rest))
    return join([_table(heads, rows[:_OPEN]), more if rest else _NOTHING])


def _packages(packages: Sequence[PackageBytes], whole: int) -> Markup:
    rows = [_row("heap", one.bytes, whole, packages[0].bytes, one.package) for one in packages[:_OPEN]]
    return _table(("bytes", "share", "", "package"), rows)


def _stages(stages: Sequence[StageHeap]) -> Markup:
    if not stages:
        return _NOTHING
    widest = max(one.heap_bytes for one in stages)
    rows = [_row("heap", one.heap_bytes, widest, widest, one.stage, _held_by(one.top)) for one in stages]
    return tag(
        "section",
        tag("h2", "The heap at its highest in each stage"),
        _table(("bytes", "of the most", "", "stage", "who held most then"), rows),
    )


def _held_by(sites: Sequence[TopSite]) -> str:
    return ", ".join(f"{one.function} {format_bytes(one.bytes)}" for one in sites)


def _account(account: Account | None, peak_bytes: int | None) -> Markup:
    if account is None:
        return _NOTHING
    return tag(
        "section",
        tag("h2", "The account of the peak"),
        tag("p", account_sentence(account, peak_bytes)),
        _rows(account.rows, account),
        tag("h3", "File cache at that moment, which the kernel takes back when memory is short"),
        _rows(account.file_cache, account),
    )


def _rows(rows: Sequence[AccountRow], account: Account) -> Markup:
    widest = max((abs(one.bytes) for one in account.rows), default=1)
    shown = [
        _row(one.kind, one.bytes, account.peak_bytes, widest, KINDS[one.kind], one.name)
        for one in rows
        if one.bytes or one.kind == "unexplained"
    ]
    return _table(("bytes", "of the peak", "", "part", "what"), shown)


def _row(kind: str, count: int, whole: int, widest: int, *words: Child) -> Markup:
    width = min(100 * abs(count) / widest, 100) if widest else 0
    bar = tag("div", style=f"width:{width:.1f}%", class_=kind)
    return tag(
        "tr",
        tag("td", format_bytes(count), class_="n"),
        tag("td", format_share(count, whole), class_="n"),
        tag("td", bar, class_="track"),
        *(tag("td", one, class_="wrap") for one in words),
    )


def _table(heads: Sequence[str], rows: Sequence[Markup]) -> Markup:
    head = (tag("th", one, class_="n" if place < 2 else None) for place, one in enumerate(heads))
    return tag("div", tag("table", tag("tr", *head), *rows), class_="scroll")
