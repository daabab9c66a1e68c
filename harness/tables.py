"""Reads TOML tables strictly: every key is known and of its type, and an error says where and how to mend it."""

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from harness.errors import ScenarioError

T = TypeVar("T")
_NAMES = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; ScenarioError where it is missing or broken."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScenarioError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read as TOML: {error}") from None


def value(table: Mapping[str, Any], key: str, kind: type[T], default: T | None, where: str) -> T:
    """`table[key]` of type `kind`, or the default; without a default the key is needed."""
    if key not in table:
        if default is None:
            raise ScenarioError(f"{where}: the key {key!r} is missing")
        return default
    found = table[key]
    if kind is float and isinstance(found, int) and not isinstance(found, bool):
        found = float(found)
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        raise ScenarioError(f"{where}: {key} = {found!r} is not {_NAMES[kind]}")
    # No comparison with nan is ever true, so that it would pass every check there is.
    if isinstance(found, float) and not math.isfinite(found):
        raise ScenarioError(f"{where}: {key} = {found!r} is not a finite number")
    return found


def number(table: Mapping[str, Any], key: str, default: float, where: str) -> float:
    """A number that is not below zero."""
    found = value(table, key, float, default, where)
    if found < 0:
        raise ScenarioError(f"{where}: {key} = {found:g} is below zero")
    return found


def texts(table: Mapping[str, Any], where: str) -> dict[str, str]:
    """A table whose values are plain scalars, as texts: numbers and true/false are written as TOML has them."""
    for key, found in table.items():
        if isinstance(found, dict | list):
            raise ScenarioError(f"{where}: {key} must be a single value")
    return {key: str(found).lower() if isinstance(found, bool) else str(found) for key, found in table.items()}


def refuse_unknown(keys: Iterable[str], known: Iterable[str], where: str, what: str = "key") -> None:
    """ScenarioError for the first key that is not known, with the nearest known ones."""
    names = sorted(known)
    for key in keys:
        if key not in names:
            raise ScenarioError(f"{where}: unknown {what} {key!r}{suggestion(key, names)}")


def suggestion(word: str, names: list[str]) -> str:
    """`; did you mean …?` with the nearest names, or the list of all names."""
    near = difflib.get_close_matches(word, names, n=2, cutoff=0.6)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    return f"; known are {', '.join(names)}" if names else ""
