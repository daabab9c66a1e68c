"""The provider stub as the real SDKs, a proxied client and its owner see it."""

import base64
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cohere
import httpx
import numpy as np
import openai
import pytest

from harness.dependencies.provider.ledger import read_ledger, read_lines
from harness.dependencies.provider.running import RunningProvider, apply_settings, start_provider
from harness.dependencies.provider.settings import ProviderSettings
from harness.errors import DependencyError

START_AND_WAIT = """
import sys
from pathlib import Path
from harness.dependencies.provider.running import start_provider
from harness.dependencies.provider.settings import ProviderSettings
print(start_provider(ProviderSettings(), Path(sys.argv[1])).pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[RunningProvider]:
    """A stub of its own for each test."""
    running = start_provider(ProviderSettings(), tmp_path)
    yield running
    running.stop()


@pytest.fixture
def openai_client(provider: RunningProvider) -> Iterator[openai.OpenAI]:
    """The real SDK; it asks for base64 by default."""
    with openai.OpenAI(api_key="dummy", base_url=provider.openai_url, max_retries=0) as client:
        yield client


def test_openai_embeddings(provider: RunningProvider, openai_client: openai.OpenAI) -> None:
    """Base64 and float give the same vectors, in order, of the length that was asked for."""
    texts = ["a cat", "a dog and a very long word: pneumonoultramicroscopicsilicovolcanoconiosis"]
    coded = openai_client.embeddings.create(model="m", input=texts, dimensions=64)
    plain = openai_client.embeddings.create(model="m", input=texts, dimensions=64, encoding_format="float")
    assert [one.index for one in coded.data] == [0, 1]
    assert np.allclose([one.embedding for one in coded.data], [one.embedding for one in plain.data], atol=1e-7)
    assert len(openai_client.embeddings.create(model="m", input="one").data[0].embedding) == 1536
    assert coded.usage.total_tokens > 0
    assert coded.model == "m"


def test_openai_embeddings_of_tokens(openai_client: openai.OpenAI) -> None:
    """Clients that send token numbers get vectors too."""
    assert len(openai_client.embeddings.create(model="m", input=[[1, 2], [3]]).data) == 2


def test_openai_chat(openai_client: openai.OpenAI) -> None:
    """The answer is JSON of the size that was set, with concepts of the user's text and not of the instructions."""
    answer = openai_client.chat.completions.create(
        model="g",
        messages=[
            {"role": "system", "content": "instructions " * 50},
            {"role": "user", "content": "protein folding networks and protein structure"},
        ],
    )
    content = answer.choices[0].message.content or ""
    assert len(content.encode()) == 4000
    names = [one["name"] for one in json.loads(content)["concepts"]]
    assert names == ["protein", "structure", "networks", "folding"]


def test_cohere_embed(provider: RunningProvider) -> None:
    """Both kinds of embeddings come at once, with the same numbers."""
    with httpx.Client() as http:
        client = cohere.ClientV2(api_key="dummy", base_url=provider.cohere_url, httpx_client=http)
        answer = client.embed(
        model="e", texts=["a cat", "a dog"], input_type="search_document",
        embedding_types=["float", "base64"], output_dimension=32,
    )  # fmt: skip
    decoded = [np.frombuffer(base64.b64decode(one), dtype="<f4") for one in answer.embeddings.base64 or []]
    assert np.allclose(decoded, answer.embeddings.float_ or [], atol=1e-7)
    assert np.array(decoded).shape == (2, 32)
    assert answer.meta is not None
    assert answer.meta.billed_units is not None


def test_a_retry_after_a_refusal_is_billed_once(provider: RunningProvider, openai_client: openai.OpenAI) -> None:
    """Over the rate limit a request gets 429 and how long to wait, and is not billed."""
    apply_settings(provider, ProviderSettings(rate_limit=0.001))
    openai_client.embeddings.create(model="m", input=["first"])
    with pytest.raises(openai.RateLimitError) as refused:
        openai_client.embeddings.create(model="m", input=["second"])
    assert int(refused.value.response.headers["retry-after"]) > 0
    ledger = read_ledger(provider.ledger_path)
    assert (ledger.requests, ledger.inputs) == (2, 1)


def test_messages_are_numbered_by_kind(provider: RunningProvider, openai_client: openai.OpenAI) -> None:
    """Each request is named by its endpoint and its place among those of its kind."""
    for _ in range(2):
        openai_client.embeddings.create(model="m", input=["text"])
    openai_client.chat.completions.create(model="g", messages=[{"role": "user", "content": "text"}])
    names = [line["message"] for line in read_lines(provider.ledger_path)]
    assert names == ["openai.embeddings#1", "openai.embeddings#2", "openai.chat#1"]


def test_billed_before_the_answer_is_sent(provider: RunningProvider) -> None:
    """A client that goes away before its answer has still been billed."""
    apply_settings(provider, ProviderSettings(latency_request_ms=60_000))
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{provider.openai_url}/embeddings", json={"model": "m", "input": "text"}, timeout=1)
    assert read_ledger(provider.ledger_path).inputs == 1


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"model": "m"}', b'{"model": "m", "input": []}', b'{"model": "", "input": "x"}',
     b'{"model": "m", "input": "x", "dimensions": 0}'],
)  # fmt: skip
def test_bad_requests_are_refused(provider: RunningProvider, body: bytes) -> None:
    """What is no request gets 400 with a reason, and is not billed."""
    answer = httpx.post(f"{provider.openai_url}/embeddings", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert read_ledger(provider.ledger_path).inputs == 0


def test_unknown_endpoints_are_named(provider: RunningProvider) -> None:
    """What the stub does not know gets 404, and the ledger names it."""
    assert httpx.get(f"{provider.url}/v1/models?limit=1").status_code == 404
    assert httpx.post(f"{provider.url}/v1/rerank").status_code == 404
    assert read_ledger(provider.ledger_path).unknown_endpoints == ("GET /v1/models", "POST /v1/rerank")


def test_outbound_attempts_are_named(provider: RunningProvider) -> None:
    """As a proxy it refuses everything, plain or tunnelled, and the ledger names where it was to go."""
    with httpx.Client(proxy=provider.url) as client:
        with pytest.raises(httpx.ProxyError, match="403"):
            client.get("https://api.example.com/telemetry")
        assert client.get("http://plain.example.com:8080/x").status_code == 403
    assert read_ledger(provider.ledger_path).outbound == ("api.example.com:443", "plain.example.com:8080")


def test_settings_are_refused_by_name(provider: RunningProvider) -> None:
    """A setting that does not exist is named, and nothing changes."""
    answer = httpx.put(f"{provider.url}/_halfgig/settings", json={"dimension": 8})
    assert answer.status_code == 400
    assert "dimension is not a setting" in answer.text
    assert httpx.get(f"{provider.url}/_halfgig/settings").json()["dimensions"] == 1536


def test_does_not_outlive_its_owner(tmp_path: Path) -> None:
    """When whoever started it is killed, it ends by itself."""
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        stub = os.pidfd_open(int(owner.stdout.readline()))
        owner.kill()
    wait_for_end(stub)


def wait_for_end(pidfd: int) -> None:
    """Wait until a process ends; a timeout fails the test."""
    readable, _, _ = select.select([pidfd], [], [], 20)
    os.close(pidfd)
    assert readable, "the process has outlived its owner"


def test_a_stub_that_cannot_start_says_why(tmp_path: Path) -> None:
    """Settings that it refuses are told with the end of its log, and nothing is left running."""
    with pytest.raises(DependencyError, match="1 to 16000"):
        start_provider(ProviderSettings(dimensions=0), tmp_path)


def test_stop_is_final_and_may_be_repeated(provider: RunningProvider) -> None:
    """After stop nobody listens; stopping twice is harmless."""
    provider.stop()
    provider.stop()
    assert provider.process.returncode in (0, -signal.SIGTERM)
    with pytest.raises(httpx.ConnectError):
        httpx.get(provider.url)
