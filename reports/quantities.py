"""Figures as people read them: bytes (MB is 2^20 bytes, as for the kernel and Docker), times, rates, shares."""

UNKNOWN = "unknown"
KIB, MIB = 2**10, 2**20


def format_bytes(count: float | None) -> str:
    """`132.4 MB`, `512 MB`, `3.9 kB`, `812 B`; MB stays the unit above a gigabyte, so that figures compare."""
    if count is None:
        return UNKNOWN
    if abs(count) < KIB:
        return f"{count:.0f} B"
    unit, size = ("kB", KIB) if abs(count) < MIB else ("MB", MIB)
    return f"{count / size:,.1f}".removesuffix(".0") + f" {unit}"


def format_count(count: float | None) -> str:
    """`20,000`."""
    return UNKNOWN if count is None else f"{count:,.0f}"


def format_duration(seconds: float | None) -> str:
    """`0.42 s`, `12.3 s`, `2 min 05 s`, `3 h 07 min`."""
    if seconds is None:
        return UNKNOWN
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def format_clock(seconds: float) -> str:
    """`0:42`, `12:05`, `1:02:05`: a place on a time axis that is longer than a minute."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def format_rate(per_second: float | None, what: str = "") -> str:
    """`8,012/s`, `9.4/s`; `8,012 chunks/s` of `what`."""
    if per_second is None:
        return UNKNOWN
    figure = f"{per_second:,.0f}" if per_second >= 100 else f"{per_second:.1f}"
    return f"{figure} {what}/s" if what else f"{figure}/s"


def format_share(part: float | None, whole: float | None) -> str:
    """`23.1 %` of `whole`; unknown without either, or of nothing."""
    if part is None or not whole:
        return UNKNOWN
    return f"{100 * part / whole:.1f} %"


def plural(count: int | None, one: str, many: str = "") -> str:
    """`1 document`, `20,000 documents`."""
    return f"{format_count(count)} {one if count == 1 else many or one + 's'}"
