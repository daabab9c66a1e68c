"""The command `halfgig`: where a package is missing it says what to install."""

import sys


def main() -> int:
    """Run the command line; exit status 2 where it is not wholly installed."""
    try:
        from harness.cli import main as run
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        if package in ("", "harness", "reports"):
            raise
        remedy = "`pip install 'halfgig[harness]'` installs all that the command line needs"
        print(f"halfgig: the package {package} is not installed; {remedy}", file=sys.stderr)  # noqa: T201
        return 2
    return run()
