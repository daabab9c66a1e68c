"""Chunks: bounded, in order, complete, and the same however the text arrives."""

import random
import tracemalloc
from collections.abc import Iterator

import pytest

from importer.chunking import chunk_text

WORDS = (
    "a",
    "word",
    "sentence.",
    "Really?",
    "Yes!",
    "(so it is.)",
    "文章。",
    "質問\uff1f",
    "안녕하세요.",
    "x" * 70,
    "😀",
    "\ufffd",
)
GAPS = (" ", "  ", "\n", "\n\n", "\t", "\r\n", "\u3000", "\u00a0", "")


def _text(source: random.Random, words: int) -> str:
    return "".join(source.choice(WORDS) + source.choice(GAPS) for _ in range(words))


def _pieces(source: random.Random, text: str) -> Iterator[str]:
    while text:
        length = source.choice((0, 1, 2, 7, 50, 400))
        yield text[:length]
        text = text[length:]


@pytest.mark.parametrize("seed", range(60))
def test_chunks_do_not_depend_on_how_the_text_is_cut_into_pieces(seed: int) -> None:
    """Any way to cut a text into pieces gives the same chunks."""
    source = random.Random(seed)  # noqa: S311
    text, size = _text(source, source.randrange(0, 400)), source.choice((100, 130, 880))
    whole = list(chunk_text([text], size))
    for _ in range(5):
        assert list(chunk_text(_pieces(source, text), size)) == whole


@pytest.mark.parametrize("seed", range(60))
def test_chunks_hold_every_character_that_is_not_blank(seed: int) -> None:
    """Nothing is lost, doubled or reordered; no chunk is blank, too long, or has blanks to collapse."""
    source = random.Random(seed)  # noqa: S311
    text = _text(source, 300)
    chunks = list(chunk_text([text], 200))
    assert "".join("".join(chunks).split()) == "".join(text.split())
    assert all(0 < len(chunk) <= 200 for chunk in chunks)
    assert all(" ".join(chunk.split()) == chunk for chunk in chunks)


@pytest.mark.parametrize(
    "sentence", ["This is a sentence. ", "文章の終わりです。", "이것은 문장입니다. ", 'He said "no!" ', "真的吗\uff1f"]
)
def test_a_chunk_ends_with_a_sentence_where_there_is_one(sentence: str) -> None:
    """Every chunk but the last ends where a sentence ends, also without blanks between them."""
    chunks = list(chunk_text([sentence * 500], 200))
    assert len(chunks) > 5
    assert all(chunk.endswith(sentence.strip()) and len(chunk) > 100 for chunk in chunks[:-1])


def test_a_number_or_an_abbreviation_inside_a_word_does_not_end_a_sentence() -> None:
    """A full stop counts only before a blank."""
    assert all(chunk.endswith("number.") for chunk in chunk_text(["A version 3.11.7 is a number. " * 20], 100))


def test_words_stay_whole_where_there_is_no_sentence() -> None:
    """Without a sentence end the cut falls on a blank."""
    assert set(" ".join(chunk_text(["letters " * 200], 100)).split()) == {"letters"}


def test_a_text_without_blanks_is_cut_hard() -> None:
    """One endless word makes full chunks and a rest."""
    assert [len(chunk) for chunk in chunk_text(["x" * 250], 100)] == [100, 100, 50]


@pytest.mark.parametrize("pieces", [[], [""], [" \n\t"], [" ", "\u3000", ""]])
def test_a_blank_text_has_no_chunk(pieces: list[str]) -> None:
    """No chunk is ever blank."""
    assert list(chunk_text(pieces, 100)) == []


def test_memory_stays_small_whatever_the_length() -> None:
    """4 million characters pass through in less than a megabyte."""
    pieces = ("some words of a sentence. " * 2500 for _ in range(60))
    tracemalloc.start()
    count = sum(1 for _ in chunk_text(pieces, 880))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count > 4000
    assert peak_bytes < 2**20
