"""What a process has counted since it started; /metrics prints it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Counts of one process, written only from its event loop; the one mutable object that stages share."""

    provider_requests: int = 0
    """Requests that were sent to a provider, retries included."""
    provider_retries: int = 0
    billed_inputs: int = 0
    """Inputs (texts, prompts) of requests that a provider answered with 200."""
    chunks_stored: int = 0
    documents_settled: int = 0
    cache_hits: int = 0
    cache_misses: int = 0
    cache_entries: int = 0
    cache_bytes: int = 0
    """Size of the LLM answers that are kept in memory, their text in UTF-8."""
