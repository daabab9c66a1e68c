"""Embedding answers: what is accepted, in which order, and how it is written for pgvector."""

import base64
import math
from array import array
from collections.abc import Sequence

import pytest

from importer.embedding.answers import (
    as_text,
    by_text,
    decode_vectors,
    from_floats,
    halfvec_field,
    in_order,
    to_floats,
    vector_field,
)
from importer.embedding.retries import WrongAnswer


def encoded(numbers: Sequence[float]) -> str:
    """Return numbers as providers send them."""
    return base64.b64encode(array("f", numbers).tobytes()).decode()


def test_vectors_come_back_in_their_bytes() -> None:
    """A right answer is decoded to little-endian float32, vector by vector."""
    first, second = [0.5, -1.0, 3.25], [1e-38, 1e38, -0.0]
    decoded = decode_vectors([encoded(first), encoded(second)], 2, 3)
    assert [to_floats(one) for one in decoded] == [pytest.approx(first), pytest.approx(second)]


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [encoded([1.0, 2.0])],
        [encoded([1.0, 2.0])] * 3,
        [encoded([1.0, 2.0]), encoded([1.0])],
        [encoded([1.0, 2.0]), encoded([1.0, 2.0, 3.0])],
        [encoded([1.0, 2.0]), "!!!"],
        [encoded([1.0, 2.0]), None],
        [encoded([1.0, 2.0]), [1.0, 2.0]],
        [encoded([1.0, 2.0]), encoded([1.0, math.nan])],
        [encoded([1.0, 2.0]), encoded([-math.inf, 1.0])],
    ],
)
def test_wrong_answers_are_refused(answer: list[object]) -> None:
    """Too few, too many, too short, too long, no base64, NaN and infinity: none of it is stored."""
    with pytest.raises(WrongAnswer):
        decode_vectors(answer, 2, 2)


def test_large_finite_numbers_pass_the_quick_look() -> None:
    """A number whose last byte looks like infinity's is looked at again, and accepted when it is finite."""
    assert decode_vectors([encoded([3e38, -3e38])], 1, 2)


def test_entries_are_put_in_the_order_of_their_index() -> None:
    """A shuffled answer is put right by `index`, not taken as it comes."""
    entries = [{"index": place, "embedding": name} for place, name in ((2, "c"), (0, "a"), (1, "b"))]
    assert in_order(entries) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "entries",
    [
        [{"index": 0, "embedding": "a"}, {"index": 0, "embedding": "b"}],
        [{"index": 0, "embedding": "a"}, {"index": 2, "embedding": "b"}],
        [{"index": -1, "embedding": "a"}],
        [{"embedding": "a"}],
        ["a"],
    ],
)
def test_an_index_that_is_no_permutation_is_refused(entries: list[object]) -> None:
    """A doubled, missing or impossible index is a wrong answer."""
    with pytest.raises(WrongAnswer):
        in_order(entries)


def test_vectors_follow_the_texts_told_with_them() -> None:
    """Where a provider tells the texts, a shuffled answer is put right by them; else its order is relied on."""
    vectors = [b"b", b"a"]
    assert by_text(vectors, ["text b", "text a"], ["text a", "text b"]) == [b"a", b"b"]
    assert by_text(vectors, None, ["text a", "text b"]) == vectors
    assert by_text(vectors, ["TEXT B", "TEXT A"], ["text a", "text b"]) == vectors


def test_fields_are_what_pgvector_sends_itself() -> None:
    """A vector is a length, a zero, and its numbers, the most significant byte first."""
    vector = from_floats([1.0, -2.0])
    assert vector_field(vector) == bytes.fromhex("0002 0000 3f800000 c0000000".replace(" ", ""))
    assert halfvec_field(vector) == bytes.fromhex("0002 0000 3c00 c000".replace(" ", ""))
    assert as_text(vector) == "[1.0,-2.0]"


def test_a_number_too_large_for_halfvec_is_refused() -> None:
    """It would become infinite, and be found next to everything."""
    with pytest.raises(WrongAnswer):
        halfvec_field(from_floats([70000.0]))
