"""The endpoints that the stub knows: OpenAI embeddings and chat, Cohere embed; all else is unknown.

Each turns a request body into an answer, and says what was asked; nothing here waits or keeps state.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from harness.dependencies.provider.concepts import concepts_answer
from harness.dependencies.provider.messages import Answer, Refused, Work
from harness.dependencies.provider.settings import ProviderSettings
from harness.dependencies.provider.vectors import LARGEST_DIMENSIONS, embed, to_base64

BYTES_PER_TOKEN = 4
MOST_INPUTS_OPENAI = 2048
MOST_INPUTS_COHERE = 96

Endpoint = Callable[[bytes, ProviderSettings], Answer]


def openai_embeddings(body: bytes, settings: ProviderSettings) -> Answer:
    """POST /v1/embeddings."""
    asked = _parse(body)
    texts = _openai_inputs(asked.get("input"))
    vectors, work = _embed(asked, texts, asked.get("dimensions"), settings)
    if asked.get("encoding_format", "float") == "base64":
        shown, quote = to_base64(vectors), b'"'
    else:
        shown, quote = [orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY) for row in vectors], b""
    tokens = _tokens(texts)
    frame = {"object": "list", "model": work.model, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
    reply = b"".join([orjson.dumps(frame)[:-1], b',"data":[', *_openai_entries(shown, quote), b"]}"])
    return Answer(200, reply, work=work, latency_s=_embedding_latency_s(settings, len(texts)))


def openai_chat(body: bytes, settings: ProviderSettings) -> Answer:
    """POST /v1/chat/completions; the concepts are those of the last user message."""
    asked = _parse(body)
    messages = asked.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused(400, "messages must be a list of at least one message")
    if asked.get("stream"):
        raise Refused(400, "the provider stub does not stream answers")
    contents = [_content(message) for message in messages]
    prompt = "\n".join(contents).encode()
    users = [text for text, message in zip(contents, messages, strict=True) if message.get("role") == "user"]
    answer = concepts_answer((users or contents)[-1], settings.concepts_per_document, settings.llm_answer_bytes)
    work = Work(_model(asked), (hashlib.sha256(prompt).digest(),))
    reply = _chat_reply(work, answer.decode(), _tokens([prompt]), _tokens([answer]))
    return Answer(200, reply, work=work, latency_s=settings.llm_latency_ms / 1000)


def cohere_embed(body: bytes, settings: ProviderSettings) -> Answer:
    """POST /v2/embed; texts only."""
    asked = _parse(body)
    texts = _text_list(asked.get("texts"), "texts", MOST_INPUTS_COHERE)
    kinds = asked.get("embedding_types") or ["float"]
    if not isinstance(kinds, list) or not set(kinds) <= {"float", "base64"}:
        raise Refused(400, "embedding_types: the provider stub knows float and base64")
    vectors, work = _embed(asked, texts, asked.get("output_dimension"), settings)
    shown: dict[str, Any] = {}
    if "float" in kinds:
        shown["float"] = vectors
    if "base64" in kinds:
        shown["base64"] = [one.decode() for one in to_base64(vectors)]
    reply = {
        "id": work.digests[0].hex()[:32],
        "response_type": "embeddings_by_type",
        "embeddings": shown,
        "texts": [text.decode() for text in texts],
        "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": _tokens(texts)}},
    }
    return Answer(
        200, orjson.dumps(reply, option=orjson.OPT_SERIALIZE_NUMPY), work=work,
        latency_s=_embedding_latency_s(settings, len(texts)),
    )  # fmt: skip


ENDPOINTS: Mapping[tuple[str, str], tuple[str, Endpoint]] = {
    ("POST", "/v1/embeddings"): ("openai.embeddings", openai_embeddings),
    ("POST", "/v1/chat/completions"): ("openai.chat", openai_chat),
    ("POST", "/v2/embed"): ("cohere.embed", cohere_embed),
}
"""Method and path to the endpoint's name and function."""


def refusal(status: int, text: str) -> bytes:
    """An error in the shape of both providers: OpenAI reads `error`, Cohere `message`."""
    return orjson.dumps({"error": {"message": text, "type": "halfgig_stub", "code": status}, "message": text})


def _openai_entries(vectors: Sequence[bytes], quote: bytes) -> Iterator[bytes]:
    """The pieces of `data`, by hand: JSON would check and copy the half megabyte of a batch in base64."""
    for index, vector in enumerate(vectors):
        yield b'%b{"object":"embedding","index":%d,"embedding":%b' % (b"," if index else b"", index, quote)
        yield vector
        yield quote + b"}"


def _embed(asked: Mapping[str, Any], texts: Sequence[bytes], wanted: Any, settings: ProviderSettings) -> Any:
    dimensions = settings.dimensions if wanted is None else wanted
    if not isinstance(dimensions, int) or not 1 <= dimensions <= LARGEST_DIMENSIONS:
        raise Refused(400, f"dimensions must be 1 to {LARGEST_DIMENSIONS}")
    digests = tuple(hashlib.sha256(text).digest() for text in texts)
    return embed(texts, digests, dimensions), Work(_model(asked), digests)


def _parse(body: bytes) -> Mapping[str, Any]:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"the request is not JSON: {error}") from error
    if not isinstance(asked, dict):
        raise Refused(400, "the request must be a JSON object")
    return asked


def _model(asked: Mapping[str, Any]) -> str:
    model = asked.get("model")
    if not isinstance(model, str) or not model:
        raise Refused(400, "model must be the name of a model")
    return model


def _openai_inputs(given: Any) -> list[bytes]:
    """One text, texts, or texts as lists of token numbers; the latter are known by those numbers."""
    if isinstance(given, str) or (isinstance(given, list) and given and isinstance(given[0], int)):
        given = [given]
    if isinstance(given, list) and any(isinstance(one, list) for one in given):
        given = [" ".join(map(str, one)) if isinstance(one, list) else one for one in given]
    return _text_list(given, "input", MOST_INPUTS_OPENAI)


def _text_list(given: Any, name: str, most: int) -> list[bytes]:
    if not isinstance(given, list) or not 1 <= len(given) <= most or not all(isinstance(one, str) for one in given):
        raise Refused(400, f"{name} must be 1 to {most} texts")
    return [one.encode() for one in given]


def _content(message: Any) -> str:
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str):
        raise Refused(400, "each message needs a role and a content")
    return content


def _chat_reply(work: Work, answer: str, prompt_tokens: int, answer_tokens: int) -> bytes:
    usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": answer_tokens,
        "total_tokens": prompt_tokens + answer_tokens,
    }
    message = {"role": "assistant", "content": answer, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return orjson.dumps(
        {
            "id": f"chatcmpl-{work.digests[0].hex()[:32]}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": work.model,
            "choices": [choice],
            "usage": usage,
        }
    )


def _tokens(texts: Sequence[bytes]) -> int:
    return sum(len(text) // BYTES_PER_TOKEN + 1 for text in texts)


def _embedding_latency_s(settings: ProviderSettings, inputs: int) -> float:
    return (settings.latency_request_ms + inputs * settings.latency_input_ms) / 1000
