"""Measured values of a load with their units, as people read them."""

from collections.abc import Callable, Mapping

from reports.quantities import UNKNOWN, format_bytes, format_count, format_duration


def format_seconds(seconds: float | None) -> str:
    """A time that somebody waits: in milliseconds while it is short."""
    if seconds is None:
        return UNKNOWN
    if seconds == 0:
        return "0"
    if seconds < 0.01:
        return f"{1000 * seconds:.1f} ms"
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else format_duration(seconds)


_SHOWN: Mapping[str, Callable[[float], str]] = {
    "s": format_seconds,
    "share": lambda value: f"{100 * value:.3g} %",
    "1/s": lambda value: f"{value:.3g}/s",
    "bytes": format_bytes,
    "bytes/h": lambda value: f"{format_bytes(value)}/h",
    "min": lambda value: f"{value:,.0f} min",
    "share of the limit": lambda value: f"{100 * value:.3g} % of the limit",
}


def show(value: float | None, unit: str) -> str:
    """`412 ms`, `0.08 %`, `12.4/s`, `132.4 MB`, `18.2 MB/h`, `240 min`."""
    return UNKNOWN if value is None else _SHOWN.get(unit, format_count)(value)
