"""Settings of the importer, read once from the environment into one frozen object.

Every field of `Settings` is a setting: its environment variable is `IMPORTER_` and the name in capitals,
its metadata has the unit, what it bounds and the smallest and largest value that is accepted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_type_hints

from importer.errors import SettingsError

PREFIX = "IMPORTER_"
MIB = 2**20


def _setting(
    default: Any, text: str, *, unit: str = "", low: float | None = None, high: float | None = None, one_of: str = ""
) -> Any:
    metadata = {"text": text, "unit": unit, "low": low, "high": high, "one_of": tuple(one_of.split())}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Settings:
    """One value for every setting; `load` makes it and refuses what is out of bounds."""

    database_url: str = _setting("postgresql://localhost/importer", "where Postgres with pgvector is")
    environment: str = _setting("development", "name of the environment, told by /health")
    host: str = _setting("127.0.0.1", "address to listen on")
    port: int = _setting(8000, "port to listen on", low=0, high=65535)
    api_token: str = _setting("", "when set, every /api call needs it as a bearer token")
    worker: bool = _setting(True, "run import jobs inside the service")
    max_running_imports: int = _setting(1, "imports that run at once in a process", unit="jobs", low=1, high=64)
    heartbeat_interval_s: float = _setting(2.0, "time between heartbeats of a job", unit="s", low=0.05, high=60)
    stalled_after_s: float = _setting(
        10.0, "silence after which a running job counts as interrupted", unit="s", low=0.2, high=3600
    )
    auto_resume: bool = _setting(False, "resume interrupted imports at the start, and those that lose their worker")
    shutdown_grace_s: float = _setting(
        10.0, "time that SIGTERM leaves for the batch in hand", unit="s", low=0, high=600
    )

    upload_max_bytes: int = _setting(512 * MIB, "largest file of an upload", unit="bytes", low=1)
    upload_max_files: int = _setting(1000, "most files of an upload", unit="files", low=1)
    pdf_max_pages: int = _setting(5000, "most pages of a PDF", unit="pages", low=1)
    pdf_timeout_s: float = _setting(60.0, "time that one PDF may take", unit="s", low=0.1, high=3600)
    pdf_memory_bytes: int = _setting(
        192 * MIB, "memory that the PDF child may allocate, less where the headroom is smaller", unit="bytes", low=MIB
    )
    record_max_bytes: int = _setting(8 * MIB, "largest line, row or entry", unit="bytes", low=1024)

    window: int = _setting(
        256, "chunks held at once, from reading to commit; 0 holds the whole job", unit="chunks", low=0, high=1_000_000
    )
    chunk_chars: int = _setting(880, "length of a chunk", unit="characters", low=100, high=20_000)
    embedding_provider: str = _setting("openai", "whose embeddings", one_of="openai cohere")
    embedding_batch_size: int = _setting(
        46, "chunks handed to the embed stage at a time", unit="chunks", low=1, high=100_000
    )
    openai_batch_size: int = _setting(46, "inputs of one OpenAI request", unit="inputs", low=1, high=2048)
    cohere_batch_size: int = _setting(46, "inputs of one Cohere request", unit="inputs", low=1, high=96)
    embed_concurrency: int = _setting(
        2, "embedding requests whose vectors are not committed yet", unit="requests", low=1, high=64
    )
    store_batch_size: int = _setting(96, "rows of one transaction", unit="rows", low=1, high=100_000)
    embedding_dimensions: int = _setting(1536, "length of a vector", unit="numbers", low=1, high=4000)
    halfvec: bool = _setting(False, "store vectors as halfvec, two bytes a number")

    extraction: bool = _setting(True, "extract concepts with an LLM")
    extract_concurrency: int = _setting(
        8, "chat requests whose answers are not committed yet", unit="requests", low=1, high=64
    )
    extract_chars: int = _setting(
        4000, "how much of a document the LLM is shown", unit="characters", low=100, high=100_000
    )
    llm_cache_max_size: int = _setting(100, "LLM answers kept in memory", unit="entries", low=0, high=1_000_000)
    llm_cache_ttl_s: float = _setting(3600.0, "age at which a kept LLM answer is dropped", unit="s", low=0)

    database_retry_s: float = _setting(
        10.0, "outage of the database that a running import waits out", unit="s", low=0, high=3600
    )

    index: bool = _setting(False, "keep an HNSW index; without it search scans exactly")
    index_build_memory_bytes: int = _setting(
        1024 * MIB, "maintenance_work_mem of an index build, in Postgres", unit="bytes", low=MIB
    )

    openai_api_key: str = _setting("", "key for OpenAI")
    openai_base_url: str = _setting("", "OpenAI address, empty for the provider's own")
    openai_embedding_model: str = _setting("text-embedding-3-small", "OpenAI embedding model")
    openai_chat_model: str = _setting("gpt-4o-mini", "OpenAI chat model")
    cohere_api_key: str = _setting("", "key for Cohere")
    cohere_base_url: str = _setting("", "Cohere address, empty for the provider's own")
    cohere_embedding_model: str = _setting("embed-v4.0", "Cohere embedding model")
    provider_timeout_s: float = _setting(60.0, "time that one provider request may take", unit="s", low=0.05, high=600)
    provider_max_retries: int = _setting(5, "tries after the first of a provider request", low=0, high=100)
    retry_after_max_s: float = _setting(
        120.0, "longest Retry-After that is waited for; a longer one interrupts the job", unit="s", low=0
    )

    @property
    def embedding_model(self) -> str:
        """The model of the provider in use."""
        return self.openai_embedding_model if self.embedding_provider == "openai" else self.cohere_embedding_model

    @property
    def provider_batch_size(self) -> int:
        """Inputs a request of the provider in use."""
        return self.openai_batch_size if self.embedding_provider == "openai" else self.cohere_batch_size


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting as `python -m importer settings` lists it."""

    variable: str
    default: str
    unit: str
    bounds: str
    text: str


def load(environ: Mapping[str, str]) -> Settings:
    """Read every setting from `environ`; SettingsError names the variable, its value and what is accepted."""
    known = {PREFIX + one.name.upper() for one in fields(Settings)}
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingsError(f"{unknown[0]} is not a setting; `python -m importer settings` lists them")
    hints = get_type_hints(Settings)
    values = {}
    for one in fields(Settings):
        text = environ.get(PREFIX + one.name.upper())
        if text is not None:
            values[one.name] = _parse(PREFIX + one.name.upper(), text, hints[one.name], one.metadata)
    return Settings(**values)


def describe() -> Iterator[SettingLine]:
    """Every setting with its variable, default, unit and bounds, in the order of the class."""
    for one in fields(Settings):
        default = str(one.default).lower() if isinstance(one.default, bool) else str(one.default)
        yield SettingLine(
            PREFIX + one.name.upper(), default, one.metadata["unit"], _bounds(one.metadata), one.metadata["text"]
        )


def _bounds(metadata: Mapping[str, Any]) -> str:
    if metadata["one_of"]:
        return " | ".join(metadata["one_of"])
    low, high = metadata["low"], metadata["high"]
    if low is None and high is None:
        return ""
    return f"{'' if low is None else low} to {'' if high is None else high}".strip()


def _parse(variable: str, text: str, kind: type, metadata: Mapping[str, Any]) -> Any:
    try:
        value = _boolean(text) if kind is bool else kind(text)
    except ValueError:
        raise SettingsError(f"{variable}={text!r} is not {_KIND_NAMES[kind]}") from None
    low, high = metadata["low"], metadata["high"]
    if metadata["one_of"] and value not in metadata["one_of"]:
        raise SettingsError(f"{variable}={text!r}: it must be one of {', '.join(metadata['one_of'])}")
    if (low is not None and value < low) or (high is not None and value > high):
        raise SettingsError(f"{variable}={text!r}: it must be {_bounds(metadata)} {metadata['unit']}".rstrip())
    return value


_KIND_NAMES = {int: "a whole number", float: "a number", bool: "on or off", str: "a text"}
_BOOLEANS = {"on": True, "true": True, "1": True, "yes": True, "off": False, "false": False, "0": False, "no": False}


def _boolean(text: str) -> bool:
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise ValueError(text)
    return value
