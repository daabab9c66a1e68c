"""The stub's vectors: the same everywhere, of unit length, and near where texts share words."""

import base64
import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.dependencies.provider.vectors import GROUP_BYTES, embed, to_base64

TEXTS = [
    b"Kernels enforce memory limits on groups of processes.",
    b"A sentence about embroidery and wool.",
    "Überraschung: naïve text, 数据".encode(),
    b"",
    b"!!! ... ???",
    b"word " * 40_000,
]
KNOWN_DIGEST = "daef18e098ceff526e8ae6946666f3ddca5417c36bee750742c8714767f5ae5d"


def vectors(texts: list[bytes], dimensions: int = 256) -> NDArray[np.float32]:
    """Embed texts with their digests."""
    return embed(texts, [hashlib.sha256(text).digest() for text in texts], dimensions)


def test_same_bits_in_every_batch() -> None:
    """A text's vector does not depend on what else is in the batch, nor on its place there."""
    together = vectors(TEXTS)
    apart = np.concatenate([vectors([text]) for text in TEXTS])
    turned = vectors(TEXTS[::-1])[::-1]
    assert (together == apart).all()
    assert (together == turned).all()


def test_values_are_the_same_on_every_machine() -> None:
    """A known text has a known vector, to the bit."""
    assert hashlib.sha256(vectors(TEXTS[:3], 64).tobytes()).hexdigest() == KNOWN_DIGEST


@pytest.mark.parametrize("dimensions", [1, 8, 1536, 3072])
def test_length_is_one(dimensions: int) -> None:
    """Every vector has unit length, those of texts without words too."""
    lengths = np.linalg.norm(vectors(TEXTS, dimensions).astype(np.float64), axis=1)
    assert np.allclose(lengths, 1, atol=1e-6)


def test_texts_with_the_same_words_differ() -> None:
    """Texts that differ only in order or punctuation share a direction, but not a vector."""
    one, other = vectors([b"dogs chase cats", b"cats chase dogs!"])
    assert (one != other).any()
    assert float(one @ other) > 0.95


def test_a_sentence_finds_its_text() -> None:
    """The nearest text to a part of it is the text itself."""
    found = vectors(TEXTS) @ vectors([b"memory limits of processes"])[0]
    assert int(found.argmax()) == 0


def test_case_does_not_matter() -> None:
    """Words are the same in capitals."""
    one, other = vectors([b"KERNELS enforce", b"kernels ENFORCE"])
    assert float(one @ other) > 0.95


def test_groups_cover_every_text() -> None:
    """Batches larger than a group of hashing have a row for each text, in order."""
    texts = [f"text number {number} ".encode() * 500 for number in range(30)]
    assert sum(map(len, texts)) > 3 * GROUP_BYTES
    assert (vectors(texts)[17] == vectors([texts[17]])[0]).all()


def test_base64_is_little_endian_float32() -> None:
    """Base64 decodes to the numbers of the row."""
    rows = vectors(TEXTS, 16)
    decoded = [np.frombuffer(base64.b64decode(one), dtype="<f4") for one in to_base64(rows)]
    assert (np.array(decoded) == rows).all()
