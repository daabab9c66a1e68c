"""The target's command rewritten so that the launcher starts it, in the terms of its target file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from harness.target import Target
from reports.trace import Mode

LAUNCHER = Path(__file__).resolve().with_name("launcher.py")
LAZY_STACK = LAUNCHER.with_name(f"lazy_stack{EXTENSION_SUFFIXES[0]}")
"""Compiled for the interpreter of the harness; the launcher looks for one of its own interpreter's."""
_INTERPRETER = re.compile(r"\{python\}|(.*/)?python(\d+(\.\d+)?)?")
_OPTIONS_WITH_A_WORD = ("-W", "-X", "--check-hash-based-pycs")


@dataclass(frozen=True, slots=True)
class Untraceable:
    """Why a target cannot be traced, as one sentence."""

    reason: str


def traced_target(target: Target, capture: Path, mode: Mode) -> Target | Untraceable:
    """The same target, started by the launcher that has memray write `capture`."""
    words = traced_command(target.command, LAUNCHER, capture, mode)
    if isinstance(words, Untraceable):
        return words
    return replace(target, command=words)


def traced_command(command: Sequence[str], launcher: Path, capture: Path, mode: Mode) -> tuple[str, ...] | Untraceable:
    """`python [OPTION…] (-m MODULE | SCRIPT) …` with the launcher put before the module or script."""
    interpreter = interpreter_of(command)
    if isinstance(interpreter, Untraceable):
        return interpreter
    return (*interpreter, literal(str(launcher)), literal(str(capture)), mode, *command[len(interpreter) :])


def interpreter_of(command: Sequence[str]) -> tuple[str, ...] | Untraceable:
    """The words before the module or script: Python and its options."""
    program, *rest = command
    if not _INTERPRETER.fullmatch(program):
        return Untraceable(f"its command starts with {program!r}, which is not a Python interpreter")
    place = _options_end(rest)
    if place == len(rest) or rest[place] in ("-", "-c"):
        return Untraceable("its command gives Python neither a module (-m) nor a script")
    return (program, *rest[:place])


def literal(text: str) -> str:
    """`text` as a target file writes it: braces there are placeholders."""
    return text.replace("{", "{{").replace("}", "}}")


def _options_end(words: Sequence[str]) -> int:
    """Where the interpreter's own options end."""
    place = 0
    while place < len(words) and words[place].startswith("-") and words[place] not in ("-", "-c", "-m"):
        place += 2 if words[place] in _OPTIONS_WITH_A_WORD else 1
    return min(place, len(words))
