"""HTML and SVG that cannot be broken out of: every text is escaped on the way in, only `Markup` passes as it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from reports.hostile_text import printable

Attribute = str | float | None


@dataclass(frozen=True, slots=True)
class Markup:
    """A well-formed piece of HTML or SVG."""

    text: str


Child = Markup | str


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """Make an element; of an attribute's name a trailing `_` is dropped and `_` becomes `-`; None leaves it out."""
    return element(name, {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}, *children)


def element(name: str, attributes: Mapping[str, Attribute], *children: Child) -> Markup:
    """Make an element whose attributes have names that Python cannot write, such as `viewBox`."""
    shown = "".join(f' {key}="{_attribute(value)}"' for key, value in attributes.items() if value is not None)
    inner = join(children).text
    if not inner and name in _EMPTY:
        return Markup(f"<{name}{shown}/>")
    return Markup(f"<{name}{shown}>{inner}</{name}>")


_EMPTY = {"meta", "line", "rect", "path", "circle", "br"}


def join(children: Iterable[Child]) -> Markup:
    """Put the children after one another."""
    return Markup("".join(one.text if isinstance(one, Markup) else escape(printable(one)) for one in children))


def number(value: float) -> str:
    """Write a coordinate as short as a tenth of a pixel needs."""
    return f"{value:.1f}".removesuffix(".0")


def _attribute(value: str | float) -> str:
    # Paths and attributes of our own are long; what others chose never is one uncut.
    return escape(printable(value, len(value)) if isinstance(value, str) else number(value))
