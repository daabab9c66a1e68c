"""The environment that a result holds for: what binds a comparison, and what only informs it."""

import os
import platform
import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from harness.containers.container import Inside
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
    inside: Inside | None = None,
) -> Fingerprint:
    """The fingerprint of a run: of the harness' own interpreter, or of what the target has `inside` its image."""
    here = inside or Inside("", platform.python_version(), " ".join(platform.libc_ver()), _installed())
    binding: dict[str, str | int | float | None] = {
        "architecture": platform.machine(),
        "python": ".".join(here.python.split(".")[:2]),
        "libc": here.libc,
        "allocator": _settings(target_env),
        "huge_pages": chosen(_read("/sys/kernel/mm/transparent_hugepage/enabled")),
        "dependencies": " ".join(f"{name}={here.versions[name]}" for name in _DEPENDENCIES if name in here.versions),
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
        "python_build": here.python,
        **({"image": here.image} if here.image else {}),
        "postgres": postgres,
    }
    return Fingerprint(binding=binding, informing=informing)


def cgroup_version() -> str:
    """`v2`, `v1`, or `none`: who holds the memory controller on this machine."""
    if "memory" in _read("/sys/fs/cgroup/cgroup.controllers").split():
        return "v2"
    return "v1" if Path("/sys/fs/cgroup/memory").is_dir() else "none"


def chosen(setting: str) -> str:
    """`madvise` of the kernel's `always [madvise] never`; empty where it has no such setting."""
    found = re.search(r"\[(\w+)\]", setting)
    return found[1] if found else ""


def _settings(env: Mapping[str, str]) -> str:
    return " ".join(f"{name}={env[name]}" for name in sorted(env) if name.startswith(_ALLOCATOR_PREFIXES))


def _installed() -> dict[str, str]:
    return {one.name.lower(): one.version for one in metadata.distributions() if one.name}


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
