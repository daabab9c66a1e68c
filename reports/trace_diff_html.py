"""What grew and shrank, as a page of its own."""

from collections.abc import Sequence
from importlib import resources

from reports.markup import Markup, join, tag
from reports.trace_diff import PackageChange, SiteChange, TraceDiff
from reports.trace_diff_wording import cells, floor_sentence, sides, verdict_sentence

_ROWS_MOST = 200
_NOTHING = join([])


def render_diff_html(diff: TraceDiff) -> str:
    """Give the whole page; it fetches nothing and runs nothing."""
    body = tag(
        "main",
        tag(
            "section",
            tag("h1", verdict_sentence(diff), class_="told"),
            tag("ul", *(tag("li", line) for line in sides(diff)), class_="plain"),
            *(tag("p", f"Note: {note}") for note in diff.notes),
        ),
        _changes("By function", ("function", "file"), diff.sites),
        _changes("By package", ("package",), diff.packages),
        tag("footer", floor_sentence(diff), class_="muted"),
    )
    return "<!doctype html>\n" + tag("html", _head(diff), tag("body", body), lang="en").text + "\n"


def _head(diff: TraceDiff) -> Markup:
    styles = [
        resources.files("reports").joinpath(name).read_text(encoding="utf-8") for name in ("style.css", "trace.css")
    ]
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"halfgig diff: {diff.before.name}, {diff.after.name}"),
        tag("style", Markup("\n".join(styles))),
    )


def _changes(title: str, names: tuple[str, ...], changes: Sequence[SiteChange | PackageChange]) -> Markup:
    if not changes:
        return _NOTHING
    widest = max(abs(one.delta_bytes) for one in changes)
    figures = (tag("th", one, class_="n") for one in ("change", "before", "after"))
    head = tag("tr", *figures, tag("th"), *(tag("th", one) for one in names))
    rows = [_row(one, names, widest) for one in changes[:_ROWS_MOST]]
    return tag("section", tag("h2", title), tag("div", tag("table", head, *rows), class_="scroll"))


def _row(one: SiteChange | PackageChange, names: tuple[str, ...], widest: int) -> Markup:
    change, *sizes = cells(one)
    side = "grew" if one.delta_bytes > 0 else "shrank"
    bar = tag("div", style=f"width:{100 * abs(one.delta_bytes) / widest:.1f}%", class_=side)
    return tag(
        "tr",
        tag("td", change, class_=f"n {side}"),
        *(tag("td", size, class_="n") for size in sizes),
        tag("td", bar, class_="track"),
        *(tag("td", getattr(one, name), class_="wrap") for name in names),
    )
