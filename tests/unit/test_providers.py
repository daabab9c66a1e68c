"""Both providers through their real SDKs: what is sent, and what each kind of answer becomes."""

import base64
import subprocess
import sys
from array import array
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
import pytest_asyncio
import respx

from importer.config import Settings
from importer.embedding import EmbeddingProvider, open_provider
from importer.embedding.answers import to_floats
from importer.embedding.retries import ProviderRefusal, ProviderUnreachable, WrongAnswer

OPENAI = "http://openai.test/v1/embeddings"
COHERE = "http://cohere.test/v2/embed"
URLS = {"openai": OPENAI, "cohere": COHERE}


def settings(provider: str, **changes: object) -> Settings:
    """Return settings of three dimensions."""
    values = {"openai_base_url": "http://openai.test/v1", "cohere_base_url": "http://cohere.test"}
    return Settings(**{**values, "embedding_provider": provider, "embedding_dimensions": 3, **changes})  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """Return an HTTP client that respx intercepts."""
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture(params=["openai", "cohere"])
def name(request: pytest.FixtureRequest) -> str:
    """Return each provider's name in turn."""
    return str(request.param)


@pytest.fixture
def provider(name: str, http: httpx.AsyncClient) -> EmbeddingProvider:
    """Return each provider in turn."""
    return open_provider(settings(name), http)


def answer(name: str, vectors: list[list[float]]) -> dict[str, object]:
    """Return the body of a right answer."""
    encoded = [base64.b64encode(array("f", one).tobytes()).decode() for one in vectors]
    if name == "openai":
        return {"data": [{"index": place, "embedding": one} for place, one in enumerate(encoded)]}
    return {"id": "1", "embeddings": {"base64": encoded}, "texts": [], "response_type": "embeddings_by_type"}


@respx.mock
async def test_a_batch_is_one_request_and_its_vectors_come_in_order(name: str, provider: EmbeddingProvider) -> None:
    """The texts go out in one request that asks for base64, and each gets its own vector."""
    route = respx.post(URLS[name]).respond(json=answer(name, [[1, 2, 3], [4, 5, 6]]))
    vectors = await provider.embed(["first", "sécond\n"], "document")
    assert [to_floats(one) for one in vectors] == [[1, 2, 3], [4, 5, 6]]
    body = orjson.loads(route.calls[0].request.content)
    assert (body.get("input") or body["texts"]) == ["first", "sécond\n"]
    assert (body.get("encoding_format") or body["embedding_types"][0]) == "base64"
    assert (body.get("dimensions") or body["output_dimension"]) == 3
    assert route.calls[0].request.headers["content-type"] == "application/json"
    assert route.calls[0].request.headers["authorization"] == "Bearer none"


@respx.mock
async def test_the_key_is_sent(http: httpx.AsyncClient, name: str) -> None:
    """Each provider gets its own key."""
    route = respx.post(URLS[name]).respond(json=answer(name, [[1, 2, 3]]))
    keyed = settings(name, openai_api_key="key-openai", cohere_api_key="key-cohere")
    await open_provider(keyed, http).embed(["text"], "query")
    assert route.calls[0].request.headers["authorization"] == f"Bearer key-{name}"


@pytest.mark.parametrize(
    ("name", "model"), [("openai", "text-embedding-ada-002"), ("cohere", "embed-english-v3.0")], indirect=["name"]
)
@respx.mock
async def test_models_of_one_length_are_not_asked_for_another(http: httpx.AsyncClient, name: str, model: str) -> None:
    """A model that refuses to be told a dimension is not told one."""
    route = respx.post(URLS[name]).respond(json=answer(name, [[1, 2, 3]]))
    chosen = settings(name, openai_embedding_model=model, cohere_embedding_model=model)
    await open_provider(chosen, http).embed(["text"], "document")
    assert not {"dimensions", "output_dimension"} & set(orjson.loads(route.calls[0].request.content))


@respx.mock
async def test_cohere_is_told_what_a_text_is_for(http: httpx.AsyncClient) -> None:
    """Documents and queries are embedded differently."""
    route = respx.post(COHERE).respond(json=answer("cohere", [[1, 2, 3]]))
    cohere = open_provider(settings("cohere"), http)
    await cohere.embed(["text"], "document")
    await cohere.embed(["text"], "query")
    purposes = [orjson.loads(call.request.content)["input_type"] for call in route.calls]
    assert purposes == ["search_document", "search_query"]


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
@respx.mock
async def test_a_refusal_keeps_status_and_retry_after(name: str, provider: EmbeddingProvider, status: int) -> None:
    """The SDK tries nothing again by itself: one request, and its refusal as it came."""
    route = respx.post(URLS[name]).respond(
        status, headers={"Retry-After": "17"}, json={"error": {"message": "no"}, "message": "no"}
    )
    with pytest.raises(ProviderRefusal) as raised:
        await provider.embed(["text"], "document")
    assert (raised.value.status, raised.value.retry_after) == (status, "17")
    assert route.call_count == 1


@pytest.mark.parametrize(
    "fault",
    [httpx.ConnectError("refused"), httpx.ReadError("reset"), httpx.RemoteProtocolError("cut"), httpx.ReadTimeout("")],
)
@respx.mock
async def test_a_lost_connection_is_told_as_such(name: str, provider: EmbeddingProvider, fault: Exception) -> None:
    """However the connection fails, it is one fault, and the SDK does not try again by itself."""
    route = respx.post(URLS[name]).mock(side_effect=fault)
    with pytest.raises(ProviderUnreachable):
        await provider.embed(["text"], "document")
    assert route.call_count == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'"text"', b'{"data": 1, "embeddings": 1}', b"null"])
@respx.mock
async def test_a_body_that_is_no_answer_is_refused(name: str, provider: EmbeddingProvider, body: bytes) -> None:
    """Status 200 alone proves nothing."""
    respx.post(URLS[name]).respond(200, content=body, headers={"content-type": "application/json"})
    with pytest.raises(WrongAnswer):
        await provider.embed(["text"], "document")


@pytest.mark.parametrize(("used", "unused"), [("openai", "cohere"), ("cohere", "openai")])
def test_only_the_sdk_in_use_is_imported(used: str, unused: str) -> None:
    """The other SDK costs tens of megabytes that nobody needs."""
    program = (
        "import sys, httpx\n"
        "from importer.config import Settings\n"
        "from importer.embedding import open_provider\n"
        "assert not {'openai', 'cohere'} & set(sys.modules)\n"
        f"open_provider(Settings(embedding_provider={used!r}), httpx.AsyncClient())\n"
        f"assert {used!r} in sys.modules and {unused!r} not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
