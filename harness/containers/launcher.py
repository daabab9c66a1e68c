"""Starts the main process of a container, in its groups before the target's own program runs."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.containers.container import Launch
from harness.errors import BackendError

# A shell joins the groups and is then replaced, so that nothing of the target is charged elsewhere. Python's
# preexec_fn would do the same, but can deadlock in a harness with threads. `env -i` takes away what shells add.
_JOIN = """
count=$1; shift
while [ "$count" -gt 0 ]; do
    echo 0 > "$1" || { echo "halfgig: cannot join $1" >&2; exit 126; }
    shift; count=$((count - 1))
done
exec env -i "$@"
"""


def launch_process(launch: Launch, join: Sequence[Path]) -> subprocess.Popen[bytes]:
    """Start `launch` in a session of its own, after it has joined the groups whose `cgroup.procs` are in `join`."""
    return _start(launch, [*_shell(), str(len(join)), *map(str, join)], None)


def launch_with(launch: Launch, words: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start `launch` in a session of its own by a program (`words`, with `environment`) that becomes the target."""
    return _start(launch, [*words, *_shell(), "0"], environment)


def _shell() -> list[str]:
    return ["/bin/sh", "-c", _JOIN, "halfgig"]


def _start(launch: Launch, before: Sequence[str], environment: Mapping[str, str] | None) -> subprocess.Popen[bytes]:
    variables = [f"{name}={value}" for name, value in launch.env.items()]
    command = [find_program(launch), *launch.command[1:]]
    try:
        with launch.log_path.open("ab") as log:
            return subprocess.Popen(
                [*before, *variables, *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=launch.cwd,
                start_new_session=True,
            )
    except OSError as error:
        raise BackendError(f"{launch.name} could not be started in {launch.cwd}: {error}") from None


def find_program(launch: Launch) -> str:
    """The path of the program of `launch`, looked up in its own PATH; BackendError says where it was looked for."""
    program = launch.command[0]
    if "/" in program:
        path = launch.cwd / program
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
        raise BackendError(f"{launch.name}: {path} is not a program; mend `command` of the target file")
    places = launch.env.get("PATH", os.defpath)
    found = shutil.which(program, path=places)
    if found is None:
        raise BackendError(
            f"{launch.name}: no program {program!r} in its PATH ({places}); mend `command` or PATH of the target file"
        )
    return found
