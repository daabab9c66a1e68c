"""What the provider stub does, as one frozen object that can be replaced while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, get_type_hints

CONTROL_PATH = "/_halfgig/settings"
"""Where a running stub shows its settings (GET) and takes others (PUT), beside the endpoints."""


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Size, speed and limits of the stub's answers."""

    dimensions: int = 1536
    """Length of a vector, where the request does not ask for one."""
    latency_request_ms: float = 0.0
    """Time that an embedding request takes, whatever its size."""
    latency_input_ms: float = 0.0
    """Time that each input of an embedding request adds."""
    llm_latency_ms: float = 0.0
    """Time that a chat request takes."""
    rate_limit: float = 0.0
    """Requests per second over all endpoints; what is beyond gets 429 with Retry-After. 0: no limit."""
    llm_answer_bytes: int = 4000
    """Size of the JSON text that a chat request is answered with."""
    concepts_per_document: int = 5
    """Concepts in a chat answer, where the document has that many words to choose from."""


def change(settings: ProviderSettings, changes: Mapping[str, Any]) -> ProviderSettings:
    """`settings` with `changes` by name; ValueError names what is unknown, of the wrong kind or negative."""
    hints = get_type_hints(ProviderSettings)
    for name, value in changes.items():
        if name not in hints:
            raise ValueError(
                f"{name} is not a setting of the provider: {', '.join(one.name for one in fields(settings))}"
            )
        kinds = (int, float) if hints[name] is float else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds) or value < 0:
            raise ValueError(f"{name}={value!r} must be a number of at least 0")
    if not 1 <= changes.get("dimensions", settings.dimensions) <= 16_000:
        raise ValueError("dimensions must be 1 to 16000")
    return replace(settings, **changes)
