"""Concepts of a document by an LLM: the prompt, the request, and what is made of the answer."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import orjson

from importer.config import Settings
from importer.embedding.openai import open_client, post
from importer.embedding.retries import WrongAnswer
from importer.identity import content_id
from importer.lean_httpx import httpx

INSTRUCTIONS = (
    "List the scientific concepts that the document below is about: methods, theories, objects of study. "
    'Answer with a JSON object {"concepts": ["..."]} of at most ten short noun phrases, and nothing else.'
)
MOST_CONCEPTS = 32
"""Concepts kept of one document: an answer that runs away must not flood the store."""
MOST_NAME_CHARS = 100
_TRIM = " \t\n.,;:!?\"'`*#-–—()[]{}<>"  # noqa: RUF001 (dashes on purpose)


def extraction_id(chat_model: str, prompt: str) -> bytes:
    """Return the id of what this model says of this prompt."""
    return content_id(chat_model, INSTRUCTIONS, prompt)


class ConceptExtractor:
    """OpenAI chat completions in JSON mode, one request a prompt."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self._client = open_client(settings, http)
        self._model = settings.openai_chat_model

    async def ask(self, prompt: str) -> str:
        """Return the text of the answer, empty when the LLM refused to give one."""
        body = {
            "model": self._model,
            "messages": [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": prompt}],
            "response_format": {"type": "json_object"},
        }
        return _content(await post(self._client, "/chat/completions", body))


def concepts_in(answer: str) -> tuple[str, ...]:
    """Return the concepts that an answer lists, normalised, each once, in their order.

    A list of names or of objects with a `name` will do, with or without an object or a code fence around it.
    """
    found = _json_in(answer)
    listed = found.get("concepts") if isinstance(found, dict) else found
    if not isinstance(listed, list):
        raise WrongAnswer("an LLM answer without a list of concepts")
    names = (normalise(name) for name in _names(listed))
    return tuple(dict.fromkeys(name for name in names if name))[:MOST_CONCEPTS]


def normalise(name: str) -> str:
    """Return a concept's name as it is stored: compatibility forms, case, blanks and outer punctuation unified."""
    plain = unicodedata.normalize("NFKC", name).casefold().replace("\0", "")
    return " ".join(plain.split()).strip(_TRIM)[:MOST_NAME_CHARS].rstrip()


def _names(listed: list[Any]) -> Iterator[str]:
    for one in listed:
        name = one.get("name") if isinstance(one, dict) else one
        if isinstance(name, str):
            yield name


def _json_in(answer: str) -> Any:
    # Models put prose or a fence around the JSON that they were asked for.
    for candidate in (answer, *re.findall(r"\{.*\}|\[.*\]", answer, re.DOTALL)):
        try:
            return orjson.loads(candidate)
        except orjson.JSONDecodeError:
            continue
    raise WrongAnswer("an LLM answer that is not JSON")


def _content(reply: dict[str, Any]) -> str:
    try:
        content = reply["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise WrongAnswer("a chat answer without a message") from None
    return content if isinstance(content, str) else ""
