"""`synthetic:N`: N documents of about 8 chunks, scholarly in shape, the same on every machine."""

import json
import random
from collections.abc import Iterator

TEXT_CHARS = 5_600  # with title and abstract 8 chunks of at most 880 characters, cut at sentences
ABSTRACT_CHARS = 300
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


def synthetic_lines(documents: int) -> Iterator[bytes]:
    """JSONL lines of the first `documents` documents; document i does not depend on how many there are."""
    pool = tuple(_sentences(random.Random("halfgig synthetic pool")))  # noqa: S311 - reproducible, not secret
    for number in range(documents):
        yield json.dumps(_document(number, pool), ensure_ascii=False).encode() + b"\n"


def _document(number: int, pool: tuple[str, ...]) -> dict[str, object]:
    rng = random.Random(number)  # noqa: S311 - reproducible, not secret
    topic, other, noun = rng.choice(_TOPICS), rng.choice(_TOPICS), rng.choice(_NOUNS)
    title = f"{rng.choice(_ADJECTIVES).capitalize()} {topic} and {other}: study {number} of the {noun}"
    return {
        "id": f"synthetic:{number}",
        "title": title,
        "abstract": _prose(rng, pool, ABSTRACT_CHARS, number),
        "text": _prose(rng, pool, TEXT_CHARS, number),
        "year": 1990 + number % 36,
    }


def _prose(rng: random.Random, pool: tuple[str, ...], chars: int, number: int) -> str:
    parts: list[str] = []
    length = 0
    while length < chars:
        parts.append(rng.choice(pool))
        length += len(parts[-1]) + 1
        if len(parts) % 5 == 0:  # so that no two documents share a chunk
            parts.append(f"In series {number}-{len(parts)} the effect was {rng.random():.4f}.")
            length += len(parts[-1]) + 1
    return " ".join(parts)


def _sentences(rng: random.Random) -> Iterator[str]:
    for _ in range(_POOL_SENTENCES):
        clause = f"{_phrase(rng)} {rng.choice(_VERBS)} {_phrase(rng)}"
        more = f" {rng.choice(_LINKS)} {_phrase(rng)} {rng.choice(_VERBS)} {_phrase(rng)}"
        sentence = clause + (more if rng.random() < 0.7 else "") + "."
        yield sentence[0].upper() + sentence[1:]


def _phrase(rng: random.Random) -> str:
    return f"the {rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)} of {rng.choice(_TOPICS)}"
