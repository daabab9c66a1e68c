"""The environment that a result holds for: what binds a comparison, and what only informs it."""

import os
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from reports.result import Fingerprint

_ALLOCATOR_PREFIXES = ("MALLOC_", "GLIBC_TUNABLES", "PYTHONMALLOC", "LD_PRELOAD")
_DEPENDENCIES = (
    "fastapi", "uvicorn", "psycopg", "psycopg-pool", "procrastinate", "openai", "cohere", "httpx", "pypdfium2",
    "orjson", "pydantic", "uvloop", "httptools",
)  # fmt: skip


def take_fingerprint(
    *,
    corpus_digest: str,
    knobs: Mapping[str, str],
    limit_bytes: int,
    cpus: float | None,
    backend: str,
    target_env: Mapping[str, str],
    postgres: str,
) -> Fingerprint:
    """The fingerprint of a run on this machine, for a target that runs on the harness' own interpreter."""
    binding: dict[str, str | int | float | None] = {
        "architecture": platform.machine(),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "libc": " ".join(platform.libc_ver()),
        "allocator": _settings(target_env),
        "dependencies": " ".join(_versions()),
        "corpus": corpus_digest,
        "knobs": " ".join(f"{knob}={knobs[knob]}" for knob in sorted(knobs)),
        "limit_bytes": limit_bytes,
        "cpus": cpus,
        "backend": backend,
        "cgroup": cgroup_version(),
    }
    informing = {
        "cpu_model": _cpu_model(),
        "cpu_count": os.cpu_count(),
        "kernel": platform.release(),
        "postgres": postgres,
    }
    return Fingerprint(binding=binding, informing=informing)


def cgroup_version() -> str:
    """`v2`, `v1`, or `none`: who holds the memory controller on this machine."""
    if "memory" in _read("/sys/fs/cgroup/cgroup.controllers").split():
        return "v2"
    return "v1" if Path("/sys/fs/cgroup/memory").is_dir() else "none"


def _settings(env: Mapping[str, str]) -> str:
    return " ".join(f"{name}={env[name]}" for name in sorted(env) if name.startswith(_ALLOCATOR_PREFIXES))


def _versions() -> list[str]:
    found = {one.name.lower(): one.version for one in metadata.distributions() if one.name}
    return [f"{name}={found[name]}" for name in _DEPENDENCIES if name in found]


def _cpu_model() -> str:
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""
