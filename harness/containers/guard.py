"""A tiny process beside each container that kills what is in it as soon as the harness is gone.

PR_SET_PDEATHSIG would be tied to the thread that started the target, and reaches no children. A guard waits for
the end of a pipe that only the harness holds, so it also acts when the harness is killed.
"""

import contextlib
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_WAIT = 'while read -r word; do [ "$word" = done ] && exit 0; last=$word; done\n'

_KILL_GROUPS = (
    _WAIT
    + """
round=0
while [ -d "$1" ] && [ "$round" -lt 200 ]; do
    while read -r pid; do [ "$pid" -gt 0 ] && kill -s KILL "$pid"; done < "$1/cgroup.procs"
    rmdir "$@"
    round=$((round + 1)); sleep 0.05
done
"""
)

_KILL_SESSION = _WAIT + '[ "${last:-none}" = none ] || kill -s KILL -- "-$last"\n'

_RUN = _WAIT + 'exec "$@"\n'


class Guard:
    """The guard of one container."""

    def __init__(self, script: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", script, "halfgig-guard", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=environment,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The guard's own process."""
        return self._process.pid

    def watch(self, leader: int | None) -> None:
        """Make `leader` the process group that is killed, None for no group."""
        self._tell("none" if leader is None else str(leader))

    def release(self) -> None:
        """End the guard, which then kills nothing; may be called again."""
        self._tell("done")
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process.wait()

    def _tell(self, word: str) -> None:
        if self._process.stdin is None or self._process.stdin.closed:
            return
        with contextlib.suppress(OSError):
            self._process.stdin.write(f"{word}\n".encode())
            self._process.stdin.flush()


def guard_groups(directories: Sequence[Path]) -> Guard:
    """A guard that kills what is in the first of `directories` and then removes all of them."""
    return Guard(_KILL_GROUPS, [str(one) for one in directories])


def guard_session() -> Guard:
    """A guard that kills the process group it was last told to watch."""
    return Guard(_KILL_SESSION, [])


def guard_by_command(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Guard:
    """A guard that becomes `command` once the harness is gone."""
    return Guard(_RUN, command, environment)
