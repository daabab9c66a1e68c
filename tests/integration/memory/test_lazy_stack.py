"""What memray is told of the stack at an allocation is what its own hook would have followed."""

import resource
import shutil
import subprocess
import sys
import sysconfig
from collections import Counter
from pathlib import Path

import pytest

from harness.memory.capture import Frame, open_capture
from harness.memory.traced_target import LAUNCHER, LAZY_STACK
from reports.trace import Mode

PROGRAM = Path(__file__).with_name("allocations.py")
PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
COUNTING = "def call(n): return n\nfor n in range(3_000_000): call(n)\n"
TIMEOUT_S = 120
DEEP, DEEPER_THAN_TOLD = 2000, 25_000

Held = tuple[tuple[Frame, ...], int]
"""A stack, innermost function first, and the bytes that it held at the peak."""


@pytest.fixture(autouse=True)
def _compiled() -> None:
    if not LAZY_STACK.exists():
        pytest.skip("lazy_stack was not compiled: install a C compiler and Python's headers, and halfgig once more")


@pytest.fixture(scope="module")
def hooking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The launcher in a folder of its own, without lazy_stack beside it."""
    return Path(shutil.copy(LAUNCHER, tmp_path_factory.mktemp("hooking")))


@pytest.fixture(scope="module")
def cheap(tmp_path_factory: pytest.TempPathFactory) -> list[Held]:
    """What the program held, by stack."""
    path = _trace(LAUNCHER, "cheap", tmp_path_factory.mktemp("cheap"), DEEPER_THAN_TOLD)
    return _held(path, 0)


def test_every_function_has_what_the_hook_gives_it(tmp_path: Path, hooking: Path) -> None:
    """The same bytes for each function of a program with threads, tasks, generators, finalizers and deep recursion."""
    told = _by_function(_held(_trace(LAUNCHER, "exact", tmp_path, DEEP), 1))
    hooked = _by_function(_held(_trace(hooking, "exact", tmp_path, DEEP), 1))

    assert told.keys() >= {"direct", "recursive", "generated", "unwound", "__del__", "größe", "awaited", "made_7"}
    # What the interpreter makes for a call itself is counted for the caller or the callee: a few hundred bytes.
    far = {name: (told[name], hooked[name]) for name in told | hooked if abs(told[name] - hooked[name]) > 4096}
    assert far == {}


def test_a_function_has_the_lines_from_which_it_was_called(cheap: list[Held]) -> None:
    """Two calls that differ by nothing but the caller's line are told apart."""
    lines = PROGRAM.read_text(encoding="utf-8").splitlines()
    callers = {
        stack[1].line for stack, _ in cheap if [one.function for one in stack[:2]] == ["direct", "from_two_lines"]
    }

    assert {lines[line - 1].strip() for line in callers} == {"direct(10_001)", "direct(10_002)"}


def test_of_a_stack_without_end_the_inner_frames_are_told(cheap: list[Held]) -> None:
    """The function that allocates is always there; of more frames than there is room for, outer ones are left out."""
    depths = {
        sum(frame.function == "recursive" for frame in stack)
        for stack, size in cheap
        if stack and stack[0].function == "recursive" and size >= 20_000
    }

    assert {11, 501} <= depths
    assert max(depths) > 1000


def test_what_a_library_allocates_without_the_gil_has_its_function(cheap: list[Held]) -> None:
    """A thread that has let go of the GIL still stands in the function that called the library."""
    assert _by_function(cheap)["without_the_gil"] > 2**20


@pytest.mark.parametrize("mode", ["cheap", "exact"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_that_is_hard_to_follow_goes_to_its_end(program: Path, mode: Mode, tmp_path: Path) -> None:
    """What ends without a tracer ends with it, and holds no more memory."""
    told = _run(LAUNCHER, tmp_path / "c.bin", mode, program)

    assert told.splitlines()[-1] == "went to its end"


def test_calls_that_allocate_nothing_cost_nothing(tmp_path: Path, hooking: Path) -> None:
    """The interpreter stays on its fast path: of what the hook costs, less than a third is left."""
    script = tmp_path / "counting.py"
    script.write_text(COUNTING, encoding="utf-8")
    plain_s = _cpu_s(script)
    told_s, hooked_s = (_cpu_s(one, tmp_path / "c.bin", "cheap", script) for one in (LAUNCHER, hooking))

    assert told_s - plain_s < (hooked_s - plain_s) / 3


def test_the_launcher_says_why_the_hook_is_used(hooking: Path) -> None:
    """Without a lazy_stack for its Python a program is traced all the same, at a cost that has a reason."""
    reasons = [_run(one, "--idle").split("\n")[1] for one in (LAUNCHER, hooking)]

    assert reasons == ["", "it was not compiled for this Python where halfgig was installed"]


def test_it_compiles_without_a_warning(tmp_path: Path) -> None:
    """The compiler has nothing to say against any of its files."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: install one to check the sources of lazy_stack")
    sources = sorted(LAUNCHER.with_name("native").glob("*.c"))
    include = f"-I{sysconfig.get_path('include')}"
    for options in ("-O0", "-O3"):
        command = [compiler, options, "-std=gnu11", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-fPIC", include]
        subprocess.run([*command, "-c", *sources], check=True, cwd=tmp_path, timeout=TIMEOUT_S)


def _run(*arguments: Path | str) -> str:
    return subprocess.run(
        [sys.executable, *map(str, arguments)], check=True, capture_output=True, text=True, timeout=TIMEOUT_S
    ).stdout


def _cpu_s(*arguments: Path | str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run(*arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _trace(launcher: Path, mode: Mode, folder: Path, deepest: int) -> Path:
    path = folder / f"{launcher.parent.name}.bin"
    _run(launcher, path, mode, PROGRAM, str(deepest))
    return path


def _held(path: Path, frames: int) -> list[Held]:
    """What each stack held, with so many of its innermost frames (0: all)."""
    with open_capture(path) as capture:
        return [(tuple(one.stack(frames)), one.bytes) for one in capture.held()]


def _by_function(held: list[Held]) -> Counter[str]:
    """What the functions of the program allocated themselves; a thread's own start is left out."""
    found = Counter[str]()
    for stack, size in held:
        if stack and (stack[0].file == str(PROGRAM) or stack[0].function.startswith("made_")):
            found[stack[0].function] += size
    return found
