"""A small harness for the tests: holds a target that stays, says who is in it, and closes it when interrupted."""

import json
import sys
from contextlib import closing
from pathlib import Path

from harness.containers.backends import choose
from harness.containers.container import Launch


def main(backend_name: str, folder: str, target: str) -> None:
    """Start `orphan:stay` and `stay`, and wait."""
    backend, _ = choose(backend_name)
    env = {"TOLD": f"{folder}/told"}
    command = (sys.executable, target, "orphan:say:orphan+stay", "stay")
    launch = Launch(command, env, Path(folder), 200 * 2**20, None, Path(folder) / "log", "held")
    with closing(backend.create(launch)) as container:
        container.start()
        for _ in sys.stdin:  # a line each time that the test wants to know
            guard = container._guard.pid  # type: ignore[attr-defined]
            sys.stdout.write(json.dumps({"pids": container.pids(), "guard": guard}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
