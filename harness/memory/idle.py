"""What the target's interpreter costs alone, and with the tracer loaded; also whether it can be traced at all."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.containers.container import Launch
from harness.containers.launcher import find_program
from harness.memory.mappings import Mapped, parse_smaps
from harness.memory.traced_target import LAUNCHER, Untraceable, interpreter_of

_TIMEOUT_S = 30.0
_BARE = (
    "import sys; version = '.'.join(map(str, sys.version_info[:3])); "
    "sys.stdout.write(f'{version}\\n\\n' + open('/proc/self/smaps').read())"
)


@dataclass(frozen=True, slots=True)
class Idle:
    """The target's interpreter before it runs any program."""

    python: str
    memray: str
    bare: Mapped
    traced: Mapped
    hook_reason: str | None
    """Why memray's own hook follows the stack, at a higher cost; None where it does not."""


Ask = Callable[[Launch, Sequence[str]], subprocess.CompletedProcess[str]]
"""Runs a command once where the target would run, outside of any limit."""


def look_idle(launch: Launch) -> Idle | Untraceable:
    """Start the interpreter of an untraced `launch` twice, outside of any container."""
    words = interpreter_of(launch.command)
    if isinstance(words, Untraceable):
        return words
    return _look(launch, (find_program(launch), *words[1:]), _run_here)


def look_idle_inside(launch: Launch, ask: Ask) -> Idle | Untraceable:
    """The same in the image of `launch`, which `ask` runs a command in."""
    words = interpreter_of(launch.image.command if launch.image else ())
    return words if isinstance(words, Untraceable) else _look(launch, words, ask)


def _look(launch: Launch, python: tuple[str, ...], ask: Ask) -> Idle | Untraceable:
    bare = _first_lines_and_smaps(launch, (*python, "-c", _BARE), ask)
    if isinstance(bare, Untraceable):
        return bare
    traced = _first_lines_and_smaps(launch, (*python, str(LAUNCHER), "--idle"), ask)
    if isinstance(traced, Untraceable):
        return Untraceable(f"memray cannot be used by its interpreter, {python[0]} ({traced.reason})")
    return Idle(bare[0], traced[0], bare[2], traced[2], traced[1] or None)


def _run_here(launch: Launch, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=dict(launch.env),
        cwd=launch.cwd,
        timeout=_TIMEOUT_S,
        capture_output=True,
        text=True,
        check=False,
    )


def _first_lines_and_smaps(launch: Launch, command: Sequence[str], ask: Ask) -> tuple[str, str, Mapped] | Untraceable:
    try:
        told = ask(launch, command)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Untraceable(f"{Path(command[0]).name} could not be asked: {error}")
    if told.returncode:
        said = told.stderr.strip().splitlines()
        return Untraceable(said[-1] if said else f"status {told.returncode}")
    first, _, rest = told.stdout.partition("\n")
    second, _, smaps = rest.partition("\n")
    return first, second, parse_smaps(smaps)
