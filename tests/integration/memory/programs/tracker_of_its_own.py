"""Uses memray itself, as a program may."""

import tempfile

import memray

try:
    with memray.Tracker(tempfile.mktemp()):  # noqa: S306
        pass
except RuntimeError:
    print("went to its end")  # noqa: T201
