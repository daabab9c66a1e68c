"""`synthetic:N`: N documents of about 8 chunks, scholarly in shape, the same on every machine.

`synthetic:N,chunks=30,concepts=18,upload=40MB` has other shapes: documents of about 30 chunks, each with 18 terms of
its own for an LLM to find, padded by a field that no reader takes to an upload of 40 MB.
"""

import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.errors import CorpusError
from harness.quantities import parse_bytes

CHUNK_CHARS = 745  # of a chunk of at most 880 characters that is cut at a sentence
ABSTRACT_CHARS = 300
_HEAD_CHARS = 360  # title and abstract
_COINED_A_SENTENCE = 6
_SYLLABLES = tuple(consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou")
_PADDING = "padding"
_POOL_SENTENCES = 3_000
_TOPICS = (
    "attention", "retrieval", "calibration", "sampling", "attrition", "migration", "sediment", "plasticity",
    "inference", "turbulence", "diffusion", "adhesion", "segmentation", "translation", "regulation", "annealing",
    "governance", "resilience", "fermentation", "spectroscopy", "convergence", "cohesion", "literacy", "erosion",
)  # fmt: skip
_ADJECTIVES = (
    "robust", "latent", "longitudinal", "stochastic", "comparative", "marginal", "cross-lagged", "nonlinear",
    "bilingual", "hierarchical", "thermal", "randomised", "semi-supervised", "seasonal", "causal", "spatial",
)  # fmt: skip
_NOUNS = (
    "model", "cohort", "estimate", "survey", "network", "sample", "protocol", "interval", "gradient", "corpus",
    "membrane", "treatment", "baseline", "mechanism", "hypothesis", "observation", "coefficient", "participant",
)  # fmt: skip
_VERBS = (
    "reduces", "predicts", "explains", "exceeds", "supports", "contradicts", "mediates", "precedes", "stabilises",
    "resembles", "outlasts", "confounds", "improves", "limits", "follows", "replicates",
)  # fmt: skip
_LINKS = (
    "because", "although", "whenever", "while", "so that", "even where", "as soon as", "provided that",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """What a made corpus is like."""

    documents: int
    chunks: int = 8
    """Of each document, about."""
    concepts: int = 0
    """Terms that each document has of its own; 0: all of them share one vocabulary."""
    upload_bytes: int = 0
    """What the whole is padded to; 0: not at all."""


def parse_shape(name: str) -> Shape | None:
    """The shape that `synthetic:200,chunks=30` means; None for another corpus, CorpusError for a misspelt one."""
    if not name.startswith("synthetic") or name.startswith("synthetic-"):
        return None
    match = re.fullmatch(r"synthetic:([1-9]\d{0,7})((?:,[a-z]+=\w+)*)", name)
    parts = dict(part.split("=") for part in match[2].split(",")[1:]) if match else {}
    if match is None or not parts.keys() <= {"chunks", "concepts", "upload"}:
        raise CorpusError(
            f"the corpus {name!r} is not one: write it like synthetic:2000, or synthetic:200,chunks=30,concepts=18"
        )
    shape = Shape(int(match[1]), _part(parts, "chunks", 8), _part(parts, "concepts", 0))
    upload = parts.get("upload")
    return Shape(shape.documents, shape.chunks, shape.concepts, parse_bytes(upload, name) if upload else 0)


def shape_name(shape: Shape) -> str:
    """How a corpus of this shape is called."""
    chunks = f",chunks={shape.chunks}" if shape.chunks != 8 else ""
    concepts = f",concepts={shape.concepts}" if shape.concepts else ""
    upload = f",upload={shape.upload_bytes}B" if shape.upload_bytes else ""
    return f"synthetic:{shape.documents}{chunks}{concepts}{upload}"


def synthetic_lines(shape: Shape) -> Iterator[bytes]:
    """JSONL lines of a corpus; document i does not depend on how many there are."""
    pool = tuple(_sentences(random.Random("halfgig synthetic pool")))  # noqa: S311 - reproducible, not secret
    for number in range(shape.documents):
        line = _document(number, shape, pool)
        yield json.dumps(_padded(line, number, shape), ensure_ascii=False).encode() + b"\n"


def _part(parts: Mapping[str, str], name: str, default: int) -> int:
    text = parts.get(name)
    if text is not None and not re.fullmatch(r"[1-9]\d{0,4}", text):
        raise CorpusError(f"a synthetic corpus: {name}={text} is not a whole number of 1 to 99999")
    return int(text) if text else default


def _padded(line: dict[str, object], number: int, shape: Shape) -> dict[str, object]:
    """The document, padded to its share of the upload, so that sizes add up exactly."""
    if not shape.upload_bytes:
        return line
    share = shape.upload_bytes * (number + 1) // shape.documents - shape.upload_bytes * number // shape.documents
    bare = {**line, _PADDING: ""}
    missing = share - len(json.dumps(bare, ensure_ascii=False).encode()) - 1
    if missing < 0:
        raise CorpusError(f"{shape_name(shape)}: its texts alone are larger than the upload")
    return {**line, _PADDING: "x" * missing}


def _document(number: int, shape: Shape, pool: tuple[str, ...]) -> dict[str, object]:
    rng = random.Random(number)  # noqa: S311 - reproducible, not secret
    topic, other, noun = rng.choice(_TOPICS), rng.choice(_TOPICS), rng.choice(_NOUNS)
    title = f"{rng.choice(_ADJECTIVES).capitalize()} {topic} and {other}: study {number} of the {noun}"
    return {
        "id": f"synthetic:{number}",
        "title": title,
        "abstract": _prose(rng, pool, ABSTRACT_CHARS, number, shape.concepts),
        "text": _prose(rng, pool, shape.chunks * CHUNK_CHARS - _HEAD_CHARS, number, shape.concepts),
        "year": 1990 + number % 36,
    }


def _prose(rng: random.Random, pool: tuple[str, ...], chars: int, number: int, concepts: int) -> str:
    parts: list[str] = []
    length = 0
    while length < chars:
        sentence = rng.choice(pool)
        if concepts:
            sentence += f" {_coined_sentence(number, len(parts) * 2, concepts)}"
            sentence += f" {_coined_sentence(number, len(parts) * 2 + 1, concepts)}"
        parts.append(sentence)
        length += len(parts[-1]) + 1
        if len(parts) % 5 == 0:  # so that no two documents share a chunk
            parts.append(f"In series {number}-{len(parts)} the effect was {rng.random():.4f}.")
            length += len(parts[-1]) + 1
    return " ".join(parts)


def _coined_sentence(number: int, place: int, concepts: int) -> str:
    """Terms of this document alone, in turn; the words between them are too short to be taken for concepts."""
    words = [_coined(number, (place * _COINED_A_SENTENCE + k) % concepts) for k in range(_COINED_A_SENTENCE)]
    return "The " + " and the ".join(words) + " are as one."


def _coined(number: int, term: int) -> str:
    """A word of thirteen letters that no other term of any document has."""
    left, word = number * 100_000 + term, ""
    for _ in range(5):
        left, syllable = divmod(left, len(_SYLLABLES))
        word = _SYLLABLES[syllable] + word
    return f"{word}ium"


def _sentences(rng: random.Random) -> Iterator[str]:
    for _ in range(_POOL_SENTENCES):
        clause = f"{_phrase(rng)} {rng.choice(_VERBS)} {_phrase(rng)}"
        more = f" {rng.choice(_LINKS)} {_phrase(rng)} {rng.choice(_VERBS)} {_phrase(rng)}"
        sentence = clause + (more if rng.random() < 0.7 else "") + "."
        yield sentence[0].upper() + sentence[1:]


def _phrase(rng: random.Random) -> str:
    return f"the {rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)} of {rng.choice(_TOPICS)}"
