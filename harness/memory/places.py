"""Which package a file belongs to, and what it is called in every check-out."""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import PurePosixPath
from typing import NamedTuple

STANDARD_LIBRARY = "python"
UNKNOWN = "unknown"
_INSTALLED = re.compile(r"/(?:site|dist)-packages/(.+)$")
_STANDARD = re.compile(r"/lib(?:64)?/python\d[\w.]*/(.+)$")
_FROZEN = re.compile(r"<frozen ([\w.]+)>")


class Place(NamedTuple):
    """Where a function stands."""

    package: str
    file: str


def place_of(path: str, is_package: Callable[[PurePosixPath], bool]) -> Place:
    """The package and the name of a Python file or library; `is_package` says whether a folder has an __init__.py."""
    frozen = _FROZEN.fullmatch(path)
    if frozen:
        return Place(STANDARD_LIBRARY, path)
    installed = _INSTALLED.search(path)
    if installed:
        return Place(_top(installed[1]), installed[1])
    standard = _STANDARD.search(path)
    if standard:
        return Place(STANDARD_LIBRARY, f"{STANDARD_LIBRARY}/{standard[1]}")
    return _own(PurePosixPath(path), is_package)


def remembered(is_package: Callable[[PurePosixPath], bool]) -> Callable[[str], Place]:
    """`place_of` that works out each path once."""
    return lru_cache(maxsize=None)(lambda path: place_of(path, is_package))


def _top(relative: str) -> str:
    """The folder, or the module where there is none; `numpy.libs` holds numpy's libraries."""
    first = relative.partition("/")[0]
    return first.removesuffix(".py").removesuffix(".libs").partition(".cpython-")[0].partition(".abi3")[0]


def _own(path: PurePosixPath, is_package: Callable[[PurePosixPath], bool]) -> Place:
    """A file outside of Python's folders: its package is the outermost folder around it that is one."""
    root = path.parent
    while root != root.parent and is_package(root):
        root = root.parent
    relative = path.relative_to(root) if root != path else path
    return Place(_top(str(relative)), str(relative))
