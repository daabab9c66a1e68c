"""Memory regressions that the gate must find: small changes of a copy of the importer, and who allocates what stays."""

from dataclasses import dataclass

from tests.planted.bugs import Patch


@dataclass(frozen=True, slots=True)
class Regression:
    """A regression, and the function that the first row of the diff must name."""

    name: str
    patches: tuple[Patch, ...]
    function: str
    file: str


EVERY_EMBEDDING_KEPT = Regression(
    "every_embedding_kept",
    (
        Patch(
            "embed_stage.py",
            "            answer.vectors += zip(batch, vectors, strict=True)\n",
            """\
            answer.vectors += zip(batch, vectors, strict=True)
            self._seen.extend(vectors)
""",
        ),
        Patch(
            "embed_stage.py",
            "        self._gathering = asyncio.Lock()\n",
            "        self._gathering = asyncio.Lock()\n        self._seen: list[bytes] = []\n",
        ),
    ),
    "_decode",
    "importer/embedding/answers.py",
)
"""A job's vectors stay in a list until it ends."""

CACHE_WITHOUT_A_LIMIT = Regression(
    "cache_without_a_limit",
    (
        Patch(
            "llm_cache.py",
            "TTLCache(max_entries, ttl_s, lambda: self._now)",
            'TTLCache(float("inf"), ttl_s, lambda: self._now)',
        ),
    ),
    "post",
    "importer/embedding/openai.py",
)
"""Every answer of the LLM stays for an hour."""

LISTS_OF_FLOATS = Regression(
    "lists_of_floats",
    (
        Patch(
            "embedding/answers.py",
            "    return [_decode(one, dimensions) for one in encoded]\n",
            "    return [to_floats(_decode(one, dimensions)) for one in encoded]  # type: ignore[misc]\n",
        ),
    ),
    "to_floats",
    "importer/embedding/answers.py",
)
"""Vectors are Python floats, eight times as large, from their decoding to their commit."""

THREE_MEGABYTES = Regression(
    "three_megabytes",
    (
        Patch(
            "embed_stage.py",
            "        self._gathering = asyncio.Lock()\n",
            '        self._gathering = asyncio.Lock()\n        self._ballast = b"x" * (3 * 2**20)\n',
        ),
    ),
    "__init__",
    "importer/embed_stage.py",
)
"""An import holds three megabytes more than it did."""

REGRESSIONS = (EVERY_EMBEDDING_KEPT, CACHE_WITHOUT_A_LIMIT, LISTS_OF_FLOATS, THREE_MEGABYTES)
