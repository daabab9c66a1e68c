"""Where the real documents are, or a skip that says what would enable the test."""

import os
from pathlib import Path

import pytest


def real_documents() -> Path:
    """The folder that HALFGIG_CORPUS names; skips the test where it is not set."""
    folder = os.environ.get("HALFGIG_CORPUS")
    if not folder:
        pytest.skip("HALFGIG_CORPUS is not set: export it as the path of a folder with records/, pdfs/ and hostile/")
    return Path(folder)
