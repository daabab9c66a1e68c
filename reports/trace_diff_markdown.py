"""What grew and shrank, as Markdown for a pull request."""

from reports.markdown import plain, table
from reports.trace_diff import TraceDiff
from reports.trace_diff_wording import cells, floor_sentence, sides, verdict_sentence

_SITES_MOST, _PACKAGES_MOST = 40, 20


def render_diff_markdown(diff: TraceDiff) -> str:
    """Give both sides, the tables, and what is not listed; every text from outside is escaped."""
    sites = [(*cells(one), plain(one.function), plain(one.file)) for one in diff.sites[:_SITES_MOST]]
    packages = [(*cells(one), plain(one.package)) for one in diff.packages[:_PACKAGES_MOST]]
    parts = [
        "## What grew and shrank",
        "\n".join(f"- {plain(line)}" for line in sides(diff)),
        f"**{plain(verdict_sentence(diff))}**",
        table(("change", "before", "after", "function", "file"), sites) if sites else "",
        table(("change", "before", "after", "package"), packages) if packages else "",
        plain(floor_sentence(diff)),
        "\n".join(f"- note: {plain(note)}" for note in diff.notes),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
