"""Embeddings by the provider of the settings; only the SDK in use is imported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol

from importer.embedding.answers import as_text
from importer.embedding.retries import RetryPolicy, with_retries

if TYPE_CHECKING:
    import httpx

    from importer.config import Settings
    from importer.services import Services

Purpose = Literal["document", "query"]
"""What a text is embedded for; some models tell the two apart."""


class EmbeddingProvider(Protocol):
    """Sends one request, once; `with_retries` is around it."""

    async def embed(self, texts: Sequence[str], purpose: Purpose) -> list[bytes]:
        """Return one checked vector a text, in their order, as little-endian float32.

        Raises ProviderRefusal, ProviderUnreachable or WrongAnswer (all of `retries`).
        """
        ...


def open_provider(settings: Settings, http: httpx.AsyncClient) -> EmbeddingProvider:
    """Return the provider of the settings, over the process's HTTP client."""
    return PROVIDERS[settings.embedding_provider](settings, http)


async def embed_query(services: Services, text: str) -> str:
    """Return the vector of a search query as pgvector reads it (`[0.1,…]`)."""
    provider = open_provider(services.settings, services.http)
    policy = RetryPolicy.of(services.settings)
    (vector,) = await with_retries(lambda: provider.embed([text], "query"), 1, policy, services.counters, asyncio.sleep)
    return as_text(vector)


def _openai(settings: Settings, http: httpx.AsyncClient) -> EmbeddingProvider:
    from importer.embedding.openai import OpenAIEmbeddings

    return OpenAIEmbeddings(settings, http)


def _cohere(settings: Settings, http: httpx.AsyncClient) -> EmbeddingProvider:
    from importer.embedding.cohere import CohereEmbeddings

    return CohereEmbeddings(settings, http)


PROVIDERS: Mapping[str, Callable[[Settings, httpx.AsyncClient], EmbeddingProvider]] = MappingProxyType(
    {"openai": _openai, "cohere": _cohere}
)
"""Every provider, by the value of `embedding_provider`."""
