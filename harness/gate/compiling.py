"""Byte code for both sides before the first run: compiling inside the container would count as the service's memory."""

import compileall
from collections.abc import Sequence
from pathlib import Path

from harness.gate.revision import tracked_sources


def compile_tracked(repository: Path, trees: Sequence[Path]) -> None:
    """Compile every Python file that git knows of, in each of the trees; what does not compile is left alone."""
    for name in tracked_sources(repository):
        for tree in trees:
            if (tree / name).is_file():
                compileall.compile_file(tree / name, quiet=2)
