"""What a stack says: which function allocated, and whether that was part of an import."""

from collections.abc import Callable, Sequence

from harness.memory.capture import Frame, StackReader
from harness.memory.places import Place

_NEAR = 8
_INLINED = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>", "<lambda>"})
_IMPORTING = "<frozen importlib."
_LAUNCHER = "/harness/memory/launcher.py"
"""Stands around everything, and alone for what no function allocated."""


def leaf_of(stack: StackReader) -> Frame | None:
    """The innermost function that stands in a file; a comprehension counts as the function around it."""
    first = stack(1)
    if first and _has_file(first[0]) and first[0].function not in _INLINED:
        return first[0]
    near = stack(_NEAR)
    return _leaf(near) or (_leaf(stack(0)) if len(near) == _NEAR else None)


def importing_package(stack: Sequence[Frame], place: Callable[[str], Place]) -> str | None:
    """The package whose module was being imported, None when nothing was.

    The code of a module counts for the module that imported it first: that is whose stack it was read on.
    """
    if not any(frame.file.startswith(_IMPORTING) for frame in stack):
        return None
    module = next((frame for frame in stack if frame.function == "<module>" and _has_file(frame)), stack[-1])
    return place(module.file).package


def _leaf(stack: Sequence[Frame]) -> Frame | None:
    for position, frame in enumerate(stack):
        if _has_file(frame):
            return frame._replace(function=_around(stack, position))
    return None


def _has_file(frame: Frame) -> bool:
    """Generated code (`<string>`) stands in no file; the frozen modules of the interpreter do."""
    if not frame.function or frame.file.endswith(_LAUNCHER):
        return False
    return not frame.file.startswith("<") or frame.file.startswith("<frozen ")


def _around(stack: Sequence[Frame], position: int) -> str:
    frame = stack[position]
    for outer in stack[position + 1 :]:
        if frame.function not in _INLINED or outer.file != frame.file:
            break
        frame = outer
    return frame.function
