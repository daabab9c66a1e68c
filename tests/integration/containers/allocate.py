"""A target for the tests: does its arguments in order, each `action` or `action:value`.

`anon:MB`, `shmem:MB`, `tmpfs:MB`, `cache:MB` take memory of that kind; `child:ACTIONS` (joined by `+`) runs a child and
waits for it; `orphan:ACTIONS` leaves one in a session of its own; `say:WORD` writes a line to the pipe $TOLD, `hear`
waits for one from $ASKED; `burn:S` uses the CPU for S seconds of wall time and says how many CPU seconds it got;
`environment` says the variables; `stay` waits for ever; `exit:N` ends.
"""

import json
import mmap
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

MIB = 2**20
PAGE = 4096


def touch(memory: mmap.mmap) -> None:
    """Write to every page."""
    for offset in range(0, len(memory), PAGE):
        memory[offset] = 1


def anon(megabytes: str) -> object:
    """Private anonymous memory, touched."""
    memory = mmap.mmap(-1, int(megabytes) * MIB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    touch(memory)
    return memory


def shmem(megabytes: str) -> object:
    """Shared anonymous memory, touched."""
    memory = mmap.mmap(-1, int(megabytes) * MIB, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
    touch(memory)
    return memory


def tmpfs(megabytes: str) -> object:
    """An anonymous file in memory, written and mapped by nobody."""
    descriptor = os.memfd_create("target")
    for _ in range(int(megabytes)):
        os.write(descriptor, b"x" * MIB)
    return descriptor


def cache(megabytes: str) -> object:
    """A file on disk, written and read, so that its pages are cached."""
    path = Path(os.environ["SCRATCH"]) / "cached"
    with path.open("wb") as file:
        for _ in range(int(megabytes)):
            file.write(b"x" * MIB)
        os.fsync(file.fileno())
    path.read_bytes()
    return None


def child(actions: str) -> object:
    """A child process that does `actions`; its end is waited for."""
    return subprocess.run([sys.executable, __file__, *actions.split("+")], check=False)


def orphan(actions: str) -> object:
    """A process in a session of its own, not waited for."""
    return subprocess.Popen([sys.executable, __file__, *actions.split("+")], start_new_session=True)


def say(word: str) -> object:
    """A line to the test."""
    with Path(os.environ["TOLD"]).open("w") as pipe:
        pipe.write(f"{word}\n")
    return None


def hear(_: str) -> object:
    """Wait for a line from the test."""
    with Path(os.environ["ASKED"]).open() as pipe:
        return pipe.readline()


def burn(seconds: str) -> object:
    """Use the CPU for a while; says the CPU seconds that were had."""
    begun_s, end = time.process_time(), time.monotonic() + float(seconds)
    while time.monotonic() < end:
        pass
    return say(str(time.process_time() - begun_s))


def environment(_: str) -> object:
    """The variables that this process was given."""
    return say(json.dumps(dict(os.environ)))


def stay(_: str) -> object:
    """Wait for a signal."""
    signal.pause()
    return None


def leave(status: str) -> object:
    """End at once."""
    os._exit(int(status))


ACTIONS = {
    "anon": anon,
    "shmem": shmem,
    "tmpfs": tmpfs,
    "cache": cache,
    "child": child,
    "orphan": orphan,
    "say": say,
    "hear": hear,
    "burn": burn,
    "environment": environment,
    "stay": stay,
    "exit": leave,
}


if __name__ == "__main__":
    held = []
    for argument in sys.argv[1:]:
        action, _, value = argument.partition(":")
        held.append(ACTIONS[action](value))
