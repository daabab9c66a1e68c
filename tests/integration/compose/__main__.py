"""`python -m tests.integration.compose`: bring the environment up, crash and resume an import in it, take it down."""

import sys
import tempfile
from contextlib import closing
from pathlib import Path

from harness.corpora.sources import load_corpus
from tests.integration.compose.crash_and_resume import crash_and_resume
from tests.integration.compose.stack import Stack, new_stack

CORPUS = "synthetic:300"


class Up:
    """A stack that is up until it is closed."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        stack.up()

    def close(self) -> None:
        """Take it down."""
        self.stack.down()


def main() -> int:
    """Do it and say whether nothing was lost."""
    with tempfile.TemporaryDirectory() as folder, closing(Up(new_stack())) as up:
        outcome = crash_and_resume(up.stack, load_corpus(CORPUS), Path(folder), print)
        if "--load" in sys.argv[1:]:
            print(up.stack.load()[1])
    same = outcome.stored == outcome.undisturbed
    print("nothing was lost" if same else f"what is stored differs: {outcome}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
