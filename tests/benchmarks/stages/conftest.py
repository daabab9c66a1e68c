"""What every saved benchmark says of the environment that it holds for."""

import os
from typing import Any

from harness.fingerprint import take_fingerprint


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Add halfgig's fingerprint: times compare only where all of it is equal, peaks where its binding half is."""
    taken = take_fingerprint(
        corpus_digest="",
        knobs={},
        limit_bytes=0,
        cpus=None,
        backend="none",
        target_env=os.environ,
        postgres="",
    )
    machine_info["node"] = ""  # the files are committed, and a host's name is nobody's business
    machine_info["fingerprint"] = {"binding": dict(taken.binding), "informing": dict(taken.informing)}
