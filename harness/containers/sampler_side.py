"""Runs beside a target where the harness cannot see the target's group: looks when asked, and answers in JSON.

Each line that it reads is `watch PID` (a process of the machine it runs on), `look` or `all`; each answer is one line.
Where the watched process ends, it looks once more at once, before the engine removes the group.
"""

import contextlib
import json
import os
import select
import sys
from collections.abc import Mapping
from dataclasses import asdict

from harness.containers.look import NOTHING, GroupEye, Look, group_of


class Watched:
    """The process that is watched, and what was seen of its group."""

    def __init__(self, pid: int) -> None:
        group = group_of(pid)
        self._eye = GroupEye(group) if group is not None else None
        self._descriptor: int | None = None
        with contextlib.suppress(ProcessLookupError):
            self._descriptor = os.pidfd_open(pid)

    @property
    def waits_for(self) -> tuple[int, ...]:
        """What becomes readable once the process has ended."""
        return () if self._descriptor is None else (self._descriptor,)

    @property
    def provenance(self) -> Mapping[str, str]:
        """Where the figures come from."""
        return {} if self._eye is None else self._eye.provenance

    def look(self, word: str) -> Look:
        """What its group holds."""
        if self._eye is None:
            return NOTHING
        return self._eye.look() if word == "look" else self._eye.look_at_all()

    def ended(self) -> None:
        """Look a last time."""
        self.look("all")
        self.close()

    def close(self) -> None:
        """Wait no more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


def main() -> None:
    """Answer until the input ends."""
    watched = Watched(os.getpid())
    # Without a buffer: what waits in one would not be seen by `select`.
    asked = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115
    while True:
        ready, _, _ = select.select([asked.fileno(), *watched.waits_for], [], [])
        if asked.fileno() not in ready:
            watched.ended()
            continue
        line = asked.readline().decode().split()
        if not line:
            return
        if line[0] == "watch":
            watched.close()
            watched = Watched(int(line[1]))
        answer = asdict(watched.look(line[0])) | {"provenance": dict(watched.provenance)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
