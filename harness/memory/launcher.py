"""Runs a Python program under memray: `python launcher.py CAPTURE MODE (-m MODULE | SCRIPT) ARGUMENT…`.

It runs inside the target, so it is one file, imports memray and the standard library only, and keeps what it costs
small. The capture is written as it happens: a process that is killed leaves one that can be read to its end.

Where the compiled `lazy_stack` stands beside it, memray is told the stack at an allocation and not at every call.

`python launcher.py --idle` says what it costs before the program starts: a line with memray's version, one with what
kept lazy_stack from being used, if anything did, then /proc/self/smaps.
"""

import os
import runpy
import signal
import sys
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from pathlib import Path
from types import FrameType, ModuleType
from typing import NoReturn

SNAPSHOT_INTERVAL_MS = 50
"""How often memray notes size and time: the grid on which stages and the heap's peak are placed."""
TERMINATED = 128 + signal.SIGTERM
ASKED_BY = "1.20."
"""The memray for which lazy_stack is made."""
FRAMES_COMPARED = {"cheap": 20_000, "exact": 8}
"""So many frames in a row that are as they were at the last allocation stand for those outside of them.

With 8, all that is shown of a site's way is right. To compare whole stacks takes the importer 2.2 times the CPU time
instead of 1.9 where each object is recorded, and next to nothing where blocks are.
"""
_STUBBED = ("rich", "rich.progress")


def _do_nothing(*_arguments: object, **_options: object) -> None:
    """What memray calls of rich in a target: `print`, for a warning about greenlets."""


class _Stub(ModuleType):
    """Stands for a module of which memray takes names that only its command line uses."""

    __path__ = []  # noqa: RUF012  (what marks a module as a package)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return _do_nothing


def load_memray() -> ModuleType:
    """Import memray without rich, which is half of its memory and only draws progress bars."""
    stubs = {name: _Stub(name) for name in _STUBBED if name not in sys.modules}
    sys.modules.update(stubs)
    import memray

    for name in stubs:
        del sys.modules[name]
    return memray


def read_stacks_lazily(memray: ModuleType, folder: str, compared: int) -> str:
    """Have memray told the stack by the lazy_stack in `folder`; why it cannot be, else an empty text."""
    path = os.path.join(folder, f"lazy_stack{EXTENSION_SUFFIXES[0]}")  # noqa: PTH118
    if not memray.__version__.startswith(ASKED_BY):
        return f"it is made for memray {ASKED_BY}*, not {memray.__version__}"
    if not os.path.exists(path):  # noqa: PTH110
        return "it was not compiled for this Python where halfgig was installed"
    try:
        loader = ExtensionFileLoader("lazy_stack", path)
        lazy_stack = loader.create_module(ModuleSpec("lazy_stack", loader, origin=path))
        lazy_stack.install(memray._memray, memray._memray.__file__, compared)
    except (ImportError, MemoryError, UnicodeError) as error:
        return str(error)
    return ""


def main(arguments: list[str]) -> None:
    """Start tracking and become the program."""
    memray = load_memray()
    mode = "cheap" if arguments == ["--idle"] else arguments[1]
    folder = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    kept_from = read_stacks_lazily(memray, folder, FRAMES_COMPARED[mode])
    if arguments == ["--idle"]:
        sys.stdout.write(f"{memray.__version__}\n{kept_from}\n{Path('/proc/self/smaps').read_text()}")
        return
    capture, _, *program = arguments
    # Programs that set a handler of their own end through it; any other would die of SIGTERM without a last word.
    signal.signal(signal.SIGTERM, _exit)
    with memray.Tracker(
        destination=memray.FileDestination(capture, overwrite=True, compress_on_exit=False),
        trace_python_allocators=mode == "exact",
        memory_interval_ms=SNAPSHOT_INTERVAL_MS,
    ):
        _become(program)


def _exit(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(TERMINATED)


def _become(program: list[str]) -> None:
    """Do what `python -m MODULE` or `python SCRIPT` does."""
    module = program[0] == "-m"
    sys.argv[:] = program[1:] if module else program
    if not sys.flags.safe_path:
        # The launcher's own folder stands there, where the program's would.
        sys.path[0] = os.getcwd() if module else os.path.dirname(os.path.abspath(program[0]))  # noqa: PTH109, PTH100, PTH120
    if module:
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
