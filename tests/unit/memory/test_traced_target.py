"""The launcher stands where the module or the script stood, and nothing else changes."""

from pathlib import Path

import pytest

from harness.memory.traced_target import Untraceable, interpreter_of, traced_command
from harness.target import fill_command

LAUNCHER, CAPTURE = Path("/halfgig/launcher.py"), Path("/runs/{odd}/capture.bin")
OURS = ("/halfgig/launcher.py", "/runs/{{odd}}/capture.bin", "cheap")


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (("{python}", "-m", "importer", "serve"), 0),
        (("/usr/bin/python3.12", "service.py", "--port", "{port}"), 0),
        (("python3", "-X", "dev", "-u", "-W", "error", "-m", "app"), 5),
        (("python", "-O", "app/main.py", "-c", "x"), 1),
    ],
)
def test_the_launcher_comes_between_python_and_the_program(command: tuple[str, ...], options: int) -> None:
    """Options of the interpreter stay before it, the program and its arguments behind it."""
    split = 1 + options
    assert interpreter_of(command) == command[:split]
    assert traced_command(command, LAUNCHER, CAPTURE, "cheap") == (*command[:split], *OURS, *command[split:])


def test_braces_in_a_path_are_no_placeholders() -> None:
    """A folder may be called anything."""
    words = traced_command(("{python}", "a.py"), LAUNCHER, CAPTURE, "exact")
    assert isinstance(words, tuple)
    assert fill_command(words, {}, "here")[1:] == ("/halfgig/launcher.py", "/runs/{odd}/capture.bin", "exact", "a.py")


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("uvicorn", "app:app"), "'uvicorn', which is not a Python interpreter"),
        (("/opt/pythonic/run",), "not a Python interpreter"),
        (("{python}", "-c", "print()"), "neither a module"),
        (("{python}", "-u"), "neither a module"),
        (("python3", "-W"), "neither a module"),
    ],
)
def test_what_cannot_be_traced_says_why(command: tuple[str, ...], reason: str) -> None:
    """A service in another language is run untraced, with a reason."""
    found = traced_command(command, LAUNCHER, CAPTURE, "cheap")
    assert isinstance(found, Untraceable)
    assert reason in found.reason
