"""OpenAI embeddings through its SDK."""

from collections.abc import Mapping, Sequence

import orjson

from importer.config import Settings
from importer.embedding import Purpose
from importer.embedding.answers import decode_vectors, in_order
from importer.embedding.openai_sdk import APIConnectionError, APIStatusError, AsyncOpenAI
from importer.embedding.retries import ProviderRefusal, ProviderUnreachable, WrongAnswer
from importer.lean_httpx import httpx


class OpenAIEmbeddings:
    """The EmbeddingProvider of `embedding_provider=openai`."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self._client = open_client(settings, http)
        self._dimensions = settings.embedding_dimensions
        self._options: dict[str, object] = {"model": settings.openai_embedding_model, "encoding_format": "base64"}
        if settings.openai_embedding_model.startswith("text-embedding-3"):
            self._options["dimensions"] = self._dimensions

    async def embed(self, texts: Sequence[str], purpose: Purpose) -> list[bytes]:  # noqa: ARG002 (one for both)
        """Return one vector a text, in their order."""
        answer = await post(self._client, "/embeddings", {"input": texts, **self._options})
        entries = answer.get("data")
        if not isinstance(entries, list):
            raise WrongAnswer("an answer without data")
        return decode_vectors(in_order(entries), len(texts), self._dimensions)


def open_client(settings: Settings, http: httpx.AsyncClient) -> AsyncOpenAI:
    """Return a client that neither retries nor times out by itself: `with_retries` does both."""
    return AsyncOpenAI(
        api_key=settings.openai_api_key or "none",
        base_url=settings.openai_base_url or None,
        # The SDK takes both generations of httpx; its types name the new one only.
        http_client=http,  # type: ignore[arg-type]
        timeout=None,
        max_retries=0,
    )


async def post(client: AsyncOpenAI, path: str, body: Mapping[str, object]) -> dict[str, object]:
    """Send `body` to `path` and return the JSON object of the answer.

    The typed methods of the SDK walk every text on its way out and check every answer on its way in, which costs
    a third of the whole import; its `post` for any path takes the body as bytes and hands over the raw response.
    """
    try:
        response = await client.post(
            path,
            cast_to=httpx.Response,
            content=orjson.dumps(body),
            options={"headers": {"content-type": "application/json"}},
        )
    except APIStatusError as error:
        raise ProviderRefusal(error.status_code, error.message, error.response.headers.get("retry-after")) from None
    except APIConnectionError as error:
        raise ProviderUnreachable(f"{error.message} ({type(error.__cause__).__name__})") from None
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        raise WrongAnswer("a body that is not JSON") from None
    if not isinstance(answer, dict):
        raise WrongAnswer("a body that is not a JSON object")
    return answer
