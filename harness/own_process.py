"""Starts a module of this house in a process of its own, whatever packages the current folder has.

`python -m` looks into the current folder first: a project that has a `reports` of its own would be found in our place.
"""

import runpy
import sys
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent


def own_command(module: str, *words: str) -> list[str]:
    """The command that runs one of our modules; -P leaves out both the current folder and this one."""
    return [sys.executable, "-P", str(Path(__file__).resolve()), module, *words]


if __name__ == "__main__":
    sys.path.insert(0, str(HOUSE))
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
