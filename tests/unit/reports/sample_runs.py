"""Run directories as a run would leave them, made from a seed: for tests, and to look at the reports."""

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reports.observations import read_samples
from reports.quantities import MIB
from reports.result import (
    Documents,
    Exit,
    Fingerprint,
    Header,
    Import,
    ImportProvider,
    Peak,
    PeakSources,
    Provider,
    Reason,
    Result,
    RunBody,
    Sampling,
    Verdict,
    write_result,
)

HOSTILE_NAME = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\u202efdp.\ud800|`\n"


@dataclass(frozen=True, slots=True)
class Shape:
    """How memory and progress go in a made-up run."""

    duration_s: float
    idle_mb: float
    grown_mb: float
    """What the import adds by its end."""
    killed_at: float | None = None
    """Progress at which the OOM killer strikes."""
    restarts: bool = False
    imports: int = 1
    limit_mb: int = 512
    interval_s: float = 0.02


SURVIVES = Shape(21.0, 62, 44)
KILLED = Shape(19.0, 70, 111, killed_at=0.69, limit_mb=160)
RESTARTS = Shape(38.0, 70, 111, killed_at=0.69, restarts=True, limit_mb=160)
TWICE = replace(SURVIVES, duration_s=30.0, imports=2)


def passing() -> Result:
    """A result of 20,000 documents that all fitted."""
    return Result(_header(Verdict.PASS), _body())


def killed() -> Result:
    """A result of a run whose service was OOM-killed at 69 % and stayed down."""
    reasons = (
        Reason(
            "oom_killed", "The kernel OOM-killed the service (python, pid 4711) at 69 % of the import, in stage embed"
        ),
        Reason("unaccounted_documents", "6,214 of 20,000 documents are neither stored nor listed with a reason"),
    )
    body = replace(
        _body(),
        peak=Peak(159 * MIB + 4711, 151 * MIB, 160 * MIB, 160 * MIB, 171 * MIB),
        oom_kills=1,
        killed="python (pid 4711)",
        exit=Exit(None, "SIGKILL"),
        documents=Documents(20_000, 13_786, 0, 3),
        chunks_stored=None,
        chunks_per_s=None,
        imports=(),
        digest=None,
    )
    head = replace(
        _header(Verdict.FAIL, reasons),
        limit_bytes=160 * MIB,
        budget_bytes=160 * MIB,
        knobs={**_header(Verdict.FAIL).knobs, "window": 0},
        command="halfgig run --set window=0 --corpus synthetic:20000 --limit 160MB --budget 100%",
        duration_s=19.0,
    )
    return Result(head, body)


def invalid() -> Result:
    """A result of a run that exercised nothing; almost everything is unknown."""
    reason = Reason("target_not_ready", "The target was not ready within 30 s; its last lines are in target.log")
    return Result(replace(_header(Verdict.INVALID, (reason,)), duration_s=30.2), RunBody(not_exercised=("the import",)))


def simulated() -> Result:
    """A passing result whose limit no kernel enforced."""
    good = passing()
    return Result(replace(good.header, backend="watchdog", simulated=True), good.body)


def restarted() -> Result:
    """A result of a run that was killed at 69 %, started again and ended well, yet failed for the kill."""
    bad = killed()
    reasons = (Reason("oom_killed", "The kernel OOM-killed the service once, at 69 % of the import; it was restarted"),)
    head = replace(bad.header, reasons=reasons, duration_s=38.0)
    return Result(head, replace(_body(), peak=bad.body.peak, oom_kills=1, killed=bad.body.killed, restarts=1))


def write_run(directory: Path, result: Result, shape: Shape | None, seed: int = 1, failures: int = 0) -> Path:
    """Fill `directory` as a run of this result and shape would; without a shape nothing was sampled."""
    directory.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)  # noqa: S311
    _write_lines(directory / "samples.jsonl", _samples(shape, chance) if shape else iter(()))
    write_result(directory / "result.json", _measured(result, directory) if shape else result)
    _write_lines(directory / "events.jsonl", _events(shape) if shape else iter(({"t": 0.0, "kind": "start"},)))
    if failures:
        _write_lines(directory / "failures.jsonl", _failures(failures, chance))
    return directory


def _measured(result: Result, directory: Path) -> Result:
    """Give the result the peaks that its samples have."""
    samples = list(read_samples(directory / "samples.jsonl"))
    top = max(samples, key=lambda one: one.unreclaimable)
    total = max(one.total for one in samples)
    peak = Peak(top.unreclaimable, top.anon, int(top.unreclaimable + 14 * MIB), total, top.anon + 18 * MIB)
    sampling = Sampling(20.0, len(samples), 2)
    return Result(result.header, replace(result.body, peak=peak, sampling=sampling))


def _header(verdict: Verdict, reasons: tuple[Reason, ...] = ()) -> Header:
    return Header(
        verdict=verdict,
        reasons=reasons,
        scenario="default",
        target="importer",
        backend="cgroup v1",
        simulated=False,
        limit_bytes=512 * MIB,
        budget_bytes=int(512 * MIB * 0.65),
        knobs={
            "window": 256,
            "embedding_provider": "openai",
            "embedding_batch_size": 32,
            "openai_batch_size": 32,
            "store_batch_size": 96,
            "embed_concurrency": 2,
            "extraction": True,
            "index": False,
        },
        fingerprint=Fingerprint(
            {
                "architecture": "x86_64",
                "python": "3.11",
                "libc": "glibc 2.36",
                "allocator": "MALLOC_ARENA_MAX unset",
                "dependencies": "sha256:5f0c2a9e",
                "corpus": "sha256:94d1b6aa4c1b2f",
                "cpus": 1.0,
                "cgroup": "v1",
            },
            {"cpu": "Xeon at 2.2 GHz, 2 cores", "kernel": "6.18.5", "image_date": None},
        ),
        started_at="2026-11-22T15:45:01Z",
        duration_s=21.0,
        command="halfgig run --corpus ../corpus/arxiv.jsonl --limit 512MB",
    )


def _body() -> RunBody:
    return RunBody(
        peak=Peak(int(118.3 * MIB), int(109.1 * MIB), int(131.9 * MIB), int(214.6 * MIB), int(127.4 * MIB)),
        peak_sources=PeakSources("samples", "samples", "samples", "kernel", "kernel"),
        oom_kills=0,
        documents=Documents(20_000, 19_997, 3, 12),
        chunks_stored=40_211,
        chunks_per_s=3012.4,
        provider=Provider(6_284, 60_208, 0),
        imports=(Import(ImportProvider(6_284, 60_208), 20_000, int(101.2 * MIB)),),
        digest="md5:0b7c5a1f2f6f4a8e9a3d",
        cpu_s=17.31,
        restarts=0,
        sampling=Sampling(20.0, 1_050, 2),
        notes=("The page cache was warmed first.",),
        not_exercised=("cohere embeddings", "the HNSW index", "a restart of the database"),
    )


def _samples(shape: Shape, chance: random.Random) -> Iterator[dict[str, Any]]:
    for tick in range(int(shape.duration_s / shape.interval_s)):
        t = tick * shape.interval_s
        anon = _anon_mb(shape, t, chance) * MIB
        kernel = (4.5 + 0.02 * t) * MIB if anon else MIB // 2
        shmem = 3.2 * MIB if anon else 0
        room = shape.limit_mb * MIB - anon - kernel - shmem
        file = min((20 + 6 * t) * MIB if anon else 8 * MIB, 90 * MIB, room)
        parts = {"anon_bytes": anon, "shmem_bytes": shmem, "file_bytes": file, "inactive_file_bytes": file * 0.7}
        parts |= {"kernel_bytes": kernel, "total_bytes": anon + shmem + file + kernel}
        yield {"t": round(t, 4), **{name: int(count) for name, count in parts.items()}, "cpu_s": round(t * 0.8, 3)}


def _anon_mb(shape: Shape, t: float, chance: random.Random) -> float:
    down, up = _downtime(shape)
    if down <= t < up:
        return 0.0
    life, begun = (t - up, up) if t >= up else (t, 0.0)
    loading = min(life / 1.3, 1.0)
    share = max(_share(shape, t) - (0.6 if begun else 0.0), 0.0)
    wave = 9 * abs(math.sin(life * 2.1)) * min(share * 20, 1.0)
    grown: float = share ** (1.0 if shape.killed_at else 0.35)
    return shape.idle_mb * loading + (shape.grown_mb - 12) * grown + wave + chance.random() * 2


def _downtime(shape: Shape) -> tuple[float, float]:
    if shape.killed_at is None:
        return math.inf, math.inf
    down = 2.0 + shape.killed_at * (shape.duration_s - (14.0 if shape.restarts else 3.0))
    return down, down + 2.5 if shape.restarts else math.inf


def _share(shape: Shape, t: float) -> float:
    down, up = _downtime(shape)
    working = min(t, down) - 2.0 + max(t - up - 1.5, 0.0)
    whole = shape.duration_s - (14.0 if shape.restarts else 3.0)
    if shape.killed_at is None:
        whole = shape.duration_s - 2.4
    return min(max(working / whole, 0.0), 1.0)


def _events(shape: Shape) -> Iterator[dict[str, Any]]:
    down, up = _downtime(shape)
    yield {"t": 0.0, "kind": "start"}
    yield {"t": 1.3, "kind": "ready"}
    yield {"t": 2.0, "kind": "upload", "documents": 20_000}
    stages = ("read", "extract", "embed", "store")
    for tick in range(int(2.0 / 0.25), int(shape.duration_s / 0.25)):
        t = tick * 0.25
        if t < down or t > up + 1.5:
            progress = _progress(shape, t)
            stage = stages[min(int(4 * (t - 2.0) / (shape.duration_s - 2.0)), 3)]
            yield progress
            yield {"t": t, "kind": "stage", "job": progress["job"], "stage": stage}
    yield from _ends(shape, down, up)


def _progress(shape: Shape, t: float) -> dict[str, Any]:
    share = _share(shape, t) * shape.imports
    number = min(int(share), shape.imports - 1)
    done = min(share - number, 1.0)
    return {
        "t": t,
        "kind": "progress",
        "progress": round(done, 4),
        "job": f"job-{number + 1}",
        "documents_done": int(done * 20_000),
    }


def _ends(shape: Shape, down: float, up: float) -> Iterator[dict[str, Any]]:
    if shape.killed_at is not None:
        yield {"t": down, "kind": "oom_kill", "progress": shape.killed_at, "stage": "embed"}
        yield {"t": down + 0.02, "kind": "exit", "signal": "SIGKILL"}
    if shape.restarts:
        yield {"t": up, "kind": "restart"}
    if shape.killed_at is None or shape.restarts:
        for number in range(1, shape.imports + 1):
            last = shape.duration_s - 0.4
            yield {"t": 2.0 + (last - 2.0) * number / shape.imports, "kind": "end", "job": f"job-{number}"}


def _failures(count: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    yield {"name": HOSTILE_NAME, "reason": "malformed", "detail": f"not a PDF: {HOSTILE_NAME}"}
    whys = {"empty": "no text in it", "encrypted": "it needs a password", "timeout": "took longer than 60 s"}
    for number in range(1, count):
        reason = chance.choice(sorted(whys))
        yield {"name": f"papers/2019/thesis-{number}.pdf", "reason": reason, "detail": whys[reason]}


def _write_lines(path: Path, lines: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
