"""Prometheus text: every metric of the process in one place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from importer.counters import Counters
from importer.jobs import STATUSES
from importer.memory import MemoryState


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; a sample is its labels (as `name="value"`, or empty) and its value."""

    name: str
    kind: str
    text: str
    samples: tuple[tuple[str, float], ...]


def collect(
    counters: Counters, memory: MemoryState, jobs: Mapping[str, int], index: str, rss_bytes: int
) -> list[Metric]:
    """Gather every metric from what was read."""
    return [
        _gauge("process_resident_memory_bytes", "memory of the process that is in RAM", rss_bytes),
        _gauge("importer_memory_usage_bytes", "memory charged to the cgroup, less inactive cache", memory.usage_bytes),
        _gauge("importer_memory_limit_bytes", "limit of the cgroup, 0 where there is none", memory.limit_bytes or 0),
        _counter("importer_oom_kills_total", "processes of the cgroup that the OOM killer ended", memory.oom_kills),
        Metric(
            "importer_jobs", "gauge", "imports by status", tuple((f'status="{s}"', jobs.get(s, 0)) for s in STATUSES)
        ),
        Metric("importer_index", "gauge", "state of the HNSW index", ((f'state="{index}"', 1),)),
        _counter("importer_chunks_stored_total", "chunks stored by this process", counters.chunks_stored),
        _counter("importer_documents_settled_total", "documents settled by this process", counters.documents_settled),
        _counter("importer_provider_requests_total", "requests to providers", counters.provider_requests),
        _counter("importer_provider_retries_total", "retries among the requests", counters.provider_retries),
        _counter("importer_billed_inputs_total", "inputs that providers answered", counters.billed_inputs),
        _counter("importer_llm_cache_hits_total", "LLM answers found in the cache", counters.cache_hits),
        _counter("importer_llm_cache_misses_total", "LLM answers not found in the cache", counters.cache_misses),
        _gauge("importer_llm_cache_entries", "LLM answers in the cache", counters.cache_entries),
        _gauge("importer_llm_cache_bytes", "size of the LLM answers in the cache", counters.cache_bytes),
    ]


def render(metrics: Iterable[Metric]) -> str:
    """Write metrics in the Prometheus text format, version 0.0.4."""
    lines = []
    for metric in metrics:
        lines += [f"# HELP {metric.name} {metric.text}", f"# TYPE {metric.name} {metric.kind}"]
        lines += [f"{metric.name}{f'{{{labels}}}' if labels else ''} {value:.17g}" for labels, value in metric.samples]
    return "\n".join(lines) + "\n"


def read_rss_bytes(status: Path = Path("/proc/self/status")) -> int:
    """Return the resident memory of this process; 0 where the system does not tell."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), 0)


def _gauge(name: str, text: str, value: float) -> Metric:
    return Metric(name, "gauge", text, (("", value),))


def _counter(name: str, text: str, value: float) -> Metric:
    return Metric(name, "counter", text, (("", value),))
