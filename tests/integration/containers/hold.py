"""A small harness for the tests: holds a target that stays, says who is in it, and closes it when interrupted."""

import json
import sys
from contextlib import closing
from pathlib import Path

from harness.containers.backends import choose
from harness.containers.container import ImageLaunch, Launch, Mount


def main(backend_name: str, folder: str, target: str, image: str) -> None:
    """Start `orphan:stay` and `stay`, and wait."""
    backend, _ = choose(backend_name)
    env = {"TOLD": f"{folder}/told"}
    words = (target, "orphan:say:orphan+stay", "stay")
    mounts = (Mount(Path(folder), read_only=False), Mount(Path(target).parent, read_only=True))
    inside = ImageLaunch(image, None, ("python3", *words), mounts, env, port=8000)
    log_path = Path(folder) / "log"
    launch = Launch((sys.executable, *words), env, Path(folder), 200 * 2**20, None, log_path, "held", image=inside)
    with closing(backend.create(launch)) as container:
        container.start()
        for _ in sys.stdin:  # a line each time that the test wants to know
            guard = (getattr(container, "_guard", None) or container._parts.guard).pid  # type: ignore[attr-defined]
            sys.stdout.write(json.dumps({"pids": container.pids(), "guard": guard}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
