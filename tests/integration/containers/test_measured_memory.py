"""What is measured: against known amounts, between backends, and in the samples on disk."""

import json
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from harness.containers.container import Backend, Container, wait_for_exit
from harness.containers.doctor import filesystem_of
from harness.memory.sampler import INTERVAL_MS, Observer, Peaks, Sampler
from tests.integration.containers.conftest import DEADLINE_S, Bench, Start, available

MIB = 2**20
CLOSE_BYTES = 4 * MIB


def test_tmpfs_counts_and_file_cache_does_not(bench: Bench) -> None:
    """A file in memory is unreclaimable though nobody maps it; a cached file on disk is told apart."""
    backend = available("cgroup")
    if filesystem_of(bench.folder, Path("/proc/self/mountinfo").read_text()) in ("tmpfs", "ramfs", "rootfs"):
        pytest.skip(f"{bench.folder} is not on a disk; set TMPDIR to a folder that is")
    launch = bench.launch("say:up", "hear", "tmpfs:20", "cache:30", "say:taken", "stay")
    with closing(backend.create(launch)) as container:
        container.start()
        bench.hear()
        before = container.sample()
        bench.ask()
        bench.hear()
        after = container.sample()
        peak_bytes = container.counters().kernel_peak_bytes

    assert after.shmem_bytes - before.shmem_bytes == pytest.approx(20 * MIB, abs=CLOSE_BYTES)
    assert after.file_bytes - before.file_bytes == pytest.approx(30 * MIB, abs=CLOSE_BYTES)
    assert after.unreclaimable_bytes - before.unreclaimable_bytes < 30 * MIB
    assert peak_bytes is not None
    assert peak_bytes >= after.total_bytes


def test_the_parts_explain_the_limit_at_an_oom_kill(bench: Bench) -> None:
    """When a group is killed for memory, anonymous, shared and kernel memory are what fills its limit."""
    backend, limit_bytes = available("cgroup"), 100 * MIB
    actions = ("shmem:20", "tmpfs:10", *["anon:1"] * 200)
    with closing(backend.create(bench.launch(*actions, limit_bytes=limit_bytes))) as container:
        peaks = sample_until_exit(container, bench.folder / "samples.jsonl")

    assert peaks.unreclaimable_bytes > 0.9 * limit_bytes
    assert peaks.unreclaimable_bytes <= 1.01 * limit_bytes


def test_cgroup_and_watchdog_agree_within_a_tenth(bench: Bench) -> None:
    """The same work has the same unreclaimable peak on both backends."""
    measured = {}
    for name in ("cgroup", "watchdog"):
        backend = available(name)
        with ExitStack() as stack:
            launch = bench.launch("anon:30", "shmem:10", "say:taken", "stay")
            container = stack.enter_context(closing(backend.create(launch)))
            sampler = Sampler(
                container, bench.folder / f"{name}.jsonl", origin_s=time.monotonic(), interval_ms=INTERVAL_MS
            )
            container.start()
            sampler.start()
            stack.callback(sampler.stop)
            bench.hear()
            measured[name] = sampler.stop().peaks.unreclaimable_bytes

    assert measured["watchdog"] == pytest.approx(measured["cgroup"], rel=0.1)


def test_samples_are_written_through_a_restart(start: Start, bench: Bench, backend: Backend) -> None:
    """The file has one object a sample, before and after a restart, and the report says how well it went."""
    path, seen = bench.folder / "samples.jsonl", []
    container = start("say:up", "stay")
    sampler = Sampler(
        container, path, origin_s=time.monotonic(), interval_ms=5, observers=[Observer(2, lambda: seen.append(1))]
    )
    sampler.start()
    bench.hear()
    container.signal(9)
    assert wait_for_exit(container, DEADLINE_S) is not None
    container.start()
    bench.hear()
    report = sampler.stop()

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == report.samples >= 3
    assert set(lines[0]) == {
        "t", "anon_bytes", "shmem_bytes", "file_bytes", "inactive_file_bytes", "kernel_bytes", "total_bytes", "cpu_s"
    }  # fmt: skip
    assert lines == sorted(lines, key=lambda one: one["t"])
    assert lines[-1]["anon_bytes"] > MIB
    assert len(seen) == report.samples // 2
    assert 0 < report.interval_p50_ms <= report.interval_p99_ms


def sample_until_exit(container: Container, path: Path) -> Peaks:
    """Start, sample every 5 ms until the end, and give the peaks."""
    sampler = Sampler(container, path, origin_s=time.monotonic(), interval_ms=5)
    container.start()
    sampler.start()
    assert wait_for_exit(container, DEADLINE_S) is not None
    return sampler.stop().peaks
