"""Cohere embeddings through its SDK."""

from collections.abc import Sequence

from importer.config import Settings
from importer.embedding import Purpose
from importer.embedding.answers import by_text, decode_vectors
from importer.embedding.retries import ProviderRefusal, ProviderUnreachable, WrongAnswer
from importer.lean_imports import without

with without("pygments"):  # see lean_httpx
    import httpx
    from cohere import AsyncClientV2
    from cohere.core.api_error import ApiError
    from cohere.core.request_options import RequestOptions

_FIXED_LENGTH = ("embed-english-v", "embed-multilingual-v")
"""Beginnings of the models that have one length of vector and refuse to be asked for another."""


class CohereEmbeddings:
    """The EmbeddingProvider of `embedding_provider=cohere`."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self._client = AsyncClientV2(
            api_key=settings.cohere_api_key or "none",
            base_url=settings.cohere_base_url or None,
            httpx_client=http,
            max_retries=0,
            log_warning_experimental_features=False,
        )
        self._model = settings.cohere_embedding_model
        self._dimensions = settings.embedding_dimensions
        self._options = RequestOptions(max_retries=0)
        if not self._model.startswith(_FIXED_LENGTH):
            self._options["additional_body_parameters"] = {"output_dimension": self._dimensions}

    async def embed(self, texts: Sequence[str], purpose: Purpose) -> list[bytes]:
        """Return one vector a text, in their order."""
        try:
            answer = await self._client.embed(
                model=self._model,
                input_type="search_document" if purpose == "document" else "search_query",
                texts=texts,
                embedding_types=["base64"],
                request_options=self._options,
            )
            vectors, told = answer.embeddings.base64, answer.texts
        except ApiError as error:
            raise _refusal(error) from None
        except httpx.HTTPError as error:
            raise ProviderUnreachable(f"{error} ({type(error).__name__})") from None
        except (TypeError, ValueError, AttributeError):
            # The SDK takes the shape of an answer for granted.
            raise WrongAnswer("a body that is not the JSON of an answer") from None
        if not isinstance(vectors, list):
            raise WrongAnswer("an answer without base64 embeddings")
        return by_text(decode_vectors(vectors, len(texts), self._dimensions), told, texts)


def _refusal(error: ApiError) -> ProviderRefusal | WrongAnswer:
    status = error.status_code or 0
    if 200 <= status < 300:
        return WrongAnswer("a body that is not the JSON of an answer")
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    return ProviderRefusal(status, _message(error.body), headers.get("retry-after"))


def _message(body: object) -> str:
    return str(body.get("message", body)) if isinstance(body, dict) else str(body)
