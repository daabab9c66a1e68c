"""Say what this machine offers, and what would make the rest available."""

import argparse

from harness.containers.doctor import describe, diagnose

EXAMPLE = """example:
  halfgig doctor
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`halfgig doctor` takes nothing."""


def execute(arguments: argparse.Namespace) -> int:
    """Examine the machine and print what was found."""
    for line in describe(diagnose()):
        print(line)
    return 0
