"""What changed between two traces, in words that the terminal, Markdown and HTML share."""

from reports.quantities import format_bytes, plural
from reports.trace_diff import DiffSide, PackageChange, SiteChange, TraceDiff

MEANING = "Bytes are what a function held on average in the second half of the import."


def sides(diff: TraceDiff) -> tuple[str, str]:
    """What is compared."""
    return f"before: {_side(diff.before)}", f"after:  {_side(diff.after)}"


def _side(side: DiffSide) -> str:
    revision = side.revision or ""
    short = revision[:10] + ("+" if revision.endswith("+") else "")
    heap = f"heap peak {format_bytes(side.heap_peak_bytes)}, held {format_bytes(side.held_bytes)}"
    return f"{side.name}, revision {short}, {heap}" if short else f"{side.name}, {heap}"


def verdict_sentence(diff: TraceDiff) -> str:
    """What it comes to, in one sentence."""
    grew = [one for one in diff.sites if one.delta_bytes > 0]
    shrank = [one for one in diff.sites if one.delta_bytes < 0]
    parts = []
    if grew:
        parts.append(f"{plural(len(grew), 'function')} grew, most of all {grew[0].function} in {grew[0].file}")
    if shrank:
        last = min(shrank, key=lambda one: one.delta_bytes)
        parts.append(f"{plural(len(shrank), 'function')} shrank, most of all {last.function} in {last.file}")
    if not parts:
        return f"Nothing changed by more than the noise floor of {format_bytes(diff.floor_bytes)}."
    return "; ".join(parts) + "."


def floor_sentence(diff: TraceDiff) -> str:
    """What is not listed."""
    others, together = plural(diff.within_floor, "other function"), change_bytes(diff.within_floor_bytes)
    rest = f"{others} changed by less than that, {together} together"
    return f"{MEANING} Noise floor {format_bytes(diff.floor_bytes)}: {rest}."


def cells(one: SiteChange | PackageChange) -> tuple[str, str, str]:
    """The figures of one row: change, before, after."""
    return change_bytes(one.delta_bytes), _size(one.before_bytes), _size(one.after_bytes)


def change_bytes(count: int) -> str:
    """`+3.1 MB`, `-812 kB`."""
    return f"{'+' if count > 0 else ''}{format_bytes(count)}"


def _size(count: int) -> str:
    return format_bytes(count) if count else "0"
